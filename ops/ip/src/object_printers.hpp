#pragma once

#include <cstdint>
#include <optional>

#include "netherd/ip/inet.hpp"
#include "session.hpp"

/// One object each, as `show` and `monitor` print it.
namespace netherd::ip {

void print_rule(Session& session, const engine::MessageView& message);
void print_nexthop(Session& session, const engine::MessageView& message);
/// What a route by a nexthop object shows of it with -details.
void print_nexthop_info(Session& session, std::uint32_t id);

struct NeighbourFilter {
  int family = 0;
  int index = 0;
  int master = 0;
  unsigned states = ~0U;  ///< NUD_*; 0x100: none at all
  bool proxy = false;
  bool unused = false;
  std::uint8_t protocol = 0;  ///< 0: any
  std::optional<Inet> prefix{};
};
void print_neighbour(Session& session, const engine::MessageView& message, const NeighbourFilter& filter);

}  // namespace netherd::ip
