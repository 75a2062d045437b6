#include "node_order.hpp"

#include <algorithm>

#include "lab_support.hpp"
#include "netherd/lab/generate.hpp"

namespace netherd::lab {
namespace {

std::size_t most_unfinished_of(std::string_view kind, std::uint32_t nodes) {
  GenerateOptions options;
  options.nodes = nodes;
  const Topology topology = generate(kind, options).value();
  const LinkEnds ends{topology};
  std::vector<NodeId> order = choose_node_order(topology, ends);
  const std::size_t most = most_unfinished(topology, ends, order);
  std::ranges::sort(order);
  EXPECT_EQ(std::ranges::adjacent_find(order), order.end());
  EXPECT_EQ(order.size(), topology.nodes.size());
  return most;
}

TEST(NodeOrder, KeepsFewNodesUnfinished) {
  EXPECT_EQ(most_unfinished_of("line", 1000), 1U);
  EXPECT_EQ(most_unfinished_of("ring", 1000), 2U);
  EXPECT_EQ(most_unfinished_of("star", 1000), 1U);
  EXPECT_LE(most_unfinished_of("tree", 1000), 16U);
  EXPECT_LE(most_unfinished_of("grid", 1024), 34U);
  EXPECT_LE(most_unfinished_of("leaf-spine", 1000), 4U);
}

TEST(NodeOrder, CountsANodeAsUnfinishedUntilItsLastNeighbourIsThere) {
  TopologyBuilder builder;
  const NodeId hub = builder.host("hub");
  const NodeId a = builder.host("a");
  const NodeId b = builder.host("b");
  builder.link(hub, a);
  builder.link(hub, b);
  builder.link(hub, b);
  builder.link(a, a);
  const LinkEnds ends{builder.topology};
  EXPECT_EQ(most_unfinished(builder.topology, ends, {hub, a, b}), 1U);
  EXPECT_EQ(most_unfinished(builder.topology, ends, {a, b, hub}), 2U);
}

TEST(NodeOrder, TakesInEveryPart) {
  TopologyBuilder builder;
  builder.host("alone");
  builder.link(builder.host("a"), builder.host("b"));
  builder.link(builder.host("c"), builder.host("d"));
  EXPECT_EQ(choose_node_order(builder.topology, LinkEnds{builder.topology}).size(), 5U);
}

}  // namespace
}  // namespace netherd::lab
