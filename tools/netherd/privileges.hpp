#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "console.hpp"

namespace netherd::tools {

/// What stands in the way of making and configuring namespaces, and what helps; nothing if there is nothing.
struct PrivilegeCheck {
  std::string missing{};  ///< "CAP_NET_ADMIN is missing"
  std::string remedy{};
};
/// Looks whether CAP_SYS_ADMIN and CAP_NET_ADMIN are effective, and count in the namespaces that this process is in.
[[nodiscard]] PrivilegeCheck look_at_privileges();

/// The same; false if something is missing, which is reported in one line.
[[nodiscard]] bool check_privileges(Console& console, std::string_view command);

/// Lets this process use as many descriptors as its hard limit allows: `ulimit -n hard`.
void raise_descriptor_limit() noexcept;

/// How many of the `wanted` tasks can be done at a time if each needs so many descriptors, of those that the limit of
/// open files leaves now: at least one.
[[nodiscard]] std::size_t affordable_tasks(std::size_t wanted, std::size_t descriptors_each);

}  // namespace netherd::tools
