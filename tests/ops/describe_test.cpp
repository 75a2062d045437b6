// The texts are a contract: the benchmark's floor reads them.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "netherd/ops/address.hpp"
#include "netherd/ops/link.hpp"
#include "netherd/ops/route.hpp"
#include "netherd/ops/shell_word.hpp"

namespace netherd::ops {
namespace {

constexpr InterfaceIndex index_of(int number) { return InterfaceIndex{number}; }
MacAddress mac(std::string_view text) { return parse_mac_address(text).value(); }
IpPrefix prefix(std::string_view text) { return parse_ip_prefix(text).value(); }
IpAddress ip_address(std::string_view text) { return prefix(text).address; }

TEST(Describe, Bridge) {
  AddBridge request;
  request.link = {.name = "br0", .index = index_of(2), .netns = {"lab-s1", -1}};
  EXPECT_EQ(request.describe(), "ip -n lab-s1 link add br0 index 2 type bridge");
  request.link.mtu = 9000;
  request.link.address = mac("02:00:00:00:00:01");
  EXPECT_EQ(request.describe(), "ip -n lab-s1 link add br0 index 2 mtu 9000 address 02:00:00:00:00:01 type bridge");
  request.up = true;
  request.link.netns = {};
  request.link.index = InterfaceIndex::none;
  EXPECT_EQ(request.describe(), "ip link add br0 mtu 9000 address 02:00:00:00:00:01 up type bridge");
}

TEST(Describe, Veth) {
  AddVeth request;
  request.main = {.name = "eth1", .index = index_of(2), .netns = {"lab-a", 7}};
  request.peer = {.name = "eth2", .index = index_of(3), .netns = {"lab-b", 8}};
  EXPECT_EQ(request.describe(),
            "ip link add eth1 netns lab-a index 2 numtxqueues 1 numrxqueues 1 type veth "
            "peer name eth2 netns lab-b index 3 numtxqueues 1 numrxqueues 1");
  request.main.mtu = 1400;
  request.main.address = mac("02:00:00:00:00:01");
  request.peer.mtu = 1500;
  request.peer.address = mac("02:00:00:00:00:02");
  request.main_up = true;
  request.main_bridge = index_of(9);
  request.main_bridge_name = "br0";
  EXPECT_EQ(
      request.describe(),
      "ip -n lab-a link add eth1 netns lab-a index 2 mtu 1400 address 02:00:00:00:00:01 numtxqueues 1 numrxqueues 1 "
      "master br0 up type veth "
      "peer name eth2 netns lab-b index 3 mtu 1500 address 02:00:00:00:00:02 numtxqueues 1 numrxqueues 1");
}

TEST(Describe, SetLink) {
  SetLink request{.index = index_of(2), .name = "eth1", .netns = "lab-a", .up = true};
  EXPECT_EQ(request.describe(), "ip -n lab-a link set eth1 up");
  request.bridge = index_of(9);
  request.bridge_name = "br0";
  request.mtu = 1400;
  request.address = mac("02:00:00:00:00:01");
  EXPECT_EQ(request.describe(), "ip -n lab-a link set eth1 master br0 mtu 1400 address 02:00:00:00:00:01 up");
  EXPECT_EQ((SetLink{.name = "eth1", .up = false, .bridge = InterfaceIndex::none}.describe()),
            "ip link set eth1 nomaster down");
}

TEST(Describe, Forwarding) {
  SetLink request{.index = index_of(2), .name = "eth1", .netns = "lab-a", .ipv4_forwarding = true};
  EXPECT_EQ(request.describe(), "ip netns exec lab-a sysctl -qw net.ipv4.conf.eth1.forwarding=1");
  request.up = true;
  request.ipv4_forwarding = false;
  EXPECT_EQ(request.describe(),
            "ip -n lab-a link set eth1 up\nip netns exec lab-a sysctl -qw net.ipv4.conf.eth1.forwarding=0");
  EXPECT_EQ((SetLink{.name = "eth1.100", .ipv4_forwarding = true}.describe()),
            "sysctl -qw net.ipv4.conf.eth1/100.forwarding=1");
}

TEST(Describe, DeleteLink) {
  EXPECT_EQ((DeleteLink{.name = "eth1", .netns = "lab-a"}.describe()), "ip -n lab-a link delete dev eth1");
}

TEST(Describe, GetLink) {
  EXPECT_EQ((GetLink{.name = "eth1", .netns = "lab-a"}.describe()), "ip -n lab-a link show dev eth1");
}

TEST(Describe, Address) {
  AddAddress request{.address = prefix("10.0.0.1/30"), .name = "eth1", .netns = "lab-a"};
  EXPECT_EQ(request.describe(), "ip -n lab-a address add 10.0.0.1/30 dev eth1");
  request.address = prefix("2001:db8::1/64");
  EXPECT_EQ(request.describe(), "ip -n lab-a address add 2001:db8::1/64 dev eth1 nodad");
  request.duplicate_address_detection = true;
  request.netns = {};
  EXPECT_EQ(request.describe(), "ip address add 2001:db8::1/64 dev eth1");
  EXPECT_EQ((DeleteAddress{.address = prefix("10.0.0.1/30"), .name = "eth1", .netns = "lab-a"}.describe()),
            "ip -n lab-a address delete 10.0.0.1/30 dev eth1");
}

TEST(Describe, Route) {
  AddRoute request{
      .destination = prefix("10.9.0.0/16"), .gateway = ip_address("10.0.0.2"), .name = "eth1", .netns = "lab-a"};
  EXPECT_EQ(request.describe(), "ip -n lab-a route add 10.9.0.0/16 via 10.0.0.2 dev eth1");
  request.destination = prefix("0.0.0.0/0");
  EXPECT_EQ(request.describe(), "ip -n lab-a route add default via 10.0.0.2 dev eth1");
  request.destination = prefix("2001:db8:9::/48");
  request.gateway = ip_address("fe80::1");
  EXPECT_EQ(request.describe(), "ip -n lab-a -6 route add 2001:db8:9::/48 via fe80::1 dev eth1");
  request.destination = prefix("::/0");
  request.netns = {};
  EXPECT_EQ(request.describe(), "ip -6 route add default via fe80::1 dev eth1");
  EXPECT_EQ(
      (DeleteRoute{.destination = prefix("0.0.0.0/0"), .gateway = ip_address("10.0.0.2"), .name = "eth1"}.describe()),
      "ip route delete default via 10.0.0.2 dev eth1");
}

/// The words that a shell makes of commands, each with its own line; `ip`, `sysctl` and `id` only print them.
std::vector<std::string> words_of_shell(const std::string& commands) {
  std::string script{"words() { for word; do printf '%s\\n' \"$word\"; done; }; ip() { words \"$@\"; }\n"};
  script += "sysctl() { words \"$@\"; }; id() { echo executed; }\n" + commands;
  const std::string call = "sh -c " + shell_word(script);
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> pipe{::popen(call.c_str(), "r"), ::pclose};
  std::string output;
  std::array<char, 512> part{};
  while (pipe && std::fgets(part.data(), part.size(), pipe.get()) != nullptr) output += part.data();
  std::vector<std::string> words;
  for (std::size_t at = 0; at < output.size();) {
    const std::size_t end = output.find('\n', at);
    words.push_back(output.substr(at, end - at));
    at = end == std::string::npos ? output.size() : end + 1;
  }
  return words;
}

TEST(Describe, AShellTakesEveryNameAsOneWord) {
  using Words = std::vector<std::string>;
  for (const char* const name : {"a;id;1", "$(id)1", "`id`1", "a&id&1", "a|id1", "a>b1", "a'id'1", "\"1", "*1", "~1",
                                 "#1", "a\\1", "!1", "{a,b}1"}) {
    const std::string text{name};
    EXPECT_EQ(words_of_shell(SetLink{.name = name, .netns = "lab-a", .up = true}.describe()),
              (Words{"-n", "lab-a", "link", "set", text, "up"}));
    EXPECT_EQ(words_of_shell(AddRoute{.destination = prefix("10.0.0.0/8"), .name = name}.describe()),
              (Words{"route", "add", "10.0.0.0/8", "dev", text}));
    EXPECT_EQ(words_of_shell(SetLink{.name = name, .ipv4_forwarding = true}.describe()),
              (Words{"-qw", "net.ipv4.conf." + text + ".forwarding=1"}));
    AddVeth veth;
    veth.main = {.name = name, .index = index_of(2), .netns = {"lab-a", 7}};
    veth.peer = {.name = name, .index = index_of(3), .netns = {"lab-b", 8}};
    const Words words = words_of_shell(veth.describe());
    EXPECT_EQ(std::count(words.begin(), words.end(), text), 2) << veth.describe();
    EXPECT_EQ(words.size(), 24U) << veth.describe();
  }
}

/// `ip link add up ...` would set the link up, `ip link set -x ...` knows no such option.
TEST(Describe, ANameThatCouldBeAKeywordIsIntroduced) {
  EXPECT_EQ((SetLink{.name = "up", .up = true}.describe()), "ip link set dev up up");
  EXPECT_EQ((SetLink{.name = "-4", .up = true}.describe()), "ip link set dev -4 up");
  EXPECT_EQ((SetLink{.name = "lo", .up = true}.describe()), "ip link set lo up");
  AddVeth veth;
  veth.main = {.name = "type"};
  veth.peer = {.name = "peer"};
  EXPECT_EQ(veth.describe(),
            "ip link add name type numtxqueues 1 numrxqueues 1 type veth peer name peer numtxqueues 1 numrxqueues 1");
}

TEST(ShellWord, QuotesWhatIsNotPlain) {
  EXPECT_EQ(shell_word("eth1.100@x"), "eth1.100@x");
  EXPECT_EQ(shell_word(""), "''");
  EXPECT_EQ(shell_word("it's"), "'it'\\''s'");
}

TEST(InterfaceName, RulesAreTheKernels) {
  for (const char* name : {"a", "eth0", "lo", "veth0123456789a", "a.b", "...", "x@y", "-"}) {
    EXPECT_TRUE(is_valid_interface_name(name)) << name;
  }
  for (const char* name :
       {"", ".", "..", "veth0123456789ab", "a/b", "a:b", "a b", "a\tb", "a\nb", "eth%d", "\x7f", "caf\xc3\xa9"}) {
    EXPECT_FALSE(is_valid_interface_name(name)) << name;
  }
}

}  // namespace
}  // namespace netherd::ops
