#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "netherd/engine/message.hpp"
#include "netherd/engine/types.hpp"
#include "netherd/ops/change.hpp"
#include "netherd/ops/ip_prefix.hpp"
#include "netherd/ops/link_reference.hpp"
#include "netherd/ops/scope.hpp"

namespace netherd::ops {

using engine::InterfaceIndex;

/// What becomes of the packets (RTN_*, linux/rtnetlink.h).
enum class RouteType : std::uint8_t {
  unicast = 1,
  local = 2,
  broadcast = 3,
  anycast = 4,
  multicast = 5,
  blackhole = 6,
  unreachable = 7,
  prohibit = 8,
  throw_ = 9,
  nat = 10,
};

/// Preference of an IPv6 route among equals (RFC 4191).
enum class RouterPreference : std::uint8_t { medium = 0, high = 1, low = 3 };

/// RT_TABLE_MAIN and RT_TABLE_LOCAL.
inline constexpr std::uint32_t main_table = 254;
inline constexpr std::uint32_t local_table = 255;

/// RTPROT_BOOT: what `ip route add` says of itself.
inline constexpr std::uint8_t boot_protocol = 3;

/// A metric of a route; a locked one is not adapted by the kernel: `mtu lock 1400`.
struct RouteMetric {
  // NOLINTNEXTLINE(google-explicit-constructor): so that `.mtu = 1400` can be written
  constexpr RouteMetric(std::uint32_t number, bool lock = false) noexcept : value{number}, locked{lock} {}
  std::uint32_t value;
  bool locked;
  friend bool operator==(const RouteMetric&, const RouteMetric&) = default;
};

/// Metrics of a route (RTAX_*, linux/rtnetlink.h), under the words of ip-route(8) and in the kernel's units.
struct RouteMetrics {
  std::optional<RouteMetric> mtu{};      ///< bytes
  std::optional<RouteMetric> advmss{};   ///< bytes
  std::optional<RouteMetric> window{};   ///< bytes
  std::optional<RouteMetric> rtt{};      ///< 1/8 ms
  std::optional<RouteMetric> rttvar{};   ///< 1/4 ms
  std::optional<RouteMetric> rto_min{};  ///< ms; always locked, since the kernel heeds no other
  std::optional<RouteMetric> ssthresh{};
  std::optional<RouteMetric> cwnd{};  ///< only heeded if locked
  std::optional<RouteMetric> initcwnd{};
  std::optional<RouteMetric> initrwnd{};
  std::optional<RouteMetric> hoplimit{};
  std::optional<RouteMetric> reordering{};
  std::optional<RouteMetric> features{};  ///< RTAX_FEATURE_*; 1 is ECN, and the only one that describe() has a word for
  std::optional<RouteMetric> quickack{};
  std::optional<RouteMetric> fastopen_no_cookie{};
  std::string_view congctl{};  ///< congestion control: "cubic"; not decoded
  friend bool operator==(const RouteMetrics&, const RouteMetrics&) = default;
};

/// One of several ways that a route goes: `nexthop [via [inet6] GATEWAY] [dev NAME] [weight W] [onlink]`.
struct RouteHop {
  std::optional<IpAddress> gateway{};  ///< IPv4 routes may go by an IPv6 gateway
  LinkReference link{};
  std::uint16_t weight = 1;  ///< 1 to 256
  bool onlink = false;       ///< the gateway is taken to be on the link, whatever the addresses there are
  friend bool operator==(const RouteHop&, const RouteHop&) = default;
};

/// Adds a route, as does `ip -n NS [-6] route add|append|prepend|change|replace`:
///
///     [TYPE] DESTINATION [from SOURCE] [tos T] [via [inet6] GATEWAY] [dev NAME] [onlink] [nhid ID]
///     [table T] [proto P] [scope S] [src ADDRESS] [metric M] [pref P] [expires S] [METRICS] [nexthop ...]...
///
/// Without more than destination, gateway and interface it is a unicast route in the main table. A destination of
/// length 0 is the default route. Without a gateway the destination is on the link.
///
/// Preconditions: the interface is up and the gateway lies in one of its subnets (or `onlink`); the destination's host
/// bits are zero; `gateway`, `hops` and `nexthop_id` exclude each other. Lifetime: names and `hops` must stay valid
/// until the request has been encoded and described.
///
/// Errors of the outcome: file_exists; network_unreachable (IPv4) or host_unreachable (IPv6) if the gateway is not on
/// the link, because that is down for example; network_down (IPv6 with a link-local gateway: link not up);
/// no_such_file_or_directory (ChangeRoute: there is none to change); invalid_argument; no_such_device.
template <Change change>
struct WriteRoute {
  static constexpr std::string_view operation = change == Change::add       ? "add route"
                                                : change == Change::append  ? "append route"
                                                : change == Change::prepend ? "prepend route"
                                                : change == Change::change  ? "change route"
                                                                            : "replace route";
  IpPrefix destination{};
  IpAddress gateway{};  ///< unspecified (0.0.0.0, ::): none
  InterfaceIndex index = InterfaceIndex::none;
  std::string_view name{};   ///< for describe() only
  std::string_view netns{};  ///< for describe() only
  RouteType type = RouteType::unicast;
  std::uint32_t table = 0;  ///< 0: main, or local for the types local, broadcast, nat and anycast
  std::uint8_t protocol = boot_protocol;
  std::optional<Scope> scope{};       ///< no value: what `ip route` chooses for type and gateway
  std::optional<IpAddress> source{};  ///< preferred source address of packets that are sent from here
  std::optional<IpPrefix> from{};     ///< IPv6 only: where the packets have to come from
  std::uint8_t tos = 0;               ///< IPv4 only
  std::optional<std::uint32_t> metric{};
  std::optional<RouterPreference> preference{};                   ///< IPv6 only
  std::uint32_t nexthop_id = 0;                                   ///< of a nexthop object; 0: none
  std::optional<std::chrono::duration<std::uint32_t>> expires{};  ///< IPv6 only
  bool onlink = false;
  RouteMetrics metrics{};
  std::span<const RouteHop> hops{};

  void encode(engine::MessageWriter& writer) const noexcept;
  [[nodiscard]] std::string describe() const;
};
using AddRoute = WriteRoute<Change::add>;
using AppendRoute = WriteRoute<Change::append>;
using PrependRoute = WriteRoute<Change::prepend>;
using ChangeRoute = WriteRoute<Change::change>;
using ReplaceRoute = WriteRoute<Change::replace>;

/// Deletes a route: `ip -n NS [-6] route delete [TYPE] DESTINATION [via GATEWAY] [dev NAME] ...`: the first one for
/// which all that is given holds. Errors: no_such_process (ESRCH: there is no such route).
struct DeleteRoute {
  static constexpr std::string_view operation = "delete route";
  IpPrefix destination{};
  IpAddress gateway{};  ///< unspecified (0.0.0.0, ::): any
  InterfaceIndex index = InterfaceIndex::none;
  std::string_view name{};          ///< for describe() only
  std::string_view netns{};         ///< for describe() only
  std::optional<RouteType> type{};  ///< no value: any
  std::uint32_t table = 0;          ///< 0: main
  std::uint8_t protocol = 0;        ///< 0: any
  std::optional<Scope> scope{};     ///< no value: any
  std::optional<IpAddress> source{};
  std::optional<IpPrefix> from{};
  std::uint8_t tos = 0;
  std::optional<std::uint32_t> metric{};
  std::uint32_t nexthop_id = 0;
  std::span<const RouteHop> hops{};

  void encode(engine::MessageWriter& writer) const noexcept;
  [[nodiscard]] std::string describe() const;
};

/// Asks which way a packet would go:
/// `ip -n NS route get DESTINATION [from SOURCE] [iif NAME] [oif NAME] [mark M] [tos T] [ipproto P] [sport P] [dport
/// P]`.
///
/// The answer is one RTM_NEWROUTE, for decode_route(). Errors: network_unreachable, host_unreachable (an `unreachable`
/// route), permission_denied (a `prohibit` route), invalid_argument (a `blackhole` route), no_such_device.
struct GetRoute {
  static constexpr std::string_view operation = "get route";
  IpAddress destination{};
  std::optional<IpAddress> from{};
  LinkReference iif{};
  LinkReference oif{};
  std::uint32_t mark = 0;
  std::uint8_t tos = 0;
  std::uint8_t ip_protocol = 0;
  std::uint16_t sport = 0;
  std::uint16_t dport = 0;
  bool fibmatch = false;     ///< answer with the route in the table instead of the packet's way
  std::string_view netns{};  ///< for describe() only

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
  Scope scope = Scope::global;
  std::uint8_t tos = 0;
  std::uint32_t flags = 0;                    ///< RTNH_F_*, RTM_F_*: onlink, dead, linkdown, cloned ...
  InterfaceIndex iif = InterfaceIndex::none;  ///< where the packet comes in, in the answer to GetRoute
  std::optional<IpAddress> source{};
  std::optional<IpPrefix> from{};
  std::optional<RouterPreference> preference{};
  std::uint32_t nexthop_id = 0;
  std::optional<std::chrono::duration<std::int32_t>> expires{};  ///< what is left
  RouteMetrics metrics{};
  std::vector<RouteHop> hops{};  ///< where there are several; their links have no names
  friend bool operator==(const Route&, const Route&) = default;
};

/// Decodes an RTM_NEWROUTE message; nothing if it is not one of IPv4 or IPv6, or is malformed.
[[nodiscard]] std::optional<Route> decode_route(const engine::MessageView& message);

}  // namespace netherd::ops
