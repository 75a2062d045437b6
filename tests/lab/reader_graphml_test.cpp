#include "lab_support.hpp"
#include "netherd/lab/reader.hpp"
#include "node_names.hpp"
#include "utf8.hpp"

namespace netherd::lab {
namespace {

constexpr std::string_view keys =
    "<key attr.name=\"label\" for=\"node\" id=\"l\"/><key attr.name=\"label\" for=\"graph\" id=\"g\"/>"
    "<key attr.name=\"weight\" attr.type=\"double\" for=\"edge\" id=\"w\"/>";

/// A graph whose content begins at line 2.
ReadResult read(std::string_view content, std::string_view direction = "undirected") {
  std::string text{"<graphml>"};
  text.append(keys).append("<graph edgedefault=\"").append(direction).append("\">\n");
  text.append(content).append("\n</graph></graphml>");
  return read_topology(text, "/x/Net.graphml");
}

std::string node(std::string_view id, std::string_view label) {
  return "<node id=\"" + std::string{id} + "\"><data key=\"l\">" + std::string{label} + "</data></node>\n";
}
std::string edge(std::string_view source, std::string_view target, std::string_view content = "") {
  return "<edge source=\"" + std::string{source} + "\" target=\"" + std::string{target} + "\">" + std::string{content} +
         "</edge>\n";
}
std::string two_nodes() { return node("0", "Amsterdam") + node("1", "Bern"); }

TEST(Graphml, ReadsNodesAndEdges) {
  const ReadResult result = read(two_nodes() + edge("0", "1") + edge("1", "0", "<data key=\"w\"> 2.5 </data>"));
  ASSERT_TRUE(is_clean(result.errors));
  ASSERT_TRUE(is_clean(result.warnings));
  const Topology& topology = result.topology;
  EXPECT_EQ(topology.name, "Net");
  ASSERT_EQ(topology.nodes.size(), 2U);
  EXPECT_EQ(topology.nodes[1].name, "Bern");
  EXPECT_EQ(topology.nodes[1].line, SourceLine{3});
  ASSERT_EQ(topology.links.size(), 2U) << "parallel edges are parallel links";
  EXPECT_EQ(topology.links[0].weight, 1);
  EXPECT_EQ(topology.links[1].weight, 2.5);
  EXPECT_EQ(topology.links[1].line, SourceLine{5});
  EXPECT_EQ(topology.links[1].ends[0].interface, "eth2");
  EXPECT_EQ(topology.links[1].ends[0].node, NodeId{1});
}

TEST(Graphml, TakesNamespacePrefixes) {
  const ReadResult result = read_topology(
      "<g:graphml xmlns:g=\"x\"><g:graph><g:node id=\"a\"/><g:node id=\"b\"/>"
      "<g:edge source=\"a\" target=\"b\"/></g:graph></g:graphml>",
      "x.xml");
  EXPECT_TRUE(is_clean(result.errors));
  EXPECT_EQ(result.topology.links.size(), 1U);
  EXPECT_EQ(result.topology.nodes.at(0).name, "a");
}

TEST(Graphml, ReadsLabelsOfYed) {
  const ReadResult result = read_topology(
      "<graphml xmlns:y=\"y\"><key for=\"node\" id=\"d7\" yfiles.type=\"nodegraphics\"/><graph "
      "edgedefault=\"directed\">"
      "<node id=\"n0\"><data key=\"d7\"><y:ShapeNode><y:NodeLabel>Seattle</y:NodeLabel></y:ShapeNode></data></node>"
      "</graph></graphml>",
      "x");
  EXPECT_TRUE(is_clean(result.errors));
  EXPECT_EQ(result.topology.nodes.at(0).name, "Seattle");
}

ReadResult read_with_keys(std::string_view key_elements, std::string_view content) {
  std::string text{"<graphml>"};
  text.append(key_elements).append("<graph edgedefault=\"undirected\">\n");
  text.append(content).append("\n</graph></graphml>");
  return read_topology(text, "x.graphml");
}

TEST(Graphml, StandardValuesOfKeysCount) {
  const ReadResult result = read_with_keys(
      "<key id=\"w\" for=\"edge\" attr.name=\"weight\" attr.type=\"double\"><default> 10 </default></key>"
      "<key id=\"l\" for=\"node\" attr.name=\"label\"><default>router</default></key>",
      "<node id=\"a\"/><node id=\"b\"><data key=\"l\">Bern</data></node>" + edge("a", "b") +
          edge("a", "b", "<data key=\"w\">2</data>"));
  ASSERT_TRUE(is_clean(result.errors));
  EXPECT_EQ(result.topology.nodes.at(0).name, "router");
  EXPECT_EQ(result.topology.nodes.at(1).name, "Bern");
  EXPECT_EQ(result.topology.links.at(0).weight, 10);
  EXPECT_EQ(result.topology.links.at(1).weight, 2);
  EXPECT_TRUE(has_finding(
      read_with_keys("<key id=\"w\" attr.name=\"weight\"><default>far</default></key>", two_nodes() + edge("0", "1"))
          .errors,
      4, "weight 'far'"));
}

TEST(Graphml, AKeyWithoutForIsOneForEverything) {
  const ReadResult result = read_with_keys("<key id=\"l\" attr.name=\"label\"/><key id=\"weight\"/>",
                                           two_nodes() + edge("0", "1", "<data key=\"weight\">3</data>"));
  ASSERT_TRUE(is_clean(result.errors));
  EXPECT_EQ(result.topology.nodes.at(0).name, "Amsterdam");
  EXPECT_EQ(result.topology.links.at(0).weight, 3);
}

TEST(Graphml, ReadsNamesOfIgraph) {
  const std::string_view igraph =
      "<key id=\"g_name\" for=\"graph\" attr.name=\"name\"/><key id=\"v_name\" for=\"node\" attr.name=\"name\"/>";
  const std::string content = "<node id=\"n0\"><data key=\"v_name\">Oslo</data></node>";
  EXPECT_EQ(read_with_keys(igraph, content).topology.nodes.at(0).name, "Oslo");
  const std::string both = std::string{igraph} + "<key id=\"l\" for=\"node\" attr.name=\"label\"/>";
  const std::string labelled = "<node id=\"n0\"><data key=\"v_name\">17</data><data key=\"l\">Oslo</data></node>";
  EXPECT_EQ(read_with_keys(both, labelled).topology.nodes.at(0).name, "Oslo") << "a label is for people";
}

TEST(Graphml, EdgesMaySayThemselvesThatTheyAreDirected) {
  const std::string_view edges =
      "<edge source=\"0\" target=\"1\" directed=\"true\"/>\n<edge source=\"1\" target=\"0\" directed=\"true\"/>\n";
  EXPECT_EQ(read(two_nodes() + std::string{edges}).topology.links.size(), 1U);
}

TEST(Graphml, ASecondGraphIsNotReadAndThisIsNoSecret) {
  const ReadResult result =
      read_topology("<graphml>\n<graph><node id=\"a\"/></graph>\n<graph><node id=\"b\"/></graph></graphml>", "x");
  EXPECT_EQ(result.topology.nodes.size(), 1U);
  EXPECT_TRUE(has_only(result.warnings, 3, "only the first one is read"));
}

TEST(Graphml, MakesNamesOfLabelsAndSaysSo) {
  const ReadResult result =
      read(node("0", "New York, NY") + node("1", "Bern") + node("2", "Bern") + "<node id=\"7\"/>\n" + node("4", "???"));
  ASSERT_TRUE(is_clean(result.errors));
  std::vector<std::string> names;
  names.reserve(result.topology.nodes.size());
  for (const Node& each : result.topology.nodes) names.push_back(each.name);
  EXPECT_EQ(names, (std::vector<std::string>{"New-York-NY", "Bern", "Bern-2", "7", "4"}));
  EXPECT_TRUE(has_only(result.warnings, 2,
                       "3 nodes are named differently from the label: 'New York, NY' is New-York-NY, 'Bern' is Bern-2, "
                       "'?\?\?' is 4"));
}

TEST(Graphml, LeavesSelfLoopsOut) {
  const ReadResult result = read(two_nodes() + edge("0", "0") + edge("0", "1") + edge("1", "1"));
  ASSERT_TRUE(is_clean(result.errors));
  EXPECT_TRUE(has_only(result.warnings, 4, "edges from a node to itself (2): left out"));
  ASSERT_EQ(result.topology.links.size(), 1U);
  EXPECT_EQ(result.topology.links[0].ends[0].interface, "eth1");
}

TEST(Graphml, IsolatedNodesAndSeparatePartsAreFine) {
  const ReadResult result =
      read(two_nodes() + node("2", "Caen") + node("3", "Dover") + node("4", "Essen") + edge("0", "1") + edge("2", "3"));
  EXPECT_TRUE(is_clean(result.errors));
  EXPECT_TRUE(is_clean(result.warnings));
  EXPECT_EQ(result.topology.nodes.size(), 5U);
}

TEST(Graphml, OppositeDirectedEdgesAreOneLink) {
  const std::string edges = edge("0", "1") + edge("1", "0") + edge("0", "1") + edge("0", "1") + edge("1", "0");
  const ReadResult directed = read(two_nodes() + edges, "directed");
  ASSERT_TRUE(is_clean(directed.errors));
  EXPECT_EQ(directed.topology.links.size(), 3U);
  EXPECT_TRUE(has_only(directed.warnings, 5, "(2): the two are one link"));
  EXPECT_EQ(read(two_nodes() + edges).topology.links.size(), 5U);
}

TEST(Graphml, RefusesWhatIsWrong) {
  EXPECT_TRUE(has_only(read(two_nodes() + edge("0", "9")).errors, 4, "edge: its target '9' is not a node"));
  EXPECT_TRUE(has_only(read(two_nodes() + "<edge source=\"0\"/>").errors, 4, "<edge>: needs the attribute 'target'"));
  EXPECT_TRUE(has_only(read(two_nodes() + node("1", "x")).errors, 4, "node '1': there is one of that id already"));
  EXPECT_TRUE(has_only(read("<node/>\n" + two_nodes()).errors, 2, "<node>: needs the attribute 'id'"));
  EXPECT_TRUE(has_only(read(two_nodes() + "<hyperedge/>").errors, 4, "hyperedges are not supported"));
  EXPECT_TRUE(has_only(read("<node id=\"a\"><graph/></node>").errors, 2, "graphs in nodes are not supported"));
  EXPECT_TRUE(has_only(read(two_nodes() + edge("0", "1", "<data key=\"w\">heavy</data>")).errors, 4, "weight 'heavy'"));
  EXPECT_TRUE(
      has_only(read(two_nodes() + edge("0", "1", "<data key=\"w\">-1</data>")).errors, 4, "weight -1: must be"));
  EXPECT_TRUE(has_only(read("").errors, 1, "the graph has no nodes"));
  EXPECT_TRUE(has_only(read_topology("<graphml/>", "x").errors, 1, "there is no <graph>"));
  EXPECT_TRUE(has_only(read_topology("<html/>", "x").errors, 1, "the document's element is <html>"));
}

TEST(Graphml, RefusesBrokenXml) {
  EXPECT_TRUE(has_only(read_topology("<graphml>\n<graph>\n</graphml>", "x").errors, 3, "XML syntax"));
  EXPECT_TRUE(has_only(read_topology("<graphml>\n<graph", "x").errors, 2, "XML syntax"));
}

TEST(Graphml, RefusesDeepNestingOfGraphsAndSurvivesThatOfOthers) {
  const auto nested = [](std::string_view element, std::size_t depth) {
    std::string text;
    for (std::size_t i = 0; i < depth; ++i) text.append("<").append(element).append(">");
    for (std::size_t i = 0; i < depth; ++i) text.append("</").append(element).append(">");
    return text;
  };
  EXPECT_TRUE(is_clean(read(nested("x", 200'000) + node("0", "a")).errors));
  EXPECT_TRUE(has_only(read_topology(nested("x", 200'000), "x").errors, 1, "<graphml> is expected"));
}

TEST(Graphml, TakesWindowsLineEnds) {
  const auto result = read("\r\n" + node("0", "a") + "\r\n" + node("1", "b") + "\r\n" + edge("0", "2") + "\r\n");
  EXPECT_EQ(result.topology.nodes.at(0).name, "a");
  EXPECT_TRUE(has_only(result.errors, 7, "its target '2' is not a node"));
}

TEST(Graphml, RefusesDeclarationsOfEntities) {
  const std::string_view bomb =
      "<!DOCTYPE graphml [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;\">]>\n<graphml><graph><node "
      "id=\"&b;\"/></graph></graphml>";
  EXPECT_TRUE(has_only(read_topology(bomb, "x").errors, 1, "document type"));
  EXPECT_TRUE(
      is_clean(read_topology("<!DOCTYPE graphml>\n<graphml><graph><node id=\"a\"/></graph></graphml>", "x").errors));
}

TEST(Graphml, RefusesTextThatIsNotUtf8) { EXPECT_TRUE(has_only(read(node("0", "Z\xfcrich")).errors, 2, "not UTF-8")); }

TEST(Graphml, TakesADeclaredEncoding) {
  const ReadResult result = read_topology(
      "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><graphml><graph><node id=\"Z\xfcrich\"/></graph></graphml>", "x");
  ASSERT_TRUE(is_clean(result.errors));
  EXPECT_EQ(result.topology.nodes.at(0).name, "Zurich");
}

TEST(Utf8, InvalidBytesAreFound) {
  EXPECT_EQ(find_invalid_utf8("a\u00fc\u6771\U0001f600"), std::nullopt);
  for (const std::string_view bad : {"\xff", "\x80", "\xc0\x80", "\xc3", "\xc3(", "\xe2\x82", "\xed\xa0\x80",
                                     "\xf4\x90\x80\x80", "\xf8\x88\x80\x80\x80"}) {
    EXPECT_EQ(find_invalid_utf8("ok" + std::string{bad}), 2U);
  }
}

TEST(NodeNames, AreReadable) {
  const auto name = [](std::string_view label) { return NodeNames{}.name_for(label, "id"); };
  EXPECT_EQ(name("Amsterdam"), "Amsterdam");
  EXPECT_EQ(name("  St. Louis  "), "St.-Louis");
  EXPECT_EQ(name("New York (Pennsauken)"), "New-York-Pennsauken");
  EXPECT_EQ(name("SA/SH Kautokeino"), "SA-SH-Kautokeino");
  EXPECT_EQ(name("Z\u00fcrich"), "Zurich");
  EXPECT_EQ(name("Troms\u00f8"), "Tromso");
  EXPECT_EQ(name("S\u00e3o Paulo"), "Sao-Paulo");
  EXPECT_EQ(name("\u0141\u00f3d\u017a"), "Lodz");
  EXPECT_EQ(name("\u010cesk\u00e9 Bud\u011bjovice"), "Ceske-Budejovice");
  EXPECT_EQ(name("-.-x-.-"), "x");
  EXPECT_EQ(name("\u6771\u4eac"), "id");
  EXPECT_EQ(name("?"), "id");
  EXPECT_EQ(NodeNames{}.name_for("", "?"), "node");
  EXPECT_TRUE(is_valid_node_name(name(std::string(500, 'x'))));
}

TEST(NodeNames, AreDifferent) {
  NodeNames names;
  EXPECT_EQ(names.name_for("a", ""), "a");
  EXPECT_EQ(names.name_for("a-2", ""), "a-2");
  EXPECT_EQ(names.name_for("a", ""), "a-3");
  EXPECT_EQ(names.name_for("a", ""), "a-4");
  EXPECT_EQ(names.name_for("A", ""), "A");
}

}  // namespace
}  // namespace netherd::lab
