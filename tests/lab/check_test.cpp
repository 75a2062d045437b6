#include "netherd/lab/check.hpp"

#include <linux/if.h>

#include "lab_support.hpp"
#include "netherd/lab/automatic_device.hpp"

namespace netherd::lab {
namespace {

ops::Link veth(std::string name, engine::InterfaceIndex index, engine::InterfaceIndex peer) {
  ops::Link link;
  link.name = std::move(name);
  link.kind = "veth";
  link.index = index;
  link.peer = peer;
  link.mtu = 1500;
  link.flags = std::uint32_t{IFF_UP} | std::uint32_t{IFF_LOWER_UP};
  link.ipv4_forwarding = false;
  link.ipv4.rp_filter = 0;
  return link;
}

ops::Link device(std::string name, std::string kind, int index) {
  ops::Link link;
  link.name = std::move(name);
  link.kind = std::move(kind);
  link.index = engine::InterfaceIndex{index};
  return link;
}

/// a - b - c, with routes.
class NodeChecks : public testing::Test {
 protected:
  NodeChecks() {
    a_ = builder_.host("a");
    b_ = builder_.host("b");
    const NodeId c = builder_.host("c");
    builder_.link(a_, b_);
    builder_.link(b_, c);
  }

  /// What `a` has when nothing is wrong.
  static NodeState state_of_a(const Plan& plan) {
    return {.links = {veth("eth1", plan.interface_index(LinkId{0}, 0), plan.interface_index(LinkId{0}, 1))},
            .addresses = {},
            .routes = {},
            .settings = {{.ipv4 = true, .forwarding = 0, .rp_filter = 0}, {.ipv4 = false, .forwarding = 0}}};
  }
  static std::vector<std::string> texts(const std::vector<Difference>& differences) {
    std::vector<std::string> texts;
    for (const Difference& difference : differences) texts.push_back(difference.text);
    return texts;
  }
  using Texts = std::vector<std::string>;

  TopologyBuilder builder_;
  NodeId a_{};
  NodeId b_{};
};

TEST_F(NodeChecks, IgnoreTheDevicesOfTunnelModules) {
  const Plan plan{builder_.topology};
  NodeState state = state_of_a(plan);
  int index = 2;
  for (const auto& [name, kind] : {std::pair{"tunl0", "ipip"},
                                   {"gre0", "gre"},
                                   {"gretap0", "gretap"},
                                   {"erspan0", "erspan"},
                                   {"ip_vti0", "vti"},
                                   {"sit0", "sit"},
                                   {"ip6tnl0", "ip6tnl"},
                                   {"ip6gre0", "ip6gre"},
                                   {"ip6_vti0", "vti6"}}) {
    state.links.push_back(device(name, kind, index++));
    EXPECT_FALSE(module_of_automatic_device(name).empty()) << name;
  }
  EXPECT_EQ(texts(NodeCheck{plan}.compare(a_, state)), Texts{});
}

TEST_F(NodeChecks, FindWhatIsOnlyCalledLikeThose) {
  const Plan plan{builder_.topology};
  NodeState state = state_of_a(plan);
  state.links.push_back(device("tunl0", "dummy", 2));
  state.links.push_back(device("tun1", "ipip", 3));
  state.links.push_back(device("sit0", "sit", 64 + 7));
  EXPECT_EQ(texts(NodeCheck{plan}.compare(a_, state)),
            (Texts{"a:tunl0: is no link of the topology", "a:tun1: is no link of the topology",
                   "a:sit0: is no link of the topology"}));
}

TEST_F(NodeChecks, FindForwardingAndFiltersThatNobodyHasAskedFor) {
  const Plan plan{builder_.topology};
  NodeState state = state_of_a(plan);
  state.links[0].ipv4_forwarding = true;
  state.links[0].ipv4.rp_filter = 2;
  state.settings[0].rp_filter = 1;
  state.settings[1].forwarding = 1;
  const Texts expected{"a: net.ipv4.conf.all.rp_filter is 1 instead of 0", "a: forwards IPv6, and no route needs it",
                       "a:eth1: forwards IPv4, and no route needs it", "a:eth1: rp_filter is 2 instead of 0"};
  EXPECT_EQ(texts(NodeCheck{plan}.compare(a_, state)), expected);
  builder_.topology.nodes[0].exec = {"sysctl -w net.ipv4.ip_forward=1"};
  EXPECT_EQ(texts(NodeCheck{plan}.compare(a_, state)), Texts{}) << "its own commands may";
}

TEST_F(NodeChecks, FindForwardingThatIsMissing) {
  builder_.topology.options.routing = Routing::shortest_path;
  for (Link& link : builder_.topology.links) {
    const std::string net = &link == builder_.topology.links.data() ? "10.0.0." : "10.0.1.";
    for (const std::size_t end : {0U, 1U}) {
      link.ends[end].addresses = {prefix(net + std::to_string(end + 1) + "/24")};
    }
  }
  const Plan plan{builder_.topology};
  NodeState state;
  state.links = {veth("eth1", plan.interface_index(LinkId{0}, 1), plan.interface_index(LinkId{0}, 0)),
                 veth("eth2", plan.interface_index(LinkId{1}, 0), plan.interface_index(LinkId{1}, 1))};
  state.links[0].ipv4_forwarding = true;
  const auto found = texts(NodeCheck{plan}.compare(b_, state));
  EXPECT_NE(std::ranges::find(found, "b:eth2: does not forward IPv4"), found.end());
  EXPECT_EQ(std::ranges::find(found, "b:eth1: does not forward IPv4"), found.end());
}

TEST_F(NodeChecks, FindIpv6WhereThereShouldBeNone) {
  builder_.topology.options.ipv6 = false;
  const Plan plan{builder_.topology};
  NodeState state = state_of_a(plan);
  ops::Address link_local;
  link_local.index = state.links[0].index;
  link_local.address = prefix("fe80::1/64");
  state.addresses.push_back(link_local);
  EXPECT_EQ(texts(NodeCheck{plan}.compare(a_, state)), Texts{"a:eth1: address fe80::1/64 is not of the topology"});
}

}  // namespace
}  // namespace netherd::lab
