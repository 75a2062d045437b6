#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "netherd/ops/link/bridge.hpp"
#include "netherd/ops/link_kind.hpp"

namespace netherd::ops {

/// Switches of a VLAN device (VLAN_FLAG_*, linux/if_vlan.h).
struct VlanFlags {
  std::optional<bool> reorder_hdr{};
  std::optional<bool> gvrp{};
  std::optional<bool> mvrp{};
  std::optional<bool> loose_binding{};
  std::optional<bool> bridge_binding{};
  friend bool operator==(const VlanFlags&, const VlanFlags&) = default;
};

/// Packet priority to VLAN priority, or back.
struct QosMapping {
  std::uint32_t from = 0;
  std::uint32_t to = 0;
  friend bool operator==(const QosMapping&, const QosMapping&) = default;
};

/// An 802.1Q or 802.1ad device on `AddLink::lower`:
/// `ip link add link LOWER NAME type vlan [protocol 802.1ad] id 5 [gvrp on] [ingress-qos-map 1:2] ...`.
struct Vlan {
  static constexpr std::string_view kind = "vlan";
  static constexpr std::string_view add_operation = "add VLAN";
  std::optional<VlanProtocol> protocol{};  ///< 802.1Q if there is none; at creation only
  std::optional<std::uint16_t> id{};       ///< 0 to 4094; at creation only, and needed then
  VlanFlags flags{};
  std::vector<QosMapping> ingress_qos_map{};
  std::vector<QosMapping> egress_qos_map{};
  friend bool operator==(const Vlan&, const Vlan&) = default;
};
using AddVlan = AddLink<Vlan>;

}  // namespace netherd::ops
