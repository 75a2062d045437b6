#include <linux/if_bonding.h>
#include <linux/if_link.h>

#include <algorithm>
#include <array>

#include "../attributes.hpp"
#include "../kind.hpp"
#include "netherd/ip/inet.hpp"

namespace netherd::ip {

namespace {

using Names = std::array<std::string_view, 7>;
constexpr Names modes{"balance-rr", "active-backup", "balance-xor", "broadcast",
                      "802.3ad",    "balance-tlb",   "balance-alb"};
constexpr Names validations{"none", "active", "backup", "all", "filter", "filter_active", "filter_backup"};
constexpr std::array<std::string_view, 2> all_targets{"any", "all"};
constexpr std::array<std::string_view, 3> reselections{"always", "better", "failure"};
constexpr std::array<std::string_view, 3> fail_over_mac{"none", "active", "follow"};
constexpr std::array<std::string_view, 6> hash_policies{"layer2",   "layer3+4", "layer2+3",
                                                        "encap2+3", "encap3+4", "vlan+srcmac"};
constexpr std::array<std::string_view, 2> off_on{"off", "on"};
constexpr std::array<std::string_view, 2> rates{"slow", "fast"};
constexpr std::array<std::string_view, 3> selections{"stable", "bandwidth", "count"};

/// In the order in which `ip` compares abbreviations.
constexpr std::array settings{
    Setting{"mode", Value::word_u8, IFLA_BOND_MODE, 0, modes},
    Setting{"active_slave", Value::link, IFLA_BOND_ACTIVE_SLAVE},
    Setting{"miimon", Value::u32, IFLA_BOND_MIIMON},
    Setting{"updelay", Value::u32, IFLA_BOND_UPDELAY},
    Setting{"downdelay", Value::u32, IFLA_BOND_DOWNDELAY},
    Setting{"peer_notify_delay", Value::u32, IFLA_BOND_PEER_NOTIF_DELAY},
    Setting{"use_carrier", Value::u8, IFLA_BOND_USE_CARRIER},
    Setting{"arp_interval", Value::u32, IFLA_BOND_ARP_INTERVAL},
    Setting{"arp_validate", Value::word_u32, IFLA_BOND_ARP_VALIDATE, 0, validations},
    Setting{"arp_all_targets", Value::word_u32, IFLA_BOND_ARP_ALL_TARGETS, 0, all_targets},
    Setting{"arp_missed_max", Value::u8, IFLA_BOND_MISSED_MAX, 0, {}, true},
    Setting{"primary", Value::link, IFLA_BOND_PRIMARY},
    Setting{"primary_reselect", Value::word_u8, IFLA_BOND_PRIMARY_RESELECT, 0, reselections},
    Setting{"fail_over_mac", Value::word_u8, IFLA_BOND_FAIL_OVER_MAC, 0, fail_over_mac},
    Setting{"xmit_hash_policy", Value::word_u8, IFLA_BOND_XMIT_HASH_POLICY, 0, hash_policies},
    Setting{"resend_igmp", Value::u32, IFLA_BOND_RESEND_IGMP},
    Setting{"num_grat_arp", Value::u8, IFLA_BOND_NUM_PEER_NOTIF},
    Setting{"num_unsol_na", Value::u8, IFLA_BOND_NUM_PEER_NOTIF},
    Setting{"all_slaves_active", Value::u8, IFLA_BOND_ALL_SLAVES_ACTIVE},
    Setting{"min_links", Value::u32, IFLA_BOND_MIN_LINKS},
    Setting{"lp_interval", Value::u32, IFLA_BOND_LP_INTERVAL},
    Setting{"packets_per_slave", Value::u32, IFLA_BOND_PACKETS_PER_SLAVE},
    Setting{"lacp_rate", Value::word_u8, IFLA_BOND_AD_LACP_RATE, 0, rates},
    Setting{"lacp_active", Value::word_u8, IFLA_BOND_AD_LACP_ACTIVE, 0, off_on, true},
    Setting{"ad_select", Value::word_u8, IFLA_BOND_AD_SELECT, 0, selections},
    Setting{"ad_user_port_key", Value::u16, IFLA_BOND_AD_USER_PORT_KEY},
    Setting{"ad_actor_sys_prio", Value::u16, IFLA_BOND_AD_ACTOR_SYS_PRIO},
    Setting{"ad_actor_system", Value::lladdr, IFLA_BOND_AD_ACTOR_SYSTEM},
    Setting{"tlb_dynamic_lb", Value::u8, IFLA_BOND_TLB_DYNAMIC_LB},
};

/// `ip` looks for `arp_ip_target` between those and the others.
constexpr std::size_t first_settings = 8;
static_assert(settings[first_settings - 1].keyword == "arp_interval");

constexpr int most_targets = 16;

/// "ADDRESS,ADDRESS..."; none at all takes the targets away.
void put_targets(Words& words, Request& request, int attribute, int family) {
  const auto nest = request.begin_nest(attribute);
  std::string_view list = words.empty() ? std::string_view{} : words.take();
  for (int i = 0; i < most_targets && !list.empty(); ++i) {
    const std::size_t comma = std::min(list.find(','), list.size());
    request.put(i, address_from(list.substr(0, comma), family).bytes());
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  request.end_nest(nest);
}

void parse_bond(Words& words, KindContext& context) {
  while (!words.empty()) {
    if (take_setting(words, std::span{settings}.first(first_settings), context.request, context.environment)) continue;
    if (words.accept_short("clear_active_slave")) {
      context.request.put_u32(IFLA_BOND_ACTIVE_SLAVE, 0);
    } else if (words.accept_short("arp_ip_target")) {
      put_targets(words, context.request, IFLA_BOND_ARP_IP_TARGET, AF_INET);
    } else if (words.accept("ns_ip6_target")) {
      put_targets(words, context.request, IFLA_BOND_NS_IP6_TARGET, AF_INET6);
    } else if (!take_setting(words, std::span{settings}.subspan(first_settings), context.request,
                             context.environment)) {
      fail_unknown_setting(words, context);
    }
  }
}

constexpr std::array showings_first{
    Showing{IFLA_BOND_MODE, Shown::word_u8, "mode", {}, modes},
    Showing{IFLA_BOND_ACTIVE_SLAVE, Shown::link, "active_slave"},
    Showing{IFLA_BOND_MIIMON, Shown::u32, "miimon"},
    Showing{IFLA_BOND_UPDELAY, Shown::u32, "updelay"},
    Showing{IFLA_BOND_DOWNDELAY, Shown::u32, "downdelay"},
    Showing{IFLA_BOND_PEER_NOTIF_DELAY, Shown::u32, "peer_notify_delay"},
    Showing{IFLA_BOND_USE_CARRIER, Shown::u8, "use_carrier"},
    Showing{IFLA_BOND_ARP_INTERVAL, Shown::u32, "arp_interval"},
    Showing{IFLA_BOND_MISSED_MAX, Shown::u8, "arp_missed_max"},
};
constexpr std::array showings_second{
    Showing{IFLA_BOND_ARP_ALL_TARGETS, Shown::word_u32, "arp_all_targets", {}, all_targets},
    Showing{IFLA_BOND_PRIMARY, Shown::link, "primary"},
    Showing{IFLA_BOND_PRIMARY_RESELECT, Shown::word_u8, "primary_reselect", {}, reselections},
    Showing{IFLA_BOND_FAIL_OVER_MAC, Shown::word_u8, "fail_over_mac", {}, fail_over_mac},
    Showing{IFLA_BOND_XMIT_HASH_POLICY, Shown::word_u8, "xmit_hash_policy", {}, hash_policies},
    Showing{IFLA_BOND_RESEND_IGMP, Shown::u32, "resend_igmp"},
    Showing{IFLA_BOND_NUM_PEER_NOTIF, Shown::u8, "num_peer_notif", "num_grat_arp"},
    Showing{IFLA_BOND_ALL_SLAVES_ACTIVE, Shown::u8, "all_slaves_active"},
    Showing{IFLA_BOND_MIN_LINKS, Shown::u32, "min_links"},
    Showing{IFLA_BOND_LP_INTERVAL, Shown::u32, "lp_interval"},
    Showing{IFLA_BOND_PACKETS_PER_SLAVE, Shown::u32, "packets_per_slave"},
    Showing{IFLA_BOND_AD_LACP_ACTIVE, Shown::word_u8, "ad_lacp_active", "lacp_active", off_on},
    Showing{IFLA_BOND_AD_LACP_RATE, Shown::word_u8, "ad_lacp_rate", "lacp_rate", rates},
    Showing{IFLA_BOND_AD_SELECT, Shown::word_u8, "ad_select", {}, selections},
};
constexpr std::array aggregation_showings{
    Showing{IFLA_BOND_AD_INFO_AGGREGATOR, Shown::u16, "aggregator", "ad_aggregator"},
    Showing{IFLA_BOND_AD_INFO_NUM_PORTS, Shown::u16, "num_ports", "ad_num_ports"},
    Showing{IFLA_BOND_AD_INFO_ACTOR_KEY, Shown::u16, "actor_key", "ad_actor_key"},
    Showing{IFLA_BOND_AD_INFO_PARTNER_KEY, Shown::u16, "partner_key", "ad_partner_key"},
    Showing{IFLA_BOND_AD_INFO_PARTNER_MAC, Shown::lladdr, "partner_mac", "ad_partner_mac"},
};
constexpr std::array showings_last{
    Showing{IFLA_BOND_AD_ACTOR_SYS_PRIO, Shown::u16, "ad_actor_sys_prio"},
    Showing{IFLA_BOND_AD_USER_PORT_KEY, Shown::u16, "ad_user_port_key"},
    Showing{IFLA_BOND_AD_ACTOR_SYSTEM, Shown::lladdr, "ad_actor_system"},
    Showing{IFLA_BOND_TLB_DYNAMIC_LB, Shown::u8, "tlb_dynamic_lb"},
};

void print_targets(Printer& printer, const char* key, std::span<const std::byte> nest, int family) {
  const AttributeTable<most_targets> targets{nest};
  if (!targets.has(0)) return;
  printer.open_array(key);
  printer.text(std::string{key} + ' ');
  for (std::size_t i = 0; i < most_targets; ++i) {
    if (!targets.has(i)) continue;
    if (i > 0) printer.text(",");
    printer.string(nullptr, "", address_text(family, targets.bytes(i)), "");
  }
  printer.text(" ");
  printer.close_array();
}

void print_bond(Session& session, std::span<const std::byte> data) {
  const AttributeTable<IFLA_BOND_MAX> table{data};
  Printer& printer = session.printer();
  print_showings(session, data, showings_first);
  print_targets(printer, "arp_ip_target", table.bytes(IFLA_BOND_ARP_IP_TARGET), AF_INET);
  print_targets(printer, "ns_ip6_target", table.bytes(IFLA_BOND_NS_IP6_TARGET), AF_INET6);
  if (const std::uint32_t validation = table.u32(IFLA_BOND_ARP_VALIDATE); table.has(IFLA_BOND_ARP_VALIDATE)) {
    if (validation == 0 && printer.json()) {
      printer.null("arp_validate", "");
    } else {
      printer.string("arp_validate", "arp_validate ",
                     validation < modes.size() ? validations.at(validation) : "UNKNOWN");
    }
  }
  print_showings(session, data, showings_second);
  if (table.has(IFLA_BOND_AD_INFO)) {
    printer.open_object("ad_info");
    print_showings(session, table.bytes(IFLA_BOND_AD_INFO), aggregation_showings);
    printer.close_object();
  }
  print_showings(session, data, showings_last);
}

constexpr std::array<std::string_view, 2> slave_states{"ACTIVE", "BACKUP"};
constexpr std::array<std::string_view, 4> mii_states{"UP", "GOING_DOWN", "DOWN", "GOING_BACK"};

constexpr std::array slave_settings{Setting{"queue_id", Value::u16, IFLA_BOND_SLAVE_QUEUE_ID},
                                    Setting{"prio", Value::s32, IFLA_BOND_SLAVE_PRIO, 0, {}, true}};
constexpr std::array slave_showings{
    Showing{IFLA_BOND_SLAVE_STATE, Shown::word_u8, "state", {}, slave_states},
    Showing{IFLA_BOND_SLAVE_MII_STATUS, Shown::word_u8, "mii_status", {}, mii_states},
    Showing{IFLA_BOND_SLAVE_LINK_FAILURE_COUNT, Shown::u32, "link_failure_count"},
    Showing{IFLA_BOND_SLAVE_PERM_HWADDR, Shown::lladdr, "perm_hwaddr"},
    Showing{IFLA_BOND_SLAVE_QUEUE_ID, Shown::u16, "queue_id"},
    Showing{IFLA_BOND_SLAVE_PRIO, Shown::s32, "prio"},
    Showing{IFLA_BOND_SLAVE_AD_AGGREGATOR_ID, Shown::u16, "ad_aggregator_id"},
};
constexpr std::array actor_showings{
    Showing{IFLA_BOND_SLAVE_AD_ACTOR_OPER_PORT_STATE, Shown::u8, "ad_actor_oper_port_state"}};
constexpr std::array partner_showings{
    Showing{IFLA_BOND_SLAVE_AD_PARTNER_OPER_PORT_STATE, Shown::u16, "ad_partner_oper_port_state"}};

/// LACP_STATE_* of linux/if_bonding.h, from the lowest bit on.
constexpr std::array<std::string_view, 8> port_states{"active",     "short_timeout", "aggregating", "in_sync",
                                                      "collecting", "distributing",  "defaulted",   "expired"};

void print_port_state(Printer& printer, const char* key, unsigned state) {
  printer.open_array(key);
  printer.text(std::string{key} + " <");
  for (std::size_t bit = 0; bit < port_states.size(); ++bit) {
    if ((state & (1U << bit)) == 0) continue;
    state &= ~(1U << bit);
    printer.string(nullptr, "", port_states.at(bit), state != 0 ? "," : "");
  }
  printer.text("> ");
  printer.close_array();
}

void print_slave(Session& session, std::span<const std::byte> data) {
  const AttributeTable<IFLA_BOND_SLAVE_MAX> table{data};
  print_showings(session, data, slave_showings);
  print_showings(session, data, actor_showings);
  if (table.has(IFLA_BOND_SLAVE_AD_ACTOR_OPER_PORT_STATE)) {
    print_port_state(session.printer(), "ad_actor_oper_port_state_str",
                     table.u8(IFLA_BOND_SLAVE_AD_ACTOR_OPER_PORT_STATE));
  }
  print_showings(session, data, partner_showings);
  if (table.has(IFLA_BOND_SLAVE_AD_PARTNER_OPER_PORT_STATE)) {
    print_port_state(session.printer(), "ad_partner_oper_port_state_str",
                     table.u16(IFLA_BOND_SLAVE_AD_PARTNER_OPER_PORT_STATE) & 0xFFU);
  }
}

constexpr std::array kinds{
    Kind{.name = "bond", .settings = settings, .parse = parse_bond, .print = print_bond},
    Kind{.name = "bond_slave", .settings = slave_settings, .print = print_slave, .unknown = unknown_option}};

}  // namespace

constinit const std::span<const Kind> bond_kinds{kinds};

}  // namespace netherd::ip
