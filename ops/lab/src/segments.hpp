#pragma once

#include <cstdint>
#include <vector>

#include "netherd/lab/topology.hpp"

namespace netherd::lab {

/// By link: a number that links have in common which are on one segment, because bridges join them.
[[nodiscard]] std::vector<std::uint32_t> segments_of_links(const Topology& topology);

}  // namespace netherd::lab
