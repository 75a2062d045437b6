#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "netherd/engine/message.hpp"
#include "netherd/engine/types.hpp"

namespace netherd::ops {

using engine::InterfaceIndex;

/// VLANs of a port of a bridge with VLAN filtering, or of the bridge itself: from `first` to `last`, both included.
struct BridgeVlan {
  std::uint16_t first = 0;
  std::uint16_t last = 0;  ///< 0: only the first
  bool pvid = false;       ///< what comes in untagged belongs to it; of a single VLAN only
  bool untagged = false;   ///< leaves untagged
  /// Of a VXLAN with `external` and vlan_tunnel on: the VNI of the first VLAN; the next one has the next, and so on.
  /// The port must be in the VLAN already, so this is a request of its own: with a tunnel nothing else is changed.
  std::optional<std::uint32_t> tunnel{};
  friend bool operator==(const BridgeVlan&, const BridgeVlan&) = default;
};

/// Adds a link to VLANs:
/// `bridge -n NS vlan add vid V[-W] dev NAME [tunnel_info id T[-U]] [pvid] [untagged] [self] [master]`.
///
/// Errors of the outcome: operation_not_supported (the link is no port, or the kernel's bridges have no VLAN
/// filtering), invalid_argument.
struct AddBridgeVlan {
  static constexpr std::string_view operation = "add VLAN to port";
  InterfaceIndex index = InterfaceIndex::none;
  BridgeVlan vlan{};
  bool self = false;         ///< of the bridge itself, with its index
  bool master = false;       ///< of the bridge that the link is a port of: what is taken for granted
  std::string_view name{};   ///< for describe() only
  std::string_view netns{};  ///< for describe() only

  void encode(engine::MessageWriter& writer) const noexcept;
  [[nodiscard]] std::string describe() const;
};

/// Takes a link out of VLANs: `bridge -n NS vlan delete vid V[-W] dev NAME [self] [master]`. Errors as above, and
/// no_such_file_or_directory where it is not part of the VLAN.
struct DeleteBridgeVlan {
  static constexpr std::string_view operation = "delete VLAN of port";
  InterfaceIndex index = InterfaceIndex::none;
  BridgeVlan vlan{};
  bool self = false;
  bool master = false;
  std::string_view name{};   ///< for describe() only
  std::string_view netns{};  ///< for describe() only

  void encode(engine::MessageWriter& writer) const noexcept;
  [[nodiscard]] std::string describe() const;
};

/// Asks for the VLANs of all ports and bridges of the socket's namespace: `bridge -compressvlans vlan show`.
struct DumpBridgeVlans {
  static constexpr std::string_view operation = "dump VLANs of ports";
  void encode(engine::MessageWriter& writer) const noexcept;
};

/// The VLANs of one port or bridge.
struct BridgeVlans {
  InterfaceIndex index = InterfaceIndex::none;
  std::vector<BridgeVlan> vlans{};    ///< `last` is never 0; without their tunnels
  std::vector<BridgeVlan> tunnels{};  ///< VLANs with their tunnels: `bridge vlan tunnelshow`
};

/// Decodes an RTM_NEWLINK message of family AF_BRIDGE; nothing if it is not one, or is malformed.
[[nodiscard]] std::optional<BridgeVlans> decode_bridge_vlans(const engine::MessageView& message);

}  // namespace netherd::ops
