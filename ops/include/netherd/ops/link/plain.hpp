#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "netherd/ops/link_kind.hpp"

/// Kinds with hardly a setting of their own.

namespace netherd::ops {

/// A device that drops what it is given: `ip link add NAME type dummy`.
struct Dummy {
  static constexpr std::string_view kind = "dummy";
  static constexpr std::string_view add_operation = "add dummy";
  friend bool operator==(const Dummy&, const Dummy&) = default;
};
using AddDummy = AddLink<Dummy>;

/// Intermediate functional block, to shape what comes in: `ip link add NAME type ifb`.
struct Ifb {
  static constexpr std::string_view kind = "ifb";
  static constexpr std::string_view add_operation = "add ifb";
  friend bool operator==(const Ifb&, const Ifb&) = default;
};
using AddIfb = AddLink<Ifb>;

/// Monitor of netlink messages, for packet sockets: `ip link add NAME type nlmon`.
struct Nlmon {
  static constexpr std::string_view kind = "nlmon";
  static constexpr std::string_view add_operation = "add nlmon";
  friend bool operator==(const Nlmon&, const Nlmon&) = default;
};
using AddNlmon = AddLink<Nlmon>;

/// A WireGuard device: `ip link add NAME type wireguard`. Its keys and peers are set by generic netlink: `wg set`.
struct Wireguard {
  static constexpr std::string_view kind = "wireguard";
  static constexpr std::string_view add_operation = "add wireguard";
  friend bool operator==(const Wireguard&, const Wireguard&) = default;
};
using AddWireguard = AddLink<Wireguard>;

/// Virtual routing and forwarding: `ip link add NAME type vrf table 10`; links become part of it as their master. The
/// table can be chosen at creation only, and is needed then.
struct Vrf {
  static constexpr std::string_view kind = "vrf";
  static constexpr std::string_view add_operation = "add VRF";
  std::optional<std::uint32_t> table{};
  friend bool operator==(const Vrf&, const Vrf&) = default;
};
using AddVrf = AddLink<Vrf>;

}  // namespace netherd::ops
