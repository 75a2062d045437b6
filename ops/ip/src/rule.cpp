#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <netdb.h>

#include <array>
#include <cstdio>
#include <optional>

#include "attributes.hpp"
#include "names.hpp"
#include "netherd/ip/inet.hpp"
#include "object_printers.hpp"
#include "objects.hpp"
#include "route_types.hpp"
#include "session.hpp"
#include "usage.hpp"

namespace netherd::ip {

namespace {

using engine::MessageView;
using RuleTable = AttributeTable<FRA_MAX>;

struct Range {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
};

/// "A-B", or "A" alone where that may be.
std::optional<Range> read_range(std::string_view word, std::uint64_t most, bool single) {
  Range range;
  const std::size_t dash = word.find('-');
  if (dash == std::string_view::npos && !single) return {};
  if (!read_number(word.substr(0, dash), most, range.first)) return {};
  const std::string_view last = dash == std::string_view::npos ? word : word.substr(dash + 1);
  return read_number(last, most, range.last) ? std::optional{range} : std::nullopt;
}

class RuleParser {
 public:
  RuleParser(Request& request, bool adding) : request_{request}, adding_{adding} {}

  void parse(Words& words) {
    while (!words.empty()) {
      if (take_selector(words) || take_packet(words) || take_rest(words)) continue;
      take_action(words);
    }
    if (l3mdev_ && has_table_) fail("table can not be specified for l3mdev rules");
    if (header().family == AF_UNSPEC) header().family = AF_INET;
    if (!has_table_ && !l3mdev_ && adding_) header().table = RT_TABLE_MAIN;
  }

 private:
  [[nodiscard]] fib_rule_hdr& header() { return request_.header<fib_rule_hdr>(); }

  void put_prefix(Words& words, int attribute, unsigned char& length) {
    const Inet prefix = take_prefix(words, header().family);
    if (header().family == AF_UNSPEC) header().family = static_cast<unsigned char>(prefix.family);
    length = static_cast<unsigned char>(prefix.bits);
    if (prefix.size > 0) request_.put(attribute, prefix.bytes());
  }

  bool take_selector(Words& words) {
    if (words.accept("not")) {
      header().flags |= FIB_RULE_INVERT;
    } else if (words.accept("from")) {
      unsigned char length = 0;
      put_prefix(words, FRA_SRC, length);
      header().src_len = length;
    } else if (words.accept("to")) {
      unsigned char length = 0;
      put_prefix(words, FRA_DST, length);
      header().dst_len = length;
    } else if (words.accept_short("preference") || words.accept_short("order") || words.accept_short("priority")) {
      request_.put_u32(FRA_PRIORITY, words.take_u32("preference value is invalid\n"));
    } else if (words.accept("tos") || words.accept_short("dsfield")) {
      const std::string_view word = words.take();
      const auto tos = names::read_dsfield(word);
      if (!tos) refuse(word, "TOS value is invalid\n");
      header().tos = static_cast<unsigned char>(*tos);
    } else {
      return false;
    }
    return true;
  }

  bool take_packet(Words& words) {
    if (words.accept("fwmark")) {
      take_mark(words);
    } else if (words.accept("dev") || words.accept("iif")) {
      put_name(words, FRA_IIFNAME, "iif");
    } else if (words.accept("oif")) {
      put_name(words, FRA_OIFNAME, "oif");
    } else if (words.accept("l3mdev")) {
      request_.put_u8(FRA_L3MDEV, 1);
      l3mdev_ = true;
    } else if (words.accept("uidrange")) {
      const std::string_view word = words.take();
      const auto range = read_range(word, UINT32_MAX, false);
      if (!range) refuse(word, "invalid UID range\n");
      request_.put_value(FRA_UID_RANGE, fib_rule_uid_range{static_cast<std::uint32_t>(range->first),
                                                           static_cast<std::uint32_t>(range->last)});
    } else if (words.accept("ipproto")) {
      request_.put_u8(FRA_IP_PROTO, take_ip_protocol(words));
    } else if (words.accept("sport")) {
      put_ports(words, FRA_SPORT_RANGE, "sport");
    } else if (words.accept("dport")) {
      put_ports(words, FRA_DPORT_RANGE, "dport");
    } else if (words.accept_short("tun_id")) {
      const std::uint64_t id = words.take_number(UINT64_MAX, "\"tun_id\" value is invalid\n");
      request_.put_value(FRA_TUN_ID, __builtin_bswap64(id));
    } else {
      return false;
    }
    return true;
  }

  void take_mark(Words& words) {
    const std::string_view word = words.take();
    const std::size_t slash = word.find('/');
    std::uint64_t mark = 0;
    std::uint64_t mask = 0;
    if (!read_number(word.substr(0, slash), UINT32_MAX, mark)) refuse(word, "fwmark value is invalid\n");
    request_.put_u32(FRA_FWMARK, static_cast<std::uint32_t>(mark));
    if (slash == std::string_view::npos) return;
    if (!read_number(word.substr(slash + 1), UINT32_MAX, mask)) refuse(word, "fwmask value is invalid\n");
    request_.put_u32(FRA_FWMASK, static_cast<std::uint32_t>(mask));
  }

  void put_name(Words& words, int attribute, std::string_view keyword) {
    const std::string_view name = words.take();
    if (name.empty() || name.size() >= 16 || name.find('/') != std::string_view::npos) {
      refuse(name, '"' + std::string{keyword} + "\" not a valid ifname");
    }
    request_.put_string(attribute, name);
  }

  void put_ports(Words& words, int attribute, std::string_view keyword) {
    const std::string_view word = words.take();
    const auto range = read_range(word, UINT16_MAX, true);
    if (!range) refuse(word, "invalid " + std::string{keyword} + " range\n");
    request_.put_value(attribute, fib_rule_port_range{static_cast<std::uint16_t>(range->first),
                                                      static_cast<std::uint16_t>(range->last)});
  }

  bool take_rest(Words& words) {
    if (words.accept_short("realms")) {
      const std::string_view word = words.take();
      const auto realms = names::read_realms(word);
      if (!realms) refuse(word, "invalid realms\n");
      request_.put_u32(FRA_FLOW, *realms);
    } else if (words.accept_short("protocol")) {
      const std::string_view word = words.take();
      const auto protocol = names::read_protocol(word);
      if (!protocol) refuse(word, "\"protocol\" value is invalid\n");
      request_.put_u8(FRA_PROTOCOL, static_cast<std::uint8_t>(*protocol));
    } else if (words.accept_short("table") || words.accept("lookup")) {
      const std::string_view word = words.take();
      const auto table = names::read_table(word);
      if (!table) refuse(word, "invalid table ID\n");
      header().table = *table < 256 ? static_cast<unsigned char>(*table) : static_cast<unsigned char>(RT_TABLE_UNSPEC);
      if (*table >= 256) request_.put_u32(FRA_TABLE, *table);
      has_table_ = true;
    } else if (words.accept_short("suppress_prefixlength") || words.accept("sup_pl")) {
      request_.put_u32(FRA_SUPPRESS_PREFIXLEN, static_cast<std::uint32_t>(words.take_number(
                                                   INT32_MAX, "suppress_prefixlength value is invalid\n")));
    } else if (words.accept_short("suppress_ifgroup") || words.accept("sup_group")) {
      const std::string_view word = words.take();
      const auto group = names::read_group(word);
      if (!group) refuse(word, "Invalid \"suppress_ifgroup\" value\n");
      request_.put_u32(FRA_SUPPRESS_IFGROUP, *group);
    } else {
      return false;
    }
    return true;
  }

  void take_action(Words& words) {
    words.accept("type");
    if (words.accept_short("goto")) {
      header().action = FR_ACT_GOTO;
      request_.put_u32(FRA_GOTO, words.take_u32("invalid target\n"));
    } else if (words.accept_short("nop")) {
      header().action = FR_ACT_NOP;
    } else {
      if (words.abbreviates("help")) fail_with_usage(usage::rule);
      const std::string_view word = words.take();
      const auto type = read_route_type(word);
      if (!type) refuse(word, "Failed to parse rule type");
      header().action = *type;
    }
    has_table_ = true;
  }

  Request& request_;
  bool adding_;
  bool has_table_ = false;
  bool l3mdev_ = false;
};

Command modify(Words words, const Options& options, bool adding) {
  fib_rule_hdr header{};
  header.family = static_cast<unsigned char>(options.family);
  header.action = adding ? FR_ACT_TO_TBL : FR_ACT_UNSPEC;
  if (adding && words.empty()) fail("\"ip rule add\" requires arguments.");
  Request request{adding ? std::uint16_t{RTM_NEWRULE} : std::uint16_t{RTM_DELRULE},
                  adding ? std::uint16_t{NLM_F_CREATE | NLM_F_EXCL} : std::uint16_t{0}, header};
  // `ip` marks rules that it adds as made by hand, unless told otherwise.
  RuleParser{request, adding}.parse(words);
  return {.request = std::move(request)};
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
  const std::uint32_t number = table.has(FRA_TABLE) ? table.u32(FRA_TABLE) : header.table;
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

int show_rules(Session& session, int family, const std::optional<std::uint32_t>& table) {
  Messages rules;
  fib_rule_hdr header{};
  header.family = static_cast<unsigned char>(family);
  Request request{RTM_GETRULE, NLM_F_DUMP, header};
  session.list(request, rules);
  session.printer().open_document();
  for (const MessageView rule : rules) {
    const RuleTable attributes{rule.attributes<fib_rule_hdr>()};
    const auto facts = rule.family_header<fib_rule_hdr>().value_or(fib_rule_hdr{});
    const std::uint32_t number = attributes.has(FRA_TABLE) ? attributes.u32(FRA_TABLE) : facts.table;
    if (!table || *table == number) print_rule(session, rule);
  }
  session.printer().close_document();
  session.flush();
  return 0;
}

/// All rules but the kernel's own of priority 0.
int flush_rules(Session& session, int family) {
  Messages rules;
  fib_rule_hdr header{};
  header.family = static_cast<unsigned char>(family);
  Request request{RTM_GETRULE, NLM_F_DUMP, header};
  session.list(request, rules);
  for (const MessageView rule : rules) {
    const RuleTable table{rule.attributes<fib_rule_hdr>()};
    if (!table.has(FRA_PRIORITY)) continue;
    Request removal = Request::again(rule, RTM_DELRULE);
    session.execute(removal);
  }
  return 0;
}

Command show(Words words, const Options& options, bool flush) {
  const int family = options.family == AF_UNSPEC ? AF_INET : options.family;
  std::optional<std::uint32_t> table;
  while (!words.empty()) {
    if (words.abbreviates("help")) fail_with_usage(usage::rule);
    if (!flush && (words.accept_short("table") || words.accept("lookup"))) {
      const std::string_view word = words.take();
      table = names::read_table(word);
      if (!table && word != "all") refuse(word, "invalid table id\n");
    } else {
      fail('"' + std::string{words.peek()} + "\" is not supported by netherd as a selector of rules.", status_usage);
    }
  }
  return {.action = [family, table, flush](Session& session) {
    return flush ? flush_rules(session, family) : show_rules(session, family, table);
  }};
}

}  // namespace

std::uint8_t take_ip_protocol(Words& words) {
  const std::string_view word = words.take();
  std::uint64_t number = 0;
  if (read_number(word, UINT8_MAX, number)) return static_cast<std::uint8_t>(number);
  const protoent* protocol = ::getprotobyname(std::string{word}.c_str());
  if (protocol == nullptr) refuse(word, "Invalid \"ipproto\" value\n");
  return static_cast<std::uint8_t>(protocol->p_proto);
}

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

Command parse_rule(Words words, const Options& options, Environment&) {
  if (words.empty()) return show(words, options, false);
  if (words.accept_short("list") || words.accept_short("lst") || words.accept_short("show"))
    return show(words, options, false);
  if (words.accept_short("add")) return modify(words, options, true);
  if (words.accept_short("delete")) return modify(words, options, false);
  if (words.accept_short("flush")) return show(words, options, true);
  if (words.abbreviates("help")) fail_with_usage(usage::rule);
  fail_unknown_command(words.peek(), "rule");
}

}  // namespace netherd::ip
