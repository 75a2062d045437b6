#include "lab_support.hpp"
#include "netherd/lab/addressing.hpp"

namespace netherd::lab {
namespace {

std::vector<std::vector<LinkEnd>> members(const Topology& topology) {
  std::vector<std::vector<LinkEnd>> all;
  for (const Segment& segment : find_segments(topology)) all.push_back(segment.members);
  return all;
}

LinkEnd end(std::uint32_t link, std::uint8_t which) { return {LinkId{link}, which}; }

TEST(Segments, EachLinkBetweenHostsIsOne) {
  TopologyBuilder builder;
  const NodeId a = builder.host("a");
  const NodeId b = builder.host("b");
  builder.link(a, b);
  builder.link(b, a);
  EXPECT_EQ(members(builder.topology),
            (std::vector<std::vector<LinkEnd>>{{end(0, 0), end(0, 1)}, {end(1, 0), end(1, 1)}}));
}

TEST(Segments, BridgesJoinLinks) {
  TopologyBuilder builder;
  const NodeId a = builder.host("a");
  const NodeId b = builder.host("b");
  const NodeId left = builder.bridge("left");
  const NodeId right = builder.bridge("right");
  builder.link(a, left);
  builder.link(a, b);
  builder.link(right, b);
  builder.link(left, right);
  EXPECT_EQ(members(builder.topology),
            (std::vector<std::vector<LinkEnd>>{{end(0, 0), end(2, 1)}, {end(1, 0), end(1, 1)}}));
}

TEST(Segments, WithoutAHostAreLeftOut) {
  TopologyBuilder builder;
  builder.link(builder.bridge("x"), builder.bridge("y"));
  EXPECT_TRUE(find_segments(builder.topology).empty());
}

TEST(Segments, AHostMayBeOnABridgeTwice) {
  TopologyBuilder builder;
  const NodeId a = builder.host("a");
  const NodeId bridge = builder.bridge("br");
  builder.link(a, bridge);
  builder.link(bridge, a);
  EXPECT_EQ(members(builder.topology), (std::vector<std::vector<LinkEnd>>{{end(0, 0), end(1, 1)}}));
}

}  // namespace
}  // namespace netherd::lab
