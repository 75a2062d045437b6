#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "netherd/lab/plan.hpp"

namespace netherd::lab {

/// What a lab takes of the machine. Bytes are kernel memory, estimated rather too low than too high: 180 KiB for a
/// namespace, 70 KiB for a link (measured, Linux 6.18), 150 bytes for a route.
struct LabNeeds {
  std::uint64_t namespaces = 0;
  std::uint64_t mounts = 0;
  std::uint64_t open_files = 0;
  std::uint64_t memory_bytes = 0;
  bool bridges = false;
  bool ipv6 = false;      ///< an interface has an IPv6 address
  bool settings = false;  ///< something below /proc/sys/net has to be written in a namespace
  /// Interfaces in the lab's own namespaces that are called like those of tunnel modules (automatic_device.hpp).
  std::vector<std::string> automatic_names{};
};

/// Time: linear in the lab; the routes of `shortest-path` are counted at one node.
[[nodiscard]] LabNeeds needs_of(const Plan& plan);

/// What the machine has to give; what could not be found out has no value.
struct Machine {
  std::uint64_t open_files = 0;                           ///< hard limit of this process: `ulimit -Hn`
  std::uint64_t files_open_already = 0;                   ///< beyond those that every netherd has open
  std::optional<std::uint64_t> max_net_namespaces{};      ///< sysctl user.max_net_namespaces, of this user namespace
  std::optional<std::uint64_t> mount_max{};               ///< sysctl fs.mount-max
  std::optional<std::uint64_t> mounts{};                  ///< in this mount namespace: `wc -l </proc/self/mountinfo`
  std::optional<std::uint64_t> memory_available_bytes{};  ///< MemAvailable of /proc/meminfo
  bool makes_veth = true;
  bool makes_bridges = true;
  bool has_ipv6 = true;                          ///< not where it was built without, or started with ipv6.disable=1
  bool writes_settings = true;                   ///< settings of namespaces can be written
  std::vector<std::string> automatic_devices{};  ///< interfaces of new namespaces, if LabNeeds::automatic_names has any
};

/// Looks at the machine without changing anything. Counting mounts takes time in proportion to their number, so they
/// are counted only if the lab brings many. Kinds of links: the kernel is asked for one with more queues than it has
/// ever made, which it refuses only once it knows the kind; that takes CAP_NET_ADMIN, and loads the module if need be.
/// Only if a name may clash with an interface that the kernel makes itself, a namespace is made to look what it has.
[[nodiscard]] Machine look_at_machine(const LabNeeds& needs);

/// Something that the machine lacks for a lab, and what helps.
struct Shortage {
  std::string what;
  std::string remedy;
};

/// All at once; empty if the lab can be built as far as one can tell. A pure function.
[[nodiscard]] std::vector<Shortage> find_shortages(const LabNeeds& needs, const Machine& machine);

}  // namespace netherd::lab
