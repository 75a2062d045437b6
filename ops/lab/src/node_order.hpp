#pragma once

#include <vector>

#include "link_ends.hpp"
#include "netherd/lab/topology.hpp"

namespace netherd::lab {

/// An order of all nodes in which few are unfinished at a time: created, but with a neighbour that is not. Linear time.
///
/// The best such order is hard to find. Breadth first does well on rings, grids and meshes, depth first on stars and
/// trees; both are tried, and the better one is taken.
[[nodiscard]] std::vector<NodeId> choose_node_order(const Topology& topology, const LinkEnds& ends);

/// How many nodes are unfinished at the worst moment of an order.
[[nodiscard]] std::size_t most_unfinished(const Topology& topology, const LinkEnds& ends,
                                          const std::vector<NodeId>& order);

}  // namespace netherd::lab
