#include <linux/if_link.h>
#include <linux/if_vlan.h>

#include <algorithm>
#include <array>

#include "../attributes.hpp"
#include "../ethertypes.hpp"
#include "../kind.hpp"
#include "netherd/ip/inet.hpp"

/// Kinds that are stacked upon another link: VLAN, macvlan, macvtap, ipvlan, ipvtap.
namespace netherd::ip {

namespace {

struct VlanFlag {
  const char* keyword;
  const char* name;  ///< as it is shown
  std::uint32_t bit;
};
constexpr std::array vlan_flags{VlanFlag{"reorder_hdr", "REORDER_HDR", VLAN_FLAG_REORDER_HDR},
                                VlanFlag{"gvrp", "GVRP", VLAN_FLAG_GVRP}, VlanFlag{"mvrp", "MVRP", VLAN_FLAG_MVRP},
                                VlanFlag{"loose_binding", "LOOSE_BINDING", VLAN_FLAG_LOOSE_BINDING},
                                VlanFlag{"bridge_binding", "BRIDGE_BINDING", VLAN_FLAG_BRIDGE_BINDING}};

/// "1:2 3:4 ...": as many as there are.
void put_qos_map(Words& words, Request& request, int attribute) {
  const auto nest = request.begin_nest(attribute);
  while (!words.empty() && words.peek().find(':') != std::string_view::npos) {
    const std::string_view word = words.take();
    const std::size_t colon = word.find(':');
    std::uint64_t from = 0;
    std::uint64_t to = 0;
    if (!read_number(word.substr(0, colon), UINT32_MAX, from) || !read_number(word.substr(colon + 1), UINT32_MAX, to)) {
      refuse(word, "invalid qos mapping");
    }
    request.put_value(IFLA_VLAN_QOS_MAPPING,
                      ifla_vlan_qos_mapping{static_cast<std::uint32_t>(from), static_cast<std::uint32_t>(to)});
  }
  request.end_nest(nest);
}

bool take_flag(Words& words, ifla_vlan_flags& flags) {
  for (const VlanFlag& flag : vlan_flags) {
    if (!words.accept_short(flag.keyword)) continue;
    flags.mask |= flag.bit;
    flags.flags = words.take_on_off(flag.keyword) ? flags.flags | flag.bit : flags.flags & ~flag.bit;
    return true;
  }
  return false;
}

void parse_vlan(Words& words, KindContext& context) {
  Request& request = context.request;
  ifla_vlan_flags flags{};
  while (!words.empty()) {
    if (words.accept_short("protocol")) {
      const std::string_view word = words.take();
      const auto protocol = read_ethertype(word);
      if (!protocol) refuse(word, "protocol is invalid");
      request.put_u16(IFLA_VLAN_PROTOCOL, *protocol);
    } else if (words.accept_short("id")) {
      request.put_u16(IFLA_VLAN_ID, words.take_u16("id is invalid"));
    } else if (take_flag(words, flags)) {
      continue;
    } else if (words.accept_short("ingress-qos-map")) {
      put_qos_map(words, request, IFLA_VLAN_INGRESS_QOS);
    } else if (words.accept_short("egress-qos-map")) {
      put_qos_map(words, request, IFLA_VLAN_EGRESS_QOS);
    } else {
      fail_unknown_setting(words, context);
    }
  }
  if (flags.mask != 0) request.put_value(IFLA_VLAN_FLAGS, flags);
}

void print_qos_map(Printer& printer, const char* key, std::string_view before, std::span<const std::byte> nest) {
  printer.open_array(key);
  printer.line_break();
  printer.text(before);
  for (const engine::AttributeView attribute : engine::Attributes{nest}) {
    const auto mapping = attribute.as<ifla_vlan_qos_mapping>();
    if (attribute.type() != IFLA_VLAN_QOS_MAPPING || !mapping) continue;
    printer.open_object();
    printer.number("from", "", mapping->from, "");
    printer.number("to", ":", mapping->to);
    printer.close_object();
  }
  printer.text("} ");
  printer.close_array();
}

void print_vlan(Session& session, std::span<const std::byte> data) {
  const AttributeTable<IFLA_VLAN_MAX> table{data};
  Printer& printer = session.printer();
  printer.string("protocol", "protocol ",
                 table.has(IFLA_VLAN_PROTOCOL) ? ethertype_text(table.u16(IFLA_VLAN_PROTOCOL)) : "802.1q");
  printer.number("id", "id ", unsigned{table.u16(IFLA_VLAN_ID)});
  if (table.has(IFLA_VLAN_FLAGS)) {
    std::uint32_t flags = table.as<ifla_vlan_flags>(IFLA_VLAN_FLAGS).flags;
    printer.open_array("flags");
    printer.text("<");
    for (const VlanFlag& flag : vlan_flags) {
      if ((flags & flag.bit) == 0) continue;
      flags &= ~flag.bit;
      printer.string(nullptr, "", flag.name, flags != 0 ? "," : "");
    }
    printer.text("> ");
    printer.close_array();
  }
  if (table.has(IFLA_VLAN_INGRESS_QOS)) {
    print_qos_map(printer, "ingress_qos", "      ingress-qos-map { ", table.bytes(IFLA_VLAN_INGRESS_QOS));
  }
  if (table.has(IFLA_VLAN_EGRESS_QOS)) {
    print_qos_map(printer, "egress_qos", "      egress-qos-map { ", table.bytes(IFLA_VLAN_EGRESS_QOS));
  }
}

struct MacvlanMode {
  std::string_view word;
  std::uint32_t mode;
};
constexpr std::array macvlan_modes{MacvlanMode{"private", MACVLAN_MODE_PRIVATE}, MacvlanMode{"vepa", MACVLAN_MODE_VEPA},
                                   MacvlanMode{"bridge", MACVLAN_MODE_BRIDGE},
                                   MacvlanMode{"passthru", MACVLAN_MODE_PASSTHRU},
                                   MacvlanMode{"source", MACVLAN_MODE_SOURCE}};

/// `macaddr add|del MAC`, `macaddr set [MAC...]` or `macaddr flush`.
void take_macaddr(Words& words, Request& request) {
  const std::string_view verb = words.take();
  const auto put_mode = [&](std::uint32_t mode) { request.put_u32(IFLA_MACVLAN_MACADDR_MODE, mode); };
  if (verb == "add" || verb == "del") {
    put_mode(verb == "add" ? MACVLAN_MACADDR_ADD : MACVLAN_MACADDR_DEL);
    request.put(IFLA_MACVLAN_MACADDR, take_link_layer_address(words).bytes());
  } else if (verb == "set") {
    put_mode(MACVLAN_MACADDR_SET);
    const auto nest = request.begin_nest(IFLA_MACVLAN_MACADDR_DATA);
    while (!words.empty()) request.put(IFLA_MACVLAN_MACADDR, take_link_layer_address(words).bytes());
    request.end_nest(nest);
  } else if (verb == "flush") {
    put_mode(MACVLAN_MACADDR_FLUSH);
  } else {
    refuse(verb, "argument of \"macaddr\" must be \"add\", \"del\", \"set\" or \"flush\"");
  }
}

std::uint16_t macvlan_flag(std::string_view word) {
  if (word == "nopromisc") return MACVLAN_FLAG_NOPROMISC;
  if (word == "nodst") return MACVLAN_FLAG_NODST;
  fail("Error: argument of \"flag\" must be \"nopromisc\" or \"nodst\", not \"" + std::string{word} + '"');
}

std::uint32_t take_queue_length(Words& words) {
  const std::string_view word = words.take();
  std::uint64_t length = 0;
  if (read_number(word, UINT32_MAX, length)) return static_cast<std::uint32_t>(length);
  fail("Error: argument of \"bcqueuelen\" must be a positive integer [0-4294967295], not \"" + std::string{word} + '"');
}

void parse_macvlan(Words& words, KindContext& context) {
  Request& request = context.request;
  std::uint32_t mode = 0;
  std::uint16_t flags = 0;
  bool has_flags = false;
  while (!words.empty()) {
    if (words.accept_short("mode")) {
      const std::string_view word = words.take();
      const auto* const found = std::ranges::find(macvlan_modes, word, &MacvlanMode::word);
      if (found == macvlan_modes.end())
        refuse(word, "argument of \"mode\" must be \"private\", \"vepa\", \"bridge\", \"passthru\" or \"source\"");
      mode = found->mode;
    } else if (words.accept_short("macaddr")) {
      take_macaddr(words, request);
    } else if (words.accept("nopromisc")) {
      flags |= MACVLAN_FLAG_NOPROMISC;
      has_flags = true;
    } else if (words.accept("nodst")) {
      flags |= MACVLAN_FLAG_NODST;
      has_flags = true;
    } else if (words.accept_short("flag")) {
      flags |= macvlan_flag(words.take());
      has_flags = true;
    } else if (words.accept_short("bcqueuelen")) {
      request.put_u32(IFLA_MACVLAN_BC_QUEUE_LEN, take_queue_length(words));
    } else {
      fail_unknown_setting(words, context);
    }
  }
  if (mode != 0) request.put_u32(IFLA_MACVLAN_MODE, mode);
  if (!has_flags) return;
  if ((flags & MACVLAN_FLAG_NOPROMISC) != 0 && mode != MACVLAN_MODE_PASSTHRU) {
    fail(std::string{context.kind} + ": nopromisc flag only valid in passthru mode");
  }
  request.put_u16(IFLA_MACVLAN_FLAGS, flags);
}

void print_macvlan(Session& session, std::span<const std::byte> data) {
  const AttributeTable<IFLA_MACVLAN_MAX> table{data};
  Printer& printer = session.printer();
  if (!table.has(IFLA_MACVLAN_MODE)) return;
  const std::uint32_t mode = table.u32(IFLA_MACVLAN_MODE);
  const auto* const found = std::ranges::find(macvlan_modes, mode, &MacvlanMode::mode);
  printer.string("mode", "mode ", found == macvlan_modes.end() ? "unknown" : found->word);
  const std::uint16_t flags = table.u16(IFLA_MACVLAN_FLAGS);
  if ((flags & MACVLAN_FLAG_NOPROMISC) != 0) printer.flag("nopromisc", "nopromisc ");
  if ((flags & MACVLAN_FLAG_NODST) != 0) printer.flag("nodst", "nodst ");
  if (table.has(IFLA_MACVLAN_BC_QUEUE_LEN))
    printer.number("bcqueuelen", "bcqueuelen ", table.u32(IFLA_MACVLAN_BC_QUEUE_LEN));
  if (table.has(IFLA_MACVLAN_BC_QUEUE_LEN_USED)) {
    printer.number("usedbcqueuelen", "usedbcqueuelen ", table.u32(IFLA_MACVLAN_BC_QUEUE_LEN_USED));
  }
  if (mode != MACVLAN_MODE_SOURCE) return;
  printer.number("macaddr_count", "remotes (", table.u32(IFLA_MACVLAN_MACADDR_COUNT), ") ");
  if (!table.has(IFLA_MACVLAN_MACADDR_DATA)) return;
  printer.open_array("macaddr_data");
  for (const engine::AttributeView attribute : engine::Attributes{table.bytes(IFLA_MACVLAN_MACADDR_DATA)}) {
    if (attribute.type() == IFLA_MACVLAN_MACADDR) printer.string(nullptr, "", link_layer_text(attribute.payload(), 1));
  }
  printer.close_array();
}

constexpr std::array<std::string_view, 3> ipvlan_modes{"l2", "l3", "l3s"};

void parse_ipvlan(Words& words, KindContext& context) {
  std::uint16_t flags = 0;
  bool has_flags = false;
  const auto isolation = [&](std::string_view keyword, std::uint16_t value) {
    if (!words.accept_short(keyword)) return false;
    if (has_flags && flags != value) fail("ipvlan: only one of bridge, private and vepa");
    flags = value;
    return has_flags = true;
  };
  while (!words.empty()) {
    if (words.accept_short("mode")) {
      const std::string_view word = words.take();
      const auto* const found = std::ranges::find(ipvlan_modes, word);
      if (found == ipvlan_modes.end()) fail("Error: argument of \"mode\" must be either \"l2\", \"l3\" or \"l3s\"");
      context.request.put_u16(IFLA_IPVLAN_MODE, static_cast<std::uint16_t>(found - ipvlan_modes.begin()));
    } else if (!isolation("private", IPVLAN_F_PRIVATE) && !isolation("vepa", IPVLAN_F_VEPA) &&
               !isolation("bridge", 0)) {
      fail_unknown_setting(words, context);
    }
  }
  context.request.put_u16(IFLA_IPVLAN_FLAGS, flags);  // whether they were mentioned or not, as `ip` does it
}

void print_ipvlan(Session& session, std::span<const std::byte> data) {
  const AttributeTable<IFLA_IPVLAN_MAX> table{data};
  Printer& printer = session.printer();
  if (table.has(IFLA_IPVLAN_MODE)) {
    const std::uint16_t mode = table.u16(IFLA_IPVLAN_MODE);
    printer.string("mode", " mode ", mode < ipvlan_modes.size() ? ipvlan_modes.at(mode) : "unknown");
  }
  if (!table.has(IFLA_IPVLAN_FLAGS)) return;
  const std::uint16_t flags = table.u16(IFLA_IPVLAN_FLAGS);
  if (flags == IPVLAN_F_PRIVATE) {
    printer.flag("private", "private ");
  } else if (flags == IPVLAN_F_VEPA) {
    printer.flag("vepa", "vepa ");
  } else {
    printer.flag("bridge", "bridge ");
  }
}

constexpr Kind::Usage vlan_words{
    "[ protocol PROTOCOL ] [ id NUMBER ] [ ingress-qos-map FROM:TO... ] "
    "[ egress-qos-map FROM:TO... ]",
    "[ { reorder_hdr | gvrp | mvrp | loose_binding | bridge_binding } { on | off } ]"};
constexpr Kind::Usage macvlan_words{"[ mode { private | vepa | bridge | passthru | source } ] [ nopromisc ] [ nodst ]",
                                    "[ bcqueuelen NUMBER ] [ macaddr { add | del } LLADDR ]",
                                    "[ macaddr set [ LLADDR... ] ] [ macaddr flush ]"};
constexpr Kind::Usage ipvlan_words{"[ mode { l2 | l3 | l3s } ] [ bridge | private | vepa ]"};

constexpr std::array kinds{Kind{.name = "vlan", .parse = parse_vlan, .print = print_vlan, .usage = vlan_words},
                           Kind{.name = "macvlan",
                                .parse = parse_macvlan,
                                .print = print_macvlan,
                                .unknown = unknown_option,
                                .usage = macvlan_words},
                           Kind{.name = "macvtap",
                                .parse = parse_macvlan,
                                .print = print_macvlan,
                                .unknown = unknown_option,
                                .usage = macvlan_words},
                           Kind{.name = "ipvlan",
                                .parse = parse_ipvlan,
                                .print = print_ipvlan,
                                .unknown = unknown_option,
                                .usage = ipvlan_words},
                           Kind{.name = "ipvtap",
                                .parse = parse_ipvlan,
                                .print = print_ipvlan,
                                .unknown = unknown_option,
                                .usage = ipvlan_words}};

}  // namespace

constinit const std::span<const Kind> vlan_kinds{kinds};

}  // namespace netherd::ip
