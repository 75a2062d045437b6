#pragma once

#include <string>
#include <vector>

#include "netherd/lab/machine.hpp"
#include "netherd/lab/registry.hpp"

namespace netherd::tools {

/// Directories that labs need and that cannot be written to, or not be made: /run/netherd and /run/netns.
[[nodiscard]] std::vector<lab::Shortage> find_unwritable(const lab::RegistryPaths& paths);

}  // namespace netherd::tools
