#include "node_order.hpp"

#include <algorithm>
#include <utility>

namespace netherd::lab {

namespace {

/// The neighbours of each node, those with few links first.
class Neighbours {
 public:
  Neighbours(const Topology& topology, const LinkEnds& ends) : starts_(topology.nodes.size() + 1) {
    by_link_count_.resize(topology.nodes.size());
    for (std::uint32_t i = 0; i < by_link_count_.size(); ++i) by_link_count_[i] = NodeId{i};
    const auto rank = [&](NodeId node) { return std::pair{ends.of(node).size(), node}; };
    std::ranges::sort(by_link_count_, [&](NodeId left, NodeId right) { return rank(left) < rank(right); });

    for (std::size_t i = 0; i + 1 < starts_.size(); ++i) {
      starts_[i + 1] = starts_[i] + ends.of(NodeId{static_cast<std::uint32_t>(i)}).size();
    }
    // Each node enters itself with its neighbours, in an order by link count: so their lists come out in that order.
    neighbours_.resize(starts_.back());
    std::vector<std::size_t> next{starts_.begin(), starts_.end() - 1};
    for (const NodeId node : by_link_count_) {
      for (const LinkEnd end : ends.of(node)) {
        const NodeId other = topology.link(end.link).ends[1U - end.end].node;
        neighbours_[next[position_of(other)]++] = node;
      }
    }
  }

  std::span<const NodeId> of(NodeId node) const {
    const std::size_t position = position_of(node);
    return std::span{neighbours_}.subspan(starts_[position], starts_[position + 1] - starts_[position]);
  }
  const std::vector<NodeId>& nodes_by_link_count() const { return by_link_count_; }

 private:
  std::vector<NodeId> by_link_count_;
  std::vector<std::size_t> starts_;
  std::vector<NodeId> neighbours_;
};

std::vector<NodeId> breadth_first_order(const Neighbours& neighbours) {
  std::vector<NodeId> order;
  order.reserve(neighbours.nodes_by_link_count().size());
  std::vector<bool> reached(neighbours.nodes_by_link_count().size());
  const auto reach = [&](NodeId node) {
    if (reached[position_of(node)]) return;
    reached[position_of(node)] = true;
    order.push_back(node);
  };
  std::size_t next = 0;
  for (const NodeId start : neighbours.nodes_by_link_count()) {
    reach(start);
    for (; next < order.size(); ++next) {
      for (const NodeId neighbour : neighbours.of(order[next])) reach(neighbour);
    }
  }
  return order;
}

std::vector<NodeId> depth_first_order(const Neighbours& neighbours) {
  struct Visit {
    NodeId node;
    std::size_t next_neighbour;
  };
  std::vector<NodeId> order;
  order.reserve(neighbours.nodes_by_link_count().size());
  std::vector<bool> reached(neighbours.nodes_by_link_count().size());
  std::vector<Visit> path;
  const auto enter = [&](NodeId node) {
    if (reached[position_of(node)]) return;
    reached[position_of(node)] = true;
    order.push_back(node);
    path.push_back({node, 0});
  };
  for (const NodeId start : neighbours.nodes_by_link_count()) {
    enter(start);
    while (!path.empty()) {
      Visit& visit = path.back();
      const auto of_node = neighbours.of(visit.node);
      if (visit.next_neighbour == of_node.size()) {
        path.pop_back();
      } else {
        enter(of_node[visit.next_neighbour++]);
      }
    }
  }
  return order;
}

}  // namespace

std::size_t most_unfinished(const Topology& topology, const LinkEnds& ends, const std::vector<NodeId>& order) {
  std::vector<std::size_t> links_missing(topology.nodes.size());
  std::vector<bool> created(topology.nodes.size());
  std::size_t unfinished = 0;
  std::size_t most = 0;
  for (const NodeId node : order) {
    created[position_of(node)] = true;
    links_missing[position_of(node)] = ends.of(node).size();
    ++unfinished;
    for (const LinkEnd end : ends.of(node)) {
      const NodeId other = topology.link(end.link).ends[1U - end.end].node;
      if (!created[position_of(other)]) continue;
      --links_missing[position_of(node)];
      if (other != node && --links_missing[position_of(other)] == 0) --unfinished;
    }
    if (links_missing[position_of(node)] == 0) --unfinished;
    most = std::max(most, unfinished);
  }
  return most;
}

std::vector<NodeId> choose_node_order(const Topology& topology, const LinkEnds& ends) {
  const Neighbours neighbours{topology, ends};
  std::vector<NodeId> breadth = breadth_first_order(neighbours);
  std::vector<NodeId> depth = depth_first_order(neighbours);
  const bool depth_is_better = most_unfinished(topology, ends, depth) < most_unfinished(topology, ends, breadth);
  return depth_is_better ? depth : breadth;
}

}  // namespace netherd::lab
