#include "route_show.hpp"

#include <fcntl.h>
#include <linux/icmpv6.h>
#include <linux/in_route.h>
#include <linux/rtnetlink.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>

#include "attributes.hpp"
#include "names.hpp"
#include "object_printers.hpp"
#include "objects.hpp"
#include "route_types.hpp"
#include "usage.hpp"

namespace netherd::ip {

namespace {

using engine::MessageView;
using RouteTable = AttributeTable<RTA_MAX>;

constexpr std::array<std::string_view, 12> type_words{"none",     "unicast",   "local",     "broadcast",
                                                      "anycast",  "multicast", "blackhole", "unreachable",
                                                      "prohibit", "throw",     "nat",       "xresolve"};

struct FlagName {
  unsigned bit;
  const char* name;
};
constexpr std::array nexthop_flags{FlagName{RTNH_F_DEAD, "dead"},
                                   FlagName{RTNH_F_ONLINK, "onlink"},
                                   FlagName{RTNH_F_PERVASIVE, "pervasive"},
                                   FlagName{RTNH_F_OFFLOAD, "offload"},
                                   FlagName{RTNH_F_TRAP, "trap"},
                                   FlagName{RTM_F_NOTIFY, "notify"},
                                   FlagName{RTNH_F_LINKDOWN, "linkdown"},
                                   FlagName{RTNH_F_UNRESOLVED, "unresolved"},
                                   FlagName{RTM_F_OFFLOAD, "rt_offload"},
                                   FlagName{RTM_F_TRAP, "rt_trap"},
                                   FlagName{RTM_F_OFFLOAD_FAILED, "rt_offload_failed"}};
constexpr std::array cache_flags{FlagName{RTCF_LOCAL, "local"},
                                 FlagName{RTCF_REJECT, "reject"},
                                 FlagName{RTCF_MULTICAST, "mc"},
                                 FlagName{RTCF_BROADCAST, "brd"},
                                 FlagName{RTCF_DNAT, "dst-nat"},
                                 FlagName{RTCF_SNAT, "src-nat"},
                                 FlagName{RTCF_MASQ, "masq"},
                                 FlagName{RTCF_DIRECTDST, "dst-direct"},
                                 FlagName{RTCF_DIRECTSRC, "src-direct"},
                                 FlagName{RTCF_REDIRECTED, "redirected"},
                                 FlagName{RTCF_DOREDIRECT, "redirect"},
                                 FlagName{RTCF_FAST, "fastroute"},
                                 FlagName{RTCF_NOTIFY, "notify"},
                                 FlagName{RTCF_TPROXY, "proxy"}};

constexpr std::array<const char*, RTAX_MAX + 1> metric_names{
    nullptr,    nullptr,   "mtu",      "window",     "rtt",      "rttvar",
    "ssthresh", "cwnd",    "advmss",   "reordering", "hoplimit", "initcwnd",
    "features", "rto_min", "initrwnd", "quickack",   "congctl",  "fastopen_no_cookie"};

Colour colour_of(int family) {
  return family == AF_INET ? Colour::inet : family == AF_INET6 ? Colour::inet6 : Colour::none;
}

std::uint32_t table_of(const rtmsg& header, const RouteTable& table) {
  return table.has(RTA_TABLE) ? table.u32(RTA_TABLE) : header.rtm_table;
}

std::string prefix_text(int family, std::span<const std::byte> address, unsigned length) {
  const std::string text = address_text(family, address);
  return length == static_cast<unsigned>(bits_of_family(family)) ? text : text + '/' + std::to_string(length);
}

Inet inet_of(int family, std::span<const std::byte> bytes) {
  Inet address{.family = family, .size = bytes.size()};
  std::ranges::copy(bytes.first(std::min<std::size_t>(bytes.size(), 16)), address.data.begin());
  return address;
}

/// Whether a prefix of the route lies within `root` and contains `match`, as far as these were asked for.
bool prefix_passes(int family, std::span<const std::byte> bytes, int length, const Inet* root, const Inet* match) {
  const Inet prefix = inet_of(family, bytes);
  if (root != nullptr && root->family != AF_UNSPEC) {
    if (family != root->family || root->bits > length || !prefix.begins_like(*root, root->bits)) return false;
  }
  if (match != nullptr && match->family != AF_UNSPEC) {
    if (family != match->family || match->bits < length || !prefix.begins_like(*match, length)) return false;
  }
  return true;
}

bool passes(const rtmsg& header, const RouteTable& table, const RouteFilter& filter) {
  if (filter.family != AF_UNSPEC && header.rtm_family != filter.family) return false;
  if (!filter.any_cloned && filter.cloned != ((header.rtm_flags & RTM_F_CLONED) != 0)) return false;
  if (filter.table != 0 && filter.table != table_of(header, table)) return false;
  if (filter.protocol && *filter.protocol != header.rtm_protocol) return false;
  if (filter.scope && *filter.scope != header.rtm_scope) return false;
  if (filter.type && *filter.type != header.rtm_type) return false;
  if (filter.tos && *filter.tos != header.rtm_tos) return false;
  if (filter.metric && *filter.metric != table.u32(RTA_PRIORITY)) return false;
  if (filter.mark && *filter.mark != table.u32(RTA_MARK)) return false;
  if (((filter.realms ^ table.u32(RTA_FLOW)) & filter.realms_mask) != 0) return false;
  if (filter.iif != 0 && filter.iif != table.index(RTA_IIF)) return false;
  if (filter.oif != 0 && filter.oif != table.index(RTA_OIF)) return false;
  const int family = header.rtm_family;
  if (filter.via.family != AF_UNSPEC) {
    const auto via = table.has(RTA_VIA)
                         ? table.bytes(RTA_VIA).subspan(std::min<std::size_t>(2, table.bytes(RTA_VIA).size()))
                         : table.bytes(RTA_GATEWAY);
    const int via_family = table.has(RTA_VIA) ? table.u16(RTA_VIA) : family;
    if (via_family != filter.via.family || !inet_of(via_family, via).begins_like(filter.via, filter.via.bits))
      return false;
  }
  if (filter.source.family != AF_UNSPEC) {
    const Inet source = inet_of(family, table.bytes(RTA_PREFSRC));
    if (family != filter.source.family || !source.begins_like(filter.source, filter.source.bits)) return false;
  }
  return prefix_passes(family, table.bytes(RTA_DST), header.rtm_dst_len, filter.has_root ? &filter.root : nullptr,
                       filter.has_match ? &filter.match : nullptr) &&
         prefix_passes(family, table.bytes(RTA_SRC), header.rtm_src_len,
                       filter.has_from_root ? &filter.from_root : nullptr,
                       filter.has_from_match ? &filter.from_match : nullptr);
}

void print_destination(Printer& printer, const rtmsg& header, const RouteTable& table) {
  const int family = header.rtm_family;
  std::string destination = "default";
  if (table.has(RTA_DST)) {
    destination = prefix_text(family, table.bytes(RTA_DST), header.rtm_dst_len);
  } else if (header.rtm_dst_len != 0) {
    destination = "0/" + std::to_string(header.rtm_dst_len) + ' ';
  }
  printer.string("dst", "", destination, " ", table.has(RTA_DST) ? colour_of(family) : Colour::none);
  if (table.has(RTA_SRC)) {
    printer.string("from", "from ", prefix_text(family, table.bytes(RTA_SRC), header.rtm_src_len), " ",
                   colour_of(family));
  } else if (header.rtm_src_len != 0) {
    printer.string("src", "from ", "0/" + std::to_string(header.rtm_src_len));
  }
}

void print_via(Printer& printer, const RouteTable& table) {
  const int family = table.u16(RTA_VIA);
  const auto bytes = table.bytes(RTA_VIA);
  const std::string host = address_text(family, bytes.subspan(std::min<std::size_t>(2, bytes.size())));
  printer.open_object("via");
  printer.string("family", "via ", family_name(family));
  printer.string("host", "", host, " ", colour_of(family));
  printer.close_object();
}

void print_flow(Printer& printer, std::uint32_t realms) {
  const std::uint32_t from = realms >> 16U;
  printer.open_object("flow");
  printer.text(from != 0 ? "realms " : "realm ");
  if (from != 0) printer.string("from", "", names::realm(from), "/");
  printer.string("to", "", names::realm(realms & 0xFFFFU));
  printer.close_object();
}

void print_new_destination(Printer& printer, int family, std::span<const std::byte> address) {
  printer.text("as to ");
  printer.string("to", "", address_text(family, address), " ", colour_of(family));
}

void print_cache_flags(Printer& printer, unsigned flags) {
  flags &= 0xFFFF0000U & ~static_cast<unsigned>(RTM_F_CLONED);
  flags &= ~0xFFFFU;
  printer.open_array("cache");
  printer.line_break();
  printer.text("    cache ");
  if (flags != 0) printer.text("<");
  for (const auto& [bit, name] : cache_flags) {
    if ((flags & bit) == 0) continue;
    flags &= ~bit;
    printer.string(nullptr, "", name, flags != 0 ? "," : "> ");
  }
  if (flags != 0) {
    std::array<char, 12> digits;
    std::snprintf(digits.data(), digits.size(), "%x", flags);
    printer.string(nullptr, "", digits.data(), "> ");
  }
  printer.close_array();
}

void print_cache_facts(Session& session, const rta_cacheinfo& facts) {
  static const auto ticks = static_cast<std::uint32_t>(::sysconf(_SC_CLK_TCK));
  Printer& printer = session.printer();
  if (facts.rta_expires != 0) {
    printer.number("expires", "expires ", facts.rta_expires / static_cast<std::int32_t>(ticks), "sec ");
  }
  if (facts.rta_error != 0) printer.number("error", "error ", facts.rta_error);
  if (session.options().statistics > 0) {
    if (facts.rta_clntref != 0) printer.number("users", "users ", facts.rta_clntref);
    if (facts.rta_used != 0) printer.number("used", "used ", facts.rta_used);
    if (facts.rta_lastuse != 0) printer.number("age", "age ", facts.rta_lastuse / ticks, "sec ");
  }
  if (facts.rta_id != 0) printer.hex("ipid", "ipid ", facts.rta_id);
  if (facts.rta_ts != 0 || facts.rta_tsage != 0) {
    printer.hex("ts", "ts ", facts.rta_ts, "");
    printer.number("tsage", "tsage ", facts.rta_tsage, "sec ");
  }
}

/// Seconds where there are that many: "1.5s", "20ms".
std::string time_text(std::uint32_t milliseconds) {
  std::array<char, 24> text;
  milliseconds >= 1000 ? std::snprintf(text.data(), text.size(), "%gs", milliseconds / 1e3)
                       : std::snprintf(text.data(), text.size(), "%ums", milliseconds);
  return text.data();
}

void print_metric(Printer& printer, std::size_t type, std::uint32_t value, std::string_view text) {
  switch (type) {
    case RTAX_FEATURES:
      if ((value & RTAX_FEATURE_ECN) != 0) printer.null("ecn", "ecn ");
      if ((value & ~static_cast<unsigned>(RTAX_FEATURE_ECN)) != 0) printer.hex("features", "", value);
      return;
    case RTAX_RTT:
    case RTAX_RTTVAR:
    case RTAX_RTO_MIN:
      value /= type == RTAX_RTT ? 8 : type == RTAX_RTTVAR ? 4 : 1;
      printer.json_number(metric_names.at(type), value);
      return printer.text(time_text(value) + ' ');
    case RTAX_CC_ALGO:
      return printer.string("congestion", "", text);
    default:
      return printer.number(metric_names.at(type), "", value);
  }
}

void print_metrics(Printer& printer, std::span<const std::byte> nest) {
  const AttributeTable<RTAX_MAX> table{nest};
  const std::uint32_t locked = table.u32(RTAX_LOCK);
  printer.open_array("metrics");
  printer.open_object();
  for (std::size_t type = 2; type <= RTAX_MAX; ++type) {
    if (!table.has(type) && (locked >> type & 1U) == 0) continue;
    const std::uint32_t value = table.u32(type);
    if (type == RTAX_HOPLIMIT && value == UINT32_MAX) continue;
    printer.text(std::string{metric_names.at(type)} + ' ');
    if ((locked >> type & 1U) != 0) printer.text("lock ");
    print_metric(printer, type, value, table.text(type));
  }
  printer.close_object();
  printer.close_array();
}

void print_nexthops(Session& session, const rtmsg& header, std::span<const std::byte> list) {
  Printer& printer = session.printer();
  printer.open_array("nexthops");
  while (list.size() >= sizeof(rtnexthop)) {
    const auto hop = engine::AttributeView{0, list}.as<rtnexthop>().value_or(rtnexthop{});
    if (hop.rtnh_len < sizeof hop || hop.rtnh_len > list.size()) break;
    const RouteTable table{list.first(hop.rtnh_len).subspan(sizeof hop)};
    printer.open_object();
    printer.line_break();
    printer.text("\tnexthop ");
    if (table.has(RTA_NEWDST)) print_new_destination(printer, header.rtm_family, table.bytes(RTA_NEWDST));
    if (table.has(RTA_GATEWAY)) print_gateway(printer, header.rtm_family, table.bytes(RTA_GATEWAY));
    if (table.has(RTA_VIA)) print_via(printer, table);
    if (table.has(RTA_FLOW)) print_flow(printer, table.u32(RTA_FLOW));
    printer.string("dev", "dev ", session.link_name(hop.rtnh_ifindex));
    printer.number("weight", "weight ", unsigned{hop.rtnh_hops} + 1);
    print_nexthop_flags(printer, hop.rtnh_flags);
    printer.close_object();
    list = list.subspan(std::min<std::size_t>(list.size(), NLMSG_ALIGN(hop.rtnh_len)));
  }
  printer.close_array();
}

void print_preference(Printer& printer, std::uint8_t preference) {
  printer.text("pref ");
  switch (preference) {
    case ICMPV6_ROUTER_PREF_LOW:
      return printer.string("pref", "", "low", "");
    case ICMPV6_ROUTER_PREF_MEDIUM:
      return printer.string("pref", "", "medium", "");
    case ICMPV6_ROUTER_PREF_HIGH:
      return printer.string("pref", "", "high", "");
    default:
      return printer.number("pref", "", unsigned{preference}, "");
  }
}

/// From the type to the outgoing interface.
void print_way(Session& session, const rtmsg& header, const RouteTable& table, const RouteFilter& filter) {
  Printer& printer = session.printer();
  const int host_bits = bits_of_family(header.rtm_family);
  if (table.has(RTA_NH_ID)) printer.number("nhid", "nhid ", table.u32(RTA_NH_ID));
  if (table.has(RTA_NEWDST)) print_new_destination(printer, header.rtm_family, table.bytes(RTA_NEWDST));
  if (header.rtm_tos != 0 && !filter.tos) printer.string("tos", "tos ", names::dsfield(header.rtm_tos));
  const bool via_is_known = filter.via.family != AF_UNSPEC && filter.via.bits == host_bits;
  if (table.has(RTA_GATEWAY) && !via_is_known) print_gateway(printer, header.rtm_family, table.bytes(RTA_GATEWAY));
  if (table.has(RTA_VIA)) print_via(printer, table);
  if (table.has(RTA_OIF) && filter.oif == 0) {
    {
      printer.text("dev ");
      printer.string("dev", "", session.link_name(table.index(RTA_OIF)), " ", Colour::interface_name);
    }
  }
}

void print_class(Session& session, const rtmsg& header, const RouteTable& table, const RouteFilter& filter) {
  Printer& printer = session.printer();
  const bool details = session.options().details > 0;
  const std::uint32_t number = table_of(header, table);
  if (number != 0 && (number != RT_TABLE_MAIN || details) && filter.table == 0) {
    printer.string("table", "table ", names::table(number));
  }
  if ((header.rtm_flags & RTM_F_CLONED) == 0) {
    if ((header.rtm_protocol != RTPROT_BOOT || details) && !filter.protocol) {
      printer.string("protocol", "proto ", names::protocol(header.rtm_protocol));
    }
    if ((header.rtm_scope != RT_SCOPE_UNIVERSE || details) && !filter.scope) {
      printer.string("scope", "scope ", names::scope(header.rtm_scope));
    }
  }
  const bool source_is_known =
      filter.source.family != AF_UNSPEC && filter.source.bits == bits_of_family(header.rtm_family);
  if (table.has(RTA_PREFSRC) && !source_is_known) {
    printer.text("src ");
    printer.string("prefsrc", "", address_text(header.rtm_family, table.bytes(RTA_PREFSRC)), " ",
                   colour_of(header.rtm_family));
  }
  if (table.has(RTA_PRIORITY) && !filter.metric) printer.number("metric", "metric ", table.u32(RTA_PRIORITY));
}

}  // namespace

std::optional<std::uint8_t> read_route_type(std::string_view word) {
  // In the order of `ip`, which decides what an abbreviation stands for.
  static constexpr std::array<std::uint8_t, 8> abbreviated{RTN_BROADCAST,   RTN_ANYCAST,   RTN_MULTICAST, RTN_PROHIBIT,
                                                           RTN_UNREACHABLE, RTN_BLACKHOLE, RTN_XRESOLVE,  RTN_UNICAST};
  for (const std::uint8_t type : {RTN_LOCAL, RTN_NAT, RTN_THROW}) {
    if (word == type_words.at(type)) return type;
  }
  if (word == "brd") return std::uint8_t{RTN_BROADCAST};
  for (const std::uint8_t type : abbreviated) {
    if (abbreviates(word, type_words.at(type))) return type;
  }
  std::uint64_t number = 0;
  return read_number(word, UINT8_MAX, number) ? std::optional{static_cast<std::uint8_t>(number)} : std::nullopt;
}

std::string route_type_text(std::uint8_t type) {
  return type < type_words.size() && !names::numeric() ? std::string{type_words.at(type)} : std::to_string(type);
}

void print_gateway(Printer& printer, int family, std::span<const std::byte> address) {
  printer.text("via ");
  printer.string("gateway", "", address_text(family, address), " ", colour_of(family));
}

void print_nexthop_flags(Printer& printer, unsigned flags) {
  printer.open_array("flags");
  for (const auto& [bit, name] : nexthop_flags) {
    if ((flags & bit) != 0) printer.string(nullptr, "", name);
  }
  printer.close_array();
}

bool route_passes(const MessageView& message, const RouteFilter& filter) {
  const auto header = message.family_header<rtmsg>().value_or(rtmsg{});
  return passes(header, RouteTable{message.attributes<rtmsg>()}, filter);
}

void print_route(Session& session, const MessageView& message, const RouteFilter& filter) {
  const auto header = message.family_header<rtmsg>().value_or(rtmsg{});
  const RouteTable table{message.attributes<rtmsg>()};
  if (!passes(header, table, filter)) return;
  Printer& printer = session.printer();
  printer.open_object();
  if (message.type() == RTM_DELROUTE) printer.flag("deleted", "Deleted ");
  if (header.rtm_type != RTN_UNICAST || session.options().details > 0) {
    printer.string("type", "", route_type_text(header.rtm_type));
  }
  print_destination(printer, header, table);
  print_way(session, header, table, filter);
  print_class(session, header, table, filter);
  print_nexthop_flags(printer, header.rtm_flags);
  if (const std::uint32_t mark = table.u32(RTA_MARK); mark != 0) {
    if (printer.json()) {
      printer.json_number("mark", mark);
    } else {
      mark >= 16 ? printer.hex(nullptr, "mark ", mark) : printer.number(nullptr, "mark ", mark);
    }
  }
  if (table.has(RTA_FLOW) && filter.realms_mask != UINT32_MAX) print_flow(printer, table.u32(RTA_FLOW));
  if (table.has(RTA_UID)) printer.number("uid", "uid ", table.u32(RTA_UID));
  if (header.rtm_family == AF_INET && (header.rtm_flags & RTM_F_CLONED) != 0)
    print_cache_flags(printer, header.rtm_flags);
  if (table.has(RTA_CACHEINFO)) print_cache_facts(session, table.as<rta_cacheinfo>(RTA_CACHEINFO));
  if (table.has(RTA_METRICS)) print_metrics(printer, table.bytes(RTA_METRICS));
  if (table.has(RTA_IIF) && filter.iif == 0) {
    {
      printer.text("iif ");
      printer.string("iif", "", session.link_name(table.index(RTA_IIF)), " ", Colour::interface_name);
    }
  }
  if (table.has(RTA_PREF)) print_preference(printer, table.u8(RTA_PREF));
  if (table.has(RTA_NH_ID) && session.options().details > 0) print_nexthop_info(session, table.u32(RTA_NH_ID));
  if (table.has(RTA_MULTIPATH)) print_nexthops(session, header, table.bytes(RTA_MULTIPATH));
  printer.text("\n");
  printer.close_object();
}

namespace {

constexpr std::size_t flush_bytes = 1U << 16U;

Request route_dump(const RouteFilter& filter) {
  rtmsg header{};
  header.rtm_family = static_cast<unsigned char>(filter.family);
  header.rtm_protocol = filter.protocol.value_or(0);
  if (filter.cloned) header.rtm_flags |= RTM_F_CLONED;
  Request request{RTM_GETROUTE, NLM_F_DUMP, header};
  if (filter.table != 0) request.put_u32(RTA_TABLE, filter.table);
  if (filter.oif != 0) request.put_value(RTA_OIF, filter.oif);
  return request;
}

int show_routes(Session& session, const RouteFilter& filter) {
  Messages routes;
  Request request = route_dump(filter);
  session.list(request, routes);
  session.printer().open_document();
  for (const MessageView route : routes) {
    print_route(session, route, filter);
    if (session.printer().size() > flush_bytes) session.flush();
  }
  session.printer().close_document();
  session.flush();
  return 0;
}

void flush_cache() {
  const engine::FileDescriptor file{::open("/proc/sys/net/ipv4/route/flush", O_WRONLY | O_CLOEXEC)};
  if (!file || ::write(file.get(), "-1", 2) != 2) fail("Cannot flush routing cache");
}

/// The kernel's own entry, which cannot be deleted.
bool is_null_route(const MessageView& message) {
  const auto header = message.family_header<rtmsg>().value_or(rtmsg{});
  const RouteTable table{message.attributes<rtmsg>()};
  return header.rtm_family == AF_INET6 && header.rtm_dst_len == 0 && header.rtm_type == RTN_UNREACHABLE &&
         table.u32(RTA_PRIORITY) == UINT32_MAX;
}

int flush_routes(Session& session, const RouteFilter& filter) {
  const int statistics = session.options().statistics;
  if (filter.cloned) {
    if (filter.family != AF_INET6) flush_cache();
    if (filter.family == AF_INET) return 0;
  }
  int round = 0;
  for (;; ++round) {
    Messages routes;
    Request request = route_dump(filter);
    const auto outcome = session.connection().list(request, routes);
    if (!outcome.ok()) fail(refusal(outcome) + "\nFlush terminated", status_refused);
    std::size_t flushed = 0;
    for (const MessageView route : routes) {
      if (!route_passes(route, filter) || is_null_route(route)) continue;
      Request removal = Request::again(route, RTM_DELROUTE);
      const auto removed = session.connection().execute(removal);
      if (!removed.ok() && removed.error != boost::system::errc::no_such_process) {
        fail(refusal(removed) + "\nFailed to send flush request: " + removed.error.message(), status_refused);
      }
      if (removed.ok()) ++flushed;
      if (statistics > 1) print_route(session, route, filter);
    }
    if (flushed == 0) break;
    if (statistics > 0) {
      session.printer().text("\n*** Round " + std::to_string(round + 1) + ", deleting " + std::to_string(flushed) +
                             " entries ***\n");
    }
  }
  if (statistics > 0) {
    session.printer().text(round == 0 ? "Nothing to flush.\n"
                                      : "*** Flush is complete after " + std::to_string(round) + " round" +
                                            (round > 1 ? "s" : "") + " ***\n");
  }
  session.flush();
  return 0;
}

/// `[root|match|exact] PREFIX`
void take_range(Words& words, int family, Inet& root, bool& has_root, Inet& match, bool& has_match) {
  if (words.accept_short("root")) {
    root = take_prefix(words, family);
    has_root = true;
  } else if (words.accept_short("match")) {
    match = take_prefix(words, family);
    has_match = true;
  } else {
    words.accept_short("exact");
    root = match = take_prefix(words, family);
    has_root = has_match = true;
  }
}

/// "default" as a selector: a prefix of length 0 that has a family.
void give_family(Inet& prefix, int family) {
  if (prefix.family == AF_UNSPEC) prefix.family = family == AF_INET6 ? AF_INET6 : AF_INET;
}

template <typename Read>
void take_or_all(Words& words, std::optional<std::uint8_t>& selected, Read read, std::string_view complaint) {
  const std::string_view word = words.take();
  const auto number = read(word);
  if (!number && word != "all") refuse(word, complaint);
  selected = number ? std::optional{static_cast<std::uint8_t>(*number)} : std::nullopt;
}

/// "FROM/TO", "FROM/" or "TO".
void take_realms_selector(Words& words, RouteFilter& filter) {
  const std::string_view word = words.take();
  const auto realms = names::read_realms(word.ends_with('/') ? std::string{word} + '0' : word);
  if (!realms) refuse(word, "invalid realms\n");
  filter.realms = *realms;
  filter.realms_mask = UINT32_MAX;
  if ((*realms & 0xFFFFU) == 0 && word.ends_with('/')) filter.realms_mask &= ~0xFFFFU;
  if (*realms >> 16U == 0 && word.find('/') == std::string_view::npos) filter.realms_mask &= 0xFFFFU;
}

bool take_class_selector(Words& words, RouteFilter& filter, Environment& environment) {
  if (words.accept_short("table")) {
    const std::string_view word = words.take();
    const auto table = names::read_table(word);
    if (table) {
      filter.table = *table;
    } else if (word == "all") {
      filter.table = 0;
    } else if (word == "cache") {
      filter.cloned = true;
    } else if (word == "help") {
      fail_with_usage(usage::route);
    } else {
      refuse(word, "table id value is invalid\n");
    }
  } else if (words.accept_short("vrf")) {
    const std::string_view word = words.take();
    const std::uint32_t table = table_of_vrf(environment, word);
    if (table == 0) refuse(word, "Invalid VRF\n");
    filter.table = table;
  } else if (words.accept_short("cached") || words.accept_short("cloned")) {
    filter.cloned = true;
  } else if (words.accept("tos") || words.accept_short("dsfield")) {
    const std::string_view word = words.take();
    const auto tos = names::read_dsfield(word);
    if (!tos) refuse(word, "TOS value is invalid\n");
    filter.tos = static_cast<std::uint8_t>(*tos);
  } else if (words.accept_short("protocol")) {
    take_or_all(words, filter.protocol, names::read_protocol, "invalid \"protocol\"\n");
  } else if (words.accept_short("scope")) {
    take_or_all(words, filter.scope, names::read_scope, "invalid \"scope\"\n");
  } else if (words.accept_short("type")) {
    const std::string_view word = words.take();
    filter.type = read_route_type(word);
    if (!filter.type) refuse(word, "node type value is invalid\n");
  } else if (words.accept_short("metric") || words.accept_short("priority") || words.accept("preference")) {
    filter.metric = words.take_u32("\"metric\" value is invalid\n");
  } else if (words.accept_short("realms")) {
    take_realms_selector(words, filter);
  } else if (words.accept("mark")) {
    filter.mark = words.take_u32("\"mark\" value is invalid\n");
  } else {
    return false;
  }
  return true;
}

void take_way_selector(Words& words, RouteFilter& filter, Environment& environment) {
  if (words.accept("dev") || words.accept("oif")) {
    filter.oif = index_of(environment, words.take());
  } else if (words.accept("iif")) {
    filter.iif = index_of(environment, words.take());
  } else if (words.accept("via")) {
    const int named = words.empty() ? AF_UNSPEC : read_family(words.peek());
    if (named != AF_UNSPEC) words.skip();
    filter.via = take_prefix(words, named != AF_UNSPEC ? named : filter.family);
  } else if (words.accept("src")) {
    filter.source = take_prefix(words, filter.family);
  } else if (words.accept_short("from")) {
    take_range(words, filter.family, filter.from_root, filter.has_from_root, filter.from_match, filter.has_from_match);
  } else {
    words.accept_short("to");
    take_range(words, filter.family, filter.root, filter.has_root, filter.match, filter.has_match);
  }
}

}  // namespace

Command parse_route_show(Words words, const Options& options, Environment& environment, bool flush) {
  if (flush && words.empty()) fail("\"ip route flush\" requires arguments.");
  RouteFilter filter{.family = options.family, .table = RT_TABLE_MAIN};
  while (!words.empty()) {
    if (!take_class_selector(words, filter, environment)) take_way_selector(words, filter, environment);
  }
  if (filter.family == AF_UNSPEC && filter.table != 0) filter.family = AF_INET;
  for (Inet* prefix : {&filter.root, &filter.match, &filter.from_root, &filter.from_match})
    give_family(*prefix, filter.family);
  return {.action = [filter, flush](Session& session) {
    return flush ? flush_routes(session, filter) : show_routes(session, filter);
  }};
}

namespace {

struct WayQuestion {
  Request request;
  bool connected = false;
};

class GetParser {
 public:
  GetParser(Request& request, Environment& environment) : request_{request}, environment_{environment} {}

  void parse(Words& words) {
    while (!words.empty()) {
      if (!take_flow(words) && !take_flag(words) && !take_ports(words)) take_destination(words);
    }
    auto& header = request_.header<rtmsg>();
    if (!has_destination_) fail("need at least a destination address");
    if (!iif_.empty()) request_.put_value(RTA_IIF, index_of(environment_, iif_));
    if (!oif_.empty()) request_.put_value(RTA_OIF, index_of(environment_, oif_));
    if (mark_ != 0) request_.put_u32(RTA_MARK, mark_);
    if (header.rtm_family == AF_UNSPEC) header.rtm_family = AF_INET;
    if (header.rtm_family == AF_INET) header.rtm_flags |= RTM_F_LOOKUP_TABLE;  // IPv6 refuses it
  }
  /// Where a source is given there is nothing to connect.
  [[nodiscard]] bool connects() const noexcept { return connected_ && !has_source_; }

 private:
  Inet put_prefix(Words& words, int attribute) {
    auto& header = request_.header<rtmsg>();
    const Inet prefix = take_prefix(words, header.rtm_family);
    if (header.rtm_family == AF_UNSPEC) header.rtm_family = static_cast<unsigned char>(prefix.family);
    if (prefix.size > 0) request_.put(attribute, prefix.bytes());
    return prefix;
  }

  bool take_flow(Words& words) {
    if (words.accept("tos") || words.accept_short("dsfield")) {
      const std::string_view word = words.take();
      const auto tos = names::read_dsfield(word);
      if (!tos) refuse(word, "TOS value is invalid\n");
      request_.header<rtmsg>().rtm_tos = static_cast<unsigned char>(*tos);
    } else if (words.accept_short("from")) {
      if (words.abbreviates("help")) fail_with_usage(usage::route);
      has_source_ = true;
      request_.header<rtmsg>().rtm_src_len = static_cast<unsigned char>(put_prefix(words, RTA_SRC).bits);
    } else if (words.accept_short("iif")) {
      iif_ = words.take();
    } else if (words.accept_short("mark")) {
      mark_ = words.take_u32("invalid mark value");
    } else if (words.accept_short("oif") || words.accept("dev")) {
      oif_ = words.take();
    } else {
      return false;
    }
    return true;
  }

  bool take_flag(Words& words) {
    if (words.accept_short("notify")) {
      request_.header<rtmsg>().rtm_flags |= RTM_F_NOTIFY;
    } else if (words.accept_short("connected")) {
      connected_ = true;
    } else if (words.accept_short("vrf")) {
      const std::string_view name = words.take();
      if (table_of_vrf(environment_, name) == 0) refuse(name, "Invalid VRF\n");
      oif_ = name;
    } else if (words.accept_short("uid")) {
      request_.put_u32(RTA_UID, words.take_u32("invalid UID\n"));
    } else if (words.accept_short("fibmatch")) {
      request_.header<rtmsg>().rtm_flags |= RTM_F_FIB_MATCH;
    } else if (words.accept("as")) {
      words.accept("to");
      auto& header = request_.header<rtmsg>();
      const Inet address = take_address(words, header.rtm_family);
      if (header.rtm_family == AF_UNSPEC) header.rtm_family = static_cast<unsigned char>(address.family);
      request_.put(RTA_NEWDST, address.bytes());
    } else {
      return false;
    }
    return true;
  }

  bool take_ports(Words& words) {
    const auto put_port = [&](int attribute, std::string_view complaint) {
      request_.put_u16(attribute, __builtin_bswap16(words.take_u16(complaint)));
    };
    if (words.accept_short("sport")) {
      put_port(RTA_SPORT, "invalid sport\n");
    } else if (words.accept_short("dport")) {
      put_port(RTA_DPORT, "invalid dport\n");
    } else if (words.accept_short("ipproto")) {
      request_.put_u8(RTA_IP_PROTO, take_ip_protocol(words));
    } else {
      return false;
    }
    return true;
  }

  /// A prefix length is not what is asked for: a warning, as by `ip`.
  void take_destination(Words& words) {
    words.accept("to");
    if (words.abbreviates("help")) fail_with_usage(usage::route);
    const Inet prefix = put_prefix(words, RTA_DST);
    auto& header = request_.header<rtmsg>();
    const int all_bits = bits_of_family(header.rtm_family);
    if (all_bits != 0 && prefix.bits != all_bits) {
      std::fprintf(stderr, "Warning: /%d as prefix is invalid, only /%d (or none) is supported.\n", prefix.bits,
                   all_bits);
    }
    header.rtm_dst_len = static_cast<unsigned char>(all_bits != 0 ? all_bits : prefix.bits);
    has_destination_ = true;
  }

  Request& request_;
  Environment& environment_;
  std::string_view iif_;
  std::string_view oif_;
  std::uint32_t mark_ = 0;
  bool connected_ = false;
  bool has_source_ = false;
  bool has_destination_ = false;
};

/// With `connected` a route is shown twice: `ip` means to ask again with the source address that the first answer
/// names, and asks the same question again. The second answer is text, also in JSON.
int show_way(Session& session, WayQuestion question) {
  const auto ask = [&session, &request = question.request](auto&& visit) {
    const auto outcome = session.connection().get(request, visit);
    if (outcome.ok()) return;
    static_cast<void>(session.printer().take());
    fail(refusal(outcome), status_refused);
  };
  const RouteFilter filter{.any_cloned = true};
  bool has_source = false;
  session.printer().open_document();
  ask([&](const MessageView& route) {
    const RouteTable table{route.attributes<rtmsg>()};
    has_source = table.has(RTA_PREFSRC) || table.has(RTA_SRC);
    print_route(session, route, filter);
  });
  session.printer().close_document();
  session.flush();
  if (!question.connected) return 0;
  if (!has_source) fail("Failed to connect the route");
  auto layout = session.options().layout();
  layout.format = Printer::Format::text;
  session.printer() = Printer{layout};
  ask([&](const MessageView& route) { print_route(session, route, filter); });
  session.flush();
  return 0;
}

}  // namespace

Command parse_route_get(Words words, const Options& options, Environment& environment) {
  rtmsg header{};
  header.rtm_family = static_cast<unsigned char>(options.family);
  Request request{RTM_GETROUTE, 0, header};
  GetParser parser{request, environment};
  parser.parse(words);
  return {.action = [question = WayQuestion{std::move(request), parser.connects()}](Session& session) {
    return show_way(session, question);
  }};
}

}  // namespace netherd::ip
