// Once warm, no request allocates: neither where it is encoded and matched, nor on its way through a channel.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <functional>
#include <limits>

#include "channel_fixture.hpp"
#include "netherd/engine/channel.hpp"
#include "netherd/engine/latencies.hpp"
#include "support/count_allocations.hpp"
#include "support/lean_kernel.hpp"

namespace {

namespace asio = boost::asio;
using namespace netherd::engine;
using namespace netherd::test;
using namespace std::chrono_literals;

/// The least that any of the last ten rounds allocates. What happens seldom, such as an answer that comes before its
/// send has ended, is warm only when it has happened, which may be in one of them; what each request allocates, or even
/// each hundredth, is in all of them.
std::size_t allocations_when_warm(const std::function<void()>& round) {
  constexpr int rounds = 20;
  constexpr int cold_rounds = 10;
  std::size_t least = std::numeric_limits<std::size_t>::max();
  for (int count = 0; count < rounds; ++count) {
    const std::size_t before = allocations();
    round();
    const std::size_t made = allocations() - before;
    if (count >= cold_rounds) least = std::min(least, made);
  }
  return least;
}

struct CountingSink final : AnswerSink {
  void on_reply(std::uint32_t, const MessageView&) override {}
  void on_outcome(std::uint32_t, Outcome outcome) override { succeeded += outcome.ok(); }
  [[nodiscard]] std::string_view operation(std::uint32_t) const override { return "count"; }
  [[nodiscard]] std::uint64_t tag(std::uint32_t) const override { return 0; }
  std::size_t succeeded = 0;
};

TEST(CountAllocations, SeesEveryOne) {
  const std::size_t before = allocations();
  static_cast<void>(std::make_unique<int>(1));
  static_cast<void>(std::vector<int>(100));
  EXPECT_EQ(allocations() - before, 2U);
}

TEST(Allocation, PipelineAndBatchMakeNone) {
  Pipeline pipeline{{}};
  LeanKernel kernel;
  CountingSink sink;
  Batch batch;
  const auto round = [&] {
    batch.clear();
    for (std::uint32_t number = 0; number < 1000; ++number) batch.add(AddNumberedAddress{number});
    for (std::size_t position = 0; position < batch.size(); ++position) {
      ASSERT_TRUE(pipeline.enqueue({batch.message(position), &sink, static_cast<std::uint32_t>(position)}));
    }
    kernel.run(pipeline);
  };
  EXPECT_EQ(allocations_when_warm(round), 0U);
  EXPECT_EQ(sink.succeeded, 20'000U);
}

class ChannelAllocation : public ChannelTest {};
NETHERD_IN_BOTH_SUBMISSION_MODES(ChannelAllocation);

TEST_P(ChannelAllocation, BatchesMakeNone) {
  Batch batch;
  std::size_t failures = 0;
  EXPECT_EQ(allocations_when_warm([&] {
              batch.clear();
              for (int count = 0; count < 1000; ++count) batch.add(TouchLink{1});
              channel->async_execute(batch, [&](std::size_t result) { failures += result; });
              run();
            }),
            0U);
  EXPECT_EQ(failures, 0U);
}

TEST_P(ChannelAllocation, TellingHowLongRequestsTakeMakesNone) {
  Latencies latencies;
  ChannelOptions timed = options();
  timed.latencies = &latencies;
  channel.emplace(context, open_socket(), timed);
  Batch batch;
  EXPECT_EQ(allocations_when_warm([&] {
              batch.clear();
              for (int count = 0; count < 1000; ++count) batch.add(TouchLink{1});
              channel->async_execute(batch, [](std::size_t) {});
              run();
            }),
            0U);
  EXPECT_EQ(latencies.count(), 20'000U);
}

TEST_P(ChannelAllocation, ManyCallbacksAtOnceMakeNone) {
  std::size_t succeeded = 0;
  EXPECT_EQ(allocations_when_warm([&] {
              for (int count = 0; count < 1000; ++count) {
                channel->async_execute(TouchLink{1}, [&](const Outcome& outcome) { succeeded += outcome.ok(); });
              }
              run();
            }),
            0U);
  EXPECT_EQ(succeeded, 20'000U);
}

TEST_P(ChannelAllocation, ManyChannelsMakeNone) {
  constexpr std::size_t most = 100;
  std::vector<Channel> channels;
  channels.reserve(most);
  while (channels.size() < most) channels.emplace_back(context, open_socket(), options());
  std::size_t succeeded = 0;
  EXPECT_EQ(allocations_when_warm([&] {
              for (Channel& one : channels) {
                one.async_execute(TouchLink{1}, [&](const Outcome& outcome) { succeeded += outcome.ok(); });
              }
              run();
            }),
            0U);
  EXPECT_EQ(succeeded, 2000U);
}

TEST_P(ChannelAllocation, DeadlinesAndCancellationSlotsMakeNone) {
  std::array<asio::cancellation_signal, 100> signals;
  std::size_t succeeded = 0;
  EXPECT_EQ(allocations_when_warm([&] {
              for (auto& signal : signals) {
                channel->async_execute(TouchLink{1}, std::chrono::steady_clock::now() + 1h,
                                       asio::bind_cancellation_slot(
                                           signal.slot(), [&](const Outcome& outcome) { succeeded += outcome.ok(); }));
              }
              run();
            }),
            0U);
  EXPECT_EQ(succeeded, 20U * signals.size());
}

TEST_P(ChannelAllocation, DumpsMakeNone) {
  std::size_t visits = 0;
  std::size_t succeeded = 0;
  EXPECT_EQ(allocations_when_warm([&] {
              channel->async_dump(
                  DumpLinks{}, [&](const MessageView&) { ++visits; },
                  [&](const Outcome& outcome) { succeeded += outcome.ok(); });
              run();
            }),
            0U);
  EXPECT_GE(visits, 20U);
  EXPECT_EQ(succeeded, 20U);
}

asio::awaitable<void> touch(Channel& channel, std::size_t& counted) {
  const std::size_t before = allocations();
  for (int count = 0; count < 1000; ++count) {
    const Outcome outcome = co_await channel.async_execute(TouchLink{1}, asio::use_awaitable);
    EXPECT_TRUE(outcome.ok());
  }
  counted = allocations() - before;
}

/// Until the first warm round; see allocations_when_warm().
TEST_P(ChannelAllocation, CoroutinesMakeNone) {
  std::size_t counted = 1;
  for (int round = 0; round < 10 && counted > 0; ++round) {
    asio::co_spawn(context, touch(*channel, counted), asio::detached);
    run();
  }
  EXPECT_EQ(counted, 0U);
}

}  // namespace
