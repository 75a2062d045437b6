// Channels that are closed, moved from, destroyed and called back into: from visitors, handlers, coroutines and with
// their io_context. The sanitizers see what the expectations do not.

#include <gtest/gtest.h>

#include <array>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <vector>

#include "channel_fixture.hpp"
#include "netherd/engine/channel.hpp"
#include "netherd/engine/ring.hpp"

namespace {

namespace asio = boost::asio;
using namespace netherd::engine;
using namespace netherd::test;
using namespace std::chrono_literals;

class ChannelLifetime : public ChannelTest {
 protected:
  /// A handler that keeps the outcome, and sees to it that there is one only.
  [[nodiscard]] static auto keep(std::optional<Outcome>& outcome) {
    return [&outcome](Outcome result) {
      EXPECT_FALSE(outcome.has_value()) << "called twice";
      outcome = std::move(result);
    };
  }
  static void expect(const std::optional<Outcome>& outcome, boost::system::error_code error, RequestState state) {
    ASSERT_TRUE(outcome.has_value());
    EXPECT_EQ(outcome->error, error);
    EXPECT_EQ(outcome->state, state);
  }
  /// So many that their dump has several parts.
  void add_addresses(std::uint32_t count) {
    const auto number = fresh_numbers(count);
    Batch batch;
    for (std::uint32_t offset = 0; offset < count; ++offset) batch.add(AddNumberedAddress{number + offset});
    channel->async_execute(batch, [](std::size_t failures) { EXPECT_EQ(failures, 0U); });
    run();
  }
};
NETHERD_IN_BOTH_SUBMISSION_MODES(ChannelLifetime);

// Deadlines that have passed.

TEST_P(ChannelLifetime, WhatIsStartedAfterItsDeadlineIsNotSent) {
  const auto number = fresh_numbers(3);
  std::optional<Outcome> outcome;
  channel->async_execute(AddNumberedAddress{number}, std::chrono::steady_clock::now(), keep(outcome));
  EXPECT_FALSE(outcome.has_value()) << "never from within the initiating function";
  Batch batch;
  batch.add(AddNumberedAddress{number + 1});
  batch.add(AddNumberedAddress{number + 2});
  std::optional<std::size_t> failures;
  channel->async_execute(batch, std::chrono::steady_clock::now() - 1s, [&](std::size_t result) { failures = result; });
  EXPECT_FALSE(failures.has_value());
  run();
  expect(outcome, EngineError::deadline_passed, RequestState::waiting);
  EXPECT_EQ(failures, 2U);
  for (const Outcome& one : batch.outcomes()) expect(one, EngineError::deadline_passed, RequestState::waiting);
  for (std::uint32_t offset = 0; offset < 3; ++offset) EXPECT_FALSE(address_exists(number + offset));
}

TEST_P(ChannelLifetime, WhatIsStartedBeforeItsDeadlineIsSent) {
  std::optional<Outcome> outcome;
  channel->async_execute(TouchLink{1}, std::chrono::steady_clock::now() + 1h, keep(outcome));
  run();  // returns long before the deadline
  EXPECT_TRUE(outcome.value().ok());
}

// Closed channels.

void expect_refusal(asio::io_context& context, Channel& closed) {
  EXPECT_FALSE(closed.is_open());
  std::vector<Outcome> outcomes;
  std::optional<std::size_t> failures;
  const auto keep = [&](Outcome outcome) { outcomes.push_back(std::move(outcome)); };
  const auto visit = [](const MessageView&) { ADD_FAILURE() << "visited"; };
  Batch batch;
  for (int count = 0; count < 3; ++count) batch.add(TouchLink{1});
  closed.async_execute(TouchLink{1}, keep);
  closed.async_execute(TouchLink{1}, std::chrono::steady_clock::now() + 1h, keep);
  closed.async_execute(GetLink{1}, Channel::Deadline{}, visit, keep);
  closed.async_dump(DumpLinks{}, visit, keep);
  closed.async_execute(batch, [&](std::size_t result) { failures = result; });
  EXPECT_TRUE(outcomes.empty() && !failures) << "never from within the initiating function";
  context.restart();
  context.run();
  EXPECT_EQ(outcomes.size(), 4U);
  EXPECT_EQ(failures, 3U);
  EXPECT_EQ(batch.first_failure(), batch.outcomes().data());
  outcomes.insert(outcomes.end(), batch.outcomes().begin(), batch.outcomes().end());
  for (const Outcome& outcome : outcomes) {
    EXPECT_EQ(outcome.error, EngineError::channel_closed);
    EXPECT_EQ(outcome.state, RequestState::waiting);
  }
}

TEST_P(ChannelLifetime, ClosedChannelRefuses) {
  channel->close();
  expect_refusal(context, *channel);
  channel->close();
}

TEST_P(ChannelLifetime, ChannelThatWasMovedFromRefuses) {
  Channel taken = std::move(*channel);
  expect_refusal(context, *channel);  // NOLINT(bugprone-use-after-move): what this is about
  *channel = std::move(taken);
  EXPECT_TRUE(execute(TouchLink{1}).ok());
  expect_refusal(context, taken);  // NOLINT(bugprone-use-after-move)
}

TEST_P(ChannelLifetime, ClosingEndsEverything) {
  std::optional<Outcome> waiting;
  channel->async_execute(TouchLink{1}, keep(waiting));
  channel->close();
  EXPECT_FALSE(waiting.has_value()) << "never from within another function";
  run();
  expect(waiting, EngineError::channel_closed, RequestState::waiting);
}

TEST_P(ChannelLifetime, ClosingAtAnyMomentEndsEverythingOnce) {
  for (int turns = 0; turns < 20; ++turns) {
    Channel doomed{context, open_socket(), options()};
    std::size_t ended = 0;
    Batch batch;
    for (int count = 0; count < 100; ++count) batch.add(TouchLink{count});
    doomed.async_execute(batch, [&](std::size_t) { ++ended; });
    doomed.async_execute(TouchLink{1}, [&](const Outcome&) { ++ended; });
    doomed.async_dump(DumpLinks{}, [](const MessageView&) {}, [&](const Outcome&) { ++ended; });
    context.restart();
    for (int turn = 0; turn < turns; ++turn) context.poll_one();
    doomed.close();
    run();
    EXPECT_EQ(ended, 3U) << turns;
  }
}

// Visitors.

TEST_P(ChannelLifetime, VisitorCancelsItsOwnDump) {
  add_addresses(1000);
  asio::cancellation_signal signal;
  std::size_t visits = 0;
  std::optional<Outcome> outcome;
  channel->async_dump(
      DumpAddresses{},
      [&, witness = std::make_shared<int>(1)](const MessageView&) {
        if (++visits == 2) signal.emit(asio::cancellation_type::terminal);
        EXPECT_EQ(*witness, 1) << "the visitor lives on until it returns";
      },
      asio::bind_cancellation_slot(signal.slot(), keep(outcome)));
  run();
  EXPECT_EQ(visits, 2U) << "not called again";
  expect(outcome, asio::error::operation_aborted, RequestState::unknown);
  EXPECT_TRUE(execute(TouchLink{1}).ok()) << "the channel works on";
}

TEST_P(ChannelLifetime, VisitorCancelsItsOwnGet) {
  asio::cancellation_signal signal;
  std::optional<Outcome> outcome;
  channel->async_execute(
      GetLink{1}, Channel::Deadline{},
      [&, witness = std::make_shared<int>(1)](const MessageView&) {
        signal.emit(asio::cancellation_type::terminal);
        EXPECT_EQ(*witness, 1);
      },
      asio::bind_cancellation_slot(signal.slot(), keep(outcome)));
  run();
  expect(outcome, asio::error::operation_aborted, RequestState::unknown);
  EXPECT_TRUE(execute(TouchLink{1}).ok());
}

TEST_P(ChannelLifetime, VisitorClosesOrDestroysTheChannel) {
  add_addresses(1000);
  const std::array<std::function<void(std::optional<Channel>&)>, 2> ways{
      [](std::optional<Channel>& doomed) { doomed->close(); }, [](std::optional<Channel>& doomed) { doomed.reset(); }};
  for (const auto& end : ways) {
    for (const bool dump : {true, false}) {
      std::optional<Channel> doomed{std::in_place, context, open_socket(), options()};
      std::size_t visits = 0;
      std::optional<Outcome> outcome;
      std::optional<Outcome> other;
      const auto visit = [&, witness = std::make_shared<int>(1)](const MessageView&) {
        ++visits;
        end(doomed);
        EXPECT_EQ(*witness, 1);
      };
      if (dump) {
        doomed->async_dump(DumpAddresses{}, visit, keep(outcome));
      } else {
        doomed->async_execute(GetLink{1}, Channel::Deadline{}, visit, keep(outcome));
      }
      doomed->async_dump(DumpLinks{}, [](const MessageView&) {}, keep(other));
      run();
      EXPECT_EQ(visits, 1U);
      expect(outcome, EngineError::channel_closed, RequestState::unknown);
      ASSERT_TRUE(other.has_value());
      EXPECT_EQ(other->error, EngineError::channel_closed);
    }
  }
}

TEST_P(ChannelLifetime, VisitorOwnsTheChannel) {
  auto owner = std::make_shared<Channel>(context, open_socket(), options());
  const std::weak_ptr<Channel> watch = owner;
  Channel& owned = *owner;
  std::optional<Outcome> outcome;
  owned.async_dump(DumpLinks{}, [owner = std::move(owner)](const MessageView&) {}, keep(outcome));
  EXPECT_FALSE(watch.expired());
  run();
  EXPECT_TRUE(outcome.value().ok());
  EXPECT_TRUE(watch.expired());
}

TEST_P(ChannelLifetime, VisitorStartsRequests) {
  constexpr std::size_t requests = 200;  // so many that the queue grows meanwhile
  std::size_t succeeded = 0;
  std::optional<Outcome> outcome;
  channel->async_dump(
      DumpLinks{},
      [&, started = false](const MessageView&) mutable {
        if (std::exchange(started, true)) return;
        for (std::size_t count = 0; count < requests; ++count) {
          channel->async_execute(TouchLink{1}, [&](const Outcome& result) { succeeded += result.ok(); });
        }
      },
      keep(outcome));
  run();
  EXPECT_TRUE(outcome.value().ok());
  EXPECT_EQ(succeeded, requests);
}

// Handlers.

TEST_P(ChannelLifetime, HandlerClosesOrDestroysTheChannel) {
  for (const bool destroy : {false, true}) {
    std::optional<Channel> doomed{std::in_place, context, open_socket(), options()};
    std::size_t ended = 0;
    for (int count = 0; count < 100; ++count) {
      doomed->async_execute(TouchLink{1}, [&](const Outcome&) {
        ++ended;
        if (destroy) {
          doomed.reset();
        } else {
          doomed->close();
        }
      });
    }
    run();
    EXPECT_EQ(ended, 100U);
  }
}

TEST_P(ChannelLifetime, HandlerStartsTheNextRequest) {
  int left = 1000;
  std::function<void(const Outcome&)> next = [&](const Outcome& outcome) {
    EXPECT_TRUE(outcome.ok());
    if (--left > 0) channel->async_execute(TouchLink{1}, next);
  };
  channel->async_execute(TouchLink{1}, next);
  run();
  EXPECT_EQ(left, 0);
}

TEST_P(ChannelLifetime, HandlerOfARefusedRequestStartsTheNextOne) {
  // Refusals need no kernel: other work must have its turn between them all the same.
  bool ticked = false;
  std::function<void(const Outcome&)> again = [&](const Outcome& outcome) {
    EXPECT_EQ(outcome.error, EngineError::request_too_large);
    if (!ticked) channel->async_execute(LargeRequest{70'000}, again);
  };
  channel->async_execute(LargeRequest{70'000}, again);
  asio::steady_timer timer{context, 5ms};
  timer.async_wait([&](boost::system::error_code) { ticked = true; });
  run();
  EXPECT_TRUE(ticked);
}

TEST_P(ChannelLifetime, HandlerThatThrowsDelaysNobodyElse) {
  std::size_t ended = 0;
  for (int count = 0; count < 10; ++count) {
    channel->async_execute(TouchLink{1}, [&, count](const Outcome&) {
      ++ended;
      if (count % 3 == 0) throw std::runtime_error{"a handler's own"};
    });
  }
  int thrown = 0;
  for (bool more = true; more;) {
    try {
      run();
      more = false;
    } catch (const std::exception&) {  // Asio makes one of several that are thrown in the same turn
      ++thrown;
    }
  }
  EXPECT_EQ(ended, 10U);
  EXPECT_GE(thrown, 1);
}

TEST_P(ChannelLifetime, HandlersRunOnTheirExecutors) {
  asio::io_context elsewhere;
  bool called = false;
  channel->async_execute(TouchLink{1},
                         asio::bind_executor(elsewhere, [&](const Outcome& outcome) { called = outcome.ok(); }));
  run();
  EXPECT_FALSE(called);
  elsewhere.run();
  EXPECT_TRUE(called);
}

TEST_P(ChannelLifetime, RefusedHandlersRunOnTheirExecutors) {
  asio::io_context elsewhere;
  bool called = false;
  channel->close();
  channel->async_execute(TouchLink{1}, asio::bind_executor(elsewhere, [&](const Outcome&) { called = true; }));
  run();
  EXPECT_FALSE(called);
  elsewhere.run();
  EXPECT_TRUE(called);
}

// The io_context is destroyed with operations pending: all that handlers own goes with it, and nobody is called.

/// What a coroutine holds; its end is seen by the count.
using Witness = std::shared_ptr<int>;

struct Pending {
  asio::io_context& context;
  ChannelOptions options;
  Witness witness;
};

asio::awaitable<void> own_single(Pending pending) {
  Channel channel{pending.context, open_socket(), pending.options};
  for (;;) co_await channel.async_execute(TouchLink{1}, asio::use_awaitable);
}

asio::awaitable<void> own_batch(Pending pending) {
  Channel channel{pending.context, open_socket(), pending.options};
  Batch batch;
  for (int count = 0; count < 1000; ++count) batch.add(TouchLink{count % 2});
  for (;;) co_await channel.async_execute(batch, std::chrono::steady_clock::now() + 1h, asio::use_awaitable);
}

asio::awaitable<void> own_dump(Pending pending) {
  Channel channel{pending.context, open_socket(), pending.options};
  const auto visit = [held = pending.witness](const MessageView&) {};  // named: see docs/architecture.md, on g++ 12
  for (;;) co_await channel.async_dump(DumpLinks{}, visit, asio::use_awaitable);
}

/// Waits for something else while the channel is busy, and starts a request when it is destroyed.
asio::awaitable<void> own_and_wait(Pending pending, std::chrono::milliseconds duration) {
  struct LastWords {
    Channel channel;
    Pending pending;
    ~LastWords() {
      channel.async_execute(TouchLink{1}, [held = pending.witness](const Outcome&) {});
    }
  } owned{Channel{pending.context, open_socket(), pending.options}, pending};
  Batch batch;
  for (int count = 0; count < 10; ++count) batch.add(TouchLink{1});
  for (;;) {
    owned.channel.async_execute(TouchLink{1}, [held = pending.witness](const Outcome&) {});
    asio::steady_timer timer{pending.context, duration};
    co_await timer.async_wait(asio::use_awaitable);
  }
}

/// The channel is another one's, and what is pending closes it.
asio::awaitable<void> own_together(std::shared_ptr<Channel> channel, Witness) {
  for (;;) co_await channel->async_execute(TouchLink{1}, asio::use_awaitable);
}

void start_all(const Pending& pending) {
  asio::co_spawn(pending.context, own_single(pending), asio::detached);
  asio::co_spawn(pending.context, own_batch(pending), asio::detached);
  asio::co_spawn(pending.context, own_dump(pending), asio::detached);
  asio::co_spawn(pending.context, own_and_wait(pending, 0ms), asio::detached);
  asio::co_spawn(pending.context, own_and_wait(pending, std::chrono::hours{1}), asio::detached);
  const auto shared = std::make_shared<Channel>(pending.context, open_socket(), pending.options);
  for (int count = 0; count < 3; ++count) {
    asio::co_spawn(pending.context, own_together(shared, pending.witness), asio::detached);
  }
  // Owned by a handler of its own, with nothing else to hold it.
  auto* const raw = shared.get();
  raw->async_execute(TouchLink{1}, [shared, held = pending.witness](const Outcome&) {});
}

TEST_P(ChannelLifetime, ContextDestroyedAtAnyMoment) {
  for (const bool timers_first : {false, true}) {
    for (int turns = 0; turns < 60; ++turns) {
      const auto witness = std::make_shared<int>(0);
      {
        asio::io_context doomed;
        // Services are shut down in the reverse order of their creation.
        if (timers_first) asio::steady_timer{doomed}.cancel();
        if (!timers_first) static_cast<void>(Ring::of(doomed));
        start_all({doomed, options(), witness});
        for (int turn = 0; turn < turns; ++turn) doomed.poll_one();
      }
      ASSERT_EQ(witness.use_count(), 1) << "leaked after " << turns << " turns";
    }
  }
}

TEST_P(ChannelLifetime, ContextDestroyedWithTheResultNotYetDelivered) {
  const auto witness = std::make_shared<int>(0);
  {
    asio::io_context doomed;
    auto owned = std::make_unique<Channel>(doomed, open_socket(), options());
    Channel& raw = *owned;
    raw.async_execute(TouchLink{1}, [witness, owned = std::move(owned)](const Outcome&) { ADD_FAILURE() << "called"; });
    raw.async_execute(LargeRequest{70'000}, [witness](const Outcome&) { ADD_FAILURE() << "called"; });
    raw.close();
  }
  EXPECT_EQ(witness.use_count(), 1);
}

TEST_P(ChannelLifetime, ContextDestroyedAfterAChannelThatWasClosed) {
  const auto witness = std::make_shared<int>(0);
  for (int turns = 0; turns < 10; ++turns) {
    asio::io_context doomed;
    Channel closed{doomed, open_socket(), options()};
    Batch batch;
    for (int count = 0; count < 100; ++count) batch.add(AddNumberedVeth{1'000'000});
    closed.async_execute(batch, [witness](std::size_t) {});
    for (int turn = 0; turn < turns; ++turn) doomed.poll_one();
    closed.close();
  }
  EXPECT_EQ(witness.use_count(), 1);
}

}  // namespace
