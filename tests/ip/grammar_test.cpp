#include <gtest/gtest.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>

#include <sstream>

#include "fake_environment.hpp"
#include "netherd/ops/address.hpp"
#include "netherd/ops/route.hpp"

namespace netherd::ip {
namespace {

using test::FakeEnvironment;
using test::parse_line;

/// What a line is refused with; empty if it is accepted.
std::string refusal_of(std::string_view line) {
  FakeEnvironment environment;
  try {
    static_cast<void>(parse_line(line, environment));
  } catch (const CommandError& error) {
    return error.what();
  }
  return {};
}

int status_of(std::string_view line) {
  FakeEnvironment environment;
  try {
    static_cast<void>(parse_line(line, environment));
  } catch (const CommandError& error) {
    return error.status();
  }
  return 0;
}

TEST(Line, IsSplitAtBlanksOutsideQuotes) {
  const auto words = split_line("  link set\tlo alias 'a b' \"c d\"  # and a comment");
  EXPECT_EQ(words, (std::vector<std::string_view>{"link", "set", "lo", "alias", "a b", "c d"}));
  EXPECT_TRUE(split_line(" # nothing").empty());
  EXPECT_TRUE(split_line("").empty());
}

TEST(Line, IsRefusedWithAnOpenQuoteOrTooManyWords) {
  EXPECT_THROW(static_cast<void>(split_line("link set lo alias 'a b")), CommandError);
  std::string long_line;
  for (int i = 0; i < 1001; ++i) long_line += "a ";
  EXPECT_THROW(static_cast<void>(split_line(long_line)), CommandError);
}

TEST(Words, AreAbbreviatedAsInIp) {
  for (const char* line : {"a", "addr show", "address list", "l", "l sh", "li l", "r", "ro", "ru", "n", "neigh", "net",
                           "netns", "route list", "link ls dev lo", "tunt", "mon", "nexthop"}) {
    EXPECT_EQ(refusal_of(line), "") << line;
  }
}

TEST(Options, AreAbbreviatedAsInIp) {
  const auto read = [](std::vector<std::string_view> words) {
    Words rest{words};
    return take_options(rest);
  };
  EXPECT_EQ(read({"-b", "file"}).batch, "file");
  EXPECT_EQ(read({"-ba", "file"}).batch, "file");
  EXPECT_TRUE(read({"-br"}).brief);
  EXPECT_EQ(read({"-f", "inet6"}).family, AF_INET6);
  EXPECT_TRUE(read({"-fo"}).force);
  EXPECT_EQ(read({"-n", "red"}).netns, "red");
  EXPECT_TRUE(read({"-N"}).numeric);
  EXPECT_TRUE(read({"-t"}).timestamp);
  EXPECT_FALSE(read({"-t"}).short_timestamp);
  EXPECT_TRUE(read({"-ts"}).short_timestamp);
  EXPECT_TRUE(read({"-V"}).version);
  EXPECT_TRUE(read({"-he"}).help);
  EXPECT_EQ(read({"-s", "-d", "-o", "-j", "-p", "-a"}).details, 1);
  EXPECT_THROW(static_cast<void>(read({"-h"})), CommandError);
  EXPECT_THROW(static_cast<void>(read({"-r"})), CommandError);
}

TEST(Words, OfAMalformedCommandAreNamed) {
  const std::vector<std::pair<std::string, std::string>> lines{
      {"foo", "Object \"foo\" is unknown, try \"ip help\"."},
      {"link foo", "Command \"foo\" is unknown, try \"ip link help\"."},
      {"-z link", "Option \"-z\" is unknown, try \"ip -help\"."},
      {"link set", "Not enough information: \"dev\" argument is required."},
      {"link set nolink up", "Cannot find device \"nolink\""},
      {"link add", "Not enough information: \"type\" argument is required"},
      {"link add d0 type", "Command line is not complete. Try option \"help\""},
      {"link set lo mtu x", "Error: argument \"x\" is wrong: Invalid \"mtu\" value\n"},
      {"link set lo mtu -1", "Error: argument \"-1\" is wrong: Invalid \"mtu\" value\n"},
      {"link set lo mtu 99999999999", "Error: argument \"99999999999\" is wrong: Invalid \"mtu\" value\n"},
      {"link set lo mtu 1 mtu 2", "Error: duplicate \"mtu\": \"2\" is the second value."},
      {"link set lo arp maybe", "Error: argument of \"arp\" must be \"on\" or \"off\", not \"maybe\""},
      {"link set lo netns nope", "Error: argument \"nope\" is wrong: Invalid \"netns\" value\n"},
      {"link set lo garbage", "Error: either \"dev\" is duplicate, or \"garbage\" is a garbage."},
      {"link set eth0 address 1", "Invalid address length 1 - must be 6 bytes"},
      {"link set eth0 address 02:zz", "\"02:zz\" is invalid lladdr."},
      {"link add name a/b type veth", "Error: argument \"a/b\" is wrong: \"name\" not a valid ifname"},
      {"link add name aaaaaaaaaaaaaaaa type veth",
       "Error: argument \"aaaaaaaaaaaaaaaa\" is wrong: \"name\" not a valid ifname"},
      {"link add name v type vxlan dstport 1", "vxlan: missing virtual network identifier"},
      {"addr add 1.2.3.4/33 dev lo", "Error: any valid prefix is expected rather than \"1.2.3.4/33\"."},
      {"addr add 1.2.3.4", "Not enough information: \"dev\" argument is required."},
      {"addr add 1.2.3.4/24 5.6.7.8/24 dev lo",
       "Error: either \"local\" is duplicate, or \"5.6.7.8/24\" is a garbage."},
      {"addr add 1.2.3.4/24 dev lo valid_lft 5 preferred_lft 6", "preferred_lft is greater than valid_lft"},
      {"addr flush", "Flush requires arguments."},
      {"addr show dev foo", "Device \"foo\" does not exist."},
      {"route add 1.2.3.4 dev foo", "Cannot find device \"foo\""},
      {"route add 1.2.3.0/24 via 1.1.1.1 via 2.2.2.2",
       "Error: argument \"via\" is wrong: use nexthop syntax to specify multiple via\n"},
      {"route add 1.2.3.0/24 nexthop weight 0", "Error: argument \"0\" is wrong: \"weight\" is invalid\n"},
      {"route add 1.2.3.0/24 nexthop", "Error: unexpected end of line after \"nexthop\""},
      {"route get", "need at least a destination address"},
      {"route flush", "\"ip route flush\" requires arguments."},
      {"rule add", "\"ip rule add\" requires arguments."},
      {"rule del", "\"ip rule del\" requires arguments."},
      {"neigh add 1.1.1.1", "Device and destination are required arguments."},
      {"neigh add 1.1.1.1 dev lo nud broken", "Error: argument \"broken\" is wrong: nud state is bad"},
      {"nexthop add id 1 group 1/x", "Error: argument \"1/x\" is wrong: \"group\" value is invalid\n"},
      {"netns add a/b", "Invalid netns name \"a/b\""},
      {"netns add", "No netns name specified"},
      {"netns set red -5", "Error: argument \"-5\" is wrong: \"netnsid\" value should be >= 0"},
      {"tuntap add mode foo", "Unknown tunnel mode \"foo\""},
      {"tuntap add t0", "You failed to specify a tunnel mode"},
      {"monitor foo", "Argument \"foo\" is unknown, try \"ip monitor help\"."},
      {"link set lo up garbage garbage", "Error: either \"dev\" is duplicate, or \"garbage\" is a garbage."},
      {"addr add 10.0.0.1/24 dev lo garbage", "Error: either \"local\" is duplicate, or \"garbage\" is a garbage."},
      {"link set lo netns red netns red", "Error: duplicate \"netns\": \"red\" is the second value."},
      {"link set lo txqueuelen 5 qlen 6", "Error: duplicate \"txqueuelen\": \"6\" is the second value."},
      {"link add name veth0123456789ab type veth",
       "Error: argument \"veth0123456789ab\" is wrong: \"name\" not a valid ifname"},
      {"link add v0 type veth peer name a/b", "Error: argument \"a/b\" is wrong: \"name\" not a valid ifname"},
      {"xfrm state", "Object \"xfrm\" is not supported by netherd."},
      {"link set lo xdp off", "\"xdp\" is not supported by netherd."}};
  for (const auto& [line, words] : lines) EXPECT_EQ(refusal_of(line), words) << line;
}

TEST(Kinds, RefuseAnUnknownWordAndShowTheirUsage) {
  const std::pair<const char*, const char*> lines[]{
      {"link add name x type bridge foo 1", "bridge: unknown command \"foo\"?\nUsage: ... bridge [ "},
      {"link add name x type geneve foo", "geneve: unknown command \"foo\"?\nUsage: ... geneve [ id NUMBER ]"},
      {"link set eth0 type can foo", "can: unknown option \"foo\"\nUsage: ... can [ bitrate NUMBER ]"},
      {"link add name x type hsr foo", "hsr: what is \"foo\"?\nUsage: ... hsr [ supervision NUMBER ]"},
      {"link add name x type erspan help", "Usage: ... erspan [ remote ADDRESS ]"},
      {"link add name x type vxcan help", "Usage: ... vxcan [ peer SETTING... ]"},
      {"link set eth0 type bond_slave foo", "bond_slave: unknown option \"foo\"?\nUsage: ... bond_slave [ queue_id"}};
  for (const auto& [line, words] : lines) EXPECT_TRUE(refusal_of(line).starts_with(words)) << refusal_of(line);
}

TEST(Words, GiveTheStatusesOfIp) {
  EXPECT_EQ(status_of("link set nolink up"), status_failed);
  EXPECT_EQ(status_of("link set lo mtu x"), status_usage);
  EXPECT_EQ(status_of("foo"), status_failed);
  EXPECT_EQ(status_of("link foo"), status_usage);
}

TEST(Words, ThatAreTooManyForAnAttributeAreRefused) {
  std::string group = "1";
  for (int i = 2; i < 10'000; ++i) group += '/' + std::to_string(i);
  std::string hops;
  for (int i = 0; i < 9'000; ++i) hops += " via 10.0.0.1";
  FakeEnvironment environment;
  for (const std::string& line :
       {"nexthop add id 1 group " + group, "link set lo alias " + std::string(70'000, 'x'),
        "link property add dev lo altname " + std::string(70'000, 'x'), "route add 10.9.0.0/16 nexthop" + hops}) {
    std::vector<std::string> words;  // a command line has no limit of words
    std::istringstream stream{line};
    for (std::string word; stream >> word;) words.push_back(word);
    const std::vector<std::string_view> views{words.begin(), words.end()};
    EXPECT_THROW(static_cast<void>(parse_command(Words{views}, {}, environment)), CommandError) << line.substr(0, 40);
  }
}

TEST(LinkCommand, BecomesARequest) {
  FakeEnvironment environment;
  auto command = parse_line("link set dev eth0 up mtu 1400 master br0", environment);
  ASSERT_TRUE(command.request);
  EXPECT_EQ(command.request->type(), RTM_NEWLINK);
  const auto& header = command.request->header<ifinfomsg>();
  EXPECT_EQ(header.ifi_index, 2);
  EXPECT_EQ(header.ifi_flags & IFF_UP, unsigned{IFF_UP});
  EXPECT_FALSE(command.changes_links);
  EXPECT_TRUE(parse_line("link set eth0 name eth1", environment).changes_links);
}

TEST(AddressCommand, IsReadAsTheKernelReadsIt) {
  FakeEnvironment environment;
  auto command = parse_line("a add 10.1/16 brd + dev eth0 label eth0:x", environment);
  ASSERT_TRUE(command.request);
  const auto address = ops::decode_address(engine::MessageView{command.request->message()});
  ASSERT_TRUE(address);
  EXPECT_EQ(address->address.to_string(), "10.1.0.0/16");
  EXPECT_EQ(address->broadcast->to_string(), "10.1.255.255");
  EXPECT_EQ(address->label, "eth0:x");
  EXPECT_EQ(address->index, engine::InterfaceIndex{2});
}

TEST(RouteCommand, IsReadAsTheKernelReadsIt) {
  FakeEnvironment environment;
  auto command = parse_line("ro add default via 10.0.0.1 dev eth0 metric 5 mtu lock 1400 table 300", environment);
  ASSERT_TRUE(command.request);
  const auto route = ops::decode_route(engine::MessageView{command.request->message()});
  ASSERT_TRUE(route);
  EXPECT_EQ(route->destination.length, 0);
  EXPECT_EQ(route->gateway->to_string(), "10.0.0.1");
  EXPECT_EQ(route->metric, 5U);
  EXPECT_EQ(route->table, 300U);
  EXPECT_EQ(route->metrics.mtu, (ops::RouteMetric{1400, true}));
}

}  // namespace
}  // namespace netherd::ip
