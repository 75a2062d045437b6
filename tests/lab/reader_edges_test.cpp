#include "lab_support.hpp"
#include "netherd/lab/reader.hpp"

namespace netherd::lab {
namespace {

ReadResult read(std::string_view text) { return read_topology(text, "graph.txt", Format::edges); }

std::vector<std::string> names_of(const Topology& topology) {
  std::vector<std::string> names;
  names.reserve(topology.nodes.size());
  for (const Node& node : topology.nodes) names.push_back(node.name);
  return names;
}

TEST(Edges, BecomeNodesAndLinks) {
  const ReadResult result = read("# comment\n% another\n\n0\t1\n1 \t 2  \n");
  EXPECT_TRUE(is_clean(result.errors));
  EXPECT_TRUE(is_clean(result.warnings));
  EXPECT_EQ(result.topology.name, "graph");
  EXPECT_EQ(names_of(result.topology), (std::vector<std::string>{"0", "1", "2"}));
  ASSERT_EQ(result.topology.links.size(), 2U);
  const Link& second = result.topology.links[1];
  EXPECT_EQ(second.ends[0].node, NodeId{1});
  EXPECT_EQ(second.ends[0].interface, "eth2");
  EXPECT_EQ(second.ends[1].interface, "eth1");
  EXPECT_EQ(second.line, SourceLine{5});
}

TEST(Edges, MayHaveWindowsLineEndsAByteOrderMarkAndNoLastLineEnd) {
  const ReadResult result = read(
      "\xef\xbb\xbf"
      "a b\r\nb c 3");
  EXPECT_TRUE(is_clean(result.errors));
  EXPECT_EQ(names_of(result.topology), (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_EQ(result.topology.links.at(1).weight, 3);
}

TEST(Edges, OfRocketfuelAreListedInBothDirectionsWithWeights) {
  const ReadResult result = read(
      "San+Jose,+CA4062 Anaheim,+CA4101 2.5\n"
      "Anaheim,+CA4101 San+Jose,+CA4062 2.5\n");
  EXPECT_TRUE(is_clean(result.errors));
  EXPECT_EQ(names_of(result.topology), (std::vector<std::string>{"San-Jose-CA4062", "Anaheim-CA4101"}));
  ASSERT_EQ(result.topology.links.size(), 1U);
  EXPECT_EQ(result.topology.links[0].weight, 2.5);
  EXPECT_TRUE(has_finding(result.warnings, 1,
                          "2 nodes are named differently from the label: "
                          "'San Jose, CA4062' is San-Jose-CA4062, 'Anaheim, CA4101' is Anaheim-CA4101"));
  EXPECT_TRUE(has_finding(result.warnings, 2, "edges that have one in the opposite direction (1)"));
}

TEST(Edges, OfOneDirectionTwiceAreParallelLinks) {
  EXPECT_EQ(read("a b\na b\n").topology.links.size(), 2U);
  EXPECT_EQ(read("a b\na b\nb a\nb a\nb a\n").topology.links.size(), 3U);
}

TEST(Edges, ToTheNodeItselfMakeItAnIsolatedOne) {
  const ReadResult result = read("a a\nb c\n");
  EXPECT_TRUE(is_clean(result.errors));
  EXPECT_EQ(result.topology.nodes.size(), 3U);
  EXPECT_EQ(result.topology.links.size(), 1U);
  EXPECT_TRUE(has_only(result.warnings, 1, "edges from a node to itself (1): left out"));
}

TEST(Edges, WhoseNamesBecomeEqualStayApart) {
  const ReadResult result = read("a/b a+b\na,b a-b\n");
  EXPECT_EQ(names_of(result.topology), (std::vector<std::string>{"a-b", "a-b-2", "ab", "a-b-3"}));
  EXPECT_TRUE(has_only(result.warnings, 1,
                       "4 nodes are named differently from the label: 'a/b' is a-b, 'a b' is a-b-2, 'a,b' is ab, "
                       "'a-b' is a-b-3"));
}

TEST(Edges, ThatAreWrongAreReportedAllAtOnce) {
  const ReadResult result = read("a b\na\na b c\na b 1 2\na b 0\na b -1\na b nan\n");
  EXPECT_EQ(result.errors.size(), 6U) << to_text(result.errors);
  EXPECT_TRUE(has_finding(result.errors, 2, "edge: must be two nodes"));
  EXPECT_TRUE(has_finding(result.errors, 3, "weight 'c': must be a number"));
  EXPECT_TRUE(has_finding(result.errors, 4, "edge: must be two nodes"));
  for (const unsigned line : {5U, 6U, 7U}) EXPECT_TRUE(has_finding(result.errors, line, "weight"));
}

TEST(Edges, AreNotReadToTheEndOfAFileThatHasNone) {
  std::string text;
  for (int i = 0; i < 1'000'000; ++i) text += "x\n";
  const ReadResult result = read(text);
  EXPECT_EQ(result.errors.size(), 101U);
  EXPECT_EQ(result.errors.back().text, "and 9901 errors more");
}

TEST(Edges, MustBeTextAndThere) {
  EXPECT_TRUE(has_only(read("a b\nZ\xfcrich b\n").errors, 2, "not UTF-8"));
  EXPECT_TRUE(has_only(read("# nothing\n").errors, 0, "no edges"));
}

TEST(Edges, OfALargeHubAreReadFast) {
  std::string text;
  for (int i = 1; i <= 100'000; ++i) text += "0 " + std::to_string(i) + '\n';
  const ReadResult result = read(text);
  EXPECT_TRUE(is_clean(result.errors));
  EXPECT_EQ(result.topology.links.back().ends[0].interface, "eth100000");
}

}  // namespace
}  // namespace netherd::lab
