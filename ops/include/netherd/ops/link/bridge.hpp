#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

#include "netherd/ops/link_kind.hpp"
#include "netherd/ops/mac_address.hpp"

namespace netherd::ops {

/// The kernel's unit for the timers of bridges (USER_HZ): `ip link set br0 type bridge hello_time 200` means 2 s.
using Centiseconds = std::chrono::duration<std::uint64_t, std::centi>;

/// EtherType of VLAN tags.
enum class VlanProtocol : std::uint16_t { dot1q = 0x8100, dot1ad = 0x88a8 };

/// A bridge: `type bridge [vlan_filtering 1] [stp_state 1] [forward_delay 200] ...`; see bridge in ip-link(8), whose
/// words the members are. Without an address of its own a bridge takes over the lowest one of its ports, and changes it
/// as ports come and go. Errors: operation_not_supported where the kernel was built without the feature.
struct Bridge {
  static constexpr std::string_view kind = "bridge";
  static constexpr std::string_view add_operation = "add bridge";
  std::optional<Centiseconds> forward_delay{};  ///< 200 to 3000
  std::optional<Centiseconds> hello_time{};     ///< 100 to 1000
  std::optional<Centiseconds> max_age{};        ///< 600 to 4000
  std::optional<Centiseconds> ageing_time{};
  std::optional<bool> stp{};
  std::optional<std::uint16_t> priority{};
  std::optional<bool> vlan_filtering{};
  std::optional<VlanProtocol> vlan_protocol{};
  std::optional<std::uint16_t> vlan_default_pvid{};  ///< 0: none
  std::optional<bool> vlan_stats_enabled{};
  std::optional<bool> vlan_stats_per_port{};  ///< before ports have VLANs
  std::optional<std::uint16_t> group_fwd_mask{};
  std::optional<MacAddress> group_address{};  ///< 01:80:c2:00:00:0X
  /// Not reported by a dump.
  bool fdb_flush = false;
  /// Address learning from link-local frames (BR_BOOLOPT_NO_LL_LEARN).
  std::optional<bool> no_linklocal_learn{};
  std::optional<bool> mcast_vlan_snooping{};
  std::optional<bool> mcast_snooping{};
  std::optional<std::uint8_t> mcast_router{};  ///< 0 never, 1 as learned, 2 always
  std::optional<bool> mcast_query_use_ifaddr{};
  std::optional<bool> mcast_querier{};
  std::optional<std::uint32_t> mcast_hash_elasticity{};
  std::optional<std::uint32_t> mcast_hash_max{};
  std::optional<std::uint32_t> mcast_last_member_count{};
  std::optional<std::uint32_t> mcast_startup_query_count{};
  std::optional<Centiseconds> mcast_last_member_interval{};
  std::optional<Centiseconds> mcast_membership_interval{};
  std::optional<Centiseconds> mcast_querier_interval{};
  std::optional<Centiseconds> mcast_query_interval{};
  std::optional<Centiseconds> mcast_query_response_interval{};
  std::optional<Centiseconds> mcast_startup_query_interval{};
  std::optional<bool> mcast_stats_enabled{};
  std::optional<std::uint8_t> mcast_igmp_version{};
  std::optional<std::uint8_t> mcast_mld_version{};
  std::optional<bool> nf_call_iptables{};
  std::optional<bool> nf_call_ip6tables{};
  std::optional<bool> nf_call_arptables{};
  friend bool operator==(const Bridge&, const Bridge&) = default;
};

/// `ip -n NS link add NAME index I [mtu M] [address MAC] [up] type bridge`. Its spanning tree is off.
using AddBridge = AddLink<Bridge>;

/// State of a bridge's port (BR_STATE_*, linux/if_bridge.h).
enum class PortState : std::uint8_t { disabled, listening, learning, forwarding, blocking };

/// A link as port of its bridge: `ip link set NAME type bridge_slave [state 3] [cost 100] [hairpin on] ...`, to be used
/// with SetPort; see bridge_slave in ip-link(8), whose words the members are. `bridge link set dev NAME` does the same.
struct BridgePort {
  static constexpr std::string_view kind = "bridge";
  static constexpr std::string_view slave_kind = "bridge_slave";
  bool fdb_flush = false;                   ///< not reported by a dump
  std::optional<PortState> state{};         ///< only without spanning tree, and while the port is up
  std::optional<std::uint16_t> priority{};  ///< 0 to 63
  std::optional<std::uint32_t> cost{};      ///< 1 to 65535
  std::optional<bool> hairpin{};
  std::optional<bool> guard{};
  std::optional<bool> root_block{};
  std::optional<bool> fastleave{};
  std::optional<bool> learning{};
  std::optional<bool> flood{};
  std::optional<bool> proxy_arp{};
  std::optional<bool> proxy_arp_wifi{};
  std::optional<std::uint8_t> mcast_router{};  ///< 0 never, 1 as learned, 2 always, 3 as learned for a while
  std::optional<bool> mcast_flood{};
  std::optional<bool> bcast_flood{};
  std::optional<bool> mcast_to_unicast{};
  std::optional<std::uint16_t> group_fwd_mask{};
  std::optional<bool> neigh_suppress{};
  std::optional<bool> vlan_tunnel{};
  std::optional<bool> isolated{};
  std::optional<bool> locked{};
  std::optional<LinkReference> backup_port{};  ///< InterfaceIndex::none: takes the backup away
  friend bool operator==(const BridgePort&, const BridgePort&) = default;
};

}  // namespace netherd::ops
