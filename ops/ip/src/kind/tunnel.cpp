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

ops::IpAddress to_address(const Inet& inet) {
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
constexpr bool over_ipv6 = requires(Tunnel tunnel) { tunnel.ipv6; };
template <typename Tunnel>
constexpr bool is_gre = requires(Tunnel tunnel) { tunnel.flags; };
template <typename Tunnel>
constexpr int family = over_ipv6<Tunnel> ? AF_INET6 : AF_INET;

template <typename Tunnel>
bool take_ends(Words& words, Tunnel& tunnel, Environment& environment) {
  if (words.accept("remote")) {
    tunnel.remote = to_address(take_address(words, family<Tunnel>));
  } else if (words.accept("local")) {
    tunnel.local = to_address(take_address(words, family<Tunnel>));
  } else if (words.accept_short("dev")) {
    tunnel.dev = ops::LinkReference{ops::InterfaceIndex{index_of(environment, words.take())}, {}};
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

/// `key`, `seq` and `csum` for both directions, or with "i" or "o" before them for one.
bool take_gre_flags(Words& words, ops::GreFlags& flags) {
  if (words.accept("key")) {
    flags.ikey = flags.okey = take_key(words, "key");
  } else if (words.accept("ikey")) {
    flags.ikey = take_key(words, "ikey");
  } else if (words.accept("okey")) {
    flags.okey = take_key(words, "okey");
  } else if (words.is("nokey") || words.is("noikey") || words.is("nookey")) {
    const std::string_view word = words.take();
    if (word != "nookey") flags.ikey.reset();
    if (word != "noikey") flags.okey.reset();
  } else {
    static constexpr std::array<std::string_view, 2> kinds{"seq", "csum"};
    for (const std::string_view kind : kinds) {
      const bool off = !words.empty() && words.peek().starts_with("no");
      const std::string_view word = words.empty() ? std::string_view{} : words.peek().substr(off ? 2 : 0);
      const std::string in = 'i' + std::string{kind};
      const std::string out = 'o' + std::string{kind};
      if (word != kind && word != in && word != out) continue;
      if (word != out) (kind == "seq" ? flags.iseq : flags.icsum) = !off;
      if (word != in) (kind == "seq" ? flags.oseq : flags.ocsum) = !off;
      words.skip();
      return true;
    }
    return false;
  }
  return true;
}

template <typename Tunnel>
bool take_ipv4_header(Words& words, Tunnel& tunnel) {
  if (words.accept("ttl") || words.accept("hoplimit") || words.accept("hlim")) {
    tunnel.ttl = words.accept("inherit") ? std::uint8_t{0} : words.take_u8("invalid TTL\n");
  } else if (words.accept("tos") || words.accept("tclass") || words.accept_short("dsfield")) {
    const std::string_view word = words.take();
    const auto tos = word == "inherit" ? std::optional{1U} : names::read_dsfield(word);
    if (!tos) refuse(word, "bad TOS value");
    tunnel.tos = static_cast<std::uint8_t>(*tos);
  } else if (words.is("pmtudisc") || words.is("nopmtudisc")) {
    tunnel.pmtudisc = words.take() == "pmtudisc";
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

bool take_ipv6_header(Words& words, ops::Ip6TunnelSettings& ipv6, std::uint8_t& hoplimit, std::uint32_t& fwmark) {
  if (words.accept("ttl") || words.accept("hoplimit") || words.accept("hlim")) {
    hoplimit = words.accept("inherit") ? std::uint8_t{0} : words.take_u8("invalid HLIM\n");
  } else if (words.accept("encaplimit")) {
    ipv6.encaplimit = words.accept("none") ? std::nullopt : std::optional{words.take_u8("invalid ELIM")};
  } else if (words.accept("tclass") || words.accept("tc") || words.accept("tos") || words.accept_short("dsfield")) {
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
    fwmark = ipv6.fwmark_inherit ? 0 : words.take_u32("invalid fwmark\n");
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
    if (take_gre_flags(words, tunnel.flags)) return true;
    if constexpr (!over_ipv6<Tunnel>) {
      if (words.is("ignore-df") || words.is("noignore-df")) {
        tunnel.ignore_df = words.take() == "ignore-df";
        return true;
      }
    }
  } else if (take_mode(words, tunnel)) {
    return true;
  }
  if constexpr (std::is_same_v<Tunnel, ops::Sit>) {
    if (words.accept("isatap")) return tunnel.isatap = true;
  }
  return false;
}

/// Appends what the struct encodes as IFLA_INFO_DATA.
template <typename Tunnel>
void put_tunnel(Request& request, const Tunnel& tunnel) {
  alignas(engine::message_alignment) std::array<std::byte, 2048> buffer;
  engine::MessageWriter writer{buffer};
  ops::SetLinkKind<Tunnel>{.kind = tunnel}.encode(writer);
  const AttributeTable<IFLA_LINKINFO> link{engine::MessageView{writer.message()}.attributes<ifinfomsg>()};
  const AttributeTable<IFLA_INFO_DATA> info{link.bytes(IFLA_LINKINFO)};
  for (const engine::AttributeView attribute : engine::Attributes{info.bytes(IFLA_INFO_DATA)}) {
    request.put(attribute.type(), attribute.payload());
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
    bool taken = take_ends(words, tunnel, context.environment) || take_encapsulation(words, tunnel.encapsulation);
    if constexpr (over_ipv6<Tunnel>) {
      taken = taken || take_ipv6_header(words, tunnel.ipv6, tunnel.hoplimit, tunnel.fwmark);
    } else {
      taken = taken || take_ipv4_header(words, tunnel);
    }
    if (taken || take_own(words, tunnel)) continue;
    if (words.accept("external")) {
      tunnel.external = true;
      continue;
    }
    fail(std::string{context.kind} + ": unknown option \"" + std::string{words.peek()} + "\"?", status_usage);
  }
  if constexpr (!over_ipv6<Tunnel>) {
    if (tunnel.ttl != 0 && !tunnel.pmtudisc) fail("ttl != 0 and nopmtudisc are incompatible", status_usage);
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

void print_flow(Printer& printer, std::uint32_t flags, std::uint32_t flowinfo) {
  const auto hexadecimal = [](const char* format, std::uint32_t value) {
    std::array<char, 12> text;
    std::snprintf(text.data(), text.size(), format, value);
    return std::string{text.data()};
  };
  if ((flags & IP6_TNL_F_USE_ORIG_TCLASS) != 0) {
    printer.flag("ip6_tnl_f_use_orig_tclass", "tclass inherit ");
  } else {
    printer.string("tclass", "tclass ", hexadecimal("0x%02x", flowinfo >> 20U & 0xFFU));
  }
  if ((flags & IP6_TNL_F_USE_ORIG_FLOWLABEL) != 0) {
    printer.flag("ip6_tnl_f_use_orig_flowlabel", "flowlabel inherit ");
  } else {
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
  print_flow(printer, flags, ntohl(table.u32(flow)));
  if ((flags & IP6_TNL_F_RCV_DSCP_COPY) != 0) printer.flag("ip6_tnl_f_rcv_dscp_copy", "dscp inherit ");
  if ((flags & IP6_TNL_F_MIP6_DEV) != 0) printer.flag("ip6_tnl_f_mip6_dev", "mip6 ");
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
  print_fwmark(printer, flags, table.u32(IFLA_GRE_FWMARK));
  print_encapsulation(printer, table, IFLA_GRE_ENCAP_TYPE);
}

constexpr std::array kinds{Kind{.name = "gre", .parse = parse_tunnel<ops::Gre>, .print = print_gre},
                           Kind{.name = "gretap", .parse = parse_tunnel<ops::Gretap>, .print = print_gre},
                           Kind{.name = "ip6gre", .parse = parse_tunnel<ops::Ip6gre>, .print = print_ip6gre},
                           Kind{.name = "ip6gretap", .parse = parse_tunnel<ops::Ip6gretap>, .print = print_ip6gre},
                           Kind{.name = "ipip", .parse = parse_tunnel<ops::Ipip>, .print = print_ipip},
                           Kind{.name = "sit", .parse = parse_tunnel<ops::Sit>, .print = print_ipip},
                           Kind{.name = "ip6tnl", .parse = parse_tunnel<ops::Ip6tnl>, .print = print_ip6tnl}};

}  // namespace

constinit const std::span<const Kind> tunnel_kinds{kinds};

}  // namespace netherd::ip
