#include "pool_check.hpp"

#include <fmt/format.h>

#include <optional>

namespace netherd::lab {

namespace {

constexpr unsigned min_pool_length = 8;
constexpr unsigned max_ipv4_pool_length = 30;
constexpr unsigned max_ipv6_pool_length = 64;

}  // namespace

std::string reason_against_pool(std::string_view key, const ops::IpPrefix& pool) {
  if (pool.is_v4() != (key == "ipv4-pool")) return "is of the other address family";
  const unsigned max_length = pool.is_v4() ? max_ipv4_pool_length : max_ipv6_pool_length;
  if (pool.length < min_pool_length || pool.length > max_length) {
    return fmt::format("the prefix length must be {} to {}", min_pool_length, max_length);
  }
  const ops::IpAddress& address = pool.address;
  if (address.is_multicast() || address.is_loopback() || address.is_unspecified()) {
    return "these are not addresses for interfaces";
  }
  return {};
}

void check_pools(const LabOptions& options, FindingList& errors) {
  const auto check = [&](std::string_view key, const std::optional<ops::IpPrefix>& pool) {
    const std::string reason = pool ? reason_against_pool(key, *pool) : std::string{};
    if (!reason.empty()) errors.report(SourceLine::none, "{} {}: {}", key, pool->to_string(), reason);
  };
  check("ipv4-pool", options.ipv4_pool);
  check("ipv6-pool", options.ipv6_pool);
  if (options.ipv6_pool && !options.ipv6) {
    errors.report(SourceLine::none, "ipv6-pool {}: ipv6 is off", options.ipv6_pool->to_string());
  }
}

}  // namespace netherd::lab
