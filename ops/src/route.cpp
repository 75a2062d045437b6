#include "netherd/ops/route.hpp"

#include <linux/rtnetlink.h>

#include "command_text.hpp"
#include "wire_address.hpp"

namespace netherd::ops {

namespace {

using engine::AttributeView;
using engine::MessageView;
using engine::MessageWriter;

rtmsg route_header(const IpPrefix& destination) noexcept {
  rtmsg header{};
  header.rtm_family = family_of(destination.address);
  header.rtm_dst_len = destination.length;
  header.rtm_table = RT_TABLE_MAIN;
  return header;
}

void put_route(MessageWriter& writer, const IpPrefix& destination, const IpAddress& gateway,
               InterfaceIndex index) noexcept {
  if (destination.length != 0) writer.put_bytes(RTA_DST, WireAddress{destination.address}.bytes());
  writer.put_bytes(RTA_GATEWAY, WireAddress{gateway}.bytes());
  if (index != InterfaceIndex::none) writer.put_index(RTA_OIF, index);
}

std::string describe_route(std::string_view netns, std::string_view verb, const IpPrefix& destination,
                           const IpAddress& gateway, std::string_view name) {
  CommandText command{netns};
  command.flag("-6", !destination.is_v4()).word("route").word(verb);
  command.word(destination.length == 0 ? "default" : destination.to_string());
  command.word("via").word(gateway.to_string()).option("dev", name);
  return std::move(command).text();
}

IpAddress any_address(std::uint8_t family) noexcept {
  if (family == AF_INET) return boost::asio::ip::address_v4{};
  return boost::asio::ip::address_v6{};
}

/// RTA_VIA: a gateway of another family than the route's, behind its family (struct rtvia).
std::optional<IpAddress> read_via(const AttributeView& attribute) noexcept {
  const auto family = attribute.as<std::uint16_t>();
  if (!family) return std::nullopt;
  return read_wire_address(static_cast<std::uint8_t>(*family), attribute.payload().subspan(sizeof *family));
}

/// False if the attribute is malformed.
bool decode_route_attribute(Route& route, std::uint8_t family, const AttributeView& attribute) noexcept {
  switch (attribute.type()) {
    case RTA_DST: {
      const auto destination = read_wire_address(family, attribute.payload());
      if (destination) route.destination.address = *destination;
      return destination.has_value();
    }
    case RTA_GATEWAY:
      route.gateway = read_wire_address(family, attribute.payload());
      return route.gateway.has_value();
    case RTA_VIA:
      route.gateway = read_via(attribute);
      return route.gateway.has_value();
    case RTA_OIF:
      route.index = InterfaceIndex{attribute.as<std::int32_t>().value_or(0)};
      return true;
    case RTA_TABLE:
      route.table = attribute.as<std::uint32_t>().value_or(route.table);
      return true;
    case RTA_PRIORITY:
      route.metric = attribute.as<std::uint32_t>().value_or(0);
      return true;
    default:
      return true;
  }
}

}  // namespace

void AddRoute::encode(MessageWriter& writer) const noexcept {
  rtmsg header = route_header(destination);
  header.rtm_protocol = RTPROT_BOOT;  // what `ip route add` says of itself
  header.rtm_scope = RT_SCOPE_UNIVERSE;
  header.rtm_type = RTN_UNICAST;
  writer.begin(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL);
  writer.put_family_header(header);
  put_route(writer, destination, gateway, index);
}

std::string AddRoute::describe() const { return describe_route(netns, "add", destination, gateway, name); }

void DeleteRoute::encode(MessageWriter& writer) const noexcept {
  rtmsg header = route_header(destination);
  header.rtm_scope = RT_SCOPE_NOWHERE;  // matches a route of any scope
  writer.begin(RTM_DELROUTE, 0);
  writer.put_family_header(header);
  put_route(writer, destination, gateway, index);
}

std::string DeleteRoute::describe() const { return describe_route(netns, "delete", destination, gateway, name); }

void DumpRoutes::encode(MessageWriter& writer) const noexcept {
  writer.begin(RTM_GETROUTE, NLM_F_DUMP);
  writer.put_family_header(rtmsg{});
}

std::optional<Route> decode_route(const MessageView& message) {
  if (message.type() != RTM_NEWROUTE) return std::nullopt;
  const auto header = message.family_header<rtmsg>();
  if (!header || (header->rtm_family != AF_INET && header->rtm_family != AF_INET6)) return std::nullopt;
  Route route{.destination = {any_address(header->rtm_family), header->rtm_dst_len},
              .gateway = std::nullopt,
              .table = header->rtm_table,
              .type = header->rtm_type,
              .protocol = header->rtm_protocol};
  if (route.destination.length > address_bits(route.destination.address)) return std::nullopt;
  for (const AttributeView attribute : message.attributes<rtmsg>()) {
    if (!decode_route_attribute(route, header->rtm_family, attribute)) return std::nullopt;
  }
  return route;
}

}  // namespace netherd::ops
