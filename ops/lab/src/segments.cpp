#include "segments.hpp"

#include <algorithm>
#include <optional>

#include "disjoint_sets.hpp"
#include "link_ends.hpp"
#include "netherd/lab/addressing.hpp"

namespace netherd::lab {

namespace {

/// The bridge at one of a link's ends, if there is one.
std::optional<std::size_t> bridge_of(const Topology& topology, const Link& link) {
  for (const Endpoint& end : link.ends) {
    if (topology.node(end.node).kind == NodeKind::bridge) return position_of(end.node);
  }
  return std::nullopt;
}

DisjointSets join_bridges(const Topology& topology) {
  DisjointSets bridges{topology.nodes.size()};
  for (const Link& link : topology.links) {
    const auto is_bridge = [&](const Endpoint& end) { return topology.node(end.node).kind == NodeKind::bridge; };
    if (is_bridge(link.ends[0]) && is_bridge(link.ends[1])) {
      bridges.join(position_of(link.ends[0].node), position_of(link.ends[1].node));
    }
  }
  return bridges;
}

}  // namespace

std::vector<std::uint32_t> segments_of_links(const Topology& topology) {
  DisjointSets bridges = join_bridges(topology);
  std::vector<std::optional<std::uint32_t>> segment_of_bridge(topology.nodes.size());
  std::vector<std::uint32_t> segments;
  segments.reserve(topology.links.size());
  std::uint32_t count = 0;
  for (const Link& link : topology.links) {
    std::uint32_t segment = count;
    if (const auto bridge = bridge_of(topology, link)) {
      auto& known = segment_of_bridge[bridges.representative(*bridge)];
      if (!known) known = segment;
      segment = *known;
    }
    if (segment == count) ++count;
    segments.push_back(segment);
  }
  return segments;
}

std::vector<Segment> find_segments(const Topology& topology) {
  const std::vector<std::uint32_t> numbers = segments_of_links(topology);
  std::vector<Segment> segments(numbers.empty() ? 0 : std::ranges::max(numbers) + 1);
  for (std::uint32_t position = 0; position < topology.links.size(); ++position) {
    const Link& link = topology.links[position];
    for (std::uint8_t end = 0; end < 2; ++end) {
      if (topology.node(link.ends[end].node).kind == NodeKind::host) {
        segments[numbers[position]].members.push_back({LinkId{position}, end});
      }
    }
  }
  std::erase_if(segments, [](const Segment& segment) { return segment.members.empty(); });
  return segments;
}

}  // namespace netherd::lab
