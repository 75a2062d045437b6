#include "netherd/ops/route.hpp"

#include <endian.h>
#include <linux/rtnetlink.h>

#include "change_flags.hpp"
#include "command_text.hpp"
#include "route_parts.hpp"
#include "scope_words.hpp"
#include "wire_address.hpp"

namespace netherd::ops {

namespace {

using engine::AttributeView;
using engine::MessageView;
using engine::MessageWriter;

std::string describe_type(RouteType type) {
  switch (type) {
    case RouteType::unicast:
      return "unicast";
    case RouteType::local:
      return "local";
    case RouteType::broadcast:
      return "broadcast";
    case RouteType::anycast:
      return "anycast";
    case RouteType::multicast:
      return "multicast";
    case RouteType::blackhole:
      return "blackhole";
    case RouteType::unreachable:
      return "unreachable";
    case RouteType::prohibit:
      return "prohibit";
    case RouteType::throw_:
      return "throw";
    case RouteType::nat:
      return "nat";
  }
  return std::to_string(static_cast<unsigned>(type));
}

std::string_view word_of(RouterPreference preference) noexcept {
  switch (preference) {
    case RouterPreference::low:
      return "low";
    case RouterPreference::high:
      return "high";
    default:
      return "medium";
  }
}

bool is_local(RouteType type) noexcept {
  return type == RouteType::local || type == RouteType::broadcast || type == RouteType::nat ||
         type == RouteType::anycast;
}

/// What `ip route` chooses (iproute_modify(), ip/iproute.c) for types other than unicast.
std::optional<Scope> scope_of_type(RouteType type) noexcept {
  switch (type) {
    case RouteType::local:
    case RouteType::nat:
      return Scope::host;
    case RouteType::broadcast:
    case RouteType::multicast:
    case RouteType::anycast:
      return Scope::link;
    default:
      return std::nullopt;
  }
}

/// The scope of a new route: without a gateway an IPv4 route ends at the link.
template <Change change>
Scope usual_scope(const WriteRoute<change>& route) noexcept {
  if (!route.destination.is_v4()) return Scope::global;
  const bool has_gateway = !route.gateway.is_unspecified() || !route.hops.empty() || route.nexthop_id != 0;
  const bool is_on_link = route.type == RouteType::unicast && !has_gateway;
  return is_on_link ? Scope::link : scope_of_type(route.type).value_or(Scope::global);
}

/// The scope of a route to delete: `nowhere` matches any.
Scope usual_scope(const DeleteRoute& route) noexcept {
  if (!route.destination.is_v4()) return Scope::global;
  return scope_of_type(route.type.value_or(RouteType::unicast)).value_or(Scope::nowhere);
}

std::uint32_t table_of(RouteType type, std::uint32_t table) noexcept {
  if (table != 0) return table;
  return is_local(type) ? local_table : main_table;
}

/// Family, lengths, TOS and table: what adding and deleting have in common. Tables above 255 do not fit in here.
template <typename Request>
rtmsg route_header(const Request& route, std::uint32_t table) noexcept {
  rtmsg header{};
  header.rtm_family = family_of(route.destination.address);
  header.rtm_dst_len = route.destination.length;
  header.rtm_src_len = route.from ? route.from->length : std::uint8_t{0};
  header.rtm_tos = route.tos;
  header.rtm_protocol = route.protocol;
  header.rtm_table = table <= UINT8_MAX ? static_cast<std::uint8_t>(table) : std::uint8_t{RT_TABLE_UNSPEC};
  return header;
}

void put_address(MessageWriter& writer, std::uint16_t attribute, const IpAddress& address) noexcept {
  writer.put_bytes(attribute, WireAddress{address}.bytes());
}

template <typename Request>
void put_route(MessageWriter& writer, const Request& route, const rtmsg& header, std::uint32_t table) noexcept {
  writer.put_family_header(header);
  if (route.destination.length != 0) put_address(writer, RTA_DST, route.destination.address);
  if (!route.gateway.is_unspecified()) put_gateway(writer, header.rtm_family, route.gateway);
  if (route.index != InterfaceIndex::none) writer.put_index(RTA_OIF, route.index);
  if (table > UINT8_MAX) writer.put_u32(RTA_TABLE, table);
  if (route.from) put_address(writer, RTA_SRC, route.from->address);
  if (route.source) put_address(writer, RTA_PREFSRC, *route.source);
  if (route.metric) writer.put_u32(RTA_PRIORITY, *route.metric);
  if (route.nexthop_id != 0) writer.put_u32(RTA_NH_ID, route.nexthop_id);
  put_hops(writer, header.rtm_family, route.hops);
}

std::string describe_destination(const IpPrefix& prefix) { return prefix.length == 0 ? "default" : prefix.to_string(); }

CommandText start_command(std::string_view netns, const IpPrefix& destination, std::string_view verb) {
  CommandText command{netns};
  command.flag("-6", !destination.is_v4()).word("route").word(verb);
  return command;
}

template <typename Request>
void describe_route(CommandText& command, const Request& route) {
  const std::uint8_t family = family_of(route.destination.address);
  command.word(describe_destination(route.destination));
  if (route.from) command.option("from", describe_destination(*route.from));
  if (route.tos != 0) command.hexadecimal("tos", route.tos);
  if (!route.gateway.is_unspecified()) describe_gateway(command, family, route.gateway);
  command.option("dev", route.name);
  if (route.nexthop_id != 0) command.number("nhid", route.nexthop_id);
  if (route.table != 0) command.number("table", route.table);
  if (route.scope) command.option("scope", describe_scope(*route.scope));
  if (route.source) command.option("src", route.source->to_string());
  if (route.metric) command.number("metric", *route.metric);
}

IpAddress any_address(std::uint8_t family) noexcept {
  if (family == AF_INET) return boost::asio::ip::address_v4{};
  return boost::asio::ip::address_v6{};
}

/// False if there is an attribute with an address that is none.
bool take_address(std::optional<IpAddress>& address, std::uint8_t family, const AttributeView& attribute) noexcept {
  address = read_wire_address(family, attribute.payload());
  return address.has_value();
}

bool take_hops(Route& route, std::uint8_t family, const AttributeView& attribute) {
  auto hops = read_hops(family, attribute);
  if (!hops) return false;
  route.hops = std::move(*hops);
  return true;
}

void take_expiry(Route& route, const AttributeView& attribute) noexcept {
  const auto info = attribute.as<rta_cacheinfo>();
  if (!info || info->rta_expires == 0) return;
  constexpr int user_hz = 100;  // the unit of struct rta_cacheinfo, on all architectures that matter here
  route.expires = std::chrono::duration<std::int32_t>{info->rta_expires / user_hz};
}

/// False if the attribute is malformed.
bool decode_route_attribute(Route& route, const rtmsg& header, const AttributeView& attribute) {
  switch (attribute.type()) {
    case RTA_DST: {
      const auto destination = read_wire_address(header.rtm_family, attribute.payload());
      if (destination) route.destination.address = *destination;
      return destination.has_value();
    }
    case RTA_SRC: {
      const auto source = read_wire_address(header.rtm_family, attribute.payload());
      if (source) route.from = IpPrefix{*source, header.rtm_src_len};
      return source.has_value() && header.rtm_src_len <= address_bits(*source);
    }
    case RTA_GATEWAY:
      return take_address(route.gateway, header.rtm_family, attribute);
    case RTA_VIA:
      route.gateway = read_via(attribute);
      return route.gateway.has_value();
    case RTA_PREFSRC:
      return take_address(route.source, header.rtm_family, attribute);
    case RTA_MULTIPATH:
      return take_hops(route, header.rtm_family, attribute);
    case RTA_OIF:
      route.index = InterfaceIndex{attribute.as<std::int32_t>().value_or(0)};
      return true;
    case RTA_IIF:
      route.iif = InterfaceIndex{attribute.as<std::int32_t>().value_or(0)};
      return true;
    case RTA_TABLE:
      route.table = attribute.as<std::uint32_t>().value_or(route.table);
      return true;
    case RTA_PRIORITY:
      route.metric = attribute.as<std::uint32_t>().value_or(0);
      return true;
    case RTA_NH_ID:
      route.nexthop_id = attribute.as<std::uint32_t>().value_or(0);
      return true;
    case RTA_PREF:
      route.preference = static_cast<RouterPreference>(attribute.as<std::uint8_t>().value_or(0));
      return true;
    case RTA_METRICS:
      route.metrics = read_metrics(attribute);
      return true;
    case RTA_CACHEINFO:
      take_expiry(route, attribute);
      return true;
    default:
      return true;
  }
}

}  // namespace

template <Change change>
void WriteRoute<change>::encode(MessageWriter& writer) const noexcept {
  const std::uint32_t in_table = table_of(type, table);
  rtmsg header = route_header(*this, in_table);
  header.rtm_scope = static_cast<std::uint8_t>(scope.value_or(usual_scope(*this)));
  header.rtm_type = static_cast<std::uint8_t>(type);
  header.rtm_flags = onlink ? RTNH_F_ONLINK : 0U;
  writer.begin(RTM_NEWROUTE, flags_of(change));
  put_route(writer, *this, header, in_table);
  if (preference) writer.put_u8(RTA_PREF, static_cast<std::uint8_t>(*preference));
  if (expires) writer.put_u32(RTA_EXPIRES, expires->count());
  put_metrics(writer, metrics);
}

template <Change change>
std::string WriteRoute<change>::describe() const {
  CommandText command = start_command(netns, destination, verb_of(change));
  if (type != RouteType::unicast) command.word(describe_type(type));
  describe_route(command, *this);
  if (protocol != boot_protocol) command.number("proto", protocol);
  command.flag("onlink", onlink);
  if (preference) command.option("pref", word_of(*preference));
  if (expires) command.number("expires", expires->count());
  describe_metrics(command, metrics);
  describe_hops(command, family_of(destination.address), hops);
  return std::move(command).text();
}

template struct WriteRoute<Change::add>;
template struct WriteRoute<Change::append>;
template struct WriteRoute<Change::prepend>;
template struct WriteRoute<Change::change>;
template struct WriteRoute<Change::replace>;

void DeleteRoute::encode(MessageWriter& writer) const noexcept {
  const std::uint32_t in_table = table_of(type.value_or(RouteType::unicast), table);
  rtmsg header = route_header(*this, in_table);
  header.rtm_type = static_cast<std::uint8_t>(type.value_or(RouteType{}));
  header.rtm_scope = static_cast<std::uint8_t>(scope.value_or(usual_scope(*this)));
  writer.begin(RTM_DELROUTE, 0);
  put_route(writer, *this, header, in_table);
}

std::string DeleteRoute::describe() const {
  CommandText command = start_command(netns, destination, "delete");
  if (type) command.word(describe_type(*type));
  describe_route(command, *this);
  if (protocol != 0) command.number("proto", protocol);
  describe_hops(command, family_of(destination.address), hops);
  return std::move(command).text();
}

void GetRoute::encode(MessageWriter& writer) const noexcept {
  rtmsg header{};
  header.rtm_family = family_of(destination);
  header.rtm_dst_len = address_bits(destination);
  header.rtm_src_len = from ? address_bits(*from) : std::uint8_t{0};
  header.rtm_tos = tos;
  header.rtm_flags = (destination.is_v4() ? RTM_F_LOOKUP_TABLE : 0U) | (fibmatch ? RTM_F_FIB_MATCH : 0U);
  writer.begin(RTM_GETROUTE, 0);
  writer.put_family_header(header);
  put_address(writer, RTA_DST, destination);
  if (from) put_address(writer, RTA_SRC, *from);
  if (iif.index != InterfaceIndex::none) writer.put_index(RTA_IIF, iif.index);
  if (oif.index != InterfaceIndex::none) writer.put_index(RTA_OIF, oif.index);
  if (mark != 0) writer.put_u32(RTA_MARK, mark);
  if (ip_protocol != 0) writer.put_u8(RTA_IP_PROTO, ip_protocol);
  if (sport != 0) writer.put_u16(RTA_SPORT, htobe16(sport));
  if (dport != 0) writer.put_u16(RTA_DPORT, htobe16(dport));
}

std::string GetRoute::describe() const {
  CommandText command{netns};
  command.word("route get").flag("fibmatch", fibmatch).word(destination.to_string());
  if (from) command.option("from", from->to_string());
  command.option("iif", iif.name).option("oif", oif.name);
  if (mark != 0) command.number("mark", mark);
  if (tos != 0) command.hexadecimal("tos", tos);
  if (ip_protocol != 0) command.number("ipproto", ip_protocol);
  if (sport != 0) command.number("sport", sport);
  if (dport != 0) command.number("dport", dport);
  return std::move(command).text();
}

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
              .protocol = header->rtm_protocol,
              .scope = Scope{header->rtm_scope},
              .tos = header->rtm_tos,
              .flags = header->rtm_flags};
  if (route.destination.length > address_bits(route.destination.address)) return std::nullopt;
  for (const AttributeView attribute : message.attributes<rtmsg>()) {
    if (!decode_route_attribute(route, *header, attribute)) return std::nullopt;
  }
  return route;
}

}  // namespace netherd::ops
