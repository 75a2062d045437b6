#include "netherd/ops/link/tunnel.hpp"

#include <arpa/inet.h>
#include <linux/if_link.h>
#include <linux/if_tunnel.h>
#include <linux/ip6_tunnel.h>
#include <linux/rtnetlink.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>

#include "../attributes.hpp"
#include "../kind.hpp"
#include "../names.hpp"
#include "../objects.hpp"
#include "netherd/ip/inet.hpp"

/// Tunnels. A change of one sends all of its settings: those that the words do not mention are asked of the kernel. So
/// the words fill in the structs of netherd/ops, which encode themselves.
namespace netherd::ip {

namespace {

constexpr std::uint32_t most_label = (1U << 20U) - 1;

/// The end of a tunnel; none for "any".
std::optional<ops::IpAddress> to_end(const Inet& inet) {
  if (inet.size == 0 || inet.is_unspecified()) return std::nullopt;
  if (inet.family == AF_INET) {
    boost::asio::ip::address_v4::bytes_type bytes;
    std::memcpy(bytes.data(), inet.data.data(), bytes.size());
    return boost::asio::ip::address_v4{bytes};
  }
  boost::asio::ip::address_v6::bytes_type bytes;
  std::memcpy(bytes.data(), inet.data.data(), bytes.size());
  return boost::asio::ip::address_v6{bytes};
}

/// A key: a number, or four numbers with dots.
std::uint32_t take_key(Words& words, std::string_view keyword) {
  const std::string_view word = words.take();
  std::uint64_t number = 0;
  in_addr dotted{};
  if (read_number(word, UINT32_MAX, number)) return static_cast<std::uint32_t>(number);
  if (::inet_pton(AF_INET, std::string{word}.c_str(), &dotted) == 1) return ntohl(dotted.s_addr);
  fail("invalid value for \"" + std::string{keyword} + "\": \"" + std::string{word} +
           "\"; it should be an unsigned integer",
       status_usage);
}

template <typename Tunnel>
constexpr bool is_gre = requires(Tunnel tunnel) { tunnel.flags; };
template <typename Tunnel>
constexpr bool is_vti = std::derived_from<Tunnel, ops::Vti>;
template <typename Tunnel>
constexpr bool over_ipv6 = requires(Tunnel tunnel) { tunnel.ipv6; } || std::is_same_v<Tunnel, ops::Vti6>;
template <typename Tunnel>
constexpr int family = over_ipv6<Tunnel> ? AF_INET6 : AF_INET;
/// `ip` takes abbreviations of most words of GRE and VTI, and of few words of the other tunnels.
template <typename Tunnel>
constexpr bool takes_short_words = is_gre<Tunnel> || is_vti<Tunnel>;

template <typename Tunnel>
bool accept_word(Words& words, std::string_view keyword) {
  return takes_short_words<Tunnel> ? words.accept_short(keyword) : words.accept(keyword);
}

template <typename Tunnel>
bool take_ends(Words& words, Tunnel& tunnel, Environment& environment) {
  if (accept_word<Tunnel>(words, "remote")) {
    tunnel.remote = to_end(take_address(words, family<Tunnel>));
  } else if (accept_word<Tunnel>(words, "local")) {
    tunnel.local = to_end(take_address(words, family<Tunnel>));
  } else if (words.accept_short("dev")) {
    tunnel.dev = ops::LinkReference{ops::InterfaceIndex{take_lower_device(words, environment)}, {}};
  } else {
    return false;
  }
  return true;
}

bool take_encapsulation(Words& words, ops::TunnelEncapsulation& udp) {
  using Type = ops::TunnelEncapsulation::Type;
  if (words.accept("noencap")) {
    udp.type = Type::none;
  } else if (words.accept("encap")) {
    const std::string_view word = words.take();
    if (word != "fou" && word != "gue" && word != "none") refuse(word, "Invalid encap type.");
    udp.type = word == "fou" ? Type::fou : word == "gue" ? Type::gue : Type::none;
  } else if (words.accept("encap-sport")) {
    udp.sport = words.accept("auto") ? std::uint16_t{0} : words.take_u16("Invalid source port.");
  } else if (words.accept("encap-dport")) {
    udp.dport = words.take_u16("Invalid destination port.");
  } else if (words.is("encap-csum") || words.is("noencap-csum")) {
    udp.csum = words.take() == "encap-csum";
  } else if (words.is("encap-udp6-csum") || words.is("noencap-udp6-csum")) {
    udp.csum6 = words.take() == "encap-udp6-csum";
  } else if (words.is("encap-remcsum") || words.is("noencap-remcsum")) {
    udp.remcsum = words.take() == "encap-remcsum";
  } else {
    return false;
  }
  return true;
}

/// What a word of GRE or VTI speaks of: "key", "seq" and "csum" mean both directions, with "i" or "o" before them one.
struct Direction {
  std::string_view prefix;
  bool in;
  bool out;
  bool on;
};
constexpr std::array directions{Direction{"", true, true, true},   Direction{"no", true, true, false},
                                Direction{"i", true, false, true}, Direction{"noi", true, false, false},
                                Direction{"o", false, true, true}, Direction{"noo", false, true, false}};

/// The direction of the current word, which is read, if it is this noun or an abbreviation. The first one that fits is
/// meant.
const Direction* accept_direction(Words& words, std::string_view noun) {
  for (const Direction& direction : directions) {
    if (words.accept_short(std::string{direction.prefix}.append(noun))) return &direction;
  }
  return nullptr;
}

bool take_gre_flags(Words& words, ops::GreFlags& flags) {
  if (const Direction* key = accept_direction(words, "key")) {
    const auto value = key->on ? std::optional{take_key(words, std::string{key->prefix} + "key")} : std::nullopt;
    if (key->in) flags.ikey = value;
    if (key->out) flags.okey = value;
  } else if (const Direction* sequence = accept_direction(words, "seq")) {
    if (sequence->in) flags.iseq = sequence->on;
    if (sequence->out) flags.oseq = sequence->on;
  } else if (const Direction* checksum = accept_direction(words, "csum")) {
    if (checksum->in) flags.icsum = checksum->on;
    if (checksum->out) flags.ocsum = checksum->on;
  } else {
    return false;
  }
  return true;
}

bool take_vti_key(Words& words, ops::Vti& vti) {
  for (const Direction& direction : directions) {
    if (!direction.on) continue;
    const std::string keyword = std::string{direction.prefix} + "key";
    if (!words.accept_short(keyword)) continue;
    const std::uint32_t key = take_key(words, keyword);
    if (direction.in) vti.ikey = key;
    if (direction.out) vti.okey = key;
    return true;
  }
  return false;
}

constexpr std::uint32_t most_erspan_index = (1U << 20U) - 1;

/// A number of a type that holds `type_most`, within further limits.
std::uint32_t take_within(Words& words, std::uint32_t type_most, std::uint32_t least, std::uint32_t most,
                          std::string_view bad_number, std::string_view out_of_range) {
  const std::string_view word = words.empty() ? std::string_view{} : words.peek();
  const auto number = static_cast<std::uint32_t>(words.take_number(type_most, bad_number));
  if (number < least || number > most) refuse(word, out_of_range);
  return number;
}

bool take_erspan(Words& words, ops::ErspanSettings& erspan) {
  if (words.accept("erspan")) {
    erspan.index = take_within(words, UINT32_MAX, 1, most_erspan_index, "invalid erspan index\n",
                               "erspan index must be > 0 and <= 20-bit\n");
  } else if (words.accept("erspan_ver")) {
    erspan.version = static_cast<std::uint8_t>(
        take_within(words, UINT8_MAX, 0, 2, "invalid erspan version\n", "erspan version must be 0/1/2\n"));
  } else if (words.accept("erspan_dir")) {
    if (!words.abbreviates("ingress") && !words.abbreviates("egress"))
      refuse(words.take(), "Invalid erspan direction.");
    erspan.egress = words.take().starts_with('e');
  } else if (words.accept("erspan_hwid")) {
    erspan.hardware_id = words.take_u16("invalid erspan hwid\n");
  } else {
    return false;
  }
  return true;
}

template <typename Tunnel>
bool accept_hop_limit(Words& words) {
  return accept_word<Tunnel>(words, "ttl") || accept_word<Tunnel>(words, "hoplimit") ||
         accept_word<Tunnel>(words, "hlim");
}

template <typename Tunnel>
bool accept_traffic_class(Words& words) {
  return accept_word<Tunnel>(words, "tos") || accept_word<Tunnel>(words, "tclass") ||
         (!takes_short_words<Tunnel> && words.accept("tc")) || words.accept_short("dsfield");
}

template <typename Tunnel>
bool take_ipv4_header(Words& words, Tunnel& tunnel) {
  if (accept_word<Tunnel>(words, "nopmtudisc")) {
    tunnel.pmtudisc = false;
  } else if (accept_word<Tunnel>(words, "pmtudisc")) {
    tunnel.pmtudisc = true;
  } else if (accept_hop_limit<Tunnel>(words)) {
    tunnel.ttl = words.accept("inherit") ? std::uint8_t{0} : words.take_u8("invalid TTL\n");
  } else if (accept_traffic_class<Tunnel>(words)) {
    const std::string_view word = words.take();
    const auto tos = word == "inherit" ? std::optional{1U} : names::read_dsfield(word);
    if (!tos) refuse(word, "bad TOS value");
    tunnel.tos = static_cast<std::uint8_t>(*tos);
  } else if (words.accept("fwmark")) {
    tunnel.fwmark = words.take_u32("invalid fwmark\n");
  } else {
    return false;
  }
  return true;
}

/// Hexadecimal, with or without "0x".
std::uint32_t take_hexadecimal(Words& words, std::uint32_t most, std::string_view complaint) {
  const std::string_view word = words.take();
  std::uint64_t number = 0;
  if (!read_number((word.starts_with("0x") ? "" : "0x") + std::string{word}, most, number)) refuse(word, complaint);
  return static_cast<std::uint32_t>(number);
}

template <typename Tunnel>
bool take_ipv6_header(Words& words, Tunnel& tunnel) {
  ops::Ip6TunnelSettings& ipv6 = tunnel.ipv6;
  if (accept_hop_limit<Tunnel>(words)) {
    tunnel.hoplimit = words.accept("inherit") ? std::uint8_t{0} : words.take_u8("invalid HLIM\n");
  } else if (words.accept("encaplimit")) {
    ipv6.encaplimit = words.accept("none") ? std::nullopt : std::optional{words.take_u8("invalid ELIM")};
  } else if (accept_traffic_class<Tunnel>(words)) {
    ipv6.tclass_inherit = words.accept("inherit");
    ipv6.tclass = ipv6.tclass_inherit ? std::uint8_t{0}
                                      : static_cast<std::uint8_t>(take_hexadecimal(words, UINT8_MAX, "invalid TClass"));
  } else if (words.accept("flowlabel") || words.accept("fl")) {
    ipv6.flowlabel_inherit = words.accept("inherit");
    ipv6.flowlabel = ipv6.flowlabel_inherit ? 0 : take_hexadecimal(words, most_label, "invalid Flowlabel");
  } else if (words.accept("dscp")) {
    const std::string_view word = words.take();
    if (word != "inherit") refuse(word, "not inherit");
    ipv6.dscp_inherit = true;
  } else if (words.accept("fwmark")) {
    ipv6.fwmark_inherit = words.accept("inherit");
    tunnel.fwmark = ipv6.fwmark_inherit ? 0 : words.take_u32("invalid fwmark\n");
  } else if (words.is("allow-localremote") || words.is("noallow-localremote")) {
    ipv6.allow_localremote = words.take() == "allow-localremote";
  } else {
    return false;
  }
  return true;
}

template <typename Tunnel>
bool take_mode(Words& words, Tunnel& tunnel) {
  if (!words.accept("mode")) return false;
  const std::string_view word = words.take();
  const auto is = [word](auto... alternatives) { return ((word == alternatives) || ...); };
  using Mode = ops::TunnelMode;
  if constexpr (over_ipv6<Tunnel>) {
    if (is("ip6ip6", "ipv6/ipv6")) return tunnel.mode = Mode::ip6ip, true;
    if (is("ipip6", "ip4ip6", "ip/ipv6", "ipv4/ipv6")) return tunnel.mode = Mode::ipip, true;
    if (is("any", "any/ipv6")) return tunnel.mode = Mode::any, true;
  } else {
    if (std::is_same_v<Tunnel, ops::Sit> && is("ip6ip", "ipv6/ipv4")) return tunnel.mode = Mode::ip6ip, true;
    if (is("ipip", "ip4ip4", "ipv4/ipv4")) return tunnel.mode = Mode::ipip, true;
    if (is("mplsip", "mpls/ipv4")) return tunnel.mode = Mode::mplsip, true;
    if (is("any", "any/ipv4")) return tunnel.mode = Mode::any, true;
  }
  refuse(word, "Cannot guess tunnel mode.");
}

template <typename Tunnel>
bool take_own(Words& words, Tunnel& tunnel) {
  if constexpr (is_gre<Tunnel>) {
    if constexpr (!over_ipv6<Tunnel>) {
      if (words.is("ignore-df") || words.is("noignore-df")) {
        tunnel.ignore_df = words.take() == "ignore-df";
        return true;
      }
    }
    if constexpr (requires { tunnel.erspan; }) return take_erspan(words, tunnel.erspan);
  } else if (take_mode(words, tunnel)) {
    return true;
  }
  if constexpr (std::is_same_v<Tunnel, ops::Sit>) {
    if (words.accept("isatap")) return tunnel.isatap = true;
  }
  return false;
}

/// A group of receivers is the key where there is none.
void complete_multicast(ops::Gre& tunnel) {
  if (!tunnel.remote || !tunnel.remote->is_multicast()) return;
  const std::uint32_t group = tunnel.remote->to_v4().to_uint();
  if (tunnel.flags.ikey.value_or(0) == 0) tunnel.flags.ikey = group;
  if (tunnel.flags.okey.value_or(0) == 0) tunnel.flags.okey = group;
  if (!tunnel.local) fail("A broadcast tunnel requires a source address.");
}

/// Appends what the struct encodes.
template <typename Tunnel>
void put_tunnel(Request& request, const Tunnel& tunnel) {
  alignas(engine::message_alignment) std::array<std::byte, 2048> buffer;
  engine::MessageWriter writer{buffer};
  writer.begin(RTM_NEWLINK, 0);
  writer.put_family_header(ifinfomsg{});
  ops::encode_kind_settings(writer, tunnel);
  for (const engine::AttributeView attribute : engine::MessageView{writer.message()}.attributes<ifinfomsg>()) {
    request.put(attribute.type(), attribute.payload());
  }
}

template <typename Tunnel>
bool take_tunnel_word(Words& words, Tunnel& tunnel, KindContext& context) {
  if constexpr (is_gre<Tunnel>) {
    if (take_gre_flags(words, tunnel.flags)) return true;
  }
  if constexpr (is_vti<Tunnel>) {
    if (take_vti_key(words, tunnel)) return true;
    if (take_ends(words, tunnel, context.environment)) return true;
    if (!words.accept("fwmark")) return false;
    tunnel.fwmark = words.take_u32("invalid fwmark\n");
    return true;
  } else {
    if (take_ends(words, tunnel, context.environment) || take_encapsulation(words, tunnel.encapsulation)) return true;
    if constexpr (over_ipv6<Tunnel>) {
      if (take_ipv6_header(words, tunnel)) return true;
    } else {
      if (take_ipv4_header(words, tunnel)) return true;
    }
    return take_own(words, tunnel) || (words.accept("external") && (tunnel.external = true));
  }
}

template <typename Tunnel>
void parse_tunnel(Words& words, KindContext& context) {
  Tunnel tunnel;
  if (context.index != 0) {
    const auto bytes = context.environment.describe_link(context.index);
    const auto there = bytes.empty() ? std::nullopt : ops::decode_kind<Tunnel>(engine::MessageView{bytes});
    if (!there) fail("Failed to get existing tunnel info.");
    tunnel = *there;
  }
  while (!words.empty()) {
    if (take_tunnel_word(words, tunnel, context)) continue;
    if (words.peek().starts_with("6rd-")) fail_not_supported(words.peek());
    fail_unknown_setting(words, context);
  }
  if constexpr (is_gre<Tunnel> && !over_ipv6<Tunnel>) complete_multicast(tunnel);
  if constexpr (std::derived_from<Tunnel, ops::Ipip>) {
    if (tunnel.ttl != 0 && !tunnel.pmtudisc) fail("ttl != 0 and nopmtudisc are incompatible");
  }
  put_tunnel(context.request, tunnel);
}

void print_endpoint(Printer& printer, const char* key, int family_of_end, const AttributeTable<64>& table,
                    std::size_t type) {
  const auto bytes = table.bytes(type);
  const bool is_set = std::ranges::any_of(bytes, [](std::byte byte) { return byte != std::byte{0}; });
  printer.string(key, std::string{key} + ' ', is_set ? address_text(family_of_end, bytes) : "any");
}

void print_encapsulation(Printer& printer, const AttributeTable<64>& table, std::size_t first) {
  const std::uint16_t type = table.u16(first);
  if (!table.has(first) || type == TUNNEL_ENCAP_NONE) return;
  const std::uint16_t flags = table.u16(first + 1);
  const std::uint16_t sport = ntohs(table.u16(first + 2));
  const std::uint16_t dport = ntohs(table.u16(first + 3));
  printer.open_object("encap");
  printer.string("type", "encap ", type == TUNNEL_ENCAP_FOU ? "fou" : type == TUNNEL_ENCAP_GUE ? "gue" : "unknown");
  if (printer.json()) {
    printer.json_number("sport", unsigned{sport});
    printer.json_number("dport", unsigned{dport});
    printer.json_bool("csum", (flags & TUNNEL_ENCAP_FLAG_CSUM) != 0);
    printer.json_bool("csum6", (flags & TUNNEL_ENCAP_FLAG_CSUM6) != 0);
    printer.json_bool("remcsum", (flags & TUNNEL_ENCAP_FLAG_REMCSUM) != 0);
  } else {
    printer.text(sport == 0 ? "encap-sport auto " : "encap-sport " + std::to_string(sport) + ' ');
    printer.text("encap-dport " + std::to_string(dport) + ' ');
    printer.text((flags & TUNNEL_ENCAP_FLAG_CSUM) != 0 ? "encap-csum " : "noencap-csum ");
    printer.text((flags & TUNNEL_ENCAP_FLAG_CSUM6) != 0 ? "encap-csum6 " : "noencap-csum6 ");
    printer.text((flags & TUNNEL_ENCAP_FLAG_REMCSUM) != 0 ? "encap-remcsum " : "noencap-remcsum ");
  }
  printer.close_object();
}

void print_ttl_and_tos(Printer& printer, std::uint8_t ttl, std::uint8_t tos) {
  ttl == 0 && !printer.json() ? printer.text("ttl inherit ") : printer.number("ttl", "ttl ", unsigned{ttl});
  if (tos == 1 && !printer.json()) {
    printer.text("tos inherit ");
  } else if (tos != 0) {
    printer.hex("tos", "tos ", tos);
  }
}

void print_device(Session& session, int index) {
  if (index != 0) session.printer().string("link", "dev ", session.link_name(index));
}

void print_gre_flags(Printer& printer, const AttributeTable<64>& table) {
  const std::uint16_t in = table.u16(IFLA_GRE_IFLAGS);
  const std::uint16_t out = table.u16(IFLA_GRE_OFLAGS);
  if ((in & GRE_KEY) != 0) printer.string("ikey", "ikey ", address_text(AF_INET, table.bytes(IFLA_GRE_IKEY)));
  if ((out & GRE_KEY) != 0) printer.string("okey", "okey ", address_text(AF_INET, table.bytes(IFLA_GRE_OKEY)));
  if ((in & GRE_SEQ) != 0) printer.flag("iseq", "iseq ");
  if ((out & GRE_SEQ) != 0) printer.flag("oseq", "oseq ");
  if ((in & GRE_CSUM) != 0) printer.flag("icsum", "icsum ");
  if ((out & GRE_CSUM) != 0) printer.flag("ocsum", "ocsum ");
}

constexpr std::array<std::string_view, 2> erspan_directions{"ingress", "egress"};
constexpr std::array erspan_showings{
    Showing{IFLA_GRE_ERSPAN_INDEX, Shown::u32, "erspan_index"},
    Showing{IFLA_GRE_ERSPAN_VER, Shown::u8, "erspan_ver"},
    Showing{IFLA_GRE_ERSPAN_DIR, Shown::word_u8, "erspan_dir", {}, erspan_directions, "egress"},
    Showing{IFLA_GRE_ERSPAN_HWID, Shown::hex16, "erspan_hwid"},
};

void print_gre(Session& session, std::span<const std::byte> data) {
  const AttributeTable<64> table{data};
  Printer& printer = session.printer();
  if (table.has(IFLA_GRE_COLLECT_METADATA)) printer.flag("external", "external ");
  print_endpoint(printer, "remote", AF_INET, table, IFLA_GRE_REMOTE);
  print_endpoint(printer, "local", AF_INET, table, IFLA_GRE_LOCAL);
  print_device(session, table.index(IFLA_GRE_LINK));
  print_ttl_and_tos(printer, table.u8(IFLA_GRE_TTL), table.u8(IFLA_GRE_TOS));
  if (table.has(IFLA_GRE_PMTUDISC)) {
    const bool on = table.u8(IFLA_GRE_PMTUDISC) != 0;
    printer.json_bool("pmtudisc", on);
    if (!on) printer.text("nopmtudisc ");
  }
  if (table.u8(IFLA_GRE_IGNORE_DF) != 0) printer.flag("ignore_df", "ignore-df ");
  print_gre_flags(printer, table);
  if (table.u32(IFLA_GRE_FWMARK) != 0) printer.hex("fwmark", "fwmark ", table.u32(IFLA_GRE_FWMARK));
  print_showings(session, data, erspan_showings);
  print_encapsulation(printer, table, IFLA_GRE_ENCAP_TYPE);
}

std::string_view mode_word(std::uint8_t protocol, bool ipv6) {
  switch (protocol) {
    case IPPROTO_IPIP:
      return ipv6 ? "ipip6" : "ipip";
    case IPPROTO_IPV6:
      return ipv6 ? "ip6ip6" : "ip6ip";
    case IPPROTO_MPLS:
      return "mplsip";
    default:
      return "any";
  }
}

void print_ipip(Session& session, std::span<const std::byte> data) {
  const AttributeTable<64> table{data};
  Printer& printer = session.printer();
  if (table.has(IFLA_IPTUN_COLLECT_METADATA)) printer.flag("external", "external ");
  if (table.has(IFLA_IPTUN_PROTO)) printer.string("proto", "", mode_word(table.u8(IFLA_IPTUN_PROTO), false));
  print_endpoint(printer, "remote", AF_INET, table, IFLA_IPTUN_REMOTE);
  print_endpoint(printer, "local", AF_INET, table, IFLA_IPTUN_LOCAL);
  print_device(session, table.index(IFLA_IPTUN_LINK));
  print_ttl_and_tos(printer, table.u8(IFLA_IPTUN_TTL), table.u8(IFLA_IPTUN_TOS));
  const bool discovery = table.u8(IFLA_IPTUN_PMTUDISC) != 0;
  printer.flag("pmtudisc", discovery ? "pmtudisc " : "nopmtudisc ", discovery);
  if ((table.u16(IFLA_IPTUN_FLAGS) & SIT_ISATAP) != 0) printer.flag("isatap", "isatap ");
  if (const std::uint16_t length = table.u16(IFLA_IPTUN_6RD_PREFIXLEN); length != 0) {
    const std::string prefix = address_text(AF_INET6, table.bytes(IFLA_IPTUN_6RD_PREFIX));
    printer.string("prefix", "6rd-prefix ", prefix, "");
    printer.number("prefixlen", "/", unsigned{length});
    if (table.u32(IFLA_IPTUN_6RD_RELAY_PREFIX) != 0) {
      printer.string("relay_prefix", "6rd-relay_prefix ",
                     address_text(AF_INET, table.bytes(IFLA_IPTUN_6RD_RELAY_PREFIX)), "");
      printer.number("relay_prefixlen", "/", unsigned{table.u16(IFLA_IPTUN_6RD_RELAY_PREFIXLEN)});
    }
  }
  if (table.u32(IFLA_IPTUN_FWMARK) != 0) printer.hex("fwmark", "fwmark ", table.u32(IFLA_IPTUN_FWMARK));
  print_encapsulation(printer, table, IFLA_IPTUN_ENCAP_TYPE);
}

void print_flow(Printer& printer, std::uint32_t flags, const AttributeTable<64>& table, std::size_t flow) {
  const std::uint32_t flowinfo = ntohl(table.u32(flow));
  const auto hexadecimal = [](const char* format, std::uint32_t value) {
    std::array<char, 12> text;
    std::snprintf(text.data(), text.size(), format, value);
    return std::string{text.data()};
  };
  if ((flags & IP6_TNL_F_USE_ORIG_TCLASS) != 0) {
    printer.flag("ip6_tnl_f_use_orig_tclass", "tclass inherit ");
  } else if (table.has(flow)) {
    printer.string("tclass", "tclass ", hexadecimal("0x%02x", flowinfo >> 20U & 0xFFU));
  }
  if ((flags & IP6_TNL_F_USE_ORIG_FLOWLABEL) != 0) {
    printer.flag("ip6_tnl_f_use_orig_flowlabel", "flowlabel inherit ");
  } else if (table.has(flow)) {
    printer.string("flowlabel", "flowlabel ", hexadecimal("0x%05x", flowinfo & most_label));
  }
}

void print_ipv6_header(Printer& printer, const AttributeTable<64>& table, std::size_t ttl, std::size_t limit,
                       std::size_t flow, std::uint32_t flags) {
  const std::uint8_t hops = table.u8(ttl);
  hops == 0 && !printer.json() ? printer.text("hoplimit inherit ") : printer.number("ttl", "hoplimit ", unsigned{hops});
  if ((flags & IP6_TNL_F_IGN_ENCAP_LIMIT) != 0) {
    printer.flag("ip6_tnl_f_ign_encap_limit", "encaplimit none ");
  } else if (table.has(limit)) {
    printer.number("encap_limit", "encaplimit ", unsigned{table.u8(limit)});
  }
  print_flow(printer, flags, table, flow);
  if ((flags & IP6_TNL_F_RCV_DSCP_COPY) != 0) printer.flag("ip6_tnl_f_rcv_dscp_copy", "dscp inherit ");
}

void print_local_remote(Printer& printer, std::uint32_t flags) {
  if ((flags & IP6_TNL_F_ALLOW_LOCAL_REMOTE) != 0) printer.flag("ip6_tnl_f_allow_local_remote", "allow-localremote ");
}

void print_fwmark(Printer& printer, std::uint32_t flags, std::uint32_t mark) {
  if ((flags & IP6_TNL_F_USE_ORIG_FWMARK) != 0) {
    printer.flag("ip6_tnl_f_use_orig_fwmark", "fwmark inherit ");
  } else if (mark != 0) {
    printer.hex("fwmark", "fwmark ", mark);
  }
}

void print_ip6tnl(Session& session, std::span<const std::byte> data) {
  const AttributeTable<64> table{data};
  Printer& printer = session.printer();
  if (table.has(IFLA_IPTUN_COLLECT_METADATA)) printer.flag("external", "external ");
  const std::uint32_t flags = table.u32(IFLA_IPTUN_FLAGS);
  if (table.has(IFLA_IPTUN_PROTO)) printer.string("proto", "", mode_word(table.u8(IFLA_IPTUN_PROTO), true));
  print_endpoint(printer, "remote", AF_INET6, table, IFLA_IPTUN_REMOTE);
  print_endpoint(printer, "local", AF_INET6, table, IFLA_IPTUN_LOCAL);
  print_device(session, table.index(IFLA_IPTUN_LINK));
  print_ipv6_header(printer, table, IFLA_IPTUN_TTL, IFLA_IPTUN_ENCAP_LIMIT, IFLA_IPTUN_FLOWINFO, flags);
  if ((flags & IP6_TNL_F_MIP6_DEV) != 0) printer.flag("ip6_tnl_f_mip6_dev", "mip6 ");
  print_local_remote(printer, flags);
  print_fwmark(printer, flags, table.u32(IFLA_IPTUN_FWMARK));
  print_encapsulation(printer, table, IFLA_IPTUN_ENCAP_TYPE);
}

void print_ip6gre(Session& session, std::span<const std::byte> data) {
  const AttributeTable<64> table{data};
  Printer& printer = session.printer();
  if (table.has(IFLA_GRE_COLLECT_METADATA)) printer.flag("external", "external ");
  const std::uint32_t flags = table.u32(IFLA_GRE_FLAGS);
  print_endpoint(printer, "remote", AF_INET6, table, IFLA_GRE_REMOTE);
  print_endpoint(printer, "local", AF_INET6, table, IFLA_GRE_LOCAL);
  print_device(session, table.index(IFLA_GRE_LINK));
  print_ipv6_header(printer, table, IFLA_GRE_TTL, IFLA_GRE_ENCAP_LIMIT, IFLA_GRE_FLOWINFO, flags);
  print_gre_flags(printer, table);
  print_local_remote(printer, flags);
  print_fwmark(printer, flags, table.u32(IFLA_GRE_FWMARK));
  print_showings(session, data, erspan_showings);
  print_encapsulation(printer, table, IFLA_GRE_ENCAP_TYPE);
}

constexpr std::array vti_showings{
    Showing{IFLA_VTI_LINK, Shown::link, "link", "dev"},
    Showing{IFLA_VTI_IKEY, Shown::dotted_if_set, "ikey"},
    Showing{IFLA_VTI_OKEY, Shown::dotted_if_set, "okey"},
    Showing{IFLA_VTI_FWMARK, Shown::hex32_if_set, "fwmark"},
};

template <int end_family>
void print_vti(Session& session, std::span<const std::byte> data) {
  const AttributeTable<64> table{data};
  print_endpoint(session.printer(), "remote", end_family, table, IFLA_VTI_REMOTE);
  print_endpoint(session.printer(), "local", end_family, table, IFLA_VTI_LOCAL);
  print_showings(session, data, vti_showings);
}

constexpr std::array xfrm_showings{Showing{IFLA_XFRM_IF_ID, Shown::hex32, "if_id"}};

void parse_xfrm(Words& words, KindContext& context) {
  std::uint32_t id = 0;
  int lower = 0;
  bool external = false;
  while (!words.empty()) {
    if (words.accept_short("dev")) {
      lower = take_lower_device(words, context.environment);
    } else if (words.accept_short("if_id")) {
      const std::string_view word = words.empty() ? std::string_view{} : words.peek();
      id = words.take_u32("if_id value is invalid");
      if (id == 0) refuse(word, "if_id value is invalid");
    } else if (words.accept("external")) {
      external = true;
    } else {
      fail_unknown_setting(words, context);
    }
  }
  if (external) {
    if (id != 0 || lower != 0) fail("xfrmi: both 'external' and if_id/link cannot be specified");
    return context.request.put_flag(IFLA_XFRM_COLLECT_METADATA);
  }
  if (id == 0) fail_missing("IF_ID");
  context.request.put_u32(IFLA_XFRM_IF_ID, id);
  if (lower != 0) context.request.put_value(IFLA_XFRM_LINK, lower);
}

void print_xfrm(Session& session, std::span<const std::byte> data) {
  const bool external = AttributeTable<64>{data}.has(IFLA_XFRM_COLLECT_METADATA);
  external ? session.printer().flag("external", "external ") : print_showings(session, data, xfrm_showings);
}

constexpr std::string_view ends_usage = "[ remote ADDRESS ] [ local ADDRESS ] [ dev DEVICE ] [ fwmark MARK ]";
constexpr std::string_view gre_usage = "[ [no][i|o]seq ] [ [i|o]key KEY ] [ no[i|o]key ] [ [no][i|o]csum ]";
constexpr std::string_view vti_usage = "[ [i|o]key KEY ]";
constexpr std::string_view ipv4_usage = "[ ttl { TTL | inherit } ] [ tos { TOS | inherit } ] [ [no]pmtudisc ]";
constexpr std::string_view ipv6_usage =
    "[ hoplimit { HOPS | inherit } ] [ encaplimit { LIMIT | none } ] [ tclass { HEX | inherit } ] "
    "[ flowlabel { HEX | inherit } ] [ dscp inherit ] [ fwmark inherit ] [ [no]allow-localremote ]";
constexpr std::string_view erspan_usage =
    "[ erspan_ver { 0 | 1 | 2 } ] [ erspan INDEX ] [ erspan_dir { ingress | egress } ] [ erspan_hwid NUMBER ]";
constexpr std::string_view encapsulation_usage =
    "[ encap { fou | gue | none } ] [ noencap ] [ encap-sport { PORT | auto } ] [ encap-dport PORT ] "
    "[ [no]encap-csum ] [ [no]encap-udp6-csum ] [ [no]encap-remcsum ] [ external ]";
constexpr Kind::Usage gre_words{ends_usage, gre_usage, ipv4_usage, "[ [no]ignore-df ]", encapsulation_usage};
constexpr Kind::Usage erspan_words{ends_usage, gre_usage, ipv4_usage, erspan_usage, encapsulation_usage};
constexpr Kind::Usage gre6_words{ends_usage, gre_usage, ipv6_usage, erspan_usage, encapsulation_usage};

constexpr std::array kinds{
    Kind{.name = "gre",
         .parse = parse_tunnel<ops::Gre>,
         .print = print_gre,
         .unknown = unknown_option,
         .usage = gre_words},
    Kind{.name = "gretap",
         .parse = parse_tunnel<ops::Gretap>,
         .print = print_gre,
         .unknown = unknown_option,
         .usage = gre_words},
    Kind{.name = "erspan",
         .parse = parse_tunnel<ops::Erspan>,
         .print = print_gre,
         .unknown = unknown_option,
         .usage = erspan_words},
    Kind{.name = "ip6gre",
         .parse = parse_tunnel<ops::Ip6gre>,
         .print = print_ip6gre,
         .unknown = unknown_option,
         .usage = gre6_words},
    Kind{.name = "ip6gretap",
         .parse = parse_tunnel<ops::Ip6gretap>,
         .print = print_ip6gre,
         .unknown = unknown_option,
         .usage = gre6_words},
    Kind{.name = "ip6erspan",
         .parse = parse_tunnel<ops::Ip6erspan>,
         .print = print_ip6gre,
         .unknown = unknown_option,
         .usage = gre6_words},
    Kind{.name = "ipip",
         .parse = parse_tunnel<ops::Ipip>,
         .print = print_ipip,
         .unknown = unknown_option,
         .usage = {"[ mode { ipip | mplsip | any } ]", ends_usage, ipv4_usage, encapsulation_usage}},
    Kind{.name = "sit",
         .parse = parse_tunnel<ops::Sit>,
         .print = print_ipip,
         .unknown = unknown_option,
         .usage = {"[ mode { ip6ip | ipip | mplsip | any } ] [ isatap ]", ends_usage, ipv4_usage, encapsulation_usage}},
    Kind{.name = "ip6tnl",
         .parse = parse_tunnel<ops::Ip6tnl>,
         .print = print_ip6tnl,
         .unknown = unknown_option,
         .usage = {"[ mode { ip6ip6 | ipip6 | any } ]", ends_usage, ipv6_usage, encapsulation_usage}},
    Kind{.name = "vti",
         .parse = parse_tunnel<ops::Vti>,
         .print = print_vti<AF_INET>,
         .unknown = unknown_option,
         .usage = {vti_usage, ends_usage}},
    Kind{.name = "vti6",
         .parse = parse_tunnel<ops::Vti6>,
         .print = print_vti<AF_INET6>,
         .unknown = unknown_option,
         .usage = {vti_usage, ends_usage}},
    Kind{.name = "xfrm",
         .parse = parse_xfrm,
         .print = print_xfrm,
         .unknown = unknown_option,
         .usage = {"[ dev DEVICE ] [ if_id NUMBER ] [ external ]"}}};

}  // namespace

constinit const std::span<const Kind> tunnel_kinds{kinds};

}  // namespace netherd::ip
