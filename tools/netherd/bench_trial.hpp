#pragma once

#include <cstdint>
#include <string>

#include "netherd/lab/plan.hpp"
#include "netherd/lab/topology.hpp"

namespace netherd::tools {

/// What building and removing a lab once has taken.
struct Trial {
  lab::Plan::Counts counts;
  double build_seconds = 0;
  double return_seconds = 0;    ///< of the removal, until nothing can be reached by its name
  double quiesced_seconds = 0;  ///< and until the kernel has finished
  double kernel_bytes = 0;      ///< what the kernel's slab caches had in use for it when it was up
  std::string failure{};        ///< why there is nothing of all this; empty if there is
};

/// Builds the lab and removes it again. Preconditions: addresses are assigned; the process is in namespaces of its own
/// (private_namespaces.hpp).
[[nodiscard]] Trial try_lab(const lab::Topology& topology);

}  // namespace netherd::tools
