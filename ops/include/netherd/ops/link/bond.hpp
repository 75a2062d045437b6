#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "netherd/ops/ip_prefix.hpp"
#include "netherd/ops/link_kind.hpp"

namespace netherd::ops {

enum class BondMode : std::uint8_t {
  balance_rr,
  active_backup,
  balance_xor,
  broadcast,
  ieee_802_3ad,
  balance_tlb,
  balance_alb,
};
enum class BondArpValidate : std::uint32_t { none, active, backup, all, filter, filter_active, filter_backup };
enum class BondArpAllTargets : std::uint32_t { any, all };
enum class BondPrimaryReselect : std::uint8_t { always, better, failure };
enum class BondFailOverMac : std::uint8_t { none, active, follow };
enum class BondHashPolicy : std::uint8_t { layer2, layer3_4, layer2_3, encap2_3, encap3_4, vlan_srcmac };
enum class LacpRate : std::uint8_t { slow, fast };
enum class BondAdSelect : std::uint8_t { stable, bandwidth, count };

/// A bond: `ip link add NAME type bond [mode 802.3ad] [miimon 100] [lacp_rate fast] ...`; see bond in ip-link(8) and
/// Documentation/networking/bonding.rst, whose words the members are. The kernel applies a setting only in the modes
/// that know it, and refuses it otherwise (invalid_argument, operation_not_permitted).
struct Bond {
  using Milliseconds = std::chrono::duration<std::uint32_t, std::milli>;
  static constexpr std::string_view kind = "bond";
  static constexpr std::string_view add_operation = "add bond";
  std::optional<BondMode> mode{};
  std::optional<LinkReference> active_slave{};  ///< InterfaceIndex::none: the bond chooses
  std::optional<Milliseconds> miimon{};
  std::optional<Milliseconds> updelay{};
  std::optional<Milliseconds> downdelay{};
  std::optional<Milliseconds> peer_notify_delay{};
  std::optional<bool> use_carrier{};
  std::optional<Milliseconds> arp_interval{};
  std::optional<BondArpValidate> arp_validate{};
  std::optional<BondArpAllTargets> arp_all_targets{};
  std::vector<IpAddress> arp_ip_target{};  ///< IPv4, at most 16
  std::vector<IpAddress> ns_ip6_target{};  ///< IPv6, at most 16
  std::optional<LinkReference> primary{};
  std::optional<BondPrimaryReselect> primary_reselect{};
  std::optional<BondFailOverMac> fail_over_mac{};
  std::optional<BondHashPolicy> xmit_hash_policy{};
  std::optional<std::uint32_t> resend_igmp{};
  std::optional<std::uint8_t> num_grat_arp{};  ///< also unsolicited neighbour advertisements
  std::optional<bool> all_slaves_active{};
  std::optional<std::uint32_t> min_links{};
  std::optional<std::chrono::duration<std::uint32_t>> lp_interval{};
  std::optional<std::uint32_t> packets_per_slave{};
  std::optional<bool> tlb_dynamic_lb{};
  std::optional<LacpRate> lacp_rate{};
  std::optional<BondAdSelect> ad_select{};
  std::optional<bool> lacp_active{};
  std::optional<std::uint16_t> ad_user_port_key{};
  std::optional<std::uint16_t> ad_actor_sys_prio{};
  std::optional<MacAddress> ad_actor_system{};
  std::optional<std::uint8_t> missed_max{};
  friend bool operator==(const Bond&, const Bond&) = default;
};
using AddBond = AddLink<Bond>;

/// A link as part of its bond: `ip link set NAME type bond_slave [queue_id N] [prio N]`, to be used with SetPort.
struct BondPort {
  static constexpr std::string_view kind = "bond";
  static constexpr std::string_view slave_kind = "bond_slave";
  std::optional<std::uint16_t> queue_id{};
  std::optional<std::int32_t> prio{};
  friend bool operator==(const BondPort&, const BondPort&) = default;
};

}  // namespace netherd::ops
