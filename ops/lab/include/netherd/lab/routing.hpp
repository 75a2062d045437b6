#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "netherd/lab/addressing.hpp"
#include "netherd/lab/topology.hpp"

namespace netherd::lab {

enum class AddressFamily : std::uint8_t { ipv4, ipv6 };

/// A route as the topology knows it: by the endpoint it leaves through.
struct PlannedRoute {
  ops::IpPrefix destination;
  ops::IpAddress gateway;
  LinkEnd out;  ///< the endpoint of the node that the route leaves through
};

/// Computes the routes that a topology's options ask for, once its addresses are assigned.
///
/// Routing::default_route: one route per family, by the first link on which there is a neighbour of the family; on a
/// bridge the neighbour is the one whose link comes first.
///
/// Routing::shortest_path: a route to every subnet of the lab that the node is not in itself and that it can reach, for
/// each family by itself. A path costs the sum of the weights of the links by which its nodes leave, the last one's
/// link into the subnet included. Of equal paths the one by the first segment is taken (in the order of
/// find_segments()), then the one by the gateway whose link is lowest, so that the result depends on nothing but the
/// topology. Adopted nodes get no routes, and no path leads through them.
///
/// Memory is linear in the topology. Computing one node's routes takes time linear in the topology if all weights are
/// equal, else times a logarithm; the constructor does so once for every node. Not thread safe: there is one work
/// space. Lifetime: the topology must outlive the computer.
class RouteComputer {
 public:
  RouteComputer(const Topology& topology, const std::vector<Segment>& segments);
  ~RouteComputer();
  RouteComputer(RouteComputer&&) noexcept;
  RouteComputer& operator=(RouteComputer&&) noexcept;

  /// The routes of a node: IPv4 before IPv6, in the order of the destinations' first links. Valid until the next call.
  [[nodiscard]] std::span<const PlannedRoute> routes_of(NodeId node);
  /// The same for one family.
  [[nodiscard]] std::span<const PlannedRoute> routes_of(NodeId node, AddressFamily family);
  /// The node lies between others on some shortest path, and so has to forward. Never true of default routes: these
  /// lead nowhere by themselves, and a lab that wants them forwarded says so in its `exec` lists.
  [[nodiscard]] bool forwards_ipv4(NodeId node) const noexcept;
  [[nodiscard]] bool forwards_ipv6(NodeId node) const noexcept;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace netherd::lab
