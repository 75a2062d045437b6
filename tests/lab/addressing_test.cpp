#include "netherd/lab/addressing.hpp"

#include "lab_support.hpp"

namespace netherd::lab {
namespace {

class Addressing : public testing::Test {
 protected:
  void pools(std::string_view ipv4, std::string_view ipv6) {
    if (!ipv4.empty()) builder_.topology.options.ipv4_pool = prefix(ipv4);
    if (!ipv6.empty()) builder_.topology.options.ipv6_pool = prefix(ipv6);
  }
  std::vector<Finding> assign() { return assign_addresses(builder_.topology); }
  std::string addresses(std::size_t link, std::size_t end) const {
    std::string text;
    for (const auto& address : builder_.topology.links[link].ends[end].addresses) {
      text += (text.empty() ? "" : " ") + address.to_string();
    }
    return text;
  }

  TopologyBuilder builder_;
  NodeId a_ = builder_.host("a");
  NodeId b_ = builder_.host("b");
};

TEST_F(Addressing, WithoutPoolsNothingIsAssigned) {
  builder_.link(a_, "", b_, "10.0.0.1/30");
  EXPECT_TRUE(is_clean(assign()));
  EXPECT_EQ(addresses(0, 0), "");
}

TEST_F(Addressing, TakesSubnetsInTheOrderOfTheLinks) {
  pools("10.1.0.0/16", "fd00:1::/48");
  builder_.link(a_, b_);
  builder_.link(b_, a_);
  EXPECT_TRUE(is_clean(assign()));
  EXPECT_EQ(addresses(0, 0), "10.1.0.1/30 fd00:1::1/64");
  EXPECT_EQ(addresses(0, 1), "10.1.0.2/30 fd00:1::2/64");
  EXPECT_EQ(addresses(1, 0), "10.1.0.5/30 fd00:1:0:1::1/64");
  EXPECT_EQ(addresses(1, 1), "10.1.0.6/30 fd00:1:0:1::2/64");
}

TEST_F(Addressing, RoutingWithoutAddressesAndPoolsUsesDefaultPools) {
  builder_.topology.options.routing = Routing::default_route;
  builder_.link(a_, b_);
  EXPECT_TRUE(is_clean(assign()));
  EXPECT_EQ(addresses(0, 0), "10.0.0.1/30 fd6e:6574::1/64");
}

TEST_F(Addressing, RoutingWithGivenAddressesUsesNoPool) {
  builder_.topology.options.routing = Routing::default_route;
  builder_.link(a_, "10.9.0.1/30", b_, "10.9.0.2/30");
  builder_.link(a_, b_);
  EXPECT_TRUE(is_clean(assign()));
  EXPECT_EQ(addresses(1, 0), "");
}

TEST_F(Addressing, SubnetOfABridgeIsJustLargeEnough) {
  pools("10.0.0.0/8", "");
  const NodeId bridge = builder_.bridge("br");
  builder_.link(a_, b_);
  for (int i = 0; i < 7; ++i) builder_.link(a_, bridge);
  EXPECT_TRUE(is_clean(assign()));
  EXPECT_EQ(addresses(0, 0), "10.0.0.1/30");
  EXPECT_EQ(addresses(1, 0), "10.0.0.17/28") << "7 hosts, the network and the broadcast address: 16, on their boundary";
  EXPECT_EQ(addresses(7, 0), "10.0.0.23/28");
  EXPECT_EQ(addresses(7, 1), "");
}

TEST_F(Addressing, SkipsSubnetsThatOverlapGivenOnes) {
  pools("10.0.0.0/24", "fd00::/32");
  builder_.link(a_, b_);
  builder_.link(a_, "10.0.0.1/29", b_, "10.0.0.2/29");
  builder_.topology.links[1].ends[0].addresses.push_back(prefix("fd00::77/127"));
  builder_.topology.links[1].ends[1].addresses.push_back(prefix("fd00::76/127"));
  EXPECT_TRUE(is_clean(assign()));
  EXPECT_EQ(addresses(0, 0), "10.0.0.9/30 fd00:0:0:1::1/64");
  EXPECT_EQ(addresses(1, 0), "10.0.0.1/29 fd00::77/127");
}

TEST_F(Addressing, NumbersTheRestOfASegmentFromItsGivenSubnet) {
  pools("10.0.0.0/8", "fd00::/32");
  const NodeId bridge = builder_.bridge("br");
  builder_.link(a_, "", bridge, "");
  builder_.link(b_, "192.0.2.1/24", bridge, "");
  builder_.link(b_, "192.0.2.3/24", bridge, "");
  builder_.link(b_, "", bridge, "");
  EXPECT_TRUE(is_clean(assign()));
  EXPECT_EQ(addresses(0, 0), "192.0.2.2/24 fd00::1/64");
  EXPECT_EQ(addresses(3, 0), "192.0.2.4/24 fd00::4/64");
}

TEST_F(Addressing, GivenSubnetMayBeTooSmall) {
  pools("10.0.0.0/8", "");
  Link& link = builder_.link(a_, "192.0.2.1/32", b_, "");
  link.ends[1].line = SourceLine{7};
  EXPECT_TRUE(has_only(assign(), 7, "subnet 192.0.2.1/32: has no address left for b:eth1"));
}

TEST_F(Addressing, PoolMayBeTooSmall) {
  pools("10.0.0.0/29", "fd00::/64");
  for (std::uint32_t i = 0; i < 4; ++i) builder_.link(a_, b_).line = SourceLine{i + 1};
  const auto findings = assign();
  EXPECT_EQ(findings.size(), 2U);
  EXPECT_TRUE(has_finding(findings, 3, "ipv4-pool 10.0.0.0/29: is too small, 2 subnets more"));
  EXPECT_TRUE(has_finding(findings, 2, "ipv6-pool fd00::/64: is too small, 3 subnets more"));
}

TEST_F(Addressing, UsesThePoolToItsLastSubnet) {
  pools("10.0.0.0/28", "fd00::/62");
  for (int i = 0; i < 4; ++i) builder_.link(a_, b_);
  EXPECT_TRUE(is_clean(assign()));
  EXPECT_EQ(addresses(3, 1), "10.0.0.14/30 fd00:0:0:3::2/64");
}

TEST_F(Addressing, SmallMtuHasNoRoomForIpv6) {
  pools("", "fd00::/32");
  Link& link = builder_.link(a_, b_);
  link.mtu = 1000;
  link.ends[0].line = SourceLine{5};
  EXPECT_TRUE(has_finding(assign(), 5, "mtu 1000 of a:eth1"));
}

TEST_F(Addressing, KeepsLinkLocalAddressesOutOfIt) {
  pools("", "fd00::/32");
  builder_.link(a_, "fe80::1/64", b_, "");
  EXPECT_TRUE(is_clean(assign()));
  EXPECT_EQ(addresses(0, 0), "fe80::1/64 fd00::1/64");
  EXPECT_EQ(addresses(0, 1), "fd00::2/64");
}

TEST_F(Addressing, DoneTwiceChangesNothing) {
  pools("10.0.0.0/8", "fd00::/32");
  builder_.link(a_, b_);
  EXPECT_TRUE(is_clean(assign()));
  const std::string once = addresses(0, 0);
  EXPECT_TRUE(is_clean(assign()));
  EXPECT_EQ(addresses(0, 0), once);
}

/// The command line may ask for them, after the file was validated.
TEST(AddressingPools, ThatCannotServeAreRefused) {
  const auto errors_with = [](std::string_view ipv4, std::string_view ipv6, bool ipv6_on) {
    TopologyBuilder builder;
    builder.link(builder.host("a"), builder.host("b"));
    if (!ipv4.empty()) builder.topology.options.ipv4_pool = prefix(ipv4);
    if (!ipv6.empty()) builder.topology.options.ipv6_pool = prefix(ipv6);
    builder.topology.options.ipv6 = ipv6_on;
    return assign_addresses(builder.topology);
  };
  EXPECT_TRUE(has_only(errors_with("224.0.0.0/8", "", true), 0, "ipv4-pool 224.0.0.0/8: these are not addresses"));
  EXPECT_TRUE(has_only(errors_with("10.0.0.0/31", "", true), 0, "the prefix length must be 8 to 30"));
  EXPECT_TRUE(has_only(errors_with("", "fd00::/96", true), 0, "the prefix length must be 8 to 64"));
  EXPECT_TRUE(has_only(errors_with("", "fd00::/32", false), 0, "ipv6-pool fd00::/32: ipv6 is off"));
}

}  // namespace
}  // namespace netherd::lab
