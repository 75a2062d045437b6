#include "shortest_paths.hpp"

#include <algorithm>
#include <cmath>
#include <functional>

namespace netherd::lab {

namespace {

constexpr double weight_units = 1'000'000;

ShortestPaths::Distance distance_of(double weight) {
  return std::max<ShortestPaths::Distance>(1,
                                           static_cast<ShortestPaths::Distance>(std::llround(weight * weight_units)));
}

}  // namespace

ShortestPaths::ShortestPaths(const Topology& topology, const Subnets& subnets)
    : topology_{topology}, subnets_{subnets}, node_states_(topology.nodes.size()), subnet_states_(subnets.count()) {
  weights_.reserve(subnets.member_count());
  for (std::uint32_t id = 0; id < subnets.member_count(); ++id) {
    weights_.push_back(distance_of(topology.link(subnets.member(MemberId{id}).at.link).weight));
  }
  equal_weights_ = std::ranges::adjacent_find(weights_, std::not_equal_to<>{}) == weights_.end();
}

std::optional<FirstHop> ShortestPaths::first_hop_to(std::uint32_t subnet) const noexcept {
  const State& state = subnet_states_[subnet];
  return state.distance == unreachable ? std::nullopt : std::optional{state.first_hop};
}

void ShortestPaths::compute_from(NodeId source) {
  source_ = source;
  std::ranges::fill(node_states_, State{});
  std::ranges::fill(subnet_states_, State{});
  node_states_[position_of(source)].distance = 0;
  equal_weights_ ? breadth_first() : by_weight();
}

/// Whatever leads to a vertex by a shortest path lies nearer than the vertex itself, or is a subnet at the distance of
/// the node behind it. It is complete before the vertex is looked at, so that the best first hop is known by then.
void ShortestPaths::breadth_first() {
  nodes_now_.assign(1, static_cast<std::uint32_t>(position_of(source_)));
  while (!nodes_now_.empty()) {
    subnets_now_.clear();
    for (const std::uint32_t node : nodes_now_) {
      if (!leads_on(NodeId{node})) continue;
      for (const MemberId by : subnets_.members_of(NodeId{node})) {
        if (enter_subnet(NodeId{node}, by)) subnets_now_.push_back(subnets_.member(by).subnet);
      }
    }
    nodes_now_.clear();
    for (const std::uint32_t subnet : subnets_now_) {
      const std::uint32_t first = engine::value_of(subnets_.first_member_in(subnet));
      for (std::uint32_t id = first; id < first + subnets_.members_in(subnet).size(); ++id) {
        const std::size_t node = position_of(subnets_.member(MemberId{id}).node);
        if (leave_subnet(subnet, MemberId{id})) nodes_now_.push_back(static_cast<std::uint32_t>(node));
      }
    }
  }
}

void ShortestPaths::by_weight() {
  queue_.clear();
  push(0, subnets_.count() + position_of(source_));
  while (!queue_.empty()) {
    const auto [distance, vertex] = pop();
    if (vertex >= subnets_.count()) {
      const NodeId node{static_cast<std::uint32_t>(vertex - subnets_.count())};
      if (distance != node_states_[position_of(node)].distance) continue;  // a shorter path was found meanwhile
      if (!leads_on(node)) continue;
      for (const MemberId by : subnets_.members_of(node)) {
        const std::uint32_t subnet = subnets_.member(by).subnet;
        if (enter_subnet(node, by)) push(subnet_states_[subnet].distance, subnet);
      }
    } else {
      if (distance != subnet_states_[vertex].distance) continue;
      const std::uint32_t first = engine::value_of(subnets_.first_member_in(vertex));
      for (std::uint32_t id = first; id < first + subnets_.members_in(vertex).size(); ++id) {
        const std::size_t node = position_of(subnets_.member(MemberId{id}).node);
        if (leave_subnet(vertex, MemberId{id})) push(distance, subnets_.count() + node);
      }
    }
  }
}

bool ShortestPaths::enter_subnet(NodeId node, MemberId by) {
  const State& from = node_states_[position_of(node)];
  const FirstHop first_hop = node == source_ ? FirstHop{by, by} : from.first_hop;
  return improve(subnet_states_[subnets_.member(by).subnet], from.distance + weights_[engine::value_of(by)], first_hop);
}

bool ShortestPaths::leave_subnet(std::uint32_t subnet, MemberId to) {
  const State& from = subnet_states_[subnet];
  const NodeId node = subnets_.member(to).node;
  if (node == source_) return false;
  const bool is_neighbour = from.first_hop.gateway == from.first_hop.own;
  return improve(node_states_[position_of(node)], from.distance,
                 is_neighbour ? FirstHop{from.first_hop.own, to} : from.first_hop);
}

bool ShortestPaths::improve(State& state, Distance distance, FirstHop first_hop) {
  if (distance > state.distance) return false;
  if (distance == state.distance) {
    state.first_hop = std::min(state.first_hop, first_hop);
    return false;
  }
  state = {distance, first_hop};
  return true;
}

void ShortestPaths::push(Distance distance, std::size_t vertex) {
  queue_.push_back({distance, static_cast<std::uint32_t>(vertex)});
  std::ranges::push_heap(queue_, std::greater<>{});
}

ShortestPaths::QueueEntry ShortestPaths::pop() {
  std::ranges::pop_heap(queue_, std::greater<>{});
  const QueueEntry entry = queue_.back();
  queue_.pop_back();
  return entry;
}

}  // namespace netherd::lab
