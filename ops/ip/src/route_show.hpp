#pragma once

#include <cstdint>

#include "netherd/engine/message.hpp"
#include "netherd/ip/inet.hpp"
#include "session.hpp"

namespace netherd::ip {

/// Which routes `show` and `flush` are about. What was not asked for does not select.
struct RouteFilter {
  int family = AF_UNSPEC;
  std::uint32_t table = 0;  ///< 0: all
  bool cloned = false;
  bool any_cloned = false;  ///< cloned or not: what `route get` shows
  std::optional<std::uint8_t> protocol{};
  std::optional<std::uint8_t> scope{};
  std::optional<std::uint8_t> type{};
  std::optional<std::uint8_t> tos{};
  std::optional<std::uint32_t> metric{};
  std::optional<std::uint32_t> mark{};
  std::uint32_t realms = 0;
  std::uint32_t realms_mask = 0;  ///< the bits of `realms` that select; all of them: they are not shown
  int iif = 0;
  int oif = 0;
  Inet via{};
  Inet source{};
  Inet root{};   ///< destinations within it
  Inet match{};  ///< destinations that contain it
  Inet from_root{};
  Inet from_match{};
  bool has_root = false;
  bool has_match = false;
  bool has_from_root = false;
  bool has_from_match = false;
};

void print_route(Session& session, const engine::MessageView& message, const RouteFilter& filter);
/// Whether a route passes the filter.
[[nodiscard]] bool route_passes(const engine::MessageView& message, const RouteFilter& filter);

[[nodiscard]] Command parse_route_show(Words words, const Options& options, Environment& environment, bool flush);
[[nodiscard]] Command parse_route_get(Words words, const Options& options, Environment& environment);

/// What routes and nexthop objects share.
void print_gateway(Printer& printer, int family, std::span<const std::byte> address);
void print_nexthop_flags(Printer& printer, unsigned flags);

}  // namespace netherd::ip
