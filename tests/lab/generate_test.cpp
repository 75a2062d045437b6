#include "netherd/lab/generate.hpp"

#include <algorithm>
#include <set>

#include "lab_support.hpp"

namespace netherd::lab {
namespace {

Topology make(std::string_view kind, std::uint32_t nodes, std::uint32_t degree = 2, std::uint64_t seed = 1) {
  GenerateOptions options;
  options.nodes = nodes;
  options.degree = degree;
  options.seed = seed;
  return generate(kind, options).value();
}

std::vector<std::size_t> degrees(const Topology& topology) {
  std::vector<std::size_t> counts(topology.nodes.size());
  for (const Link& link : topology.links) {
    for (const Endpoint& end : link.ends) ++counts[engine::value_of(end.node)];
  }
  return counts;
}

std::size_t count_of(const Topology& topology, std::string_view role) {
  return static_cast<std::size_t>(
      std::ranges::count_if(topology.nodes, [&](const Node& node) { return node.name.starts_with(role); }));
}

bool is_connected(const Topology& topology) {
  std::vector<std::vector<std::size_t>> neighbours(topology.nodes.size());
  for (const Link& link : topology.links) {
    const std::size_t from = engine::value_of(link.ends[0].node);
    const std::size_t to = engine::value_of(link.ends[1].node);
    neighbours[from].push_back(to);
    neighbours[to].push_back(from);
  }
  std::set<std::size_t> reached{0};
  std::vector<std::size_t> next{0};
  while (!next.empty()) {
    const std::size_t node = next.back();
    next.pop_back();
    for (const std::size_t neighbour : neighbours[node]) {
      if (reached.insert(neighbour).second) next.push_back(neighbour);
    }
  }
  return reached.size() == topology.nodes.size();
}

std::set<std::pair<NodeId, NodeId>> pairs(const Topology& topology) {
  std::set<std::pair<NodeId, NodeId>> all;
  for (const Link& link : topology.links) all.insert(std::minmax(link.ends[0].node, link.ends[1].node));
  return all;
}

class EveryKind : public testing::TestWithParam<GeneratorKind> {};

TEST_P(EveryKind, GivesAValidConnectedTopologyOfAtLeastTheAskedSize) {
  for (const std::uint32_t nodes : {GetParam().minimum_nodes + 1, 10U, 37U, 100U}) {
    if (nodes <= 2 && GetParam().name == "scale-free") continue;
    const Topology topology = make(GetParam().name, std::max(nodes, 3U));
    EXPECT_EQ(topology.name, GetParam().name);
    EXPECT_GE(topology.nodes.size(), nodes);
    EXPECT_TRUE(is_clean(validate(topology)));
    EXPECT_TRUE(is_connected(topology));
  }
}

TEST_P(EveryKind, GivesTheSameEachTime) {
  EXPECT_EQ(write_topology(make(GetParam().name, 50)), write_topology(make(GetParam().name, 50)));
}

TEST_P(EveryKind, RefusesTooFewAndTooManyNodes) {
  GenerateOptions options;
  options.nodes = GetParam().minimum_nodes - 1;
  EXPECT_TRUE(generate(GetParam().name, options).has_error());
  options.nodes = GetParam().maximum_nodes + 1;
  EXPECT_TRUE(generate(GetParam().name, options).has_error());
}

INSTANTIATE_TEST_SUITE_P(Generate, EveryKind, testing::ValuesIn(generator_kinds().begin(), generator_kinds().end()),
                         [](const auto& of) {
                           std::string name{of.param.name};
                           std::ranges::replace(name, '-', '_');
                           return name;
                         });

TEST(Generate, KnowsElevenKinds) {
  EXPECT_EQ(generator_kinds().size(), 11U);
  EXPECT_TRUE(generate("moebius", {}).has_error());
}

TEST(Generate, SaysWhyNot) {
  const auto reason = [](std::string_view kind, std::uint32_t nodes, std::uint32_t degree) {
    return reason_against(kind, {.nodes = nodes, .degree = degree});
  };
  EXPECT_EQ(reason("ring", 3, 0), "");
  EXPECT_EQ(reason("ring", 2, 2), "ring has at least 3 nodes");
  EXPECT_EQ(reason("ring", 1'000'001, 2), "ring has at most 1000000 nodes");
  EXPECT_EQ(reason("full-mesh", 2'001, 2), "full-mesh has at most 2000 nodes");
  EXPECT_EQ(reason("tree", 10, 1'001), "the degree must be 1 to 1000");
  EXPECT_EQ(reason("scale-free", 10, 10), "the degree must be below the number of nodes");
  EXPECT_EQ(reason("random", 1'000'000, 1'000), "these are 500000000 links, and at most 5000000 are generated");
  EXPECT_EQ(reason("leaf-spine", 1'000'000, 1'000), "these are 333666000 links, and at most 5000000 are generated");
  EXPECT_EQ(reason("moebius", 10, 2), "no such kind");
}

TEST(Generate, Line) {
  const Topology line = make("line", 4);
  EXPECT_EQ(degrees(line), (std::vector<std::size_t>{1, 2, 2, 1}));
  EXPECT_EQ(line.nodes[0].name, "n1");
  EXPECT_EQ(line.links[1].ends[0].interface, "eth2");
  EXPECT_EQ(line.links[1].ends[1].interface, "eth1");
  EXPECT_TRUE(make("line", 1).links.empty());
}

TEST(Generate, Ring) { EXPECT_EQ(degrees(make("ring", 5)), (std::vector<std::size_t>{2, 2, 2, 2, 2})); }

TEST(Generate, Star) { EXPECT_EQ(degrees(make("star", 5)), (std::vector<std::size_t>{4, 1, 1, 1, 1})); }

TEST(Generate, GridIsAsSquareAsPossible) {
  EXPECT_EQ(degrees(make("grid", 9)), (std::vector<std::size_t>{2, 3, 2, 3, 4, 3, 2, 3, 2}));
  EXPECT_EQ(make("grid", 12).nodes.size(), 12U);
  EXPECT_EQ(make("grid", 11).nodes.size(), 12U) << "3 by 4";
}

TEST(Generate, TorusHasNoEdges) {
  const Topology torus = make("torus", 20);
  EXPECT_EQ(torus.nodes.size(), 20U);
  for (const std::size_t degree : degrees(torus)) EXPECT_EQ(degree, 4U);
  EXPECT_EQ(pairs(torus).size(), torus.links.size());
  EXPECT_EQ(make("torus", 1).nodes.size(), 9U);
}

TEST(Generate, FullMesh) {
  const Topology mesh = make("full-mesh", 7);
  EXPECT_EQ(mesh.links.size(), 21U);
  EXPECT_EQ(pairs(mesh).size(), 21U);
}

TEST(Generate, TreeIsFilledLevelByLevel) {
  EXPECT_EQ(degrees(make("tree", 7)), (std::vector<std::size_t>{2, 3, 3, 1, 1, 1, 1}));
  EXPECT_EQ(degrees(make("tree", 6, 3)), (std::vector<std::size_t>{3, 3, 1, 1, 1, 1}));
}

TEST(Generate, FatTreeOfFourPorts) {
  const Topology tree = make("fat-tree", 30);
  EXPECT_EQ(tree.nodes.size(), 36U);
  EXPECT_EQ(count_of(tree, "core-"), 4U);
  EXPECT_EQ(count_of(tree, "agg-"), 8U);
  EXPECT_EQ(count_of(tree, "edge-"), 8U);
  EXPECT_EQ(count_of(tree, "host-"), 16U);
  EXPECT_EQ(tree.links.size(), 48U);
  const auto counts = degrees(tree);
  for (std::size_t i = 0; i < counts.size(); ++i) {
    EXPECT_EQ(counts[i], tree.nodes[i].name.starts_with("host-") ? 1U : 4U) << tree.nodes[i].name;
  }
}

TEST(Generate, FatTreeSizes) {
  EXPECT_EQ(make("fat-tree", 1).nodes.size(), 7U);
  EXPECT_EQ(make("fat-tree", 37).nodes.size(), 99U);
  EXPECT_EQ(make("fat-tree", 100).nodes.size(), 208U);
}

TEST(Generate, LeafSpine) {
  const Topology fabric = make("leaf-spine", 20, 3);
  EXPECT_EQ(count_of(fabric, "spine-"), 3U);
  EXPECT_EQ(count_of(fabric, "leaf-"), 6U);
  EXPECT_EQ(count_of(fabric, "host-"), 12U);
  EXPECT_EQ(fabric.links.size(), 3U * 6U + 12U);
}

TEST(Generate, RandomHasTheWantedDegreeAndNoParallelLinks) {
  const Topology random = make("random", 200, 5);
  EXPECT_EQ(random.links.size(), 500U);
  EXPECT_EQ(pairs(random).size(), 500U);
  EXPECT_EQ(make("random", 5, 100).links.size(), 10U) << "all there can be";
  EXPECT_NE(write_topology(make("random", 50, 3, 1)), write_topology(make("random", 50, 3, 2)));
}

TEST(Generate, ScaleFreeHasHubs) {
  const Topology network = make("scale-free", 1000, 2);
  EXPECT_EQ(network.links.size(), 3U + 997U * 2U);
  const auto counts = degrees(network);
  EXPECT_GT(*std::ranges::max_element(counts), 30U);
  EXPECT_EQ(*std::ranges::min_element(counts), 2U);
  GenerateOptions options;
  options.nodes = 3;
  options.degree = 3;
  EXPECT_TRUE(generate("scale-free", options).has_error());
}

/// If this fails, labs that people have made by their seed have changed.
TEST(Generate, RandomKindsAreTheSameOnEveryMachine) {
  const auto neighbours = [](const Topology& topology) {
    std::string text;
    for (const Link& link : topology.links) {
      text += std::to_string(engine::value_of(link.ends[0].node)) + '-' +
              std::to_string(engine::value_of(link.ends[1].node)) + ' ';
    }
    return text;
  };
  EXPECT_EQ(neighbours(make("random", 6, 3, 7)), "0-1 0-2 0-3 2-4 1-5 3-4 1-2 1-3 2-3 ");
  EXPECT_EQ(neighbours(make("scale-free", 6, 1, 7)), "0-1 1-2 1-3 0-4 0-5 ");
}

}  // namespace
}  // namespace netherd::lab
