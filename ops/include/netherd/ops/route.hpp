#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "netherd/engine/message.hpp"
#include "netherd/engine/types.hpp"
#include "netherd/ops/ip_prefix.hpp"

namespace netherd::ops {

using engine::InterfaceIndex;

/// Adds a unicast route to the main table: `ip -n NS route add DESTINATION via GATEWAY dev NAME`.
///
/// Preconditions: the interface is up and the gateway lies in one of its subnets; destination and gateway are of one
/// family, and the destination's host bits are zero. A destination of length 0 is the default route.
/// Errors of the outcome: file_exists; network_unreachable (IPv4) or host_unreachable (IPv6) if the gateway is not on
/// the link, because that is down for example; network_down (IPv6 with a link-local gateway: link not up).
struct AddRoute {
  static constexpr std::string_view operation = "add route";
  IpPrefix destination{};
  IpAddress gateway{};
  InterfaceIndex index = InterfaceIndex::none;
  std::string_view name{};   ///< for describe() only
  std::string_view netns{};  ///< for describe() only

  void encode(engine::MessageWriter& writer) const noexcept;
  [[nodiscard]] std::string describe() const;
};

/// Deletes a route of the main table: `ip -n NS route delete DESTINATION via GATEWAY dev NAME`. Errors:
/// no_such_process (ESRCH: there is no such route).
struct DeleteRoute {
  static constexpr std::string_view operation = "delete route";
  IpPrefix destination{};
  IpAddress gateway{};
  InterfaceIndex index = InterfaceIndex::none;
  std::string_view name{};
  std::string_view netns{};

  void encode(engine::MessageWriter& writer) const noexcept;
  [[nodiscard]] std::string describe() const;
};

/// Asks for all routes of the socket's namespace, both families, all tables: `ip route show table all`.
struct DumpRoutes {
  static constexpr std::string_view operation = "dump routes";
  void encode(engine::MessageWriter& writer) const noexcept;
};

/// A route as the kernel reports it.
struct Route {
  IpPrefix destination{};
  std::optional<IpAddress> gateway{};
  InterfaceIndex index = InterfaceIndex::none;
  std::uint32_t table = 0;  ///< RT_TABLE_*; 254 is main
  std::uint32_t metric = 0;
  std::uint8_t type = 0;      ///< RTN_*
  std::uint8_t protocol = 0;  ///< RTPROT_*
};

/// Decodes an RTM_NEWROUTE message; nothing if it is not one, or is malformed.
[[nodiscard]] std::optional<Route> decode_route(const engine::MessageView& message);

}  // namespace netherd::ops
