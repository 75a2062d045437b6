#include "netherd/lab/routing.hpp"

#include <optional>

#include "link_ends.hpp"
#include "shortest_paths.hpp"
#include "subnets.hpp"

namespace netherd::lab {

namespace {

/// The routes of one address family.
class FamilyRoutes {
 public:
  FamilyRoutes(const Topology& topology, const std::vector<Segment>& segments, AddressFamily family)
      : topology_{topology},
        subnets_{topology, segments, family},
        attached_to_(subnets_.count(), no_node),
        forwarding_(topology.nodes.size()) {
    if (topology.options.routing != Routing::shortest_path) return;
    paths_.emplace(topology, subnets_);
    find_forwarding_nodes();
  }

  void append_routes(NodeId node, std::vector<PlannedRoute>& routes) {
    if (topology_.node(node).adopted) return;
    switch (topology_.options.routing) {
      case Routing::none:
        break;
      case Routing::default_route:
        append_default_route(node, routes);
        break;
      case Routing::shortest_path:
        for_each_first_hop(node, [&](std::uint32_t subnet, FirstHop hop) {
          routes.push_back(
              {subnets_.prefix(subnet), subnets_.member(hop.gateway).address.address, subnets_.member(hop.own).at});
        });
        break;
    }
  }

  bool forwards(NodeId node) const noexcept { return forwarding_[position_of(node)]; }

 private:
  void append_default_route(NodeId node, std::vector<PlannedRoute>& routes) const {
    for (const MemberId own : subnets_.members_of(node)) {
      for (const SubnetMember& other : subnets_.members_in(subnets_.member(own).subnet)) {
        if (other.node == node) continue;
        routes.push_back({subnets_.default_prefix(), other.address.address, subnets_.member(own).at});
        return;
      }
    }
  }

  /// Calls `visit(subnet, first hop)` for each subnet that the node has to have a route to.
  template <typename Visitor>
  void for_each_first_hop(NodeId node, Visitor&& visit) {
    paths_->compute_from(node);
    for (const MemberId own : subnets_.members_of(node)) attached_to_[subnets_.member(own).subnet] = node;
    for (std::uint32_t subnet = 0; subnet < subnets_.count(); ++subnet) {
      if (subnets_.twin_before(subnet)) continue;
      const auto nearest = nearest_unattached(subnet, node);
      const auto hop = nearest ? paths_->first_hop_to(*nearest) : std::nullopt;
      if (hop) visit(subnet, *hop);
    }
  }

  /// Of several subnets with one prefix, which a file can give, the nearest one counts. The kernel itself adds a route
  /// to a subnet that the node is in.
  std::optional<std::uint32_t> nearest_unattached(std::uint32_t subnet, NodeId node) const {
    if (attached_to_[subnet] == node) return std::nullopt;
    std::uint32_t nearest = subnet;
    for (auto twin = subnets_.twin_after(subnet); twin; twin = subnets_.twin_after(*twin)) {
      if (attached_to_[*twin] == node) return std::nullopt;
      if (paths_->distance_to(*twin) < paths_->distance_to(nearest)) nearest = *twin;
    }
    return nearest;
  }

  void find_forwarding_nodes() {
    for (std::uint32_t position = 0; position < topology_.nodes.size(); ++position) {
      if (topology_.nodes[position].adopted) continue;
      for_each_first_hop(NodeId{position}, [&](std::uint32_t, FirstHop hop) {
        forwarding_[position_of(subnets_.member(hop.gateway).node)] = true;
      });
    }
  }

  static constexpr NodeId no_node{~std::uint32_t{0}};

  const Topology& topology_;
  Subnets subnets_;
  std::vector<NodeId> attached_to_;  ///< by subnet: the last node asked about that is in it
  std::optional<ShortestPaths> paths_;
  std::vector<bool> forwarding_;
};

}  // namespace

namespace {
const std::vector<Segment> no_segments;
}

struct RouteComputer::Impl {
  Impl(const Topology& topology, const std::vector<Segment>& segments)
      : ipv4{topology, segments, AddressFamily::ipv4}, ipv6{topology, segments, AddressFamily::ipv6} {}

  FamilyRoutes ipv4;
  FamilyRoutes ipv6;
  std::vector<PlannedRoute> routes;
};

RouteComputer::RouteComputer(const Topology& topology, const std::vector<Segment>& segments)
    : impl_{std::make_unique<Impl>(topology, topology.options.routing == Routing::none ? no_segments : segments)} {}
RouteComputer::~RouteComputer() = default;
RouteComputer::RouteComputer(RouteComputer&&) noexcept = default;
RouteComputer& RouteComputer::operator=(RouteComputer&&) noexcept = default;

std::span<const PlannedRoute> RouteComputer::routes_of(NodeId node) {
  impl_->routes.clear();
  impl_->ipv4.append_routes(node, impl_->routes);
  impl_->ipv6.append_routes(node, impl_->routes);
  return impl_->routes;
}

std::span<const PlannedRoute> RouteComputer::routes_of(NodeId node, AddressFamily family) {
  impl_->routes.clear();
  (family == AddressFamily::ipv4 ? impl_->ipv4 : impl_->ipv6).append_routes(node, impl_->routes);
  return impl_->routes;
}

bool RouteComputer::forwards_ipv4(NodeId node) const noexcept { return impl_->ipv4.forwards(node); }
bool RouteComputer::forwards_ipv6(NodeId node) const noexcept { return impl_->ipv6.forwards(node); }

}  // namespace netherd::lab
