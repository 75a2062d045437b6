#include <linux/fib_rules.h>
#include <linux/if.h>
#include <linux/rtnetlink.h>
#include <netdb.h>

#include <cstdio>
#include <optional>

#include "names.hpp"
#include "netherd/ip/inet.hpp"
#include "objects.hpp"
#include "route_types.hpp"
#include "rule_show.hpp"
#include "rule_words.hpp"
#include "usage.hpp"

namespace netherd::ip {

namespace {

class RuleParser {
 public:
  RuleParser(Request& request, bool adding) : request_{request}, adding_{adding} {}

  void parse(Words& words) {
    while (!words.empty()) {
      if (take_selector(words) || take_packet(words) || take_rest(words)) continue;
      take_action(words);
    }
    if (l3mdev_ && table_ != 0) fail("table can not be specified for l3mdev rules", status_invalid);
    if (header().family == AF_UNSPEC) header().family = AF_INET;
    if (!has_table_ && !l3mdev_ && adding_) header().table = RT_TABLE_MAIN;
  }

 private:
  [[nodiscard]] fib_rule_hdr& header() { return request_.header<fib_rule_hdr>(); }

  void put_prefix(Words& words, int attribute, unsigned char& length) {
    const Inet prefix = take_prefix(words, header().family);
    if (header().family == AF_UNSPEC) header().family = static_cast<unsigned char>(prefix.family);
    length = static_cast<unsigned char>(prefix.bits);
    request_.put(attribute, prefix.bytes());
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
      request_.put_string(FRA_IIFNAME, take_rule_interface(words, "\"iif\" not a valid ifname"));
    } else if (words.accept("oif")) {
      request_.put_string(FRA_OIFNAME, take_rule_interface(words, "\"oif\" not a valid ifname"));
    } else if (words.accept("l3mdev")) {
      request_.put_u8(FRA_L3MDEV, 1);
      l3mdev_ = true;
    } else if (words.accept("uidrange")) {
      const std::string_view word = words.take();
      const auto range = read_rule_range(word, UINT32_MAX, false);
      if (!range) refuse(word, "invalid UID range\n");
      request_.put_value(FRA_UID_RANGE, fib_rule_uid_range{static_cast<std::uint32_t>(range->first),
                                                           static_cast<std::uint32_t>(range->last)});
    } else if (words.accept("nat") || words.accept_short("map-to")) {
      std::fputs("Warning: route NAT is deprecated\n", stderr);
      request_.put(RTA_GATEWAY, take_address(words, AF_INET).bytes());
      header().action = RTN_NAT;
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
    const RuleMark mark = take_rule_mark(words);
    request_.put_u32(FRA_FWMARK, mark.mark);
    if (mark.mask) request_.put_u32(FRA_FWMASK, *mark.mask);
  }

  void put_ports(Words& words, int attribute, std::string_view keyword) {
    const std::string_view word = words.take();
    const auto range = read_rule_range(word, UINT16_MAX, true);
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
      table_ = *table;
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
    if (words.accept("type") && words.empty()) words.take();
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
  std::uint32_t table_ = 0;
  bool has_table_ = false;
  bool l3mdev_ = false;
};

Command modify(Words words, const Options& options, bool adding) {
  fib_rule_hdr header{};
  header.family = static_cast<unsigned char>(options.family);
  header.action = adding ? FR_ACT_TO_TBL : FR_ACT_UNSPEC;
  // Without a selector the kernel would delete the first rule, which is that of the table "local".
  if (words.empty()) fail("\"ip rule " + std::string{adding ? "add" : "del"} + "\" requires arguments.");
  Request request{adding ? std::uint16_t{RTM_NEWRULE} : std::uint16_t{RTM_DELRULE},
                  adding ? std::uint16_t{NLM_F_CREATE | NLM_F_EXCL} : std::uint16_t{0}, header};
  RuleParser{request, adding}.parse(words);
  return {.request = std::move(request)};
}

}  // namespace

std::optional<RuleRange> read_rule_range(std::string_view word, std::uint64_t most, bool single) {
  RuleRange range;
  const std::size_t dash = word.find('-');
  if (dash == std::string_view::npos && !single) return {};
  if (!read_number(word.substr(0, dash), most, range.first)) return {};
  const std::string_view last = dash == std::string_view::npos ? word : word.substr(dash + 1);
  return read_number(last, most, range.last) ? std::optional{range} : std::nullopt;
}

RuleMark take_rule_mark(Words& words) {
  const std::string_view word = words.take();
  const std::size_t slash = word.find('/');
  std::uint64_t mark = 0;
  std::uint64_t mask = 0;
  if (!read_number(word.substr(0, slash), UINT32_MAX, mark)) refuse(word, "fwmark value is invalid\n");
  if (slash == std::string_view::npos) return {static_cast<std::uint32_t>(mark), {}};
  const std::string_view mask_word = word.substr(slash + 1);
  if (!read_number(mask_word, UINT32_MAX, mask)) refuse(mask_word, "fwmask value is invalid\n");
  return {static_cast<std::uint32_t>(mark), static_cast<std::uint32_t>(mask)};
}

std::string_view take_rule_interface(Words& words, std::string_view complaint) {
  const std::string_view name = words.take();
  if (name.empty() || name.size() >= IFNAMSIZ || name.find_first_of("/ \t\n\v\f\r") != std::string_view::npos) {
    refuse(name, complaint);
  }
  return name;
}

std::uint8_t take_ip_protocol(Words& words) {
  const std::string_view word = words.take();
  std::uint64_t number = 0;
  if (read_number(word, UINT8_MAX, number)) return static_cast<std::uint8_t>(number);
  const protoent* protocol = ::getprotobyname(std::string{word}.c_str());
  if (protocol == nullptr) refuse(word, "Invalid \"ipproto\" value\n");
  return static_cast<std::uint8_t>(protocol->p_proto);
}

Command parse_rule(Words words, const Options& options, Environment&) {
  if (words.empty()) return parse_rule_show(words, options, false);
  if (words.accept_short("list") || words.accept_short("lst") || words.accept_short("show"))
    return parse_rule_show(words, options, false);
  if (words.accept_short("add")) return modify(words, options, true);
  if (words.accept_short("delete")) return modify(words, options, false);
  if (words.accept_short("flush")) return parse_rule_show(words, options, true);
  if (words.abbreviates("help")) fail_with_usage(usage::rule);
  fail_unknown_command(words.peek(), "rule");
}

}  // namespace netherd::ip
