#pragma once

#include <vector>

#include "netherd/lab/topology.hpp"

namespace netherd::lab {

/// Sorts findings by line; those of one line keep their order.
void sort_by_line(std::vector<Finding>& findings);

/// Moves more findings to the end.
void append(std::vector<Finding>& findings, std::vector<Finding> more);

}  // namespace netherd::lab
