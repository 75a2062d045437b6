#include "link_show.hpp"

#include <fnmatch.h>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/if_arp.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>
#include <unordered_map>
#include <vector>

#include "attributes.hpp"
#include "kind.hpp"
#include "link_parser.hpp"
#include "link_types.hpp"
#include "names.hpp"
#include "objects.hpp"
#include "usage.hpp"
#include "virtual_functions.hpp"

namespace netherd::ip {

namespace {

using engine::MessageView;
using LinkTable = AttributeTable<IFLA_MAX>;

constexpr std::array<std::string_view, 7> states{"UNKNOWN", "NOTPRESENT", "DOWN", "LOWERLAYERDOWN",
                                                 "TESTING", "DORMANT",    "UP"};
constexpr std::array<std::string_view, 2> modes{"DEFAULT", "DORMANT"};
constexpr std::array<std::string_view, 4> generations{"eui64", "none", "stable_secret", "random"};

struct FlagName {
  unsigned bit;
  std::string_view name;
};
constexpr std::array flag_names{FlagName{IFF_LOOPBACK, "LOOPBACK"},
                                FlagName{IFF_BROADCAST, "BROADCAST"},
                                FlagName{IFF_POINTOPOINT, "POINTOPOINT"},
                                FlagName{IFF_MULTICAST, "MULTICAST"},
                                FlagName{IFF_NOARP, "NOARP"},
                                FlagName{IFF_ALLMULTI, "ALLMULTI"},
                                FlagName{IFF_PROMISC, "PROMISC"},
                                FlagName{IFF_MASTER, "MASTER"},
                                FlagName{IFF_SLAVE, "SLAVE"},
                                FlagName{IFF_DEBUG, "DEBUG"},
                                FlagName{IFF_DYNAMIC, "DYNAMIC"},
                                FlagName{IFF_AUTOMEDIA, "AUTOMEDIA"},
                                FlagName{IFF_PORTSEL, "PORTSEL"},
                                FlagName{IFF_NOTRAILERS, "NOTRAILERS"},
                                FlagName{IFF_UP, "UP"},
                                FlagName{IFF_LOWER_UP, "LOWER_UP"},
                                FlagName{IFF_DORMANT, "DORMANT"},
                                FlagName{IFF_ECHO, "ECHO"}};

Colour colour_of_state(std::uint8_t state) {
  return state == 6 ? Colour::up : state == 2 ? Colour::down : Colour::none;
}

Colour colour_of_family(int family) {
  return family == AF_INET ? Colour::inet : family == AF_INET6 ? Colour::inet6 : Colour::none;
}

void print_flags(Printer& printer, unsigned flags, bool lower_is_down) {
  printer.open_array("flags");
  printer.text("<");
  if ((flags & IFF_UP) != 0 && (flags & IFF_RUNNING) == 0) printer.string(nullptr, "", "NO-CARRIER", ",");
  flags &= ~static_cast<unsigned>(IFF_RUNNING);
  for (const auto& [bit, name] : flag_names) {
    if ((flags & bit) == 0) continue;
    flags &= ~bit;
    printer.string(nullptr, "", name, flags != 0 ? "," : "");
  }
  if (flags != 0) {
    std::array<char, 12> digits;
    std::snprintf(digits.data(), digits.size(), "%x", flags);
    printer.string(nullptr, "", digits.data(), "");
  }
  if (lower_is_down) printer.string(nullptr, ",", "M-DOWN", "");
  printer.text("> ");
  printer.close_array();
}

/// "v0@v1", "v0@if7", "d0@NONE"; true if the link below is down.
bool print_name(Session& session, const LinkTable& table, bool brief) {
  Printer& printer = session.printer();
  const std::string name{table.text(IFLA_IFNAME)};
  std::string shown = name;
  bool lower_is_down = false;
  if (table.has(IFLA_LINK)) {
    const int lower = table.index(IFLA_LINK);
    if (lower == 0) {
      printer.json() ? printer.null("link", "") : void(shown += "@NONE");
    } else if (table.has(IFLA_LINK_NETNSID)) {
      printer.json_number("link_index", lower);
      shown += "@if" + std::to_string(lower);
    } else {
      const std::string lower_name = session.link_name(lower);
      const LinkFacts* facts = session.find_link(lower);
      printer.json_string("link", lower_name);
      shown += '@' + lower_name;
      lower_is_down = facts == nullptr || (facts->flags & IFF_UP) == 0;
    }
  }
  if (printer.json()) {
    printer.json_string("ifname", name);
  } else if (brief) {
    shown.resize(std::max<std::size_t>(shown.size(), 16), ' ');
    printer.string("ifname", "", shown, " ", Colour::interface_name);
  } else {
    printer.string("ifname", "", shown, ": ", Colour::interface_name);
  }
  return lower_is_down;
}

void print_state(Printer& printer, std::uint8_t state, bool brief) {
  if (state >= states.size()) {
    if (printer.json()) return printer.json_number("operstate_index", unsigned{state});
    return printer.hex(nullptr, "state ", state, "");
  }
  if (brief && !printer.json()) {
    std::string padded{states.at(state)};
    padded.resize(std::max<std::size_t>(padded.size(), 14), ' ');
    return printer.string("operstate", "", padded, " ", colour_of_state(state));
  }
  printer.text("state ");
  printer.string("operstate", "", states.at(state), " ", colour_of_state(state));
}

bool passes(const LinkFilter& filter, const ifinfomsg& header, const LinkTable& table) {
  if (filter.index != 0 && header.ifi_index != filter.index) return false;
  if (filter.up && (header.ifi_flags & IFF_UP) == 0) return false;
  if (table.has(IFLA_GROUP) && filter.group != -1 && table.index(IFLA_GROUP) != filter.group) return false;
  const int master = table.has(IFLA_MASTER) ? table.index(IFLA_MASTER) : 0;
  if (filter.nomaster ? master != 0 : filter.master > 0 && master != filter.master) return false;
  const AttributeTable<IFLA_INFO_MAX> info{table.bytes(IFLA_LINKINFO)};
  return (!filter.kind || (info.has(IFLA_INFO_KIND) && info.text(IFLA_INFO_KIND) == *filter.kind)) &&
         (!filter.slave_kind ||
          (info.has(IFLA_INFO_SLAVE_KIND) && info.text(IFLA_INFO_SLAVE_KIND) == *filter.slave_kind));
}

void print_link_layer(Printer& printer, const ifinfomsg& header, const LinkTable& table) {
  printer.line_break();
  printer.string("link_type", "    link/", link_type_text(header.ifi_type));
  if (table.has(IFLA_ADDRESS)) {
    printer.string("address", "", link_layer_text(table.bytes(IFLA_ADDRESS), header.ifi_type), "", Colour::mac);
  }
  if (table.has(IFLA_BROADCAST)) {
    if ((header.ifi_flags & IFF_POINTOPOINT) != 0) {
      printer.text(" peer ");
      printer.json_bool("link_pointtopoint", true);
    } else {
      printer.text(" brd ");
    }
    printer.string("broadcast", "", link_layer_text(table.bytes(IFLA_BROADCAST), header.ifi_type), "", Colour::mac);
  }
  const auto permanent = table.bytes(IFLA_PERM_ADDRESS);
  const bool differs = !table.has(IFLA_ADDRESS) || !std::ranges::equal(permanent, table.bytes(IFLA_ADDRESS));
  if (table.has(IFLA_PERM_ADDRESS) && differs) {
    printer.text(" permaddr ");
    printer.string("permaddr", "", link_layer_text(permanent, header.ifi_type), "", Colour::mac);
  }
}

void print_netns_of_link(Session& session, const LinkTable& table) {
  Printer& printer = session.printer();
  if (table.has(IFLA_LINK_NETNSID)) {
    const int id = table.index(IFLA_LINK_NETNSID);
    const std::string name = printer.json() || id < 0 ? std::string{} : session.name_of_netns(id);
    printer.json_number("link_netnsid", id);
    printer.text(id < 0         ? " link-netnsid unknown"
                 : name.empty() ? " link-netnsid " + std::to_string(id)
                                : " link-netns " + name);
  }
  if (table.has(IFLA_NEW_NETNSID)) {
    const int id = table.index(IFLA_NEW_NETNSID);
    const std::string name = printer.json() || id < 0 ? std::string{} : session.name_of_netns(id);
    printer.json_number("new_netnsid", id);
    printer.text(name.empty() ? " new-netnsid " + std::to_string(id) : " new-netns " + name);
  }
  if (table.has(IFLA_NEW_IFINDEX)) printer.number("new_ifindex", " new-ifindex ", table.index(IFLA_NEW_IFINDEX), "");
}

void print_address_generation(Printer& printer, std::span<const std::byte> families) {
  const AttributeTable<AF_INET6> table{families};
  const AttributeTable<IFLA_INET6_MAX> inet6{table.bytes(AF_INET6)};
  if (!inet6.has(IFLA_INET6_ADDR_GEN_MODE)) return;
  const std::uint8_t mode = inet6.u8(IFLA_INET6_ADDR_GEN_MODE);
  std::array<char, 8> digits;
  std::snprintf(digits.data(), digits.size(), "%#.2hhx", mode);
  printer.string("inet6_addr_gen_mode", "addrgenmode ",
                 mode < generations.size() ? generations.at(mode) : std::string_view{digits.data()});
}

constexpr std::array queue_showings{
    Showing{IFLA_NUM_TX_QUEUES, Shown::u32, "num_tx_queues", "numtxqueues"},
    Showing{IFLA_NUM_RX_QUEUES, Shown::u32, "num_rx_queues", "numrxqueues"},
    Showing{IFLA_GSO_MAX_SIZE, Shown::u32, "gso_max_size"},
    Showing{IFLA_GSO_MAX_SEGS, Shown::u32, "gso_max_segs"},
    Showing{IFLA_TSO_MAX_SIZE, Shown::u32, "tso_max_size"},
    Showing{IFLA_TSO_MAX_SEGS, Shown::u32, "tso_max_segs"},
    Showing{IFLA_GRO_MAX_SIZE, Shown::u32, "gro_max_size"},
};

std::string hexadecimal(std::span<const std::byte> bytes) {
  std::string text = link_layer_text(bytes, 0);
  std::erase(text, ':');
  return text;
}

void print_details(Session& session, const LinkTable& table, bool links_only) {
  Printer& printer = session.printer();
  const auto number = [&](std::size_t type, const char* key, std::string_view before) {
    if (table.has(type)) printer.number(key, before, table.u32(type));
  };
  number(IFLA_PROMISCUITY, "promiscuity", " promiscuity ");
  number(IFLA_ALLMULTI, "allmulti", " allmulti ");
  number(IFLA_MIN_MTU, "min_mtu", "minmtu ");
  number(IFLA_MAX_MTU, "max_mtu", "maxmtu ");
  if (table.has(IFLA_LINKINFO)) print_link_kind(session, table.bytes(IFLA_LINKINFO));
  if (links_only && table.has(IFLA_AF_SPEC)) print_address_generation(printer, table.bytes(IFLA_AF_SPEC));
  for (const Showing& showing : queue_showings) {
    const std::string_view before = showing.before.empty() ? showing.key : showing.before;
    number(static_cast<std::size_t>(showing.attribute), showing.key, std::string{before} + ' ');
  }
  const auto text = [&](std::size_t type, const char* key, std::string_view before) {
    if (table.has(type)) printer.string(key, before, table.text(type));
  };
  text(IFLA_PHYS_PORT_NAME, "phys_port_name", "portname ");
  if (table.has(IFLA_PHYS_PORT_ID))
    printer.string("phys_port_id", "portid ", hexadecimal(table.bytes(IFLA_PHYS_PORT_ID)));
  if (table.has(IFLA_PHYS_SWITCH_ID)) {
    printer.string("phys_switch_id", "switchid ", hexadecimal(table.bytes(IFLA_PHYS_SWITCH_ID)));
  }
  text(IFLA_PARENT_DEV_BUS_NAME, "parentbus", "parentbus ");
  text(IFLA_PARENT_DEV_NAME, "parentdev", "parentdev ");
}

/// Only of the bits 0 to 7, as iproute2 6.1 does.
void print_protodown_reasons(Printer& printer, std::span<const std::byte> nest) {
  unsigned reasons = AttributeTable<IFLA_PROTO_DOWN_REASON_MAX>{nest}.u8(IFLA_PROTO_DOWN_REASON_VALUE);
  if (reasons == 0) return;
  printer.open_array("proto_down_reason");
  printer.text("protodown_reason <");
  std::string_view before;
  for (std::uint32_t bit = 0; reasons != 0; ++bit, reasons >>= 1U) {
    if ((reasons & 1U) == 0) continue;
    printer.string(nullptr, before, names::protodown_reason(bit), "");
    before = ",";
  }
  printer.text(">");
  printer.close_array();
}

void print_altnames(Printer& printer, std::span<const std::byte> list) {
  printer.open_array("altnames");
  for (const engine::AttributeView property : engine::Attributes{list}) {
    if (property.type() != IFLA_ALT_IFNAME) continue;
    printer.line_break();
    printer.string(nullptr, "    altname ", property.text(), "");
  }
  printer.close_array();
}

/// Of a link whose message says nothing of it, as those of a list for IPv6: by ioctl.
std::uint32_t queue_length(Session& session, const LinkTable& table) {
  if (table.has(IFLA_TXQLEN)) return table.u32(IFLA_TXQLEN);
  ifreq question{};
  const std::string_view name = table.text(IFLA_IFNAME).substr(0, IFNAMSIZ - 1);
  std::ranges::copy(name, question.ifr_name);
  const int failed = ::ioctl(session.connection().socket().descriptor(), SIOCGIFTXQLEN, &question);
  return failed == 0 && question.ifr_qlen > 0 ? static_cast<std::uint32_t>(question.ifr_qlen) : 0;
}

/// What stands on the first line behind the flags.
void print_first_line(Session& session, const LinkTable& table, const LinkFilter& filter) {
  Printer& printer = session.printer();
  if (table.has(IFLA_MTU)) printer.number("mtu", "mtu ", table.u32(IFLA_MTU));
  if (table.has(IFLA_QDISC)) printer.string("qdisc", "qdisc ", table.text(IFLA_QDISC));
  if (table.has(IFLA_MASTER)) printer.string("master", "master ", session.link_name(table.index(IFLA_MASTER)));
  if (table.has(IFLA_OPERSTATE)) print_state(printer, table.u8(IFLA_OPERSTATE), false);
  if (filter.links_only && table.has(IFLA_LINKMODE)) {
    const std::uint8_t mode = table.u8(IFLA_LINKMODE);
    mode < modes.size() ? printer.string("linkmode", "mode ", modes.at(mode))
                        : printer.number("linkmode_index", "mode ", unsigned{mode});
  }
  if (table.has(IFLA_GROUP)) printer.string("group", "group ", names::group(table.u32(IFLA_GROUP)));
  if (const std::uint32_t length = queue_length(session, table); filter.show_queue && length != 0) {
    printer.number("txqlen", "qlen ", length, "");
  }
}

/// The width of each column of the statistics: that of its longest title or value.
class Columns {
 public:
  template <std::size_t Count>
  void fit(const std::array<std::uint64_t, Count>& values) {
    for (std::size_t i = 0; i < Count; ++i) {
      widths_.at(i) = std::max(widths_.at(i), static_cast<int>(std::to_string(values[i]).size()));
    }
  }
  [[nodiscard]] int at(std::size_t column) const { return widths_.at(column); }

 private:
  std::array<int, 8> widths_{10, 7, 6, 7, 7, 7, 10, 9};
};

struct Cell {
  enum class Presence : std::uint8_t { shown, blank, absent };  ///< blank: the title's place stays, without a value
  std::size_t column;
  std::string_view title;
  std::uint64_t value;
  Presence presence = Presence::shown;
};

Cell::Presence shown_or(bool shown, Cell::Presence otherwise) { return shown ? Cell::Presence::shown : otherwise; }

/// Titles to the right of their columns, and the values below. What counts errors begins in the second column.
void print_block(Printer& printer, const Columns& columns, std::string_view name, std::span<const Cell> cells) {
  using enum Cell::Presence;
  const bool of_errors = cells.front().column != 0;
  printer.text(name);
  if (of_errors) printer.padded("", columns.at(0) - 10);
  for (const auto& [column, title, value, presence] : cells) {
    if (presence == absent) continue;
    if (column != 0) printer.text(" ");
    printer.padded(presence == shown ? title : "", columns.at(column) - (column == 0 ? 4 : 0));
  }
  printer.line_break();
  printer.padded("", of_errors ? columns.at(0) + 5 : 4);
  for (const auto& [column, title, value, presence] : cells) {
    if (presence != shown) continue;
    printer.padded(std::to_string(value), columns.at(column));
    printer.text(" ");
  }
}

void print_json_statistics(Session& session, const rtnl_link_stats64& s, const LinkTable& table) {
  Printer& printer = session.printer();
  const bool more = session.options().statistics > 1;
  const auto number = [&printer](const char* key, std::uint64_t value) { printer.json_number(key, value); };
  printer.open_object(table.has(IFLA_STATS64) ? "stats64" : "stats");
  printer.open_object("rx");
  number("bytes", s.rx_bytes);
  number("packets", s.rx_packets);
  number("errors", s.rx_errors);
  number("dropped", s.rx_dropped);
  number("over_errors", s.rx_over_errors);
  number("multicast", s.multicast);
  if (s.rx_compressed != 0) number("compressed", s.rx_compressed);
  if (more) {
    number("length_errors", s.rx_length_errors);
    number("crc_errors", s.rx_crc_errors);
    number("frame_errors", s.rx_frame_errors);
    number("fifo_errors", s.rx_fifo_errors);
    number("missed_errors", s.rx_missed_errors);
    if (s.rx_nohandler != 0) number("nohandler", s.rx_nohandler);
    if (s.rx_otherhost_dropped != 0) number("otherhost", s.rx_otherhost_dropped);
  }
  printer.close_object();
  printer.open_object("tx");
  number("bytes", s.tx_bytes);
  number("packets", s.tx_packets);
  number("errors", s.tx_errors);
  number("dropped", s.tx_dropped);
  number("carrier_errors", s.tx_carrier_errors);
  number("collisions", s.collisions);
  if (s.tx_compressed != 0) number("compressed", s.tx_compressed);
  if (more) {
    number("aborted_errors", s.tx_aborted_errors);
    number("fifo_errors", s.tx_fifo_errors);
    number("window_errors", s.tx_window_errors);
    number("heartbeat_errors", s.tx_heartbeat_errors);
    if (table.has(IFLA_CARRIER_CHANGES)) number("carrier_changes", table.u32(IFLA_CARRIER_CHANGES));
  }
  printer.close_object();
  printer.close_object();
}

Columns columns_of(const rtnl_link_stats64& s, std::uint64_t carrier_changes, bool more) {
  Columns columns;
  columns.fit(std::array<std::uint64_t, 7>{s.rx_bytes, s.rx_packets, s.rx_errors, s.rx_dropped, s.rx_missed_errors,
                                           s.multicast, s.rx_compressed});
  columns.fit(std::array<std::uint64_t, 7>{s.tx_bytes, s.tx_packets, s.tx_errors, s.tx_dropped, s.tx_carrier_errors,
                                           s.collisions, s.tx_compressed});
  if (!more) return columns;
  columns.fit(std::array<std::uint64_t, 8>{0, s.rx_length_errors, s.rx_crc_errors, s.rx_frame_errors, s.rx_fifo_errors,
                                           s.rx_over_errors, s.rx_nohandler, s.rx_otherhost_dropped});
  // One column to the right of where they are shown, as `ip` does it.
  columns.fit(std::array<std::uint64_t, 7>{0, 0, s.tx_aborted_errors, s.tx_fifo_errors, s.tx_window_errors,
                                           s.tx_heartbeat_errors, carrier_changes});
  return columns;
}

void print_text_statistics(Session& session, const rtnl_link_stats64& s, const LinkTable& table) {
  using enum Cell::Presence;
  Printer& printer = session.printer();
  const bool more = session.options().statistics > 1;
  const std::uint64_t changes = table.u32(IFLA_CARRIER_CHANGES);
  const Columns columns = columns_of(s, changes, more);
  print_block(
      printer, columns, "    RX: ",
      std::array{Cell{0, "bytes", s.rx_bytes}, Cell{1, "packets", s.rx_packets}, Cell{2, "errors", s.rx_errors},
                 Cell{3, "dropped", s.rx_dropped}, Cell{4, "missed", s.rx_missed_errors}, Cell{5, "mcast", s.multicast},
                 Cell{6, "compressed", s.rx_compressed, shown_or(s.rx_compressed != 0, blank)}});
  if (more) {
    printer.line_break();
    print_block(
        printer, columns, "    RX errors:",
        std::array{Cell{1, "length", s.rx_length_errors}, Cell{2, "crc", s.rx_crc_errors},
                   Cell{3, "frame", s.rx_frame_errors}, Cell{4, "fifo", s.rx_fifo_errors},
                   Cell{5, "overrun", s.rx_over_errors},
                   Cell{6, "nohandler", s.rx_nohandler, shown_or(s.rx_nohandler != 0, absent)},
                   Cell{7, "otherhost", s.rx_otherhost_dropped, shown_or(s.rx_otherhost_dropped != 0, absent)}});
  }
  printer.line_break();
  print_block(printer, columns, "    TX: ",
              std::array{Cell{0, "bytes", s.tx_bytes}, Cell{1, "packets", s.tx_packets}, Cell{2, "errors", s.tx_errors},
                         Cell{3, "dropped", s.tx_dropped}, Cell{4, "carrier", s.tx_carrier_errors},
                         Cell{5, "collsns", s.collisions},
                         Cell{6, "compressed", s.tx_compressed, shown_or(s.tx_compressed != 0, blank)}});
  if (!more) return;
  printer.line_break();
  print_block(printer, columns, "    TX errors:",
              std::array{Cell{1, "aborted", s.tx_aborted_errors}, Cell{2, "fifo", s.tx_fifo_errors},
                         Cell{3, "window", s.tx_window_errors}, Cell{4, "heartbt", s.tx_heartbeat_errors},
                         Cell{5, "transns", changes, shown_or(table.has(IFLA_CARRIER_CHANGES), blank)}});
}

void print_statistics(Session& session, const LinkTable& table) {
  if (!table.has(IFLA_STATS64)) return;
  rtnl_link_stats64 statistics{};
  const auto bytes = table.bytes(IFLA_STATS64);
  std::memcpy(&statistics, bytes.data(), std::min(bytes.size(), sizeof statistics));
  session.printer().json() ? print_json_statistics(session, statistics, table)
                           : print_text_statistics(session, statistics, table);
}

}  // namespace

void print_link_kind(Session& session, std::span<const std::byte> linkinfo) {
  Printer& printer = session.printer();
  const AttributeTable<IFLA_INFO_MAX> info{linkinfo};
  printer.open_object("linkinfo");
  const auto print = [&](const Kind* kind, const char* key, std::span<const std::byte> data, bool has_data) {
    if (kind == nullptr || (kind->print == nullptr && kind->showings.empty())) return;
    printer.open_object(key);
    if (has_data) kind->print != nullptr ? kind->print(session, data) : print_showings(session, data, kind->showings);
    printer.close_object();
  };
  const auto print_own_statistics = [&](const Kind* kind) {
    const bool has_any = info.has(IFLA_INFO_XSTATS) && session.options().statistics > 0;
    if (kind == nullptr || kind->print_statistics == nullptr || !has_any) return;
    printer.open_object("info_xstats");
    kind->print_statistics(session, info.bytes(IFLA_INFO_XSTATS));
    printer.close_object();
  };
  if (info.has(IFLA_INFO_KIND)) {
    const std::string_view name = info.text(IFLA_INFO_KIND);
    printer.line_break();
    printer.string("info_kind", "    ", name);
    print(find_kind(name), "info_data", info.bytes(IFLA_INFO_DATA), info.has(IFLA_INFO_DATA));
    print_own_statistics(find_kind(name));
  }
  if (info.has(IFLA_INFO_SLAVE_KIND)) {
    const std::string name{info.text(IFLA_INFO_SLAVE_KIND)};
    printer.line_break();
    printer.string("info_slave_kind", "    ", name, "_slave ");
    print(find_kind(name + "_slave"), "info_slave_data", info.bytes(IFLA_INFO_SLAVE_DATA),
          info.has(IFLA_INFO_SLAVE_DATA));
  }
  printer.close_object();
}

namespace {

/// False if the kernel had no room for all of them in its message.
bool print_all_functions(Session& session, const ifinfomsg& header, const LinkTable& table) {
  if (!table.has(IFLA_VFINFO_LIST) || !table.has(IFLA_NUM_VF)) return true;
  return print_virtual_functions(session, header, table.bytes(IFLA_VFINFO_LIST)) == table.u32(IFLA_NUM_VF);
}

}  // namespace

bool print_link_brief(Session& session, const MessageView& message, const LinkFilter& filter) {
  const auto header = message.family_header<ifinfomsg>().value_or(ifinfomsg{});
  const LinkTable table{message.attributes<ifinfomsg>()};
  if (!passes(filter, header, table)) return false;
  Printer& printer = session.printer();
  if (message.type() == RTM_DELLINK) printer.flag("deleted", "Deleted ");
  const bool lower_is_down = print_name(session, table, true);
  if (table.has(IFLA_OPERSTATE)) print_state(printer, table.u8(IFLA_OPERSTATE), true);
  if (filter.family == AF_PACKET) {
    if (table.has(IFLA_ADDRESS)) {
      printer.string("address", "", link_layer_text(table.bytes(IFLA_ADDRESS), header.ifi_type), " ", Colour::mac);
    }
    print_flags(printer, header.ifi_flags, lower_is_down);
    printer.text("\n");
  }
  return true;
}

bool print_link(Session& session, const MessageView& message, const LinkFilter& filter) {
  const auto header = message.family_header<ifinfomsg>().value_or(ifinfomsg{});
  const LinkTable table{message.attributes<ifinfomsg>()};
  if (!passes(filter, header, table)) return false;
  Printer& printer = session.printer();
  const Options& options = session.options();
  if (message.type() == RTM_DELLINK) printer.flag("deleted", "Deleted ");
  printer.number("ifindex", "", header.ifi_index, ": ");
  const bool lower_is_down = print_name(session, table, false);
  print_flags(printer, header.ifi_flags, lower_is_down);
  print_first_line(session, table, filter);
  if (filter.family == AF_UNSPEC || filter.family == AF_PACKET || options.details > 0) {
    print_link_layer(printer, header, table);
  }
  print_netns_of_link(session, table);
  if (table.u8(IFLA_PROTO_DOWN) != 0) printer.flag("proto_down", " protodown on ");
  if (table.has(IFLA_PROTO_DOWN_REASON)) print_protodown_reasons(printer, table.bytes(IFLA_PROTO_DOWN_REASON));
  if (options.details > 0) print_details(session, table, filter.links_only);
  if ((filter.links_only || options.details > 0) && table.has(IFLA_IFALIAS)) {
    printer.line_break();
    printer.string("ifalias", "    alias ", table.text(IFLA_IFALIAS), "");
  }
  if (filter.links_only && options.statistics > 0) {
    printer.line_break();
    print_statistics(session, table);
  }
  const bool functions_are_cut_short =
      (filter.links_only || options.details > 0) && !print_all_functions(session, header, table);
  if (table.has(IFLA_PROP_LIST)) print_altnames(printer, table.bytes(IFLA_PROP_LIST));
  printer.text("\n");
  if (functions_are_cut_short) {
    std::fprintf(stderr, "Truncated VF list: %s\n", std::string{table.text(IFLA_IFNAME)}.c_str());
  }
  return true;
}

void print_link_statistics(Session& session, const MessageView& message) {
  const LinkTable table{message.attributes<ifinfomsg>()};
  print_statistics(session, table);
  session.printer().line_break();
}

namespace {

struct AddressFlag {
  std::string_view name;
  unsigned bit;
};
constexpr std::array address_flags{
    AddressFlag{"secondary", IFA_F_SECONDARY},       AddressFlag{"nodad", IFA_F_NODAD},
    AddressFlag{"optimistic", IFA_F_OPTIMISTIC},     AddressFlag{"dadfailed", IFA_F_DADFAILED},
    AddressFlag{"home", IFA_F_HOMEADDRESS},          AddressFlag{"deprecated", IFA_F_DEPRECATED},
    AddressFlag{"tentative", IFA_F_TENTATIVE},       AddressFlag{"permanent", IFA_F_PERMANENT},
    AddressFlag{"mngtmpaddr", IFA_F_MANAGETEMPADDR}, AddressFlag{"noprefixroute", IFA_F_NOPREFIXROUTE},
    AddressFlag{"autojoin", IFA_F_MCAUTOJOIN},       AddressFlag{"stable-privacy", IFA_F_STABLE_PRIVACY}};

void print_address_flags(Printer& printer, int family, unsigned flags) {
  for (const auto& [name, bit] : address_flags) {
    if (bit == IFA_F_PERMANENT) {
      if ((flags & bit) == 0) printer.flag("dynamic", "dynamic ");
    } else if ((flags & bit) != 0) {
      const std::string shown{bit == IFA_F_SECONDARY && family == AF_INET6 ? "temporary" : name};
      printer.flag(shown.c_str(), shown + ' ');
    }
    flags &= ~bit;
  }
  if (flags == 0) return;
  std::array<char, 12> digits;
  std::snprintf(digits.data(), digits.size(), "%02x", flags);
  printer.string("ifa_flags", "flags ", digits.data());
}

/// An address as `filter` sees it.
struct AddressFacts {
  ifaddrmsg header{};
  unsigned flags = 0;
  std::span<const std::byte> local{};
  std::span<const std::byte> address{};
};
using AddressTable = AttributeTable<IFA_PROTO>;

AddressFacts facts_of(const MessageView& message, const AddressTable& table) {
  AddressFacts facts{.header = message.family_header<ifaddrmsg>().value_or(ifaddrmsg{})};
  facts.flags = table.has(IFA_FLAGS) ? table.u32(IFA_FLAGS) : facts.header.ifa_flags;
  facts.local = table.bytes(table.has(IFA_LOCAL) ? IFA_LOCAL : IFA_ADDRESS);
  facts.address = table.bytes(table.has(IFA_ADDRESS) ? IFA_ADDRESS : IFA_LOCAL);
  return facts;
}

bool passes(Session& session, const LinkFilter& filter, const AddressFacts& facts, const AddressTable& table) {
  const auto& header = facts.header;
  if (filter.index != 0 && filter.index != static_cast<int>(header.ifa_index)) return false;
  if (((filter.scope ^ header.ifa_scope) & filter.scope_mask) != 0) return false;
  if (((filter.flags ^ facts.flags) & filter.flag_mask) != 0) return false;
  if (filter.family != AF_UNSPEC && filter.family != header.ifa_family) return false;
  if (filter.label) {
    const std::string label = table.has(IFA_LABEL) ? std::string{table.text(IFA_LABEL)}
                                                   : session.link_name(static_cast<int>(header.ifa_index));
    if (::fnmatch(filter.label->c_str(), label.c_str(), 0) != 0) return false;
  }
  if (filter.prefix.family == AF_UNSPEC) return true;
  Inet local{.family = header.ifa_family, .size = facts.local.size()};
  std::ranges::copy(facts.local.first(std::min<std::size_t>(facts.local.size(), 16)), local.data.begin());
  return local.family == filter.prefix.family && local.begins_like(filter.prefix, filter.prefix.bits);
}

void print_lifetime(Printer& printer, const char* key, std::string_view before, std::uint32_t seconds, bool negative) {
  printer.text(before);
  if (seconds == UINT32_MAX) {
    printer.json_number(key, seconds);
    printer.text("forever");
  } else if (negative) {
    printer.number(key, "", static_cast<std::int32_t>(seconds), "sec");
  } else {
    printer.number(key, "", seconds, "sec");
  }
}

void print_one_line_device(Session& session, const AddressFacts& facts) {
  Printer& printer = session.printer();
  const int index = static_cast<int>(facts.header.ifa_index);
  const std::string name = session.link_name(index);
  printer.json_number("index", index);
  printer.json_string("dev", name);
  printer.text(std::to_string(index) + ": " + name);
}

}  // namespace

void print_address(Session& session, const MessageView& message, const LinkFilter& filter) {
  const AddressTable table{message.attributes<ifaddrmsg>()};
  const AddressFacts facts = facts_of(message, table);
  if (!passes(session, filter, facts, table)) return;
  Printer& printer = session.printer();
  const int family = facts.header.ifa_family;
  if (message.type() == RTM_DELADDR) printer.flag("deleted", "Deleted ");
  const bool brief = session.options().brief;
  if (!brief) {
    if (filter.one_line) print_one_line_device(session, facts);
    printer.string("family", "    ", family_name(family));
  }
  if (!facts.local.empty()) {
    printer.string("local", "", address_text(family, facts.local), "", colour_of_family(family));
    if (!std::ranges::equal(facts.local, facts.address)) {
      printer.text(" peer ");
      printer.string("address", "", address_text(family, facts.address), "", colour_of_family(family));
    }
    printer.number("prefixlen", "/", unsigned{facts.header.ifa_prefixlen});
    if (table.has(IFA_RT_PRIORITY)) printer.number("metric", "metric ", table.u32(IFA_RT_PRIORITY));
  }
  if (brief) return;
  const auto other = [&](std::size_t type, const char* key, std::string_view before) {
    if (!table.has(type)) return;
    printer.text(before);
    printer.string(key, "", address_text(family, table.bytes(type)), " ", colour_of_family(family));
  };
  other(IFA_BROADCAST, "broadcast", "brd ");
  other(IFA_ANYCAST, "anycast", "any ");
  printer.string("scope", "scope ", names::scope(facts.header.ifa_scope));
  print_address_flags(printer, family, facts.flags);
  if (table.has(IFA_LABEL)) printer.string("label", "", table.text(IFA_LABEL), "");
  if (table.has(IFA_CACHEINFO)) {
    const auto lifetimes = table.as<ifa_cacheinfo>(IFA_CACHEINFO);
    printer.line_break();
    print_lifetime(printer, "valid_life_time", "       valid_lft ", lifetimes.ifa_valid, false);
    print_lifetime(printer, "preferred_life_time", " preferred_lft ", lifetimes.ifa_prefered,
                   (facts.flags & IFA_F_DEPRECATED) != 0);
  }
  printer.text("\n");
}

namespace {

/// A state that addresses are to have, or not to have: "-tentative".
bool take_address_flag(Words& words, LinkFilter& filter) {
  std::string_view name = words.peek();
  bool set = !name.starts_with('-');
  if (!set) name.remove_prefix(1);
  if (name == "dynamic" || name == "primary") {
    set = !set;
    name = name == "dynamic" ? "permanent" : "secondary";
  }
  if (name == "temporary") name = "secondary";
  const auto* const found = std::ranges::find(address_flags, name, &AddressFlag::name);
  if (found == address_flags.end()) return false;
  filter.flags = set ? filter.flags | found->bit : filter.flags & ~found->bit;
  filter.flag_mask |= found->bit;
  words.skip();
  return true;
}

void take_scope(Words& words, LinkFilter& filter) {
  const std::string_view word = words.take();
  const auto scope = names::read_scope(word);
  if (!scope && word != "all") refuse(word, "invalid \"scope\"\n");
  filter.scope = static_cast<int>(scope.value_or(RT_SCOPE_NOWHERE));
  filter.scope_mask = scope ? -1 : 0;
}

void take_master(Words& words, LinkFilter& filter, Environment& environment, bool vrf) {
  const std::string_view name = words.take();
  const LinkFacts* link = environment.find_link(name);
  if (link == nullptr) refuse(name, vrf ? "Not a valid VRF name\n" : "Device does not exist\n");
  const int index = link->index;
  if (vrf && !is_vrf(environment, index)) refuse(name, "Not a valid VRF name\n");
  filter.master = index;
}

bool take_link_selector(Words& words, LinkFilter& filter, Environment& environment) {
  if (words.accept("up")) {
    filter.up = true;
  } else if (words.accept("label")) {
    filter.label = words.take();
  } else if (words.accept("group")) {
    const std::string_view word = words.take();
    const auto group = names::read_group(word);
    if (!group) refuse(word, "Invalid \"group\" value\n");
    filter.group = static_cast<int>(*group);
  } else if (words.accept("master")) {
    take_master(words, filter, environment, false);
  } else if (words.accept("vrf")) {
    take_master(words, filter, environment, true);
  } else if (words.accept("nomaster")) {
    filter.nomaster = true;
  } else if (words.accept("type")) {
    const std::string_view kind = words.take();
    if (kind.ends_with("_slave")) {
      filter.slave_kind = kind.substr(0, kind.size() - 6);
    } else {
      filter.kind = kind;
    }
  } else {
    return false;
  }
  return true;
}

LinkFilter parse_filter(Words& words, const Options& options, Environment& environment, bool links_only) {
  LinkFilter filter{
      .family = links_only ? AF_PACKET : options.family, .links_only = links_only, .one_line = options.one_line};
  std::optional<std::string_view> device;
  while (!words.empty()) {
    if (words.accept("to")) {
      filter.prefix = take_prefix(words, filter.family);
      if (filter.family == AF_UNSPEC) filter.family = filter.prefix.family;
    } else if (words.accept("scope")) {
      take_scope(words, filter);
    } else if (take_link_selector(words, filter, environment) || take_address_flag(words, filter)) {
      continue;
    } else {
      const bool named = words.accept("dev");
      if (!named && words.abbreviates("help")) fail_with_usage(links_only ? usage::link : usage::address);
      const std::string_view word = words.take();
      if (device) refuse_garbage("dev", word);
      device = word;
    }
  }
  if (device) {
    const LinkFacts* link = environment.find_link(*device);
    if (link == nullptr) fail("Device \"" + std::string{*device} + "\" does not exist.");
    filter.index = link->index;
  }
  return filter;
}

Request link_dump(const LinkFilter& filter, const Options& options) {
  ifinfomsg header{};
  header.ifi_family = static_cast<unsigned char>(filter.links_only ? AF_UNSPEC : options.family);
  const bool one = filter.index != 0 && header.ifi_family != AF_INET6;
  if (one) header.ifi_index = filter.index;
  Request request{RTM_GETLINK, one ? std::uint16_t{0} : std::uint16_t{NLM_F_DUMP}, header};
  if (header.ifi_family == AF_INET6) return request;  // of which the kernel takes nothing else
  request.put_u32(IFLA_EXT_MASK, RTEXT_FILTER_VF | (options.statistics > 0 ? 0U : RTEXT_FILTER_SKIP_STATS));
  if (!one && filter.master != 0) request.put_value(IFLA_MASTER, filter.master);
  if (!one && filter.nomaster) request.put_value(IFLA_MASTER, -1);
  if (!one && filter.kind) {
    const auto info = request.begin_nest(IFLA_LINKINFO | NLA_F_NESTED);
    request.put_text(IFLA_INFO_KIND, *filter.kind);
    request.end_nest(info);
  }
  return request;
}

void list_links(Session& session, const LinkFilter& filter, Messages& links) {
  Request request = link_dump(filter, session.options());
  if ((request.flags() & NLM_F_DUMP) != 0) {
    session.list(request, links);
  } else {
    const auto outcome = session.connection().get(request, [&links](const MessageView& link) { links.add(link); });
    if (!outcome.ok()) fail(refusal(outcome), status_refused);
  }
  for (const MessageView link : links) session.remember_link(link);
}

void list_addresses(Session& session, const LinkFilter& filter, Messages& addresses) {
  ifaddrmsg header{};
  header.ifa_family = static_cast<unsigned char>(filter.family);
  header.ifa_index = static_cast<std::uint32_t>(filter.index);
  Request request{RTM_GETADDR, NLM_F_DUMP, header};
  session.list(request, addresses);
}

/// Addresses by the index of their link, each link's in the order of the kernel.
class AddressesOfLinks {
 public:
  explicit AddressesOfLinks(const Messages& addresses) {
    for (const MessageView address : addresses) {
      if (const auto header = address.family_header<ifaddrmsg>()) by_link_[header->ifa_index].push_back(address);
    }
  }
  [[nodiscard]] std::span<const MessageView> of(int index) const {
    const auto found = by_link_.find(static_cast<std::uint32_t>(index));
    return found == by_link_.end() ? std::span<const MessageView>{} : found->second;
  }

 private:
  std::unordered_map<std::uint32_t, std::vector<MessageView>> by_link_;
};

/// A link is shown if one of its addresses passes, or if it has none and no family was asked for.
bool is_shown(Session& session, const LinkFilter& filter, std::span<const MessageView> addresses) {
  if (addresses.empty() && filter.family == AF_UNSPEC) return true;
  return std::ranges::any_of(addresses, [&](const MessageView& address) {
    const AddressTable table{address.attributes<ifaddrmsg>()};
    const AddressFacts facts = facts_of(address, table);
    return passes(session, filter, facts, table);
  });
}

void print_addresses_of_link(Session& session, const LinkFilter& filter, std::span<const MessageView> addresses,
                             unsigned link_flags) {
  Printer& printer = session.printer();
  printer.open_array("addr_info");
  for (const MessageView& address : addresses) {
    const auto header = address.family_header<ifaddrmsg>().value_or(ifaddrmsg{});
    if (filter.family != AF_UNSPEC && filter.family != header.ifa_family) continue;
    if (filter.up && (link_flags & IFF_UP) == 0) continue;
    printer.open_object();
    print_address(session, address, filter);
    printer.close_object();
  }
  printer.close_array();
  if (session.options().brief) printer.text("\n");
}

constexpr std::size_t flush_bytes = 1U << 16U;

int show_links(Session& session, const LinkFilter& filter) {
  Messages links;
  list_links(session, filter, links);
  session.printer().open_document();
  for (const MessageView link : links) {
    session.printer().open_object();
    session.options().brief ? print_link_brief(session, link, filter) : print_link(session, link, filter);
    session.printer().close_object();
    if (session.printer().size() > flush_bytes) session.flush();
  }
  session.printer().close_document();
  session.flush();
  return 0;
}

int show_addresses(Session& session, const LinkFilter& filter) {
  Messages links;
  Messages addresses;
  list_links(session, filter, links);
  list_addresses(session, filter, addresses);
  const AddressesOfLinks by_link{addresses};
  Printer& printer = session.printer();
  const Options& options = session.options();
  printer.open_document();
  for (const MessageView link : links) {
    const auto header = link.family_header<ifinfomsg>().value_or(ifinfomsg{});
    const auto own = by_link.of(header.ifi_index);
    if (!is_shown(session, filter, own)) continue;
    printer.open_object();
    const bool no_link = (options.one_line && !options.brief) || (filter.label && filter.family == AF_UNSPEC);
    const bool shown =
        no_link || (options.brief ? print_link_brief(session, link, filter) : print_link(session, link, filter));
    if (shown) print_addresses_of_link(session, filter, own, header.ifi_flags);
    if (shown && !no_link && !options.brief && options.statistics > 0) print_link_statistics(session, link);
    printer.close_object();
    if (printer.size() > flush_bytes) session.flush();
  }
  printer.close_document();
  session.flush();
  return 0;
}

constexpr int most_flush_rounds = 10;

/// The kernel may delete several addresses for one request (secondary ones), so a missing one is no failure.
int flush_addresses(Session& session, const LinkFilter& filter) {
  const int statistics = session.options().statistics;
  int round = 0;
  for (; round < most_flush_rounds; ++round) {
    Messages addresses;
    list_addresses(session, filter, addresses);
    std::size_t flushed = 0;
    for (const MessageView address : addresses) {
      const AddressTable table{address.attributes<ifaddrmsg>()};
      if (!passes(session, filter, facts_of(address, table), table)) continue;
      Request request = Request::again(address, RTM_DELADDR);
      const auto outcome = session.connection().execute(request);
      if (!outcome.ok() && outcome.error != boost::system::errc::address_not_available) {
        fail("Failed to send flush request: " + outcome.error.message());
      }
      ++flushed;
      if (statistics > 1) print_address(session, address, filter);
    }
    if (flushed == 0) break;
    if (statistics > 0) {
      session.printer().text("\n*** Round " + std::to_string(round + 1) + ", deleting " + std::to_string(flushed) +
                             " addresses ***\n");
    }
    const bool primary_only = (filter.flag_mask & IFA_F_SECONDARY) != 0 && (filter.flags & IFA_F_SECONDARY) == 0;
    if (primary_only && ++round > 0) break;  // else secondary ones, which have become primary, would go as well
  }
  if (statistics > 0) {
    session.printer().text(round == 0 ? "Nothing to flush.\n"
                                      : "*** Flush is complete after " + std::to_string(round) + " round" +
                                            (round > 1 ? "s" : "") + " ***\n");
  }
  session.flush();
  return 0;
}

}  // namespace

Command parse_link_show(Words words, const Options& options, Environment& environment) {
  const LinkFilter filter = parse_filter(words, options, environment, true);
  return {.action = [filter](Session& session) { return show_links(session, filter); }};
}

Command parse_address_show(Words words, const Options& options, Environment& environment, bool flush) {
  if (flush && words.empty()) fail("Flush requires arguments.");
  LinkFilter filter = parse_filter(words, options, environment, options.family == AF_PACKET);
  if (flush && filter.family == AF_PACKET) fail("Cannot flush link addresses.");
  if (flush) return {.action = [filter](Session& session) { return flush_addresses(session, filter); }};
  if (filter.family == AF_PACKET) return {.action = [filter](Session& session) { return show_links(session, filter); }};
  return {.action = [filter](Session& session) { return show_addresses(session, filter); }};
}

}  // namespace netherd::ip
