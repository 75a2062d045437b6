#include "privileges.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <linux/capability.h>
#include <linux/nsfs.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string>
#include <utility>

#include "netherd/engine/file_descriptor.hpp"
#include "netherd/ops/descriptor_limit.hpp"

namespace netherd::tools {

namespace {

/// The capabilities that are effective for this process, one bit each.
std::uint64_t effective_capabilities() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> data{};
  if (::syscall(SYS_capget, &header, data.data()) != 0) return 0;
  return data[0].effective | std::uint64_t{data[1].effective} << 32U;
}

/// With their verb: "CAP_NET_ADMIN is"; empty if both are there.
std::string missing_capabilities() {
  const std::uint64_t effective = effective_capabilities();
  const auto missing = [&](unsigned capability) { return (effective >> capability & 1U) == 0; };
  std::string what;
  if (missing(CAP_SYS_ADMIN)) what = "CAP_SYS_ADMIN is";
  if (missing(CAP_NET_ADMIN)) what = what.empty() ? "CAP_NET_ADMIN is" : "CAP_SYS_ADMIN and CAP_NET_ADMIN are";
  return what;
}

/// Capabilities count in the namespaces that belong to one's own user namespace, or to one within it. The kernel tells
/// nobody of a user namespace that lies outside (ns_get_owner(), kernel/user_namespace.c, Linux 6.18).
bool belongs_to_others(const char* namespace_path) {
  const engine::FileDescriptor file{::open(namespace_path, O_RDONLY | O_CLOEXEC)};
  if (!file) return false;
  const engine::FileDescriptor owner{::ioctl(file.get(), NS_GET_USERNS)};
  return !owner && errno == EPERM;
}

}  // namespace

PrivilegeCheck look_at_privileges() {
  if (const std::string missing = missing_capabilities(); !missing.empty()) {
    return {missing + " missing", "run it as root, for example with sudo"};
  }
  for (const auto& [path, kind] :
       {std::pair{"/proc/self/ns/net", "network"}, std::pair{"/proc/self/ns/mnt", "mount"}}) {
    if (!belongs_to_others(path)) continue;
    return {fmt::format("this is a user namespace, and the {} namespace belongs to one outside of it", kind),
            "run it outside, as root, or make the others too: unshare --map-root-user --net --mount"};
  }
  return {};
}

bool check_privileges(Console& console, std::string_view command) {
  const PrivilegeCheck check = look_at_privileges();
  if (check.missing.empty()) return true;
  console.error(fmt::format("{}: {}: {}", command, check.missing, check.remedy));
  return false;
}

void raise_descriptor_limit() noexcept {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

std::size_t affordable_tasks(std::size_t wanted, std::size_t descriptors_each) {
  constexpr std::size_t for_other_things = 16;  // the event loop, the ring, helper threads, files
  const std::size_t unused = ops::unused_descriptors();
  if (unused <= for_other_things) return 1;
  return std::clamp<std::size_t>((unused - for_other_things) / descriptors_each, 1, wanted);
}

}  // namespace netherd::tools
