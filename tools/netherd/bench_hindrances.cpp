#include "bench_hindrances.hpp"

#include <fmt/core.h>
#include <net/if.h>
#include <unistd.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <cstdlib>
#include <optional>
#include <thread>

#include "netherd/engine/ring.hpp"

namespace netherd::tools {

namespace {

/// Names of all interfaces of the namespace that this thread is in, but for `lo`.
std::vector<std::string> interfaces_here() {
  std::vector<std::string> names;
  struct if_nameindex* const all = ::if_nameindex();
  for (auto* entry = all; entry != nullptr && entry->if_index != 0; ++entry) {
    if (std::string_view{entry->if_name} != "lo") names.emplace_back(entry->if_name);
  }
  ::if_freenameindex(all);
  return names;
}

/// Modules of tunnels give every new namespace an interface of their own, unless told not to. Our namespace is new.
std::optional<Hindrance> find_tunnels(const Costs& costs) {
  const std::vector<std::string> names = interfaces_here();
  if (names.empty()) return std::nullopt;
  // A veth pair is two interfaces, and the work for one is about that of any other.
  const double microseconds = 1e6 * costs.link_seconds / 2 * static_cast<double>(names.size());
  return Hindrance{fmt::format("every new namespace gets {} more interfaces ({} ...)", names.size(), names.front()),
                   fmt::format("about {:.0f} of the {:.0f} µs for a namespace, and as much again to remove it",
                               microseconds, 1e6 * costs.namespace_seconds),
                   "sysctl -w net.core.fb_tunnels_only_for_init_net=1, or unload the modules"};
}

std::optional<Hindrance> find_missing_ring() {
  boost::asio::io_context context{1};
  const auto error = engine::Ring::of(context).unavailable();
  if (!error) return std::nullopt;
  return Hindrance{fmt::format("io_uring cannot be used ({})", error.message()),
                   "the figures above are those without it: kernel workers cannot execute requests beside the loop",
                   "sysctl -w kernel.io_uring_disabled=0, or allow io_uring_setup(2) where seccomp forbids it"};
}

std::optional<Hindrance> find_single_processor() {
  if (std::thread::hardware_concurrency() != 1) return std::nullopt;
  return Hindrance{"there is one processor only", "namespaces and links cannot be made side by side: up to 1.5 times",
                   ""};
}

/// Load that was there before us.
std::optional<Hindrance> find_load() {
  double load = 0;
  if (::getloadavg(&load, 1) != 1) return std::nullopt;
  const double others = load - 1;  // we make about one ourselves
  if (others < 0.5) return std::nullopt;
  return Hindrance{fmt::format("the load average is {:.1f}", load),
                   "other programs take processor time and the kernel's locks: the figures above are no measure", ""};
}

/// What a kernel for development checks at every turn.
std::optional<Hindrance> find_debugging_kernel() {
  if (::access("/proc/lockdep", F_OK) != 0) return std::nullopt;
  return Hindrance{"the kernel checks its locks (CONFIG_LOCKDEP)", "several times, in everything", "another kernel"};
}

}  // namespace

std::vector<Hindrance> find_hindrances(const Costs& costs) {
  std::vector<Hindrance> found;
  for (auto& hindrance : std::array{find_tunnels(costs), find_missing_ring(), find_single_processor(), find_load(),
                                    find_debugging_kernel()}) {
    if (hindrance) found.push_back(std::move(*hindrance));
  }
  return found;
}

}  // namespace netherd::tools
