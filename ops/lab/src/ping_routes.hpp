#pragma once

#include <vector>

#include "netherd/lab/ping.hpp"
#include "probe_socket.hpp"

namespace netherd::lab {

/// How one link is probed: the method, and the addresses of both ends where it has any.
struct PingRoute {
  ProbeSocketKind kind = ProbeSocketKind::frame;
  std::array<ops::IpAddress, 2> addresses;
};

/// Entries that probes may take of the kernel's table of neighbours, per family.
struct NeighbourBudget {
  std::size_t ipv4 = 0;
  std::size_t ipv6 = 0;
};
/// Three quarters of what the machine has (net.ipv4.neigh.default.gc_thresh3, and the same of IPv6).
[[nodiscard]] NeighbourBudget neighbour_budget();

/// Chooses how each link is probed: by ICMP as far as the budget reaches, two entries per link.
[[nodiscard]] std::vector<PingRoute> choose_ping_routes(const Topology& topology, NeighbourBudget budget);

}  // namespace netherd::lab
