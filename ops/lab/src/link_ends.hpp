#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "netherd/lab/topology.hpp"

namespace netherd::lab {

[[nodiscard]] constexpr std::size_t position_of(NodeId id) noexcept { return engine::value_of(id); }
[[nodiscard]] constexpr std::size_t position_of(LinkId id) noexcept { return engine::value_of(id); }

/// The ends of links at each node, in the order of the links.
class LinkEnds {
 public:
  explicit LinkEnds(const Topology& topology);

  [[nodiscard]] std::span<const LinkEnd> of(NodeId node) const noexcept {
    const std::size_t position = position_of(node);
    return std::span{ends_}.subspan(starts_[position], starts_[position + 1] - starts_[position]);
  }

 private:
  std::vector<std::uint32_t> starts_;  ///< where each node's ends start in ends_; one more than there are nodes
  std::vector<LinkEnd> ends_;
};

/// Calls `visit(LinkEnd)` for both ends of every link, in order.
template <typename Visitor>
void for_each_end(const Topology& topology, Visitor&& visit) {
  for (std::uint32_t link = 0; link < topology.links.size(); ++link) {
    visit(LinkEnd{LinkId{link}, 0});
    visit(LinkEnd{LinkId{link}, 1});
  }
}

}  // namespace netherd::lab
