#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "netherd/engine/message.hpp"
#include "netherd/ops/change.hpp"
#include "netherd/ops/ip_prefix.hpp"
#include "netherd/ops/link_reference.hpp"
#include "netherd/ops/mac_address.hpp"

namespace netherd::ops {

using engine::InterfaceIndex;

/// NUD_* (linux/neighbour.h). The kernel moves an entry from one to the next; only permanent and noarp stay.
enum class NeighbourState : std::uint16_t {
  none = 0x00,
  incomplete = 0x01,
  reachable = 0x02,
  stale = 0x04,
  delay = 0x08,
  probe = 0x10,
  failed = 0x20,
  noarp = 0x40,
  permanent = 0x80,
};

/// An entry of the ARP or ND table, or a proxy entry.
struct Neighbour {
  InterfaceIndex index = InterfaceIndex::none;
  IpAddress address{};
  std::optional<MacAddress> lladdr{};
  NeighbourState state = NeighbourState::permanent;  ///< of a proxy entry: none
  bool proxy = false;                                ///< answers for this address on the link
  bool router = false;                               ///< IPv6
  bool extern_learn = false;                         ///< someone other than the kernel keeps it; it is not aged
  bool managed = false;                              ///< kept resolved by the kernel (Linux 5.16)
  bool use = false;                                  ///< to be resolved now; not reported
  std::uint8_t protocol = 0;                         ///< who added it (RTPROT_*)
  std::optional<std::uint32_t> vni{};                ///< of what a VXLAN reports
  std::optional<std::uint32_t> probes{};             ///< reported only
  friend bool operator==(const Neighbour&, const Neighbour&) = default;
};

/// Adds or changes a neighbour:
///
///     ip -n NS neighbour add [proxy] ADDRESS [lladdr MAC] dev NAME [nud STATE] [router] [extern_learn] [managed] [use]
///        [protocol P]
///
/// Errors of the outcome: file_exists, no_such_file_or_directory (ChangeNeighbour), no_such_device, invalid_argument (a
/// state that needs a MAC address without one).
template <Change change>
struct WriteNeighbour {
  static constexpr std::string_view operation = change == Change::add      ? "add neighbour"
                                                : change == Change::change ? "change neighbour"
                                                                           : "replace neighbour";
  Neighbour neighbour{};
  std::string_view name{};   ///< for describe() only
  std::string_view netns{};  ///< for describe() only

  void encode(engine::MessageWriter& writer) const noexcept;
  [[nodiscard]] std::string describe() const;
};
using AddNeighbour = WriteNeighbour<Change::add>;
using ChangeNeighbour = WriteNeighbour<Change::change>;
using ReplaceNeighbour = WriteNeighbour<Change::replace>;

/// Deletes a neighbour: `ip -n NS neighbour delete [proxy] ADDRESS dev NAME`. Errors: no_such_file_or_directory.
struct DeleteNeighbour {
  static constexpr std::string_view operation = "delete neighbour";
  InterfaceIndex index = InterfaceIndex::none;
  IpAddress address{};
  bool proxy = false;
  std::string_view name{};   ///< for describe() only
  std::string_view netns{};  ///< for describe() only

  void encode(engine::MessageWriter& writer) const noexcept;
  [[nodiscard]] std::string describe() const;
};

/// Asks for all neighbours of the socket's namespace, both families: `ip neighbour show nud all`; or for the proxy
/// entries: `ip neighbour show proxy`.
struct DumpNeighbours {
  static constexpr std::string_view operation = "dump neighbours";
  bool proxy = false;
  void encode(engine::MessageWriter& writer) const noexcept;
};

/// Decodes an RTM_NEWNEIGH message; nothing if it is not one of IPv4 or IPv6, or is malformed.
[[nodiscard]] std::optional<Neighbour> decode_neighbour(const engine::MessageView& message);

}  // namespace netherd::ops
