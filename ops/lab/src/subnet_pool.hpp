#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "netherd/ops/ip_prefix.hpp"

namespace netherd::lab {

/// Hands out the subnets of a pool, lowest first, leaving out those that overlap prefixes in use.
///
/// It counts in units: addresses for IPv4, /64 networks for IPv6, so that 64 bits hold either.
class SubnetPool {
 public:
  /// `in_use` holds prefixes of the pool's family only. Preconditions: a length of 8 to 30 (IPv4) or 8 to 64 (IPv6),
  /// and no multicast addresses anywhere, so that no sum overflows.
  SubnetPool(const ops::IpPrefix& pool, const std::vector<ops::IpPrefix>& in_use);

  /// The next subnet with room for that many hosts (IPv6: always a /64); nothing if the pool is used up.
  [[nodiscard]] std::optional<ops::IpPrefix> take(std::size_t hosts);

 private:
  struct Range {
    std::uint64_t first;
    std::uint64_t last;
  };
  [[nodiscard]] static Range range_of(const ops::IpPrefix& prefix);

  bool is_v4_;
  std::uint64_t next_;
  std::uint64_t last_;
  std::vector<Range> in_use_;  ///< by first unit; none touches or overlaps another
  std::size_t next_in_use_ = 0;
};

}  // namespace netherd::lab
