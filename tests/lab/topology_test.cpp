#include "netherd/lab/topology.hpp"

#include "lab_support.hpp"

namespace netherd::lab {
namespace {

TEST(Routing, HasANameForEachValue) {
  for (const Routing routing : {Routing::none, Routing::default_route, Routing::shortest_path}) {
    EXPECT_EQ(parse_routing(to_string(routing)), routing);
  }
  EXPECT_EQ(to_string(Routing::shortest_path), "shortest-path");
  EXPECT_EQ(parse_routing("ospf"), std::nullopt);
}

TEST(Names, OfLabsAndNodes) {
  for (const std::string_view good : {"a", "lab", "my-lab_2.0", "9", "_x"}) {
    EXPECT_TRUE(is_valid_lab_name(good)) << good;
    EXPECT_TRUE(is_valid_node_name(good)) << good;
  }
  for (const std::string_view bad : {"", ".", "..", "-a", ".a", "a b", "a/b", "a:b", "\xc3\xa4", "a\n"}) {
    EXPECT_FALSE(is_valid_lab_name(bad)) << bad;
    EXPECT_FALSE(is_valid_node_name(bad)) << bad;
  }
  EXPECT_TRUE(is_valid_lab_name(std::string(64, 'x')));
  EXPECT_FALSE(is_valid_lab_name(std::string(65, 'x')));
  EXPECT_TRUE(is_valid_node_name(std::string(128, 'x')));
  EXPECT_FALSE(is_valid_node_name(std::string(129, 'x')));
}

class Validate : public testing::Test {
 protected:
  /// Two hosts with a link, at line 10.
  Validate() : a_{builder_.host("a")}, b_{builder_.host("b")} {
    Link& link = builder_.link(a_, b_);
    link.line = link.ends[0].line = link.ends[1].line = SourceLine{10};
  }
  Link& link() { return builder_.topology.links.front(); }
  std::vector<Finding> findings() const { return validate(builder_.topology); }

  TopologyBuilder builder_;
  NodeId a_;
  NodeId b_;
};

TEST_F(Validate, FindsNothingWrongWithAGoodTopology) { EXPECT_TRUE(is_clean(findings())); }

TEST_F(Validate, LabName) {
  builder_.topology.name = "a b";
  EXPECT_TRUE(has_only(findings(), 0, "lab name 'a b'"));
}

TEST_F(Validate, NodeName) {
  builder_.topology.nodes[1].name = "-b";
  builder_.topology.nodes[1].line = SourceLine{3};
  EXPECT_TRUE(has_only(findings(), 3, "node '-b'"));
}

TEST_F(Validate, NodeNameTwice) {
  builder_.topology.nodes[0].line = SourceLine{3};
  builder_.topology.nodes[1].line = SourceLine{4};
  builder_.topology.nodes[1].name = "a";
  EXPECT_TRUE(has_only(findings(), 4, "node 'a': there is one of that name already (line 3)"));
}

TEST_F(Validate, InterfaceName) {
  for (const std::string_view name : {"", "0123456789abcdef", "a/b", "a b", "..", "a:b", "a%b"}) {
    link().ends[0].interface = name;
    EXPECT_TRUE(has_only(findings(), 10, "interface 'a:" + std::string{name} + "'"));
  }
  link().ends[0].interface = "123456789abcdef";
  EXPECT_TRUE(is_clean(findings()));
}

TEST_F(Validate, InterfaceNamesOfTheKernel) {
  for (const std::string_view name : {"lo", "all", "default"}) {
    link().ends[0].interface = name;
    EXPECT_TRUE(has_only(findings(), 10, "the kernel keeps this name for itself"));
  }
}

TEST_F(Validate, InterfaceUsedTwice) {
  Link& second = builder_.link(a_, b_);
  second.ends[0].interface = "eth1";
  second.ends[0].line = SourceLine{11};
  EXPECT_TRUE(has_only(findings(), 11, "interface a:eth1 has a link already (line 10)"));
}

TEST_F(Validate, LinkToItself) {
  link().ends[1] = link().ends[0];
  EXPECT_TRUE(has_only(findings(), 10, "link from a:eth1 to itself"));
}

TEST_F(Validate, LinkBetweenTwoInterfacesOfANodeIsFine) {
  builder_.link(a_, a_);
  EXPECT_TRUE(is_clean(findings()));
}

TEST_F(Validate, Mtu) {
  for (const unsigned good : {68U, 1500U, 65535U}) {
    link().mtu = good;
    EXPECT_TRUE(is_clean(findings())) << good;
  }
  for (const unsigned bad : {1U, 67U, 65536U}) {
    link().mtu = bad;
    EXPECT_TRUE(has_only(findings(), 10, "mtu " + std::to_string(bad)));
  }
}

TEST_F(Validate, Weight) {
  for (const double bad :
       {0.0, -1.0, 1e-9, 1e9, std::numeric_limits<double>::infinity(), std::numeric_limits<double>::quiet_NaN()}) {
    link().weight = bad;
    EXPECT_TRUE(has_only(findings(), 10, "weight")) << bad;
  }
}

TEST_F(Validate, MacAddress) {
  link().ends[0].mac = ops::MacAddress{{0x01, 0, 0, 0, 0, 1}};
  EXPECT_TRUE(has_only(findings(), 10, "multicast"));
  link().ends[0].mac = ops::MacAddress{};
  EXPECT_TRUE(has_only(findings(), 10, "is not valid"));
  link().ends[0].mac = link().ends[1].mac = ops::MacAddress{{0x02, 0, 0, 0, 0, 1}};
  EXPECT_TRUE(has_only(findings(), 10, "a:eth1 on the same segment has it already"));
}

TEST_F(Validate, Addresses) {
  const std::pair<std::string_view, std::string_view> bad[]{
      {"10.0.0.0/24", "network itself"}, {"10.0.0.255/24", "broadcast"}, {"0.0.0.0/8", "unspecified"},
      {"224.0.0.1/24", "multicast"},     {"240.0.0.1/24", "reserved"},   {"10.0.0.1/0", "prefix length is 0"},
      {"::/64", "unspecified"},          {"ff02::1/64", "multicast"},    {"::1/128", "loopback"},
      {"127.0.0.1/8", "loopback"},       {"fd00::1/0", "prefix length"}, {"::ffff:10.0.0.1/96", "IPv4-mapped"},
  };
  for (const auto& [address, reason] : bad) {
    link().ends[0].addresses = {prefix(address)};
    EXPECT_TRUE(has_only(findings(), 10, reason)) << address;
  }
  for (const std::string_view good :
       {"10.0.0.0/31", "10.0.0.1/31", "10.0.0.1/32", "fd00::/127", "fd00::1", "fe80::1/64"}) {
    link().ends[0].addresses = {prefix(good)};
    EXPECT_TRUE(is_clean(findings())) << good;
  }
}

TEST_F(Validate, AddressUsedTwice) {
  link().ends[0].addresses = {prefix("10.0.0.1/24")};
  link().ends[1].addresses = {prefix("10.0.0.1/24")};
  EXPECT_TRUE(has_only(findings(), 10, "address 10.0.0.1/24 of b:eth1: a:eth1 has it already (line 10)"));
}

TEST_F(Validate, LinkLocalAddressMayOccurOnEachLink) {
  builder_.link(a_, "fe80::1/64", b_, "");
  link().ends[0].addresses = {prefix("fe80::1/64")};
  EXPECT_TRUE(is_clean(findings()));
}

TEST_F(Validate, Ipv6NeedsAnMtuOf1280) {
  link().ends[0].addresses = {prefix("fd00::1/64")};
  link().mtu = 1279;
  EXPECT_TRUE(has_only(findings(), 10, "IPv6 needs an mtu of 1280"));
}

TEST_F(Validate, Pools) {
  LabOptions& options = builder_.topology.options;
  options.ipv4_pool = prefix("fd00::/32");
  EXPECT_TRUE(has_only(findings(), 0, "ipv4-pool fd00::/32: is of the other address family"));
  options.ipv4_pool = prefix("10.0.0.0/31");
  EXPECT_TRUE(has_only(findings(), 0, "8 to 30"));
  options.ipv4_pool = prefix("224.0.0.0/8");
  EXPECT_TRUE(has_only(findings(), 0, "not addresses for interfaces"));
  options = {};
  options.ipv6_pool = prefix("fd00::/65");
  EXPECT_TRUE(has_only(findings(), 0, "8 to 64"));
}

TEST_F(Validate, NoIpv6AddressesWhereIpv6IsOff) {
  builder_.topology.options.ipv6 = false;
  builder_.topology.options.ipv6_pool = prefix("fd00::/32");
  EXPECT_TRUE(has_only(findings(), 0, "ipv6-pool fd00::/32: ipv6 is off"));
  builder_.topology.options.ipv6_pool.reset();
  const NodeId host = builder_.host("here");
  builder_.topology.nodes[static_cast<std::size_t>(host)].adopted = true;
  Link& link = builder_.link(a_, "fd00::1/64", host, "fd00::2/64");
  EXPECT_TRUE(has_only(findings(), 0, "address fd00::1/64 of a:eth2: ipv6 is off"));
  link.ends[0].addresses.clear();
  EXPECT_TRUE(findings().empty()) << "nothing changes in an adopted namespace";
}

TEST_F(Validate, PortOfABridgeHasNoAddress) {
  const NodeId bridge = builder_.bridge("br");
  builder_.link(a_, "10.0.0.1/24", bridge, "10.0.0.2/24");
  EXPECT_TRUE(has_only(findings(), 0, "address 10.0.0.2/24 of br:eth1: a port of a bridge has no address"));
}

TEST_F(Validate, PortOfABridgeIsNotCalledLikeTheBridge) {
  const NodeId bridge = builder_.bridge("br");
  builder_.link(a_, bridge).ends[1].interface = bridge_interface_name;
  EXPECT_TRUE(has_only(findings(), 0, "interface br:br0: the bridge itself has this name"));
}

TEST_F(Validate, BridgeHasRoomFor1023Links) {
  const NodeId bridge = builder_.bridge("br");
  for (std::size_t i = 0; i < max_bridge_links; ++i) builder_.link(a_, bridge);
  EXPECT_TRUE(is_clean(findings()));
  builder_.link(a_, bridge).line = SourceLine{99};
  builder_.link(a_, bridge).line = SourceLine{100};
  EXPECT_TRUE(has_only(findings(), 99, "bridge br: has more than 1023 links"));
}

TEST_F(Validate, BridgesMustNotFormALoop) {
  const NodeId one = builder_.bridge("one");
  const NodeId two = builder_.bridge("two");
  const NodeId three = builder_.bridge("three");
  builder_.link(one, two);
  builder_.link(two, three);
  builder_.link(a_, one);
  builder_.link(a_, three);
  EXPECT_TRUE(is_clean(findings()));
  builder_.link(three, one).line = SourceLine{20};
  EXPECT_TRUE(has_only(findings(), 20, "closes a loop of bridges"));
}

TEST_F(Validate, ReportsEverythingAtOnceByLine) {
  link().mtu = 1;
  link().weight = -1;
  builder_.topology.nodes[0].name = "/";
  builder_.topology.nodes[0].line = SourceLine{2};
  const auto all = findings();
  ASSERT_EQ(all.size(), 3U) << to_text(all);
  EXPECT_EQ(all[0].line, SourceLine{2});
  EXPECT_EQ(all[1].line, SourceLine{10});
}

}  // namespace
}  // namespace netherd::lab
