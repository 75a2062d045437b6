#include <arpa/inet.h>
#include <linux/if_link.h>

#include <algorithm>
#include <array>
#include <bitset>

#include "../attributes.hpp"
#include "../kind.hpp"
#include "../names.hpp"
#include "../objects.hpp"
#include "netherd/ip/inet.hpp"

namespace netherd::ip {

namespace {

constexpr std::uint32_t most_vni = (1U << 24U) - 1;
constexpr std::uint32_t most_label = (1U << 20U) - 1;
constexpr std::uint16_t gpe_port = 4790;
/// IFLA_VXLAN_VNIFILTER, Linux 5.18.
constexpr int vnifilter_attribute = 30;

/// Settings that are on or, with "no" before them, off.
struct Switch {
  std::string_view keyword;
  int attribute;
};
constexpr std::array switches{Switch{"proxy", IFLA_VXLAN_PROXY},
                              Switch{"rsc", IFLA_VXLAN_RSC},
                              Switch{"l2miss", IFLA_VXLAN_L2MISS},
                              Switch{"l3miss", IFLA_VXLAN_L3MISS},
                              Switch{"udpcsum", IFLA_VXLAN_UDP_CSUM},
                              Switch{"udp6zerocsumtx", IFLA_VXLAN_UDP_ZERO_CSUM6_TX},
                              Switch{"udp6zerocsumrx", IFLA_VXLAN_UDP_ZERO_CSUM6_RX},
                              Switch{"remcsumtx", IFLA_VXLAN_REMCSUM_TX},
                              Switch{"remcsumrx", IFLA_VXLAN_REMCSUM_RX}};

class Parser {
 public:
  Parser(Words& words, KindContext& context) : words_{words}, context_{context}, request_{context.request} {}

  void parse() {
    while (!words_.empty()) {
      if (take_ends() || take_header() || take_ports() || take_table() || take_switch()) continue;
      fail_unknown_setting(words_, context_);
    }
    finish();
  }

 private:
  /// A setting may be mentioned once.
  void once(int attribute, std::string_view keyword) {
    const auto bit = static_cast<std::size_t>(attribute);
    if (seen_.test(bit)) refuse_garbage(keyword, words_.empty() ? keyword : words_.peek());
    seen_.set(bit);
  }
  [[nodiscard]] bool seen(int attribute) const { return seen_.test(static_cast<std::size_t>(attribute)); }

  bool take_ends() {
    if (words_.accept_short("id") || words_.accept_short("vni")) {
      once(IFLA_VXLAN_ID, "id");
      vni_ = static_cast<std::uint32_t>(words_.take_number(most_vni, "invalid id"));
    } else if (words_.accept_short("group")) {
      take_destination("group", true);
    } else if (words_.accept_short("remote")) {
      take_destination("remote", false);
    } else if (words_.accept_short("local")) {
      once(IFLA_VXLAN_LOCAL, "local");
      const std::string_view word = words_.take();
      local_ = address_from(word, remote_.family);
      if (is_any_address(word) || local_.is_multicast()) refuse(word, "invalid local address");
    } else if (words_.accept_short("dev")) {
      once(IFLA_VXLAN_LINK, "dev");
      request_.put_value(IFLA_VXLAN_LINK, take_lower_device(words_, context_.environment));
    } else {
      return false;
    }
    return true;
  }

  void take_destination(std::string_view keyword, bool multicast) {
    if (remote_.family != AF_UNSPEC && remote_.is_multicast() != multicast) {
      fail("vxlan: both group and remote cannot be specified");
    }
    once(IFLA_VXLAN_GROUP, keyword);
    const std::string_view word = words_.take();
    remote_ = address_from(word, local_.family);
    if (is_any_address(word) || remote_.is_multicast() != multicast)
      refuse(word, "invalid " + std::string{keyword} + " address");
  }

  bool take_header() {
    if (words_.accept_short("ttl") || words_.accept_short("hoplimit")) {
      once(IFLA_VXLAN_TTL, "ttl");
      if (words_.accept("inherit")) {
        request_.put_flag(IFLA_VXLAN_TTL_INHERIT);
      } else {
        request_.put_u8(IFLA_VXLAN_TTL, words_.accept("auto") ? std::uint8_t{0} : words_.take_u8("TTL must be <= 255"));
      }
    } else if (words_.accept_short("tos") || words_.accept_short("dsfield")) {
      once(IFLA_VXLAN_TOS, "tos");
      const std::string_view word = words_.take();
      const auto tos = word == "inherit" ? std::optional{1U} : names::read_dsfield(word);
      if (!tos) refuse(word, "bad TOS value");
      request_.put_u8(IFLA_VXLAN_TOS, static_cast<std::uint8_t>(*tos));
    } else if (words_.accept_short("df")) {
      once(IFLA_VXLAN_DF, "df");
      const std::string_view word = words_.take();
      if (word != "unset" && word != "set" && word != "inherit") refuse(word, "DF must be 'unset', 'set' or 'inherit'");
      request_.put_u8(IFLA_VXLAN_DF, word == "unset" ? VXLAN_DF_UNSET
                                     : word == "set" ? VXLAN_DF_SET
                                                     : VXLAN_DF_INHERIT);
    } else if (words_.accept_short("label") || words_.accept_short("flowlabel")) {
      once(IFLA_VXLAN_LABEL, "flowlabel");
      const auto label = static_cast<std::uint32_t>(words_.take_number(most_label, "invalid flowlabel"));
      request_.put_u32(IFLA_VXLAN_LABEL, htonl(label));
    } else {
      return false;
    }
    return true;
  }

  bool take_ports() {
    if (words_.accept_short("port") || words_.accept_short("srcport")) {
      once(IFLA_VXLAN_PORT_RANGE, "srcport");
      ifla_vxlan_port_range range{};
      range.low = htons(words_.take_u16("min port"));
      range.high = htons(words_.take_u16("max port"));
      if (range.low != 0 || range.high != 0) request_.put_value(IFLA_VXLAN_PORT_RANGE, range);
    } else if (words_.accept_short("dstport")) {
      once(IFLA_VXLAN_PORT, "dstport");
      port_ = words_.take_u16("dst port");
    } else {
      return false;
    }
    return true;
  }

  bool take_table() {
    if (words_.accept_short("ageing")) {
      once(IFLA_VXLAN_AGEING, "ageing");
      request_.put_u32(IFLA_VXLAN_AGEING, words_.accept("none") ? 0 : words_.take_u32("ageing timer"));
    } else if (words_.accept_short("maxaddress")) {
      once(IFLA_VXLAN_LIMIT, "maxaddress");
      request_.put_u32(IFLA_VXLAN_LIMIT, words_.accept("unlimited") ? 0 : words_.take_u32("max addresses"));
    } else if (words_.accept_short("nolearning")) {
      once(IFLA_VXLAN_LEARNING, "nolearning");
      learning_ = false;
    } else if (words_.accept_short("learning")) {
      once(IFLA_VXLAN_LEARNING, "learning");
      learning_ = true;
    } else if (words_.abbreviates("external") || words_.abbreviates("noexternal")) {
      external_ = words_.abbreviates("external");
      words_.skip();
      once(IFLA_VXLAN_COLLECT_METADATA, "external");
      if (external_) learning_ = false;
      request_.put_u8(IFLA_VXLAN_COLLECT_METADATA, external_ ? 1 : 0);
    } else {
      return false;
    }
    return true;
  }

  bool take_switch() {
    if (words_.accept_short("gbp")) {
      once(IFLA_VXLAN_GBP, "gbp");
      request_.put_flag(IFLA_VXLAN_GBP);
      return true;
    }
    if (words_.accept_short("gpe")) {
      once(IFLA_VXLAN_GPE, "gpe");
      request_.put_flag(IFLA_VXLAN_GPE);
      return true;
    }
    if (words_.is("vnifilter") || words_.is("novnifilter")) {
      filters_ = words_.take() == "vnifilter";
      once(vnifilter_attribute, filters_ ? "vnifilter" : "novnifilter");
      request_.put_u8(vnifilter_attribute, filters_ ? 1 : 0);
      return true;
    }
    for (const auto& [keyword, attribute] : switches) {
      const std::string off = "no" + std::string{keyword};
      const bool on = words_.abbreviates(keyword);
      if (!on && !words_.abbreviates(off)) continue;
      words_.skip();
      once(attribute, keyword);
      request_.put_u8(attribute, on ? 1 : 0);
      return true;
    }
    return false;
  }

  void put_end(const Inet& end, int ipv4, int ipv6) {
    if (end.family != AF_UNSPEC) request_.put(end.family == AF_INET ? ipv4 : ipv6, end.bytes());
  }

  void finish() {
    const bool changing = context_.index != 0;
    if (filters_ && !external_) fail("vxlan: vnifilter is valid only when 'external' is set");
    if (external_ && seen(IFLA_VXLAN_ID)) fail("vxlan: both 'external' and vni cannot be specified");
    if (!external_ && !seen(IFLA_VXLAN_ID) && !changing) fail("vxlan: missing virtual network identifier");
    if (remote_.is_multicast() && !seen(IFLA_VXLAN_LINK)) fail("vxlan: 'group' requires 'dev' to be specified");
    if (!seen(IFLA_VXLAN_PORT) && seen(IFLA_VXLAN_GPE)) port_ = gpe_port;
    if (seen(IFLA_VXLAN_ID)) request_.put_u32(IFLA_VXLAN_ID, vni_);
    put_end(local_, IFLA_VXLAN_LOCAL, IFLA_VXLAN_LOCAL6);
    put_end(remote_, IFLA_VXLAN_GROUP, IFLA_VXLAN_GROUP6);
    if (local_.family == AF_UNSPEC && remote_.family == AF_UNSPEC && context_.options.family != AF_UNSPEC) {
      put_end(address_from("default", context_.options.family), IFLA_VXLAN_GROUP, IFLA_VXLAN_GROUP6);
    }
    if (!changing || seen(IFLA_VXLAN_LEARNING)) request_.put_u8(IFLA_VXLAN_LEARNING, learning_ ? 1 : 0);
    if (port_ != 0) request_.put_u16(IFLA_VXLAN_PORT, htons(port_));
  }

  Words& words_;
  KindContext& context_;
  Request& request_;
  std::bitset<64> seen_;
  Inet local_;
  Inet remote_;
  std::uint32_t vni_ = 0;
  std::uint16_t port_ = 0;
  bool learning_ = true;
  bool external_ = false;
  bool filters_ = false;
};

void parse_vxlan(Words& words, KindContext& context) { Parser{words, context}.parse(); }

void print_end(Printer& printer, const char* key, std::string_view before, int family,
               std::span<const std::byte> bytes) {
  const bool is_set = std::ranges::any_of(bytes, [](std::byte byte) { return byte != std::byte{0}; });
  if (is_set) printer.string(key, before, address_text(family, bytes));
}

bool is_multicast(int family, std::span<const std::byte> bytes) {
  Inet address{.family = family, .size = bytes.size()};
  std::ranges::copy(bytes.first(std::min<std::size_t>(bytes.size(), 16)), address.data.begin());
  return address.is_multicast();
}

void print_ends(Session& session, const AttributeTable<64>& table) {
  Printer& printer = session.printer();
  if (const auto group = table.bytes(IFLA_VXLAN_GROUP); table.has(IFLA_VXLAN_GROUP)) {
    const bool multicast = is_multicast(AF_INET, group);
    print_end(printer, multicast ? "group" : "remote", multicast ? "group " : "remote ", AF_INET, group);
  } else if (const auto group6 = table.bytes(IFLA_VXLAN_GROUP6); table.has(IFLA_VXLAN_GROUP6)) {
    const bool multicast = is_multicast(AF_INET6, group6);
    print_end(printer, multicast ? "group6" : "remote6", multicast ? "group " : "remote ", AF_INET6, group6);
  }
  if (table.has(IFLA_VXLAN_LOCAL)) {
    print_end(printer, "local", "local ", AF_INET, table.bytes(IFLA_VXLAN_LOCAL));
  } else {
    print_end(printer, "local6", "local ", AF_INET6, table.bytes(IFLA_VXLAN_LOCAL6));
  }
  if (table.index(IFLA_VXLAN_LINK) != 0)
    printer.string("link", "dev ", session.link_name(table.index(IFLA_VXLAN_LINK)));
  if (table.has(IFLA_VXLAN_PORT_RANGE)) {
    const auto range = table.as<ifla_vxlan_port_range>(IFLA_VXLAN_PORT_RANGE);
    printer.open_object("port_range");
    printer.number("low", "srcport ", unsigned{ntohs(range.low)});
    printer.number("high", "", unsigned{ntohs(range.high)});
    printer.close_object();
  }
  if (table.has(IFLA_VXLAN_PORT)) printer.number("port", "dstport ", unsigned{ntohs(table.u16(IFLA_VXLAN_PORT))});
}

void print_header(Printer& printer, const AttributeTable<64>& table) {
  if (const std::uint8_t tos = table.u8(IFLA_VXLAN_TOS); tos == 1 && !printer.json()) {
    printer.text("tos inherit ");
  } else if (tos != 0) {
    printer.hex("tos", "tos ", tos);
  }
  if (table.u8(IFLA_VXLAN_TTL_INHERIT) != 0) {
    printer.text("ttl inherit ");
  } else if (table.has(IFLA_VXLAN_TTL)) {
    const std::uint8_t ttl = table.u8(IFLA_VXLAN_TTL);
    ttl == 0 && !printer.json() ? printer.text("ttl auto ") : printer.number("ttl", "ttl ", unsigned{ttl});
  }
  if (table.has(IFLA_VXLAN_DF)) {
    const std::uint8_t df = table.u8(IFLA_VXLAN_DF);
    if (df == VXLAN_DF_UNSET) printer.json_string("df", "unset");
    if (df == VXLAN_DF_SET) printer.string("df", "df ", "set");
    if (df == VXLAN_DF_INHERIT) printer.string("df", "df ", "inherit");
  }
  if (const std::uint32_t label = ntohl(table.u32(IFLA_VXLAN_LABEL)); label != 0)
    printer.hex("label", "flowlabel ", label);
}

void print_vxlan(Session& session, std::span<const std::byte> data) {
  const AttributeTable<64> table{data};
  Printer& printer = session.printer();
  if (table.u8(IFLA_VXLAN_COLLECT_METADATA) != 0) printer.flag("external", "external ");
  if (table.u8(vnifilter_attribute) != 0) printer.flag("vnifilter", "vnifilter");
  if (table.has(IFLA_VXLAN_ID)) printer.number("id", "id ", table.u32(IFLA_VXLAN_ID));
  print_ends(session, table);
  if (table.has(IFLA_VXLAN_LEARNING)) {
    const bool learning = table.u8(IFLA_VXLAN_LEARNING) != 0;
    printer.json_bool("learning", learning);
    if (!learning) printer.text("nolearning ");
  }
  const auto flag = [&](std::size_t type, const char* key, std::string_view words) {
    if (table.u8(type) != 0) printer.flag(key, words);
  };
  flag(IFLA_VXLAN_PROXY, "proxy", "proxy ");
  flag(IFLA_VXLAN_RSC, "rsc", "rsc ");
  flag(IFLA_VXLAN_L2MISS, "l2miss", "l2miss ");
  flag(IFLA_VXLAN_L3MISS, "l3miss", "l3miss ");
  print_header(printer, table);
  if (const std::uint32_t ageing = table.u32(IFLA_VXLAN_AGEING); table.has(IFLA_VXLAN_AGEING)) {
    ageing == 0 && !printer.json() ? printer.text("ageing none ") : printer.number("ageing", "ageing ", ageing);
  }
  if (table.u32(IFLA_VXLAN_LIMIT) != 0) printer.number("limit", "maxaddr ", table.u32(IFLA_VXLAN_LIMIT));
  const auto yes_no = [&](std::size_t type, const char* key, std::string_view words) {
    if (!table.has(type)) return;
    const bool on = table.u8(type) != 0;
    printer.json_bool(key, on);
    printer.text((on ? "" : "no") + std::string{words} + ' ');
  };
  yes_no(IFLA_VXLAN_UDP_CSUM, "udp_csum", "udpcsum");
  yes_no(IFLA_VXLAN_UDP_ZERO_CSUM6_TX, "udp_zero_csum6_tx", "udp6zerocsumtx");
  yes_no(IFLA_VXLAN_UDP_ZERO_CSUM6_RX, "udp_zero_csum6_rx", "udp6zerocsumrx");
  flag(IFLA_VXLAN_REMCSUM_TX, "remcsum_tx", "remcsumtx ");
  flag(IFLA_VXLAN_REMCSUM_RX, "remcsum_rx", "remcsumrx ");
  if (table.has(IFLA_VXLAN_GBP)) printer.flag("gbp", "gbp ");
  if (table.has(IFLA_VXLAN_GPE)) printer.flag("gpe", "gpe ");
}

constexpr Kind::Usage words{
    "[ { id | vni } NUMBER ] [ { group | remote } ADDRESS ] [ local ADDRESS ] [ dev DEVICE ]",
    "[ ttl { TTL | auto | inherit } ] [ tos { TOS | inherit } ] [ df { unset | set | inherit } ] [ flowlabel NUMBER ]",
    "[ dstport PORT ] [ srcport LEAST MOST ] [ [no]learning ] [ ageing { SECONDS | none } ] "
    "[ maxaddress { NUMBER | unlimited } ]",
    "[ [no]proxy ] [ [no]rsc ] [ [no]l2miss ] [ [no]l3miss ] [ [no]udpcsum ] [ [no]udp6zerocsumtx ] "
    "[ [no]udp6zerocsumrx ] [ [no]remcsumtx ] [ [no]remcsumrx ]",
    "[ [no]external ] [ [no]vnifilter ] [ gbp ] [ gpe ]"};

constexpr std::array kinds{Kind{.name = "vxlan", .parse = parse_vxlan, .print = print_vxlan, .usage = words}};

}  // namespace

constinit const std::span<const Kind> vxlan_kinds{kinds};

}  // namespace netherd::ip
