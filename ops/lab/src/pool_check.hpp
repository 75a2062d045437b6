#pragma once

#include <string>
#include <string_view>

#include "netherd/ops/ip_prefix.hpp"

namespace netherd::lab {

/// Why no subnets can be taken from this prefix; empty if they can. `key` is "ipv4-pool" or "ipv6-pool".
[[nodiscard]] std::string reason_against_pool(std::string_view key, const ops::IpPrefix& pool);

}  // namespace netherd::lab
