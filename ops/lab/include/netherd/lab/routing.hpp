#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "netherd/lab/addressing.hpp"
#include "netherd/lab/topology.hpp"

namespace netherd::lab {

/// A route as the topology knows it: by the endpoint it leaves through.
struct PlannedRoute {
  ops::IpPrefix destination;
  ops::IpAddress gateway;
  LinkId link{};          ///< leaves through this link of the node ...
  std::uint8_t end = 0;   ///< ... by this end of it
};

/// Computes the routes of a topology whose addresses are assigned.
///
/// Shortest paths go by the sum of the links' weights (1 each: hop count); equal paths are settled by the lowest link,
/// so that the result does not depend on anything but the topology. Memory is linear in the topology; computing one
/// node's routes takes O(links log nodes). Not thread safe (it keeps its work space).
class RouteComputer {
 public:
  RouteComputer(const Topology& topology, const std::vector<Segment>& segments);
  ~RouteComputer();

  /// Calls `visit` for each route of the node, in the order of the destinations' segments; IPv4 before IPv6.
  void routes_of(NodeId node, const std::function<void(const PlannedRoute&)>& visit);
  /// The node lies between two others on some path: it has to forward.
  [[nodiscard]] bool forwards(NodeId node) const noexcept;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace netherd::lab
