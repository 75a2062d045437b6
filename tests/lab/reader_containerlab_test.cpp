#include <algorithm>
#include <chrono>

#include "lab_support.hpp"
#include "netherd/lab/reader.hpp"

namespace netherd::lab {
namespace {

ReadResult read(std::string_view text, std::string_view source = "dir/my-lab.clab.yml") {
  return read_topology(text, source);
}

/// A lab of the nodes a and b, whose links begin at line 6.
ReadResult read_links(std::string_view links) {
  return read("name: lab\ntopology:\n  nodes:\n    {a: , b: , br: {kind: bridge}}\n  links:\n" + std::string{links});
}

testing::AssertionResult is_clean(const ReadResult& result) {
  if (result.errors.empty() && result.warnings.empty()) return testing::AssertionSuccess();
  return testing::AssertionFailure() << "errors:\n"
                                     << to_text(result.errors) << "warnings:\n"
                                     << to_text(result.warnings);
}

TEST(Containerlab, ReadsAFirstLab) {
  const ReadResult result = read(R"(name: first
topology:
  nodes:
    a:
    b:
    switch:
      kind: bridge
  links:
    - endpoints: ["a:eth1", "b:eth1"]
    - endpoints: [b:eth2, "switch:port1"]
)");
  ASSERT_TRUE(is_clean(result));
  const Topology& topology = result.topology;
  EXPECT_EQ(topology.name, "first");
  EXPECT_EQ(topology.source, "dir/my-lab.clab.yml");
  ASSERT_EQ(topology.nodes.size(), 3U);
  EXPECT_EQ(topology.nodes[0].name, "a");
  EXPECT_EQ(topology.nodes[0].line, SourceLine{4});
  EXPECT_EQ(topology.nodes[0].kind, NodeKind::host);
  EXPECT_EQ(topology.nodes[2].kind, NodeKind::bridge);
  ASSERT_EQ(topology.links.size(), 2U);
  EXPECT_EQ(topology.links[0].line, SourceLine{9});
  EXPECT_EQ(topology.links[0].ends[0].interface, "eth1");
  EXPECT_EQ(topology.links[1].ends[0].node, NodeId{1});
  EXPECT_EQ(topology.links[1].ends[1].node, NodeId{2});
  EXPECT_EQ(topology.links[1].ends[1].line, SourceLine{10});
  EXPECT_EQ(topology.options.routing, Routing::none);
}

TEST(Containerlab, ReadsJson) {
  const ReadResult result = read(R"({"name": "j", "topology": {"nodes": {"a": {}, "b": null},
                                     "links": [{"endpoints": ["a:e1", "b:e1"], "mtu": 9000}]}})");
  ASSERT_TRUE(is_clean(result));
  EXPECT_EQ(result.topology.name, "j");
  EXPECT_EQ(result.topology.links.at(0).mtu, 9000U);
}

TEST(Containerlab, LabIsNamedAfterItsFileIfItDoesNotSay) {
  const std::string_view text = "topology: {nodes: {a: }}\n";
  EXPECT_EQ(read(text, "/some/where/ring.clab.yml").topology.name, "ring");
  EXPECT_EQ(read(text, "ring.json").topology.name, "ring");
  EXPECT_EQ(read(text, "my lab (2).yaml").topology.name, "my-lab--2-");
  EXPECT_EQ(read(text, "-").topology.name, "lab");
  EXPECT_EQ(read(text, "").topology.name, "lab");
  EXPECT_EQ(read(text, ".yml").topology.name, "lab");
}

TEST(Containerlab, RefusesABadLabName) {
  EXPECT_TRUE(has_only(read("name: my lab\ntopology: {nodes: {a: }}\n").errors, 1, "name 'my lab': must be"));
}

TEST(Containerlab, ReadsOptions) {
  const ReadResult result = read(
      "topology: {nodes: {a: }}\nnetherd:\n  routing: shortest-path\n  ipv4-pool: 10.1.0.0/16\n  ipv6-pool: "
      "fd00::/32\n");
  ASSERT_TRUE(is_clean(result));
  EXPECT_EQ(result.topology.options.routing, Routing::shortest_path);
  EXPECT_EQ(result.topology.options.ipv4_pool, prefix("10.1.0.0/16"));
  EXPECT_EQ(result.topology.options.ipv6_pool, prefix("fd00::/32"));
  EXPECT_TRUE(result.topology.options.ipv6);
  EXPECT_FALSE(read("topology: {nodes: {a: }}\nnetherd: {ipv6: off}\n").topology.options.ipv6);
  EXPECT_TRUE(read("topology: {nodes: {a: }}\nnetherd: {ipv6: true}\n").topology.options.ipv6);
}

TEST(Containerlab, RefusesBadOptions) {
  const auto errors = read(
                          "topology: {nodes: {a: }}\nnetherd:\n  routing: ospf\n  ipv4-pool: 10.1.0.1/16\n"
                          "  ipv6-pool: 10.0.0.0/8\n  mode: x\n  ipv6: none\n")
                          .errors;
  EXPECT_EQ(errors.size(), 5U) << to_text(errors);
  EXPECT_TRUE(has_finding(errors, 7, "ipv6 'none': must be on or off"));
  EXPECT_TRUE(has_finding(errors, 3, "routing 'ospf': must be none, default or shortest-path"));
  EXPECT_TRUE(has_finding(errors, 4, "the network is 10.1.0.0/16"));
  EXPECT_TRUE(has_finding(errors, 5, "ipv6-pool '10.0.0.0/8': must be an IPv6 prefix"));
  EXPECT_TRUE(has_finding(errors, 6, "netherd: unknown key 'mode'"));
  EXPECT_TRUE(has_only(read("topology: {nodes: {a: }}\nnetherd: {ipv4-pool: 10.0.0.0/31}\n").errors, 2, "8 to 30"));
}

TEST(Containerlab, InheritsFromDefaultsKindsAndGroups) {
  const ReadResult result = read(R"(topology:
  defaults:
    kind: linux
    exec: [one]
  kinds:
    linux: {exec: [two]}
    special: {exec: [special]}
  groups:
    switches: {kind: bridge}
    servers: {exec: [three]}
  nodes:
    plain:
    server: {group: servers, exec: [four]}
    switch: {group: switches}
    odd: {kind: special, group: unheard-of}
)");
  ASSERT_TRUE(result.errors.empty()) << to_text(result.errors);
  const auto& nodes = result.topology.nodes;
  using Commands = ExecList;
  EXPECT_EQ(nodes[0].exec, (Commands{"one", "two"}));
  EXPECT_EQ(nodes[1].exec, (Commands{"one", "two", "three", "four"}));
  EXPECT_EQ(nodes[2].kind, NodeKind::bridge);
  EXPECT_EQ(nodes[3].exec, (Commands{"one", "special"}));
}

TEST(Containerlab, GroupOfTheDefaultsCountsForNodesWithoutOne) {
  const ReadResult result =
      read("topology:\n  defaults: {group: g}\n  groups: {g: {kind: bridge}}\n  nodes:\n    a:\n");
  ASSERT_TRUE(is_clean(result));
  EXPECT_EQ(result.topology.nodes.at(0).kind, NodeKind::bridge);
}

TEST(Containerlab, WarnsOnceThatImagesAreNotStarted) {
  const ReadResult result = read(R"(topology:
  nodes:
    a: {kind: nokia_srlinux}
    b: {kind: linux, image: alpine}
    c: {kind: linux}
    d:
)");
  EXPECT_TRUE(result.errors.empty());
  EXPECT_TRUE(has_only(result.warnings, 3, "(2 nodes: linux, nokia_srlinux) become plain network namespaces"));
  EXPECT_EQ(result.topology.nodes.size(), 4U);
}

TEST(Containerlab, WarnsOnceForEachKeyOfContainerlabs) {
  const ReadResult result = read(R"(prefix: x
mgmt: {network: m}
topology:
  nodes:
    a:
      binds: [x:y]
      env: {A: b}
    b:
      binds: []
  links:
    - endpoints: ["a:eth1", "b:eth1"]
      labels: {x: y}
      vars: {x: y}
)");
  EXPECT_TRUE(result.errors.empty()) << to_text(result.errors);
  EXPECT_EQ(result.warnings.size(), 6U) << to_text(result.warnings);
  EXPECT_TRUE(has_finding(result.warnings, 1, "key 'prefix': ignored"));
  EXPECT_TRUE(has_finding(result.warnings, 2, "key 'mgmt': ignored"));
  EXPECT_TRUE(has_finding(result.warnings, 6, "key 'binds' (2 times): ignored"));
  EXPECT_TRUE(has_finding(result.warnings, 7, "key 'env'"));
  EXPECT_TRUE(has_finding(result.warnings, 12, "key 'labels'"));
  EXPECT_TRUE(has_finding(result.warnings, 13, "key 'vars'"));
}

TEST(Containerlab, WarnsAboutNetworkModesAndOpenVSwitch) {
  const ReadResult result = read(
      "topology:\n  nodes:\n    a: {network-mode: host}\n    b: {network-mode: bridge}\n    c: {kind: ovs-bridge}\n");
  EXPECT_EQ(result.warnings.size(), 2U);
  EXPECT_TRUE(has_finding(result.warnings, 3, "network-mode (1 node): ignored"));
  EXPECT_TRUE(has_finding(result.warnings, 5, "a Linux bridge is made instead"));
  EXPECT_EQ(result.topology.nodes.at(2).kind, NodeKind::bridge);
}

TEST(Containerlab, HostNodesAreAdopted) {
  const ReadResult named =
      read("topology:\n  nodes:\n    a:\n    h: {kind: host}\n  links:\n    - endpoints: [\"a:e\", \"h:e\"]\n");
  EXPECT_TRUE(is_clean(named.errors));
  EXPECT_TRUE(is_clean(named.warnings));
  ASSERT_EQ(named.topology.nodes.size(), 2U);
  EXPECT_FALSE(named.topology.nodes[0].adopted);
  EXPECT_TRUE(named.topology.nodes[1].adopted);
  const auto two = read("topology:\n  nodes:\n    a: {kind: host}\n    b: {kind: host}\n");
  EXPECT_TRUE(has_only(two.errors, 4, "node 'b': there can be only one node of kind 'host'"));
}

TEST(Containerlab, TheHostNeedsNoNode) {
  const ReadResult result = read(R"(topology:
  nodes:
    a:
  links:
    - endpoints: ["a:eth1", "host:a-eth1"]
    - type: host
      host-interface: a-eth2
      endpoint: {node: a, interface: eth2, mac: "02:00:00:00:00:04"}
)");
  EXPECT_TRUE(is_clean(result.errors));
  ASSERT_EQ(result.topology.nodes.size(), 2U);
  EXPECT_EQ(result.topology.nodes[1].name, "host");
  EXPECT_TRUE(result.topology.nodes[1].adopted);
  ASSERT_EQ(result.topology.links.size(), 2U);
  EXPECT_EQ(result.topology.links[1].ends[0].interface, "eth2");
  EXPECT_EQ(result.topology.links[1].ends[1].interface, "a-eth2");
  EXPECT_EQ(result.topology.links[1].ends[1].node, NodeId{1});
  EXPECT_EQ(read_topology(write_topology(result.topology), "x").topology.nodes[1].adopted, true);
}

TEST(Containerlab, RefusesBadLinksToTheHost) {
  const auto errors_of = [](const std::string& link) {
    return read("topology:\n  nodes:\n    a:\n  links:\n    - " + link + "\n").errors;
  };
  EXPECT_TRUE(
      has_only(errors_of("{type: host, endpoint: {node: a, interface: e}}"), 5, "needs the keys 'endpoint' and"));
  EXPECT_TRUE(has_only(errors_of("{type: host, host-interface: e}"), 5, "needs the keys 'endpoint' and"));
  EXPECT_TRUE(has_only(errors_of("{type: host, host-interface: e/f, endpoint: {node: a, interface: e}}"), 5,
                       "interface 'host:e/f'"));
}

/// All keys of a node in the schema of release 0.79, and the older ones that it still takes.
TEST(Containerlab, KnowsEveryKeyOfANode) {
  for (const std::string key : {"image",
                                "image-pull-policy",
                                "restart-policy",
                                "license",
                                "type",
                                "startup-config",
                                "startup-delay",
                                "enforce-startup-config",
                                "suppress-startup-config",
                                "auto-remove",
                                "binds",
                                "volumes",
                                "ports",
                                "env",
                                "credentials",
                                "env-files",
                                "user",
                                "hostname",
                                "entrypoint",
                                "cmd",
                                "labels",
                                "runtime",
                                "mgmt-ipv4",
                                "mgmt-ipv6",
                                "network-mode",
                                "link-apply-mode",
                                "cpu",
                                "memory",
                                "cpu-set",
                                "extras",
                                "config",
                                "stages",
                                "dns",
                                "certificate",
                                "healthcheck",
                                "components",
                                "aliases",
                                "shm-size",
                                "cap-add",
                                "privileged",
                                "cgroupns-mode",
                                "cgroup-parent",
                                "pid-mode",
                                "tmpfs",
                                "security-opts",
                                "sysctls",
                                "devices",
                                "username",
                                "password"}) {
    const ReadResult result = read("topology:\n  nodes:\n    a:\n      " + key + ": x\n");
    EXPECT_TRUE(is_clean(result.errors)) << key;
    EXPECT_EQ(result.warnings.size(), 1U) << key;
  }
}

TEST(Containerlab, StitchedLinksAreVethPairs) {
  const ReadResult result = read_links(
      "    - type: veth-stitch\n      labels: {a: b}\n      endpoints:\n        - {node: a, interface: e1}\n"
      "        - {node: b, interface: e1}\n");
  EXPECT_TRUE(is_clean(result.errors));
  EXPECT_EQ(result.topology.links.size(), 1U);
  EXPECT_TRUE(has_finding(result.warnings, 6, "link type 'veth-stitch' (1 of them)"));
}

TEST(Containerlab, AKeyInTheWrongPlaceIsToldItsPlace) {
  EXPECT_TRUE(has_only(read("topology:\n  nodes: {a: }\nlinks: []\n").errors, 3,
                       "unknown key 'links': it belongs under 'topology'"));
  EXPECT_TRUE(has_only(read("routing: default\ntopology:\n  nodes: {a: }\n").errors, 1, "it belongs under 'netherd'"));
  EXPECT_TRUE(has_only(read("topology:\n  name: x\n  nodes: {a: }\n").errors, 2, "it belongs to the top level"));
  EXPECT_TRUE(has_only(read_links("    - {endpoints: [\"a:e\", \"b:e\"], weight: 2}\n").errors, 6,
                       "it belongs under 'netherd' of the link"));
}

TEST(Containerlab, VariablesOfTheEnvironmentAreReplaced) {
  const Environment environment = [](std::string_view name) -> std::optional<std::string> {
    if (name == "MTU") return "9000";
    if (name == "EMPTY") return "";
    if (name == "NETHERD_NODE") return "other";
    return std::nullopt;
  };
  const std::string_view text = R"(name: lab-${KIND:=small}
topology:
  nodes:
    a:
      exec: ["$MTU ${MTU}", "${A:-x} ${A-y} ${EMPTY:-z} ${EMPTY-z}", "${MTU:+set} ${A+set}|", "$$MTU $${MTU} $$$$",
             "$A ${A} $? $1 $(id) $((1+2)) ${#A} ${A%x} $", "${A:-${B:-$MTU}}", "$NETHERD_NODE ${NETHERD_NODE:-x}"]
    b:
  links:
    - {endpoints: ["a:e", "b:e"], mtu: ${MTU:=1500}}
    - {endpoints: ["a:f", "b:f"], mtu: ${OTHER:=1400}}
)";
  const ReadResult result = read_topology(text, "x", std::nullopt, environment);
  ASSERT_TRUE(is_clean(result.errors));
  EXPECT_EQ(result.topology.name, "lab-small");
  EXPECT_EQ(result.topology.links.at(0).mtu, 9000U);
  EXPECT_EQ(result.topology.links.at(1).mtu, 1400U);
  EXPECT_EQ(result.topology.nodes.at(0).exec,
            (ExecList{"9000 9000", "x y z ", "set |", "$MTU ${MTU} $$", "$A ${A} $? $1 $(id) $((1+2)) ${#A} ${A%x} $",
                      "9000", "$NETHERD_NODE ${NETHERD_NODE:-x}"}));
  EXPECT_TRUE(has_finding(read("topology:\n  nodes:\n    ${WHO}:\n").errors, 3, "not set in the environment"));
}

TEST(Containerlab, AVariableWithALineEndOrTooMuchTextIsAnError) {
  const auto errors_with = [](std::string value, std::string_view text) {
    return read_topology(text, "x", std::nullopt, [&](std::string_view) { return std::optional{value}; }).errors;
  };
  EXPECT_TRUE(has_finding(errors_with("a\nb", "topology:\n  nodes:\n    $X:\n"), 3, "X has a line end in its value"));
  std::string many = "topology:\n  nodes:\n    a:\n#";
  for (int i = 0; i < 1'000; ++i) many += "$X ";
  EXPECT_TRUE(has_finding(errors_with(std::string(100'000, 'x'), many), 4, "add more than 16 MiB"));
}

TEST(Containerlab, VariablesOfCommandsAreReplacedForEachNode) {
  const ReadResult result = read(
      "name: lab\ntopology:\n  defaults:\n    exec: [\"cp __clabNodeDir__/c __clabDir__; echo __clabNodeName__ "
      "__clabLabName__ __x__\"]\n  nodes:\n    a:\n    b:\n",
      "dir/file.clab.yml");
  EXPECT_TRUE(is_clean(result.errors));
  EXPECT_TRUE(has_only(result.warnings, 4, "netherd makes no directory for a lab"));
  const Node& node = result.topology.nodes.at(1);
  EXPECT_EQ(replace_variables(*node.exec.begin(), result.topology, node),
            "cp dir/clab-lab/b/c dir/clab-lab; echo b clab-lab __x__");
}

/// A list of 50 KB for each of 3,000 nodes would be 150 MB.
TEST(Containerlab, InheritedCommandsAreShared) {
  const std::string line(25'000, 'x');
  std::string text = "topology:\n  defaults: {exec: [" + line + "]}\n  kinds:\n    k: {exec: [" + line + "]}\n";
  text += "  groups:\n    g: {exec: &own [" + line + "]}\n  nodes:\n    n0: {kind: k, group: g, exec: *own}\n";
  for (int i = 1; i < 3'000; ++i) text += "    n" + std::to_string(i) + ": {kind: k, group: g, exec: *own}\n";
  const ReadResult result = read(text);
  ASSERT_TRUE(is_clean(result.errors));
  const auto& first = result.topology.nodes.front().exec.parts();
  const auto& last = result.topology.nodes.back().exec.parts();
  ASSERT_EQ(first.size(), 4U);
  for (std::size_t i = 0; i < first.size(); ++i) EXPECT_EQ(first[i].lines, last[i].lines) << "one list, not two alike";
  const std::string written = write_topology(result.topology);
  EXPECT_LT(written.size(), 2 * text.size());
  const ReadResult again = read(written);
  ASSERT_TRUE(is_clean(again.errors));
  EXPECT_EQ(again.topology.nodes.back().exec, result.topology.nodes.back().exec);
  EXPECT_EQ(write_topology(again.topology), written);
}

/// Each line is an alias of one that is long: 10,000 times 50 KB.
TEST(Containerlab, CommandsThatAreAliasesShareTheirText) {
  std::string text = "topology:\n  nodes:\n    a:\n      exec:\n        - &line " + std::string(50'000, 'x') + "\n";
  for (int i = 0; i < 10'000; ++i) text += "        - *line\n";
  const ReadResult result = read(text);
  ASSERT_TRUE(is_clean(result.errors));
  const ExecList& exec = result.topology.nodes.at(0).exec;
  EXPECT_EQ(std::distance(exec.begin(), exec.end()), 10'001);
  EXPECT_EQ(exec.parts().front().lines->front(), exec.parts().front().lines->back());
  EXPECT_LT(write_topology(result.topology).size(), 3 * text.size());
}

TEST(Containerlab, MessagesAboutLongTextsAreShort) {
  const std::string name(100'000, 'x');
  std::string text = "topology:\n  nodes:\n    ? " + name + "\n    :\n    a: {kind: " + name + "}\n    b:\n  links:\n";
  text += "    - &link\n      endpoints: [\"b:" + name + "\", \"a:" + name + "\"]\n      ? " + name + "\n      : x\n";
  for (int i = 0; i < 200; ++i) text += "    - *link\n";
  const ReadResult result = read(text);
  EXPECT_EQ(result.errors.size(), 101U);
  for (const auto* findings : {&result.errors, &result.warnings}) {
    for (const Finding& finding : *findings) EXPECT_LE(finding.text.size(), 1'000U);
  }
  EXPECT_TRUE(has_finding(result.errors, 3, "xxx...': must be 1 to 128 letters")) << "the reason stays";
}

TEST(Containerlab, RefusesAnAddressWithoutALength) {
  const auto short_form = read_links("    - {endpoints: [\"a:e\", \"b:e\"], ipv4: [10.0.0.1, \"\"]}\n").errors;
  EXPECT_TRUE(has_only(short_form, 6, "ipv4 '10.0.0.1': has no prefix length, as in 10.0.0.1/24"));
  const auto long_form = read_links("    - endpoints: [{node: a, interface: e, ipv6: \"fd00::1\"}, \"b:e\"]\n").errors;
  EXPECT_TRUE(has_only(long_form, 6, "ipv6 'fd00::1': has no prefix length, as in fd00::1/64"));
}

TEST(Containerlab, RefusesACommandWithAZeroByte) {
  EXPECT_TRUE(has_only(read("topology:\n  nodes:\n    a: {exec: [\"a\\0b\"]}\n").errors, 3, "a zero byte"));
}

TEST(Containerlab, RefusesUnknownKeysWithASuggestion) {
  const auto errors = read(R"(nmae: x
topology:
  nodes:
    a: {imagee: x}
    b: {wholly-new: x}
  lnks: []
  links:
    - endpoints: ["a:eth1", "b:eth1"]
      mut: 9000
)")
                          .errors;
  EXPECT_EQ(errors.size(), 5U) << to_text(errors);
  EXPECT_TRUE(has_finding(errors, 1, "unknown key 'nmae'"));
  EXPECT_TRUE(has_finding(errors, 4, "a: unknown key 'imagee', did you mean 'image'?"));
  EXPECT_TRUE(has_finding(errors, 5, "b: unknown key 'wholly-new'"));
  EXPECT_TRUE(has_finding(errors, 6, "topology: unknown key 'lnks', did you mean 'links'?"));
  EXPECT_TRUE(has_finding(errors, 9, "link: unknown key 'mut'"));
}

TEST(Containerlab, ReadsPropertiesOfLinks) {
  const ReadResult result = read_links(R"(    - endpoints: ["a:eth1", "b:eth1"]
      type: veth
      mtu: 9000
      ipv4: [10.0.0.1/30, 10.0.0.2/30]
      ipv6: ["", "fd00::2/64"]
      netherd: {weight: 2.5}
)");
  ASSERT_TRUE(is_clean(result));
  const Link& link = result.topology.links.at(0);
  EXPECT_EQ(link.mtu, 9000U);
  EXPECT_EQ(link.weight, 2.5);
  EXPECT_EQ(link.ends[0].addresses, (std::vector{prefix("10.0.0.1/30")}));
  EXPECT_EQ(link.ends[1].addresses, (std::vector{prefix("10.0.0.2/30"), prefix("fd00::2/64")}));
}

TEST(Containerlab, ReadsTheLongFormOfLinks) {
  const ReadResult result = read_links(R"(    - type: veth
      endpoints:
        - node: a
          interface: eth1
          mac: 02:00:00:00:00:01
          ipv4: 10.0.0.1/30
          ipv6: [fd00::1/64, fd01::1/64]
        - {node: br, interface: port1}
)");
  ASSERT_TRUE(is_clean(result));
  const Link& link = result.topology.links.at(0);
  EXPECT_EQ(link.ends[0].mac, (ops::MacAddress{{2, 0, 0, 0, 0, 1}}));
  EXPECT_EQ(link.ends[0].addresses, (std::vector{prefix("10.0.0.1/30"), prefix("fd00::1/64"), prefix("fd01::1/64")}));
  EXPECT_EQ(link.ends[0].line, SourceLine{8});
  EXPECT_EQ(link.ends[1].interface, "port1");
}

TEST(Containerlab, RefusesLinksThatAreNotSupportedYet) {
  for (const std::string type : {"mgmt-net", "macvlan", "vxlan", "vxlan-stitch", "dummy"}) {
    const auto errors = read_links("    - type: " + type + "\n      endpoint: {node: a, interface: x}\n").errors;
    EXPECT_TRUE(has_only(errors, 6, "links of type '" + type + "' are not supported yet"));
  }
  EXPECT_TRUE(has_only(read_links("    - type: tunnel\n").errors, 6, "unknown link type 'tunnel'"));
  for (const std::string node : {"mgmt-net", "macvlan"}) {
    const auto errors = read_links("    - endpoints: [\"a:eth1\", \"" + node + ":x\"]\n").errors;
    EXPECT_TRUE(has_only(errors, 6, "links to '" + node + "' are not supported yet"));
  }
}

TEST(Containerlab, RefusesBadLinks) {
  const std::pair<std::string_view, std::string_view> bad[]{
      {"    - x\n", "link: must be a mapping"},
      {"    - {mtu: 1500}\n", "'endpoints' must be a list of two"},
      {"    - endpoints: [\"a:eth1\"]\n", "'endpoints' must be a list of two"},
      {"    - endpoints: [\"a:eth1\", \"b:eth1\", \"b:eth2\"]\n", "'endpoints' must be a list of two"},
      {"    - endpoints: [\"a:eth1\", \"c:eth1\"]\n", "endpoint 'c:eth1': there is no node of that name"},
      {"    - endpoints: [\"a:eth1\", \"b\"]\n", "endpoint 'b': must be NODE:INTERFACE"},
      {"    - endpoints: [\"a:eth1\", ]\n", "'endpoints' must be a list of two"},
      {"    - endpoints: [\"a:eth1\", ~]\n", "endpoint: is empty"},
      {"    - endpoints: [\"a:eth1\", [b]]\n", "endpoint: must be text"},
      {"    - endpoints: [\"a:eth1\", {node: b}]\n", "needs the keys 'node' and 'interface'"},
      {"    - endpoints: [\"a:eth1\", {node: b, interface: e, colour: red}]\n", "endpoint: unknown key 'colour'"},
      {"    - endpoints: [\"a:eth1\", {node: b, interface: e, mac: \"1:2\"}]\n", "mac '1:2': must be like"},
      {"    - endpoints: [\"a:eth1\", {node: b, interface: e, ipv4: \"fd00::1\"}]\n",
       "ipv4 'fd00::1': must be an address"},
      {"    - {endpoints: [\"a:eth1\", \"b:eth1\"], mtu: 9k}\n", "mtu '9k': must be a number of bytes"},
      {"    - {endpoints: [\"a:eth1\", \"b:eth1\"], mtu: 70000}\n", "mtu 70000: must be 68 to 65535"},
      {"    - {endpoints: [\"a:eth1\", \"b:eth1\"], mtu: [1]}\n", "mtu: must be text"},
      {"    - {endpoints: [\"a:eth1\", \"b:eth1\"], ipv4: 10.0.0.1/30}\n", "ipv4: must be a list"},
      {"    - {endpoints: [\"a:eth1\", \"b:eth1\"], ipv4: [10.0.0.1/33]}\n", "ipv4 '10.0.0.1/33': must be an address"},
      {"    - {endpoints: [\"a:eth1\", \"b:eth1\"], ipv4: [\"\", \"\", \"\"]}\n", "ipv4: a link has two ends"},
      {"    - {endpoints: [\"a:eth1\", \"b:eth1\"], netherd: {weight: heavy}}\n", "weight 'heavy': must be a number"},
      {"    - {endpoints: [\"a:eth1\", \"b:eth1\"], netherd: {weight: 0}}\n", "weight 0: must be"},
      {"    - {endpoints: [\"a:eth1\", \"b:eth1\"], netherd: {colour: red}}\n", "netherd: unknown key 'colour'"},
      {"    - endpoints: [\"a:eth1\", \"a:eth1\"]\n", "link from a:eth1 to itself"},
      {"    - endpoints: [\"a:0123456789abcdef\", \"b:eth1\"]\n", "interface 'a:0123456789abcdef'"},
      {"    - {endpoints: [\"a:e\", \"br:e\"], ipv4: [\"\", 10.0.0.1/30]}\n", "a port of a bridge has no address"},
  };
  for (const auto& [text, reason] : bad) EXPECT_TRUE(has_only(read_links(text).errors, 6, reason)) << text;
}

TEST(Containerlab, RefusesThingsOfTheWrongShape) {
  EXPECT_TRUE(has_only(read("topology: x\n").errors, 1, "topology: must be a mapping"));
  EXPECT_TRUE(has_only(read("topology:\n").errors, 1, "topology: is empty"));
  EXPECT_TRUE(has_only(read("topology: {nodes: [a]}\n").errors, 1, "nodes: must be a mapping"));
  EXPECT_TRUE(has_only(read("topology: {nodes: {}}\n").errors, 1, "there are no nodes"));
  EXPECT_TRUE(has_only(read("topology: {nodes: {a: x}}\n").errors, 1, "a: must be a mapping"));
  EXPECT_TRUE(has_only(read("topology: {nodes: {a: {exec: x}}}\n").errors, 1, "a.exec: must be a list"));
  EXPECT_TRUE(has_only(read("topology: {nodes: {a: {exec: [[x]]}}}\n").errors, 1, "a.exec: must be text"));
  EXPECT_TRUE(has_only(read("topology: {nodes: {a: {kind: [x]}}}\n").errors, 1, "a.kind: must be text"));
  EXPECT_TRUE(has_only(read("topology: {nodes: {a: }, links: x}\n").errors, 1, "links: must be a list"));
  EXPECT_TRUE(has_only(read("- a\n- b\n").errors, 1, "this is no topology file"));
  EXPECT_TRUE(has_only(read("just text\n").errors, 1, "this is no topology file"));
}

TEST(Containerlab, RefusesBadAndDoubleNodeNames) {
  EXPECT_TRUE(has_only(read("topology:\n  nodes:\n    a/b:\n").errors, 3, "node 'a/b': must be"));
  EXPECT_TRUE(has_only(read("topology:\n  nodes:\n    a:\n    a:\n").errors, 4, "key 'a': is in this mapping already"));
}

TEST(Containerlab, ReportsAllErrorsAtOnceByLine) {
  const auto errors = read(R"(name: -x
topology:
  nodes:
    a: {kindd: x}
    b:
  links:
    - endpoints: ["a:eth1", "c:eth1"]
    - endpoints: ["a:eth1", "b:eth1"]
    - endpoints: ["a:eth1", "b:eth2"]
      mtu: 5
)")
                          .errors;
  ASSERT_EQ(errors.size(), 5U) << to_text(errors);
  EXPECT_TRUE(has_finding(errors, 1, "name '-x'"));
  EXPECT_TRUE(has_finding(errors, 4, "kindd"));
  EXPECT_TRUE(has_finding(errors, 7, "c:eth1"));
  EXPECT_TRUE(has_finding(errors, 9, "interface a:eth1 has a link already (line 8)"));
  EXPECT_TRUE(has_finding(errors, 9, "mtu 5"));
  EXPECT_TRUE(std::ranges::is_sorted(errors, [](auto& x, auto& y) { return x.line < y.line; }));
}

TEST(Containerlab, SaysHowManyMoreErrorsThereAre) {
  std::string links;
  for (int i = 0; i < 150; ++i) links += "    - endpoints: [\"a:x\", \"c:x\"]\n";
  const auto errors = read_links(links).errors;
  ASSERT_EQ(errors.size(), 101U);
  EXPECT_EQ(errors.back().text, "and 50 errors more");
}

TEST(Containerlab, KnowsTemplates) {
  const std::string_view template_text =
      "name: x\ntopology:\n  nodes:\n    {{ range .nodes }}\n    {{ . }}:\n    {{ end }}\n";
  EXPECT_TRUE(has_finding(read(template_text).errors, 4, "template marker '{{'"));
  EXPECT_TRUE(has_finding(read("name: \"{{ .Name }}\"\ntopology: {nodes: {a: }}\n").errors, 1, "template marker"));
  EXPECT_TRUE(has_finding(read("topology:\n  nodes:\n    {% for n in nodes %}\n    a:\n    {% endfor %}\n").errors, 3,
                          "template marker '{%'"));
  EXPECT_TRUE(has_finding(read("topology:\n  nodes:\n    ${NAME}:\n").errors, 3, "template marker '${'"));
  EXPECT_TRUE(is_clean(read("topology:\n  nodes:\n    a:\n      exec: [\"docker ps --format '{{.ID}}'\"]\n")));
  EXPECT_TRUE(is_clean(read("# {{ not read }}\ntopology: {nodes: {a: }}\n")));
}

TEST(Containerlab, AnchorsAndMergeKeysWork) {
  const ReadResult result = read(R"(topology:
  nodes:
    a: &router
      exec: [one]
    b:
      <<: *router
    c: *router
)");
  ASSERT_TRUE(is_clean(result));
  for (const Node& node : result.topology.nodes) EXPECT_EQ(node.exec, ExecList{"one"});
}

TEST(Containerlab, ReadsALargeLabFast) {
  constexpr int nodes = 10'000;
  std::string text = "topology:\n  nodes:\n";
  for (int i = 0; i < nodes; ++i) text += "    n" + std::to_string(i) + ":\n";
  text += "  links:\n";
  for (int i = 0; i < nodes; ++i) {
    const std::string next = std::to_string((i + 1) % nodes);
    text += "    - endpoints: [\"n" + std::to_string(i) + ":a\", \"n" + next + ":b\"]\n";
    text += "    - endpoints: [\"n" + std::to_string(i) + ":c\", \"n" + next + ":d\"]\n";
  }
  const auto start = std::chrono::steady_clock::now();
  const ReadResult result = read(text);
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  ASSERT_TRUE(is_clean(result));
  EXPECT_EQ(result.topology.links.size(), 20'000U);
  EXPECT_LT(seconds.count(), 20) << "far above what it takes: only quadratic behaviour gets there";
}

}  // namespace
}  // namespace netherd::lab
