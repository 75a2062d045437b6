#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <random>
#include <set>

#include "lab_support.hpp"
#include "netherd/lab/plan.hpp"
#include "netherd/lab/reader.hpp"
#include "netherd/lab/routing.hpp"

namespace netherd::lab {
namespace {

/// What must hold for every topology, tried on random ones. What the code finds out cleverly is found out here in the
/// simplest way.

constexpr double infinite = std::numeric_limits<double>::infinity();

enum class Weights { all_one, by_link, by_host_on_bridges };

class RandomTopology {
 public:
  RandomTopology(unsigned seed, Weights weights) : random_{seed}, weights_{weights} {
    for (std::size_t i = 0; i < below(12) + 2; ++i) hosts_.push_back(builder_.host("h" + std::to_string(i)));
    add_bridges(below(4));
    for (std::size_t i = below(24) + 1; i > 0; --i) add_link();
    builder_.topology.options.routing = Routing::shortest_path;
    builder_.topology.options.ipv4_pool = prefix("10.0.0.0/16");
    if (below(2) == 0) builder_.topology.options.ipv6_pool = prefix("fd00::/48");
    give_some_addresses();
  }
  Topology topology() && { return std::move(builder_.topology); }

 private:
  std::size_t below(std::size_t bound) { return random_() % bound; }
  bool is_bridge(NodeId node) const { return builder_.topology.node(node).kind == NodeKind::bridge; }

  /// A forest: a loop of bridges is refused.
  void add_bridges(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      const NodeId bridge = builder_.bridge("b" + std::to_string(i));
      if (!bridges_.empty() && below(2) == 0) builder_.link(bridge, bridges_[below(bridges_.size())]);
      bridges_.push_back(bridge);
    }
  }

  void add_link() {
    const NodeId from = hosts_[below(hosts_.size())];
    const bool to_bridge = !bridges_.empty() && below(3) == 0;
    const NodeId to = to_bridge ? bridges_[below(bridges_.size())] : hosts_[below(hosts_.size())];
    Link& link = below(2) == 0 ? builder_.link(from, to) : builder_.link(to, from);
    if (weights_ == Weights::by_host_on_bridges || (weights_ == Weights::by_link && !to_bridge)) {
      link.weight = static_cast<double>(below(40) + 1) / 10;
    }
  }

  void give_some_addresses() {
    std::size_t number = 0;
    for (Link& link : builder_.topology.links) {
      if (is_bridge(link.ends[0].node) || is_bridge(link.ends[1].node) || below(5) != 0) continue;
      const std::string network = "10.0." + std::to_string(number++) + '.';  // inside the pool
      link.ends[0].addresses = {prefix(network + "1/24")};
      if (below(2) == 0) link.ends[1].addresses = {prefix(network + "9/24")};
    }
  }

  std::mt19937 random_;
  Weights weights_;
  TopologyBuilder builder_;
  std::vector<NodeId> hosts_;
  std::vector<NodeId> bridges_;
};

/// The interfaces of hosts with their addresses, and who can talk to whom, by trying everything.
class Network {
 public:
  struct Interface {
    NodeId node;
    LinkEnd at;
    ops::IpPrefix address;
    std::size_t segment;
    double weight;
  };

  explicit Network(const Topology& topology) : topology_{topology} {
    std::vector<std::size_t> segments(topology.links.size());
    for (std::size_t i = 0; i < segments.size(); ++i) segments[i] = i;
    for (bool changed = true; changed;) {  // links that meet in a bridge take the lower number
      changed = false;
      for (std::size_t i = 0; i < segments.size(); ++i) {
        for (std::size_t j = 0; j < segments.size(); ++j) {
          if (segments[j] < segments[i] && meet_in_a_bridge(i, j)) {
            segments[i] = segments[j];
            changed = true;
          }
        }
      }
    }
    for (std::uint32_t link = 0; link < topology.links.size(); ++link) {
      for (std::uint8_t end = 0; end < 2; ++end) {
        const Endpoint& at = topology.links[link].ends[end];
        for (const auto& address : at.addresses) {
          interfaces.push_back({at.node, {LinkId{link}, end}, address, segments[link], topology.links[link].weight});
        }
      }
    }
  }

  static bool are_neighbours(const Interface& left, const Interface& right) {
    return left.segment == right.segment && left.address.network() == right.address.network();
  }

  std::vector<Interface> interfaces;

 private:
  bool meet_in_a_bridge(std::size_t i, std::size_t j) const {
    for (const Endpoint& left : topology_.links[i].ends) {
      for (const Endpoint& right : topology_.links[j].ends) {
        if (left.node == right.node && topology_.node(left.node).kind == NodeKind::bridge) return true;
      }
    }
    return false;
  }

  const Topology& topology_;
};

/// Floyd and Warshall over the hosts of one family.
std::vector<std::vector<double>> distances(const Topology& topology, const Network& network, bool v4) {
  const std::size_t count = topology.nodes.size();
  std::vector<std::vector<double>> distance(count, std::vector<double>(count, infinite));
  for (std::size_t i = 0; i < count; ++i) distance[i][i] = 0;
  for (const auto& from : network.interfaces) {
    for (const auto& to : network.interfaces) {
      if (from.address.is_v4() != v4 || !Network::are_neighbours(from, to)) continue;
      double& known = distance[engine::value_of(from.node)][engine::value_of(to.node)];
      known = std::min(known, from.weight);
    }
  }
  for (std::size_t via = 0; via < count; ++via) {
    for (std::size_t from = 0; from < count; ++from) {
      for (std::size_t to = 0; to < count; ++to) {
        distance[from][to] = std::min(distance[from][to], distance[from][via] + distance[via][to]);
      }
    }
  }
  return distance;
}

struct Case {
  unsigned seed;
  Weights weights;
};

class EveryTopology : public testing::TestWithParam<Case> {
 protected:
  EveryTopology() : topology_{RandomTopology{GetParam().seed, GetParam().weights}.topology()} {}

  void SetUp() override {
    ASSERT_TRUE(is_clean(validate(topology_)));
    ASSERT_TRUE(is_clean(assign_addresses(topology_)));
    ASSERT_TRUE(is_clean(validate(topology_)));
  }

  Topology topology_;
};

TEST_P(EveryTopology, AddressesAreUniqueAndSubnetsDisjoint) {
  const Network network{topology_};
  std::set<ops::IpAddress> addresses;
  std::map<std::size_t, std::set<ops::IpPrefix>> subnets;
  for (const auto& interface : network.interfaces) {
    EXPECT_TRUE(addresses.insert(interface.address.address).second) << interface.address.to_string();
    subnets[interface.segment].insert(interface.address.network());
  }
  const std::size_t families = topology_.options.ipv6_pool ? 2 : 1;
  for (const auto& [segment, own] : subnets) {
    EXPECT_EQ(own.size(), families) << "all of a segment are in one subnet of each family";
    for (const auto& [other_segment, others] : subnets) {
      if (segment == other_segment) continue;
      for (const auto& subnet : own) {
        for (const auto& other : others) EXPECT_FALSE(subnet.overlaps(other)) << subnet.to_string();
      }
    }
  }
}

TEST_P(EveryTopology, EveryEndpointOfAHostHasAnAddressOfEachFamily) {
  const std::size_t families = topology_.options.ipv6_pool ? 2 : 1;
  for (const Link& link : topology_.links) {
    for (const Endpoint& end : link.ends) {
      EXPECT_EQ(end.addresses.size(), topology_.node(end.node).kind == NodeKind::host ? families : 0U);
    }
  }
}

class EveryRoute : public EveryTopology {
 protected:
  void SetUp() override {
    EveryTopology::SetUp();
    RouteComputer computer{topology_, find_segments(topology_)};
    for (std::uint32_t node = 0; node < topology_.nodes.size(); ++node) {
      const auto routes = computer.routes_of(NodeId{node});
      routes_.emplace_back(routes.begin(), routes.end());
      forwards_.push_back(computer.forwards_ipv4(NodeId{node}));
    }
    network_.emplace(topology_);
  }

  const Network::Interface* interface_in(std::size_t node, const ops::IpPrefix& subnet) const {
    const Network::Interface* best = nullptr;
    for (const auto& each : network_->interfaces) {
      if (engine::value_of(each.node) != node || each.address.network() != subnet) continue;
      if (!best || each.weight < best->weight) best = &each;
    }
    return best;
  }
  const PlannedRoute* route(std::size_t node, const ops::IpPrefix& subnet) const {
    for (const PlannedRoute& each : routes_[node]) {
      if (each.destination == subnet) return &each;
    }
    return nullptr;
  }
  std::set<ops::IpPrefix> subnets() const {
    std::set<ops::IpPrefix> all;
    for (const auto& each : network_->interfaces) all.insert(each.address.network());
    return all;
  }

  /// What the way from a node to a subnet costs if one follows the routes; infinite if that leads nowhere.
  double cost_of_way(std::size_t node, const ops::IpPrefix& subnet) const {
    double cost = 0;
    for (std::size_t hops = 0; hops <= topology_.nodes.size(); ++hops) {
      if (const auto* interface = interface_in(node, subnet)) return cost + interface->weight;
      const PlannedRoute* next = route(node, subnet);
      if (!next) return infinite;
      cost += topology_.link(next->out.link).weight;
      node = owner_of(next->gateway);
    }
    ADD_FAILURE() << "the routes to " << subnet.to_string() << " go round in circles";
    return infinite;
  }
  std::size_t owner_of(const ops::IpAddress& address) const {
    for (const auto& each : network_->interfaces) {
      if (each.address.address == address) return engine::value_of(each.node);
    }
    ADD_FAILURE() << "nobody has " << address.to_string();
    return 0;
  }

  std::vector<std::vector<PlannedRoute>> routes_;
  std::vector<bool> forwards_;
  std::optional<Network> network_;
};

TEST_P(EveryRoute, LeadsToANeighbour) {
  for (std::size_t node = 0; node < routes_.size(); ++node) {
    for (const PlannedRoute& each : routes_[node]) {
      EXPECT_EQ(engine::value_of(topology_.endpoint(each.out).node), node);
      const bool reachable = std::ranges::any_of(network_->interfaces, [&](const auto& gateway) {
        return gateway.address.address == each.gateway && engine::value_of(gateway.node) != node &&
               std::ranges::any_of(network_->interfaces, [&](const auto& own) {
                 return own.at == each.out && Network::are_neighbours(own, gateway);
               });
      });
      EXPECT_TRUE(reachable) << topology_.nodes[node].name << ": " << each.destination.to_string();
    }
  }
}

TEST_P(EveryRoute, IsThereForEverySubnetThatCanBeReachedAndIsNotOnesOwn) {
  for (const bool v4 : {true, false}) {
    const auto distance = distances(topology_, *network_, v4);
    for (std::size_t node = 0; node < routes_.size(); ++node) {
      for (const auto& subnet : subnets()) {
        if (subnet.is_v4() != v4) continue;
        bool can_be_reached = false;
        for (const auto& each : network_->interfaces) {
          can_be_reached |= each.address.network() == subnet && distance[node][engine::value_of(each.node)] != infinite;
        }
        EXPECT_EQ(route(node, subnet) != nullptr, can_be_reached && !interface_in(node, subnet));
      }
    }
  }
}

TEST_P(EveryRoute, BringsPacketsToTheirSubnetByAShortestPath) {
  for (const bool v4 : {true, false}) {
    const auto distance = distances(topology_, *network_, v4);
    for (std::size_t node = 0; node < routes_.size(); ++node) {
      for (const PlannedRoute& each : routes_[node]) {
        if (each.destination.is_v4() != v4) continue;
        double shortest = infinite;
        for (const auto& to : network_->interfaces) {
          if (to.address.network() != each.destination) continue;
          shortest = std::min(shortest, distance[node][engine::value_of(to.node)] + to.weight);
        }
        const double cost = cost_of_way(node, each.destination);
        // A node that is in the subnet delivers by its own interface, even where a detour by another would cost less.
        if (GetParam().weights == Weights::by_host_on_bridges) {
          EXPECT_GE(cost, shortest - 1e-9);
          EXPECT_NE(cost, infinite);
        } else {
          EXPECT_NEAR(cost, shortest, 1e-9) << topology_.nodes[node].name << ": " << each.destination.to_string();
        }
      }
    }
  }
}

TEST_P(EveryRoute, GoesByANodeThatForwards) {
  std::vector<bool> needed(topology_.nodes.size());
  for (const auto& of_node : routes_) {
    for (const PlannedRoute& each : of_node) {
      if (each.gateway.is_v4()) needed[owner_of(each.gateway)] = true;
    }
  }
  EXPECT_EQ(forwards_, needed);
}

/// Checks each request against what the requests before it have made.
class CheckingSink : public RequestSink {
 public:
  CheckingSink(const Plan& plan, NodeId node) {
    const Topology& topology = plan.topology();
    known_[engine::InterfaceIndex::loopback] = topology.node(node).kind == NodeKind::bridge;  // needs none
    for (std::uint32_t id = 0; id < topology.links.size(); ++id) {
      const Plan::PlannedLink link = plan.link_request(LinkId{id});
      if (link.main_node == node) add(link.request.main.index, link.request.main_up, link.request.main_bridge);
      if (link.peer_node == node) add(link.request.peer.index, false, engine::InterfaceIndex::none);
    }
    plan.bridge_requests(node, *this);
    plan.configuration_requests(node, *this);
    for (const auto& [index, up] : known_) EXPECT_TRUE(up) << "interface " << engine::value_of(index) << " stays down";
    if (topology.node(node).kind == NodeKind::bridge) {
      EXPECT_EQ(enslaved_.size(), plan.link_count(node)) << "every port is in the bridge";
    }
  }

  void request(const ops::AddBridge& request, SourceLine) override { add(request.link.index, request.up, {}); }
  void request(const ops::SetLink& request, SourceLine) override {
    ASSERT_TRUE(known_.contains(request.index));
    if (request.up) known_[request.index] = *request.up;
    if (request.bridge) {
      EXPECT_TRUE(enslaved_.insert(request.index).second);
    }
  }
  void request(const ops::GetLink& request, SourceLine) override {
    ASSERT_TRUE(known_.contains(request.index));
    EXPECT_FALSE(known_[request.index]) << "a link that is up need not be looked at";
  }
  void request(const ops::AddAddress& request, SourceLine) override {
    ASSERT_TRUE(known_.contains(request.index));
    addresses_.emplace(request.index, request.address);
  }
  void request(const ops::AddRoute& request, SourceLine) override {
    ASSERT_TRUE(known_.contains(request.index));
    EXPECT_TRUE(known_[request.index]) << "a route by an interface that is down";
    const auto [first, last] = addresses_.equal_range(request.index);
    EXPECT_TRUE(std::any_of(first, last, [&](const auto& own) { return own.second.contains(request.gateway); }));
    EXPECT_TRUE(routes_.insert(request.destination).second) << "two routes to " << request.destination.to_string();
  }

 private:
  void add(engine::InterfaceIndex index, bool up, engine::InterfaceIndex bridge) {
    EXPECT_GE(engine::value_of(index), 2);
    EXPECT_TRUE(known_.emplace(index, up).second) << "index " << engine::value_of(index) << " is given out twice";
    if (bridge != engine::InterfaceIndex::none) enslaved_.insert(index);
  }

  std::map<engine::InterfaceIndex, bool> known_;  ///< with whether it is up
  std::set<engine::InterfaceIndex> enslaved_;
  std::multimap<engine::InterfaceIndex, ops::IpPrefix> addresses_;
  std::set<ops::IpPrefix> routes_;
};

TEST_P(EveryTopology, IsPlannedInAnOrderThatWorks) {
  const Plan plan{topology_};
  std::set<NodeId> nodes;
  std::set<LinkId> links;
  for (std::size_t position = 0; position < plan.node_order().size(); ++position) {
    EXPECT_TRUE(nodes.insert(plan.node_order()[position]).second);
    for (const LinkId link : plan.links_of_step(position)) {
      EXPECT_TRUE(links.insert(link).second);
      for (const Endpoint& end : topology_.link(link).ends) EXPECT_TRUE(nodes.contains(end.node));
    }
  }
  EXPECT_EQ(nodes.size(), topology_.nodes.size());
  EXPECT_EQ(links.size(), topology_.links.size());
  for (std::uint32_t node = 0; node < topology_.nodes.size(); ++node) CheckingSink{plan, NodeId{node}};
}

TEST_P(EveryTopology, SurvivesBeingWrittenAndRead) {
  const std::string text = write_topology(topology_);
  const ReadResult result = read_topology(text, "");
  ASSERT_TRUE(is_clean(result.errors));
  EXPECT_EQ(write_topology(result.topology), text);
}

std::vector<Case> cases() {
  std::vector<Case> all;
  for (unsigned seed = 0; seed < 100; ++seed) {
    for (const Weights weights : {Weights::all_one, Weights::by_link, Weights::by_host_on_bridges}) {
      all.push_back({seed, weights});
    }
  }
  return all;
}

std::string name_of(const testing::TestParamInfo<Case>& info) {
  constexpr std::string_view names[]{"AllOne", "ByLink", "ByHostOnBridges"};
  return std::string{names[static_cast<std::size_t>(info.param.weights)]} + std::to_string(info.param.seed);
}

INSTANTIATE_TEST_SUITE_P(Random, EveryTopology, testing::ValuesIn(cases()), name_of);
INSTANTIATE_TEST_SUITE_P(Random, EveryRoute, testing::ValuesIn(cases()), name_of);

}  // namespace
}  // namespace netherd::lab
