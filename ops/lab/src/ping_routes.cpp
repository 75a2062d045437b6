#include "ping_routes.hpp"

#include <optional>

namespace netherd::lab {

namespace {

constexpr std::size_t entries_per_link = 2;

/// The addresses of both ends that lie in one subnet of the family, if there are such. Between two interfaces of one
/// node there are none: what goes to an address of its own never leaves it.
std::optional<std::array<ops::IpAddress, 2>> find_addresses(const Link& link, bool ipv4) {
  if (link.ends[0].node == link.ends[1].node) return std::nullopt;
  for (const ops::IpPrefix& first : link.ends[0].addresses) {
    for (const ops::IpPrefix& second : link.ends[1].addresses) {
      if (first.is_v4() == ipv4 && second.is_v4() == ipv4 && first.network().contains(second.address)) {
        return std::array{first.address, second.address};
      }
    }
  }
  return std::nullopt;
}

bool take(std::size_t& budget) {
  if (budget < entries_per_link) return false;
  budget -= entries_per_link;
  return true;
}

}  // namespace

std::vector<PingRoute> choose_ping_routes(const Topology& topology, NeighbourBudget budget) {
  std::vector<PingRoute> routes(topology.links.size());
  for (std::size_t i = 0; i < routes.size(); ++i) {
    if (const auto ipv4 = find_addresses(topology.links[i], true); ipv4 && take(budget.ipv4)) {
      routes[i] = {ProbeSocketKind::icmp, *ipv4};
    } else if (const auto ipv6 = find_addresses(topology.links[i], false); ipv6 && take(budget.ipv6)) {
      routes[i] = {ProbeSocketKind::icmpv6, *ipv6};
    }
  }
  return routes;
}

}  // namespace netherd::lab
