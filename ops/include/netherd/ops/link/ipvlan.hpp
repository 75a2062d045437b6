#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "netherd/ops/link_kind.hpp"

namespace netherd::ops {

/// Which layer decides where a packet goes (IPVLAN_MODE_*, linux/if_link.h).
enum class IpvlanMode : std::uint16_t { l2, l3, l3s };
/// What devices on one lower link may send each other (IPVLAN_F_*, linux/if_link.h).
enum class IpvlanIsolation : std::uint16_t { bridge = 0, private_ = 1, vepa = 2 };

/// A device that shares the MAC address of `AddLink::lower`:
/// `ip link add link LOWER NAME type ipvlan [mode l3] [bridge|private|vepa]`.
struct Ipvlan {
  static constexpr std::string_view kind = "ipvlan";
  static constexpr std::string_view add_operation = "add ipvlan";
  std::optional<IpvlanMode> mode{};  ///< l3 if there is none
  std::optional<IpvlanIsolation> isolation{};
  friend bool operator==(const Ipvlan&, const Ipvlan&) = default;
};
using AddIpvlan = AddLink<Ipvlan>;

/// The same with a character device, /dev/tapINDEX: `type ipvtap`.
struct Ipvtap : Ipvlan {
  static constexpr std::string_view kind = "ipvtap";
  static constexpr std::string_view add_operation = "add ipvtap";
};
using AddIpvtap = AddLink<Ipvtap>;

}  // namespace netherd::ops
