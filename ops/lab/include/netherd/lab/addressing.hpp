#pragma once

#include <vector>

#include "netherd/lab/topology.hpp"

namespace netherd::lab {

/// A broadcast domain: the link between two hosts, or all links that bridges join. Its members share a subnet.
struct Segment {
  std::vector<LinkEnd> members;  ///< the interfaces of hosts (never of bridges) on it, in the order of the links
};

/// The segments of a topology, in the order of their first link; segments without a host are left out. Linear.
[[nodiscard]] std::vector<Segment> find_segments(const Topology& topology);

/// Gives every endpoint of a host that has no address of a family one from that family's pool, if there is one: one
/// subnet per segment, just large enough (a /30 for the two ends of a link; IPv6: always a /64), taken in order;
/// subnets that overlap addresses given in the file are skipped. A segment some of whose members have an address of the
/// family already has its others numbered from the same subnet. If routing is wanted but there is neither an address
/// nor a pool, the pools are 10.0.0.0/8 and fd6e:6574::/32.
///
/// Findings: a pool, or a given subnet, that is too small; an MTU too small for IPv6; a subnet that a host has on
/// another link too, or that overlaps one, because it was given at the other end. Time: n log n in the number of
/// links. Precondition: validate() found nothing.
[[nodiscard]] std::vector<Finding> assign_addresses(Topology& topology);

}  // namespace netherd::lab
