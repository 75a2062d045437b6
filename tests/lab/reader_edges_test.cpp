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
  EXPECT_TRUE(has_finding(result.errors, 4, "edge: there are 4 columns"));
  for (const unsigned line : {5U, 6U, 7U}) EXPECT_TRUE(has_finding(result.errors, line, "weight"));
}

TEST(Edges, AreNotReadToTheEndOfAFileThatHasNone) {
  std::string text;
  for (int i = 0; i < 1'000'000; ++i) text += "x\n";
  const ReadResult result = read(text);
  EXPECT_EQ(result.errors.size(), 101U);
  EXPECT_EQ(result.errors.back().text, "and 999900 errors more");
}

std::vector<double> weights_of(const Topology& topology) {
  std::vector<double> weights;
  weights.reserve(topology.links.size());
  for (const Link& link : topology.links) weights.push_back(link.weight);
  return weights;
}

using Names = std::vector<std::string>;
using Weights = std::vector<double>;

TEST(Edges, OfNetworkxHaveAttributesBehindThem) {
  const ReadResult result = read_topology(
      "# made by networkx\n0 1 {'weight': 2}\n1 2 {}\n2 3 {'colour': 'r, g', \"weight\": 0.5, 'x': 1}\n", "g.edgelist");
  EXPECT_TRUE(is_clean(result.errors));
  EXPECT_EQ(names_of(result.topology), (Names{"0", "1", "2", "3"}));
  EXPECT_EQ(weights_of(result.topology), (Weights{2, 1, 0.5}));
  EXPECT_TRUE(has_only(read("0 1 {'weight': heavy}\n").errors, 1, "weight 'heavy': must be a number"));
}

TEST(Edges, OfKonectHaveWeightsAndTimes) {
  const ReadResult weighted = read_topology("% sym posweighted\n% 3 4 4\n1 2 3\n2 3 1.5\n3 4 1\n", "out.net");
  EXPECT_TRUE(is_clean(weighted.errors));
  EXPECT_EQ(weights_of(weighted.topology), (Weights{3, 1.5, 1}));
  const ReadResult timed = read("% asym positive\n1 2 1 1082040961\n2 1 1 1082155839\n1 2 1 1082414391\n");
  EXPECT_TRUE(is_clean(timed.errors));
  EXPECT_EQ(timed.topology.links.size(), 1U) << "three messages between two people are one link";
  EXPECT_TRUE(has_finding(timed.warnings, 0, "column 4 holds times"));
  EXPECT_TRUE(has_finding(timed.warnings, 3, "edges between nodes that have one already (2)"));
}

TEST(Edges, OfSnapMayHaveTimesInTheThirdColumn) {
  const ReadResult result =
      read_topology("9 8 1217567877\n1 1 1217573801\n13 1 1217606247\n8 9 1217617639\n", "sx.txt");
  EXPECT_TRUE(is_clean(result.errors));
  EXPECT_EQ(weights_of(result.topology), (Weights{1, 1}));
  EXPECT_TRUE(has_finding(result.warnings, 0, "column 3 holds times"));
  EXPECT_TRUE(has_finding(read("a b 1217567877\nb c 2\n").errors, 1, "weight")) << "one of them is none";
}

TEST(Edges, MayBeSeparatedByCommasAndSemicolons) {
  const ReadResult commas =
      read_topology("source,target,weight\nBern,New York,2.5\n\"Smith, J.\",\"a \"\"b\"\"\",1\n", "g.csv");
  EXPECT_TRUE(is_clean(commas.errors));
  EXPECT_EQ(names_of(commas.topology), (Names{"Bern", "New-York", "Smith-J", "a-b"}));
  EXPECT_EQ(weights_of(commas.topology), (Weights{2.5, 1}));
  EXPECT_TRUE(has_finding(commas.warnings, 1, "taken for the names of the columns"));
  const ReadResult semicolons = read_topology("a;b;1,5\nb; c ;2\n", "g.csv");
  EXPECT_TRUE(is_clean(semicolons.errors));
  EXPECT_EQ(weights_of(semicolons.topology), (Weights{1.5, 2}));
  const ReadResult named = read("id,to,from,cost,name\n1,b,a,7,x\n2,c,b,8,y\n");
  EXPECT_TRUE(is_clean(named.errors));
  EXPECT_EQ(names_of(named.topology), (Names{"a", "b", "c"}));
  EXPECT_EQ(weights_of(named.topology), (Weights{7, 8}));
  EXPECT_EQ(names_of(read("a, b\nb, c\n").topology), (Names{"a", "b", "c"}));
  EXPECT_EQ(names_of(read("New York\tBern\nBern\tNew York\n").topology), (Names{"New-York", "Bern"}));
}

TEST(Edges, InAShapeThatIsNotReadSayWhatToDo) {
  EXPECT_TRUE(has_finding(read("1 2 3 4\n2 3 4\n").errors, 1, "name them in a first line"));
  EXPECT_TRUE(has_only(read("%%MatrixMarket matrix coordinate\n3 3 1\n1 2\n").errors, 1, "MatrixMarket"));
  EXPECT_TRUE(has_finding(read("a b\nb,c\n").errors, 2, "the same in all lines"));
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
