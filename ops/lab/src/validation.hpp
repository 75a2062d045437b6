#pragma once

#include "findings.hpp"
#include "netherd/lab/topology.hpp"

namespace netherd::lab {

/// What validate() finds, and what may be meant although it looks wrong.
void find_faults(const Topology& topology, FindingList& errors, FindingList& warnings);

}  // namespace netherd::lab
