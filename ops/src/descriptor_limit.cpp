#include "netherd/ops/descriptor_limit.hpp"

#include <dirent.h>
#include <sys/resource.h>

#include <charconv>
#include <memory>
#include <string_view>

namespace netherd::ops {

namespace {

/// Descriptors below `limit`: those above it, opened when the limit was higher, take nothing away.
std::size_t count_descriptors_below(rlim_t limit) {
  constexpr std::size_t assumed = 16;
  const std::unique_ptr<DIR, int (*)(DIR*)> entries{::opendir("/proc/self/fd"), ::closedir};
  if (!entries) return assumed;
  std::size_t count = 0;
  while (const dirent* const entry = ::readdir(entries.get())) {
    const std::string_view name{static_cast<const char*>(entry->d_name)};
    rlim_t descriptor = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), descriptor);
    if (error == std::errc{} && descriptor < limit) ++count;
  }
  return count - 1;  // one is this directory's
}

}  // namespace

std::size_t unused_descriptors() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
  const std::size_t open = count_descriptors_below(limit.rlim_cur);
  return limit.rlim_cur > open ? limit.rlim_cur - open : 0;
}

}  // namespace netherd::ops
