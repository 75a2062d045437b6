#pragma once

#include "findings.hpp"
#include "netherd/lab/topology.hpp"

namespace netherd::lab {

/// Subnets that a host could not tell apart: two of its interfaces, on different segments, have addresses whose subnets
/// overlap, so that half of the neighbours would be looked for on the wrong link. One finding for each such address, at
/// the one whose link comes later.
///
/// Addresses without a subnet (/32 and /128, as unnumbered links have them) and link-local ones overlap with nothing.
/// Time: n log n in the number of addresses.
void find_overlaps(const Topology& topology, FindingList& errors);

}  // namespace netherd::lab
