#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "console.hpp"

namespace netherd::tools {

/// Checks that this process may make namespaces and configure them (CAP_SYS_ADMIN and CAP_NET_ADMIN are effective); if
/// not, one line says which capability is missing.
[[nodiscard]] bool check_privileges(Console& console, std::string_view command);

/// Those of CAP_SYS_ADMIN and CAP_NET_ADMIN that are not effective, with their verb: "CAP_NET_ADMIN is"; empty if both
/// are.
[[nodiscard]] std::string missing_capabilities();

/// Lets this process use as many descriptors as its hard limit allows: `ulimit -n hard`.
void raise_descriptor_limit() noexcept;

/// How many of the `wanted` tasks can be done at a time if each needs so many descriptors: at least one.
[[nodiscard]] std::size_t affordable_tasks(std::size_t wanted, std::size_t descriptors_each) noexcept;

}  // namespace netherd::tools
