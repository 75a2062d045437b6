#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "netherd/engine/message.hpp"
#include "netherd/ops/change.hpp"
#include "netherd/ops/ip_prefix.hpp"
#include "netherd/ops/link_reference.hpp"

namespace netherd::ops {

using engine::InterfaceIndex;

/// A nexthop within a group.
struct NexthopMember {
  std::uint32_t id = 0;
  std::uint16_t weight = 1;  ///< 1 to 256; up to 65536 since Linux 6.12, where it is 0 for 65536
  friend bool operator==(const NexthopMember&, const NexthopMember&) = default;
};

/// How a group chooses (NEXTHOP_GRP_TYPE_*, linux/nexthop.h).
enum class NexthopGroupType : std::uint16_t { multipath, resilient };

/// A nexthop object: a gateway, a black hole or a group. Routes name it by its id (WriteRoute::nexthop_id).
struct Nexthop {
  std::uint32_t id = 0;                ///< 0: the kernel chooses
  std::optional<IpAddress> gateway{};  ///< with `link`; a forwarding entry's (`fdb`) without
  LinkReference link{};
  bool onlink = false;
  bool blackhole = false;
  bool ipv6 = false;          ///< family of a nexthop without a gateway
  bool fdb = false;           ///< for forwarding entries of a VXLAN
  std::uint8_t protocol = 0;  ///< who added it (RTPROT_*)
  std::vector<NexthopMember> group{};
  NexthopGroupType type = NexthopGroupType::multipath;
  std::optional<std::uint16_t> buckets{};  ///< of a resilient group; at creation only
  std::optional<std::chrono::duration<std::uint32_t>> idle_timer{};
  std::optional<std::chrono::duration<std::uint32_t>> unbalanced_timer{};
  friend bool operator==(const Nexthop&, const Nexthop&) = default;
};

/// Adds a nexthop object:
///
///     ip -n NS nexthop add [id N] [via GATEWAY] [dev NAME] [onlink] [blackhole] [group ID[,WEIGHT]/...]
///        [type resilient] [buckets N] [idle_timer S] [unbalanced_timer S] [fdb] [proto P]
///
/// Errors of the outcome: file_exists, invalid_argument (a group of groups, a member that is not there), network_down
/// (the interface is down), no_such_device.
template <Change change>
struct WriteNexthop {
  static constexpr std::string_view operation = change == Change::add ? "add nexthop" : "replace nexthop";
  Nexthop nexthop{};
  std::string_view netns{};  ///< for describe() only

  void encode(engine::MessageWriter& writer) const noexcept;
  [[nodiscard]] std::string describe() const;
};
using AddNexthop = WriteNexthop<Change::add>;
using ReplaceNexthop = WriteNexthop<Change::replace>;

/// Deletes a nexthop object, and the routes by it: `ip -n NS nexthop delete id N`. Errors: no_such_file_or_directory.
struct DeleteNexthop {
  static constexpr std::string_view operation = "delete nexthop";
  std::uint32_t id = 0;
  std::string_view netns{};  ///< for describe() only

  void encode(engine::MessageWriter& writer) const noexcept;
  [[nodiscard]] std::string describe() const;
};

/// Asks for all nexthop objects of the socket's namespace: `ip nexthop show`.
struct DumpNexthops {
  static constexpr std::string_view operation = "dump nexthops";
  void encode(engine::MessageWriter& writer) const noexcept;
};

/// Decodes an RTM_NEWNEXTHOP message; nothing if it is not one, or is malformed. The link has no name.
[[nodiscard]] std::optional<Nexthop> decode_nexthop(const engine::MessageView& message);

}  // namespace netherd::ops
