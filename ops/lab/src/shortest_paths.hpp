#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "subnets.hpp"

namespace netherd::lab {

/// How a path starts: by one's own membership, and the member it goes to, which is one's own again if the subnet is
/// one's own. Ordered by preference: the first subnet, then the lowest gateway.
struct FirstHop {
  MemberId own{};
  MemberId gateway{};
  friend auto operator<=>(const FirstHop&, const FirstHop&) = default;
};

/// Shortest paths from one node to all subnets.
///
/// Nodes and subnets alternate on a path: to enter a subnet costs the weight of the link that the node enters it by,
/// to leave it costs nothing. So a subnet of any size takes time and memory in proportion to its members only.
///
/// Weights are counted in millionths, as integers: sums of floating-point numbers depend on the order of addition, and
/// nodes that disagree about the length of a path by a rounding error might send packets round in circles.
class ShortestPaths {
 public:
  using Distance = std::uint64_t;
  static constexpr Distance unreachable = ~Distance{0};

  ShortestPaths(const Topology& topology, const Subnets& subnets);

  /// The answers below are about this node from now on.
  void compute_from(NodeId source);
  [[nodiscard]] Distance distance_to(std::uint32_t subnet) const noexcept { return subnet_states_[subnet].distance; }
  /// Nothing if the subnet cannot be reached.
  [[nodiscard]] std::optional<FirstHop> first_hop_to(std::uint32_t subnet) const noexcept;

 private:
  struct State {
    Distance distance = unreachable;
    FirstHop first_hop;
  };
  struct QueueEntry {
    Distance distance;
    std::uint32_t vertex;  ///< a subnet, or number of subnets + node: subnets come first among equal distances
    friend auto operator<=>(const QueueEntry&, const QueueEntry&) = default;
  };

  void breadth_first();
  void by_weight();
  /// Both return true if this is the first path, or a shorter one, to what it leads to.
  bool enter_subnet(NodeId node, MemberId by);
  bool leave_subnet(std::uint32_t subnet, MemberId to);
  /// Paths go on from here: from where they start, and through any node that is the lab's own.
  bool leads_on(NodeId node) const { return node == source_ || !topology_.node(node).adopted; }
  static bool improve(State& state, Distance distance, FirstHop first_hop);
  void push(Distance distance, std::size_t vertex);
  QueueEntry pop();

  const Topology& topology_;
  const Subnets& subnets_;
  NodeId source_{};
  bool equal_weights_;
  std::vector<Distance> weights_;  ///< by member
  std::vector<State> node_states_;
  std::vector<State> subnet_states_;
  std::vector<std::uint32_t> nodes_now_;  ///< breadth first: the nodes and subnets at the current distance
  std::vector<std::uint32_t> subnets_now_;
  std::vector<QueueEntry> queue_;
};

}  // namespace netherd::lab
