#pragma once

#include <vector>

#include "netherd/lab/topology.hpp"

namespace netherd::lab {

/// A broadcast domain: the link between two hosts, or all links that bridges join. Its members share a subnet.
struct Segment {
  /// An interface of a host (never of a bridge) on this segment.
  struct Member {
    LinkId link{};
    std::uint8_t end = 0;  ///< 0 or 1: which end of the link
  };
  std::vector<Member> members;  ///< in the order of the links
};

/// The segments of a topology, in the order of their first link; segments without a host are left out.
[[nodiscard]] std::vector<Segment> find_segments(const Topology& topology);

/// Gives every endpoint of a host that has no address of a family one from that family's pool: one subnet per segment,
/// just large enough (a /30 for the two ends of a link; IPv6: always a /64), taken in order; subnets that overlap
/// addresses given in the file are skipped. A segment some of whose members have an address of the family already has
/// its others numbered from the same subnet. If routing is wanted but there is neither an address nor a pool, the
/// pools are 10.0.0.0/8 and fd6e:6574::/32. Findings: a pool, or a given subnet, that is too small.
/// Linear in the size of the topology (times a logarithm).
[[nodiscard]] std::vector<Finding> assign_addresses(Topology& topology);

}  // namespace netherd::lab
