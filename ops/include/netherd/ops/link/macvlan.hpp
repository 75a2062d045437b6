#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "netherd/ops/link_kind.hpp"

namespace netherd::ops {

/// MACVLAN_MODE_* (linux/if_link.h).
enum class MacvlanMode : std::uint32_t { private_ = 1, vepa = 2, bridge = 4, passthru = 8, source = 16 };

/// A device with a MAC address of its own on `AddLink::lower`:
/// `ip link add link LOWER NAME type macvlan mode bridge [nopromisc] [nodst] [bcqueuelen 100]`.
///
/// The allowed sources of mode `source` are replaced as a whole: `ip link set NAME type macvlan macaddr set MAC...`.
struct Macvlan {
  static constexpr std::string_view kind = "macvlan";
  static constexpr std::string_view add_operation = "add macvlan";
  std::optional<MacvlanMode> mode{};  ///< vepa if there is none
  bool nopromisc = false;             ///< of mode passthru
  bool nodst = false;                 ///< of mode source
  std::optional<std::uint32_t> bcqueuelen{};
  std::optional<std::vector<MacAddress>> source_addresses{};  ///< an empty list: none is allowed any more

  friend bool operator==(const Macvlan&, const Macvlan&) = default;
};
using AddMacvlan = AddLink<Macvlan>;

/// The same with a character device, /dev/tapINDEX: `type macvtap`.
struct Macvtap : Macvlan {
  static constexpr std::string_view kind = "macvtap";
  static constexpr std::string_view add_operation = "add macvtap";
};
using AddMacvtap = AddLink<Macvtap>;

}  // namespace netherd::ops
