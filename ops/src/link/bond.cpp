#include "netherd/ops/link/bond.hpp"

#include "kind.hpp"

namespace netherd::ops {

namespace {

/// The words of an enumeration that counts from 0.
template <typename Enumeration, std::size_t count>
constexpr auto counted_words(const std::string_view (&words)[count]) noexcept {
  std::array<std::pair<Enumeration, std::string_view>, count> pairs{};
  for (std::size_t i = 0; i < count; ++i) pairs[i] = {static_cast<Enumeration>(i), words[i]};
  return pairs;
}

}  // namespace

template <>
struct Words<BondMode> {
  static constexpr auto words = counted_words<BondMode>(
      {"balance-rr", "active-backup", "balance-xor", "broadcast", "802.3ad", "balance-tlb", "balance-alb"});
};
template <>
struct Words<BondArpValidate> {
  static constexpr auto words =
      counted_words<BondArpValidate>({"none", "active", "backup", "all", "filter", "filter_active", "filter_backup"});
};
template <>
struct Words<BondArpAllTargets> {
  static constexpr auto words = counted_words<BondArpAllTargets>({"any", "all"});
};
template <>
struct Words<BondPrimaryReselect> {
  static constexpr auto words = counted_words<BondPrimaryReselect>({"always", "better", "failure"});
};
template <>
struct Words<BondFailOverMac> {
  static constexpr auto words = counted_words<BondFailOverMac>({"none", "active", "follow"});
};
template <>
struct Words<BondHashPolicy> {
  static constexpr auto words =
      counted_words<BondHashPolicy>({"layer2", "layer3+4", "layer2+3", "encap2+3", "encap3+4", "vlan+srcmac"});
};
template <>
struct Words<LacpRate> {
  static constexpr auto words = counted_words<LacpRate>({"slow", "fast"});
};
template <>
struct Words<BondAdSelect> {
  static constexpr auto words = counted_words<BondAdSelect>({"stable", "bandwidth", "count"});
};

namespace {

using engine::AttributeView;
using engine::MessageWriter;

struct ActiveSlave : Device {
  static void describe(CommandText& command, std::string_view keyword, const LinkReference& link) {
    if (link.index == engine::InterfaceIndex::none) {
      command.word("clear_active_slave");
    } else {
      Device::describe(command, keyword, link);
    }
  }
};

/// Addresses in a nest, numbered from 0; described with commas.
struct Targets {
  using Addresses = std::vector<IpAddress>;
  static void put(MessageWriter& writer, std::uint16_t attribute, const Addresses& addresses) noexcept {
    if (addresses.empty()) return;
    const auto nest = writer.begin_plain_nest(attribute);
    for (std::size_t i = 0; i < addresses.size(); ++i) Ip::put(writer, static_cast<std::uint16_t>(i), addresses[i]);
    writer.end_nest(nest);
  }
  static void describe(CommandText& command, std::string_view keyword, const Addresses& addresses) {
    std::string list;
    for (const IpAddress& address : addresses) list += (list.empty() ? "" : ",") + address.to_string();
    command.option(keyword, list);
  }
  template <typename T>
  static std::optional<Addresses> read(const AttributeView& attribute) {
    Addresses addresses;
    for (const AttributeView part : engine::Attributes{attribute.payload()}) {
      if (const auto address = Ip::read<IpAddress>(part)) addresses.push_back(*address);
    }
    return addresses;
  }
};

}  // namespace

template <>
struct KindRows<Bond> {
  static constexpr std::tuple rows{
      setting(&Bond::mode, IFLA_BOND_MODE, "mode"),
      setting<ActiveSlave>(&Bond::active_slave, IFLA_BOND_ACTIVE_SLAVE, "active_slave"),
      setting(&Bond::miimon, IFLA_BOND_MIIMON, "miimon"),
      setting(&Bond::updelay, IFLA_BOND_UPDELAY, "updelay"),
      setting(&Bond::downdelay, IFLA_BOND_DOWNDELAY, "downdelay"),
      setting(&Bond::peer_notify_delay, IFLA_BOND_PEER_NOTIF_DELAY, "peer_notify_delay"),
      setting<OneZero<>>(&Bond::use_carrier, IFLA_BOND_USE_CARRIER, "use_carrier"),
      setting(&Bond::arp_interval, IFLA_BOND_ARP_INTERVAL, "arp_interval"),
      setting(&Bond::arp_validate, IFLA_BOND_ARP_VALIDATE, "arp_validate"),
      setting(&Bond::arp_all_targets, IFLA_BOND_ARP_ALL_TARGETS, "arp_all_targets"),
      setting<Targets>(&Bond::arp_ip_target, IFLA_BOND_ARP_IP_TARGET, "arp_ip_target"),
      setting<Targets>(&Bond::ns_ip6_target, IFLA_BOND_NS_IP6_TARGET, "ns_ip6_target"),
      setting(&Bond::primary, IFLA_BOND_PRIMARY, "primary"),
      setting(&Bond::primary_reselect, IFLA_BOND_PRIMARY_RESELECT, "primary_reselect"),
      setting(&Bond::fail_over_mac, IFLA_BOND_FAIL_OVER_MAC, "fail_over_mac"),
      setting(&Bond::xmit_hash_policy, IFLA_BOND_XMIT_HASH_POLICY, "xmit_hash_policy"),
      setting(&Bond::resend_igmp, IFLA_BOND_RESEND_IGMP, "resend_igmp"),
      setting(&Bond::num_grat_arp, IFLA_BOND_NUM_PEER_NOTIF, "num_grat_arp"),
      setting<OneZero<>>(&Bond::all_slaves_active, IFLA_BOND_ALL_SLAVES_ACTIVE, "all_slaves_active"),
      setting(&Bond::min_links, IFLA_BOND_MIN_LINKS, "min_links"),
      setting(&Bond::lp_interval, IFLA_BOND_LP_INTERVAL, "lp_interval"),
      setting(&Bond::packets_per_slave, IFLA_BOND_PACKETS_PER_SLAVE, "packets_per_slave"),
      setting<OneZero<>>(&Bond::tlb_dynamic_lb, IFLA_BOND_TLB_DYNAMIC_LB, "tlb_dynamic_lb"),
      setting(&Bond::lacp_rate, IFLA_BOND_AD_LACP_RATE, "lacp_rate"),
      setting(&Bond::ad_select, IFLA_BOND_AD_SELECT, "ad_select"),
      setting(&Bond::lacp_active, IFLA_BOND_AD_LACP_ACTIVE, "lacp_active"),
      setting(&Bond::ad_user_port_key, IFLA_BOND_AD_USER_PORT_KEY, "ad_user_port_key"),
      setting(&Bond::ad_actor_sys_prio, IFLA_BOND_AD_ACTOR_SYS_PRIO, "ad_actor_sys_prio"),
      setting(&Bond::ad_actor_system, IFLA_BOND_AD_ACTOR_SYSTEM, "ad_actor_system"),
      setting(&Bond::missed_max, IFLA_BOND_MISSED_MAX, "arp_missed_max"),
  };
};

template <>
struct KindRows<BondPort> {
  static constexpr std::tuple rows{setting(&BondPort::queue_id, IFLA_BOND_SLAVE_QUEUE_ID, "queue_id"),
                                   setting(&BondPort::prio, IFLA_BOND_SLAVE_PRIO, "prio")};
};

NETHERD_INSTANTIATE_KIND(Bond);
NETHERD_INSTANTIATE_PORT(BondPort);

}  // namespace netherd::ops
