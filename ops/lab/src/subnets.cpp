#include "subnets.hpp"

#include <algorithm>
#include <numeric>
#include <tuple>
#include <utility>

namespace netherd::lab {

namespace {

using ops::IpPrefix;

IpPrefix default_prefix_of(AddressFamily family) {
  if (family == AddressFamily::ipv4) return {boost::asio::ip::address_v4{}, 0};
  return {boost::asio::ip::address_v6{}, 0};
}

bool is_routed(const IpPrefix& address, const IpPrefix& default_prefix) {
  if (address.is_v4() != default_prefix.is_v4()) return false;
  return address.is_v4() || !address.address.to_v6().is_link_local();
}

}  // namespace

Subnets::Subnets(const Topology& topology, const std::vector<Segment>& segments, AddressFamily family)
    : default_prefix_{default_prefix_of(family)} {
  prefixes_.reserve(segments.size());
  member_starts_.reserve(segments.size() + 1);
  members_.reserve(topology.links.size() * 2);
  for (const Segment& segment : segments) add_segment(topology, segment);
  member_starts_.push_back(static_cast<std::uint32_t>(members_.size()));
  chain_twins();
  index_by_node(topology);
}

void Subnets::add_segment(const Topology& topology, const Segment& segment) {
  const std::size_t first = members_.size();
  for (const LinkEnd at : segment.members) {
    const Endpoint& end = topology.endpoint(at);
    for (const IpPrefix& address : end.addresses) {
      if (is_routed(address, default_prefix_)) members_.push_back({address, at, end.node, 0});
    }
  }
  // Almost always there is one prefix only, and nothing to sort.
  const auto start = members_.begin() + static_cast<std::ptrdiff_t>(first);
  const auto rank = [](const SubnetMember& member) {
    return std::tuple{member.address.network(), member.at.link, member.at.end, member.address};
  };
  std::sort(start, members_.end(),
            [&](const SubnetMember& left, const SubnetMember& right) { return rank(left) < rank(right); });
  for (std::size_t i = first; i < members_.size(); ++i) {
    const IpPrefix network = members_[i].address.network();
    if (i == first || network != prefixes_.back()) {
      member_starts_.push_back(static_cast<std::uint32_t>(i));
      prefixes_.push_back(network);
    }
    members_[i].subnet = static_cast<std::uint32_t>(prefixes_.size() - 1);
  }
}

void Subnets::chain_twins() {
  std::vector<std::uint32_t> order(prefixes_.size());
  std::iota(order.begin(), order.end(), 0U);
  const auto rank = [this](std::uint32_t subnet) { return std::pair{prefixes_[subnet], subnet}; };
  std::ranges::sort(order, [&](std::uint32_t left, std::uint32_t right) { return rank(left) < rank(right); });
  twins_after_.assign(prefixes_.size(), no_twin);
  has_twin_before_.assign(prefixes_.size(), false);
  for (std::size_t i = 1; i < order.size(); ++i) {
    if (prefixes_[order[i - 1]] != prefixes_[order[i]]) continue;
    twins_after_[order[i - 1]] = order[i];
    has_twin_before_[order[i]] = true;
  }
}

void Subnets::index_by_node(const Topology& topology) {
  node_starts_.assign(topology.nodes.size() + 1, 0);
  for (const SubnetMember& member : members_) ++node_starts_[position_of(member.node) + 1];
  std::partial_sum(node_starts_.begin(), node_starts_.end(), node_starts_.begin());

  by_node_.resize(members_.size());
  std::vector<std::uint32_t> next{node_starts_.begin(), node_starts_.end() - 1};
  for (std::uint32_t id = 0; id < members_.size(); ++id)
    by_node_[next[position_of(members_[id].node)]++] = MemberId{id};
  const auto rank = [this](MemberId id) { return std::pair{member(id).at.link, id}; };
  const auto link_before = [&](MemberId left, MemberId right) { return rank(left) < rank(right); };
  for (std::size_t node = 0; node < topology.nodes.size(); ++node) {
    std::sort(by_node_.begin() + node_starts_[node], by_node_.begin() + node_starts_[node + 1], link_before);
  }
}

}  // namespace netherd::lab
