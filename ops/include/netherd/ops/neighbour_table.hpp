#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "netherd/engine/message.hpp"

namespace netherd::ops {

/// One of the kernel's two tables of neighbours: IPv4's (ARP) or IPv6's (ND). Each holds the entries of all network
/// namespaces together. Full, it takes no new one until an old one is five seconds old (neigh_forced_gc(),
/// net/core/neighbour.c, Linux 6.18): whatever is sent to an address that has no entry yet is dropped.
struct NeighbourTable {
  bool ipv4 = true;                ///< otherwise IPv6
  std::uint32_t most_entries = 0;  ///< net.ipv4.neigh.default.gc_thresh3, and the same of IPv6
  std::uint64_t fulls = 0;         ///< how often an entry found no room, since the machine started
  friend bool operator==(const NeighbourTable&, const NeighbourTable&) = default;
};

/// Asks for the tables, from whatever namespace, without any privilege: `ip -s ntable show`. Messages about the
/// settings of single interfaces come along.
struct DumpNeighbourTables {
  static constexpr std::string_view operation = "dump neighbour tables";
  void encode(engine::MessageWriter& writer) const noexcept;
};

/// Decodes an RTM_NEWNEIGHTBL message; nothing if it is not one of a table of IPv4 or IPv6.
[[nodiscard]] std::optional<NeighbourTable> decode_neighbour_table(const engine::MessageView& message) noexcept;

}  // namespace netherd::ops
