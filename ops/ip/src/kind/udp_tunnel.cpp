#include <arpa/inet.h>
#include <linux/if_link.h>

#include <algorithm>
#include <array>

#include "../attributes.hpp"
#include "../kind.hpp"
#include "netherd/ip/inet.hpp"

/// Tunnels in UDP that have settings of their own instead of those of tunnel.cpp: Geneve, bare UDP, GTP.
namespace netherd::ip {

namespace {

constexpr std::uint32_t most_vni = (1U << 24U) - 1;
constexpr std::uint32_t most_flow_label = (1U << 20U) - 1;
constexpr std::array<std::string_view, 3> df_names{"unset", "set", "inherit"};

constexpr std::array geneve_settings{
    Setting{.keyword = "id", .value = Value::u32, .attribute = IFLA_GENEVE_ID, .most = most_vni},
    Setting{.keyword = "vni",
            .value = Value::u32,
            .attribute = IFLA_GENEVE_ID,
            .complaint = "invalid id",
            .most = most_vni},
    Setting{.keyword = "remote",
            .value = Value::unicast,
            .attribute = IFLA_GENEVE_REMOTE,
            .complaint = "invalid remote address",
            .second = IFLA_GENEVE_REMOTE6},
    Setting{.keyword = "ttl", .value = Value::ttl, .attribute = IFLA_GENEVE_TTL, .second = IFLA_GENEVE_TTL_INHERIT},
    Setting{
        .keyword = "hoplimit", .value = Value::ttl, .attribute = IFLA_GENEVE_TTL, .second = IFLA_GENEVE_TTL_INHERIT},
    Setting{.keyword = "tos", .value = Value::tos, .attribute = IFLA_GENEVE_TOS, .complaint = "bad TOS value"},
    Setting{.keyword = "dsfield", .value = Value::tos, .attribute = IFLA_GENEVE_TOS, .complaint = "bad TOS value"},
    Setting{.keyword = "df",
            .value = Value::choice_u8,
            .attribute = IFLA_GENEVE_DF,
            .names = df_names,
            .complaint = "DF must be 'unset', 'set' or 'inherit'"},
    Setting{.keyword = "label",
            .value = Value::be32,
            .attribute = IFLA_GENEVE_LABEL,
            .complaint = "invalid flowlabel",
            .most = most_flow_label},
    Setting{.keyword = "flowlabel", .value = Value::be32, .attribute = IFLA_GENEVE_LABEL, .most = most_flow_label},
    Setting{.keyword = "dstport", .value = Value::be16, .attribute = IFLA_GENEVE_PORT, .complaint = "dstport"},
    Setting{"external", Value::flag, IFLA_GENEVE_COLLECT_METADATA},
    Setting{"noexternal", Value::nothing, IFLA_GENEVE_COLLECT_METADATA},
    Setting{"udpcsum", Value::constant, IFLA_GENEVE_UDP_CSUM, 1},
    Setting{"noudpcsum", Value::constant, IFLA_GENEVE_UDP_CSUM, 0},
    Setting{"udp6zerocsumtx", Value::constant, IFLA_GENEVE_UDP_ZERO_CSUM6_TX, 1},
    Setting{"noudp6zerocsumtx", Value::constant, IFLA_GENEVE_UDP_ZERO_CSUM6_TX, 0},
    Setting{"udp6zerocsumrx", Value::constant, IFLA_GENEVE_UDP_ZERO_CSUM6_RX, 1},
    Setting{"noudp6zerocsumrx", Value::constant, IFLA_GENEVE_UDP_ZERO_CSUM6_RX, 0},
    Setting{"innerprotoinherit", Value::flag, IFLA_GENEVE_INNER_PROTO_INHERIT, 0, {}, true},
};

void parse_geneve(Words& words, KindContext& context) {
  const Mentioned mentioned = take_settings_once(words, geneve_settings, context);
  const bool changing = context.index != 0;
  const bool has_id = mentioned.contains(IFLA_GENEVE_ID);
  if (mentioned.is_on(IFLA_GENEVE_COLLECT_METADATA)) {
    if (has_id) fail("geneve: both 'external' and vni cannot be specified");
  } else {
    if (!has_id) fail("geneve: missing virtual network identifier");
    if (!changing && !mentioned.contains(IFLA_GENEVE_REMOTE)) fail("geneve: remote link partner not specified");
  }
  Request& request = context.request;
  if (!has_id) request.put_u32(IFLA_GENEVE_ID, 0);
  if (changing) return;
  if (!mentioned.contains(IFLA_GENEVE_LABEL)) request.put_u32(IFLA_GENEVE_LABEL, 0);
  if (!mentioned.contains(IFLA_GENEVE_TTL)) request.put_u8(IFLA_GENEVE_TTL, 0);
  if (!mentioned.contains(IFLA_GENEVE_TOS)) request.put_u8(IFLA_GENEVE_TOS, 0);
}

constexpr std::array geneve_showings_first{
    Showing{IFLA_GENEVE_COLLECT_METADATA, Shown::present, "external"},
    Showing{IFLA_GENEVE_ID, Shown::u32, "id"},
};
constexpr std::array geneve_showings_last{
    Showing{IFLA_GENEVE_LABEL, Shown::hex_be32_if_set, "label", "flowlabel"},
    Showing{IFLA_GENEVE_PORT, Shown::be16, "port", "dstport"},
    Showing{IFLA_GENEVE_UDP_CSUM, Shown::yes_no, "udp_csum", "udpcsum"},
    Showing{IFLA_GENEVE_UDP_ZERO_CSUM6_TX, Shown::yes_no, "udp_zero_csum6_tx", "udp6zerocsumtx"},
    Showing{IFLA_GENEVE_UDP_ZERO_CSUM6_RX, Shown::yes_no, "udp_zero_csum6_rx", "udp6zerocsumrx"},
    Showing{IFLA_GENEVE_INNER_PROTO_INHERIT, Shown::present, "inner_proto_inherit", "innerprotoinherit"},
};

void print_remote(Printer& printer, const AttributeTable<64>& table) {
  const bool ipv4 = table.has(IFLA_GENEVE_REMOTE);
  const auto bytes = table.bytes(ipv4 ? IFLA_GENEVE_REMOTE : IFLA_GENEVE_REMOTE6);
  const bool is_set = std::ranges::any_of(bytes, [](std::byte byte) { return byte != std::byte{0}; });
  const bool multicast = !ipv4 && is_set && bytes.front() == std::byte{0xFF};
  if (!is_set || multicast) return;
  printer.string(ipv4 ? "remote" : "remote6", "remote ", address_text(ipv4 ? AF_INET : AF_INET6, bytes));
}

void print_ttl_tos_df(Printer& printer, const AttributeTable<64>& table) {
  if (table.u8(IFLA_GENEVE_TTL_INHERIT) != 0) {
    printer.text("ttl inherit ");
  } else if (table.has(IFLA_GENEVE_TTL)) {
    const unsigned ttl = table.u8(IFLA_GENEVE_TTL);
    ttl == 0 && !printer.json() ? printer.text("ttl auto ") : printer.number("ttl", "ttl ", ttl);
  }
  if (const std::uint8_t tos = table.u8(IFLA_GENEVE_TOS); tos != 0) {
    tos == 1 && !printer.json() ? printer.text("tos inherit ") : printer.hex("tos", "tos ", tos);
  }
  const std::uint8_t df = table.u8(IFLA_GENEVE_DF);
  if (!table.has(IFLA_GENEVE_DF) || df >= df_names.size()) return;
  df == GENEVE_DF_UNSET ? printer.json_string("df", df_names.at(df)) : printer.string("df", "df ", df_names.at(df));
}

void print_geneve(Session& session, std::span<const std::byte> data) {
  const AttributeTable<64> table{data};
  print_showings(session, data, geneve_showings_first);
  print_remote(session.printer(), table);
  print_ttl_tos_df(session.printer(), table);
  print_showings(session, data, geneve_showings_last);
}

constexpr std::array bareudp_settings{
    Setting{.keyword = "dstport", .value = Value::be16, .attribute = IFLA_BAREUDP_PORT, .complaint = "dstport"},
    Setting{.keyword = "ethertype",
            .value = Value::ethertype,
            .attribute = IFLA_BAREUDP_ETHERTYPE,
            .complaint = "ethertype"},
    Setting{
        .keyword = "srcportmin", .value = Value::u16, .attribute = IFLA_BAREUDP_SRCPORT_MIN, .complaint = "srcportmin"},
    Setting{"multiproto", Value::flag, IFLA_BAREUDP_MULTIPROTO_MODE},
    Setting{"nomultiproto", Value::nothing, IFLA_BAREUDP_MULTIPROTO_MODE},
};

void parse_bareudp(Words& words, KindContext& context) {
  const Mentioned mentioned = take_settings_once(words, bareudp_settings, context);
  if (!mentioned.contains(IFLA_BAREUDP_PORT)) fail_missing("dstport");
  if (!mentioned.contains(IFLA_BAREUDP_ETHERTYPE)) fail_missing("ethertype");
}

constexpr std::array bareudp_showings{
    Showing{IFLA_BAREUDP_PORT, Shown::be16, "dstport"},
    Showing{IFLA_BAREUDP_ETHERTYPE, Shown::ethertype, "ethertype"},
    Showing{IFLA_BAREUDP_SRCPORT_MIN, Shown::u16, "srcportmin"},
};

void print_bareudp(Session& session, std::span<const std::byte> data) {
  print_showings(session, data, bareudp_showings);
  const bool multiple = AttributeTable<64>{data}.has(IFLA_BAREUDP_MULTIPROTO_MODE);
  session.printer().flag("multiproto", multiple ? "multiproto " : "nomultiproto ", multiple);
}

constexpr std::uint32_t most_hash_buckets = (1U << 17U) - 1;
constexpr std::uint32_t default_hash_buckets = 1024;
constexpr std::array<std::string_view, 2> gtp_roles{"ggsn", "sgsn"};

constexpr std::array gtp_settings{
    Setting{.keyword = "role",
            .value = Value::choice_u32,
            .attribute = IFLA_GTP_ROLE,
            .names = gtp_roles,
            .whole = true,
            .complaint = "invalid role, use sgsn or ggsn"},
    Setting{.keyword = "hsize",
            .value = Value::u32,
            .attribute = IFLA_GTP_PDP_HASHSIZE,
            .whole = true,
            .complaint = "PDP hash size too big",
            .most = most_hash_buckets},
    Setting{.keyword = "restart_count", .value = Value::u8, .attribute = IFLA_GTP_RESTART_COUNT, .whole = true},
};

/// `ip` skips words that it does not know here; they are refused like those of other kinds.
void parse_gtp(Words& words, KindContext& context) {
  context.request.put_u8(IFLA_GTP_CREATE_SOCKETS, 1);
  const Mentioned mentioned = take_settings_once(words, gtp_settings, context);
  if (!mentioned.contains(IFLA_GTP_ROLE)) fail("gtp: role of the gtp device was not specified");
  if (!mentioned.contains(IFLA_GTP_PDP_HASHSIZE)) context.request.put_u32(IFLA_GTP_PDP_HASHSIZE, default_hash_buckets);
}

constexpr std::array gtp_showings{
    Showing{IFLA_GTP_ROLE, Shown::word_u32, "role", {}, gtp_roles, "unknown"},
    Showing{IFLA_GTP_PDP_HASHSIZE, Shown::u32, "hsize"},
    Showing{IFLA_GTP_RESTART_COUNT, Shown::u8, "restart_count"},
};

constexpr std::array kinds{
    Kind{.name = "geneve", .settings = geneve_settings, .parse = parse_geneve, .print = print_geneve},
    Kind{.name = "bareudp", .settings = bareudp_settings, .parse = parse_bareudp, .print = print_bareudp},
    Kind{.name = "gtp", .settings = gtp_settings, .showings = gtp_showings, .parse = parse_gtp}};

}  // namespace

constinit const std::span<const Kind> udp_tunnel_kinds{kinds};

}  // namespace netherd::ip
