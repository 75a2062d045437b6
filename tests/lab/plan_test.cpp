#include "netherd/lab/plan.hpp"

#include <algorithm>

#include "lab_support.hpp"
#include "netherd/lab/generate.hpp"
#include "netherd/lab/host_indexes.hpp"

namespace netherd::lab {
namespace {

using engine::InterfaceIndex;

/// Writes down what it gets.
class RecordingSink : public RequestSink {
 public:
  void request(const ops::AddBridge& request, SourceLine line) override { record(request.describe(), line); }
  void request(const ops::SetLink& request, SourceLine line) override { record(request.describe(), line); }
  void request(const ops::AddAddress& request, SourceLine line) override { record(request.describe(), line); }
  void request(const ops::AddRoute& request, SourceLine line) override { record(request.describe(), line); }
  void request(const ops::GetLink& request, SourceLine) override { questions.push_back(request.describe()); }

  std::vector<std::string> commands;
  std::vector<SourceLine> lines;
  std::vector<std::string> questions;

 private:
  void record(std::string command, SourceLine line) {
    commands.push_back(std::move(command));
    lines.push_back(line);
  }
};

std::vector<std::string> configuration(const Plan& plan, NodeId node) {
  RecordingSink sink;
  plan.configuration_requests(node, sink);
  return sink.commands;
}

using Commands = std::vector<std::string>;

TEST(Plan, NamesNamespacesAfterLabAndNode) {
  TopologyBuilder builder;
  const NodeId a = builder.host("a");
  EXPECT_EQ(Plan{builder.topology}.netns_name(a), "lab-a");
}

TEST(Plan, NumbersInterfacesInTheOrderOfTheLinks) {
  TopologyBuilder builder;
  const NodeId a = builder.host("a");
  const NodeId b = builder.host("b");
  const NodeId bridge = builder.bridge("br");
  builder.link(a, b);
  builder.link(bridge, b);
  builder.link(a, bridge);
  const Plan plan{builder.topology};
  EXPECT_EQ(plan.interface_index(LinkId{0}, 0), InterfaceIndex{64});
  EXPECT_EQ(plan.interface_index(LinkId{0}, 1), InterfaceIndex{65}) << "never that of the other end";
  EXPECT_EQ(plan.interface_index(LinkId{1}, 0), InterfaceIndex{65}) << "the bridge itself is 64";
  EXPECT_EQ(plan.interface_index(LinkId{1}, 1), InterfaceIndex{66});
  EXPECT_EQ(plan.interface_index(LinkId{2}, 0), InterfaceIndex{65});
  EXPECT_EQ(plan.interface_index(LinkId{2}, 1), InterfaceIndex{66});
}

/// Nine modules of tunnels give each namespace a device, and then there is room for some that a user makes.
TEST(Plan, LeavesTheLowIndexesToTheKernel) {
  TopologyBuilder builder;
  const NodeId bridge = builder.bridge("br");
  for (const char* name : {"a", "b", "c"}) builder.link(bridge, builder.host(name));
  const Plan plan{builder.topology};
  for (std::uint32_t link = 0; link < 3; ++link) {
    for (const std::uint8_t end : {std::uint8_t{0}, std::uint8_t{1}}) {
      EXPECT_GE(engine::value_of(plan.interface_index(LinkId{link}, end)), 64);
    }
  }
}

TEST(Plan, CreatesEachLinkAtTheNodeThatComesLater) {
  TopologyBuilder builder;
  const NodeId a = builder.host("a");
  const NodeId b = builder.host("b");
  builder.link(a, b);
  const Plan plan{builder.topology};
  ASSERT_EQ(plan.node_order().size(), 2U);
  EXPECT_TRUE(plan.links_of_step(0).empty());
  ASSERT_EQ(plan.links_of_step(1).size(), 1U);
  EXPECT_EQ(plan.links_of_step(1)[0], LinkId{0});
  EXPECT_EQ(plan.link_count(a), 1U);

  const Plan::PlannedLink link = plan.link_request(LinkId{0});
  EXPECT_EQ(link.main_node, plan.node_order()[1]);
  EXPECT_EQ(link.peer_node, plan.node_order()[0]);
  EXPECT_TRUE(link.request.main_up);
  EXPECT_EQ(link.request.main_bridge, InterfaceIndex::none);
  EXPECT_EQ(link.request.main.netns.descriptor, -1);
}

TEST(Plan, LinkCarriesWhatTheTopologySays) {
  TopologyBuilder builder;
  const NodeId a = builder.host("a");
  Link& link = builder.link(a, builder.host("b"));
  link.mtu = 9000;
  link.ends[0].mac = ops::MacAddress{{2, 0, 0, 0, 0, 1}};
  const Plan plan{builder.topology};
  const Plan::PlannedLink planned = plan.link_request(LinkId{0});
  const auto& [of_a, of_b] = planned.main_node == a ? std::tie(planned.request.main, planned.request.peer)
                                                    : std::tie(planned.request.peer, planned.request.main);
  EXPECT_EQ(of_a.mtu, 9000U);
  EXPECT_EQ(of_b.mtu, 9000U);
  EXPECT_EQ(of_a.address, (ops::MacAddress{{2, 0, 0, 0, 0, 1}}));
  EXPECT_FALSE(of_b.address);
  EXPECT_EQ(of_a.netns.name, "lab-a");
}

TEST(Plan, PortOfABridgeIsTheMainEndAndBornInTheBridge) {
  TopologyBuilder builder;
  const NodeId bridge = builder.bridge("br");
  const NodeId a = builder.host("a");
  builder.link(bridge, a);
  builder.link(a, bridge);
  const Plan plan{builder.topology};
  for (const LinkId link : {LinkId{0}, LinkId{1}}) {
    const Plan::PlannedLink planned = plan.link_request(link);
    EXPECT_EQ(planned.main_node, bridge);
    EXPECT_EQ(planned.request.main_bridge, first_chosen_index);
    EXPECT_EQ(planned.request.main_bridge_name, "br0");
  }
}

TEST(Plan, HostIsConfiguredInAnOrderThatTheKernelAccepts) {
  TopologyBuilder builder;
  const NodeId a = builder.host("a");
  const NodeId b = builder.host("b");
  builder.link(a, "10.0.0.1/30", b, "10.0.0.2/30").ends[0].addresses.push_back(prefix("fd00::1/64"));
  builder.topology.links[0].ends[1].addresses.push_back(prefix("fd00::2/64"));
  builder.topology.options.routing = Routing::default_route;
  const Plan plan{builder.topology};
  ASSERT_EQ(plan.link_request(LinkId{0}).main_node, b);
  EXPECT_EQ(configuration(plan, a), (Commands{
                                        "ip -n lab-a link set lo up",
                                        "ip -n lab-a address add 10.0.0.1/30 dev eth1",
                                        "ip -n lab-a link set eth1 up",
                                        "ip -n lab-a address add fd00::1/64 dev eth1 nodad",
                                        "ip -n lab-a route add default via 10.0.0.2 dev eth1",
                                        "ip -n lab-a -6 route add default via fd00::2 dev eth1",
                                    }));
  EXPECT_EQ(configuration(plan, b)[1], "ip -n lab-b address add 10.0.0.2/30 dev eth1") << "the main end is up already";
}

TEST(Plan, ForwardingNodeForwardsOnAllItsInterfaces) {
  TopologyBuilder builder;
  const NodeId a = builder.host("a");
  const NodeId b = builder.host("b");
  const NodeId c = builder.host("c");
  builder.link(a, "10.0.0.1/30", b, "10.0.0.2/30");
  builder.link(b, "10.0.1.1/30", c, "10.0.1.2/30");
  builder.topology.options.routing = Routing::shortest_path;
  const Plan plan{builder.topology};
  const Commands commands = configuration(plan, b);
  for (const std::string interface : {"eth1", "eth2"}) {
    const std::string setting = "ip netns exec lab-b sysctl -qw net.ipv4.conf." + interface + ".forwarding=1";
    EXPECT_TRUE(std::ranges::any_of(commands, [&](const std::string& command) { return command.ends_with(setting); }));
  }
  EXPECT_TRUE(plan.settings(b).empty()) << "there is no IPv6";
}

TEST(Plan, SwitchesIpv6OffInEveryNamespaceOfItsOwn) {
  TopologyBuilder builder;
  const NodeId a = builder.host("a");
  const NodeId bridge = builder.bridge("b");
  const NodeId adopted = builder.host("c");
  builder.topology.nodes[static_cast<std::size_t>(adopted)].adopted = true;
  const auto setting_of = [&](NodeId node) -> std::string {
    const auto settings = Plan{builder.topology}.settings(node);
    return settings.empty() ? "" : settings.front().key + '=' + settings.front().value;
  };
  EXPECT_EQ(setting_of(a), "");
  builder.topology.options.ipv6 = false;
  EXPECT_EQ(setting_of(a), "net/ipv6/conf/all/disable_ipv6=1");
  EXPECT_EQ(setting_of(bridge), "net/ipv6/conf/all/disable_ipv6=1");
  EXPECT_EQ(setting_of(adopted), "") << "nothing in it is changed";
}

TEST(Plan, NumbersInterfacesAtTheHostFromTheGivenIndexOn) {
  TopologyBuilder builder;
  const NodeId host = builder.host("h");
  builder.topology.nodes[0].adopted = true;
  for (const char* name : {"a", "b"}) builder.link(host, builder.host(name));
  const Plan plan{builder.topology, InterfaceIndex{123 << 16}};
  EXPECT_EQ(plan.interface_index(LinkId{0}, 0), InterfaceIndex{123 << 16});
  EXPECT_EQ(plan.interface_index(LinkId{1}, 0), InterfaceIndex{(123 << 16) + 1});
  EXPECT_EQ(plan.interface_index(LinkId{0}, 1), first_chosen_index);
}

TEST(HostIndexes, OfDifferentLabsNeverOverlap) {
  constexpr std::uint32_t labs = 16'383;
  std::vector<std::int32_t> firsts;
  for (std::uint32_t device = 1; device <= labs; ++device) {
    firsts.push_back(engine::value_of(first_host_index_of(device)));
    EXPECT_EQ(firsts.back() % 65'536, 0);
    EXPECT_GE(firsts.back(), 65'536);
  }
  std::ranges::sort(firsts);
  EXPECT_EQ(std::ranges::adjacent_find(firsts), firsts.end());
}

TEST(Plan, StartsIpv6OfAHubBehindItsActivation) {
  Topology star = generate("star", {.nodes = 257}).value();
  star.options.ipv6_pool = prefix("fd00::/32");
  ASSERT_TRUE(is_clean(assign_addresses(star)));
  constexpr NodeId hub{0};
  constexpr NodeId leaf{1};
  const auto value_in = [](const std::vector<ops::KernelSetting>& settings) {
    return settings.size() == 1 && settings[0].key == "net/ipv6/conf/all/disable_ipv6" ? settings[0].value : "";
  };
  {
    const Plan plan{star};
    EXPECT_EQ(value_in(plan.settings(hub)), "1");
    EXPECT_EQ(value_in(plan.late_settings(hub)), "0");
    EXPECT_TRUE(plan.settings(leaf).empty());
    EXPECT_TRUE(plan.late_settings(leaf).empty());
    const auto addresses = [&](NodeId node, Stage stage) {
      RecordingSink sink;
      plan.configuration_requests(node, stage, sink);
      return std::ranges::count_if(sink.commands, [](const std::string& command) {
        return command.find("address add fd00") != std::string::npos;
      });
    };
    EXPECT_EQ(addresses(hub, Stage::activation), 0);
    EXPECT_EQ(addresses(hub, Stage::late_ipv6), 256);
    EXPECT_EQ(addresses(leaf, Stage::activation), 1);
    EXPECT_EQ(addresses(leaf, Stage::late_ipv6), 0);
  }
  star.options.ipv6_pool.reset();
  star.options.ipv6 = false;
  EXPECT_TRUE(Plan{star}.late_settings(hub).empty()) << "it never starts";
  star.options.ipv6 = true;
  star.nodes[0].adopted = true;
  EXPECT_TRUE(Plan{star}.settings(hub).empty());
  EXPECT_TRUE(Plan{star}.late_settings(hub).empty()) << "nothing in it is changed";
}

TEST(Plan, AsksForTheLinksThatAreStillDownBeforeAnyGoesUp) {
  Topology ring = generate("ring", {.nodes = 3}).value();
  const Plan plan{ring};
  for (const NodeId node : plan.node_order()) {
    RecordingSink preparation;
    plan.configuration_requests(node, Stage::preparation, preparation);
    RecordingSink activation;
    plan.configuration_requests(node, Stage::activation, activation);
    EXPECT_TRUE(activation.questions.empty());
    ASSERT_EQ(preparation.questions.size(), activation.commands.size());
    for (std::size_t i = 0; i < preparation.questions.size(); ++i) {
      std::string goes_up = activation.commands[i];  // ip -n ring-n1 link set eth1 up
      goes_up.replace(goes_up.find("set"), 3, "show dev");
      EXPECT_EQ(preparation.questions[i] + " up", goes_up);
    }
  }
  EXPECT_EQ(plan.counts().requests, 3U + 3U + 3U) << "links, their ends that go up, lo: what changes something";
}

TEST(Plan, BridgeNeedsItsBridgeFirst) {
  TopologyBuilder builder;
  const NodeId bridge = builder.bridge("br");
  const NodeId a = builder.host("a");
  builder.topology.nodes[0].line = SourceLine{4};
  builder.link(bridge, a);
  const Plan plan{builder.topology};
  RecordingSink sink;
  plan.bridge_requests(bridge, sink);
  ASSERT_EQ(sink.commands.size(), 1U);
  EXPECT_TRUE(sink.commands[0].starts_with("ip -n lab-br link add br0 index 64 address 02:")) << sink.commands[0];
  EXPECT_EQ(sink.lines[0], SourceLine{4});
  EXPECT_EQ(configuration(plan, bridge), (Commands{"ip -n lab-br link set lo up", "ip -n lab-br link set br0 up"}));
  RecordingSink of_host;
  plan.bridge_requests(a, of_host);
  EXPECT_TRUE(of_host.commands.empty());
}

TEST(Plan, PeerEndOfALinkBetweenBridgesJoinsItsBridgeLater) {
  TopologyBuilder builder;
  const NodeId left = builder.bridge("left");
  const NodeId right = builder.bridge("right");
  builder.link(left, right);
  const Plan plan{builder.topology};
  const NodeId peer = plan.link_request(LinkId{0}).peer_node;
  const std::string netns{plan.netns_name(peer)};
  EXPECT_EQ(configuration(plan, peer),
            (Commands{"ip -n " + netns + " link set lo up", "ip -n " + netns + " link set eth1 master br0 up",
                      "ip -n " + netns + " link set br0 up"}));
}

TEST(Plan, BridgeAddressesAreStableAndDiffer) {
  TopologyBuilder builder;
  const NodeId left = builder.bridge("left");
  const NodeId right = builder.bridge("right");
  const auto address_of = [&](NodeId bridge) {
    RecordingSink sink;
    Plan{builder.topology}.bridge_requests(bridge, sink);
    return sink.commands.at(0).substr(sink.commands[0].find("address "));
  };
  EXPECT_EQ(address_of(left), address_of(left));
  EXPECT_NE(address_of(left), address_of(right));
}

TEST(Plan, RequestsKnowTheirLines) {
  TopologyBuilder builder;
  const NodeId a = builder.host("a");
  Link& link = builder.link(a, "10.0.0.1/30", builder.host("b"), "");
  builder.topology.nodes[0].line = SourceLine{3};
  link.ends[0].line = SourceLine{8};
  RecordingSink sink;
  Plan{builder.topology}.configuration_requests(a, sink);
  EXPECT_EQ(sink.lines, (std::vector<SourceLine>{SourceLine{3}, SourceLine{8}, SourceLine{8}}));
}

TEST(Plan, CountsWhatItTakes) {
  TopologyBuilder builder;
  const NodeId a = builder.host("a");
  const NodeId b = builder.host("b");
  const NodeId bridge = builder.bridge("br");
  builder.link(a, "10.0.0.1/30", b, "10.0.0.2/30");
  builder.link(a, bridge);
  builder.topology.options.routing = Routing::default_route;
  const Plan::Counts counts = Plan{builder.topology}.counts();
  EXPECT_EQ(counts.nodes, 3U);
  EXPECT_EQ(counts.links, 2U);
  EXPECT_EQ(counts.addresses, 2U);
  EXPECT_EQ(counts.routes, 2U);
  EXPECT_EQ(counts.requests, 1U /* bridge */ + 2U /* links */ + 1U /* bridge up */ + 3U /* lo */ + 2U /* peers up */ +
                                 2U /* addresses */ + 2U /* routes */);
}

TEST(Plan, OfALabWithoutLinksAndOfNothing) {
  TopologyBuilder builder;
  EXPECT_EQ(Plan{builder.topology}.counts().requests, 0U);
  builder.host("a");
  EXPECT_EQ(Plan{builder.topology}.counts().requests, 1U) << "lo";
}

TEST(Plan, CanBeMoved) {
  TopologyBuilder builder;
  const NodeId a = builder.host("a");
  Plan plan{builder.topology};
  const std::string_view name = plan.netns_name(a);
  const Plan moved{std::move(plan)};
  EXPECT_EQ(moved.netns_name(a).data(), name.data());
}

}  // namespace
}  // namespace netherd::lab
