#include "netherd/ops/link.hpp"

#include <net/if.h>
// After net/if.h, whose definitions it then leaves alone: it is needed for IFF_LOWER_UP.
#include <linux/if.h>
#include <linux/if_link.h>
#include <linux/ip.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>

#include <algorithm>

#include "command_text.hpp"

namespace netherd::ops {

namespace {

using engine::Attributes;
using engine::AttributeView;
using engine::MessageView;
using engine::MessageWriter;
using engine::value_of;

constexpr std::uint16_t create_flags = NLM_F_CREATE | NLM_F_EXCL;

ifinfomsg link_header(InterfaceIndex index, std::optional<bool> up = std::nullopt) noexcept {
  ifinfomsg header{};
  header.ifi_index = value_of(index);
  if (up) {
    header.ifi_change = IFF_UP;
    header.ifi_flags = *up ? IFF_UP : 0;
  }
  return header;
}

/// What was asked of a new link; the header before it carries its index.
void put_new_link(MessageWriter& writer, const NewLink& link) noexcept {
  writer.put_string(IFLA_IFNAME, link.name);
  if (link.mtu != 0) writer.put_u32(IFLA_MTU, link.mtu);
  if (link.address) writer.put_struct(IFLA_ADDRESS, link.address->bytes);
  if (link.netns.descriptor >= 0) writer.put_struct(IFLA_NET_NS_FD, link.netns.descriptor);
}

void put_single_queue(MessageWriter& writer) noexcept {
  writer.put_u32(IFLA_NUM_TX_QUEUES, 1);
  writer.put_u32(IFLA_NUM_RX_QUEUES, 1);
}

/// IFLA_AF_SPEC{AF_INET{IFLA_INET_CONF{IPV4_DEVCONF_FORWARDING}}}, as inet_set_link_af() takes it (net/ipv4/devinet.c).
void put_ipv4_forwarding(MessageWriter& writer, bool forwarding) noexcept {
  const auto families = writer.begin_plain_nest(IFLA_AF_SPEC);
  const auto inet = writer.begin_plain_nest(AF_INET);
  const auto settings = writer.begin_plain_nest(IFLA_INET_CONF);
  writer.put_u32(IPV4_DEVCONF_FORWARDING, forwarding ? 1 : 0);
  writer.end_nest(settings);
  writer.end_nest(inet);
  writer.end_nest(families);
}

void describe_index(CommandText& command, InterfaceIndex index) {
  if (index != InterfaceIndex::none) command.option("index", std::to_string(value_of(index)));
}

void describe_mtu_and_address(CommandText& command, std::uint32_t mtu, const std::optional<MacAddress>& address) {
  if (mtu != 0) command.option("mtu", std::to_string(mtu));
  if (address) command.option("address", address->to_string());
}

void describe_veth_end(CommandText& command, const NewLink& end) {
  command.word(end.name).option("netns", end.netns.name);
  describe_index(command, end.index);
  describe_mtu_and_address(command, end.mtu, end.address);
  command.word("numtxqueues 1 numrxqueues 1");
}

std::string describe_ipv4_forwarding(std::string_view netns, std::string_view name, bool forwarding) {
  std::string command;
  if (!netns.empty()) command.append("ip netns exec ").append(netns).append(" ");
  std::string key{name};
  std::replace(key.begin(), key.end(), '.', '/');  // how sysctl(8) wants a dot that is part of a name
  return command.append("sysctl -qw net.ipv4.conf.").append(key).append(forwarding ? ".forwarding=1" : ".forwarding=0");
}

std::string kind_of(const AttributeView& link_info) {
  for (const AttributeView attribute : Attributes{link_info.payload()}) {
    if (attribute.type() == IFLA_INFO_KIND) return std::string{attribute.text()};
  }
  return {};
}

InterfaceIndex index_in(const AttributeView& attribute) noexcept {
  return InterfaceIndex{attribute.as<std::int32_t>().value_or(0)};
}

std::optional<MacAddress> mac_address_in(const AttributeView& attribute) noexcept {
  if (attribute.payload().size() != sizeof(MacAddress)) return std::nullopt;
  return attribute.as<MacAddress>();
}

void decode_link_attribute(Link& link, const AttributeView& attribute) {
  switch (attribute.type()) {
    case IFLA_IFNAME:
      link.name = attribute.text();
      break;
    case IFLA_MTU:
      link.mtu = attribute.as<std::uint32_t>().value_or(0);
      break;
    case IFLA_MASTER:
      link.bridge = index_in(attribute);
      break;
    case IFLA_LINK:
      link.peer = index_in(attribute);
      break;
    case IFLA_OPERSTATE:
      link.operational_state = attribute.as<std::uint8_t>().value_or(0);
      break;
    case IFLA_ADDRESS:
      link.address = mac_address_in(attribute);
      break;
    case IFLA_LINKINFO:
      link.kind = kind_of(attribute);
      break;
    default:
      break;
  }
}

}  // namespace

bool is_valid_interface_name(std::string_view name) noexcept {
  const auto refused = [](char character) {
    return character <= ' ' || character > '~' || character == '/' || character == ':' || character == '%';
  };
  return !name.empty() && name.size() <= max_interface_name_bytes && name != "." && name != ".." &&
         std::none_of(name.begin(), name.end(), refused);
}

void AddVeth::encode(MessageWriter& writer) const noexcept {
  writer.begin(RTM_NEWLINK, create_flags);
  writer.put_family_header(link_header(main.index, main_up ? std::optional{true} : std::nullopt));
  put_new_link(writer, main);
  put_single_queue(writer);
  if (main_bridge != InterfaceIndex::none) writer.put_index(IFLA_MASTER, main_bridge);

  const auto info = writer.begin_plain_nest(IFLA_LINKINFO);
  writer.put_string(IFLA_INFO_KIND, "veth");
  const auto data = writer.begin_plain_nest(IFLA_INFO_DATA);
  const auto peer_end = writer.begin_plain_nest(VETH_INFO_PEER);
  writer.put_raw(link_header(peer.index));
  put_new_link(writer, peer);
  put_single_queue(writer);
  writer.end_nest(peer_end);
  writer.end_nest(data);
  writer.end_nest(info);
}

std::string AddVeth::describe() const {
  // `ip` looks a bridge's name up where it runs.
  CommandText command{main_bridge_name.empty() ? std::string_view{} : main.netns.name};
  command.word("link add");
  describe_veth_end(command, main);
  command.option("master", main_bridge_name).flag("up", main_up).word("type veth peer name");
  describe_veth_end(command, peer);
  return std::move(command).text();
}

void AddBridge::encode(MessageWriter& writer) const noexcept {
  writer.begin(RTM_NEWLINK, create_flags);
  writer.put_family_header(link_header(link.index, up ? std::optional{true} : std::nullopt));
  put_new_link(writer, link);
  const auto info = writer.begin_plain_nest(IFLA_LINKINFO);
  writer.put_string(IFLA_INFO_KIND, "bridge");
  writer.end_nest(info);
}

std::string AddBridge::describe() const {
  CommandText command{link.netns.name};
  command.word("link add").word(link.name);
  describe_index(command, link.index);
  describe_mtu_and_address(command, link.mtu, link.address);
  command.flag("up", up).word("type bridge");
  return std::move(command).text();
}

void SetLink::encode(MessageWriter& writer) const noexcept {
  writer.begin(RTM_SETLINK, 0);
  writer.put_family_header(link_header(index, up));
  if (bridge) writer.put_index(IFLA_MASTER, *bridge);
  if (mtu != 0) writer.put_u32(IFLA_MTU, mtu);
  if (address) writer.put_struct(IFLA_ADDRESS, address->bytes);
  if (ipv4_forwarding) put_ipv4_forwarding(writer, *ipv4_forwarding);
}

std::string SetLink::describe() const {
  std::string text;
  if (up || bridge || mtu != 0 || address) {
    CommandText command{netns};
    command.word("link set").word(name);
    if (bridge) *bridge == InterfaceIndex::none ? command.word("nomaster") : command.option("master", bridge_name);
    describe_mtu_and_address(command, mtu, address);
    if (up) command.word(*up ? "up" : "down");
    text = std::move(command).text();
  }
  if (ipv4_forwarding) {
    if (!text.empty()) text += '\n';
    text += describe_ipv4_forwarding(netns, name, *ipv4_forwarding);
  }
  return text;
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

void DumpLinks::encode(MessageWriter& writer) const noexcept {
  writer.begin(RTM_GETLINK, NLM_F_DUMP);
  writer.put_family_header(ifinfomsg{});
  writer.put_u32(IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
}

bool Link::up() const noexcept { return (flags & IFF_UP) != 0; }
bool Link::carrier() const noexcept { return (flags & IFF_LOWER_UP) != 0; }

std::optional<Link> decode_link(const MessageView& message) {
  if (message.type() != RTM_NEWLINK) return std::nullopt;
  const auto header = message.family_header<ifinfomsg>();
  if (!header || header->ifi_index <= 0) return std::nullopt;
  Link link;
  link.index = InterfaceIndex{header->ifi_index};
  link.flags = header->ifi_flags;
  for (const AttributeView attribute : message.attributes<ifinfomsg>()) decode_link_attribute(link, attribute);
  if (link.name.empty()) return std::nullopt;
  if (link.kind != "veth") link.peer = InterfaceIndex::none;  // IFLA_LINK of a VLAN, say, is the device below it
  return link;
}

}  // namespace netherd::ops
