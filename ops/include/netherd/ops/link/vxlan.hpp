#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

#include "netherd/ops/ip_prefix.hpp"
#include "netherd/ops/link_kind.hpp"
#include "netherd/ops/port_range.hpp"

namespace netherd::ops {

/// How the Don't Fragment bit of the outer IPv4 header is set (VXLAN_DF_*, linux/if_link.h).
enum class VxlanDf : std::uint8_t { unset, set, inherit };

/// A VXLAN device: `ip link add NAME type vxlan id 5 [remote IP] [local IP] [dev LOWER] [dstport 4789] ...`.
///
/// Addresses are of one family. `ip` always says something of `learning`, `l2miss` ... only what it was told. Without a
/// `dstport` the kernel takes its old default 8472. Errors: file_exists (VNI and port are taken), invalid_argument (a
/// multicast group without `dev`; families mixed), address_family_not_supported.
struct Vxlan {
  static constexpr std::string_view kind = "vxlan";
  static constexpr std::string_view add_operation = "add VXLAN";
  std::optional<std::uint32_t> id{};  ///< VNI, 0 to 16777215; none with `external`
  std::optional<IpAddress> remote{};  ///< a multicast group is described as `group`
  std::optional<IpAddress> local{};
  std::optional<LinkReference> dev{};
  std::optional<std::uint8_t> ttl{};  ///< 0: automatic
  bool ttl_inherit = false;
  std::optional<std::uint8_t> tos{};  ///< 1: inherit
  std::optional<VxlanDf> df{};
  std::optional<std::uint32_t> flowlabel{};  ///< 20 bits
  std::optional<std::uint16_t> dstport{};
  std::optional<PortRange> srcport{};
  std::optional<bool> learning{};  ///< on if there is no value
  std::optional<bool> proxy{};
  std::optional<bool> rsc{};
  std::optional<bool> l2miss{};
  std::optional<bool> l3miss{};
  std::optional<bool> udpcsum{};
  std::optional<bool> udp6zerocsumtx{};
  std::optional<bool> udp6zerocsumrx{};
  std::optional<bool> remcsumtx{};
  std::optional<bool> remcsumrx{};
  std::optional<bool> external{};
  std::optional<bool> vnifilter{};  ///< only with `external`
  bool gbp = false;
  bool gpe = false;
  std::optional<std::chrono::duration<std::uint32_t>> ageing{};  ///< 0: never
  std::optional<std::uint32_t> maxaddress{};                     ///< 0: as many as come
  friend bool operator==(const Vxlan&, const Vxlan&) = default;
};
using AddVxlan = AddLink<Vxlan>;

}  // namespace netherd::ops
