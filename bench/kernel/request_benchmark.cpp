// Requests of one kind: how many per second, and the latency of each by itself.

#include <benchmark/benchmark.h>
#include <fmt/core.h>

#include <algorithm>
#include <vector>

#include "primitives.hpp"
#include "register.hpp"

namespace netherd::bench {

namespace {

using engine::Batch;

/// Of each benchmark. Not by the library's choice: it would want hundreds of rounds of what takes a millisecond each,
/// and does not count the half second that a world takes to be made, prepared and left.
constexpr int rounds = 4;

bool all_by_engine(World& world, const Primitive& primitive) {
  Batch batch;
  for (std::uint32_t number = 0; number < primitive.requests; ++number) primitive.add(batch, number);
  return world.execute(batch);
}

bool all_by_floor(World& world, const Datagrams& datagrams) {
  return std::ranges::all_of(datagrams.all(), [&](const auto& datagram) { return world.floor().execute(datagram); });
}

/// Seconds that all requests took together; negative if one failed.
double time_all(World& world, const Primitive& primitive, Way way) {
  Batch batch;
  for (std::uint32_t number = 0; number < primitive.requests; ++number) primitive.add(batch, number);
  const Datagrams datagrams{batch};
  const Stopwatch watch;
  const bool done = way == Way::engine ? all_by_engine(world, primitive) : all_by_floor(world, datagrams);
  return done ? watch.seconds() : -1;
}

/// Seconds of each request by itself, appended to `latencies`; false if one failed.
bool time_each(World& world, const Primitive& primitive, Way way, std::vector<double>& latencies) {
  Batch one;
  for (std::uint32_t number = 0; number < primitive.requests; ++number) {
    one.clear();
    primitive.add(one, number);
    const Datagrams datagram{one};
    const Stopwatch watch;
    if (!(way == Way::engine ? world.execute(one) : world.floor().execute(datagram.all().front()))) return false;
    latencies.push_back(watch.seconds());
  }
  return true;
}

/// One round in a world of its own; `work` gives seconds, or less than 0 for a failure. False: no result.
template <typename Work>
bool round(benchmark::State& state, const Primitive& primitive, Work work) {
  World world;
  primitive.prepare(world, primitive.requests);
  const auto before = static_cast<std::ptrdiff_t>(primitive.objects(world));
  const double seconds = work(world);
  if (seconds < 0) {
    state.SkipWithError("a request failed");
    return false;
  }
  state.SetIterationTime(seconds);
  const auto after = static_cast<std::ptrdiff_t>(primitive.objects(world));
  const bool right = after - before == primitive.objects_per_request * static_cast<std::ptrdiff_t>(primitive.requests);
  if (!right) state.SkipWithError("wrong result: not what was asked for");
  return right;
}

void throughput(benchmark::State& state, const Primitive& primitive, Way way) {
  for ([[maybe_unused]] const auto turn : state) {
    if (!round(state, primitive, [&](World& world) { return time_all(world, primitive, way); })) return;
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()) * primitive.requests);
}

double percentile(const std::vector<double>& sorted, double share) {
  return sorted[static_cast<std::size_t>(share * static_cast<double>(sorted.size() - 1))];
}

void latency(benchmark::State& state, const Primitive& primitive, Way way) {
  std::vector<double> latencies;
  for ([[maybe_unused]] const auto turn : state) {
    const auto work = [&](World& world) {
      const Stopwatch watch;
      return time_each(world, primitive, way, latencies) ? watch.seconds() : -1;
    };
    if (!round(state, primitive, work)) return;
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(latencies.size()));
  std::ranges::sort(latencies);
  state.counters["p50_us"] = percentile(latencies, 0.5) * 1e6;
  state.counters["p90_us"] = percentile(latencies, 0.9) * 1e6;
  state.counters["p99_us"] = percentile(latencies, 0.99) * 1e6;
  state.counters["max_us"] = latencies.back() * 1e6;
}

}  // namespace

void register_request_benchmarks() {
  for (const Primitive& primitive : primitives()) {
    for (const Way way : {Way::engine, Way::floor}) {
      const char* const by = way == Way::engine ? "engine" : "floor";
      benchmark::RegisterBenchmark(fmt::format("{}/{}", primitive.name, by).c_str(),
                                   [&primitive, way](benchmark::State& state) { throughput(state, primitive, way); })
          ->UseManualTime()
          ->Iterations(rounds);
      if (primitive.requests < 64) continue;
      benchmark::RegisterBenchmark(fmt::format("latency/{}/{}", primitive.name, by).c_str(),
                                   [&primitive, way](benchmark::State& state) { latency(state, primitive, way); })
          ->UseManualTime()
          ->Iterations(rounds);
    }
  }
}

}  // namespace netherd::bench
