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
};

/// Time: linear in the lab; the routes of `shortest-path` are counted at one node.
[[nodiscard]] LabNeeds needs_of(const Plan& plan);

/// What the machine has to give; what could not be found out has no value.
struct Machine {
  std::uint64_t open_files = 0;                           ///< hard limit of this process: `ulimit -Hn`
  std::optional<std::uint64_t> max_net_namespaces{};      ///< sysctl user.max_net_namespaces, of this user namespace
  std::optional<std::uint64_t> mount_max{};               ///< sysctl fs.mount-max
  std::optional<std::uint64_t> mounts{};                  ///< in this mount namespace: `wc -l </proc/self/mountinfo`
  std::optional<std::uint64_t> memory_available_bytes{};  ///< MemAvailable of /proc/meminfo
  bool makes_veth = true;
  bool makes_bridges = true;
};

/// Looks at the machine without changing anything. Counting mounts takes time in proportion to their number, so they
/// are counted only if the lab brings many. Kinds of links: the kernel is asked for one with more queues than it has
/// ever made, which it refuses only once it knows the kind; that takes CAP_NET_ADMIN, and loads the module if need be.
[[nodiscard]] Machine look_at_machine(const LabNeeds& needs);

/// Something that the machine lacks for a lab, and what helps.
struct Shortage {
  std::string what;
  std::string remedy;
};

/// All at once; empty if the lab can be built as far as one can tell. A pure function.
[[nodiscard]] std::vector<Shortage> find_shortages(const LabNeeds& needs, const Machine& machine);

}  // namespace netherd::lab
