#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "netherd/ops/ip_prefix.hpp"
#include "netherd/ops/link_kind.hpp"

/// Tunnels over IPv4 and IPv6. Like `ip` they send every setting, with the defaults of `ip`: a change (SetLinkKind)
/// therefore sets them all. One with `external` has no settings of its own: end points, keys and the like come with
/// each packet, from a route's encapsulation or a BPF program; the kernel has one such device of a kind per namespace.

namespace netherd::ops {

/// Wraps the tunnel's packets in UDP (TUNNEL_ENCAP_*, linux/if_tunnel.h).
struct TunnelEncapsulation {
  enum class Type : std::uint16_t { none, fou, gue };
  Type type = Type::none;
  std::uint16_t sport = 0;  ///< 0: automatic
  std::uint16_t dport = 0;
  bool csum = false;
  bool csum6 = false;
  bool remcsum = false;
  friend bool operator==(const TunnelEncapsulation&, const TunnelEncapsulation&) = default;
};

/// Keys, sequence numbers and checksums of GRE, per direction.
struct GreFlags {
  std::optional<std::uint32_t> ikey{};
  std::optional<std::uint32_t> okey{};
  bool iseq = false;
  bool oseq = false;
  bool icsum = false;
  bool ocsum = false;
  friend bool operator==(const GreFlags&, const GreFlags&) = default;
};

/// Mirrored Ethernet frames in GRE (ERSPAN): which version of the header, and what it says. Version 1 has an index,
/// version 2 a direction and the number of a piece of hardware; version 0 has none of these.
struct ErspanSettings {
  std::uint8_t version = 1;
  std::uint32_t index = 0;        ///< 20 bits; 0: left to the kernel
  bool egress = false;            ///< the frames were leaving, not coming in
  std::uint16_t hardware_id = 0;  ///< 6 bits
  friend bool operator==(const ErspanSettings&, const ErspanSettings&) = default;
};

/// GRE over IPv4, layer 3:
/// `ip link add NAME type gre [local IP] [remote IP] [ttl N] [tos N] [ikey K] [okey K] [iseq] [oseq] [dev LOWER] ...`.
struct Gre {
  static constexpr std::string_view kind = "gre";
  static constexpr std::string_view add_operation = "add GRE tunnel";
  std::optional<IpAddress> local{};
  std::optional<IpAddress> remote{};
  std::optional<LinkReference> dev{};
  std::uint8_t ttl = 0;  ///< 0: inherit, which excludes `pmtudisc = false`
  std::uint8_t tos = 0;  ///< 1: inherit
  bool pmtudisc = true;
  std::optional<bool> ignore_df{};
  GreFlags flags{};
  std::uint32_t fwmark = 0;
  TunnelEncapsulation encapsulation{};
  bool external = false;
  friend bool operator==(const Gre&, const Gre&) = default;
};
using AddGre = AddLink<Gre>;

/// GRE over IPv4, layer 2: `type gretap`.
struct Gretap : Gre {
  static constexpr std::string_view kind = "gretap";
  static constexpr std::string_view add_operation = "add GRE tap";
};
using AddGretap = AddLink<Gretap>;

/// ERSPAN over IPv4: `type erspan seq key K [erspan_ver V] [erspan INDEX] [erspan_dir D] [erspan_hwid N] ...`. The
/// kernel wants a key, and sequence numbers.
struct Erspan : Gre {
  static constexpr std::string_view kind = "erspan";
  static constexpr std::string_view add_operation = "add ERSPAN tunnel";
  ErspanSettings erspan{};
  friend bool operator==(const Erspan&, const Erspan&) = default;
};
using AddErspan = AddLink<Erspan>;

/// Traffic class, flow label and the like of tunnels over IPv6 (IP6_TNL_F_*, linux/ip6_tunnel.h).
struct Ip6TunnelSettings {
  std::optional<std::uint8_t> encaplimit = 4;  ///< no value: none
  std::uint8_t tclass = 0;
  bool tclass_inherit = false;
  std::uint32_t flowlabel = 0;  ///< 20 bits
  bool flowlabel_inherit = false;
  bool dscp_inherit = false;
  bool allow_localremote = false;
  bool fwmark_inherit = false;
  friend bool operator==(const Ip6TunnelSettings&, const Ip6TunnelSettings&) = default;
};

/// GRE over IPv6, layer 3: `type ip6gre [local IP] [remote IP] [hoplimit N] [encaplimit N] [flowlabel N] ...`.
struct Ip6gre {
  static constexpr std::string_view kind = "ip6gre";
  static constexpr std::string_view add_operation = "add GRE tunnel";
  std::optional<IpAddress> local{};
  std::optional<IpAddress> remote{};
  std::optional<LinkReference> dev{};
  std::uint8_t hoplimit = 64;
  Ip6TunnelSettings ipv6{};
  GreFlags flags{};
  std::uint32_t fwmark = 0;
  TunnelEncapsulation encapsulation{.csum6 = true};
  bool external = false;
  ErspanSettings erspan{};  ///< of ip6erspan; `ip` sends them for the others too, which ignore them
  friend bool operator==(const Ip6gre&, const Ip6gre&) = default;
};
using AddIp6gre = AddLink<Ip6gre>;

/// GRE over IPv6, layer 2: `type ip6gretap`.
struct Ip6gretap : Ip6gre {
  static constexpr std::string_view kind = "ip6gretap";
  static constexpr std::string_view add_operation = "add GRE tap";
};
using AddIp6gretap = AddLink<Ip6gretap>;

/// ERSPAN over IPv6: `type ip6erspan`.
struct Ip6erspan : Ip6gre {
  static constexpr std::string_view kind = "ip6erspan";
  static constexpr std::string_view add_operation = "add ERSPAN tunnel";
};
using AddIp6erspan = AddLink<Ip6erspan>;

/// What a tunnel carries, as IP protocol numbers.
enum class TunnelMode : std::uint8_t { any = 0, ipip = 4, ip6ip = 41, mplsip = 137 };

/// IPv4 (or MPLS) in IPv4: `ip link add NAME type ipip [local IP] [remote IP] [ttl N] [tos N] [mode ipip] ...`.
struct Ipip {
  static constexpr std::string_view kind = "ipip";
  static constexpr std::string_view add_operation = "add IP-in-IP tunnel";
  std::optional<IpAddress> local{};
  std::optional<IpAddress> remote{};
  LinkReference dev{};
  std::uint8_t ttl = 0;  ///< 0: inherit
  std::uint8_t tos = 0;  ///< 1: inherit
  bool pmtudisc = true;
  TunnelMode mode = TunnelMode::any;
  std::uint32_t fwmark = 0;
  TunnelEncapsulation encapsulation{};
  bool external = false;
  friend bool operator==(const Ipip&, const Ipip&) = default;
};
using AddIpip = AddLink<Ipip>;

/// IPv6 in IPv4: `type sit`. The settings are those of ipip; `isatap` is its own.
struct Sit : Ipip {
  static constexpr std::string_view kind = "sit";
  static constexpr std::string_view add_operation = "add sit tunnel";
  bool isatap = false;
  friend bool operator==(const Sit&, const Sit&) = default;
};
using AddSit = AddLink<Sit>;

/// IPv4 or IPv6 in IPv6: `type ip6tnl [mode any] [local IP] [remote IP] [hoplimit N] [encaplimit N] ...`.
struct Ip6tnl {
  static constexpr std::string_view kind = "ip6tnl";
  static constexpr std::string_view add_operation = "add IPv6 tunnel";
  std::optional<IpAddress> local{};
  std::optional<IpAddress> remote{};
  LinkReference dev{};
  std::uint8_t hoplimit = 64;
  Ip6TunnelSettings ipv6{};
  TunnelMode mode = TunnelMode::any;
  std::uint32_t fwmark = 0;
  TunnelEncapsulation encapsulation{.csum6 = true};
  bool external = false;
  friend bool operator==(const Ip6tnl&, const Ip6tnl&) = default;
};
using AddIp6tnl = AddLink<Ip6tnl>;

/// IPsec tunnel over IPv4: `ip link add NAME type vti [local IP] [remote IP] [ikey K] [okey K] [dev LOWER] [fwmark M]`.
struct Vti {
  static constexpr std::string_view kind = "vti";
  static constexpr std::string_view add_operation = "add IPsec tunnel";
  std::optional<IpAddress> local{};
  std::optional<IpAddress> remote{};
  std::optional<LinkReference> dev{};
  std::uint32_t ikey = 0;  ///< mark of the policies for what comes in
  std::uint32_t okey = 0;
  std::uint32_t fwmark = 0;
  friend bool operator==(const Vti&, const Vti&) = default;
};
using AddVti = AddLink<Vti>;

/// The same over IPv6: `type vti6`.
struct Vti6 : Vti {
  static constexpr std::string_view kind = "vti6";
};
using AddVti6 = AddLink<Vti6>;

}  // namespace netherd::ops
