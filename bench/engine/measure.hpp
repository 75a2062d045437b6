#pragma once

#include <benchmark/benchmark.h>

#include <cstddef>

#include "support/count_allocations.hpp"

namespace netherd::bench {

/// Runs `round`, which does `requests` requests, as often as the benchmark asks, and reports requests per second and
/// allocations per request. Rounds before the first one that is measured make it warm.
template <typename Round>
void measure(benchmark::State& state, std::size_t requests, Round round) {
  constexpr int warming_rounds = 3;
  for (int count = 0; count < warming_rounds; ++count) round();
  const std::size_t before = test::allocations();
  for ([[maybe_unused]] const auto turn : state) round();
  const std::size_t after = test::allocations();
  const double done = static_cast<double>(state.iterations()) * static_cast<double>(requests);
  state.SetItemsProcessed(static_cast<std::int64_t>(done));
  state.counters["allocations_per_request"] = static_cast<double>(after - before) / done;
}

}  // namespace netherd::bench
