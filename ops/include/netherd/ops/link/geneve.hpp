#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "netherd/ops/ip_prefix.hpp"
#include "netherd/ops/link_kind.hpp"

namespace netherd::ops {

/// How the Don't Fragment bit of the outer IPv4 header is set (GENEVE_DF_*, linux/if_link.h).
enum class GeneveDf : std::uint8_t { unset, set, inherit };

/// A Geneve tunnel (RFC 8926): `ip link add NAME type geneve id 5 remote IP [ttl N] [tos N] [df D] [flowlabel N]
/// [dstport P] [[no]udpcsum] ...`, or `type geneve external`. Like `ip` it always sends id, TTL, TOS and flow label.
///
/// Errors: file_exists (VNI, remote and port are taken), invalid_argument (a multicast remote), operation_not_supported
/// (the kernel lacks it; or a change of what cannot be changed).
struct Geneve {
  static constexpr std::string_view kind = "geneve";
  static constexpr std::string_view add_operation = "add Geneve tunnel";
  std::uint32_t id = 0;  ///< VNI, 0 to 16777215; 0 with `external`
  std::optional<IpAddress> remote{};
  std::uint8_t ttl = 0;  ///< 0: automatic
  bool ttl_inherit = false;
  std::uint8_t tos = 0;  ///< 1: inherit
  std::optional<GeneveDf> df{};
  std::uint32_t flowlabel = 0;             ///< 20 bits
  std::optional<std::uint16_t> dstport{};  ///< 6081 if there is no value
  bool external = false;                   ///< end points come with each packet
  std::optional<bool> udpcsum{};
  std::optional<bool> udp6zerocsumtx{};
  std::optional<bool> udp6zerocsumrx{};
  bool innerprotoinherit = false;  ///< IP packets without an Ethernet header
  friend bool operator==(const Geneve&, const Geneve&) = default;
};
using AddGeneve = AddLink<Geneve>;

}  // namespace netherd::ops
