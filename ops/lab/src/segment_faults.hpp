#pragma once

#include "findings.hpp"
#include "netherd/lab/topology.hpp"

namespace netherd::lab {

/// What is wrong with the interfaces of a segment, beside one another:
///
/// - two have one Ethernet address, ports of bridges included: an error, because frames would go to either;
/// - one has an address that is the broadcast or network address of the other's subnet, which the kernel takes for no
///   host's: an error if its own subnet is within the other's, else a warning;
/// - one has addresses, but none that shares a subnet with an address of another. An error on a link between two nodes,
///   unless one of them has commands, which may add the routes that are needed; a warning there, at links to the host,
///   which may have other addresses, and on segments of several hosts, which may be several networks on one wire.
///
/// Addresses without a subnet (/32, /128) and link-local ones count nowhere. Time: n log n in the number of interfaces.
void find_segment_faults(const Topology& topology, FindingList& errors, FindingList& warnings);

}  // namespace netherd::lab
