#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/netconf.h>
#include <linux/rtnetlink.h>
#include <sys/time.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <ctime>

#include "attributes.hpp"
#include "link_show.hpp"
#include "namespaces.hpp"
#include "netherd/engine/notification_stream.hpp"
#include "netns_exec.hpp"
#include "object_printers.hpp"
#include "objects.hpp"
#include "route_show.hpp"
#include "usage.hpp"

namespace netherd::ip {

namespace {

using engine::MessageView;

enum Object : unsigned {
  link = 1,
  address = 2,
  route = 4,
  neighbour = 8,
  rule = 16,
  netns_id = 32,
  nexthop = 64,
  netconf = 128
};
constexpr unsigned all_objects = 255;

struct Listening {
  unsigned objects = 0;
  int index = 0;
  bool labelled = false;
};

struct Group {
  unsigned object;
  unsigned group;
  int family;
};
constexpr std::array groups{
    Group{link, RTNLGRP_LINK, AF_UNSPEC},          Group{address, RTNLGRP_IPV4_IFADDR, AF_INET},
    Group{address, RTNLGRP_IPV6_IFADDR, AF_INET6}, Group{route, RTNLGRP_IPV4_ROUTE, AF_INET},
    Group{route, RTNLGRP_IPV6_ROUTE, AF_INET6},    Group{neighbour, RTNLGRP_NEIGH, AF_UNSPEC},
    Group{rule, RTNLGRP_IPV4_RULE, AF_INET},       Group{rule, RTNLGRP_IPV6_RULE, AF_INET6},
    Group{netns_id, RTNLGRP_NSID, AF_UNSPEC},      Group{nexthop, RTNLGRP_NEXTHOP, AF_UNSPEC},
    Group{netconf, RTNLGRP_IPV4_NETCONF, AF_INET}, Group{netconf, RTNLGRP_IPV6_NETCONF, AF_INET6}};

std::string timestamp(bool brief) {
  timeval now{};
  ::gettimeofday(&now, nullptr);
  std::tm broken{};
  ::localtime_r(&now.tv_sec, &broken);
  std::array<char, 64> date;
  std::array<char, 96> text;
  std::strftime(date.data(), date.size(), brief ? "%Y-%m-%dT%H:%M:%S" : "%a %b %e %H:%M:%S %Y", &broken);
  std::snprintf(text.data(), text.size(), brief ? "[%s.%06ld] " : "Timestamp: %s %ld usec\n", date.data(),
                static_cast<long>(now.tv_usec));
  return text.data();
}

class Monitor {
 public:
  Monitor(Session& session, const Listening& listening) : session_{session}, listening_{listening} {}

  /// Now, since a namespace has no number any more when it is heard that it has gone.
  void learn_netns_names() {
    session_.forget_netns_names();
    static_cast<void>(session_.name_of_netns(-1));
  }

  void print(const MessageView& message) {
    switch (message.type()) {
      case RTM_NEWLINK:
      case RTM_DELLINK:
        session_.remember_link(message);
        head("[LINK]");
        print_link(session_, message, {.index = listening_.index, .one_line = true, .show_queue = false});
        break;
      case RTM_NEWADDR:
      case RTM_DELADDR:
        head("[ADDR]");
        print_address(session_, message, {.index = listening_.index, .one_line = true, .show_queue = false});
        break;
      case RTM_NEWROUTE:
      case RTM_DELROUTE:
        print_route_change(message);
        break;
      case RTM_NEWNEIGH:
      case RTM_DELNEIGH:
      case RTM_GETNEIGH:
        if (const int family = session_.options().family;
            family == AF_UNSPEC || message.family_header<ndmsg>().value_or(ndmsg{}).ndm_family == family) {
          head("[NEIGH]");
          print_neighbour(session_, message, {.index = listening_.index});
        }
        break;
      case RTM_NEWRULE:
      case RTM_DELRULE:
        head("[RULE]");
        print_rule(session_, message);
        break;
      case RTM_NEWNSID:
      case RTM_DELNSID:
        if (message.type() == RTM_NEWNSID) learn_netns_names();
        head("[NSID]");
        print_netns_id(session_, message);
        if (message.type() == RTM_DELNSID) learn_netns_names();
        break;
      case RTM_NEWNETCONF:
      case RTM_DELNETCONF:
        head("[NETCONF]");
        print_netconf(message);
        break;
      case RTM_NEWNEXTHOP:
      case RTM_DELNEXTHOP:
        head("[NEXTHOP]");
        print_nexthop(session_, message);
        break;
      default:
        return;
    }
    session_.flush();
  }

 private:
  /// Settings of a link that forwarding depends on.
  void print_netconf(const MessageView& message) {
    Printer& printer = session_.printer();
    const AttributeTable<NETCONFA_MAX> table{message.attributes<netconfmsg>()};
    if (message.type() == RTM_DELNETCONF) printer.text("Deleted ");
    printer.text(family_name(message.family_header<netconfmsg>().value_or(netconfmsg{}).ncm_family) + ' ');
    if (table.has(NETCONFA_IFINDEX)) {
      const int index = table.index(NETCONFA_IFINDEX);
      printer.text(index == NETCONFA_IFINDEX_ALL       ? "all "
                   : index == NETCONFA_IFINDEX_DEFAULT ? "default "
                                                       : session_.link_name(index) + ' ');
    }
    const auto print = [&](std::size_t type, std::string_view before) {
      if (table.has(type)) printer.on_off(nullptr, before, table.index(type) != 0);
    };
    print(NETCONFA_FORWARDING, "forwarding ");
    if (table.has(NETCONFA_RP_FILTER)) {
      const int filter = table.index(NETCONFA_RP_FILTER);
      printer.text(filter == 0 ? "rp_filter off " : filter == 1 ? "rp_filter strict " : "rp_filter loose ");
    }
    print(NETCONFA_MC_FORWARDING, "mc_forwarding ");
    print(NETCONFA_PROXY_NEIGH, "proxy_neigh ");
    print(NETCONFA_IGNORE_ROUTES_WITH_LINKDOWN, "ignore_routes_with_linkdown ");
    printer.text("\n");
  }

  void print_route_change(const MessageView& message) {
    const auto header = message.family_header<rtmsg>().value_or(rtmsg{});
    const RouteFilter filter{.oif = listening_.index};
    if ((header.rtm_flags & RTM_F_CLONED) != 0 || !route_passes(message, filter)) return;
    head("[ROUTE]");
    print_route(session_, message, filter);
  }

  void head(std::string_view label) {
    const Options& options = session_.options();
    if (options.timestamp) session_.printer().text(timestamp(options.short_timestamp));
    if (listening_.labelled) session_.printer().text(label);
  }

  Session& session_;
  const Listening& listening_;
};

int listen(Session& session, const Listening& listening) {
  boost::asio::io_context context;
  auto socket = session.namespaces().open_socket(session.options().netns);
  engine::NotificationStream stream{context, std::move(socket)};
  const int family = session.options().family;
  for (const auto& [object, group, group_family] : groups) {
    if ((listening.objects & object) == 0 ||
        (family != AF_UNSPEC && group_family != AF_UNSPEC && group_family != family)) {
      continue;
    }
    if (const auto error = stream.join(group)) fail("Cannot listen: " + error.message());
  }
  Monitor monitor{session, listening};
  if ((listening.objects & netns_id) != 0) {
    monitor.learn_netns_names();
  } else {
    session.forget_netns_names(true);  // as `ip` does it
  }
  for (;;) {
    boost::system::error_code error;
    stream.async_receive([&](const MessageView& message) { monitor.print(message); },
                         [&](boost::system::error_code failure) { error = failure; });
    context.restart();
    context.run();
    if (error == engine::EngineError::notifications_lost) {
      std::fputs("Notifications were lost.\n", stderr);
    } else if (error && error != engine::EngineError::malformed_answer) {
      fail("Cannot receive: " + error.message(), status_refused);
    }
  }
}

}  // namespace

Command parse_monitor(Words words, const Options&, Environment& environment) {
  Listening listening;
  while (!words.empty()) {
    if (words.accept_short("label") || words.accept("all")) {
      listening.labelled = true;
    } else if (words.accept_short("link")) {
      listening.objects |= link;
    } else if (words.accept_short("address")) {
      listening.objects |= address;
    } else if (words.accept_short("route")) {
      listening.objects |= route;
    } else if (words.accept_short("neigh")) {
      listening.objects |= neighbour;
    } else if (words.accept_short("rule")) {
      listening.objects |= rule;
    } else if (words.accept_short("nsid")) {
      listening.objects |= netns_id;
    } else if (words.accept_short("netconf")) {
      listening.objects |= netconf;
    } else if (words.accept_short("nexthop")) {
      listening.objects |= nexthop;
    } else if (words.accept("dev")) {
      const std::string_view name = words.take();
      const LinkFacts* found = environment.find_link(name);
      if (found == nullptr) refuse(name, "Device does not exist\n");
      listening.index = found->index;
    } else if (words.abbreviates("help")) {
      fail_with_usage(usage::monitor);
    } else if (words.abbreviates("all-nsid") || words.abbreviates("file") || words.abbreviates("mroute") ||
               words.abbreviates("prefix") || words.is("stats")) {
      fail('"' + std::string{words.peek()} + "\" is not supported by netherd.", status_usage);
    } else {
      fail("Argument \"" + std::string{words.peek()} + "\" is unknown, try \"ip monitor help\".", status_usage);
    }
  }
  if (listening.objects == 0) listening.objects = all_objects;
  return {.action = [listening](Session& session) { return listen(session, listening); }};
}

}  // namespace netherd::ip
