#include "privileges.hpp"

#include <fmt/core.h>
#include <linux/capability.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <string>

namespace netherd::tools {

namespace {

/// The capabilities that are effective for this process, one bit each.
std::uint64_t effective_capabilities() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> data{};
  if (::syscall(SYS_capget, &header, data.data()) != 0) return 0;
  return data[0].effective | std::uint64_t{data[1].effective} << 32U;
}

}  // namespace

std::string missing_capabilities() {
  const std::uint64_t effective = effective_capabilities();
  const auto missing = [&](unsigned capability) { return (effective >> capability & 1U) == 0; };
  std::string what;
  if (missing(CAP_SYS_ADMIN)) what = "CAP_SYS_ADMIN is";
  if (missing(CAP_NET_ADMIN)) what = what.empty() ? "CAP_NET_ADMIN is" : "CAP_SYS_ADMIN and CAP_NET_ADMIN are";
  return what;
}

bool check_privileges(Console& console, std::string_view command) {
  const std::string what = missing_capabilities();
  if (what.empty()) return true;
  console.error(fmt::format("{}: {} missing: run it as root, for example with sudo", command, what));
  return false;
}

void raise_descriptor_limit() noexcept {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

std::size_t affordable_tasks(std::size_t wanted, std::size_t descriptors_each) noexcept {
  constexpr rlim_t for_other_things = 32;
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur <= for_other_things) return 1;
  return std::clamp<rlim_t>((limit.rlim_cur - for_other_things) / descriptors_each, 1, wanted);
}

}  // namespace netherd::tools
