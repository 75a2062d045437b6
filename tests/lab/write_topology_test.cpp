#include "lab_support.hpp"
#include "netherd/lab/reader.hpp"

namespace netherd::lab {
namespace {

void expect_equal(const Endpoint& left, const Endpoint& right) {
  EXPECT_EQ(left.node, right.node);
  EXPECT_EQ(left.interface, right.interface);
  EXPECT_EQ(left.addresses, right.addresses);
  EXPECT_EQ(left.mac, right.mac);
}

void expect_survives(const Topology& topology) {
  const std::string text = write_topology(topology);
  SCOPED_TRACE(text);
  const ReadResult result = read_topology(text, "other");
  ASSERT_TRUE(is_clean(result.errors));
  ASSERT_TRUE(is_clean(result.warnings));
  const Topology& read = result.topology;
  EXPECT_EQ(read.name, topology.name);
  EXPECT_EQ(read.options.routing, topology.options.routing);
  EXPECT_EQ(read.options.ipv4_pool, topology.options.ipv4_pool);
  EXPECT_EQ(read.options.ipv6_pool, topology.options.ipv6_pool);
  EXPECT_EQ(read.options.ipv6, topology.options.ipv6);
  ASSERT_EQ(read.nodes.size(), topology.nodes.size());
  for (std::size_t i = 0; i < read.nodes.size(); ++i) {
    EXPECT_EQ(read.nodes[i].name, topology.nodes[i].name);
    EXPECT_EQ(read.nodes[i].kind, topology.nodes[i].kind);
    EXPECT_EQ(read.nodes[i].exec, topology.nodes[i].exec);
  }
  ASSERT_EQ(read.links.size(), topology.links.size());
  for (std::size_t i = 0; i < read.links.size(); ++i) {
    EXPECT_EQ(read.links[i].mtu, topology.links[i].mtu);
    EXPECT_EQ(read.links[i].weight, topology.links[i].weight);
    for (std::size_t end = 0; end < 2; ++end) expect_equal(read.links[i].ends[end], topology.links[i].ends[end]);
  }
}

TEST(WriteTopology, IsCompact) {
  TopologyBuilder builder;
  const NodeId a = builder.host("a");
  const NodeId b = builder.host("b");
  const NodeId bridge = builder.bridge("br");
  builder.link(a, b);
  builder.link(a, "10.0.0.1/24", bridge, "").mtu = 9000;
  builder.link(a, b).weight = 0.5;
  builder.topology.options.routing = Routing::shortest_path;
  builder.topology.options.ipv4_pool = prefix("10.0.0.0/8");
  EXPECT_EQ(write_topology(builder.topology), R"(name: lab
netherd:
  routing: shortest-path
  ipv4-pool: "10.0.0.0/8"
topology:
  nodes:
    a:
    b:
    br: {kind: bridge}
  links:
    - endpoints: ["a:eth1", "b:eth1"]
    - {endpoints: ["a:eth2", "br:eth1"], ipv4: ["10.0.0.1/24", ""], mtu: 9000}
    - {endpoints: ["a:eth3", "b:eth2"], netherd: {weight: 0.5}}
)");
  expect_survives(builder.topology);
}

TEST(WriteTopology, KeepsWhatOnlyTheLongFormCanSay) {
  TopologyBuilder builder;
  const NodeId a = builder.host("a");
  const NodeId b = builder.host("b");
  Link& link = builder.link(a, "10.0.0.1/24", b, "10.0.0.2/24");
  link.ends[0].addresses.push_back(prefix("10.0.1.1/24"));
  link.ends[0].addresses.push_back(prefix("fd00::1/64"));
  link.ends[1].mac = ops::MacAddress{{2, 0, 0, 0, 0, 1}};
  link.weight = 1.0 / 3;
  link.mtu = 1400;
  expect_survives(builder.topology);
}

TEST(WriteTopology, KeepsThatThereIsNoIpv6) {
  TopologyBuilder builder;
  builder.host("a");
  builder.topology.options.ipv6 = false;
  EXPECT_NE(write_topology(builder.topology).find("netherd:\n  ipv6: off\n"), std::string::npos);
  expect_survives(builder.topology);
}

TEST(WriteTopology, QuotesWhatYamlWouldTakeForSomethingElse) {
  TopologyBuilder builder;
  for (const std::string name : {"0", "1e3", "007", "null", "True", "no", "_x", "n", "a.b-c", "0x1f", "12:30"}) {
    if (is_valid_node_name(name)) builder.host(name);
  }
  builder.topology.name = "2024";
  Link& link = builder.link(NodeId{0}, NodeId{3});
  link.ends[0].interface = "a\"b\\c{}";
  link.ends[1].interface = "#'&*[]";
  link.ends[1].mac = ops::MacAddress{{2, 0, 0, 0, 0, 1}};
  builder.link(NodeId{3}, NodeId{4}).ends[0].interface = "\"\\";
  expect_survives(builder.topology);
}

TEST(WriteTopology, KeepsCommandsToTheByte) {
  TopologyBuilder builder;
  builder.host("a");
  builder.bridge("br");
  builder.topology.nodes[0].exec = {"echo \"x: y\" # no comment", "a\n\tb\\", "{{.x}}", "Z\u00fcrich", "", " x "};
  builder.topology.nodes[1].exec = {"true"};
  expect_survives(builder.topology);
}

/// Of characters that libyaml takes as escapes only, and those that stand for variables.
TEST(WriteTopology, KeepsCharactersThatCannotStandAsTheyAre) {
  TopologyBuilder builder;
  builder.host("a");
  builder.topology.nodes[0].exec = {"\xc2\x9b\xef\xbb\xbf\xe2\x80\xa8\xe2\x80\xae", "kill $$; echo $HOME ${X:-1} $$$$",
                                    "\xf3\xa0\x80\x81 \xf0\x9f\x98\x80"};
  const std::string text = write_topology(builder.topology);
  EXPECT_EQ(text.find("\xc2\x9b"), std::string::npos);
  expect_survives(builder.topology);
}

ExecList::Block block(std::initializer_list<std::string_view> lines) {
  const ExecList list{lines};
  return list.parts().front().lines;
}

TEST(WriteTopology, KeepsWhatNodesInheritOnce) {
  TopologyBuilder builder;
  const NodeId a = builder.host("a");
  builder.bridge("b");
  builder.bridge("c");
  builder.host("d");
  const NodeId host = builder.host("host");
  builder.topology.nodes.back().adopted = true;
  builder.link(a, host);
  const ExecList::Block defaults = block({"for all of them"});
  const ExecList::Block kind = block({"for some"});
  const ExecList::Block group = block({"for a group"});
  for (std::size_t i = 0; i < 4; ++i) {
    ExecList& exec = builder.topology.nodes[i].exec;
    exec.append(ExecLevel::defaults, defaults);
    if (i == 0 || i == 2) exec.append(ExecLevel::kind, kind);
    if (i < 2) exec.append(ExecLevel::group, group);
    if (i > 1) exec.append(ExecLevel::node, block({"for one"}));
  }
  const std::string text = write_topology(builder.topology);
  EXPECT_EQ(text.find("for all of them"), text.rfind("for all of them")) << text;
  EXPECT_EQ(text.find("for a group"), text.rfind("for a group")) << text;
  const ReadResult read = read_topology(text, "x");
  ASSERT_TRUE(is_clean(read.errors));
  ASSERT_EQ(read.topology.nodes.size(), 5U);
  for (std::size_t i = 0; i < 5; ++i) {
    EXPECT_EQ(read.topology.nodes[i].exec, builder.topology.nodes[i].exec) << text;
    EXPECT_EQ(read.topology.nodes[i].kind, builder.topology.nodes[i].kind);
    EXPECT_EQ(read.topology.nodes[i].adopted, builder.topology.nodes[i].adopted);
  }
  EXPECT_EQ(write_topology(read.topology), text);
}

/// Lists that no file could say in this order, and more kinds of bridges than there are.
TEST(WriteTopology, KeepsCommandsInAnyOrder) {
  TopologyBuilder builder;
  for (const char* const name : {"a", "b", "c", "d"}) builder.bridge(name);
  builder.host("e");
  for (std::size_t i = 0; i < 4; ++i) {
    builder.topology.nodes[i].exec.append(ExecLevel::kind, block({std::to_string(i), "x"}));
  }
  builder.topology.nodes[4].exec.append(ExecLevel::node, block({"first"}));
  builder.topology.nodes[4].exec.append(ExecLevel::defaults, block({"second"}));
  expect_survives(builder.topology);
}

TEST(WriteTopology, OfOneNode) {
  TopologyBuilder builder;
  builder.host("a");
  expect_survives(builder.topology);
}

}  // namespace
}  // namespace netherd::lab
