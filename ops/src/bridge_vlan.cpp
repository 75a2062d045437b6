#include "netherd/ops/bridge_vlan.hpp"

#include <linux/if_bridge.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include "command_text.hpp"

namespace netherd::ops {

namespace {

using engine::Attributes;
using engine::AttributeView;
using engine::MessageView;
using engine::MessageWriter;
using engine::value_of;

bool is_range(const BridgeVlan& vlan) noexcept { return vlan.last != 0 && vlan.last != vlan.first; }

/// Precondition: it has a tunnel.
std::uint32_t last_tunnel(const BridgeVlan& vlan) noexcept {
  return *vlan.tunnel + static_cast<std::uint32_t>(vlan.last - vlan.first);
}

void put_info(MessageWriter& writer, std::uint16_t vid, unsigned flags) noexcept {
  writer.put_struct(IFLA_BRIDGE_VLAN_INFO, bridge_vlan_info{static_cast<std::uint16_t>(flags), vid});
}

/// A range is two attributes, its first and its last VLAN.
void put_vlan(MessageWriter& writer, const BridgeVlan& vlan) noexcept {
  const unsigned pvid = vlan.pvid ? BRIDGE_VLAN_INFO_PVID : 0;
  const unsigned flags = pvid | (vlan.untagged ? BRIDGE_VLAN_INFO_UNTAGGED : 0U);
  if (!is_range(vlan)) return put_info(writer, vlan.first, flags);
  put_info(writer, vlan.first, flags | BRIDGE_VLAN_INFO_RANGE_BEGIN);
  put_info(writer, vlan.last, flags | BRIDGE_VLAN_INFO_RANGE_END);
}

void put_tunnel_info(MessageWriter& writer, std::uint16_t vid, std::uint32_t tunnel, unsigned flags) noexcept {
  const auto nest = writer.begin_plain_nest(IFLA_BRIDGE_VLAN_TUNNEL_INFO);
  writer.put_u32(IFLA_BRIDGE_VLAN_TUNNEL_ID, tunnel);
  writer.put_u16(IFLA_BRIDGE_VLAN_TUNNEL_VID, vid);
  writer.put_u16(IFLA_BRIDGE_VLAN_TUNNEL_FLAGS, static_cast<std::uint16_t>(flags));
  writer.end_nest(nest);
}

/// Precondition: it has a tunnel.
void put_tunnel(MessageWriter& writer, const BridgeVlan& vlan) noexcept {
  if (!is_range(vlan)) return put_tunnel_info(writer, vlan.first, *vlan.tunnel, 0);
  put_tunnel_info(writer, vlan.first, *vlan.tunnel, BRIDGE_VLAN_INFO_RANGE_BEGIN);
  put_tunnel_info(writer, vlan.last, last_tunnel(vlan), BRIDGE_VLAN_INFO_RANGE_END);
}

template <typename Request>
void encode_vlan(MessageWriter& writer, std::uint16_t type, const Request& request) noexcept {
  ifinfomsg header{};
  header.ifi_family = AF_BRIDGE;
  header.ifi_index = value_of(request.index);
  const unsigned flags = (request.self ? BRIDGE_FLAGS_SELF : 0U) | (request.master ? BRIDGE_FLAGS_MASTER : 0U);
  writer.begin(type, 0);
  writer.put_family_header(header);
  const auto nest = writer.begin_plain_nest(IFLA_AF_SPEC);
  if (flags != 0) writer.put_u16(IFLA_BRIDGE_FLAGS, static_cast<std::uint16_t>(flags));
  request.vlan.tunnel ? put_tunnel(writer, request.vlan) : put_vlan(writer, request.vlan);
  writer.end_nest(nest);
}

template <typename Request>
std::string describe_vlan(std::string_view verb, const Request& request) {
  const BridgeVlan& vlan = request.vlan;
  std::string vids = std::to_string(vlan.first);
  if (is_range(vlan)) vids += '-' + std::to_string(vlan.last);
  CommandText command{request.netns, "bridge"};
  command.word("vlan").word(verb).option("vid", vids).word("dev").word(request.name);
  if (vlan.tunnel) {
    std::string ids = std::to_string(*vlan.tunnel);
    if (is_range(vlan)) ids += '-' + std::to_string(last_tunnel(vlan));
    command.word("tunnel_info").option("id", ids);
  }
  command.flag("pvid", vlan.pvid).flag("untagged", vlan.untagged);
  command.flag("self", request.self).flag("master", request.master);
  return std::move(command).text();
}

/// Takes one IFLA_BRIDGE_VLAN_INFO into account; false if it makes no sense behind those before it.
bool add_info(std::vector<BridgeVlan>& vlans, const bridge_vlan_info& info) {
  const bool open = !vlans.empty() && vlans.back().last == 0;  // a range that has begun
  const bool ends = (info.flags & BRIDGE_VLAN_INFO_RANGE_END) != 0;
  if (open != ends) return false;
  if (ends) {
    vlans.back().last = info.vid;
    return info.vid > vlans.back().first;
  }
  const bool begins = (info.flags & BRIDGE_VLAN_INFO_RANGE_BEGIN) != 0;
  vlans.push_back({.first = info.vid,
                   .last = begins ? std::uint16_t{0} : info.vid,
                   .pvid = (info.flags & BRIDGE_VLAN_INFO_PVID) != 0,
                   .untagged = (info.flags & BRIDGE_VLAN_INFO_UNTAGGED) != 0});
  return begins || info.vid != 0;
}

struct TunnelInfo {
  bridge_vlan_info vlan{};
  std::uint32_t id = 0;
};

TunnelInfo tunnel_info_in(const AttributeView& nest) noexcept {
  TunnelInfo info;
  for (const AttributeView part : Attributes{nest.payload()}) {
    const std::uint16_t number = part.as<std::uint16_t>().value_or(0);
    if (part.type() == IFLA_BRIDGE_VLAN_TUNNEL_VID) info.vlan.vid = number;
    if (part.type() == IFLA_BRIDGE_VLAN_TUNNEL_FLAGS) info.vlan.flags = number;
    if (part.type() == IFLA_BRIDGE_VLAN_TUNNEL_ID) info.id = part.as<std::uint32_t>().value_or(0);
  }
  return info;
}

/// Likewise; the end of a range of VLANs has the last one's tunnel.
bool add_tunnel(std::vector<BridgeVlan>& tunnels, const TunnelInfo& info) {
  if (!add_info(tunnels, info.vlan)) return false;
  BridgeVlan& vlans = tunnels.back();
  if (vlans.tunnel) return last_tunnel(vlans) == info.id;
  vlans.tunnel = info.id;
  return true;
}

bool is_closed(const std::vector<BridgeVlan>& vlans) noexcept { return vlans.empty() || vlans.back().last != 0; }

bool decode_vlans(BridgeVlans& port, const AttributeView& family_settings) {
  for (const AttributeView part : Attributes{family_settings.payload()}) {
    if (part.type() == IFLA_BRIDGE_VLAN_TUNNEL_INFO && !add_tunnel(port.tunnels, tunnel_info_in(part))) return false;
    if (part.type() != IFLA_BRIDGE_VLAN_INFO) continue;
    const auto info = part.as<bridge_vlan_info>();
    if (!info || !add_info(port.vlans, *info)) return false;
  }
  return is_closed(port.vlans) && is_closed(port.tunnels);
}

}  // namespace

void AddBridgeVlan::encode(MessageWriter& writer) const noexcept { encode_vlan(writer, RTM_SETLINK, *this); }
std::string AddBridgeVlan::describe() const { return describe_vlan("add", *this); }

void DeleteBridgeVlan::encode(MessageWriter& writer) const noexcept { encode_vlan(writer, RTM_DELLINK, *this); }
std::string DeleteBridgeVlan::describe() const { return describe_vlan("delete", *this); }

void DumpBridgeVlans::encode(MessageWriter& writer) const noexcept {
  ifinfomsg header{};
  header.ifi_family = AF_BRIDGE;
  writer.begin(RTM_GETLINK, NLM_F_DUMP);
  writer.put_family_header(header);
  writer.put_u32(IFLA_EXT_MASK, RTEXT_FILTER_BRVLAN_COMPRESSED);
}

std::optional<BridgeVlans> decode_bridge_vlans(const MessageView& message) {
  if (message.type() != RTM_NEWLINK) return std::nullopt;
  const auto header = message.family_header<ifinfomsg>();
  if (!header || header->ifi_family != AF_BRIDGE || header->ifi_index <= 0) return std::nullopt;
  BridgeVlans port{.index = InterfaceIndex{header->ifi_index}};
  for (const AttributeView attribute : message.attributes<ifinfomsg>()) {
    if (attribute.type() == IFLA_AF_SPEC && !decode_vlans(port, attribute)) return std::nullopt;
  }
  return port;
}

}  // namespace netherd::ops
