// The texts are a contract: the benchmark's floor reads them.
#include <gtest/gtest.h>

#include "netherd/ops/address.hpp"
#include "netherd/ops/link.hpp"
#include "netherd/ops/route.hpp"

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
