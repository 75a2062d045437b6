#include "netherd/ops/link.hpp"

#include <net/if.h>
// After net/if.h, whose definitions it then leaves alone: it is needed for IFF_LOWER_UP.
#include <linux/if.h>
#include <linux/if_link.h>
#include <linux/ip.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>

#include <algorithm>
#include <cstring>

#include "command_text.hpp"
#include "link_encoding.hpp"
#include "settings.hpp"

namespace netherd::ops {

template <>
struct Words<AddressGeneration> {
  static constexpr std::array words{std::pair{AddressGeneration::eui64, std::string_view{"eui64"}},
                                    std::pair{AddressGeneration::none, std::string_view{"none"}},
                                    std::pair{AddressGeneration::stable_secret, std::string_view{"stable_secret"}},
                                    std::pair{AddressGeneration::random, std::string_view{"random"}}};
};

namespace {

using engine::Attributes;
using engine::AttributeView;
using engine::MessageView;
using engine::MessageWriter;

void put_single_queue(MessageWriter& writer) noexcept {
  writer.put_u32(IFLA_NUM_TX_QUEUES, 1);
  writer.put_u32(IFLA_NUM_RX_QUEUES, 1);
}

constexpr std::tuple ipv4_settings{
    setting(&Ipv4Settings::accept_local, IPV4_DEVCONF_ACCEPT_LOCAL, "accept_local"),
    setting(&Ipv4Settings::accept_redirects, IPV4_DEVCONF_ACCEPT_REDIRECTS, "accept_redirects"),
    setting(&Ipv4Settings::accept_source_route, IPV4_DEVCONF_ACCEPT_SOURCE_ROUTE, "accept_source_route"),
    setting(&Ipv4Settings::arp_accept, IPV4_DEVCONF_ARP_ACCEPT, "arp_accept"),
    setting(&Ipv4Settings::arp_announce, IPV4_DEVCONF_ARP_ANNOUNCE, "arp_announce"),
    setting(&Ipv4Settings::arp_evict_nocarrier, IPV4_DEVCONF_ARP_EVICT_NOCARRIER, "arp_evict_nocarrier"),
    setting(&Ipv4Settings::arp_filter, IPV4_DEVCONF_ARPFILTER, "arp_filter"),
    setting(&Ipv4Settings::arp_ignore, IPV4_DEVCONF_ARP_IGNORE, "arp_ignore"),
    setting(&Ipv4Settings::arp_notify, IPV4_DEVCONF_ARP_NOTIFY, "arp_notify"),
    setting(&Ipv4Settings::bc_forwarding, IPV4_DEVCONF_BC_FORWARDING, "bc_forwarding"),
    setting(&Ipv4Settings::disable_policy, IPV4_DEVCONF_NOPOLICY, "disable_policy"),
    setting(&Ipv4Settings::disable_xfrm, IPV4_DEVCONF_NOXFRM, "disable_xfrm"),
    setting(&Ipv4Settings::drop_gratuitous_arp, IPV4_DEVCONF_DROP_GRATUITOUS_ARP, "drop_gratuitous_arp"),
    setting(&Ipv4Settings::drop_unicast_in_l2_multicast, IPV4_DEVCONF_DROP_UNICAST_IN_L2_MULTICAST,
            "drop_unicast_in_l2_multicast"),
    setting(&Ipv4Settings::force_igmp_version, IPV4_DEVCONF_FORCE_IGMP_VERSION, "force_igmp_version"),
    setting(&Ipv4Settings::ignore_routes_with_linkdown, IPV4_DEVCONF_IGNORE_ROUTES_WITH_LINKDOWN,
            "ignore_routes_with_linkdown"),
    setting(&Ipv4Settings::log_martians, IPV4_DEVCONF_LOG_MARTIANS, "log_martians"),
    setting(&Ipv4Settings::medium_id, IPV4_DEVCONF_MEDIUM_ID, "medium_id"),
    setting(&Ipv4Settings::promote_secondaries, IPV4_DEVCONF_PROMOTE_SECONDARIES, "promote_secondaries"),
    setting(&Ipv4Settings::proxy_arp, IPV4_DEVCONF_PROXY_ARP, "proxy_arp"),
    setting(&Ipv4Settings::proxy_arp_pvlan, IPV4_DEVCONF_PROXY_ARP_PVLAN, "proxy_arp_pvlan"),
    setting(&Ipv4Settings::route_localnet, IPV4_DEVCONF_ROUTE_LOCALNET, "route_localnet"),
    setting(&Ipv4Settings::rp_filter, IPV4_DEVCONF_RP_FILTER, "rp_filter"),
    setting(&Ipv4Settings::secure_redirects, IPV4_DEVCONF_SECURE_REDIRECTS, "secure_redirects"),
    setting(&Ipv4Settings::send_redirects, IPV4_DEVCONF_SEND_REDIRECTS, "send_redirects"),
    setting(&Ipv4Settings::shared_media, IPV4_DEVCONF_SHARED_MEDIA, "shared_media"),
    setting(&Ipv4Settings::src_valid_mark, IPV4_DEVCONF_SRC_VMARK, "src_valid_mark"),
    setting(&Ipv4Settings::tag, IPV4_DEVCONF_TAG, "tag"),
};

bool has_ipv4(const SetLink& request) noexcept { return request.ipv4_forwarding || request.ipv4 != Ipv4Settings{}; }

/// AF_INET{IFLA_INET_CONF{...}} in IFLA_AF_SPEC, as inet_set_link_af() takes it (net/ipv4/devinet.c).
void put_ipv4(MessageWriter& writer, const SetLink& request) noexcept {
  const auto inet = writer.begin_plain_nest(AF_INET);
  const auto settings = writer.begin_plain_nest(IFLA_INET_CONF);
  if (request.ipv4_forwarding) writer.put_u32(IPV4_DEVCONF_FORWARDING, *request.ipv4_forwarding ? 1 : 0);
  put_settings(writer, request.ipv4, ipv4_settings);
  writer.end_nest(settings);
  writer.end_nest(inet);
}

void put_ipv6(MessageWriter& writer, const SetLink& request) noexcept {
  const auto inet6 = writer.begin_plain_nest(AF_INET6);
  if (request.addrgenmode) Number<std::uint8_t>::put(writer, IFLA_INET6_ADDR_GEN_MODE, *request.addrgenmode);
  if (request.ipv6_token) Ip::put(writer, IFLA_INET6_TOKEN, *request.ipv6_token);
  writer.end_nest(inet6);
}

void put_address_families(MessageWriter& writer, const SetLink& request) noexcept {
  const bool ipv4 = has_ipv4(request);
  const bool ipv6 = request.addrgenmode || request.ipv6_token;
  if (!ipv4 && !ipv6) return;
  const auto families = writer.begin_plain_nest(IFLA_AF_SPEC);
  if (ipv4) put_ipv4(writer, request);
  if (ipv6) put_ipv6(writer, request);
  writer.end_nest(families);
}

/// What follows the name of an end.
void describe_veth_end(CommandText& command, const NewLink& end, const LinkSettings& settings) {
  command.option("netns", end.netns.name);
  describe_index(command, end.index);
  describe_mtu_and_address(command, end.mtu, end.address);
  command.word("numtxqueues 1 numrxqueues 1");
  describe_link_settings(command, settings);
}

/// Commands one below the other.
class CommandLines {
 public:
  void add(const std::string& line) {
    if (!text_.empty()) text_ += '\n';
    text_ += line;
  }
  [[nodiscard]] std::string text() && { return std::move(text_); }

 private:
  std::string text_;
};

std::string describe_sysctl(const SetLink& request, std::string_view key, std::uint32_t value) {
  std::string command;
  if (!request.netns.empty()) command.append("ip netns exec ").append(shell_word(request.netns)).append(" ");
  std::string name{request.name};
  std::ranges::replace(name, '.', '/');  // how sysctl(8) wants a dot that is part of a name
  std::string setting{"net.ipv4.conf."};
  setting.append(name).append(".").append(key).append("=").append(std::to_string(value));
  return command.append("sysctl -qw ").append(shell_word(setting));
}

void describe_ipv4(CommandLines& lines, const SetLink& request) {
  if (request.ipv4_forwarding) lines.add(describe_sysctl(request, "forwarding", *request.ipv4_forwarding ? 1 : 0));
  const auto describe = [&](const auto& row) {
    if (const auto value = request.ipv4.*row.member) lines.add(describe_sysctl(request, row.keyword, *value));
  };
  std::apply([&](const auto&... row) { (describe(row), ...); }, ipv4_settings);
}

/// The words of `ip link set` behind the name; empty if it is not needed.
std::string describe_changes(const SetLink& request) {
  CommandText command{{}, {}};
  command.option("name", request.new_name);
  if (request.bridge == InterfaceIndex::none) {
    command.word("nomaster");
  } else if (request.bridge) {
    command.option("master", request.bridge_name);
  }
  if (request.move_to.descriptor >= 0) command.option("netns", request.move_to.name);
  describe_mtu_and_address(command, request.mtu, request.address);
  describe_link_settings(command, request.settings);
  if (request.addrgenmode) command.option("addrgenmode", word_of(*request.addrgenmode));
  if (request.up) command.word(*request.up ? "up" : "down");
  return std::move(command).text();
}

std::string describe_altname(std::string_view netns, std::string_view verb, std::string_view name,
                             std::string_view altname) {
  CommandText command{netns};
  command.word("link property").word(verb).word("dev").word(name).word("altname").word(altname);
  return std::move(command).text();
}

void put_altname(MessageWriter& writer, std::uint16_t type, std::uint16_t flags, InterfaceIndex index,
                 std::string_view altname) noexcept {
  writer.begin(type, flags);
  writer.put_family_header(link_header(index));
  const auto names = writer.begin_nest(IFLA_PROP_LIST);
  writer.put_string(IFLA_ALT_IFNAME, altname);
  writer.end_nest(names);
}

/// The numbers that are copied as they are.
struct LinkNumber {
  std::uint32_t Link::* member;
  std::uint16_t attribute;
};
constexpr std::array link_numbers{
    LinkNumber{&Link::mtu, IFLA_MTU},
    LinkNumber{&Link::txqueuelen, IFLA_TXQLEN},
    LinkNumber{&Link::numtxqueues, IFLA_NUM_TX_QUEUES},
    LinkNumber{&Link::numrxqueues, IFLA_NUM_RX_QUEUES},
    LinkNumber{&Link::group, IFLA_GROUP},
    LinkNumber{&Link::promiscuity, IFLA_PROMISCUITY},
    LinkNumber{&Link::min_mtu, IFLA_MIN_MTU},
    LinkNumber{&Link::max_mtu, IFLA_MAX_MTU},
    LinkNumber{&Link::gso_max_size, IFLA_GSO_MAX_SIZE},
    LinkNumber{&Link::gso_max_segs, IFLA_GSO_MAX_SEGS},
    LinkNumber{&Link::gro_max_size, IFLA_GRO_MAX_SIZE},
    LinkNumber{&Link::tso_max_size, IFLA_TSO_MAX_SIZE},
    LinkNumber{&Link::tso_max_segs, IFLA_TSO_MAX_SEGS},
    LinkNumber{&Link::allmulticast, IFLA_ALLMULTI},
    LinkNumber{&Link::carrier_changes, IFLA_CARRIER_CHANGES},
};

/// A MAC address, or what else the link has for one.
void decode_hardware_address(std::optional<MacAddress>& mac, std::vector<std::byte>& other,
                             const AttributeView& attribute) {
  mac = mac_address_in(attribute);
  if (!mac) other.assign(attribute.payload().begin(), attribute.payload().end());
}

/// The kernel's structure, of which older kernels have less and newer ones more at its end.
LinkStatistics decode_statistics(const AttributeView& attribute) noexcept {
  rtnl_link_stats64 stats{};
  const auto payload = attribute.payload();
  std::memcpy(&stats, payload.data(), std::min(payload.size(), sizeof stats));
  return {.rx_packets = stats.rx_packets,
          .tx_packets = stats.tx_packets,
          .rx_bytes = stats.rx_bytes,
          .tx_bytes = stats.tx_bytes,
          .rx_errors = stats.rx_errors,
          .tx_errors = stats.tx_errors,
          .rx_dropped = stats.rx_dropped,
          .tx_dropped = stats.tx_dropped,
          .multicast = stats.multicast,
          .collisions = stats.collisions,
          .rx_length_errors = stats.rx_length_errors,
          .rx_over_errors = stats.rx_over_errors,
          .rx_crc_errors = stats.rx_crc_errors,
          .rx_frame_errors = stats.rx_frame_errors,
          .rx_fifo_errors = stats.rx_fifo_errors,
          .rx_missed_errors = stats.rx_missed_errors,
          .tx_aborted_errors = stats.tx_aborted_errors,
          .tx_carrier_errors = stats.tx_carrier_errors,
          .tx_fifo_errors = stats.tx_fifo_errors,
          .tx_heartbeat_errors = stats.tx_heartbeat_errors,
          .tx_window_errors = stats.tx_window_errors,
          .rx_compressed = stats.rx_compressed,
          .tx_compressed = stats.tx_compressed,
          .rx_nohandler = stats.rx_nohandler};
}

void decode_protodown_reason(Link& link, const AttributeView& nest) noexcept {
  for (const AttributeView part : Attributes{nest.payload()}) {
    if (part.type() == IFLA_PROTO_DOWN_REASON_VALUE) link.protodown_reason = part.as<std::uint32_t>().value_or(0);
  }
}

void decode_kinds(Link& link, const AttributeView& link_info) {
  for (const AttributeView part : Attributes{link_info.payload()}) {
    if (part.type() == IFLA_INFO_KIND) link.kind = part.text();
    if (part.type() == IFLA_INFO_SLAVE_KIND) link.master_kind = part.text();
  }
}

void decode_altnames(Link& link, const AttributeView& properties) {
  for (const AttributeView property : Attributes{properties.payload()}) {
    if (property.type() == IFLA_ALT_IFNAME) link.altnames.emplace_back(property.text());
  }
}

/// IFLA_INET_CONF as the kernel reports it: an array of all settings, the first one being number 1.
void decode_ipv4(Link& link, const AttributeView& inet) noexcept {
  for (const AttributeView part : Attributes{inet.payload()}) {
    if (part.type() != IFLA_INET_CONF) continue;
    const auto value_at = [&](std::size_t number) {
      const std::size_t offset = (number - 1) * sizeof(std::uint32_t);
      const auto rest = part.payload().subspan(std::min(offset, part.payload().size()));
      return AttributeView{0, rest}.as<std::uint32_t>();
    };
    if (const auto value = value_at(IPV4_DEVCONF_FORWARDING)) link.ipv4_forwarding = *value != 0;
    std::apply([&](const auto&... row) { ((link.ipv4.*row.member = value_at(row.attribute)), ...); }, ipv4_settings);
  }
}

void decode_address_families(Link& link, const AttributeView& families) noexcept {
  for (const AttributeView family : Attributes{families.payload()}) {
    if (family.type() == AF_INET) decode_ipv4(link, family);
    if (family.type() != AF_INET6) continue;
    for (const AttributeView part : Attributes{family.payload()}) {
      if (part.type() == IFLA_INET6_ADDR_GEN_MODE) {
        link.addrgenmode = Number<std::uint8_t>::read<AddressGeneration>(part);
      }
      if (part.type() == IFLA_INET6_TOKEN) link.ipv6_token = Ip::read<IpAddress>(part);
    }
  }
}

void decode_link_attribute(Link& link, const AttributeView& attribute) {
  for (const LinkNumber& number : link_numbers) {
    if (attribute.type() == number.attribute) link.*number.member = attribute.as<std::uint32_t>().value_or(0);
  }
  switch (attribute.type()) {
    case IFLA_IFNAME:
      link.name = attribute.text();
      break;
    case IFLA_IFALIAS:
      link.alias = attribute.text();
      break;
    case IFLA_QDISC:
      link.qdisc = attribute.text();
      break;
    case IFLA_MASTER:
      link.bridge = index_in(attribute);
      break;
    case IFLA_LINK:
      link.peer = index_in(attribute);
      break;
    case IFLA_LINK_NETNSID:
      link.link_netns_id = attribute.as<std::int32_t>();
      break;
    case IFLA_OPERSTATE:
      link.operational_state = attribute.as<std::uint8_t>().value_or(0);
      break;
    case IFLA_LINKMODE:
      link.mode = Number<std::uint8_t>::read<LinkMode>(attribute).value_or(LinkMode::automatic);
      break;
    case IFLA_PROTO_DOWN:
      link.protodown = attribute.as<std::uint8_t>().value_or(0) != 0;
      break;
    case IFLA_PROTO_DOWN_REASON:
      decode_protodown_reason(link, attribute);
      break;
    case IFLA_ADDRESS:
      decode_hardware_address(link.address, link.other_address, attribute);
      break;
    case IFLA_BROADCAST:
      decode_hardware_address(link.broadcast, link.other_broadcast, attribute);
      break;
    case IFLA_PERM_ADDRESS:
      link.permanent_address = mac_address_in(attribute);
      break;
    case IFLA_PARENT_DEV_BUS_NAME:
      link.parent_bus = attribute.text();
      break;
    case IFLA_PARENT_DEV_NAME:
      link.parent_device = attribute.text();
      break;
    case IFLA_NEW_NETNSID:
      link.new_netns_id = attribute.as<std::int32_t>();
      break;
    case IFLA_NEW_IFINDEX:
      link.new_index = index_in(attribute);
      break;
    case IFLA_STATS64:
      link.statistics = decode_statistics(attribute);
      break;
    case IFLA_PROP_LIST:
      decode_altnames(link, attribute);
      break;
    case IFLA_AF_SPEC:
      decode_address_families(link, attribute);
      break;
    case IFLA_LINKINFO:
      decode_kinds(link, attribute);
      break;
    default:
      break;
  }
}

}  // namespace

void AddVeth::encode(MessageWriter& writer) const noexcept {
  writer.begin(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
  writer.put_family_header(link_header(main.index, main_up ? std::optional{true} : std::nullopt, &main_settings));
  put_new_link(writer, main);
  put_single_queue(writer);
  put_link_settings(writer, main_settings);
  if (main_bridge != InterfaceIndex::none) writer.put_index(IFLA_MASTER, main_bridge);

  const auto info = writer.begin_plain_nest(IFLA_LINKINFO);
  put_kind(writer, IFLA_INFO_KIND, "veth");
  const auto data = writer.begin_plain_nest(IFLA_INFO_DATA);
  const auto peer_end = writer.begin_plain_nest(VETH_INFO_PEER);
  writer.put_raw(link_header(peer.index));
  put_new_link(writer, peer);
  put_single_queue(writer);
  put_link_settings(writer, peer_settings);
  writer.end_nest(peer_end);
  writer.end_nest(data);
  writer.end_nest(info);
}

std::string AddVeth::describe() const {
  // `ip` looks a bridge's name up where it runs.
  CommandText command{main_bridge_name.empty() ? std::string_view{} : main.netns.name};
  command.word("link add").link("name", main.name);
  describe_veth_end(command, main, main_settings);
  command.option("master", main_bridge_name).flag("up", main_up).word("type veth peer name").word(peer.name);
  describe_veth_end(command, peer, peer_settings);
  return std::move(command).text();
}

void SetLink::encode(MessageWriter& writer) const noexcept {
  ifinfomsg header = link_header(index, up, &settings);
  if (ipv6_token) header.ifi_family = AF_INET6;  // as `ip token` has it
  writer.begin(RTM_SETLINK, 0);
  writer.put_family_header(header);
  if (bridge) writer.put_index(IFLA_MASTER, *bridge);
  if (mtu != 0) writer.put_u32(IFLA_MTU, mtu);
  if (address) writer.put_struct(IFLA_ADDRESS, address->bytes);
  if (!new_name.empty()) writer.put_string(IFLA_IFNAME, new_name);
  if (move_to.descriptor >= 0) writer.put_struct(IFLA_NET_NS_FD, move_to.descriptor);
  put_link_settings(writer, settings);
  put_address_families(writer, *this);
}

std::string SetLink::describe() const {
  CommandLines lines;
  if (const std::string changes = describe_changes(*this); !changes.empty()) {
    CommandText command{netns};
    command.word("link set").link("dev", name);
    lines.add(std::move(command).text() + changes);
  }
  describe_ipv4(lines, *this);
  if (ipv6_token) {
    CommandText command{netns};
    command.word("token set").word(ipv6_token->to_string()).word("dev").word(name);
    lines.add(std::move(command).text());
  }
  return std::move(lines).text();
}

void DeleteLink::encode(MessageWriter& writer) const noexcept {
  writer.begin(RTM_DELLINK, 0);
  writer.put_family_header(link_header(index));
}

std::string DeleteLink::describe() const {
  CommandText command{netns};
  command.word("link delete dev").word(name);
  return std::move(command).text();
}

void DeleteLinkGroup::encode(MessageWriter& writer) const noexcept {
  writer.begin(RTM_DELLINK, 0);
  writer.put_family_header(link_header(InterfaceIndex::none));
  writer.put_u32(IFLA_GROUP, group);
}

std::string DeleteLinkGroup::describe() const {
  CommandText command{netns};
  command.word("link delete").number("group", group);
  return std::move(command).text();
}

void AddAltname::encode(MessageWriter& writer) const noexcept {
  put_altname(writer, RTM_NEWLINKPROP, NLM_F_CREATE | NLM_F_EXCL | NLM_F_APPEND, index, altname);
}

std::string AddAltname::describe() const { return describe_altname(netns, "add", name, altname); }

void DeleteAltname::encode(MessageWriter& writer) const noexcept {
  put_altname(writer, RTM_DELLINKPROP, 0, index, altname);
}

std::string DeleteAltname::describe() const { return describe_altname(netns, "del", name, altname); }

void DumpLinks::encode(MessageWriter& writer) const noexcept {
  writer.begin(RTM_GETLINK, NLM_F_DUMP);
  writer.put_family_header(ifinfomsg{});
  writer.put_u32(IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
}

void GetLink::encode(MessageWriter& writer) const noexcept {
  writer.begin(RTM_GETLINK, 0);
  writer.put_family_header(link_header(index));
  if (index == InterfaceIndex::none) {
    writer.put_string(name.size() <= max_interface_name_bytes ? IFLA_IFNAME : IFLA_ALT_IFNAME, name);
  }
  writer.put_u32(IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
}

std::string GetLink::describe() const {
  CommandText command{netns};
  command.word("link show dev").word(name);
  return std::move(command).text();
}

bool Link::up() const noexcept { return (flags & IFF_UP) != 0; }
bool Link::carrier() const noexcept { return (flags & IFF_LOWER_UP) != 0; }
bool Link::operational() const noexcept { return operational_state == IF_OPER_UP; }

std::optional<Link> decode_link(const MessageView& message) {
  if (message.type() != RTM_NEWLINK) return std::nullopt;
  const auto header = message.family_header<ifinfomsg>();
  if (!header || header->ifi_index <= 0) return std::nullopt;
  Link link;
  link.index = InterfaceIndex{header->ifi_index};
  link.flags = header->ifi_flags;
  link.hardware_type = header->ifi_type;
  for (const AttributeView attribute : message.attributes<ifinfomsg>()) decode_link_attribute(link, attribute);
  if (link.name.empty()) return std::nullopt;
  // To a VLAN, say, IFLA_LINK is the device below it.
  if (link.kind != "veth" && link.kind != "netkit") link.lower = std::exchange(link.peer, InterfaceIndex::none);
  return link;
}

}  // namespace netherd::ops
