#include "random_links.hpp"

#include <arpa/inet.h>
#include <linux/can/netlink.h>
#include <linux/if_arp.h>
#include <linux/if_bonding.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/if_macsec.h>
#include <linux/if_tunnel.h>
#include <linux/ip6_tunnel.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <initializer_list>
#include <random>

namespace netherd::test {

namespace {

using ip::Request;

std::mt19937 numbers{20260101};  // NOLINT: the same links in every run

std::uint32_t one_of(std::initializer_list<std::uint32_t> values) { return values.begin()[numbers() % values.size()]; }
bool tossed(unsigned percent = 65) { return numbers() % 100 < percent; }

enum class Content : std::uint8_t { u8, u16, u32, u64, be16, be32, flag, ipv4, ipv6, mac, link, index, bytes8 };

/// An attribute, and the greatest value that it has in messages of the kernel.
struct Field {
  int attribute;
  Content content;
  std::uint32_t most = UINT32_MAX;
};

std::uint32_t number_up_to(std::uint32_t most) {
  const std::uint32_t number = tossed(50) ? one_of({0, 1, 2, 64, 255, 4789}) : static_cast<std::uint32_t>(numbers());
  return most == UINT32_MAX ? number : number % (most + 1);
}

void put_address(Request& message, int attribute, int family) {
  const auto choice = numbers() % 3;
  std::array<unsigned char, 16> bytes{};
  const char* const text =
      family == AF_INET ? (choice == 1 ? "10.0.0.1" : "239.1.1.1") : (choice == 1 ? "2001:db8::1" : "ff02::1");
  if (choice != 0) ::inet_pton(family, text, bytes.data());
  message.put(attribute, std::as_bytes(std::span{bytes}.first(family == AF_INET ? 4 : 16)));
}

void put(Request& message, const Field& field) {
  const auto number = [&field](std::uint32_t most) { return number_up_to(std::min(field.most, most)); };
  const int attribute = field.attribute;
  switch (field.content) {
    case Content::u8:
      return message.put_u8(attribute, static_cast<std::uint8_t>(number(UINT8_MAX)));
    case Content::u16:
      return message.put_u16(attribute, static_cast<std::uint16_t>(number(UINT16_MAX)));
    case Content::u32:
      return message.put_u32(attribute, number(UINT32_MAX));
    case Content::u64:
      return message.put_value(attribute, std::uint64_t{numbers()} << 32U | numbers());
    case Content::be16:
      return message.put_u16(attribute, htons(static_cast<std::uint16_t>(number(UINT16_MAX))));
    case Content::be32:
      return message.put_u32(attribute, htonl(number(UINT32_MAX)));
    case Content::flag:
      return message.put_flag(attribute);
    case Content::ipv4:
      return put_address(message, attribute, AF_INET);
    case Content::ipv6:
      return put_address(message, attribute, AF_INET6);
    case Content::mac: {
      const std::array<std::uint8_t, 6> address{2, 0, 0, 0, 0, static_cast<std::uint8_t>(numbers())};
      return message.put(attribute, std::as_bytes(std::span{address}));
    }
    case Content::link:
      return message.put_u32(attribute, one_of({0, 11, 12, 99}));
    case Content::index:
      return message.put_u32(attribute, one_of({11, 12, 99}));
    case Content::bytes8: {
      const std::array<std::uint32_t, 2> words{static_cast<std::uint32_t>(numbers()),
                                               static_cast<std::uint32_t>(numbers())};
      return message.put(attribute, std::as_bytes(std::span{words}));
    }
  }
}

void put_fields(Request& message, const std::vector<Field>& fields) {
  for (const Field& field : fields) {
    if (tossed(field.content == Content::flag ? 25 : 65)) put(message, field);
  }
}

const std::vector<Field> gre_fields{{IFLA_GRE_LINK, Content::link},
                                    {IFLA_GRE_TTL, Content::u8},
                                    {IFLA_GRE_FWMARK, Content::u32},
                                    {IFLA_GRE_COLLECT_METADATA, Content::flag},
                                    {IFLA_GRE_ERSPAN_INDEX, Content::u32, 0xfffff},
                                    {IFLA_GRE_ERSPAN_VER, Content::u8, 2},
                                    {IFLA_GRE_ERSPAN_DIR, Content::u8, 1},
                                    {IFLA_GRE_ERSPAN_HWID, Content::u16, 63}};

/// The kernel always tells flags and encapsulation.
void put_gre_flags(Request& message) {
  const std::uint16_t flags = GRE_KEY | GRE_SEQ | GRE_CSUM;
  message.put_u16(IFLA_GRE_IFLAGS, static_cast<std::uint16_t>(numbers()) & flags);
  message.put_u16(IFLA_GRE_OFLAGS, static_cast<std::uint16_t>(numbers()) & flags);
  message.put_u32(IFLA_GRE_IKEY, htonl(number_up_to(UINT32_MAX)));
  message.put_u32(IFLA_GRE_OKEY, htonl(number_up_to(UINT32_MAX)));
  message.put_u16(IFLA_GRE_ENCAP_TYPE, static_cast<std::uint16_t>(one_of({0, 1, 2})));
  message.put_u16(IFLA_GRE_ENCAP_FLAGS, static_cast<std::uint16_t>(numbers() & 7U));
  message.put_u16(IFLA_GRE_ENCAP_SPORT, htons(static_cast<std::uint16_t>(one_of({0, 5555}))));
  message.put_u16(IFLA_GRE_ENCAP_DPORT, htons(5555));
}

void put_gre(Request& message) {
  put_gre_flags(message);
  put_fields(message, gre_fields);
  put_fields(message, {{IFLA_GRE_LOCAL, Content::ipv4},
                       {IFLA_GRE_REMOTE, Content::ipv4},
                       {IFLA_GRE_TOS, Content::u8},
                       {IFLA_GRE_PMTUDISC, Content::u8, 1},
                       {IFLA_GRE_IGNORE_DF, Content::u8, 1}});
}

void put_gre6(Request& message) {
  put_gre_flags(message);
  put_fields(message, gre_fields);
  put_fields(message,
             {{IFLA_GRE_LOCAL, Content::ipv6}, {IFLA_GRE_REMOTE, Content::ipv6}, {IFLA_GRE_ENCAP_LIMIT, Content::u8}});
  message.put_u32(IFLA_GRE_FLOWINFO, htonl(static_cast<std::uint32_t>(numbers()) & 0x0fffffffU));
  message.put_u32(IFLA_GRE_FLAGS, static_cast<std::uint32_t>(numbers()) & 0x7fU);
}

void put_encapsulation(Request& message) {
  message.put_u16(IFLA_IPTUN_ENCAP_TYPE, static_cast<std::uint16_t>(one_of({0, 1, 2})));
  message.put_u16(IFLA_IPTUN_ENCAP_FLAGS, static_cast<std::uint16_t>(numbers() & 7U));
  message.put_u16(IFLA_IPTUN_ENCAP_SPORT, htons(static_cast<std::uint16_t>(one_of({0, 5555}))));
  message.put_u16(IFLA_IPTUN_ENCAP_DPORT, htons(5555));
}

const std::vector<Field> ip_tunnel_fields{{IFLA_IPTUN_LINK, Content::link},
                                          {IFLA_IPTUN_TTL, Content::u8},
                                          {IFLA_IPTUN_FWMARK, Content::u32},
                                          {IFLA_IPTUN_COLLECT_METADATA, Content::flag}};

void put_ipip(Request& message) {
  put_encapsulation(message);
  put_fields(message, ip_tunnel_fields);
  put_fields(message, {{IFLA_IPTUN_LOCAL, Content::ipv4},
                       {IFLA_IPTUN_REMOTE, Content::ipv4},
                       {IFLA_IPTUN_TOS, Content::u8},
                       {IFLA_IPTUN_PMTUDISC, Content::u8, 1}});
  message.put_u8(IFLA_IPTUN_PROTO, static_cast<std::uint8_t>(one_of({0, 4, 41, 137})));
}

void put_sit(Request& message) {
  put_ipip(message);
  message.put_u16(IFLA_IPTUN_FLAGS, static_cast<std::uint16_t>(one_of({0, SIT_ISATAP})));
  if (tossed(50)) return;
  put(message, {IFLA_IPTUN_6RD_PREFIX, Content::ipv6});
  message.put_u16(IFLA_IPTUN_6RD_PREFIXLEN, static_cast<std::uint16_t>(one_of({0, 32})));
  put(message, {IFLA_IPTUN_6RD_RELAY_PREFIX, Content::ipv4});
  message.put_u16(IFLA_IPTUN_6RD_RELAY_PREFIXLEN, static_cast<std::uint16_t>(one_of({0, 8})));
}

void put_ip6tnl(Request& message) {
  put_encapsulation(message);
  put_fields(message, ip_tunnel_fields);
  put_fields(
      message,
      {{IFLA_IPTUN_LOCAL, Content::ipv6}, {IFLA_IPTUN_REMOTE, Content::ipv6}, {IFLA_IPTUN_ENCAP_LIMIT, Content::u8}});
  message.put_u32(IFLA_IPTUN_FLOWINFO, htonl(static_cast<std::uint32_t>(numbers()) & 0x0fffffffU));
  message.put_u32(IFLA_IPTUN_FLAGS, static_cast<std::uint32_t>(numbers()) & 0x7fU);
  message.put_u8(IFLA_IPTUN_PROTO, static_cast<std::uint8_t>(one_of({0, 4, 41})));
}

const std::vector<Field> vti_fields{{IFLA_VTI_LINK, Content::link},
                                    {IFLA_VTI_IKEY, Content::be32},
                                    {IFLA_VTI_OKEY, Content::be32},
                                    {IFLA_VTI_FWMARK, Content::u32}};

void put_vti(Request& message) {
  put_fields(message, vti_fields);
  put_fields(message, {{IFLA_VTI_LOCAL, Content::ipv4}, {IFLA_VTI_REMOTE, Content::ipv4}});
}

void put_vti6(Request& message) {
  put_fields(message, vti_fields);
  put_fields(message, {{IFLA_VTI_LOCAL, Content::ipv6}, {IFLA_VTI_REMOTE, Content::ipv6}});
}

void put_xfrm(Request& message) {
  put_fields(
      message,
      {{IFLA_XFRM_LINK, Content::link}, {IFLA_XFRM_IF_ID, Content::u32}, {IFLA_XFRM_COLLECT_METADATA, Content::flag}});
}

void put_geneve(Request& message) {
  const bool ipv4 = tossed(50);
  if (tossed()) put(message, {ipv4 ? IFLA_GENEVE_REMOTE : IFLA_GENEVE_REMOTE6, ipv4 ? Content::ipv4 : Content::ipv6});
  put_fields(message, {{IFLA_GENEVE_ID, Content::u32, 0xffffff},
                       {IFLA_GENEVE_TTL, Content::u8},
                       {IFLA_GENEVE_TTL_INHERIT, Content::u8, 1},
                       {IFLA_GENEVE_TOS, Content::u8},
                       {IFLA_GENEVE_DF, Content::u8, 3},
                       {IFLA_GENEVE_LABEL, Content::be32, 0xfffff},
                       {IFLA_GENEVE_PORT, Content::be16},
                       {IFLA_GENEVE_UDP_CSUM, Content::u8, 1},
                       {IFLA_GENEVE_UDP_ZERO_CSUM6_TX, Content::u8, 1},
                       {IFLA_GENEVE_UDP_ZERO_CSUM6_RX, Content::u8, 1},
                       {IFLA_GENEVE_COLLECT_METADATA, Content::flag},
                       {IFLA_GENEVE_INNER_PROTO_INHERIT, Content::flag}});
}

void put_bareudp(Request& message) {
  put_fields(message, {{IFLA_BAREUDP_PORT, Content::be16},
                       {IFLA_BAREUDP_SRCPORT_MIN, Content::u16},
                       {IFLA_BAREUDP_MULTIPROTO_MODE, Content::flag}});
  message.put_u16(IFLA_BAREUDP_ETHERTYPE,
                  htons(static_cast<std::uint16_t>(one_of({ETH_P_IP, ETH_P_MPLS_UC, ETH_P_IPV6, 0x1234}))));
}

void put_gtp(Request& message) {
  put_fields(
      message,
      {{IFLA_GTP_ROLE, Content::u32, 2}, {IFLA_GTP_PDP_HASHSIZE, Content::u32}, {IFLA_GTP_RESTART_COUNT, Content::u8}});
}

void put_hsr(Request& message) {
  put_fields(message, {{IFLA_HSR_SLAVE1, Content::index},
                       {IFLA_HSR_SLAVE2, Content::index},
                       {IFLA_HSR_SEQ_NR, Content::u16},
                       {IFLA_HSR_SUPERVISION_ADDR, Content::mac},
                       {IFLA_HSR_PROTOCOL, Content::u8, 1}});
}

void put_macsec(Request& message) {
  put_fields(message, {{IFLA_MACSEC_SCI, Content::bytes8},
                       {IFLA_MACSEC_ICV_LEN, Content::u8, 16},
                       {IFLA_MACSEC_ENCODING_SA, Content::u8, 3},
                       {IFLA_MACSEC_VALIDATION, Content::u8, 3},
                       {IFLA_MACSEC_OFFLOAD, Content::u8, 3},
                       {IFLA_MACSEC_PROTECT, Content::u8, 1},
                       {IFLA_MACSEC_ENCRYPT, Content::u8, 1},
                       {IFLA_MACSEC_INC_SCI, Content::u8, 1},
                       {IFLA_MACSEC_ES, Content::u8, 1},
                       {IFLA_MACSEC_SCB, Content::u8, 1},
                       {IFLA_MACSEC_REPLAY_PROTECT, Content::u8, 1},
                       {IFLA_MACSEC_WINDOW, Content::u32}});
  constexpr std::array<std::uint64_t, 6> ciphers{MACSEC_DEFAULT_CIPHER_ID,         MACSEC_CIPHER_ID_GCM_AES_128,
                                                 MACSEC_CIPHER_ID_GCM_AES_256,     MACSEC_CIPHER_ID_GCM_AES_XPN_128,
                                                 MACSEC_CIPHER_ID_GCM_AES_XPN_256, 7};
  if (tossed()) message.put_value(IFLA_MACSEC_CIPHER_SUITE, ciphers.at(numbers() % ciphers.size()));
}

can_bittiming random_timing() {
  can_bittiming timing{};
  timing.bitrate = number_up_to(8000000);
  timing.sample_point = number_up_to(1000);
  timing.tq = number_up_to(1000);
  timing.prop_seg = number_up_to(99);
  timing.phase_seg1 = number_up_to(99);
  timing.phase_seg2 = number_up_to(99);
  timing.sjw = number_up_to(9);
  timing.brp = number_up_to(99);
  return timing;
}

can_bittiming_const random_limits() {
  can_bittiming_const limits{};
  std::strncpy(limits.name, tossed(50) ? "mcp251xfd" : "a-name-of-fifte", sizeof limits.name - 1);
  limits.tseg1_min = number_up_to(9);
  limits.tseg1_max = number_up_to(999);
  limits.tseg2_min = number_up_to(9);
  limits.tseg2_max = number_up_to(999);
  limits.sjw_max = number_up_to(99);
  limits.brp_min = 1;
  limits.brp_max = number_up_to(999);
  limits.brp_inc = 1;
  return limits;
}

void put_rates(Request& message, int attribute) {
  std::vector<std::uint32_t> rates(1 + numbers() % 14);
  for (std::uint32_t& rate : rates) rate = number_up_to(8000000);
  message.put(attribute, std::as_bytes(std::span{rates}));
}

void put_can(Request& message) {
  if (tossed()) message.put_value(IFLA_CAN_CTRLMODE, can_ctrlmode{0, static_cast<std::uint32_t>(numbers()) & 0xfffU});
  if (tossed()) {
    const auto nest = message.begin_nest(IFLA_CAN_CTRLMODE_EXT);
    put_fields(message, {{IFLA_CAN_CTRLMODE_SUPPORTED, Content::u32, 0x7ff}});
    message.end_nest(nest);
  }
  put_fields(message, {{IFLA_CAN_STATE, Content::u32, 6}, {IFLA_CAN_RESTART_MS, Content::u32}});
  if (tossed()) message.put_value(IFLA_CAN_BERR_COUNTER, can_berr_counter{7, 9});
  if (tossed()) message.put_value(IFLA_CAN_BITTIMING, random_timing());
  if (tossed()) message.put_value(IFLA_CAN_BITTIMING_CONST, random_limits());
  if (tossed()) message.put_value(IFLA_CAN_DATA_BITTIMING, random_timing());
  if (tossed()) message.put_value(IFLA_CAN_DATA_BITTIMING_CONST, random_limits());
  if (tossed(20)) put_rates(message, IFLA_CAN_BITRATE_CONST);
  if (tossed(20)) put_rates(message, IFLA_CAN_DATA_BITRATE_CONST);
  if (tossed()) {
    const auto nest = message.begin_nest(IFLA_CAN_TDC);
    for (int attribute = IFLA_CAN_TDC_TDCV_MIN; attribute <= IFLA_CAN_TDC_TDCF; ++attribute) {
      put_fields(message, {{attribute, Content::u32, 4000}});
    }
    message.end_nest(nest);
  }
  if (tossed()) message.put_u16(IFLA_CAN_TERMINATION, 120);
  constexpr std::array<std::uint16_t, 3> terminations{0, 60, 120};
  if (tossed())
    message.put(IFLA_CAN_TERMINATION_CONST, std::as_bytes(std::span{terminations}.first(1 + numbers() % 3)));
  if (tossed()) message.put_value(IFLA_CAN_CLOCK, can_clock{80000000});
}

void put_vxlan(Request& message) {
  constexpr int vnifilter = 30;
  put_fields(message, {{IFLA_VXLAN_ID, Content::u32, 0xffffff},
                       {IFLA_VXLAN_COLLECT_METADATA, Content::u8, 1},
                       {vnifilter, Content::u8, 1},
                       {IFLA_VXLAN_LINK, Content::link},
                       {IFLA_VXLAN_PORT, Content::be16}});
}

void put_vlan(Request& message) {
  message.put_u16(IFLA_VLAN_PROTOCOL, htons(static_cast<std::uint16_t>(one_of({ETH_P_8021Q, ETH_P_8021AD, ETH_P_IP}))));
  message.put_u16(IFLA_VLAN_ID, static_cast<std::uint16_t>(number_up_to(4094)));
}

void put_bond_slave(Request& message) {
  put_fields(message, {{IFLA_BOND_SLAVE_STATE, Content::u8, 1},
                       {IFLA_BOND_SLAVE_MII_STATUS, Content::u8, 3},
                       {IFLA_BOND_SLAVE_LINK_FAILURE_COUNT, Content::u32, INT32_MAX},
                       {IFLA_BOND_SLAVE_PERM_HWADDR, Content::mac},
                       {IFLA_BOND_SLAVE_QUEUE_ID, Content::u16},
                       {IFLA_BOND_SLAVE_PRIO, Content::u32},
                       {IFLA_BOND_SLAVE_AD_AGGREGATOR_ID, Content::u16},
                       {IFLA_BOND_SLAVE_AD_ACTOR_OPER_PORT_STATE, Content::u8},
                       {IFLA_BOND_SLAVE_AD_PARTNER_OPER_PORT_STATE, Content::u16, UINT8_MAX}});
}

struct KindOfLink {
  const char* name;
  unsigned short type;
  void (*put)(Request&);
  bool of_port = false;
};
constexpr std::array kinds{
    KindOfLink{"erspan", ARPHRD_ETHER, put_gre},      KindOfLink{"gre", ARPHRD_IPGRE, put_gre},
    KindOfLink{"ip6erspan", ARPHRD_ETHER, put_gre6},  KindOfLink{"ip6gre", ARPHRD_IP6GRE, put_gre6},
    KindOfLink{"ipip", ARPHRD_TUNNEL, put_ipip},      KindOfLink{"sit", ARPHRD_SIT, put_sit},
    KindOfLink{"ip6tnl", ARPHRD_TUNNEL6, put_ip6tnl}, KindOfLink{"vti", ARPHRD_TUNNEL, put_vti},
    KindOfLink{"vti6", ARPHRD_TUNNEL6, put_vti6},     KindOfLink{"xfrm", ARPHRD_NONE, put_xfrm},
    KindOfLink{"geneve", ARPHRD_ETHER, put_geneve},   KindOfLink{"bareudp", ARPHRD_NONE, put_bareudp},
    KindOfLink{"gtp", ARPHRD_NONE, put_gtp},          KindOfLink{"hsr", ARPHRD_ETHER, put_hsr},
    KindOfLink{"macsec", ARPHRD_ETHER, put_macsec},   KindOfLink{"can", ARPHRD_CAN, put_can},
    KindOfLink{"vxcan", ARPHRD_CAN, [](Request&) {}}, KindOfLink{"vxlan", ARPHRD_ETHER, put_vxlan},
    KindOfLink{"vlan", ARPHRD_ETHER, put_vlan},       KindOfLink{"bond", ARPHRD_ETHER, put_bond_slave, true},
    KindOfLink{"nosuch", 826, [](Request&) {}}};

void put_kind(Request& message, const KindOfLink& kind) {
  const auto info = message.begin_nest(IFLA_LINKINFO);
  message.put_string(kind.of_port ? IFLA_INFO_SLAVE_KIND : IFLA_INFO_KIND, kind.name);
  const bool ip_needs_it = std::string_view{kind.name} == "gtp";  // it looks into what is not there
  if (tossed(90) || ip_needs_it) {
    const auto data = message.begin_nest(kind.of_port ? IFLA_INFO_SLAVE_DATA : IFLA_INFO_DATA);
    kind.put(message);
    message.end_nest(data);
  }
  if (kind.type == ARPHRD_CAN && tossed())
    message.put_value(IFLA_INFO_XSTATS, can_device_stats{1, 2, 3, 4, 5, 1234567});
  message.end_nest(info);
}

void put_statistics(Request& message) {
  std::array<std::uint64_t, sizeof(rtnl_link_stats64) / sizeof(std::uint64_t)> counters{};
  for (std::uint64_t& counter : counters) counter = tossed(50) ? number_up_to(9) : std::uint64_t{numbers()} * numbers();
  message.put(IFLA_STATS64, std::as_bytes(std::span{counters}));
  if (tossed(80)) message.put_u32(IFLA_CARRIER_CHANGES, number_up_to(UINT32_MAX));
}

void put_function(Request& message, std::uint32_t number) {
  const auto function = message.begin_nest(IFLA_VF_INFO);
  ifla_vf_mac mac{};
  mac.vf = number;
  for (std::uint8_t& byte : mac.mac) byte = static_cast<std::uint8_t>(numbers());
  message.put_value(IFLA_VF_MAC, mac);
  if (tossed()) message.put(IFLA_VF_BROADCAST, std::as_bytes(std::span{mac.mac}));
  if (tossed(50)) {
    message.put_value(IFLA_VF_VLAN, ifla_vf_vlan{number, number_up_to(4095), number_up_to(7)});
  } else {
    const auto list = message.begin_nest(IFLA_VF_VLAN_LIST);
    const auto protocol = htons(static_cast<std::uint16_t>(one_of({ETH_P_8021Q, ETH_P_8021AD})));
    message.put_value(IFLA_VF_VLAN_INFO, ifla_vf_vlan_info{number, number_up_to(4095), number_up_to(7), protocol});
    message.end_nest(list);
  }
  message.put_value(IFLA_VF_TX_RATE, ifla_vf_tx_rate{number, one_of({0, 1000})});
  if (tossed()) message.put_value(IFLA_VF_RATE, ifla_vf_rate{number, one_of({0, 10}), one_of({0, 1000})});
  for (const int attribute : {IFLA_VF_SPOOFCHK, IFLA_VF_TRUST, IFLA_VF_RSS_QUERY_EN}) {
    if (tossed()) message.put_value(attribute, ifla_vf_trust{number, one_of({0, 1, UINT32_MAX})});
  }
  for (const int attribute : {IFLA_VF_IB_NODE_GUID, IFLA_VF_IB_PORT_GUID}) {
    ifla_vf_guid guid{};
    guid.guid = std::uint64_t{numbers()} << 32U | numbers();
    if (tossed(20)) message.put_value(attribute, guid);
  }
  if (tossed()) message.put_value(IFLA_VF_LINK_STATE, ifla_vf_link_state{number, number_up_to(3)});
  if (tossed()) {
    const auto statistics = message.begin_nest(IFLA_VF_STATS);
    for (int attribute = IFLA_VF_STATS_RX_PACKETS; attribute <= IFLA_VF_STATS_MULTICAST; ++attribute) {
      message.put_value(attribute, std::uint64_t{numbers()});
    }
    for (const int attribute : {IFLA_VF_STATS_RX_DROPPED, IFLA_VF_STATS_TX_DROPPED}) {
      if (tossed(50)) message.put_value(attribute, std::uint64_t{numbers()});
    }
    message.end_nest(statistics);
  }
  message.end_nest(function);
}

void put_functions(Request& message) {
  const std::uint32_t count = static_cast<std::uint32_t>(numbers()) % 4;
  message.put_u32(IFLA_NUM_VF, count);
  const auto list = message.begin_nest(IFLA_VFINFO_LIST);
  for (std::uint32_t number = 0; number < count; ++number) put_function(message, number);
  message.end_nest(list);
}

void put_addresses(Request& message) {
  if (tossed(80)) put(message, {IFLA_ADDRESS, Content::mac});
  if (tossed(80)) put(message, {IFLA_BROADCAST, Content::mac});
  if (tossed(50)) put(message, {IFLA_PERM_ADDRESS, Content::mac});
}

}  // namespace

void add_random_links(FakeLinks& links, int each, int first_index) {
  numbers.seed(20260101);  // NOLINT: the same links in every run
  int number = 0;
  for (const KindOfLink& kind : kinds) {
    for (int i = 0; i < each; ++i) {
      const int index = first_index + number++;
      Request message = FakeLinks::start_of(index, "q" + std::to_string(number), kind.type);
      put_addresses(message);
      put_kind(message, kind);
      put_statistics(message);
      if (tossed(30)) put_functions(message);
      links.add(std::move(message));
    }
  }
}

std::string kind_of_random_link(int n, int each) { return kinds.at(static_cast<std::size_t>(n / each)).name; }

}  // namespace netherd::test
