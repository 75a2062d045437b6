// Several channels whose sends one kernel worker executes one after the other.

#include "netherd/engine/send_queue.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>
#include <deque>
#include <optional>

#include "channel_fixture.hpp"

namespace {

using namespace netherd::engine;
using namespace netherd::test;

/// Removes what AddNumberedAddress adds; fails if it is not there.
struct DeleteNumberedAddress {
  static constexpr std::string_view operation = "delete numbered address";
  std::uint32_t number = 0;

  void encode(MessageWriter& writer) const noexcept {
    writer.begin(RTM_DELADDR, 0);
    ifaddrmsg header{};
    header.ifa_family = AF_INET;
    header.ifa_prefixlen = 32;
    header.ifa_index = 1;
    writer.put_family_header(header);
    writer.put_u32(IFA_LOCAL, htonl(0x0a000000U | number));
  }
};

class SendQueueTest : public ChannelTest {
 protected:
  Channel& add_channel() {
    return channels.emplace_back(context, open_socket(), ChannelOptions{.submission = GetParam(), .send_queue = queue});
  }

  std::shared_ptr<SendQueue> queue = SendQueue::make(context);
  std::deque<Channel> channels;
};
NETHERD_IN_BOTH_SUBMISSION_MODES(SendQueueTest);

TEST_P(SendQueueTest, ExecutesTheSendsOfSeveralChannelsInTheirOrder) {
  // More channels than a chain has sends, each in need of what the one before it has done.
  const auto number = fresh_numbers(1);
  std::size_t succeeded = 0;
  for (std::size_t turn = 0; turn < SendQueue::most_in_chain + 6; ++turn) {
    const auto count = [&](const Outcome& outcome) {
      EXPECT_TRUE(outcome.ok()) << turn << ": " << outcome.to_string();
      if (outcome.ok()) ++succeeded;
    };
    if (turn % 2 == 0) {
      add_channel().async_execute(AddNumberedAddress{number}, count);
    } else {
      add_channel().async_execute(DeleteNumberedAddress{number}, count);
    }
  }
  run();
  EXPECT_EQ(succeeded, SendQueue::most_in_chain + 6);
  EXPECT_FALSE(address_exists(number));
}

TEST_P(SendQueueTest, GoesOnAfterOneThatFails) {
  const auto number = fresh_numbers(2);
  std::array<std::optional<Outcome>, 3> outcomes;
  add_channel().async_execute(AddNumberedAddress{number}, [&](Outcome outcome) { outcomes[0] = std::move(outcome); });
  // A send buffer that shrinks behind the channel's back: the send itself fails.
  NetlinkSocket socket = open_socket();
  const int descriptor = socket.descriptor();
  Channel& narrow =
      channels.emplace_back(context, std::move(socket), ChannelOptions{.submission = GetParam(), .send_queue = queue});
  const int least = 1;
  ASSERT_EQ(::setsockopt(descriptor, SOL_SOCKET, SO_SNDBUF, &least, sizeof least), 0);
  narrow.async_execute(LargeRequest{16'384}, [&](Outcome outcome) { outcomes[1] = std::move(outcome); });
  add_channel().async_execute(AddNumberedAddress{number + 1},
                              [&](Outcome outcome) { outcomes[2] = std::move(outcome); });
  run();
  EXPECT_TRUE(outcomes[0].value().ok());
  EXPECT_EQ(outcomes[1].value().error, boost::system::errc::message_size);
  EXPECT_TRUE(outcomes[2].value().ok());
}

TEST_P(SendQueueTest, TakesMoreWhileAChainIsUnderWay) {
  const auto number = fresh_numbers(200);
  Channel& first = add_channel();
  Channel& second = add_channel();
  std::size_t done = 0;
  for (std::uint32_t offset = 0; offset < 200; ++offset) {
    (offset % 2 == 0 ? first : second).async_execute(AddNumberedAddress{number + offset}, [&](const Outcome& outcome) {
      EXPECT_TRUE(outcome.ok()) << outcome.to_string();
      if (++done == 100) add_channel().async_execute(TouchLink{1}, [&](const Outcome&) { ++done; });
    });
    if (offset % 10 == 0) context.poll();
  }
  run();
  EXPECT_EQ(done, 201U);
}

TEST_P(SendQueueTest, EndsWithAChannelThatIsClosedMeanwhile) {
  const auto number = fresh_numbers(2);
  std::optional<Outcome> closed;
  std::optional<Outcome> other;
  Channel& first = add_channel();
  first.async_execute(AddNumberedAddress{number}, [&](Outcome outcome) { closed = std::move(outcome); });
  add_channel().async_execute(AddNumberedAddress{number + 1}, [&](Outcome outcome) { other = std::move(outcome); });
  context.poll_one();  // the datagram is made
  first.close();
  run();
  EXPECT_EQ(closed.value().error, EngineError::channel_closed);
  EXPECT_TRUE(other.value().ok());
}

TEST_P(SendQueueTest, IsGivenUpWithItsContext) {
  boost::asio::io_context other;
  Channel unfinished{other, open_socket(),
                     ChannelOptions{.submission = GetParam(), .send_queue = SendQueue::make(other)}};
  unfinished.async_execute(TouchLink{1}, [](const Outcome&) { FAIL() << "nobody runs the context"; });
  other.poll_one();
}

}  // namespace
