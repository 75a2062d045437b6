#include "link_ends.hpp"

#include <numeric>

namespace netherd::lab {

LinkEnds::LinkEnds(const Topology& topology) : starts_(topology.nodes.size() + 1), ends_(topology.links.size() * 2) {
  const auto node_of = [&](LinkEnd end) { return position_of(topology.endpoint(end).node); };
  for_each_end(topology, [&](LinkEnd end) { ++starts_[node_of(end) + 1]; });
  std::partial_sum(starts_.begin(), starts_.end(), starts_.begin());

  std::vector<std::uint32_t> next{starts_.begin(), starts_.end() - 1};
  for_each_end(topology, [&](LinkEnd end) { ends_[next[node_of(end)]++] = end; });
}

}  // namespace netherd::lab
