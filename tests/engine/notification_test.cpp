// Notifications of the kernel: what is told, what is lost, and that one knows which.

#include <gtest/gtest.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "channel_fixture.hpp"
#include "netherd/engine/notification_stream.hpp"

namespace {

namespace asio = boost::asio;
using namespace netherd::engine;
using namespace netherd::test;
using boost::system::error_code;

class NotificationTest : public ChannelTest {
 protected:
  NotificationTest() { EXPECT_FALSE(stream->join(RTNLGRP_IPV4_IFADDR)); }

  /// Adds addresses, and so causes as many notifications.
  void add_addresses(std::uint32_t count) {
    const auto number = fresh_numbers(count);
    Batch batch;
    for (std::uint32_t offset = 0; offset < count; ++offset) batch.add(AddNumberedAddress{number + offset});
    bool done = false;
    channel->async_execute(batch, [&](std::size_t failures) { done = failures == 0; });
    run_until([&] { return done; });
    EXPECT_TRUE(done);
  }
  /// A stream that listens keeps run() from returning.
  void run_until(const std::function<bool()>& done) {
    const auto latest = std::chrono::steady_clock::now() + std::chrono::seconds{5};
    context.restart();
    while (!done() && context.run_one_until(latest) > 0) {
    }
  }
  std::optional<error_code> receive() {
    const auto result = std::make_shared<std::optional<error_code>>();
    stream->async_receive([this](const MessageView& message) { types.push_back(message.type()); },
                          [result](error_code error) { *result = error; });
    context.restart();
    context.run_for(std::chrono::milliseconds{50});
    return *result;
  }

  std::optional<NotificationStream> stream{std::in_place, context, open_socket()};
  std::vector<std::uint16_t> types;
};
NETHERD_IN_BOTH_SUBMISSION_MODES(NotificationTest);

TEST_P(NotificationTest, TellsWhatHappens) {
  add_addresses(3);
  for (int count = 0; count < 3; ++count) EXPECT_EQ(receive(), error_code{});
  EXPECT_EQ(types, (std::vector<std::uint16_t>{RTM_NEWADDR, RTM_NEWADDR, RTM_NEWADDR}));
}

TEST_P(NotificationTest, WaitsForWhatHappensLater) {
  std::optional<error_code> result;
  stream->async_receive([&](const MessageView& message) { types.push_back(message.type()); },
                        [&](error_code error) { result = error; });
  context.poll();
  EXPECT_FALSE(result.has_value());
  add_addresses(1);
  run_until([&] { return result.has_value(); });
  EXPECT_EQ(result, error_code{});
  EXPECT_EQ(types.size(), 1U);
}

TEST_P(NotificationTest, ListensToTheGroupsThatItJoined) {
  channel->async_execute(AddNumberedVeth{fresh_numbers(1)}, [](const Outcome& outcome) { EXPECT_TRUE(outcome.ok()); });
  run();
  add_addresses(1);
  EXPECT_EQ(receive(), error_code{});
  EXPECT_EQ(types, (std::vector<std::uint16_t>{RTM_NEWADDR})) << "links are another group";
}

TEST_P(NotificationTest, RefusesAGroupThatThereIsNot) {
  EXPECT_EQ(stream->join(4711), boost::system::errc::invalid_argument);
}

TEST_P(NotificationTest, SaysOnceThatSomethingWasLost) {
  NetlinkSocket socket = open_socket();
  const int smallest = 1;
  ASSERT_EQ(::setsockopt(socket.descriptor(), SOL_SOCKET, SO_RCVBUF, &smallest, sizeof smallest), 0);
  stream.emplace(context, std::move(socket));
  ASSERT_FALSE(stream->join(RTNLGRP_IPV4_IFADDR));
  constexpr std::size_t count = 100;
  add_addresses(count);
  EXPECT_EQ(receive(), EngineError::notifications_lost);
  while (receive() == error_code{}) {  // what came before the loss; then it waits
  }
  EXPECT_LT(types.size(), count);
  types.clear();
  add_addresses(1);
  run_until([&] { return !types.empty(); });
  EXPECT_EQ(types.size(), 1U) << "it works on";
}

TEST_P(NotificationTest, ThrowsAwayWhatIsOlderThanAList) {
  add_addresses(10);
  stream->discard_pending();
  stream->discard_pending();
  EXPECT_FALSE(receive().has_value());
  EXPECT_TRUE(types.empty());
}

TEST_P(NotificationTest, OnlyTheKernelIsBelieved) {
  NetlinkSocket socket = open_socket();
  const sockaddr_nl unbound{.nl_family = AF_NETLINK, .nl_pad = 0, .nl_pid = 0, .nl_groups = 0};
  ASSERT_EQ(::bind(socket.descriptor(), reinterpret_cast<const sockaddr*>(&unbound), sizeof unbound), 0);
  sockaddr_nl address{};
  socklen_t size = sizeof address;
  ASSERT_EQ(::getsockname(socket.descriptor(), reinterpret_cast<sockaddr*>(&address), &size), 0);
  stream.emplace(context, std::move(socket));
  nlmsghdr forgery{};
  forgery.nlmsg_len = sizeof forgery;
  forgery.nlmsg_type = RTM_NEWLINK;
  const FileDescriptor forger{::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE)};
  ASSERT_EQ(::sendto(forger.get(), &forgery, sizeof forgery, 0, reinterpret_cast<sockaddr*>(&address), size),
            static_cast<ssize_t>(sizeof forgery));
  EXPECT_FALSE(receive().has_value());
  EXPECT_TRUE(types.empty());
}

TEST_P(NotificationTest, EndsWhenItIsClosedOrCancelled) {
  std::optional<error_code> closed;
  stream->async_receive([](const MessageView&) {}, [&](error_code error) { closed = error; });
  stream.reset();
  run();
  EXPECT_EQ(closed, asio::error::operation_aborted);

  NotificationStream other{context, open_socket()};
  std::optional<error_code> cancelled;
  asio::cancellation_signal signal;
  other.async_receive([](const MessageView&) {},
                      asio::bind_cancellation_slot(signal.slot(), [&](error_code error) { cancelled = error; }));
  signal.emit(asio::cancellation_type::terminal);
  run();
  EXPECT_EQ(cancelled, asio::error::operation_aborted);
  EXPECT_TRUE(other.is_open());
  other.close();
  EXPECT_FALSE(other.is_open());
}

TEST_P(NotificationTest, NothingIsVisitedOnceItIsClosedOrCancelled) {
  for (const bool close : {true, false}) {
    stream.emplace(context, open_socket());
    ASSERT_FALSE(stream->join(RTNLGRP_IPV4_IFADDR));
    asio::io_context later;  // where handlers wait: the wait for the socket has succeeded, and nobody knows yet
    asio::cancellation_signal signal;
    std::optional<error_code> result;
    std::size_t visits = 0;
    stream->async_receive(
        [&](const MessageView&) { ++visits; },
        asio::bind_cancellation_slot(
            signal.slot(), asio::bind_executor(later.get_executor(), [&](error_code error) { result = error; })));
    later.poll();
    add_addresses(1);
    context.restart();
    context.run_for(std::chrono::seconds{10});
    close ? stream.reset() : signal.emit(asio::cancellation_type::terminal);
    later.restart();
    later.run_for(std::chrono::seconds{10});
    EXPECT_EQ(result, asio::error::operation_aborted);
    EXPECT_EQ(visits, 0U);
  }
}

TEST_P(NotificationTest, MayBeClosedBeforeItBegins) {
  auto receive = stream->async_receive([](const MessageView&) { ADD_FAILURE(); }, asio::deferred);
  stream.reset();
  std::optional<error_code> result;
  std::move(receive)([&](error_code error) { result = error; });
  EXPECT_FALSE(result.has_value()) << "never from within the initiating function";
  run();
  EXPECT_EQ(result, asio::error::operation_aborted);
}

TEST_P(NotificationTest, VisitorMayDestroyTheStream) {
  add_addresses(1);
  std::optional<error_code> result;
  stream->async_receive(
      [&, witness = std::make_shared<int>(1)](const MessageView&) {
        stream.reset();
        EXPECT_EQ(*witness, 1);
      },
      [&](error_code error) { result = error; });
  run();
  EXPECT_EQ(result, error_code{});
}

asio::awaitable<void> listen_forever(asio::io_context& context, std::shared_ptr<int> /*witness*/) {
  NotificationStream stream{context, open_socket()};
  EXPECT_FALSE(stream.join(RTNLGRP_LINK));
  const auto visit = [](const MessageView&) {};
  for (;;) co_await stream.async_receive(visit, asio::as_tuple(asio::use_awaitable));
}

TEST_P(NotificationTest, ContextDestroyedWhileItListens) {
  const auto witness = std::make_shared<int>(0);
  {
    asio::io_context doomed;
    asio::co_spawn(doomed, listen_forever(doomed, witness), asio::detached);
    doomed.poll();
  }
  EXPECT_EQ(witness.use_count(), 1);
}

}  // namespace
