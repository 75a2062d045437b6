// Objects and notifications that are larger than the buffers that one expects them in.

#include <gtest/gtest.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>

#include <chrono>
#include <optional>
#include <string>

#include "channel_fixture.hpp"
#include "netherd/engine/message_list.hpp"
#include "netherd/engine/notification_stream.hpp"

namespace {

using namespace netherd::engine;
using namespace netherd::test;
using boost::system::error_code;

/// The kernel allows for less than 64 KiB of names per link.
constexpr std::uint32_t most_altnames = 490;

/// Gives a link a hundred alternative names of the greatest length, 13 KiB in all.
struct AddAltnames {
  static constexpr std::string_view operation = "add alternative names";
  static constexpr std::uint32_t most = 100;
  int index = 0;
  std::uint32_t first = 0;
  std::uint32_t count = most;

  void encode(MessageWriter& writer) const noexcept {
    writer.begin(RTM_NEWLINKPROP, NLM_F_CREATE | NLM_F_EXCL | NLM_F_APPEND);
    ifinfomsg header{};
    header.ifi_index = index;
    writer.put_family_header(header);
    const auto names = writer.begin_nest(IFLA_PROP_LIST);
    for (std::uint32_t number = first; number < first + count; ++number) {
      std::string name = std::to_string(index) + '-' + std::to_string(number);
      name.resize(127, 'x');
      writer.put_string(IFLA_ALT_IFNAME, name);
    }
    writer.end_nest(names);
  }
};

/// Lists links by a question that lets the kernel find out how much room they need (rtnl_calcit()).
struct DumpLinksOfAnySize {
  static constexpr std::string_view operation = "dump links";
  void encode(MessageWriter& writer) const noexcept {
    writer.begin(RTM_GETLINK, NLM_F_DUMP);
    writer.put_family_header(ifinfomsg{});
    writer.put_u32(IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
  }
};

/// Causes a notification.
struct SetQueue {
  static constexpr std::string_view operation = "set queue length";
  int index;
  std::uint32_t length;
  void encode(MessageWriter& writer) const noexcept {
    writer.begin(RTM_SETLINK, 0);
    ifinfomsg header{};
    header.ifi_index = index;
    writer.put_family_header(header);
    writer.put_u32(IFLA_TXQLEN, length);
  }
};

std::size_t altnames_in(const MessageView& message) {
  std::size_t count = 0;
  for (const AttributeView attribute : message.attributes<ifinfomsg>()) {
    if (attribute.type() != IFLA_PROP_LIST) continue;
    for (const AttributeView name : Attributes{attribute.payload()}) count += name.text().size() == 127 ? 1 : 0;
  }
  return count;
}

class LargeMessage : public ChannelTest {
 protected:
  /// A pair of links, one of them with all the names that it can have; the same for all tests.
  static void SetUpTestSuite() {
    boost::asio::io_context making;
    Channel maker{making, open_socket()};
    const auto expect_success = [](const Outcome& outcome) { EXPECT_TRUE(outcome.ok()) << outcome.to_string(); };
    const std::uint32_t number = fresh_numbers(1);
    maker.async_execute(AddNumberedVeth{number}, expect_success);
    making.run();
    large = static_cast<int>(::if_nametoindex(("a" + std::to_string(number)).c_str()));
    for (std::uint32_t first = 0; first < most_altnames; first += AddAltnames::most) {
      maker.async_execute(AddAltnames{large, first, std::min(AddAltnames::most, most_altnames - first)},
                          expect_success);
    }
    making.restart();
    making.run();
  }
  static inline int large = 0;
};
NETHERD_IN_BOTH_SUBMISSION_MODES(LargeMessage);

TEST_P(LargeMessage, IsWhatOneObjectMayBe) {
  for (int round = 0; round < 3; ++round) {
    std::size_t altnames = 0;
    std::optional<Outcome> result;
    channel->async_execute(
        GetLink{large}, Channel::Deadline{}, [&](const MessageView& message) { altnames += altnames_in(message); },
        [&](Outcome outcome) { result = std::move(outcome); });
    run();
    EXPECT_TRUE(result.value().ok()) << result->to_string();
    EXPECT_EQ(altnames, most_altnames);
  }
}

TEST_P(LargeMessage, IsInLists) {
  std::size_t altnames = 0;
  std::optional<Outcome> dumped;
  channel->async_dump(
      DumpLinksOfAnySize{}, [&](const MessageView& message) { altnames += altnames_in(message); },
      [&](Outcome outcome) { dumped = std::move(outcome); });
  run();
  EXPECT_TRUE(dumped.value().ok()) << dumped->to_string();
  EXPECT_EQ(altnames, most_altnames);

  MessageList list;
  channel->async_list(DumpLinksOfAnySize{}, list, [](const Outcome& outcome) { EXPECT_TRUE(outcome.ok()); });
  run();
  altnames = 0;
  for (const MessageView message : list) altnames += altnames_in(message);
  EXPECT_EQ(altnames, most_altnames);
}

TEST_P(LargeMessage, ThatNobodyLooksAtDisturbsNobody) {
  Batch batch;
  for (int count = 0; count < 5; ++count) {  // whose objects the receive buffer has room for
    batch.add(TouchLink{1});
    batch.ask(GetLink{large});
    batch.add(TouchLink{1'000'000});
  }
  std::optional<std::size_t> failures;
  channel->async_execute(batch, [&](std::size_t result) { failures = result; });
  run();
  EXPECT_EQ(failures, 5U);
  for (std::size_t position = 0; position < batch.size(); ++position) {
    const Outcome& outcome = batch.outcomes()[position];
    EXPECT_EQ(outcome.state, RequestState::answered) << position << ": " << outcome.to_string();
    EXPECT_EQ(outcome.ok(), position % 3 != 2) << position;
  }
}

TEST_P(LargeMessage, BesideOthersEndsNobodyElse) {
  Batch batch;
  for (int count = 0; count < 200; ++count) batch.add(TouchLink{1});
  std::size_t altnames = 0;
  std::optional<std::size_t> failures;
  channel->async_execute(
      GetLink{large}, Channel::Deadline{}, [&](const MessageView& message) { altnames += altnames_in(message); },
      [](const Outcome& outcome) { EXPECT_TRUE(outcome.ok()) << outcome.to_string(); });
  channel->async_execute(batch, [&](std::size_t result) { failures = result; });
  channel->async_dump(
      DumpLinksOfAnySize{}, [&](const MessageView& message) { altnames += altnames_in(message); },
      [](const Outcome& outcome) { EXPECT_TRUE(outcome.ok()) << outcome.to_string(); });
  run();
  EXPECT_EQ(failures, 0U);
  EXPECT_EQ(altnames, 2 * most_altnames);
}

TEST_P(LargeMessage, MayBeANotification) {
  NotificationStream stream{context, open_socket()};
  ASSERT_FALSE(stream.join(RTNLGRP_LINK));
  channel->async_execute(SetQueue{large, 500 + fresh_numbers(1)},
                         [](const Outcome& outcome) { EXPECT_TRUE(outcome.ok()) << outcome.to_string(); });
  std::size_t altnames = 0;
  std::size_t bytes = 0;
  std::optional<error_code> received;
  stream.async_receive(
      [&](const MessageView& message) {
        altnames = altnames_in(message);
        bytes = message.bytes().size();
      },
      [&](error_code error) { received = error; });
  context.run_for(std::chrono::seconds{10});
  EXPECT_EQ(received, error_code{});
  EXPECT_EQ(altnames, most_altnames);
  EXPECT_GT(bytes, 65'000U);
}

}  // namespace
