#include <linux/nexthop.h>
#include <linux/rtnetlink.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>

#include "attributes.hpp"
#include "link_parser.hpp"
#include "names.hpp"
#include "netherd/ip/inet.hpp"
#include "object_printers.hpp"
#include "objects.hpp"
#include "route_show.hpp"
#include "usage.hpp"

namespace netherd::ip {

namespace {

using engine::MessageView;
using NexthopTable = AttributeTable<NHA_MAX>;

/// "ID[,WEIGHT]/ID[,WEIGHT]..."
void put_group(Words& words, Request& request) {
  const std::string_view word = words.take();
  std::vector<nexthop_grp> members;
  for (std::string_view rest = word;;) {
    const std::size_t slash = rest.find('/');
    const std::string_view member = rest.substr(0, slash);
    const std::size_t comma = member.find(',');
    std::uint64_t id = 0;
    std::uint64_t weight = 1;
    if (!read_number(member.substr(0, comma), UINT32_MAX, id)) refuse(word, "\"group\" value is invalid\n");
    if (comma != std::string_view::npos && (!read_number(member.substr(comma + 1), 256, weight) || weight == 0)) {
      refuse(member.substr(comma + 1), "\"weight\" is invalid\n");
    }
    nexthop_grp entry{};
    entry.id = static_cast<std::uint32_t>(id);
    entry.weight = static_cast<std::uint8_t>(weight - 1);
    members.push_back(entry);
    if (slash == std::string_view::npos) break;
    rest.remove_prefix(slash + 1);
  }
  request.put(NHA_GROUP, std::as_bytes(std::span{members}));
}

std::uint32_t ticks_per_second() {
  static const auto ticks = static_cast<std::uint32_t>(::sysconf(_SC_CLK_TCK));
  return ticks;
}

std::uint32_t take_id(Words& words) { return words.take_u32("invalid id value"); }

/// A device that has to be there.
int take_device(Words& words, Environment& environment) {
  const std::string_view name = words.take();
  const int index = environment.find_index(name);
  if (index == 0) refuse(name, "Device does not exist\n");
  return index;
}

int take_vrf(Words& words, Environment& environment) {
  const std::string_view name = words.take();
  const LinkFacts* link = environment.find_link(name);
  const int index = link != nullptr ? link->index : 0;
  if (index == 0 || !is_vrf(environment, index)) refuse(name, "Invalid VRF\n");
  return index;
}

class NexthopParser {
 public:
  NexthopParser(Request& request, Environment& environment) : request_{request}, environment_{environment} {}

  void parse(Words& words) {
    while (!words.empty()) {
      if (take_way(words) || take_rest(words)) continue;
      if (words.is("help")) fail_with_usage(usage::nexthop);
      refuse(words.peek(), "");
    }
  }

 private:
  [[nodiscard]] nhmsg& header() { return request_.header<nhmsg>(); }

  /// Of a nexthop whose other words tell no family.
  void default_to_ipv4() {
    if (header().nh_family == AF_UNSPEC) header().nh_family = AF_INET;
  }

  bool take_way(Words& words) {
    if (words.accept("id")) {
      request_.put_u32(NHA_ID, take_id(words));
    } else if (words.accept("dev")) {
      request_.put_value(NHA_OIF, take_device(words, environment_));
      default_to_ipv4();
    } else if (words.accept("via")) {
      put_gateway(words);
    } else if (words.is("encap")) {
      fail("\"encap\" is not supported by netherd.", status_usage);
    } else if (words.accept("blackhole")) {
      request_.put_flag(NHA_BLACKHOLE);
      default_to_ipv4();
    } else if (words.accept("fdb")) {
      request_.put_flag(NHA_FDB);
    } else if (words.accept("onlink")) {
      header().nh_flags |= RTNH_F_ONLINK;
    } else {
      return false;
    }
    return true;
  }

  void put_gateway(Words& words) {
    const int named = words.empty() ? AF_UNSPEC : read_family(words.peek());
    if (named != AF_UNSPEC) words.skip();
    const std::string_view word = words.empty() ? std::string_view{} : words.peek();
    const Inet gateway = take_address(words, named != AF_UNSPEC ? named : header().nh_family);
    if (header().nh_family == AF_UNSPEC) header().nh_family = static_cast<unsigned char>(gateway.family);
    if (header().nh_family != gateway.family) refuse(word, "address family mismatch\n");
    request_.put(NHA_GATEWAY, gateway.bytes());
  }

  bool take_rest(Words& words) {
    if (words.accept("group")) {
      put_group(words, request_);
    } else if (words.accept("type")) {
      put_type(words);
    } else if (words.accept_short("protocol")) {
      const std::string_view word = words.take();
      const auto protocol = names::read_protocol(word);
      if (!protocol) refuse(word, "\"protocol\" value is invalid\n");
      header().nh_protocol = static_cast<unsigned char>(*protocol);
    } else {
      return false;
    }
    return true;
  }

  void put_type(Words& words) {
    const std::string_view word = words.take();
    if (word != "mpath" && word != "resilient") refuse(word, "\"type\" value is invalid\n");
    const bool resilient = word == "resilient";
    if (resilient && !words.empty()) put_resilience(words);
    request_.put_u16(NHA_GROUP_TYPE, resilient ? NEXTHOP_GRP_TYPE_RES : NEXTHOP_GRP_TYPE_MPATH);
  }

  void put_resilience(Words& words) {
    const auto nest = request_.begin_nest(NHA_RES_GROUP | NLA_F_NESTED);
    for (;;) {
      if (words.accept("buckets")) {
        request_.put_u16(NHA_RES_GROUP_BUCKETS, words.take_u16("invalid buckets value"));
      } else if (words.accept("idle_timer")) {
        request_.put_u32(NHA_RES_GROUP_IDLE_TIMER, take_seconds(words, "invalid idle timer value"));
      } else if (words.accept("unbalanced_timer")) {
        request_.put_u32(NHA_RES_GROUP_UNBALANCED_TIMER, take_seconds(words, "invalid unbalanced timer value"));
      } else {
        break;
      }
    }
    request_.end_nest(nest);
  }

  static std::uint32_t take_seconds(Words& words, std::string_view complaint) {
    return static_cast<std::uint32_t>(words.take_number(UINT32_MAX / ticks_per_second() - 1, complaint)) *
           ticks_per_second();
  }

  Request& request_;
  Environment& environment_;
};

/// `add` and `replace`, and `delete`, of which the kernel expects the id alone.
Command modify(Words words, const Options& options, Environment& environment, std::uint16_t type, std::uint16_t flags) {
  nhmsg header{};
  header.nh_family = static_cast<unsigned char>(options.family);
  Request request{type, flags, header};
  NexthopParser{request, environment}.parse(words);
  return {.request = std::move(request)};
}

/// `get id N`.
std::uint32_t take_only_id(Words& words) {
  std::uint32_t id = 0;
  while (!words.empty()) {
    if (!words.accept("id")) fail_with_usage(usage::nexthop);
    id = take_id(words);
  }
  if (id == 0) fail_with_usage(usage::nexthop);
  return id;
}

struct Selection {
  int family = AF_UNSPEC;
  std::optional<std::uint32_t> id{};
  int index = 0;
  int master = 0;
  bool groups = false;
  bool fdb = false;
  std::uint32_t protocol = 0;  // 0: any
};

Request nexthop_dump(const Selection& selection) {
  nhmsg header{};
  header.nh_family = static_cast<unsigned char>(selection.family);
  Request request{RTM_GETNEXTHOP, NLM_F_DUMP, header};
  if (selection.index != 0) request.put_value(NHA_OIF, selection.index);
  if (selection.groups) request.put_flag(NHA_GROUPS);
  if (selection.master != 0) request.put_value(NHA_MASTER, selection.master);
  if (selection.fdb) request.put_flag(NHA_FDB);
  return request;
}

Request nexthop_request(std::uint16_t type, std::uint32_t id) {
  Request request{type, 0, nhmsg{}};
  request.put_u32(NHA_ID, id);
  return request;
}

int show_one(Session& session, std::uint32_t id) {
  Request request = nexthop_request(RTM_GETNEXTHOP, id);
  session.printer().open_document();
  const auto outcome =
      session.connection().get(request, [&](const MessageView& found) { print_nexthop(session, found); });
  if (!outcome.ok()) {
    static_cast<void>(session.printer().take());
    fail(refusal(outcome), status_refused);
  }
  session.printer().close_document();
  session.flush();
  return 0;
}

bool has_protocol(const MessageView& nexthop, const Selection& selection) {
  const auto header = nexthop.family_header<nhmsg>().value_or(nhmsg{});
  return selection.protocol == 0 || selection.protocol == header.nh_protocol;
}

int show_all(Session& session, const Selection& selection) {
  Messages nexthops;
  Request request = nexthop_dump(selection);
  session.list(request, nexthops);
  session.printer().open_document();
  for (const MessageView nexthop : nexthops) {
    if (has_protocol(nexthop, selection)) print_nexthop(session, nexthop);
  }
  session.printer().close_document();
  session.flush();
  return 0;
}

/// Groups first, since they go with their members.
int flush_nexthops(Session& session, const Selection& selection, bool all) {
  std::size_t flushed = 0;
  const auto flush = [&](const Selection& what) {
    Messages nexthops;
    Request request = nexthop_dump(what);
    session.list(request, nexthops);
    for (const MessageView nexthop : nexthops) {
      const std::uint32_t id = NexthopTable{nexthop.attributes<nhmsg>()}.u32(NHA_ID);
      if (!has_protocol(nexthop, what)) continue;
      Request removal = nexthop_request(RTM_DELNEXTHOP, id);
      if (session.connection().execute(removal).ok()) ++flushed;
    }
  };
  if (all) flush({.family = selection.family, .groups = true});
  flush(selection);
  session.printer().text(flushed == 0 ? "Nothing to flush\n" : "Flushed " + std::to_string(flushed) + " nexthops\n");
  session.flush();
  return 0;
}

int flush_one(Session& session, std::uint32_t id) {
  Request removal = nexthop_request(RTM_DELNEXTHOP, id);
  session.settle();
  const auto outcome = session.connection().execute(removal);
  if (!outcome.ok()) fail(refusal(outcome));  // with the status of `ip`, which is not that of a refusal here
  return 0;
}

bool take_selector(Words& words, Selection& selection, Environment& environment) {
  if (words.accept_short("dev")) {
    selection.index = take_device(words, environment);
  } else if (words.accept_short("groups")) {
    selection.groups = true;
  } else if (words.accept_short("master")) {
    selection.master = take_device(words, environment);
  } else if (words.accept_short("vrf")) {
    selection.master = take_vrf(words, environment);
  } else if (words.accept("id")) {
    selection.id = take_id(words);
  } else if (words.accept_short("protocol")) {
    selection.protocol = words.take_u32("invalid protocol value");
  } else if (words.accept_short("fdb")) {
    selection.fdb = true;
  } else {
    return false;
  }
  return true;
}

Command show(Words words, const Options& options, Environment& environment, bool flush) {
  Selection selection{.family = options.family};
  const bool all = words.empty();
  while (!words.empty() && !selection.id) {
    if (take_selector(words, selection, environment)) continue;
    if (words.abbreviates("help")) fail_with_usage(usage::nexthop);
    refuse(words.peek(), "");
  }
  if (!words.empty()) refuse_garbage("id", words.peek());
  if (flush && selection.id) {
    return {.action = [id = *selection.id](Session& session) { return flush_one(session, id); }};
  }
  if (flush) return {.action = [=](Session& session) { return flush_nexthops(session, selection, all); }};
  if (selection.id) return {.action = [id = *selection.id](Session& session) { return show_one(session, id); }};
  return {.action = [selection](Session& session) { return show_all(session, selection); }};
}

void print_group(Printer& printer, std::span<const std::byte> list) {
  printer.open_array("group");
  printer.text("group ");
  for (bool first = true; list.size() >= sizeof(nexthop_grp); list = list.subspan(sizeof(nexthop_grp)), first = false) {
    const auto member = engine::AttributeView{0, list}.as<nexthop_grp>().value_or(nexthop_grp{});
    printer.open_object();
    if (!first) printer.text("/");
    printer.number("id", "", member.id, "");
    if (member.weight != 0) printer.number("weight", ",", unsigned{member.weight} + 1, "");
    printer.close_object();
  }
  printer.text(" ");
  printer.close_array();
}

std::string seconds_text(std::uint64_t ticks) {
  std::array<char, 32> text;
  std::snprintf(text.data(), text.size(), "%g", static_cast<double>(ticks) / ticks_per_second());
  return text.data();
}

void print_resilience(Printer& printer, std::span<const std::byte> nest) {
  const AttributeTable<NHA_RES_GROUP_MAX> table{nest};
  const auto time = [&printer](const char* key, std::uint64_t ticks) {
    printer.decimal_text(key, std::string{key} + ' ', seconds_text(ticks));
  };
  printer.open_object("resilient_args");
  printer.number("buckets", "buckets ", unsigned{table.u16(NHA_RES_GROUP_BUCKETS)});
  time("idle_timer", table.u32(NHA_RES_GROUP_IDLE_TIMER));
  time("unbalanced_timer", table.u32(NHA_RES_GROUP_UNBALANCED_TIMER));
  time("unbalanced_time", table.u64(NHA_RES_GROUP_UNBALANCED_TIME));
  printer.close_object();
}

}  // namespace

namespace {

void print_entry(Session& session, const MessageView& message) {
  const auto header = message.family_header<nhmsg>().value_or(nhmsg{});
  const NexthopTable table{message.attributes<nhmsg>()};
  Printer& printer = session.printer();
  const bool details = session.options().details > 0;
  if (message.type() == RTM_DELNEXTHOP) printer.flag("deleted", "Deleted ");
  if (table.has(NHA_ID)) printer.number("id", "id ", table.u32(NHA_ID));
  if (table.has(NHA_GROUP)) print_group(printer, table.bytes(NHA_GROUP));
  if (table.u16(NHA_GROUP_TYPE) != NEXTHOP_GRP_TYPE_MPATH) {
    printer.string("type", "type ", table.u16(NHA_GROUP_TYPE) == NEXTHOP_GRP_TYPE_RES ? "resilient" : "<unknown type>");
  }
  if (table.has(NHA_RES_GROUP)) print_resilience(printer, table.bytes(NHA_RES_GROUP));
  if (table.has(NHA_GATEWAY)) print_gateway(printer, header.nh_family, table.bytes(NHA_GATEWAY));
  if (table.has(NHA_OIF)) {
    {
      printer.text("dev ");
      printer.string("dev", "", session.link_name(table.index(NHA_OIF)), " ", Colour::interface_name);
    }
  }
  if (header.nh_scope != RT_SCOPE_UNIVERSE || details) printer.string("scope", "scope ", names::scope(header.nh_scope));
  if (table.has(NHA_BLACKHOLE)) printer.null("blackhole", "blackhole ");
  if (header.nh_protocol != RTPROT_UNSPEC || details) {
    printer.string("protocol", "proto ", names::protocol(header.nh_protocol));
  }
  print_nexthop_flags(printer, header.nh_flags);
  if (table.has(NHA_FDB)) printer.null("fdb", "fdb");
}

}  // namespace

void print_nexthop(Session& session, const MessageView& message) {
  session.printer().open_object();
  print_entry(session, message);
  session.printer().text("\n");
  session.printer().close_object();
}

void print_nexthop_info(Session& session, std::uint32_t id) {
  Request request = nexthop_request(RTM_GETNEXTHOP, id);
  static_cast<void>(session.connection().get(request, [&](const MessageView& nexthop) {
    session.printer().text("\n\tnh_info ");
    session.printer().open_object("nh_info");
    print_entry(session, nexthop);
    session.printer().close_object();
  }));
}

Command parse_nexthop(Words words, const Options& options, Environment& environment) {
  if (words.empty()) return show(words, options, environment, false);
  if (words.accept_short("add")) {
    return modify(words, options, environment, RTM_NEWNEXTHOP, NLM_F_CREATE | NLM_F_EXCL);
  }
  if (words.accept_short("replace")) {
    return modify(words, options, environment, RTM_NEWNEXTHOP, NLM_F_CREATE | NLM_F_REPLACE);
  }
  if (words.accept_short("delete")) return modify(words, options, environment, RTM_DELNEXTHOP, 0);
  if (words.accept_short("list") || words.accept_short("show") || words.accept_short("lst")) {
    return show(words, options, environment, false);
  }
  if (words.accept_short("get")) {
    const std::uint32_t id = take_only_id(words);
    return {.action = [id](Session& session) { return show_one(session, id); }};
  }
  if (words.accept_short("flush")) return show(words, options, environment, true);
  if (words.abbreviates("bucket")) fail("\"ip nexthop bucket\" is not supported by netherd.", status_usage);
  if (words.abbreviates("help")) fail_with_usage(usage::nexthop);
  fail_unknown_command(words.peek(), "nexthop");
}

}  // namespace netherd::ip
