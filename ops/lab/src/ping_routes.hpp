#pragma once

#include <array>
#include <vector>

#include "neighbour_tables.hpp"
#include "netherd/lab/topology.hpp"
#include "probe_socket.hpp"

namespace netherd::lab {

/// How one link is probed: the method, and the addresses of both ends where it has any.
struct PingRoute {
  ProbeSocketKind kind = ProbeSocketKind::frame;
  std::array<ops::IpAddress, 2> addresses;
};

/// Chooses how each link is probed: by ICMP as far as the budget reaches, two entries per link.
[[nodiscard]] std::vector<PingRoute> choose_ping_routes(const Topology& topology, NeighbourBudget budget);

}  // namespace netherd::lab
