// Lists that are consistent although the kernel's objects change meanwhile.

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <functional>
#include <optional>

#include "channel_fixture.hpp"
#include "netherd/engine/channel.hpp"
#include "netherd/engine/message_list.hpp"

namespace {

namespace asio = boost::asio;
using namespace netherd::engine;
using namespace netherd::test;

class DumpTest : public ChannelTest {
 protected:
  /// So many addresses that their dump has several parts.
  void SetUp() override {
    if (numbers_of_addresses().size() >= count) return;
    const auto number = fresh_numbers(count);
    Batch batch;
    for (std::uint32_t offset = 0; offset < count; ++offset) batch.add(AddNumberedAddress{number + offset});
    channel->async_execute(batch, [](std::size_t failures) { ASSERT_EQ(failures, 0U); });
    run();
  }
  /// Through another socket, and over when it returns.
  static void add_address() {
    asio::io_context other;
    Channel adder{other, open_socket()};
    adder.async_execute(AddNumberedAddress{fresh_numbers(1)},
                        [](const Outcome& outcome) { EXPECT_TRUE(outcome.ok()); });
    other.run();
  }

  static constexpr std::uint32_t count = 1000;
};
NETHERD_IN_BOTH_SUBMISSION_MODES(DumpTest);

/// Adds an address in the middle of each of the first `interruptions` attempts.
struct InterruptingVisitor {
  int& interruptions;
  std::size_t& messages;
  int& restarts;
  std::function<void()> change;

  void operator()(const MessageView&) {
    if (++messages == 1 && interruptions-- > 0) change();
  }
  void restart() {
    messages = 0;
    ++restarts;
  }
};

TEST_P(DumpTest, InterruptedDumpIsAskedForAgain) {
  const std::size_t before = numbers_of_addresses().size();
  for (int interruptions = 1; interruptions <= dump_retries; ++interruptions) {
    int left = interruptions;
    std::size_t messages = 0;
    int restarts = 0;
    std::optional<Outcome> outcome;
    channel->async_dump(DumpAddresses{}, InterruptingVisitor{left, messages, restarts, add_address},
                        [&](Outcome result) { outcome = std::move(result); });
    run();
    EXPECT_TRUE(outcome.value().ok()) << outcome->to_string();
    EXPECT_EQ(restarts, interruptions);
    MessageList list;
    channel->async_list(DumpAddresses{}, list, [](const Outcome& result) { EXPECT_TRUE(result.ok()); });
    run();
    EXPECT_EQ(messages, list.size());
  }
  EXPECT_EQ(numbers_of_addresses().size(), before + 1 + 2 + 3);
}

TEST_P(DumpTest, DumpThatIsInterruptedAlwaysIsDeliveredInTheEnd) {
  int left = 1000;
  std::size_t messages = 0;
  int restarts = 0;
  std::optional<Outcome> outcome;
  channel->async_dump(DumpAddresses{}, InterruptingVisitor{left, messages, restarts, add_address},
                      [&](Outcome result) { outcome = std::move(result); });
  run();
  EXPECT_EQ(outcome.value().error, EngineError::dump_interrupted);
  EXPECT_FALSE(outcome->ok());
  EXPECT_TRUE(outcome->delivered());
  EXPECT_EQ(restarts, dump_retries);
  EXPECT_GE(messages, count);
}

TEST_P(DumpTest, PlainVisitorIsToldThatTheDumpWasInterrupted) {
  std::size_t messages = 0;
  std::optional<Outcome> outcome;
  channel->async_dump(
      DumpAddresses{},
      [&](const MessageView&) {
        if (++messages == 1) add_address();
      },
      [&](Outcome result) { outcome = std::move(result); });
  run();
  EXPECT_EQ(outcome.value().error, EngineError::dump_interrupted);
  EXPECT_EQ(outcome->state, RequestState::answered);
}

TEST_P(DumpTest, PartlyLostDumpIsAskedForAgain) {
  NetlinkSocket socket = open_socket();
  const int descriptor = socket.descriptor();
  Channel shrunk{context, std::move(socket), options()};
  const int smallest = 1;  // behind the channel's back: errors beside the dump are now lost
  ASSERT_EQ(::setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &smallest, sizeof smallest), 0);
  MessageList list;
  Batch batch;
  for (int request = 0; request < 500; ++request) batch.add(TouchLink{1'000'000});
  std::optional<Outcome> outcome;
  shrunk.async_list(DumpAddresses{}, list, [&](Outcome result) { outcome = std::move(result); });
  shrunk.async_execute(batch, [](std::size_t) {});
  run();
  EXPECT_TRUE(outcome.value().ok()) << outcome->to_string();
  EXPECT_GE(list.size(), count);
}

TEST_P(DumpTest, ListHoldsWhatTheKernelSent) {
  MessageList list;
  std::vector<std::vector<std::byte>> expected;
  channel->async_dump(
      DumpAddresses{}, [&](const MessageView& m) { expected.emplace_back(m.bytes().begin(), m.bytes().end()); },
      [](const Outcome&) {});
  run();
  channel->async_list(DumpAddresses{}, list, [](const Outcome& outcome) { EXPECT_TRUE(outcome.ok()); });
  run();
  ASSERT_EQ(list.size(), expected.size());
  std::size_t position = 0;
  for (const MessageView message : list) {
    const auto& other = expected[position++];
    ASSERT_EQ(message.bytes().size(), other.size());
    EXPECT_TRUE(std::ranges::equal(message.payload(), MessageView{other}.payload()));
  }
  EXPECT_EQ(position, list.size());
}

TEST_P(DumpTest, ListIsEmptyWhereTheDumpFails) {
  MessageList list;
  channel->async_list(DumpLinks{}, list, [](const Outcome&) {});
  run();
  ASSERT_FALSE(list.empty());
  asio::cancellation_signal signal;
  std::optional<Outcome> outcome;
  channel->async_list(DumpAddresses{}, list, asio::bind_cancellation_slot(signal.slot(), [&](Outcome result) {
                        outcome = std::move(result);
                      }));
  for (int turn = 0; turn < 3; ++turn) context.poll_one();
  signal.emit(asio::cancellation_type::terminal);
  run();
  EXPECT_EQ(outcome.value().error, asio::error::operation_aborted);
  EXPECT_TRUE(list.empty());
  EXPECT_EQ(list.begin(), list.end());
  channel->close();
  channel->async_list(DumpLinks{}, list, [&](Outcome result) { outcome = std::move(result); });
  run();
  EXPECT_EQ(outcome->error, EngineError::channel_closed);
  EXPECT_TRUE(list.empty());
}

asio::awaitable<void> count_links(Channel& channel, std::size_t& links) {
  MessageList list;
  const Outcome outcome = co_await channel.async_list(DumpLinks{}, list, asio::use_awaitable);
  EXPECT_TRUE(outcome.ok());
  for (const MessageView message : list) links += message.type() == RTM_NEWLINK;
}

TEST_P(DumpTest, ListsInCoroutines) {
  std::size_t links = 0;
  asio::co_spawn(context, count_links(*channel, links), asio::detached);
  run();
  EXPECT_GE(links, 1U);
}

}  // namespace
