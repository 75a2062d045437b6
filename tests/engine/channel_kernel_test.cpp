// Channels on the kernel: what they promise about outcomes, order, limits and loss.

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <future>
#include <vector>

#include "channel_fixture.hpp"
#include "netherd/engine/channel.hpp"
#include "netherd/engine/latencies.hpp"

namespace {

namespace asio = boost::asio;
using namespace netherd::engine;
using namespace netherd::test;

class ChannelKernel : public ChannelTest {};
NETHERD_IN_BOTH_SUBMISSION_MODES(ChannelKernel);

constexpr int no_such_index = 1'000'000;

TEST_P(ChannelKernel, CallsBackWithSuccess) {
  const auto number = fresh_numbers(1);
  bool called = false;
  channel->async_execute(AddNumberedAddress{number}, [&](const Outcome& outcome) {
    EXPECT_TRUE(outcome.ok()) << outcome.to_string();
    EXPECT_EQ(outcome.diagnostic, nullptr);
    called = true;
  });
  EXPECT_FALSE(called) << "never from within the initiating function";
  run();
  EXPECT_TRUE(called);
  EXPECT_TRUE(address_exists(number));
}

TEST_P(ChannelKernel, CallsBackWithTheKernelsWords) {
  const auto number = fresh_numbers(1);
  ASSERT_TRUE(execute(AddNumberedAddress{number}).ok());
  const Outcome outcome = execute(AddNumberedAddress{number});
  EXPECT_EQ(outcome.error, boost::system::errc::file_exists);
  EXPECT_EQ(outcome.state, RequestState::answered);
  ASSERT_NE(outcome.diagnostic, nullptr);
  EXPECT_EQ(outcome.diagnostic->operation, "add numbered address");
  EXPECT_FALSE(execute(LargeRequest{100}).diagnostic->kernel_message.empty());
}

TEST_P(ChannelKernel, FulfilsFutures) {
  std::future<Outcome> success = channel->async_execute(AddNumberedAddress{fresh_numbers(1)}, asio::use_future);
  std::future<Outcome> failure = channel->async_execute(TouchLink{no_such_index}, asio::use_future);
  run();
  EXPECT_TRUE(success.get().ok());
  EXPECT_EQ(failure.get().error, boost::system::errc::no_such_device);
}

asio::awaitable<void> talk(Channel& channel, std::uint32_t number, bool& finished) {
  Outcome outcome = co_await channel.async_execute(AddNumberedAddress{number}, asio::use_awaitable);
  EXPECT_TRUE(outcome.ok());
  outcome = co_await channel.async_execute(AddNumberedAddress{number}, asio::use_awaitable);
  EXPECT_EQ(outcome.error, boost::system::errc::file_exists);
  Batch batch;
  for (std::uint32_t offset = 0; offset < 5; ++offset) batch.add(AddNumberedAddress{number + offset});
  EXPECT_EQ(co_await channel.async_execute(batch, asio::use_awaitable), 1U);
  std::size_t links = 0;
  outcome = co_await channel.async_dump(DumpLinks{}, [&](const MessageView&) { ++links; }, asio::use_awaitable);
  EXPECT_TRUE(outcome.ok());
  EXPECT_GE(links, 1U);
  finished = true;
}

TEST_P(ChannelKernel, ResumesCoroutines) {
  bool finished = false;
  asio::co_spawn(context, talk(*channel, fresh_numbers(5), finished), asio::detached);
  run();
  EXPECT_TRUE(finished);
}

TEST_P(ChannelKernel, RunsInTheCallersContextBesideOtherWork) {
  int ticks = 0;
  asio::steady_timer timer{context};
  std::function<void(boost::system::error_code)> tick = [&](boost::system::error_code) {
    if (++ticks == 5) return;
    timer.expires_after(std::chrono::milliseconds{1});
    timer.async_wait(tick);
  };
  tick({});
  EXPECT_TRUE(execute(AddNumberedAddress{fresh_numbers(1)}).ok());
  EXPECT_EQ(ticks, 5);
}

TEST_P(ChannelKernel, WorksByPollingAndInAnyNumberOfRuns) {
  for (int round = 0; round < 10; ++round) {
    bool called = false;
    channel->async_execute(TouchLink{1}, [&](const Outcome& outcome) { called = outcome.ok(); });
    context.restart();
    while (!called) context.poll();
  }
}

TEST_P(ChannelKernel, WorksWithASingleThreadedContext) {
  asio::io_context single{1};
  Channel other{single, open_socket(), options()};
  std::size_t called = 0;
  for (int count = 0; count < 1000; ++count) {
    other.async_execute(TouchLink{1}, [&](const Outcome& outcome) { called += outcome.ok(); });
  }
  single.run();
  EXPECT_EQ(called, 1000U);
}

TEST_P(ChannelKernel, BatchHasOneOutcomePerRequest) {
  constexpr std::uint32_t count = 1000;
  const auto number = fresh_numbers(count);
  Batch batch;
  for (std::uint32_t offset = 0; offset < count; ++offset) {
    const int index = offset % 7 == 3 ? no_such_index : 1;
    batch.add(AddNumberedAddress{number + offset, index}, 5000 + offset);
  }
  std::optional<std::size_t> failures;
  channel->async_execute(batch, [&](std::size_t result) { failures = result; });
  run();
  EXPECT_EQ(failures, batch.failures());
  ASSERT_EQ(batch.outcomes().size(), count);
  const auto addresses = numbers_of_addresses();
  for (std::uint32_t offset = 0; offset < count; ++offset) {
    const Outcome& outcome = batch.outcomes()[offset];
    EXPECT_EQ(outcome.state, RequestState::answered);
    EXPECT_EQ(outcome.ok(), offset % 7 != 3);
    EXPECT_EQ(addresses.contains(number + offset), outcome.ok());
    if (outcome.ok()) continue;
    EXPECT_EQ(outcome.error, boost::system::errc::no_such_device);
    EXPECT_EQ(outcome.diagnostic->tag, 5000 + offset);
  }
  EXPECT_EQ(batch.first_failure(), &batch.outcomes()[3]);
}

TEST_P(ChannelKernel, EmptyBatchEndsAtOnce) {
  Batch batch;
  bool called = false;
  channel->async_execute(batch, [&](std::size_t failures) { called = failures == 0; });
  EXPECT_FALSE(called);
  run();
  EXPECT_TRUE(called);
}

TEST_P(ChannelKernel, BatchCanBeFilledAgain) {
  Batch batch;
  for (int round = 0; round < 3; ++round) {
    batch.clear();
    for (int count = 0; count < 10; ++count) batch.add(TouchLink{count == round ? no_such_index : 1});
    channel->async_execute(batch, [&](std::size_t failures) { EXPECT_EQ(failures, 1U); });
    run();
    EXPECT_EQ(batch.first_failure(), &batch.outcomes()[static_cast<std::size_t>(round)]);
  }
}

TEST_P(ChannelKernel, BatchCanBeExecutedAgain) {
  const auto number = fresh_numbers(3);
  Batch batch;
  for (std::uint32_t offset = 0; offset < 3; ++offset) batch.add(AddNumberedAddress{number + offset});
  std::vector<std::size_t> failures;
  for (int round = 0; round < 2; ++round) {
    channel->async_execute(batch, [&](std::size_t result) { failures.push_back(result); });
    run();
  }
  EXPECT_EQ(failures, (std::vector<std::size_t>{0, 3}));
}

TEST_P(ChannelKernel, KeepsTheOrder) {
  std::vector<int> order;
  for (int count = 0; count < 500; ++count) {
    channel->async_execute(TouchLink{count % 3 == 0 ? no_such_index : 1},
                           [&, count](const Outcome&) { order.push_back(count); });
  }
  run();
  EXPECT_EQ(order.size(), 500U);
  EXPECT_TRUE(std::ranges::is_sorted(order));
}

TEST_P(ChannelKernel, GetShowsItsObject) {
  int index = 0;
  std::optional<Outcome> result;
  channel->async_execute(
      GetLink{1}, Channel::Deadline{},
      [&](const MessageView& message) { index = message.family_header<ifinfomsg>().value().ifi_index; },
      [&](Outcome outcome) { result = std::move(outcome); });
  run();
  EXPECT_TRUE(result.value().ok());
  EXPECT_EQ(index, 1);
}

TEST_P(ChannelKernel, DumpsInManyPartsBesideOtherRequests) {
  constexpr std::uint32_t count = 3000;
  const auto number = fresh_numbers(count);
  Batch batch;
  for (std::uint32_t offset = 0; offset < count; ++offset) batch.add(AddNumberedAddress{number + offset});
  channel->async_execute(batch, [](std::size_t failures) { EXPECT_EQ(failures, 0U); });
  run();

  std::size_t addresses = 0;
  std::size_t links = 0;
  std::size_t routes = 0;
  std::size_t ended = 0;
  const auto expect_ok = [&](const Outcome& outcome) {
    EXPECT_TRUE(outcome.ok()) << outcome.to_string();
    ++ended;
  };
  channel->async_dump(DumpAddresses{}, [&](const MessageView& m) { addresses += m.type() == RTM_NEWADDR; }, expect_ok);
  for (int others = 0; others < 100; ++others) channel->async_execute(TouchLink{1}, expect_ok);
  channel->async_dump(DumpLinks{}, [&](const MessageView& m) { links += m.type() == RTM_NEWLINK; }, expect_ok);
  channel->async_dump(DumpRoutes{}, [&](const MessageView& m) { routes += m.type() == RTM_NEWROUTE; }, expect_ok);
  for (int others = 0; others < 100; ++others) channel->async_execute(TouchLink{1}, expect_ok);
  run();
  EXPECT_EQ(ended, 203U);
  EXPECT_GE(addresses, count);
  EXPECT_GE(links, 1U);
  EXPECT_GE(routes, count) << "each address has a route in the local table";
}

struct BadDump {
  static constexpr std::string_view operation = "dump badly";
  void encode(MessageWriter& writer) const noexcept {
    writer.begin(RTM_GETADDR, NLM_F_DUMP);
    ifaddrmsg header{};
    header.ifa_prefixlen = 7;  // strict checking refuses what no filter may have
    writer.put_family_header(header);
  }
};

TEST_P(ChannelKernel, RefusedDump) {
  std::optional<Outcome> result;
  channel->async_dump(
      BadDump{}, [](const MessageView&) { ADD_FAILURE(); }, [&](Outcome outcome) { result = std::move(outcome); });
  run();
  EXPECT_EQ(result.value().error, boost::system::errc::invalid_argument);
  EXPECT_FALSE(result->diagnostic->kernel_message.empty());
}

TEST_P(ChannelKernel, ThousandsOfRequestsAtOnce) {
  std::size_t succeeded = 0;
  std::size_t failed = 0;
  for (int count = 0; count < 20'000; ++count) {
    channel->async_execute(AddNumberedAddress{1, no_such_index}, [&](const Outcome& outcome) {
      failed += outcome.error == boost::system::errc::no_such_device;
    });
    channel->async_execute(TouchLink{1}, [&](const Outcome& outcome) { succeeded += outcome.ok(); });
  }
  run();
  EXPECT_EQ(succeeded, 20'000U);
  EXPECT_EQ(failed, 20'000U);
}

TEST_P(ChannelKernel, TellsHowLongRequestsTake) {
  Latencies latencies;
  ChannelOptions timed = options();
  timed.latencies = &latencies;
  timed.datagram_requests = 10;
  channel.emplace(context, open_socket(), timed);
  Batch batch;
  for (int count = 0; count < 500; ++count) batch.add(TouchLink{count % 5 == 0 ? no_such_index : 1});
  std::size_t failures = 0;
  channel->async_execute(batch, [&](std::size_t result) { failures = result; });
  channel->async_dump(DumpLinks{}, [](const MessageView&) {}, [](const Outcome&) {});
  const auto start = std::chrono::steady_clock::now();
  run();
  const auto all = std::chrono::steady_clock::now() - start;
  EXPECT_EQ(failures, 100U);
  EXPECT_EQ(latencies.count(), 500U) << "those that failed as well, but no dump";
  EXPECT_GT(latencies.quantile(0.5), std::chrono::nanoseconds{0});
  EXPECT_LE(latencies.max(), all);
}

TEST_P(ChannelKernel, ManyChannels) {
  std::vector<Channel> channels;
  channels.reserve(200);
  std::size_t succeeded = 0;
  for (int count = 0; count < 200; ++count)
    channels.emplace_back(context, open_socket({.receive_buffer_bytes = 4096}), options());
  for (int round = 0; round < 20; ++round) {
    for (Channel& one : channels)
      one.async_execute(TouchLink{1}, [&](const Outcome& outcome) { succeeded += outcome.ok(); });
  }
  run();
  EXPECT_EQ(succeeded, 4000U);
}

// Limits.

TEST_P(ChannelKernel, QueueTakesNoMoreThanItsLimit) {
  auto limited = options();
  limited.queue_requests = 10;
  Channel small{context, open_socket(), limited};
  std::vector<Outcome> outcomes(11);
  for (Outcome& outcome : outcomes)
    small.async_execute(TouchLink{1}, [&](Outcome result) { outcome = std::move(result); });
  run();
  EXPECT_EQ(std::ranges::count_if(outcomes, &Outcome::ok), 10);
  EXPECT_EQ(outcomes.back().error, EngineError::queue_full);
  EXPECT_EQ(outcomes.back().state, RequestState::waiting);

  Batch batch;
  for (int count = 0; count < 11; ++count) batch.add(TouchLink{1});
  small.async_execute(batch, [&](std::size_t failures) { EXPECT_EQ(failures, 1U); });
  run();
  EXPECT_EQ(batch.first_failure()->error, EngineError::queue_full);
}

TEST_P(ChannelKernel, RequestThatFitsIntoNoDatagram) {
  auto limited = options();
  limited.datagram_bytes = 2000;
  Channel small{context, open_socket(), limited};
  Batch batch;
  batch.add(TouchLink{1});
  batch.add(LargeRequest{2000 - 36});
  batch.add(LargeRequest{2000 - 36 + 1});
  batch.add(TouchLink{1});
  small.async_execute(batch, [&](std::size_t failures) { EXPECT_EQ(failures, 2U); });
  run();
  EXPECT_EQ(batch.outcomes()[1].state, RequestState::answered) << "of exactly the limit: the kernel's refusal";
  EXPECT_EQ(batch.outcomes()[2].error, EngineError::request_too_large);
  EXPECT_EQ(batch.outcomes()[2].state, RequestState::waiting);
  EXPECT_TRUE(batch.outcomes()[3].ok());
}

TEST_P(ChannelKernel, RequestThatCannotBeEncoded) {
  constexpr std::size_t longer_than_any_attribute = 70'000;
  EXPECT_EQ(execute(LargeRequest{longer_than_any_attribute}).error, EngineError::request_too_large);
  Batch batch;
  batch.add(LargeRequest{longer_than_any_attribute});
  batch.add(TouchLink{1});
  channel->async_execute(batch, [&](std::size_t failures) { EXPECT_EQ(failures, 1U); });
  run();
  EXPECT_EQ(batch.outcomes()[0].error, EngineError::request_too_large);
  EXPECT_TRUE(batch.outcomes()[1].ok());
}

TEST_P(ChannelKernel, LargeRequestsAreEncodedInLargerBuffers) {
  for (const std::size_t size : {400U, 500U, 600U, 5000U, 30'000U}) {
    const Outcome outcome = execute(LargeRequest{size});
    EXPECT_EQ(outcome.state, RequestState::answered) << size << ": " << outcome.to_string();
  }
}

// Loss.

TEST_P(ChannelKernel, SmallestReceiveBufferLosesNothing) {
  Channel small{context, open_socket({.receive_buffer_bytes = 1, .send_buffer_bytes = 1}), options()};
  Batch batch;
  for (int count = 0; count < 3000; ++count) batch.add(TouchLink{count % 2 == 0 ? no_such_index : 1});
  small.async_execute(batch, [](std::size_t failures) { EXPECT_EQ(failures, 1500U); });
  run();
  for (const Outcome& outcome : batch.outcomes())
    EXPECT_EQ(outcome.state, RequestState::answered) << outcome.to_string();
}

int option_of(const NetlinkSocket& socket, int level, int option) {
  int value = 0;
  socklen_t size = sizeof value;
  EXPECT_EQ(::getsockopt(socket.descriptor(), level, option, &value, &size), 0);
  return value;
}

TEST(NetlinkSocket, KnowsItsSizes) {
  const auto read_back = [](const NetlinkSocket& socket) {
    EXPECT_EQ(socket.receive_buffer_bytes(), option_of(socket, SOL_SOCKET, SO_RCVBUF));
    EXPECT_EQ(socket.largest_datagram_bytes(), option_of(socket, SOL_SOCKET, SO_SNDBUF) - 32);
  };
  read_back(open_socket({}));
  read_back(open_socket({.receive_buffer_bytes = 1, .send_buffer_bytes = 1}));
  read_back(open_socket({.receive_buffer_bytes = 0, .send_buffer_bytes = 0}));
  read_back(open_socket({.receive_buffer_bytes = 100'000, .send_buffer_bytes = 0}));
}

TEST(NetlinkSocket, LeavesOutWhatIsNotAskedFor) {
  EXPECT_EQ(option_of(open_socket({}), SOL_NETLINK, NETLINK_GET_STRICT_CHK), 1);
  const NetlinkSocket for_changes = open_socket({.receive_buffer_bytes = 0, .send_buffer_bytes = 0, .strict = false});
  EXPECT_EQ(option_of(for_changes, SOL_NETLINK, NETLINK_GET_STRICT_CHK), 0);
  EXPECT_EQ(option_of(for_changes, SOL_NETLINK, NETLINK_EXT_ACK), 1);
  EXPECT_EQ(option_of(for_changes, SOL_NETLINK, NETLINK_CAP_ACK), 1);
}

TEST_P(ChannelKernel, ObjectsFitIntoTheReceiveBufferToo) {
  // Objects are larger than acknowledgements, and must not be lost either.
  for (const std::size_t receive_buffer_bytes : {0U, 1U, 100'000U, 1U << 20U}) {
    Channel channel_of_size{context, open_socket({.receive_buffer_bytes = receive_buffer_bytes}), options()};
    std::size_t objects = 0;
    std::size_t succeeded = 0;
    for (int count = 0; count < 5000; ++count) {
      channel_of_size.async_execute(
          GetLink{1}, Channel::Deadline{}, [&](const MessageView&) { ++objects; },
          [&](const Outcome& outcome) { succeeded += outcome.ok(); });
    }
    run();
    EXPECT_EQ(succeeded, 5000U) << receive_buffer_bytes;
    EXPECT_EQ(objects, 5000U) << receive_buffer_bytes;
  }
}

TEST_P(ChannelKernel, ObjectsThatABatchAsksForFitIntoTheReceiveBufferToo) {
  for (const std::size_t receive_buffer_bytes : {0U, 1U, 100'000U, 1U << 20U}) {
    Channel channel_of_size{context, open_socket({.receive_buffer_bytes = receive_buffer_bytes}), options()};
    Batch batch;
    for (int count = 0; count < 5000; ++count) batch.ask(GetLink{count % 5 == 0 ? no_such_index : 1});
    channel_of_size.async_execute(batch, [](std::size_t failures) { EXPECT_EQ(failures, 1000U); });
    run();
    EXPECT_EQ(std::ranges::count(batch.outcomes(), RequestState::answered, &Outcome::state), 5000)
        << receive_buffer_bytes;
  }
}

TEST_P(ChannelKernel, ErrorsFitIntoTheReceiveBufferBesideADump) {
  const auto number = fresh_numbers(3000);
  Batch addresses;
  for (std::uint32_t offset = 0; offset < 3000; ++offset) addresses.add(AddNumberedAddress{number + offset});
  channel->async_execute(addresses, [](std::size_t) {});
  run();
  for (const std::size_t receive_buffer_bytes : {0U, 1U, 100'000U, 300'000U, 1U << 20U}) {
    Channel small{context, open_socket({.receive_buffer_bytes = receive_buffer_bytes}), options()};
    Batch batch;
    for (int count = 0; count < 20'000; ++count) batch.add(LargeRequest{100});
    std::optional<Outcome> dump;
    small.async_dump(DumpAddresses{}, [](const MessageView&) {}, [&](Outcome outcome) { dump = std::move(outcome); });
    small.async_execute(batch, [](std::size_t) {});
    run();
    EXPECT_TRUE(dump.value().ok()) << receive_buffer_bytes << ": " << dump->to_string();
    EXPECT_EQ(std::ranges::count(batch.outcomes(), RequestState::unknown, &Outcome::state), 0) << receive_buffer_bytes;
  }
}

TEST_P(ChannelKernel, OverrunMakesOutcomesUnknown) {
  NetlinkSocket socket = open_socket();
  const int descriptor = socket.descriptor();
  Channel shrunk{context, std::move(socket), options()};
  const int smallest = 1;  // behind the channel's back: its window is now far too large
  ASSERT_EQ(::setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &smallest, sizeof smallest), 0);

  const auto number = fresh_numbers(500);
  Batch batch;
  for (std::uint32_t offset = 0; offset < 500; ++offset) {
    batch.add(AddNumberedAddress{number + offset, offset % 2 == 0 ? 1 : no_such_index});
  }
  std::optional<std::size_t> failures;
  shrunk.async_execute(batch, [&](std::size_t result) { failures = result; });
  run_behind_the_send();
  ASSERT_TRUE(failures.has_value());
  std::size_t unknown = 0;
  for (std::uint32_t offset = 0; offset < 500; ++offset) {
    const Outcome& outcome = batch.outcomes()[offset];
    if (outcome.state == RequestState::unknown) {
      EXPECT_EQ(outcome.error, EngineError::answer_lost);
      ++unknown;
    } else {
      EXPECT_EQ(outcome.state, RequestState::answered);
      EXPECT_EQ(outcome.ok(), offset % 2 == 0) << offset;
    }
  }
  EXPECT_GT(unknown, 0U);

  std::optional<Outcome> afterwards;
  shrunk.async_execute(TouchLink{1}, [&](Outcome outcome) { afterwards = std::move(outcome); });
  run();
  EXPECT_TRUE(afterwards.value().ok()) << "the channel works on";
}

// Foreign senders.

TEST_P(ChannelKernel, OnlyTheKernelIsBelieved) {
  NetlinkSocket socket = open_socket();
  sockaddr_nl address{};
  socklen_t size = sizeof address;
  const sockaddr_nl unbound{.nl_family = AF_NETLINK, .nl_pad = 0, .nl_pid = 0, .nl_groups = 0};
  ASSERT_EQ(::bind(socket.descriptor(), reinterpret_cast<const sockaddr*>(&unbound), sizeof unbound), 0);
  ASSERT_EQ(::getsockname(socket.descriptor(), reinterpret_cast<sockaddr*>(&address), &size), 0);
  Channel victim{context, std::move(socket), options()};

  struct Forgery {
    nlmsghdr header{};
    nlmsgerr error{};
  } forgery;
  forgery.header.nlmsg_len = sizeof forgery;
  forgery.header.nlmsg_type = NLMSG_ERROR;
  forgery.header.nlmsg_seq = 1;
  forgery.error.error = 0;
  const FileDescriptor forger{::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE)};
  ASSERT_EQ(::sendto(forger.get(), &forgery, sizeof forgery, 0, reinterpret_cast<sockaddr*>(&address), size),
            static_cast<ssize_t>(sizeof forgery));

  std::optional<Outcome> result;
  victim.async_execute(TouchLink{no_such_index}, [&](Outcome outcome) { result = std::move(outcome); });
  run();
  EXPECT_EQ(result.value().error, boost::system::errc::no_such_device);
}

}  // namespace
