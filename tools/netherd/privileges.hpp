#pragma once

#include <string_view>

#include "console.hpp"

namespace netherd::tools {

/// Checks that this process may make namespaces and configure them (CAP_SYS_ADMIN and CAP_NET_ADMIN are effective); if
/// not, one line says which capability is missing.
[[nodiscard]] bool check_privileges(Console& console, std::string_view command);

/// Lets this process use as many descriptors as its hard limit allows: `ulimit -n hard`.
void raise_descriptor_limit() noexcept;

}  // namespace netherd::tools
