#include "netherd/lab/routing.hpp"

#include "lab_support.hpp"

namespace netherd::lab {
namespace {

class Routes : public testing::Test {
 protected:
  /// The routes of a node as text: "DESTINATION via GATEWAY dev INTERFACE".
  std::vector<std::string> of(NodeId node) const {
    RouteComputer computer{builder_.topology, find_segments(builder_.topology)};
    std::vector<std::string> routes;
    for (const PlannedRoute& route : computer.routes_of(node)) {
      routes.push_back(route.destination.to_string() + " via " + route.gateway.to_string() + " dev " +
                       builder_.topology.endpoint(route.out).interface);
    }
    return routes;
  }
  bool forwards_ipv4(NodeId node) const {
    return RouteComputer{builder_.topology, find_segments(builder_.topology)}.forwards_ipv4(node);
  }
  bool forwards_ipv6(NodeId node) const {
    return RouteComputer{builder_.topology, find_segments(builder_.topology)}.forwards_ipv6(node);
  }
  void route_by(Routing routing) { builder_.topology.options.routing = routing; }

  TopologyBuilder builder_;
  NodeId a_ = builder_.host("a");
  NodeId b_ = builder_.host("b");
  NodeId c_ = builder_.host("c");
};

using Lines = std::vector<std::string>;

TEST_F(Routes, AreNoneByDefault) {
  builder_.link(a_, "10.0.0.1/30", b_, "10.0.0.2/30");
  EXPECT_TRUE(of(a_).empty());
  EXPECT_FALSE(forwards_ipv4(a_));
}

TEST_F(Routes, DefaultGoesByTheFirstLink) {
  route_by(Routing::default_route);
  builder_.link(a_, "10.0.0.1/30", b_, "10.0.0.2/30").ends[0].addresses.push_back(prefix("fd00::1/64"));
  builder_.topology.links[0].ends[1].addresses.push_back(prefix("fd00::2/64"));
  builder_.link(b_, "10.0.0.5/30", c_, "10.0.0.6/30");
  EXPECT_EQ(of(a_), (Lines{"0.0.0.0/0 via 10.0.0.2 dev eth1", "::/0 via fd00::2 dev eth1"}));
  EXPECT_EQ(of(b_), (Lines{"0.0.0.0/0 via 10.0.0.1 dev eth1", "::/0 via fd00::1 dev eth1"}));
  EXPECT_EQ(of(c_), (Lines{"0.0.0.0/0 via 10.0.0.5 dev eth1"}));
  EXPECT_FALSE(forwards_ipv4(b_));
}

TEST_F(Routes, DefaultOnABridgeGoesByItsFirstOtherHost) {
  route_by(Routing::default_route);
  const NodeId bridge = builder_.bridge("br");
  builder_.link(a_, "10.0.0.1/24", bridge, "");
  builder_.link(bridge, "", b_, "10.0.0.2/24");
  builder_.link(c_, "10.0.0.3/24", bridge, "");
  EXPECT_EQ(of(a_), (Lines{"0.0.0.0/0 via 10.0.0.2 dev eth1"}));
  EXPECT_EQ(of(c_), (Lines{"0.0.0.0/0 via 10.0.0.1 dev eth1"}));
  EXPECT_TRUE(of(bridge).empty());
}

TEST_F(Routes, DefaultPassesOverLinksWithoutANeighbourOfTheFamily) {
  route_by(Routing::default_route);
  builder_.link(a_, "10.0.0.1/30", b_, "");
  builder_.link(a_, "10.0.1.1/30", a_, "10.0.1.2/30");
  builder_.link(a_, "10.0.2.1/30", b_, "10.0.3.1/30");
  EXPECT_TRUE(of(a_).empty()) << "no neighbour, only oneself, in another subnet";
  builder_.link(a_, "10.0.4.1/30", b_, "10.0.4.2/30");
  EXPECT_EQ(of(a_), (Lines{"0.0.0.0/0 via 10.0.4.2 dev eth5"}));
}

TEST_F(Routes, ShortestPathReachesEverySubnetOfALine) {
  route_by(Routing::shortest_path);
  builder_.link(a_, "10.0.0.1/30", b_, "10.0.0.2/30");
  builder_.link(b_, "10.0.1.1/30", c_, "10.0.1.2/30");
  EXPECT_EQ(of(a_), (Lines{"10.0.1.0/30 via 10.0.0.2 dev eth1"}));
  EXPECT_TRUE(of(b_).empty());
  EXPECT_EQ(of(c_), (Lines{"10.0.0.0/30 via 10.0.1.1 dev eth1"}));
  EXPECT_TRUE(forwards_ipv4(b_));
  EXPECT_FALSE(forwards_ipv4(a_));
  EXPECT_FALSE(forwards_ipv6(b_));
}

TEST_F(Routes, EqualPathsAreSettledByTheLowestLink) {
  route_by(Routing::shortest_path);
  const NodeId d = builder_.host("d");
  builder_.link(a_, "10.0.0.1/30", b_, "10.0.0.2/30");
  builder_.link(a_, "10.0.1.1/30", c_, "10.0.1.2/30");
  builder_.link(c_, "10.0.2.1/30", d, "10.0.2.2/30");
  builder_.link(b_, "10.0.3.1/30", d, "10.0.3.2/30");
  EXPECT_EQ(of(a_), (Lines{"10.0.2.0/30 via 10.0.1.2 dev eth2", "10.0.3.0/30 via 10.0.0.2 dev eth1"}));
  EXPECT_EQ(of(d), (Lines{"10.0.0.0/30 via 10.0.3.1 dev eth2", "10.0.1.0/30 via 10.0.2.1 dev eth1"}));
}

TEST_F(Routes, WeightsDecide) {
  route_by(Routing::shortest_path);
  builder_.link(a_, "10.0.0.1/30", b_, "10.0.0.2/30").weight = 10;
  builder_.link(a_, "10.0.1.1/30", c_, "10.0.1.2/30").weight = 2.5;
  builder_.link(c_, "10.0.2.1/30", b_, "10.0.2.2/30").weight = 2.5;
  const NodeId d = builder_.host("d");
  builder_.link(b_, "10.0.3.1/30", d, "10.0.3.2/30");
  EXPECT_EQ(of(a_), (Lines{"10.0.2.0/30 via 10.0.1.2 dev eth2", "10.0.3.0/30 via 10.0.1.2 dev eth2"}));
}

TEST_F(Routes, ParallelLinksAreSubnetsOfTheirOwn) {
  route_by(Routing::shortest_path);
  builder_.link(a_, "10.0.0.1/30", b_, "10.0.0.2/30");
  builder_.link(b_, "10.0.1.1/30", c_, "10.0.1.2/30");
  builder_.link(b_, "10.0.2.1/30", c_, "10.0.2.2/30").weight = 0.5;
  EXPECT_EQ(of(a_), (Lines{"10.0.1.0/30 via 10.0.0.2 dev eth1", "10.0.2.0/30 via 10.0.0.2 dev eth1"}));
  EXPECT_EQ(of(c_), (Lines{"10.0.0.0/30 via 10.0.2.1 dev eth2"}));
}

TEST_F(Routes, ThereIsNoneToAnotherPartOfTheLab) {
  route_by(Routing::shortest_path);
  const NodeId d = builder_.host("d");
  builder_.link(a_, "10.0.0.1/30", b_, "10.0.0.2/30");
  builder_.link(c_, "10.0.1.1/30", d, "10.0.1.2/30");
  EXPECT_TRUE(of(a_).empty());
}

TEST_F(Routes, FamiliesAreRoutedEachByItself) {
  route_by(Routing::shortest_path);
  builder_.link(a_, "10.0.0.1/30", b_, "10.0.0.2/30");
  builder_.link(a_, "fd00::1/64", c_, "fd00::2/64");
  builder_.link(b_, "10.0.1.1/30", c_, "10.0.1.2/30").ends[0].addresses.push_back(prefix("fd00:0:0:1::1/64"));
  builder_.topology.links[2].ends[1].addresses.push_back(prefix("fd00:0:0:1::2/64"));
  EXPECT_EQ(of(a_), (Lines{"10.0.1.0/30 via 10.0.0.2 dev eth1", "fd00:0:0:1::/64 via fd00::2 dev eth2"}));
  EXPECT_TRUE(forwards_ipv4(b_));
  EXPECT_FALSE(forwards_ipv6(b_));
  EXPECT_TRUE(forwards_ipv6(c_));
}

TEST_F(Routes, HostsOnABridgeAreNeighbours) {
  route_by(Routing::shortest_path);
  const NodeId bridge = builder_.bridge("br");
  builder_.link(a_, "10.0.0.1/24", bridge, "");
  builder_.link(b_, "10.0.0.2/24", bridge, "");
  builder_.link(c_, "10.0.0.3/24", bridge, "");
  const NodeId d = builder_.host("d");
  builder_.link(c_, "10.0.1.1/30", d, "10.0.1.2/30");
  EXPECT_EQ(of(a_), (Lines{"10.0.1.0/30 via 10.0.0.3 dev eth1"}));
  EXPECT_EQ(of(d), (Lines{"10.0.0.0/24 via 10.0.1.1 dev eth1"}));
  EXPECT_FALSE(forwards_ipv4(a_));
  EXPECT_TRUE(forwards_ipv4(c_));
}

TEST_F(Routes, TwoSubnetsOnOneBridgeDoNotSeeEachOther) {
  route_by(Routing::shortest_path);
  const NodeId bridge = builder_.bridge("br");
  builder_.link(a_, "10.0.0.1/24", bridge, "");
  builder_.link(b_, "10.0.1.1/24", bridge, "");
  Link& both = builder_.link(c_, "10.0.0.2/24", bridge, "");
  both.ends[0].addresses.push_back(prefix("10.0.1.2/24"));
  EXPECT_EQ(of(a_), (Lines{"10.0.1.0/24 via 10.0.0.2 dev eth1"}));
  EXPECT_EQ(of(b_), (Lines{"10.0.0.0/24 via 10.0.1.2 dev eth1"}));
}

TEST_F(Routes, OfSubnetsWithOnePrefixTheNearestCounts) {
  route_by(Routing::shortest_path);
  const NodeId d = builder_.host("d");
  builder_.link(a_, "10.0.0.1/30", b_, "10.0.0.2/30");
  builder_.link(b_, "10.0.1.1/30", c_, "10.0.1.2/30");
  builder_.link(c_, "192.0.2.1/24", d, "192.0.2.2/24");
  builder_.link(b_, "192.0.2.3/24", d, "192.0.2.4/24");
  EXPECT_EQ(of(a_), (Lines{"10.0.1.0/30 via 10.0.0.2 dev eth1", "192.0.2.0/24 via 10.0.0.2 dev eth1"}));
  EXPECT_EQ(of(b_), (Lines{})) << "it is in both";
}

TEST_F(Routes, NoneToASubnetOfOnesOwnHoweverFarItIs) {
  route_by(Routing::shortest_path);
  const NodeId bridge = builder_.bridge("br");
  builder_.link(a_, "10.0.0.1/24", bridge, "").weight = 100;
  builder_.link(b_, "10.0.0.2/24", bridge, "");
  builder_.link(a_, "10.0.1.1/30", b_, "10.0.1.2/30");
  EXPECT_TRUE(of(a_).empty());
}

TEST_F(Routes, LinkLocalAddressesMakeNoSubnet) {
  route_by(Routing::shortest_path);
  builder_.link(a_, "fe80::1/64", b_, "fe80::2/64");
  builder_.link(b_, "fe80::1/64", c_, "fe80::2/64");
  EXPECT_TRUE(of(a_).empty());
}

TEST_F(Routes, AreComputedInAnyOrderOfTheNodes) {
  route_by(Routing::shortest_path);
  builder_.link(a_, "10.0.0.1/30", b_, "10.0.0.2/30");
  builder_.link(b_, "10.0.1.1/30", c_, "10.0.1.2/30");
  RouteComputer computer{builder_.topology, find_segments(builder_.topology)};
  EXPECT_EQ(computer.routes_of(c_).size(), 1U);
  EXPECT_EQ(computer.routes_of(b_).size(), 0U);
  EXPECT_EQ(computer.routes_of(a_).size(), 1U);
  EXPECT_EQ(computer.routes_of(a_).size(), 1U);
}

}  // namespace
}  // namespace netherd::lab
