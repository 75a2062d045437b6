// Other protocols than NETLINK_ROUTE through the same channel: generic netlink, and netfilter with its transactions.

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <linux/genetlink.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include <array>
#include <cerrno>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "channel_fixture.hpp"
#include "netherd/engine/generic.hpp"
#include "netherd/engine/message_list.hpp"
#include "netherd/engine/netfilter.hpp"

namespace {

using namespace netherd::engine;
using namespace netherd::test;

/// A channel on a socket of another protocol.
class ProtocolTest : public ChannelTest {
 protected:
  Channel open(int protocol) { return Channel{context, NetlinkSocket::open(protocol).value(), options()}; }

  template <typename Request>
  Outcome execute_on(Channel& other, Request&& request) {
    std::optional<Outcome> result;
    other.async_execute(std::forward<Request>(request), [&](Outcome outcome) { result = std::move(outcome); });
    run();
    return result.value();
  }
};

// Generic netlink.

class GenericNetlink : public ProtocolTest {
 protected:
  Outcome get_family(std::string_view name, std::optional<GenericFamily>& family) {
    std::optional<Outcome> result;
    generic.async_execute(
        GetGenericFamily{name}, Channel::Deadline{},
        [&](const MessageView& message) { family = decode_generic_family(message); },
        [&](Outcome outcome) { result = std::move(outcome); });
    run();
    return result.value();
  }

  Channel generic = open(NETLINK_GENERIC);
};
NETHERD_IN_BOTH_SUBMISSION_MODES(GenericNetlink);

TEST_P(GenericNetlink, ResolvesAFamily) {
  std::optional<GenericFamily> family;
  const Outcome outcome = get_family("nlctrl", family);
  EXPECT_TRUE(outcome.ok()) << outcome.to_string();
  ASSERT_TRUE(family.has_value());
  EXPECT_EQ(family->id, GENL_ID_CTRL);
  EXPECT_EQ(family->name, "nlctrl");
  EXPECT_EQ(family->version, 2U);
  EXPECT_EQ(family->header_bytes, 0U);
  ASSERT_EQ(family->groups.size(), 1U);
  EXPECT_EQ(family->groups[0].name, "notify");
  EXPECT_NE(family->groups[0].id, 0U);
}

TEST_P(GenericNetlink, SaysThatThereIsNoSuchFamily) {
  std::optional<GenericFamily> family;
  const Outcome outcome = get_family("no such thing", family);
  EXPECT_EQ(outcome.error, boost::system::errc::no_such_file_or_directory);
  EXPECT_FALSE(family.has_value());
}

struct GetNamelessFamily {
  static constexpr std::string_view operation = "get nameless family";
  void encode(MessageWriter& writer) const noexcept {
    writer.begin(GENL_ID_CTRL, 0);
    writer.put_family_header(genlmsghdr{CTRL_CMD_GETFAMILY, 2, 0});
    writer.put_string(CTRL_ATTR_FAMILY_NAME, "a name of more than sixteen bytes");
  }
};

TEST_P(GenericNetlink, NamesItsAttributes) {
  const Outcome outcome = execute_on(generic, GetNamelessFamily{});
  ASSERT_NE(outcome.diagnostic, nullptr) << outcome.to_string();
  EXPECT_EQ(outcome.diagnostic->attribute, "CTRL_ATTR_FAMILY_NAME");
}

struct DumpFamilies {
  static constexpr std::string_view operation = "dump families";
  void encode(MessageWriter& writer) const noexcept {
    writer.begin(GENL_ID_CTRL, NLM_F_DUMP);
    writer.put_family_header(genlmsghdr{CTRL_CMD_GETFAMILY, 2, 0});
  }
};

TEST_P(GenericNetlink, ListsFamilies) {
  MessageList list;
  std::optional<Outcome> outcome;
  generic.async_list(DumpFamilies{}, list, [&](Outcome result) { outcome = std::move(result); });
  run();
  ASSERT_TRUE(outcome.value().ok()) << outcome->to_string();
  bool found = false;
  for (const MessageView message : list) {
    const auto family = decode_generic_family(message);
    ASSERT_TRUE(family.has_value());
    found = found || family->name == "nlctrl";
  }
  EXPECT_TRUE(found);
}

TEST_P(GenericNetlink, DecodesNothingOfWhatIsNoFamily) {
  alignas(message_alignment) std::array<std::byte, 256> buffer{};
  MessageWriter writer{buffer};
  writer.begin(GENL_ID_CTRL, 0);
  EXPECT_FALSE(decode_generic_family(MessageView{writer.message()}).has_value()) << "too short";
  writer.put_family_header(genlmsghdr{CTRL_CMD_NEWFAMILY, 2, 0});
  EXPECT_FALSE(decode_generic_family(MessageView{writer.message()}).has_value()) << "no number";
  writer.put_u8(CTRL_ATTR_FAMILY_ID, 200);
  EXPECT_FALSE(decode_generic_family(MessageView{writer.message()}).has_value()) << "half a number";
  writer.put_u16(CTRL_ATTR_FAMILY_ID, 200);
  writer.put_u32(CTRL_ATTR_HDRSIZE, 4);
  writer.put_u32(CTRL_ATTR_MAXATTR, 7);
  const auto family = decode_generic_family(MessageView{writer.message()});
  EXPECT_EQ(family.value().id, 200);
  EXPECT_EQ(family->header_bytes, 4U);
  EXPECT_EQ(family->most_attributes, 7U);
}

// Netfilter.

constexpr std::uint16_t nftables(int message) {
  return static_cast<std::uint16_t>((NFNL_SUBSYS_NFTABLES << 8) | message);
}

struct AddTable {
  static constexpr std::string_view operation = "add table";
  std::string_view name{};
  bool exclusively = false;

  void encode(MessageWriter& writer) const noexcept {
    writer.begin(nftables(NFT_MSG_NEWTABLE), static_cast<std::uint16_t>(NLM_F_CREATE | (exclusively ? NLM_F_EXCL : 0)));
    writer.put_family_header(nfgenmsg{NFPROTO_INET, NFNETLINK_V0, 0});
    writer.put_string(NFTA_TABLE_NAME, name);
  }
};

struct AddChain {
  static constexpr std::string_view operation = "add chain";
  std::string_view table{};
  std::string_view name{};

  void encode(MessageWriter& writer) const noexcept {
    writer.begin(nftables(NFT_MSG_NEWCHAIN), NLM_F_CREATE);
    writer.put_family_header(nfgenmsg{NFPROTO_INET, NFNETLINK_V0, 0});
    writer.put_string(NFTA_CHAIN_TABLE, table);
    writer.put_string(NFTA_CHAIN_NAME, name);
  }
};

struct GetTable {
  static constexpr std::string_view operation = "get table";
  std::string_view name{};

  void encode(MessageWriter& writer) const noexcept {
    writer.begin(nftables(NFT_MSG_GETTABLE), 0);
    writer.put_family_header(nfgenmsg{NFPROTO_INET, NFNETLINK_V0, 0});
    writer.put_string(NFTA_TABLE_NAME, name);
  }
};

class Netfilter : public ProtocolTest {
 protected:
  void SetUp() override {
    auto socket = NetlinkSocket::open(NETLINK_NETFILTER);
    if (!socket) GTEST_SKIP() << "no netfilter: " << socket.error().message();
    netfilter.emplace(context, std::move(*socket), options());
    NetfilterTransaction transaction{NFNL_SUBSYS_NFTABLES};
    transaction.add(AddTable{"probe"});
    const Outcome outcome = execute_on(*netfilter, transaction);
    if (outcome.error == boost::system::errc::operation_not_supported ||
        outcome.error == boost::system::errc::invalid_argument) {
      GTEST_SKIP() << "no nftables: " << outcome.to_string();
    }
    ASSERT_TRUE(outcome.ok()) << outcome.to_string();
  }
  bool table_exists(std::string_view name) {
    bool seen = false;
    netfilter->async_execute(
        GetTable{name}, Channel::Deadline{}, [&](const MessageView&) { seen = true; }, [](const Outcome&) {});
    run();
    return seen;
  }
  /// A name that no other test has used.
  std::string fresh_table() { return "t" + std::to_string(fresh_numbers(1)); }

  std::optional<Channel> netfilter;
};
NETHERD_IN_BOTH_SUBMISSION_MODES(Netfilter);

TEST_P(Netfilter, ExecutesATransaction) {
  const std::string table = fresh_table();
  NetfilterTransaction transaction{NFNL_SUBSYS_NFTABLES};
  transaction.add(AddTable{table});
  transaction.add(AddChain{table, "input"});
  EXPECT_EQ(transaction.size(), 2U);
  const Outcome outcome = execute_on(*netfilter, transaction);
  EXPECT_TRUE(outcome.ok()) << outcome.to_string();
  EXPECT_EQ(transaction.size(), 2U);
  EXPECT_TRUE(table_exists(table));
}

TEST_P(Netfilter, TakesEverythingBackIfARequestFails) {
  const std::string table = fresh_table();
  NetfilterTransaction transaction{NFNL_SUBSYS_NFTABLES};
  transaction.add(AddTable{table});
  transaction.add(AddChain{"no such table", "input"});
  transaction.add(AddChain{table, "input"});
  const Outcome outcome = execute_on(*netfilter, transaction);
  EXPECT_EQ(outcome.error, boost::system::errc::no_such_file_or_directory);
  EXPECT_EQ(outcome.state, RequestState::answered);
  ASSERT_NE(outcome.diagnostic, nullptr);
  EXPECT_EQ(outcome.diagnostic->place, 2U) << "its begin is 0";
  EXPECT_EQ(outcome.diagnostic->attribute, "1") << "NFTA_CHAIN_TABLE";
  EXPECT_FALSE(table_exists(table));
}

TEST_P(Netfilter, TransactionsDoNotMixWithOtherRequests) {
  constexpr int rounds = 20;
  std::size_t succeeded = 0;
  std::vector<std::string> names(rounds);
  const auto count = [&](const Outcome& outcome) { succeeded += outcome.ok(); };
  std::deque<NetfilterTransaction> transactions;
  for (std::string& name : names) {
    name = fresh_table();
    auto& transaction = transactions.emplace_back(std::uint16_t{NFNL_SUBSYS_NFTABLES});
    transaction.add(AddTable{name});
    netfilter->async_execute(GetTable{"probe"}, Channel::Deadline{}, [](const MessageView&) {}, count);
    netfilter->async_execute(transaction, count);
    netfilter->async_execute(GetTable{name}, Channel::Deadline{}, [](const MessageView&) {}, count);
  }
  run();
  EXPECT_EQ(succeeded, 3U * rounds) << "in the order in which they were started";
}

TEST_P(Netfilter, TransactionOfAnOldGeneration) {
  constexpr std::uint32_t long_gone = 0x7fffffff;
  NetfilterTransaction transaction{NFNL_SUBSYS_NFTABLES, long_gone};
  transaction.add(AddTable{fresh_table()});
  EXPECT_EQ(execute_on(*netfilter, transaction).error.value(), ERESTART);
}

TEST_P(Netfilter, TransactionCanBeFilledAndExecutedAgain) {
  const std::string first = fresh_table();
  const std::string second = fresh_table();
  NetfilterTransaction transaction{NFNL_SUBSYS_NFTABLES};
  transaction.add(AddTable{first, true});
  EXPECT_TRUE(execute_on(*netfilter, transaction).ok());
  EXPECT_EQ(execute_on(*netfilter, transaction).error, boost::system::errc::file_exists);
  transaction.clear();
  EXPECT_EQ(transaction.size(), 0U);
  transaction.add(AddTable{first});
  EXPECT_TRUE(execute_on(*netfilter, transaction).ok());
  transaction.add(AddTable{second});
  EXPECT_TRUE(execute_on(*netfilter, transaction).ok());
  EXPECT_TRUE(table_exists(second));
}

TEST_P(Netfilter, TransactionThatCannotBeSent) {
  NetfilterTransaction empty{NFNL_SUBSYS_NFTABLES};
  EXPECT_EQ(execute_on(*netfilter, empty).error, EngineError::request_too_large);
  const std::string endless(70'000, 'x');
  NetfilterTransaction unencodable{NFNL_SUBSYS_NFTABLES};
  unencodable.add(AddTable{endless});
  EXPECT_EQ(execute_on(*netfilter, unencodable).error, EngineError::request_too_large);
  netfilter->close();
  NetfilterTransaction late{NFNL_SUBSYS_NFTABLES};
  late.add(AddTable{"late"});
  EXPECT_EQ(execute_on(*netfilter, late).error, EngineError::channel_closed);
}

}  // namespace
