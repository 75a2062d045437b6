// Channels on a real NETLINK_ROUTE socket, in a network namespace of this program's own. Nearly all of the time is the
// kernel's: a request that changes nothing takes it about a microsecond, a round trip of one more.

#include "channel_benchmark.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstddef>
#include <string>
#include <vector>

#include "engine/requests.hpp"
#include "measure.hpp"
#include "netherd/engine/channel.hpp"
#include "netherd/engine/ring.hpp"

namespace netherd::bench {

namespace {

namespace asio = boost::asio;
using engine::Channel;
using engine::Outcome;
using test::TouchLink;

class Bench {
 public:
  explicit Bench(benchmark::State& state)
      : state_{state}, channel{context, engine::NetlinkSocket::open(NETLINK_ROUTE).value(), options(state)} {
    if (engine::Ring::of(context).unavailable()) state.SetLabel("no io_uring");
  }
  /// Until all handlers have been called.
  void run() {
    context.restart();
    context.run();
  }
  void expect(bool success) {
    if (!success) state_.SkipWithError("a request failed");
  }

 private:
  static engine::ChannelOptions options(const benchmark::State& state) {
    engine::ChannelOptions options;
    options.submission = static_cast<engine::Submission>(state.range(0));
    if (state.range(1) > 0) options.datagram_requests = static_cast<std::size_t>(state.range(1));
    return options;
  }

  benchmark::State& state_;

 public:
  asio::io_context context;
  Channel channel;
};

/// One request after another: what each takes from its start to its handler.
void round_trip_callback(benchmark::State& state) {
  Bench bench{state};
  measure(state, 1, [&] {
    bench.channel.async_execute(TouchLink{1}, [&](const Outcome& outcome) { bench.expect(outcome.ok()); });
    bench.run();
  });
}

asio::awaitable<void> touch(Bench& bench, int requests) {
  for (int count = 0; count < requests; ++count) {
    const Outcome outcome = co_await bench.channel.async_execute(TouchLink{1}, asio::use_awaitable);
    bench.expect(outcome.ok());
  }
}

void round_trip_coroutine(benchmark::State& state) {
  constexpr int requests = 100;
  Bench bench{state};
  measure(state, requests, [&] {
    asio::co_spawn(bench.context, touch(bench, requests), asio::detached);
    bench.run();
  });
}

void callbacks(benchmark::State& state) {
  constexpr int requests = 1000;
  Bench bench{state};
  measure(state, requests, [&] {
    for (int count = 0; count < requests; ++count) {
      bench.channel.async_execute(TouchLink{1}, [&](const Outcome& outcome) { bench.expect(outcome.ok()); });
    }
    bench.run();
  });
}

void batch(benchmark::State& state) {
  constexpr int requests = 1000;
  Bench bench{state};
  engine::Batch batch;
  measure(state, requests, [&] {
    batch.clear();
    for (int count = 0; count < requests; ++count) batch.add(TouchLink{1});
    bench.channel.async_execute(batch, [&](std::size_t failures) { bench.expect(failures == 0); });
    bench.run();
  });
}

}  // namespace

void register_channel_benchmarks() {
  // The submission mode: 0 in the loop, 1 by a worker; and how many requests share a datagram: 0 as many as fit.
  const std::vector<std::string> names{"worker", "datagram_requests"};
  // Real time, since workers are other threads.
  for (auto* benchmark : {benchmark::RegisterBenchmark("round_trip_callback", round_trip_callback),
                          benchmark::RegisterBenchmark("round_trip_coroutine", round_trip_coroutine),
                          benchmark::RegisterBenchmark("callbacks", callbacks)}) {
    benchmark->ArgNames(names)->Args({0, 0})->Args({1, 0})->UseRealTime();
  }
  benchmark::RegisterBenchmark("batch", batch)->ArgNames(names)->ArgsProduct({{0, 1}, {1, 8, 64, 0}})->UseRealTime();
}

}  // namespace netherd::bench
