#include "attribute_names.hpp"

#include <linux/fib_rules.h>
#include <linux/genetlink.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/net_namespace.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <linux/nexthop.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>

namespace netherd::engine {

namespace {

#define NAME(type) {type, #type}

constexpr AttributeName inet_names[] = {
    NAME(IFLA_INET_CONF),
};
constexpr AttributeTable inet{inet_names};

constexpr AttributeName inet6_names[] = {
    NAME(IFLA_INET6_FLAGS), NAME(IFLA_INET6_CONF),          NAME(IFLA_INET6_STATS),
    NAME(IFLA_INET6_MCAST), NAME(IFLA_INET6_CACHEINFO),     NAME(IFLA_INET6_ICMP6STATS),
    NAME(IFLA_INET6_TOKEN), NAME(IFLA_INET6_ADDR_GEN_MODE), NAME(IFLA_INET6_RA_MTU),
};
constexpr AttributeTable inet6{inet6_names};

constexpr AttributeName bridge_names[] = {
    NAME(IFLA_BR_FORWARD_DELAY),
    NAME(IFLA_BR_HELLO_TIME),
    NAME(IFLA_BR_MAX_AGE),
    NAME(IFLA_BR_AGEING_TIME),
    NAME(IFLA_BR_STP_STATE),
    NAME(IFLA_BR_PRIORITY),
    NAME(IFLA_BR_VLAN_FILTERING),
    NAME(IFLA_BR_VLAN_PROTOCOL),
    NAME(IFLA_BR_GROUP_FWD_MASK),
    NAME(IFLA_BR_ROOT_ID),
    NAME(IFLA_BR_BRIDGE_ID),
    NAME(IFLA_BR_ROOT_PORT),
    NAME(IFLA_BR_ROOT_PATH_COST),
    NAME(IFLA_BR_TOPOLOGY_CHANGE),
    NAME(IFLA_BR_TOPOLOGY_CHANGE_DETECTED),
    NAME(IFLA_BR_HELLO_TIMER),
    NAME(IFLA_BR_TCN_TIMER),
    NAME(IFLA_BR_TOPOLOGY_CHANGE_TIMER),
    NAME(IFLA_BR_GC_TIMER),
    NAME(IFLA_BR_GROUP_ADDR),
    NAME(IFLA_BR_FDB_FLUSH),
    NAME(IFLA_BR_MCAST_ROUTER),
    NAME(IFLA_BR_MCAST_SNOOPING),
    NAME(IFLA_BR_MCAST_QUERY_USE_IFADDR),
    NAME(IFLA_BR_MCAST_QUERIER),
    NAME(IFLA_BR_MCAST_HASH_ELASTICITY),
    NAME(IFLA_BR_MCAST_LAST_MEMBER_CNT),
    NAME(IFLA_BR_MCAST_STARTUP_QUERY_CNT),
    NAME(IFLA_BR_MCAST_LAST_MEMBER_INTVL),
    NAME(IFLA_BR_MCAST_MEMBERSHIP_INTVL),
    NAME(IFLA_BR_MCAST_QUERIER_INTVL),
    NAME(IFLA_BR_MCAST_QUERY_INTVL),
    NAME(IFLA_BR_MCAST_QUERY_RESPONSE_INTVL),
    NAME(IFLA_BR_MCAST_STARTUP_QUERY_INTVL),
    NAME(IFLA_BR_NF_CALL_IPTABLES),
    NAME(IFLA_BR_NF_CALL_IP6TABLES),
    NAME(IFLA_BR_NF_CALL_ARPTABLES),
    NAME(IFLA_BR_VLAN_DEFAULT_PVID),
    NAME(IFLA_BR_VLAN_STATS_ENABLED),
    NAME(IFLA_BR_MCAST_STATS_ENABLED),
    NAME(IFLA_BR_MCAST_IGMP_VERSION),
    NAME(IFLA_BR_MCAST_MLD_VERSION),
    NAME(IFLA_BR_VLAN_STATS_PER_PORT),
    NAME(IFLA_BR_MULTI_BOOLOPT),
    NAME(IFLA_BR_MCAST_QUERIER_STATE),
};
constexpr AttributeTable bridge{bridge_names};

constexpr AttributeName bridge_port_names[] = {
    NAME(IFLA_BRPORT_STATE),
    NAME(IFLA_BRPORT_PRIORITY),
    NAME(IFLA_BRPORT_COST),
    NAME(IFLA_BRPORT_MODE),
    NAME(IFLA_BRPORT_GUARD),
    NAME(IFLA_BRPORT_PROTECT),
    NAME(IFLA_BRPORT_FAST_LEAVE),
    NAME(IFLA_BRPORT_LEARNING),
    NAME(IFLA_BRPORT_UNICAST_FLOOD),
    NAME(IFLA_BRPORT_PROXYARP),
    NAME(IFLA_BRPORT_LEARNING_SYNC),
    NAME(IFLA_BRPORT_PROXYARP_WIFI),
    NAME(IFLA_BRPORT_ROOT_ID),
    NAME(IFLA_BRPORT_BRIDGE_ID),
    NAME(IFLA_BRPORT_DESIGNATED_PORT),
    NAME(IFLA_BRPORT_DESIGNATED_COST),
    NAME(IFLA_BRPORT_ID),
    NAME(IFLA_BRPORT_NO),
    NAME(IFLA_BRPORT_TOPOLOGY_CHANGE_ACK),
    NAME(IFLA_BRPORT_CONFIG_PENDING),
    NAME(IFLA_BRPORT_MESSAGE_AGE_TIMER),
    NAME(IFLA_BRPORT_FORWARD_DELAY_TIMER),
    NAME(IFLA_BRPORT_HOLD_TIMER),
    NAME(IFLA_BRPORT_FLUSH),
    NAME(IFLA_BRPORT_MULTICAST_ROUTER),
    NAME(IFLA_BRPORT_MCAST_FLOOD),
    NAME(IFLA_BRPORT_MCAST_TO_UCAST),
    NAME(IFLA_BRPORT_VLAN_TUNNEL),
    NAME(IFLA_BRPORT_BCAST_FLOOD),
    NAME(IFLA_BRPORT_GROUP_FWD_MASK),
    NAME(IFLA_BRPORT_NEIGH_SUPPRESS),
    NAME(IFLA_BRPORT_ISOLATED),
    NAME(IFLA_BRPORT_BACKUP_PORT),
    NAME(IFLA_BRPORT_MRP_RING_OPEN),
    NAME(IFLA_BRPORT_MRP_IN_OPEN),
    NAME(IFLA_BRPORT_MCAST_EHT_HOSTS_LIMIT),
    NAME(IFLA_BRPORT_MCAST_EHT_HOSTS_CNT),
    NAME(IFLA_BRPORT_LOCKED),
};
constexpr AttributeTable bridge_port{bridge_port_names};

constexpr AttributeName vlan_names[] = {
    NAME(IFLA_VLAN_ID),          NAME(IFLA_VLAN_FLAGS),    NAME(IFLA_VLAN_EGRESS_QOS),
    NAME(IFLA_VLAN_INGRESS_QOS), NAME(IFLA_VLAN_PROTOCOL),
};
constexpr AttributeTable vlan{vlan_names};

constexpr AttributeName vxlan_names[] = {
    NAME(IFLA_VXLAN_ID),
    NAME(IFLA_VXLAN_GROUP),
    NAME(IFLA_VXLAN_LINK),
    NAME(IFLA_VXLAN_LOCAL),
    NAME(IFLA_VXLAN_TTL),
    NAME(IFLA_VXLAN_TOS),
    NAME(IFLA_VXLAN_LEARNING),
    NAME(IFLA_VXLAN_AGEING),
    NAME(IFLA_VXLAN_LIMIT),
    NAME(IFLA_VXLAN_PORT_RANGE),
    NAME(IFLA_VXLAN_PROXY),
    NAME(IFLA_VXLAN_RSC),
    NAME(IFLA_VXLAN_L2MISS),
    NAME(IFLA_VXLAN_L3MISS),
    NAME(IFLA_VXLAN_PORT),
    NAME(IFLA_VXLAN_GROUP6),
    NAME(IFLA_VXLAN_LOCAL6),
    NAME(IFLA_VXLAN_UDP_CSUM),
    NAME(IFLA_VXLAN_UDP_ZERO_CSUM6_TX),
    NAME(IFLA_VXLAN_UDP_ZERO_CSUM6_RX),
    NAME(IFLA_VXLAN_REMCSUM_TX),
    NAME(IFLA_VXLAN_REMCSUM_RX),
    NAME(IFLA_VXLAN_GBP),
    NAME(IFLA_VXLAN_REMCSUM_NOPARTIAL),
    NAME(IFLA_VXLAN_COLLECT_METADATA),
    NAME(IFLA_VXLAN_LABEL),
    NAME(IFLA_VXLAN_GPE),
    NAME(IFLA_VXLAN_TTL_INHERIT),
    NAME(IFLA_VXLAN_DF),
    NAME(IFLA_VXLAN_VNIFILTER),
};
constexpr AttributeTable vxlan{vxlan_names};

constexpr AttributeName macvlan_names[] = {
    NAME(IFLA_MACVLAN_MODE),         NAME(IFLA_MACVLAN_FLAGS),
    NAME(IFLA_MACVLAN_MACADDR_MODE), NAME(IFLA_MACVLAN_MACADDR),
    NAME(IFLA_MACVLAN_MACADDR_DATA), NAME(IFLA_MACVLAN_MACADDR_COUNT),
    NAME(IFLA_MACVLAN_BC_QUEUE_LEN), NAME(IFLA_MACVLAN_BC_QUEUE_LEN_USED),
};
constexpr AttributeTable macvlan{macvlan_names};

constexpr AttributeName vrf_names[] = {
    NAME(IFLA_VRF_TABLE),
};
constexpr AttributeTable vrf{vrf_names};

extern const AttributeTable link;  // a peer is described as a link is

constexpr AttributeName veth_names[] = {{VETH_INFO_PEER, "VETH_INFO_PEER", &link, sizeof(ifinfomsg)}};
constexpr AttributeTable veth{veth_names};

constexpr AttributeName address_family_names[] = {{AF_INET, "AF_INET", &inet}, {AF_INET6, "AF_INET6", &inet6}};
constexpr AttributeTable address_family{address_family_names};

// What is in here depends on a neighbour, IFLA_INFO_KIND or IFLA_INFO_SLAVE_KIND.
constexpr AttributeTable by_kind{};
constexpr AttributeTable by_slave_kind{};

constexpr AttributeName link_information_names[] = {
    NAME(IFLA_INFO_KIND),
    {IFLA_INFO_DATA, "IFLA_INFO_DATA", &by_kind},
    NAME(IFLA_INFO_XSTATS),
    NAME(IFLA_INFO_SLAVE_KIND),
    {IFLA_INFO_SLAVE_DATA, "IFLA_INFO_SLAVE_DATA", &by_slave_kind},
};
constexpr AttributeTable link_information{link_information_names};

constexpr AttributeName link_names[] = {
    NAME(IFLA_ADDRESS),
    NAME(IFLA_BROADCAST),
    NAME(IFLA_IFNAME),
    NAME(IFLA_MTU),
    NAME(IFLA_LINK),
    NAME(IFLA_QDISC),
    NAME(IFLA_STATS),
    NAME(IFLA_COST),
    NAME(IFLA_PRIORITY),
    NAME(IFLA_MASTER),
    NAME(IFLA_WIRELESS),
    NAME(IFLA_PROTINFO),
    NAME(IFLA_TXQLEN),
    NAME(IFLA_MAP),
    NAME(IFLA_WEIGHT),
    NAME(IFLA_OPERSTATE),
    NAME(IFLA_LINKMODE),
    {IFLA_LINKINFO, "IFLA_LINKINFO", &link_information},
    NAME(IFLA_NET_NS_PID),
    NAME(IFLA_IFALIAS),
    NAME(IFLA_NUM_VF),
    NAME(IFLA_VFINFO_LIST),
    NAME(IFLA_STATS64),
    NAME(IFLA_VF_PORTS),
    NAME(IFLA_PORT_SELF),
    {IFLA_AF_SPEC, "IFLA_AF_SPEC", &address_family},
    NAME(IFLA_GROUP),
    NAME(IFLA_NET_NS_FD),
    NAME(IFLA_EXT_MASK),
    NAME(IFLA_PROMISCUITY),
    NAME(IFLA_NUM_TX_QUEUES),
    NAME(IFLA_NUM_RX_QUEUES),
    NAME(IFLA_CARRIER),
    NAME(IFLA_PHYS_PORT_ID),
    NAME(IFLA_CARRIER_CHANGES),
    NAME(IFLA_PHYS_SWITCH_ID),
    NAME(IFLA_LINK_NETNSID),
    NAME(IFLA_PHYS_PORT_NAME),
    NAME(IFLA_PROTO_DOWN),
    NAME(IFLA_GSO_MAX_SEGS),
    NAME(IFLA_GSO_MAX_SIZE),
    NAME(IFLA_XDP),
    NAME(IFLA_EVENT),
    NAME(IFLA_NEW_NETNSID),
    NAME(IFLA_IF_NETNSID),
    NAME(IFLA_TARGET_NETNSID),
    NAME(IFLA_CARRIER_UP_COUNT),
    NAME(IFLA_CARRIER_DOWN_COUNT),
    NAME(IFLA_NEW_IFINDEX),
    NAME(IFLA_MIN_MTU),
    NAME(IFLA_MAX_MTU),
    NAME(IFLA_PROP_LIST),
    NAME(IFLA_ALT_IFNAME),
    NAME(IFLA_PERM_ADDRESS),
    NAME(IFLA_PROTO_DOWN_REASON),
    NAME(IFLA_PARENT_DEV_NAME),
    NAME(IFLA_PARENT_DEV_BUS_NAME),
    NAME(IFLA_GRO_MAX_SIZE),
    NAME(IFLA_TSO_MAX_SIZE),
    NAME(IFLA_TSO_MAX_SEGS),
    NAME(IFLA_ALLMULTI),
};
constexpr AttributeTable link{link_names};

constexpr AttributeName address_names[] = {
    NAME(IFA_ADDRESS),     NAME(IFA_LOCAL),          NAME(IFA_LABEL),     NAME(IFA_BROADCAST),
    NAME(IFA_ANYCAST),     NAME(IFA_CACHEINFO),      NAME(IFA_MULTICAST), NAME(IFA_FLAGS),
    NAME(IFA_RT_PRIORITY), NAME(IFA_TARGET_NETNSID), NAME(IFA_PROTO),
};
constexpr AttributeTable address{address_names};

constexpr AttributeName metrics_names[] = {
    NAME(RTAX_LOCK),
    NAME(RTAX_MTU),
    NAME(RTAX_WINDOW),
    NAME(RTAX_RTT),
    NAME(RTAX_RTTVAR),
    NAME(RTAX_SSTHRESH),
    NAME(RTAX_CWND),
    NAME(RTAX_ADVMSS),
    NAME(RTAX_REORDERING),
    NAME(RTAX_HOPLIMIT),
    NAME(RTAX_INITCWND),
    NAME(RTAX_FEATURES),
    NAME(RTAX_RTO_MIN),
    NAME(RTAX_INITRWND),
    NAME(RTAX_QUICKACK),
    NAME(RTAX_CC_ALGO),
    NAME(RTAX_FASTOPEN_NO_COOKIE),
};
constexpr AttributeTable metrics{metrics_names};

constexpr AttributeName route_names[] = {
    NAME(RTA_DST),           NAME(RTA_SRC),       NAME(RTA_IIF),     NAME(RTA_OIF),
    NAME(RTA_GATEWAY),       NAME(RTA_PRIORITY),  NAME(RTA_PREFSRC), {RTA_METRICS, "RTA_METRICS", &metrics},
    NAME(RTA_MULTIPATH),     NAME(RTA_PROTOINFO), NAME(RTA_FLOW),    NAME(RTA_CACHEINFO),
    NAME(RTA_SESSION),       NAME(RTA_MP_ALGO),   NAME(RTA_TABLE),   NAME(RTA_MARK),
    NAME(RTA_MFC_STATS),     NAME(RTA_VIA),       NAME(RTA_NEWDST),  NAME(RTA_PREF),
    NAME(RTA_ENCAP_TYPE),    NAME(RTA_ENCAP),     NAME(RTA_EXPIRES), NAME(RTA_UID),
    NAME(RTA_TTL_PROPAGATE), NAME(RTA_IP_PROTO),  NAME(RTA_SPORT),   NAME(RTA_DPORT),
    NAME(RTA_NH_ID),
};
constexpr AttributeTable route{route_names};

constexpr AttributeName neighbour_names[] = {
    NAME(NDA_DST),
    NAME(NDA_LLADDR),
    NAME(NDA_CACHEINFO),
    NAME(NDA_PROBES),
    NAME(NDA_VLAN),
    NAME(NDA_PORT),
    NAME(NDA_VNI),
    NAME(NDA_IFINDEX),
    NAME(NDA_MASTER),
    NAME(NDA_LINK_NETNSID),
    NAME(NDA_SRC_VNI),
    NAME(NDA_PROTOCOL),
    NAME(NDA_NH_ID),
    NAME(NDA_FDB_EXT_ATTRS),
    NAME(NDA_FLAGS_EXT),
    NAME(NDA_NDM_STATE_MASK),
    NAME(NDA_NDM_FLAGS_MASK),
};
constexpr AttributeTable neighbour{neighbour_names};

constexpr AttributeName rule_names[] = {
    NAME(FRA_DST),
    NAME(FRA_SRC),
    NAME(FRA_IIFNAME),
    NAME(FRA_GOTO),
    NAME(FRA_PRIORITY),
    NAME(FRA_FWMARK),
    NAME(FRA_FLOW),
    NAME(FRA_TUN_ID),
    NAME(FRA_SUPPRESS_IFGROUP),
    NAME(FRA_SUPPRESS_PREFIXLEN),
    NAME(FRA_TABLE),
    NAME(FRA_FWMASK),
    NAME(FRA_OIFNAME),
    NAME(FRA_L3MDEV),
    NAME(FRA_UID_RANGE),
    NAME(FRA_PROTOCOL),
    NAME(FRA_IP_PROTO),
    NAME(FRA_SPORT_RANGE),
    NAME(FRA_DPORT_RANGE),
};
constexpr AttributeTable rule{rule_names};

constexpr AttributeName queueing_names[] = {
    NAME(TCA_KIND),           NAME(TCA_OPTIONS),    NAME(TCA_STATS),        NAME(TCA_XSTATS),
    NAME(TCA_RATE),           NAME(TCA_FCNT),       NAME(TCA_STATS2),       NAME(TCA_STAB),
    NAME(TCA_DUMP_INVISIBLE), NAME(TCA_CHAIN),      NAME(TCA_HW_OFFLOAD),   NAME(TCA_INGRESS_BLOCK),
    NAME(TCA_EGRESS_BLOCK),   NAME(TCA_DUMP_FLAGS), NAME(TCA_EXT_WARN_MSG),
};
constexpr AttributeTable queueing{queueing_names};

constexpr AttributeName namespace_id_names[] = {
    NAME(NETNSA_NSID), NAME(NETNSA_PID), NAME(NETNSA_FD), NAME(NETNSA_TARGET_NSID), NAME(NETNSA_CURRENT_NSID),
};
constexpr AttributeTable namespace_id{namespace_id_names};

constexpr AttributeName nexthop_names[] = {
    NAME(NHA_ID),      NAME(NHA_GROUP),      NAME(NHA_GROUP_TYPE), NAME(NHA_BLACKHOLE), NAME(NHA_OIF),
    NAME(NHA_GATEWAY), NAME(NHA_ENCAP_TYPE), NAME(NHA_ENCAP),      NAME(NHA_GROUPS),    NAME(NHA_MASTER),
    NAME(NHA_FDB),     NAME(NHA_RES_GROUP),  NAME(NHA_RES_BUCKET),
};
constexpr AttributeTable nexthop{nexthop_names};

constexpr AttributeName control_names[] = {
    NAME(CTRL_ATTR_FAMILY_ID), NAME(CTRL_ATTR_FAMILY_NAME), NAME(CTRL_ATTR_VERSION),      NAME(CTRL_ATTR_HDRSIZE),
    NAME(CTRL_ATTR_MAXATTR),   NAME(CTRL_ATTR_OPS),         NAME(CTRL_ATTR_MCAST_GROUPS), NAME(CTRL_ATTR_POLICY),
    NAME(CTRL_ATTR_OP_POLICY), NAME(CTRL_ATTR_OP),
};
constexpr AttributeTable control{control_names};

#undef NAME

/// Of rtnetlink, by (type - RTM_BASE) / 4: a group of four is one kind of object (NEW, DEL, GET, SET).
constexpr MessageLayout layout_of_rtnetlink(std::uint16_t type) noexcept {
  switch ((type - RTM_BASE) & ~3) {
    case RTM_NEWLINK - RTM_BASE:
      return {sizeof(ifinfomsg), &link};
    case RTM_NEWADDR - RTM_BASE:
      return {sizeof(ifaddrmsg), &address};
    case RTM_NEWROUTE - RTM_BASE:
      return {sizeof(rtmsg), &route};
    case RTM_NEWNEIGH - RTM_BASE:
      return {sizeof(ndmsg), &neighbour};
    case RTM_NEWRULE - RTM_BASE:
      return {sizeof(fib_rule_hdr), &rule};
    case RTM_NEWQDISC - RTM_BASE:
    case RTM_NEWTCLASS - RTM_BASE:
    case RTM_NEWTFILTER - RTM_BASE:
      return {sizeof(tcmsg), &queueing};
    case RTM_NEWNSID - RTM_BASE:
      return {message_alignment, &namespace_id};  // rtgenmsg is one byte, padded
    case RTM_NEWNEXTHOP - RTM_BASE:
      return {sizeof(nhmsg), &nexthop};
    default:
      return {};
  }
}

}  // namespace

MessageLayout message_layout(int protocol, std::uint16_t type) noexcept {
  switch (protocol) {
    case NETLINK_ROUTE:
      return layout_of_rtnetlink(type);
    case NETLINK_GENERIC:
      return {GENL_HDRLEN, type == GENL_ID_CTRL ? &control : nullptr};
    case NETLINK_NETFILTER:
      return {sizeof(nfgenmsg), nullptr};
    default:
      return {};
  }
}

const AttributeName* find_name(const AttributeTable* table, std::uint16_t type) noexcept {
  if (table == nullptr) return nullptr;
  const auto found = std::ranges::find(table->names, type, &AttributeName::type);
  return found != table->names.end() ? &*found : nullptr;
}

const AttributeTable* nested_table(const AttributeName& name, Attributes neighbours) noexcept {
  if (name.nested != &by_kind && name.nested != &by_slave_kind) return name.nested;
  struct Kind {
    std::string_view name;
    const AttributeTable* table;
  };
  static constexpr std::array<Kind, 6> kinds{
      {{"bridge", &bridge}, {"macvlan", &macvlan}, {"veth", &veth}, {"vlan", &vlan}, {"vrf", &vrf}, {"vxlan", &vxlan}}};
  static constexpr std::array<Kind, 1> slave_kinds{{{"bridge", &bridge_port}}};
  const bool slave = name.nested == &by_slave_kind;
  const std::span<const Kind> known = slave ? std::span<const Kind>{slave_kinds} : std::span<const Kind>{kinds};
  for (const AttributeView sibling : neighbours) {
    if (sibling.type() != (slave ? IFLA_INFO_SLAVE_KIND : IFLA_INFO_KIND)) continue;
    const auto found = std::ranges::find(known, sibling.text(), &Kind::name);
    return found != known.end() ? found->table : nullptr;
  }
  return nullptr;
}

}  // namespace netherd::engine
