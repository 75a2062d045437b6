#include <arpa/inet.h>
#include <linux/if_bridge.h>
#include <linux/if_link.h>

#include <array>

#include "../attributes.hpp"
#include "../kind.hpp"

namespace netherd::ip {

namespace {

constexpr std::array settings{
    Setting{"forward_delay", Value::u32, IFLA_BR_FORWARD_DELAY},
    Setting{"hello_time", Value::u32, IFLA_BR_HELLO_TIME},
    Setting{"max_age", Value::u32, IFLA_BR_MAX_AGE},
    Setting{"ageing_time", Value::u32, IFLA_BR_AGEING_TIME},
    Setting{"stp_state", Value::u32, IFLA_BR_STP_STATE},
    Setting{"priority", Value::u16, IFLA_BR_PRIORITY},
    Setting{"vlan_filtering", Value::u8, IFLA_BR_VLAN_FILTERING},
    Setting{"vlan_protocol", Value::ethertype, IFLA_BR_VLAN_PROTOCOL},
    Setting{"group_fwd_mask", Value::u16, IFLA_BR_GROUP_FWD_MASK},
    Setting{"group_address", Value::lladdr, IFLA_BR_GROUP_ADDR},
    Setting{"fdb_flush", Value::flag, IFLA_BR_FDB_FLUSH},
    Setting{"vlan_default_pvid", Value::u16, IFLA_BR_VLAN_DEFAULT_PVID},
    Setting{"vlan_stats_enabled", Value::u8, IFLA_BR_VLAN_STATS_ENABLED},
    Setting{"vlan_stats_per_port", Value::u8, IFLA_BR_VLAN_STATS_PER_PORT},
    Setting{"mcast_router", Value::u8, IFLA_BR_MCAST_ROUTER},
    Setting{"mcast_snooping", Value::u8, IFLA_BR_MCAST_SNOOPING},
    Setting{"mcast_query_use_ifaddr", Value::u8, IFLA_BR_MCAST_QUERY_USE_IFADDR},
    Setting{"mcast_querier", Value::u8, IFLA_BR_MCAST_QUERIER},
    Setting{"mcast_hash_elasticity", Value::u32, IFLA_BR_MCAST_HASH_ELASTICITY},
    Setting{"mcast_hash_max", Value::u32, IFLA_BR_MCAST_HASH_MAX},
    Setting{"mcast_last_member_count", Value::u32, IFLA_BR_MCAST_LAST_MEMBER_CNT},
    Setting{"mcast_startup_query_count", Value::u32, IFLA_BR_MCAST_STARTUP_QUERY_CNT},
    Setting{"mcast_stats_enabled", Value::u8, IFLA_BR_MCAST_STATS_ENABLED},
    Setting{"mcast_igmp_version", Value::u8, IFLA_BR_MCAST_IGMP_VERSION},
    Setting{"mcast_mld_version", Value::u8, IFLA_BR_MCAST_MLD_VERSION},
    Setting{"nf_call_iptables", Value::u8, IFLA_BR_NF_CALL_IPTABLES},
    Setting{"nf_call_ip6tables", Value::u8, IFLA_BR_NF_CALL_IP6TABLES},
    Setting{"nf_call_arptables", Value::u8, IFLA_BR_NF_CALL_ARPTABLES},
};

/// In hundredths of a second, as 64 bits.
struct Interval {
  std::string_view keyword;
  int attribute;
};
constexpr std::array intervals{Interval{"mcast_last_member_interval", IFLA_BR_MCAST_LAST_MEMBER_INTVL},
                               Interval{"mcast_membership_interval", IFLA_BR_MCAST_MEMBERSHIP_INTVL},
                               Interval{"mcast_querier_interval", IFLA_BR_MCAST_QUERIER_INTVL},
                               Interval{"mcast_query_interval", IFLA_BR_MCAST_QUERY_INTVL},
                               Interval{"mcast_query_response_interval", IFLA_BR_MCAST_QUERY_RESPONSE_INTVL},
                               Interval{"mcast_startup_query_interval", IFLA_BR_MCAST_STARTUP_QUERY_INTVL}};

bool take_interval(Words& words, Request& request) {
  for (const auto& [keyword, attribute] : intervals) {
    if (!words.accept_short(keyword)) continue;
    request.put_value(attribute, words.take_number(UINT64_MAX, "invalid " + std::string{keyword}));
    return true;
  }
  return false;
}

void parse_bridge(Words& words, KindContext& context) {
  br_boolopt_multi options{};
  const auto set_option = [&](std::string_view keyword, std::uint32_t bit) {
    if (!words.accept(keyword)) return false;
    options.optmask |= bit;
    const bool on = words.take_u8("invalid " + std::string{keyword}) != 0;
    options.optval = on ? options.optval | bit : options.optval & ~bit;
    return true;
  };
  // The order decides what an abbreviation stands for: "mcast_l" is a count, but "mcast_m" an interval.
  const std::span all{settings};
  const auto behind_intervals = std::ranges::find(all, "mcast_stats_enabled", &Setting::keyword) - all.begin();
  const auto first = all.first(static_cast<std::size_t>(behind_intervals));
  const auto last = all.subspan(static_cast<std::size_t>(behind_intervals));
  while (!words.empty()) {
    if (set_option("no_linklocal_learn", 1U << BR_BOOLOPT_NO_LL_LEARN) ||
        set_option("mcast_vlan_snooping", 1U << BR_BOOLOPT_MCAST_VLAN_SNOOPING) ||
        take_setting(words, first, context.request, context.environment) || take_interval(words, context.request) ||
        take_setting(words, last, context.request, context.environment)) {
      continue;
    }
    fail_unknown_setting(words, context);
  }
  if (options.optmask != 0) context.request.put_value(IFLA_BR_MULTI_BOOLOPT, options);
}

constexpr std::array before_options{
    Showing{IFLA_BR_FORWARD_DELAY, Shown::u32, "forward_delay"},
    Showing{IFLA_BR_HELLO_TIME, Shown::u32, "hello_time"},
    Showing{IFLA_BR_MAX_AGE, Shown::u32, "max_age"},
    Showing{IFLA_BR_AGEING_TIME, Shown::u32, "ageing_time"},
    Showing{IFLA_BR_STP_STATE, Shown::u32, "stp_state"},
    Showing{IFLA_BR_PRIORITY, Shown::u16, "priority"},
    Showing{IFLA_BR_VLAN_FILTERING, Shown::u8, "vlan_filtering"},
    Showing{IFLA_BR_VLAN_PROTOCOL, Shown::ethertype, "vlan_protocol"},
    Showing{IFLA_BR_BRIDGE_ID, Shown::bridge_id, "bridge_id"},
    Showing{IFLA_BR_ROOT_ID, Shown::bridge_id, "root_id", "designated_root"},
    Showing{IFLA_BR_ROOT_PORT, Shown::u16, "root_port"},
    Showing{IFLA_BR_ROOT_PATH_COST, Shown::u32, "root_path_cost"},
    Showing{IFLA_BR_TOPOLOGY_CHANGE, Shown::u8, "topology_change"},
    Showing{IFLA_BR_TOPOLOGY_CHANGE_DETECTED, Shown::u8, "topology_change_detected"},
    Showing{IFLA_BR_HELLO_TIMER, Shown::timer, "hello_timer"},
    Showing{IFLA_BR_TCN_TIMER, Shown::timer, "tcn_timer"},
    Showing{IFLA_BR_TOPOLOGY_CHANGE_TIMER, Shown::timer, "topology_change_timer"},
    Showing{IFLA_BR_GC_TIMER, Shown::timer, "gc_timer"},
    Showing{IFLA_BR_VLAN_DEFAULT_PVID, Shown::u16, "vlan_default_pvid"},
    Showing{IFLA_BR_VLAN_STATS_ENABLED, Shown::u8, "vlan_stats_enabled"},
    Showing{IFLA_BR_VLAN_STATS_PER_PORT, Shown::u8, "vlan_stats_per_port"},
    Showing{IFLA_BR_GROUP_FWD_MASK, Shown::hex16, "group_fwd_mask"},
    Showing{IFLA_BR_GROUP_ADDR, Shown::lladdr, "group_addr", "group_address"},
    Showing{IFLA_BR_MCAST_SNOOPING, Shown::u8, "mcast_snooping"},
};

constexpr std::array after_options{
    Showing{IFLA_BR_MCAST_ROUTER, Shown::u8, "mcast_router"},
    Showing{IFLA_BR_MCAST_QUERY_USE_IFADDR, Shown::u8, "mcast_query_use_ifaddr"},
    Showing{IFLA_BR_MCAST_QUERIER, Shown::u8, "mcast_querier"},
    Showing{IFLA_BR_MCAST_HASH_ELASTICITY, Shown::u32, "mcast_hash_elasticity"},
    Showing{IFLA_BR_MCAST_HASH_MAX, Shown::u32, "mcast_hash_max"},
    Showing{IFLA_BR_MCAST_LAST_MEMBER_CNT, Shown::u32, "mcast_last_member_cnt", "mcast_last_member_count"},
    Showing{IFLA_BR_MCAST_STARTUP_QUERY_CNT, Shown::u32, "mcast_startup_query_cnt", "mcast_startup_query_count"},
    Showing{IFLA_BR_MCAST_LAST_MEMBER_INTVL, Shown::u64, "mcast_last_member_intvl", "mcast_last_member_interval"},
    Showing{IFLA_BR_MCAST_MEMBERSHIP_INTVL, Shown::u64, "mcast_membership_intvl", "mcast_membership_interval"},
    Showing{IFLA_BR_MCAST_QUERIER_INTVL, Shown::u64, "mcast_querier_intvl", "mcast_querier_interval"},
    Showing{IFLA_BR_MCAST_QUERY_INTVL, Shown::u64, "mcast_query_intvl", "mcast_query_interval"},
    Showing{IFLA_BR_MCAST_QUERY_RESPONSE_INTVL, Shown::u64, "mcast_query_response_intvl",
            "mcast_query_response_interval"},
    Showing{IFLA_BR_MCAST_STARTUP_QUERY_INTVL, Shown::u64, "mcast_startup_query_intvl", "mcast_startup_query_interval"},
    Showing{IFLA_BR_MCAST_STATS_ENABLED, Shown::u8, "mcast_stats_enabled"},
    Showing{IFLA_BR_MCAST_IGMP_VERSION, Shown::u8, "mcast_igmp_version"},
    Showing{IFLA_BR_MCAST_MLD_VERSION, Shown::u8, "mcast_mld_version"},
    Showing{IFLA_BR_NF_CALL_IPTABLES, Shown::u8, "nf_call_iptables"},
    Showing{IFLA_BR_NF_CALL_IP6TABLES, Shown::u8, "nf_call_ip6tables"},
    Showing{IFLA_BR_NF_CALL_ARPTABLES, Shown::u8, "nf_call_arptables"},
};

void print_bridge(Session& session, std::span<const std::byte> data) {
  print_showings(session, data, before_options);
  const AttributeTable<IFLA_BR_MAX> table{data};
  const auto options = table.as<br_boolopt_multi>(IFLA_BR_MULTI_BOOLOPT);
  const auto print_option = [&](const char* key, unsigned bit) {
    if ((options.optmask >> bit & 1U) == 0) return;
    session.printer().number(key, std::string{key} + ' ', options.optval >> bit & 1U);
  };
  print_option("no_linklocal_learn", BR_BOOLOPT_NO_LL_LEARN);
  print_option("mcast_vlan_snooping", BR_BOOLOPT_MCAST_VLAN_SNOOPING);
  print_showings(session, data, after_options);
}

constexpr std::array<std::string_view, 5> port_states{"disabled", "listening", "learning", "forwarding", "blocking"};

constexpr std::array port_settings{
    Setting{"fdb_flush", Value::flag, IFLA_BRPORT_FLUSH},
    Setting{"state", Value::u8, IFLA_BRPORT_STATE},
    Setting{"priority", Value::u16, IFLA_BRPORT_PRIORITY},
    Setting{"cost", Value::u32, IFLA_BRPORT_COST},
    Setting{"hairpin", Value::on_off, IFLA_BRPORT_MODE},
    Setting{"guard", Value::on_off, IFLA_BRPORT_GUARD},
    Setting{"root_block", Value::on_off, IFLA_BRPORT_PROTECT},
    Setting{"fastleave", Value::on_off, IFLA_BRPORT_FAST_LEAVE},
    Setting{"learning", Value::on_off, IFLA_BRPORT_LEARNING},
    Setting{"flood", Value::on_off, IFLA_BRPORT_UNICAST_FLOOD},
    Setting{"mcast_flood", Value::on_off, IFLA_BRPORT_MCAST_FLOOD},
    Setting{"bcast_flood", Value::on_off, IFLA_BRPORT_BCAST_FLOOD},
    Setting{"mcast_to_unicast", Value::on_off, IFLA_BRPORT_MCAST_TO_UCAST},
    Setting{"proxy_arp", Value::on_off, IFLA_BRPORT_PROXYARP},
    Setting{"proxy_arp_wifi", Value::on_off, IFLA_BRPORT_PROXYARP_WIFI},
    Setting{"mcast_router", Value::u8, IFLA_BRPORT_MULTICAST_ROUTER},
    Setting{"mcast_fast_leave", Value::on_off, IFLA_BRPORT_FAST_LEAVE},
    Setting{"neigh_suppress", Value::on_off, IFLA_BRPORT_NEIGH_SUPPRESS},
    Setting{"group_fwd_mask", Value::u16, IFLA_BRPORT_GROUP_FWD_MASK},
    Setting{"vlan_tunnel", Value::on_off, IFLA_BRPORT_VLAN_TUNNEL},
    Setting{"isolated", Value::on_off, IFLA_BRPORT_ISOLATED},
    Setting{"locked", Value::on_off, IFLA_BRPORT_LOCKED},
    Setting{"backup_port", Value::link, IFLA_BRPORT_BACKUP_PORT},
};

void parse_port(Words& words, KindContext& context) {
  while (!words.empty()) {
    if (words.accept_short("nobackup_port")) {
      context.request.put_u32(IFLA_BRPORT_BACKUP_PORT, 0);
    } else if (!take_setting(words, port_settings, context.request, context.environment)) {
      fail_unknown_setting(words, context);
    }
  }
}

constexpr std::array port_showings{
    Showing{IFLA_BRPORT_STATE, Shown::word_u8, "state", {}, port_states},
    Showing{IFLA_BRPORT_PRIORITY, Shown::u16, "priority"},
    Showing{IFLA_BRPORT_COST, Shown::u32, "cost"},
    Showing{IFLA_BRPORT_MODE, Shown::on_off, "hairpin"},
    Showing{IFLA_BRPORT_GUARD, Shown::on_off, "guard"},
    Showing{IFLA_BRPORT_PROTECT, Shown::on_off, "root_block"},
    Showing{IFLA_BRPORT_FAST_LEAVE, Shown::on_off, "fastleave"},
    Showing{IFLA_BRPORT_LEARNING, Shown::on_off, "learning"},
    Showing{IFLA_BRPORT_UNICAST_FLOOD, Shown::on_off, "flood"},
    Showing{IFLA_BRPORT_ID, Shown::hex16, "id", "port_id"},
    Showing{IFLA_BRPORT_NO, Shown::hex16, "no", "port_no"},
    Showing{IFLA_BRPORT_DESIGNATED_PORT, Shown::u16, "designated_port"},
    Showing{IFLA_BRPORT_DESIGNATED_COST, Shown::u16, "designated_cost"},
    Showing{IFLA_BRPORT_BRIDGE_ID, Shown::bridge_id, "bridge_id", "designated_bridge"},
    Showing{IFLA_BRPORT_ROOT_ID, Shown::bridge_id, "root_id", "designated_root"},
    Showing{IFLA_BRPORT_HOLD_TIMER, Shown::timer, "hold_timer"},
    Showing{IFLA_BRPORT_MESSAGE_AGE_TIMER, Shown::timer, "message_age_timer"},
    Showing{IFLA_BRPORT_FORWARD_DELAY_TIMER, Shown::timer, "forward_delay_timer"},
    Showing{IFLA_BRPORT_TOPOLOGY_CHANGE_ACK, Shown::u8, "topology_change_ack"},
    Showing{IFLA_BRPORT_CONFIG_PENDING, Shown::u8, "config_pending"},
    Showing{IFLA_BRPORT_PROXYARP, Shown::on_off, "proxy_arp"},
    Showing{IFLA_BRPORT_PROXYARP_WIFI, Shown::on_off, "proxy_arp_wifi"},
    Showing{IFLA_BRPORT_MULTICAST_ROUTER, Shown::u8, "multicast_router", "mcast_router"},
};
constexpr std::array port_showings_behind{
    Showing{IFLA_BRPORT_MCAST_FLOOD, Shown::on_off, "mcast_flood"},
    Showing{IFLA_BRPORT_BCAST_FLOOD, Shown::on_off, "bcast_flood"},
    Showing{IFLA_BRPORT_MCAST_TO_UCAST, Shown::on_off, "mcast_to_unicast"},
    Showing{IFLA_BRPORT_NEIGH_SUPPRESS, Shown::on_off, "neigh_suppress"},
    Showing{IFLA_BRPORT_GROUP_FWD_MASK, Shown::hex16, "group_fwd_mask"},
};
constexpr std::array port_showings_last{
    Showing{IFLA_BRPORT_VLAN_TUNNEL, Shown::on_off, "vlan_tunnel"},
    Showing{IFLA_BRPORT_ISOLATED, Shown::on_off, "isolated"},
    Showing{IFLA_BRPORT_LOCKED, Shown::on_off, "locked"},
    Showing{IFLA_BRPORT_BACKUP_PORT, Shown::link, "backup_port"},
};

/// "stp,0x2,lacp"
std::string forward_mask_text(std::uint16_t mask) {
  std::string text;
  for (unsigned bit = 0; bit < 16; ++bit) {
    if ((unsigned{mask} >> bit & 1U) == 0) continue;
    std::array<char, 8> digits{'0', 'x'};
    std::snprintf(digits.data(), digits.size(), "0x%x", 1U << bit);
    text += bit == 0 ? "stp" : bit == 2 ? "lacp" : bit == 14 ? "lldp" : digits.data();
    text += ',';
  }
  return text.empty() ? "0x0" : text.substr(0, text.size() - 1);
}

void print_port(Session& session, std::span<const std::byte> data) {
  const AttributeTable<IFLA_BRPORT_MAX> table{data};
  Printer& printer = session.printer();
  print_showings(session, data, port_showings);
  if (table.has(IFLA_BRPORT_FAST_LEAVE)) {  // in JSON it was there already
    printer.text(table.u8(IFLA_BRPORT_FAST_LEAVE) != 0 ? "mcast_fast_leave on " : "mcast_fast_leave off ");
  }
  print_showings(session, data, port_showings_behind);
  if (table.has(IFLA_BRPORT_GROUP_FWD_MASK)) {
    printer.string("group_fwd_mask_str", "group_fwd_mask_str ",
                   forward_mask_text(table.u16(IFLA_BRPORT_GROUP_FWD_MASK)));
  }
  print_showings(session, data, port_showings_last);
}

constexpr std::array kinds{Kind{.name = "bridge", .settings = settings, .parse = parse_bridge, .print = print_bridge},
                           Kind{.name = "bridge_slave",
                                .settings = port_settings,
                                .parse = parse_port,
                                .print = print_port,
                                .unknown = unknown_option}};

}  // namespace

constinit const std::span<const Kind> bridge_kinds{kinds};

}  // namespace netherd::ip
