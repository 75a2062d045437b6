#include "rule_show.hpp"

#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <netdb.h>

#include <algorithm>
#include <optional>
#include <string>

#include "attributes.hpp"
#include "names.hpp"
#include "netherd/ip/inet.hpp"
#include "object_printers.hpp"
#include "objects.hpp"
#include "route_types.hpp"
#include "rule_words.hpp"
#include "session.hpp"

namespace netherd::ip {

namespace {

using engine::MessageView;
using RuleTable = AttributeTable<FRA_MAX>;

/// Which rules `show` and `flush` are about. What was not asked for does not select; the same holds for a mark, a
/// protocol of packets, a port, a tunnel and a table of number 0, as in `ip`.
struct RuleFilter {
  int family = AF_INET;
  bool inverted = false;
  bool l3mdev = false;
  Inet source{};
  Inet destination{};
  std::optional<std::uint32_t> preference{};
  std::optional<std::uint8_t> tos{};
  RuleMark mark{};
  std::string input{};   // interface
  std::string output{};  // interface
  std::optional<RuleRange> users{};
  std::uint8_t ip_protocol = 0;
  RuleRange source_ports{};
  RuleRange destination_ports{};
  std::uint64_t tunnel = 0;
  std::uint32_t table = 0;
  std::optional<std::uint8_t> protocol{};  // of flush; `ip rule show` reads it and does not select by it
};

std::uint32_t table_of_rule(const fib_rule_hdr& header, const RuleTable& table) {
  return table.has(FRA_TABLE) ? table.u32(FRA_TABLE) : header.table;
}

/// A rule without an address has the prefix of length 0, which has been compared by its length already.
bool rule_prefix_passes(const Inet& wanted, int family, std::span<const std::byte> address, int length) {
  if (wanted.family == AF_UNSPEC) return true;
  if (wanted.family != family || wanted.bits > length) return false;
  if (address.empty() || wanted.bits == 0) return true;
  Inet prefix{.family = family, .size = address.size()};
  std::ranges::copy(address.first(std::min(address.size(), prefix.data.size())), prefix.data.begin());
  return prefix.begins_like(wanted, wanted.bits);
}

bool packet_passes(const RuleTable& table, const RuleFilter& filter) {
  const auto ports_pass = [&table](std::size_t type, const RuleRange& wanted) {
    const auto ports = table.as<fib_rule_port_range>(type);
    return wanted.first == 0 || (table.has(type) && ports.start == wanted.first && ports.end == wanted.last);
  };
  if (filter.mark.mark != 0 && filter.mark.mark != table.u32(FRA_FWMARK)) return false;
  if (filter.mark.mask.value_or(0) != 0 && *filter.mark.mask != table.u32(FRA_FWMASK)) return false;
  if (!filter.input.empty() && table.text(FRA_IIFNAME) != filter.input) return false;
  if (!filter.output.empty() && table.text(FRA_OIFNAME) != filter.output) return false;
  if (filter.l3mdev && table.u8(FRA_L3MDEV) == 0) return false;
  if (filter.users) {
    const auto users = table.as<fib_rule_uid_range>(FRA_UID_RANGE);
    if (!table.has(FRA_UID_RANGE) || users.start != filter.users->first || users.end != filter.users->last)
      return false;
  }
  if (filter.ip_protocol != 0 && filter.ip_protocol != table.u8(FRA_IP_PROTO)) return false;
  if (filter.tunnel != 0 && filter.tunnel != __builtin_bswap64(table.u64(FRA_TUN_ID))) return false;
  return ports_pass(FRA_SPORT_RANGE, filter.source_ports) && ports_pass(FRA_DPORT_RANGE, filter.destination_ports);
}

bool rule_passes(const MessageView& message, const RuleFilter& filter) {
  const auto header = message.family_header<fib_rule_hdr>().value_or(fib_rule_hdr{});
  const RuleTable table{message.attributes<fib_rule_hdr>()};
  if (filter.family != header.family) return false;
  if (filter.preference && *filter.preference != table.u32(FRA_PRIORITY)) return false;
  if (filter.inverted && (header.flags & FIB_RULE_INVERT) == 0) return false;
  if (filter.tos && *filter.tos != header.tos) return false;
  if (filter.table != 0 && filter.table != table_of_rule(header, table)) return false;
  return rule_prefix_passes(filter.source, header.family, table.bytes(FRA_SRC), header.src_len) &&
         rule_prefix_passes(filter.destination, header.family, table.bytes(FRA_DST), header.dst_len) &&
         packet_passes(table, filter);
}
void print_prefix(Printer& printer, const char* key, const char* length_key, std::string_view before, int family,
                  std::span<const std::byte> address, unsigned length, bool has_address) {
  if (has_address) {
    const bool whole = length == static_cast<unsigned>(bits_of_family(family));
    printer.text(before);
    printer.string(key, "", address_text(family, address), "", family == AF_INET ? Colour::inet : Colour::inet6);
    if (!whole) printer.number(length_key, "/", length, "");
  } else if (length != 0) {
    printer.string(key, before, "0", "");
    printer.number(length_key, "/", length, "");
  }
}

void print_selector(Printer& printer, const fib_rule_hdr& header, const RuleTable& table) {
  if ((header.flags & FIB_RULE_INVERT) != 0) printer.null("not", "not ");
  if (!table.has(FRA_SRC) && header.src_len == 0) {
    printer.string("src", "from ", "all", "");
  } else {
    print_prefix(printer, "src", "srclen", "from ", header.family, table.bytes(FRA_SRC), header.src_len,
                 table.has(FRA_SRC));
  }
  print_prefix(printer, "dst", "dstlen", " to ", header.family, table.bytes(FRA_DST), header.dst_len,
               table.has(FRA_DST));
  if (header.tos != 0) printer.string("tos", " tos ", names::dsfield(header.tos), "");
  if (table.has(FRA_FWMARK) || table.has(FRA_FWMASK)) {
    const std::uint32_t mask = table.u32(FRA_FWMASK);
    const std::uint32_t mark = table.u32(FRA_FWMARK);
    const bool masked = table.has(FRA_FWMASK) && mask != UINT32_MAX;
    printer.hex("fwmark", " fwmark ", mark, "");
    if (masked) printer.hex("fwmask", "/", mask, "");
  }
  const auto interface = [&](std::size_t type, const char* key, std::string_view before, unsigned detached,
                             const char* detached_key) {
    if (!table.has(type)) return;
    printer.text(before);
    printer.string(key, "", table.text(type), "", Colour::interface_name);
    if ((header.flags & detached) != 0) printer.null(detached_key, " [detached]");
  };
  interface(FRA_IIFNAME, "iif", " iif ", FIB_RULE_IIF_DETACHED, "iif_detached");
  interface(FRA_OIFNAME, "oif", " oif ", FIB_RULE_OIF_DETACHED, "oif_detached");
}

void print_range(Printer& printer, const char* key, std::uint64_t first, std::uint64_t last, const char* single,
                 const char* start, const char* end) {
  if (single != nullptr && first == last) return printer.number(single, ' ' + std::string{key} + ' ', first, "");
  printer.number(start, ' ' + std::string{key} + ' ', first, "");
  printer.number(end, "-", last, "");
}

void print_packet(Printer& printer, const RuleTable& table) {
  if (table.u8(FRA_L3MDEV) != 0) printer.null("l3mdev", " lookup [l3mdev-table]");
  if (table.has(FRA_UID_RANGE)) {
    const auto range = table.as<fib_rule_uid_range>(FRA_UID_RANGE);
    print_range(printer, "uidrange", range.start, range.end, nullptr, "uid_start", "uid_end");
  }
  if (table.has(FRA_IP_PROTO)) {
    const std::uint8_t number = table.u8(FRA_IP_PROTO);
    const protoent* protocol = names::numeric() ? nullptr : ::getprotobynumber(number);
    printer.string("ipproto", " ipproto ", protocol != nullptr ? protocol->p_name : "ipproto-" + std::to_string(number),
                   "");
  }
  if (table.has(FRA_SPORT_RANGE)) {
    const auto range = table.as<fib_rule_port_range>(FRA_SPORT_RANGE);
    print_range(printer, "sport", range.start, range.end, "sport", "sport_start", "sport_end");
  }
  if (table.has(FRA_DPORT_RANGE)) {
    const auto range = table.as<fib_rule_port_range>(FRA_DPORT_RANGE);
    print_range(printer, "dport", range.start, range.end, "dport", "dport_start", "dport_end");
  }
  if (table.has(FRA_TUN_ID)) printer.number("tun_id", " tun_id ", __builtin_bswap64(table.u64(FRA_TUN_ID)), "");
}

void print_action(Printer& printer, const fib_rule_hdr& header, const RuleTable& table, bool details) {
  const std::uint32_t number = table_of_rule(header, table);
  if (number != 0) {
    printer.string("table", " lookup ", names::table(number), "");
    if (table.has(FRA_SUPPRESS_PREFIXLEN) && table.index(FRA_SUPPRESS_PREFIXLEN) != -1) {
      printer.number("suppress_prefixlen", " suppress_prefixlength ", table.index(FRA_SUPPRESS_PREFIXLEN), "");
    }
    if (table.has(FRA_SUPPRESS_IFGROUP) && table.index(FRA_SUPPRESS_IFGROUP) != -1) {
      printer.string("suppress_ifgroup", " suppress_ifgroup ", names::group(table.u32(FRA_SUPPRESS_IFGROUP)), "");
    }
  }
  if (table.has(FRA_FLOW)) {
    const std::uint32_t realms = table.u32(FRA_FLOW);
    if (realms >> 16U != 0) printer.string("flow_from", " realms ", names::realm(realms >> 16U), "/");
    printer.string("flow_to", realms >> 16U != 0 ? "" : " realms ", names::realm(realms & 0xFFFFU), "");
  }
  if (header.action == FR_ACT_GOTO) {
    table.has(FRA_GOTO) ? printer.number("goto", " goto ", table.u32(FRA_GOTO), "")
                        : printer.string("goto", " goto ", "none", "");
    if ((header.flags & FIB_RULE_UNRESOLVED) != 0) printer.null("unresolved", " [unresolved]");
  } else if (header.action == FR_ACT_NOP) {
    printer.null("nop", " nop");
  } else if (header.action != FR_ACT_TO_TBL) {
    printer.string("action", " ", route_type_text(header.action), "");
  }
  if (table.has(FRA_PROTOCOL)) {
    const std::uint8_t protocol = table.u8(FRA_PROTOCOL);
    if ((protocol != 0 && protocol != RTPROT_KERNEL) || details) {
      printer.string("protocol", " proto ", names::protocol(protocol), "");
    }
  }
}

}  // namespace

void print_rule(Session& session, const MessageView& message) {
  const auto header = message.family_header<fib_rule_hdr>().value_or(fib_rule_hdr{});
  const RuleTable table{message.attributes<fib_rule_hdr>()};
  Printer& printer = session.printer();
  printer.open_object();
  if (message.type() == RTM_DELRULE) printer.flag("deleted", "Deleted ");
  printer.number("priority", "", table.u32(FRA_PRIORITY), ":\t");
  print_selector(printer, header, table);
  print_packet(printer, table);
  print_action(printer, header, table, session.options().details > 0);
  printer.text("\n");
  printer.close_object();
}

namespace {

Messages list_rules(Session& session, int family) {
  Messages rules;
  fib_rule_hdr header{};
  header.family = static_cast<unsigned char>(family);
  Request request{RTM_GETRULE, NLM_F_DUMP, header};
  session.list(request, rules, status_usage);
  return rules;
}

int show_rules(Session& session, const RuleFilter& filter) {
  const Messages rules = list_rules(session, filter.family);
  session.printer().open_document();
  for (const MessageView rule : rules) {
    if (rule_passes(rule, filter)) print_rule(session, rule);
  }
  session.printer().close_document();
  session.flush();
  return 0;
}

/// The kernel's own rule of priority 0 stays.
int flush_rules(Session& session, const RuleFilter& filter) {
  const Messages rules = list_rules(session, filter.family);
  for (const MessageView rule : rules) {
    const RuleTable table{rule.attributes<fib_rule_hdr>()};
    if (!table.has(FRA_PRIORITY) || !rule_passes(rule, filter)) continue;
    if (filter.protocol && table.has(FRA_PROTOCOL) && *filter.protocol != table.u8(FRA_PROTOCOL)) continue;
    Request removal = Request::again(rule, RTM_DELRULE);
    const auto outcome = session.connection().execute(removal);
    if (!outcome.ok()) fail(refusal(outcome) + "\nDump terminated", status_usage);
  }
  return 0;
}

class RuleSelectors {
 public:
  explicit RuleSelectors(RuleFilter& filter) : filter_{filter} {}

  /// In the order of `ip`, which decides what an abbreviation stands for.
  void take(Words& words) {
    if (!take_rule(words) && !take_packet(words) && !take_way(words)) take_destination(words);
  }

 private:
  bool take_rule(Words& words) {
    if (words.accept_short("preference") || words.accept_short("order") || words.accept_short("priority")) {
      filter_.preference = words.take_u32("preference value is invalid\n");
    } else if (words.accept("not")) {
      filter_.inverted = true;
    } else if (words.accept("tos") || words.accept("dsfield")) {
      const std::string_view word = words.take();
      const auto tos = names::read_dsfield(word);
      if (!tos) refuse(word, "TOS value is invalid\n");
      filter_.tos = static_cast<std::uint8_t>(*tos);
    } else if (words.accept("fwmark")) {
      filter_.mark = take_rule_mark(words);
    } else if (words.accept("dev") || words.accept("iif")) {
      filter_.input = take_rule_interface(words, R"("iif"/"dev" not a valid ifname)");
    } else if (words.accept("oif")) {
      filter_.output = take_rule_interface(words, R"("oif" not a valid ifname)");
    } else if (words.accept("l3mdev")) {
      filter_.l3mdev = true;
    } else {
      return false;
    }
    return true;
  }

  bool take_packet(Words& words) {
    if (words.accept("uidrange")) {
      const std::string_view word = words.take();
      filter_.users = read_rule_range(word, UINT32_MAX, false);
      if (!filter_.users) refuse(word, "invalid UID range\n");
    } else if (words.accept_short("tun_id")) {
      filter_.tunnel = words.take_number(UINT64_MAX, "\"tun_id\" value is invalid\n");
    } else if (words.accept("ipproto")) {
      filter_.ip_protocol = take_ip_protocol(words);
    } else if (words.accept("sport")) {
      filter_.source_ports = take_ports(words, "invalid port range\n");
    } else if (words.accept("dport")) {
      filter_.destination_ports = take_ports(words, "invalid dport range\n");
    } else {
      return false;
    }
    return true;
  }

  static RuleRange take_ports(Words& words, std::string_view complaint) {
    const std::string_view word = words.take();
    const auto ports = read_rule_range(word, UINT16_MAX, true);
    if (!ports) refuse(word, complaint);
    return *ports;
  }

  bool take_way(Words& words) {
    if (words.accept_short("lookup") || words.accept_short("table")) {
      const std::string_view word = words.take();
      const auto table = names::read_table(word);
      if (!table) refuse(word, "table id value is invalid\n");
      filter_.table = *table;
    } else if (words.accept_short("from") || words.accept_short("src")) {
      filter_.source = take_prefix(words, filter_.family);
    } else if (words.accept_short("protocol")) {
      const std::string_view word = words.take();
      const auto protocol = names::read_protocol(word);
      if (!protocol && word != "all") refuse(word, "invalid \"protocol\"\n");
      filter_.protocol = protocol ? std::optional{static_cast<std::uint8_t>(*protocol)} : std::nullopt;
    } else {
      return false;
    }
    return true;
  }

  void take_destination(Words& words) {
    if (!words.accept_short("dst")) words.accept_short("to");
    filter_.destination = take_prefix(words, filter_.family);
  }

  RuleFilter& filter_;
};

}  // namespace

Command parse_rule_show(Words words, const Options& options, bool flush) {
  RuleFilter filter{.family = options.family == AF_UNSPEC ? AF_INET : options.family};
  RuleSelectors selectors{filter};
  while (!words.empty()) selectors.take(words);
  return {.action = [filter, flush](Session& session) {
    return flush ? flush_rules(session, filter) : show_rules(session, filter);
  }};
}

}  // namespace netherd::ip
