#include <linux/icmpv6.h>
#include <linux/rtnetlink.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "attributes.hpp"
#include "names.hpp"
#include "netherd/ip/inet.hpp"
#include "objects.hpp"
#include "route_show.hpp"
#include "route_types.hpp"
#include "usage.hpp"

namespace netherd::ip {

namespace {

/// A metric of a route; the word "lock" may stand before its value.
struct Metric {
  std::string_view keyword;
  int attribute;
  bool whole;           ///< may not be abbreviated
  std::uint32_t scale;  ///< of a time: parts of a millisecond; 0: a plain number
  std::uint32_t most = UINT32_MAX;
};
constexpr std::array metrics{Metric{"mtu", RTAX_MTU, true, 0},
                             Metric{"hoplimit", RTAX_HOPLIMIT, true, 0, 255},
                             Metric{"advmss", RTAX_ADVMSS, true, 0},
                             Metric{"reordering", RTAX_REORDERING, false, 0},
                             Metric{"rtt", RTAX_RTT, true, 8},
                             Metric{"rto_min", RTAX_RTO_MIN, true, 1},
                             Metric{"window", RTAX_WINDOW, false, 0},
                             Metric{"cwnd", RTAX_CWND, false, 0},
                             Metric{"initcwnd", RTAX_INITCWND, false, 0},
                             Metric{"initrwnd", RTAX_INITRWND, false, 0},
                             Metric{"quickack", RTAX_QUICKACK, false, 0, 1},
                             Metric{"rttvar", RTAX_RTTVAR, false, 4},
                             Metric{"ssthresh", RTAX_SSTHRESH, false, 0},
                             Metric{"fastopen_no_cookie", RTAX_FASTOPEN_NO_COOKIE, false, 0, 1}};
/// "lock" may not stand before these.
constexpr bool can_be_locked(int attribute) noexcept {
  return attribute != RTAX_QUICKACK && attribute != RTAX_FASTOPEN_NO_COOKIE && attribute != RTAX_RTO_MIN;
}

/// "20ms", "0.5s"; a plain number is in the kernel's unit already.
std::uint32_t take_time(Words& words, const Metric& metric, std::string_view complaint) {
  const std::string_view word = words.take();
  double value = 0;
  const char* end = word.data() + word.size();
  const auto [stop, error] = std::from_chars(word.data(), end, value);
  const std::string_view unit{stop, static_cast<std::size_t>(end - stop)};
  if (error != std::errc{} || value < 0 ||
      (!unit.empty() && unit != "s" && unit != "sec" && unit != "secs" && unit != "ms" && unit != "msec" &&
       unit != "msecs")) {
    refuse(word, complaint);
  }
  if (!unit.empty()) value *= static_cast<double>(metric.scale) * (unit.starts_with('s') ? 1000 : 1);
  if (value > UINT32_MAX) refuse(word, complaint);
  return static_cast<std::uint32_t>(value);
}

class RouteParser {
 public:
  RouteParser(Request& request, Environment& environment, bool deleting)
      : request_{request}, environment_{environment}, deleting_{deleting} {}

  void parse(Words& words) {
    while (!words.empty() && !words.is("nexthop")) {
      if (take_addresses(words) || take_class(words) || take_metric(words) || take_object(words)) continue;
      take_destination(words);
    }
    if (!has_destination_) fail_with_usage(usage::route);
    if (device_) request_.put_value(RTA_OIF, index_of(environment_, *device_));
    put_metrics();
    if (!words.empty()) put_nexthops(words);
    choose_defaults();
  }

 private:
  [[nodiscard]] rtmsg& header() { return request_.header<rtmsg>(); }
  void set_family(int family) {
    if (header().rtm_family == AF_UNSPEC) header().rtm_family = static_cast<unsigned char>(family);
  }

  void put_address(Words& words, int attribute) {
    const Inet address = take_address(words, header().rtm_family);
    set_family(address.family);
    request_.put(attribute, address.bytes());
  }

  /// `via [FAMILY] ADDRESS`: a gateway of another family has an attribute of its own.
  void put_gateway(Words& words) {
    const int named = words.empty() ? AF_UNSPEC : read_family(words.peek());
    if (named != AF_UNSPEC) words.skip();
    const Inet gateway = take_address(words, named != AF_UNSPEC ? named : header().rtm_family);
    set_family(gateway.family);
    if (gateway.family == header().rtm_family) return request_.put(RTA_GATEWAY, gateway.bytes());
    std::vector<std::byte> via(sizeof(rtvia) + gateway.size);
    const auto family = static_cast<std::uint16_t>(gateway.family);
    std::memcpy(via.data(), &family, sizeof family);
    std::ranges::copy(gateway.bytes(), via.begin() + sizeof(rtvia));
    request_.put(RTA_VIA, via);
  }

  bool take_addresses(Words& words) {
    if (words.accept("src")) {
      put_address(words, RTA_PREFSRC);
    } else if (words.accept("as")) {
      words.accept("to");
      put_address(words, RTA_NEWDST);
    } else if (words.accept("via")) {
      if (has_gateway_) refuse("via", "use nexthop syntax to specify multiple via\n");
      has_gateway_ = true;
      put_gateway(words);
    } else if (words.accept("from")) {
      const Inet from = take_prefix(words, header().rtm_family);
      set_family(from.family);
      if (from.size > 0) request_.put(RTA_SRC, from.bytes());
      header().rtm_src_len = static_cast<unsigned char>(from.bits);
    } else if (words.accept("dev") || words.accept("oif")) {
      device_ = words.take();
    } else {
      return false;
    }
    return true;
  }

  bool take_class(Words& words) {
    if (words.accept("tos") || words.accept_short("dsfield")) {
      const std::string_view word = words.take();
      const auto tos = names::read_dsfield(word);
      if (!tos) refuse(word, "\"tos\" value is invalid\n");
      header().rtm_tos = static_cast<unsigned char>(*tos);
    } else if (words.accept("expires")) {
      request_.put_u32(RTA_EXPIRES, words.take_u32("\"expires\" value is invalid\n"));
    } else if (words.accept_short("metric") || words.accept_short("priority") || words.accept("preference")) {
      request_.put_u32(RTA_PRIORITY, words.take_u32("\"metric\" value is invalid\n"));
    } else if (words.accept("scope")) {
      const std::string_view word = words.take();
      const auto scope = names::read_scope(word);
      if (!scope) refuse(word, "invalid \"scope\" value\n");
      header().rtm_scope = static_cast<unsigned char>(*scope);
      has_scope_ = true;
    } else {
      return false;
    }
    return true;
  }

  bool take_metric(Words& words) {
    if (words.accept_short("features")) {  // "f" is none of the others
      const std::string_view word = words.take();
      if (word != "ecn") refuse(word, "\"features\" value not valid\n");
      metrics_.emplace_back(RTAX_FEATURES, std::uint32_t{RTAX_FEATURE_ECN});
      return true;
    }
    for (const Metric& metric : metrics) {
      if (!(metric.whole ? words.accept(metric.keyword) : words.accept_short(metric.keyword))) continue;
      const std::string complaint = '"' + std::string{metric.keyword} + "\" value is invalid\n";
      const bool locked = can_be_locked(metric.attribute) ? words.accept("lock") : metric.attribute == RTAX_RTO_MIN;
      if (locked) locked_ |= 1U << static_cast<unsigned>(metric.attribute);
      const std::uint32_t value = metric.scale > 0
                                      ? take_time(words, metric, complaint)
                                      : static_cast<std::uint32_t>(words.take_number(metric.most, complaint));
      metrics_.emplace_back(metric.attribute, value);
      return true;
    }
    if (!words.accept_short("congctl")) return false;
    if (words.accept("lock")) locked_ |= 1U << static_cast<unsigned>(RTAX_CC_ALGO);
    congestion_control_ = words.take();
    return true;
  }

  void set_table(std::uint32_t table) {
    header().rtm_table = table < 256 ? static_cast<unsigned char>(table) : static_cast<unsigned char>(RT_TABLE_UNSPEC);
    if (table >= 256) request_.put_u32(RTA_TABLE, table);
    has_table_ = true;
  }

  bool take_object(Words& words) {
    if (words.accept_short("realms")) {
      const std::string_view word = words.take();
      const auto realms = names::read_realms(word);
      if (!realms) refuse(word, "\"realm\" value is invalid\n");
      request_.put_u32(RTA_FLOW, *realms);
    } else if (words.accept("onlink")) {
      header().rtm_flags |= RTNH_F_ONLINK;
    } else if (words.accept("nhid")) {
      const std::uint32_t id = words.take_u32("\"id\" value is invalid\n");
      request_.put_u32(RTA_NH_ID, id);
      has_nexthop_id_ = id != 0;
    } else if (words.accept_short("protocol")) {
      const std::string_view word = words.take();
      const auto protocol = names::read_protocol(word);
      if (!protocol) refuse(word, "\"protocol\" value is invalid\n");
      header().rtm_protocol = static_cast<unsigned char>(*protocol);
    } else if (words.accept_short("table")) {
      const std::string_view word = words.take();
      const auto table = names::read_table(word);
      if (!table) refuse(word, "\"table\" value is invalid\n");
      set_table(*table);
    } else if (words.accept_short("vrf")) {
      const std::string_view word = words.take();
      const std::uint32_t table = table_of_vrf(environment_, word);
      if (table == 0) refuse(word, "Invalid VRF\n");
      set_table(table);
    } else if (words.accept_short("pref")) {
      take_preference(words);
    } else if (words.is("encap")) {
      fail("\"encap\" is not supported by netherd.", status_usage);
    } else if (words.accept("ttl-propagate")) {
      const bool enabled = words.accept_short("enabled");
      if (!enabled && !words.accept_short("disabled")) refuse(words.take(), "\"ttl-propagate\" value is invalid\n");
      request_.put_u8(RTA_TTL_PROPAGATE, enabled ? 1 : 0);
    } else {
      return false;
    }
    return true;
  }

  void take_preference(Words& words) {
    if (words.accept("low")) {
      request_.put_u8(RTA_PREF, ICMPV6_ROUTER_PREF_LOW);
    } else if (words.accept("medium")) {
      request_.put_u8(RTA_PREF, ICMPV6_ROUTER_PREF_MEDIUM);
    } else if (words.accept("high")) {
      request_.put_u8(RTA_PREF, ICMPV6_ROUTER_PREF_HIGH);
    } else {
      request_.put_u8(RTA_PREF, words.take_u8("\"pref\" value is invalid\n"));
    }
  }

  void take_destination(Words& words) {
    words.accept("to");
    if (!words.empty() && (words.peek().empty() || words.peek().front() < '0' || words.peek().front() > '9')) {
      if (const auto type = read_route_type(words.peek())) {
        words.skip();
        header().rtm_type = *type;
      }
    }
    if (words.abbreviates("help")) fail_with_usage(usage::route);
    if (has_destination_) refuse_garbage("to", words.take());
    const Inet destination = take_prefix(words, header().rtm_family);
    set_family(destination.family);
    header().rtm_dst_len = static_cast<unsigned char>(destination.bits);
    has_destination_ = true;
    if (destination.size > 0) request_.put(RTA_DST, destination.bytes());
  }

  void put_metrics() {
    if (metrics_.empty() && congestion_control_.empty()) return;
    const auto nest = request_.begin_nest(RTA_METRICS);
    for (const auto& [attribute, value] : metrics_) request_.put_u32(attribute, value);
    if (!congestion_control_.empty()) request_.put_text(RTAX_CC_ALGO, congestion_control_);
    if (locked_ != 0) request_.put_u32(RTAX_LOCK, locked_);
    request_.end_nest(nest);
  }

  void put_nexthops(Words& words) {
    has_nexthops_ = true;
    const auto nest = request_.begin_nest(RTA_MULTIPATH);
    while (!words.empty()) {
      if (!words.accept("nexthop")) {
        fail("Error: \"nexthop\" or end of line is expected instead of \"" + std::string{words.peek()} + "\"",
             status_usage);
      }
      if (words.empty()) fail("Error: unexpected end of line after \"nexthop\"", status_usage);
      put_nexthop(words);
    }
    request_.end_nest(nest);
  }

  void put_nexthop(Words& words) {
    const std::size_t place = request_.put_raw(rtnexthop{});
    rtnexthop hop{};
    while (!words.empty()) {
      if (words.accept("via")) {
        put_gateway(words);
      } else if (words.accept("dev")) {
        hop.rtnh_ifindex = take_device_of_nexthop(words);
      } else if (words.accept("weight")) {
        const std::string_view word = words.empty() ? "" : words.peek();
        const auto weight = words.take_number(256, "\"weight\" is invalid\n");
        if (weight == 0) refuse(word, "\"weight\" is invalid\n");
        hop.rtnh_hops = static_cast<unsigned char>(weight - 1);
      } else if (words.accept("onlink")) {
        hop.rtnh_flags |= RTNH_F_ONLINK;
      } else if (words.accept_short("realms")) {
        const std::string_view word = words.take();
        const auto realms = names::read_realms(word);
        if (!realms) refuse(word, "\"realm\" value is invalid\n");
        request_.put_u32(RTA_FLOW, *realms);
      } else if (words.accept("as")) {
        words.accept("to");
        put_address(words, RTA_NEWDST);
      } else if (words.is("encap")) {
        fail("\"encap\" is not supported by netherd.", status_usage);
      } else {
        break;
      }
    }
    hop.rtnh_len = request_.length_from(place);
    request_.at<rtnexthop>(place) = hop;
  }

  int take_device_of_nexthop(Words& words) {
    const std::string_view name = words.take();
    const int index = environment_.find_index(name);
    if (index == 0) {
      fail("Cannot find device \"" + std::string{name} + "\"\nError: cannot parse nexthop", status_usage);
    }
    return index;
  }

  void choose_defaults() {
    rtmsg& route = header();
    if (route.rtm_family == AF_UNSPEC) route.rtm_family = AF_INET;
    const unsigned type = route.rtm_type;
    const bool local = type == RTN_LOCAL || type == RTN_NAT;
    const bool broadcast = type == RTN_BROADCAST || type == RTN_ANYCAST;
    if (!has_table_ && (local || broadcast)) route.rtm_table = RT_TABLE_LOCAL;
    if (has_scope_) return;
    if (route.rtm_family == AF_INET6) {
      route.rtm_scope = RT_SCOPE_UNIVERSE;
    } else if (local) {
      route.rtm_scope = RT_SCOPE_HOST;
    } else if (broadcast || type == RTN_MULTICAST) {
      route.rtm_scope = RT_SCOPE_LINK;
    } else if (type == RTN_UNICAST || type == RTN_UNSPEC) {
      if (deleting_) {
        route.rtm_scope = RT_SCOPE_NOWHERE;
      } else if (!has_gateway_ && !has_nexthops_ && !has_nexthop_id_) {
        route.rtm_scope = RT_SCOPE_LINK;
      }
    }
  }

  Request& request_;
  Environment& environment_;
  bool deleting_;
  std::optional<std::string_view> device_;
  std::vector<std::pair<int, std::uint32_t>> metrics_;
  std::string_view congestion_control_;
  std::uint32_t locked_ = 0;
  bool has_gateway_ = false;
  bool has_destination_ = false;
  bool has_nexthops_ = false;
  bool has_nexthop_id_ = false;
  bool has_scope_ = false;
  bool has_table_ = false;
};

Command modify(Words words, const Options& options, Environment& environment, std::uint16_t type, std::uint16_t flags) {
  rtmsg header{};
  header.rtm_family = static_cast<unsigned char>(options.family);
  header.rtm_table = RT_TABLE_MAIN;
  header.rtm_scope = RT_SCOPE_NOWHERE;
  if (type != RTM_DELROUTE) {
    header.rtm_protocol = RTPROT_BOOT;
    header.rtm_scope = RT_SCOPE_UNIVERSE;
    header.rtm_type = RTN_UNICAST;
  }
  Request request{type, flags, header};
  RouteParser{request, environment, type == RTM_DELROUTE}.parse(words);
  return {.request = std::move(request)};
}

}  // namespace

std::uint32_t table_of_vrf(Environment& environment, std::string_view name) {
  const LinkFacts* link = environment.find_link(name);
  if (link == nullptr) return 0;
  const std::vector<std::byte> bytes = environment.describe_link(link->index);
  if (bytes.empty()) return 0;
  const AttributeTable<IFLA_LINKINFO> table{engine::MessageView{bytes}.attributes<ifinfomsg>()};
  const AttributeTable<IFLA_INFO_DATA> info{table.bytes(IFLA_LINKINFO)};
  if (info.text(IFLA_INFO_KIND) != "vrf") return 0;
  return AttributeTable<IFLA_VRF_TABLE>{info.bytes(IFLA_INFO_DATA)}.u32(IFLA_VRF_TABLE);
}

Command parse_route(Words words, const Options& options, Environment& environment) {
  const auto change = [&](std::uint16_t flags) { return modify(words, options, environment, RTM_NEWROUTE, flags); };
  if (words.empty() || words.accept_short("list") || words.accept_short("show") || words.accept_short("lst")) {
    return parse_route_show(words, options, environment, false);
  }
  if (words.accept_short("get")) return parse_route_get(words, options, environment);
  if (words.accept_short("add")) return change(NLM_F_CREATE | NLM_F_EXCL);
  if (words.accept_short("change") || words.accept("chg")) return change(NLM_F_REPLACE);
  if (words.accept_short("replace")) return change(NLM_F_CREATE | NLM_F_REPLACE);
  if (words.accept_short("prepend")) return change(NLM_F_CREATE);
  if (words.accept_short("append")) return change(NLM_F_CREATE | NLM_F_APPEND);
  if (words.accept_short("test")) return change(NLM_F_EXCL);
  if (words.accept_short("delete")) return modify(words, options, environment, RTM_DELROUTE, 0);
  if (words.accept_short("flush")) return parse_route_show(words, options, environment, true);
  if (words.abbreviates("help")) fail_with_usage(usage::route);
  fail_unknown_command(words.peek(), "route");
}

}  // namespace netherd::ip
