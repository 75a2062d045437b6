#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "link_ends.hpp"
#include "netherd/lab/addressing.hpp"
#include "netherd/lab/routing.hpp"
#include "netherd/lab/topology.hpp"

namespace netherd::lab {

/// Position of a member among all members of all subnets.
enum class MemberId : std::uint32_t {};

/// An interface of a host with an address in a subnet.
struct SubnetMember {
  ops::IpPrefix address;
  LinkEnd at;
  NodeId node{};
  std::uint32_t subnet = 0;
};

/// The subnets of one family as packets see them: hosts can talk to each other directly if they are on one segment and
/// have addresses in one subnet. Link-local addresses make no subnet.
class Subnets {
 public:
  Subnets(const Topology& topology, const std::vector<Segment>& segments, AddressFamily family);

  [[nodiscard]] std::size_t count() const noexcept { return prefixes_.size(); }
  [[nodiscard]] std::size_t member_count() const noexcept { return members_.size(); }
  [[nodiscard]] const ops::IpPrefix& prefix(std::uint32_t subnet) const noexcept { return prefixes_[subnet]; }
  /// The prefix of the family that every address lies in.
  [[nodiscard]] const ops::IpPrefix& default_prefix() const noexcept { return default_prefix_; }

  [[nodiscard]] const SubnetMember& member(MemberId id) const noexcept { return members_[engine::value_of(id)]; }
  /// Those in a subnet, in the order of their links.
  [[nodiscard]] std::span<const SubnetMember> members_in(std::uint32_t subnet) const noexcept {
    return std::span{members_}.subspan(member_starts_[subnet], member_starts_[subnet + 1] - member_starts_[subnet]);
  }
  [[nodiscard]] MemberId first_member_in(std::uint32_t subnet) const noexcept {
    return MemberId{member_starts_[subnet]};
  }
  /// Those of a node, in the order of its links.
  [[nodiscard]] std::span<const MemberId> members_of(NodeId node) const noexcept {
    const std::size_t position = position_of(node);
    return std::span{by_node_}.subspan(node_starts_[position], node_starts_[position + 1] - node_starts_[position]);
  }

  /// The same prefix may be given to several segments: these are chained, in their order.
  [[nodiscard]] bool twin_before(std::uint32_t subnet) const noexcept { return has_twin_before_[subnet]; }
  [[nodiscard]] std::optional<std::uint32_t> twin_after(std::uint32_t subnet) const noexcept {
    return twins_after_[subnet] == no_twin ? std::nullopt : std::optional{twins_after_[subnet]};
  }

 private:
  static constexpr std::uint32_t no_twin = ~std::uint32_t{0};
  void add_segment(const Topology& topology, const Segment& segment);
  void chain_twins();
  void index_by_node(const Topology& topology);

  ops::IpPrefix default_prefix_;
  std::vector<ops::IpPrefix> prefixes_;
  std::vector<std::uint32_t> member_starts_;
  std::vector<SubnetMember> members_;  ///< by subnet, then by link
  std::vector<std::uint32_t> node_starts_;
  std::vector<MemberId> by_node_;
  std::vector<std::uint32_t> twins_after_;
  std::vector<bool> has_twin_before_;
};

}  // namespace netherd::lab
