// Listing routes: how fast objects come in.

#include <benchmark/benchmark.h>
#include <fmt/core.h>

#include "netherd/ops/route.hpp"
#include "primitives.hpp"
#include "register.hpp"

namespace netherd::bench {

namespace {

std::size_t dump(World& world, Way way) {
  if (way == Way::engine) {
    return world.count(ops::DumpRoutes{}, [](const engine::MessageView&) { return true; });
  }
  engine::Batch batch;
  batch.add(ops::DumpRoutes{});
  return world.floor().dump(batch.message(0));
}

void dump_routes(benchmark::State& state, Way way) {
  const auto count = static_cast<std::uint32_t>(state.range(0));
  World world;
  prepare_routes(world, count);
  // The kernel has some of its own, which come and go with the link-local address.
  constexpr std::size_t most_of_kernel = 32;
  std::int64_t objects = 0;
  for ([[maybe_unused]] const auto turn : state) {
    const Stopwatch watch;
    const std::size_t found = dump(world, way);
    state.SetIterationTime(watch.seconds());
    if (found < count || found > count + most_of_kernel) return state.SkipWithError("wrong result: not all routes");
    objects += static_cast<std::int64_t>(found);
  }
  state.SetItemsProcessed(objects);
}

}  // namespace

void register_dump_benchmarks() {
  for (const Way way : {Way::engine, Way::floor}) {
    const char* const by = way == Way::engine ? "engine" : "floor";
    benchmark::RegisterBenchmark(fmt::format("dump_routes/{}", by).c_str(),
                                 [way](benchmark::State& state) { dump_routes(state, way); })
        ->ArgName("routes")
        ->Arg(10)
        ->Arg(1000)
        ->Arg(100000)
        ->UseManualTime();
  }
}

}  // namespace netherd::bench
