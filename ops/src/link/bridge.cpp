#include "netherd/ops/link/bridge.hpp"

#include <linux/if_bridge.h>

#include "kind.hpp"
#include "vlan_protocol.hpp"

namespace netherd::ops {

namespace {

using Timer = Number<std::uint32_t>;

/// Switches that share IFLA_BR_MULTI_BOOLOPT: values, and a mask of those that are set.
struct BooleanOptions {
  struct Option {
    std::optional<bool> Bridge::* member;
    std::uint32_t bit;
    std::string_view keyword;
  };
  static constexpr std::array options{
      Option{&Bridge::no_linklocal_learn, 1U << BR_BOOLOPT_NO_LL_LEARN, "no_linklocal_learn"},
      Option{&Bridge::mcast_vlan_snooping, 1U << BR_BOOLOPT_MCAST_VLAN_SNOOPING, "mcast_vlan_snooping"}};

  static void put(engine::MessageWriter& writer, const Bridge& bridge) noexcept {
    br_boolopt_multi value{};
    for (const Option& option : options) {
      const auto wanted = bridge.*option.member;
      if (wanted) value.optmask |= option.bit;
      if (wanted.value_or(false)) value.optval |= option.bit;
    }
    if (value.optmask != 0) writer.put_struct(IFLA_BR_MULTI_BOOLOPT, value);
  }
  static void describe(CommandText& command, const Bridge& bridge, const Bridge&) {
    for (const Option& option : options) {
      if (const auto wanted = bridge.*option.member) OneZero<>::describe(command, option.keyword, *wanted);
    }
  }
  static void read(Bridge& bridge, const engine::AttributeView& attribute) noexcept {
    if (attribute.type() != IFLA_BR_MULTI_BOOLOPT) return;
    const auto value = attribute.as<br_boolopt_multi>();
    if (!value) return;
    for (const Option& option : options) {
      if ((value->optmask & option.bit) != 0) bridge.*option.member = (value->optval & option.bit) != 0;
    }
  }
};

}  // namespace

template <>
struct KindRows<Bridge> {
  static constexpr std::tuple rows{
      setting<Timer>(&Bridge::forward_delay, IFLA_BR_FORWARD_DELAY, "forward_delay"),
      setting<Timer>(&Bridge::hello_time, IFLA_BR_HELLO_TIME, "hello_time"),
      setting<Timer>(&Bridge::max_age, IFLA_BR_MAX_AGE, "max_age"),
      setting<Timer>(&Bridge::ageing_time, IFLA_BR_AGEING_TIME, "ageing_time"),
      setting<OneZero<std::uint32_t>>(&Bridge::stp, IFLA_BR_STP_STATE, "stp_state"),
      setting(&Bridge::priority, IFLA_BR_PRIORITY, "priority"),
      setting<OneZero<>>(&Bridge::vlan_filtering, IFLA_BR_VLAN_FILTERING, "vlan_filtering"),
      setting<BigEndian<std::uint16_t>>(&Bridge::vlan_protocol, IFLA_BR_VLAN_PROTOCOL, "vlan_protocol"),
      setting(&Bridge::vlan_default_pvid, IFLA_BR_VLAN_DEFAULT_PVID, "vlan_default_pvid"),
      setting<OneZero<>>(&Bridge::vlan_stats_enabled, IFLA_BR_VLAN_STATS_ENABLED, "vlan_stats_enabled"),
      setting<OneZero<>>(&Bridge::vlan_stats_per_port, IFLA_BR_VLAN_STATS_PER_PORT, "vlan_stats_per_port"),
      setting(&Bridge::group_fwd_mask, IFLA_BR_GROUP_FWD_MASK, "group_fwd_mask"),
      setting(&Bridge::group_address, IFLA_BR_GROUP_ADDR, "group_address"),
      setting<Presence>(&Bridge::fdb_flush, IFLA_BR_FDB_FLUSH, "fdb_flush"),
      BooleanOptions{},
      setting<OneZero<>>(&Bridge::mcast_snooping, IFLA_BR_MCAST_SNOOPING, "mcast_snooping"),
      setting(&Bridge::mcast_router, IFLA_BR_MCAST_ROUTER, "mcast_router"),
      setting<OneZero<>>(&Bridge::mcast_query_use_ifaddr, IFLA_BR_MCAST_QUERY_USE_IFADDR, "mcast_query_use_ifaddr"),
      setting<OneZero<>>(&Bridge::mcast_querier, IFLA_BR_MCAST_QUERIER, "mcast_querier"),
      setting(&Bridge::mcast_hash_elasticity, IFLA_BR_MCAST_HASH_ELASTICITY, "mcast_hash_elasticity"),
      setting(&Bridge::mcast_hash_max, IFLA_BR_MCAST_HASH_MAX, "mcast_hash_max"),
      setting(&Bridge::mcast_last_member_count, IFLA_BR_MCAST_LAST_MEMBER_CNT, "mcast_last_member_count"),
      setting(&Bridge::mcast_startup_query_count, IFLA_BR_MCAST_STARTUP_QUERY_CNT, "mcast_startup_query_count"),
      setting(&Bridge::mcast_last_member_interval, IFLA_BR_MCAST_LAST_MEMBER_INTVL, "mcast_last_member_interval"),
      setting(&Bridge::mcast_membership_interval, IFLA_BR_MCAST_MEMBERSHIP_INTVL, "mcast_membership_interval"),
      setting(&Bridge::mcast_querier_interval, IFLA_BR_MCAST_QUERIER_INTVL, "mcast_querier_interval"),
      setting(&Bridge::mcast_query_interval, IFLA_BR_MCAST_QUERY_INTVL, "mcast_query_interval"),
      setting(&Bridge::mcast_query_response_interval, IFLA_BR_MCAST_QUERY_RESPONSE_INTVL,
              "mcast_query_response_interval"),
      setting(&Bridge::mcast_startup_query_interval, IFLA_BR_MCAST_STARTUP_QUERY_INTVL, "mcast_startup_query_interval"),
      setting<OneZero<>>(&Bridge::mcast_stats_enabled, IFLA_BR_MCAST_STATS_ENABLED, "mcast_stats_enabled"),
      setting(&Bridge::mcast_igmp_version, IFLA_BR_MCAST_IGMP_VERSION, "mcast_igmp_version"),
      setting(&Bridge::mcast_mld_version, IFLA_BR_MCAST_MLD_VERSION, "mcast_mld_version"),
      setting<OneZero<>>(&Bridge::nf_call_iptables, IFLA_BR_NF_CALL_IPTABLES, "nf_call_iptables"),
      setting<OneZero<>>(&Bridge::nf_call_ip6tables, IFLA_BR_NF_CALL_IP6TABLES, "nf_call_ip6tables"),
      setting<OneZero<>>(&Bridge::nf_call_arptables, IFLA_BR_NF_CALL_ARPTABLES, "nf_call_arptables"),
  };
};

template <>
struct KindRows<BridgePort> {
  static constexpr std::tuple rows{
      setting<Presence>(&BridgePort::fdb_flush, IFLA_BRPORT_FLUSH, "fdb_flush"),
      setting(&BridgePort::state, IFLA_BRPORT_STATE, "state"),
      setting(&BridgePort::priority, IFLA_BRPORT_PRIORITY, "priority"),
      setting(&BridgePort::cost, IFLA_BRPORT_COST, "cost"),
      setting(&BridgePort::hairpin, IFLA_BRPORT_MODE, "hairpin"),
      setting(&BridgePort::guard, IFLA_BRPORT_GUARD, "guard"),
      setting(&BridgePort::root_block, IFLA_BRPORT_PROTECT, "root_block"),
      setting(&BridgePort::fastleave, IFLA_BRPORT_FAST_LEAVE, "fastleave"),
      setting(&BridgePort::learning, IFLA_BRPORT_LEARNING, "learning"),
      setting(&BridgePort::flood, IFLA_BRPORT_UNICAST_FLOOD, "flood"),
      setting(&BridgePort::proxy_arp, IFLA_BRPORT_PROXYARP, "proxy_arp"),
      setting(&BridgePort::proxy_arp_wifi, IFLA_BRPORT_PROXYARP_WIFI, "proxy_arp_wifi"),
      setting(&BridgePort::mcast_router, IFLA_BRPORT_MULTICAST_ROUTER, "mcast_router"),
      setting(&BridgePort::mcast_flood, IFLA_BRPORT_MCAST_FLOOD, "mcast_flood"),
      setting(&BridgePort::bcast_flood, IFLA_BRPORT_BCAST_FLOOD, "bcast_flood"),
      setting(&BridgePort::mcast_to_unicast, IFLA_BRPORT_MCAST_TO_UCAST, "mcast_to_unicast"),
      setting(&BridgePort::group_fwd_mask, IFLA_BRPORT_GROUP_FWD_MASK, "group_fwd_mask"),
      setting(&BridgePort::neigh_suppress, IFLA_BRPORT_NEIGH_SUPPRESS, "neigh_suppress"),
      setting(&BridgePort::vlan_tunnel, IFLA_BRPORT_VLAN_TUNNEL, "vlan_tunnel"),
      setting(&BridgePort::isolated, IFLA_BRPORT_ISOLATED, "isolated"),
      setting(&BridgePort::locked, IFLA_BRPORT_LOCKED, "locked"),
      setting(&BridgePort::backup_port, IFLA_BRPORT_BACKUP_PORT, "backup_port"),
  };
};

NETHERD_INSTANTIATE_KIND(Bridge);
NETHERD_INSTANTIATE_PORT(BridgePort);

}  // namespace netherd::ops
