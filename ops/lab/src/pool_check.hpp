#pragma once

#include <string>
#include <string_view>

#include "findings.hpp"
#include "netherd/lab/topology.hpp"
#include "netherd/ops/ip_prefix.hpp"

namespace netherd::lab {

/// Why no subnets can be taken from this prefix; empty if they can. `key` is "ipv4-pool" or "ipv6-pool".
[[nodiscard]] std::string reason_against_pool(std::string_view key, const ops::IpPrefix& pool);

/// Reports what is wrong with the pools of a lab.
void check_pools(const LabOptions& options, FindingList& errors);

}  // namespace netherd::lab
