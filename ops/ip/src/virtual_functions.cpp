#include "virtual_functions.hpp"

#include <arpa/inet.h>
#include <linux/if.h>
#include <linux/if_arp.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>
#include <optional>

#include "attributes.hpp"
#include "ethertypes.hpp"
#include "kind.hpp"
#include "link_types.hpp"
#include "netherd/ip/inet.hpp"
#include "objects.hpp"

namespace netherd::ip {

namespace {

using FunctionTable = AttributeTable<IFLA_VF_MAX>;

constexpr std::uint32_t most_vlan = 4095;
constexpr std::uint32_t not_reported = UINT32_MAX;
constexpr std::size_t infiniband_address_bytes = 20;
constexpr std::array<std::string_view, 3> link_states{"auto", "enable", "disable"};

/// A setting that is on or off: the kernel has a struct of the same layout for each.
struct Switch {
  std::uint32_t vf;
  std::uint32_t setting;
};
static_assert(sizeof(Switch) == sizeof(ifla_vf_spoofchk) && sizeof(Switch) == sizeof(ifla_vf_trust) &&
              sizeof(Switch) == sizeof(ifla_vf_rss_query_en));

/// ifla_vf_guid and ifla_vf_vlan_info with their padding, which would carry whatever stood there into the request.
struct Identifier {
  std::uint32_t vf;
  std::uint32_t padding;
  std::uint64_t guid;
};
static_assert(sizeof(Identifier) == sizeof(ifla_vf_guid));
struct VlanInfo {
  std::uint32_t vf;
  std::uint32_t vlan;
  std::uint32_t qos;
  std::uint16_t protocol;  ///< in network byte order
  std::uint16_t padding;
};
static_assert(sizeof(VlanInfo) == sizeof(ifla_vf_vlan_info));

struct SwitchRow {
  int attribute;
  std::string_view keyword;
  const char* key;         ///< in JSON
  std::string_view shown;  ///< as text
};
constexpr SwitchRow spoof_check{IFLA_VF_SPOOFCHK, "spoofchk", "spoofchk", ", spoof checking "};
constexpr SwitchRow trust{IFLA_VF_TRUST, "trust", "trust", ", trust "};
constexpr SwitchRow rss_query{IFLA_VF_RSS_QUERY_EN, "query_rss", "query_rss_en", ", query_rss "};

struct IdentifierRow {
  int attribute;
  std::string_view keyword;
  const char* key;
  std::string_view shown;
};
constexpr std::array identifiers{IdentifierRow{IFLA_VF_IB_NODE_GUID, "node_guid", "node guid", ", NODE_GUID "},
                                 IdentifierRow{IFLA_VF_IB_PORT_GUID, "port_guid", "port guid", ", PORT_GUID "}};

/// The words behind `vf NUMBER`, in the order in which `ip` tries them.
class Parser {
 public:
  Parser(Words& words, std::uint32_t number, std::string_view device, Request& request, Environment& environment)
      : words_{words}, number_{number}, device_{device}, request_{request}, environment_{environment} {}

  void parse() {
    find_newer_rates();
    const std::size_t before = words_.size();
    while (!words_.empty() && (take_address() || take_vlans() || take_rate() || take_switch(spoof_check) ||
                               take_switch(rss_query) || take_switch(trust) || take_state() || take_identifier())) {
    }
    if (words_.size() == before) fail("Command line is not complete. Try option \"help\"", status_usage);
    if (has_newer_rates_) put_rates();
  }

 private:
  /// Whether the words have one of the two rates that go together: then `rate` is no setting of its own.
  void find_newer_rates() {
    for (Words ahead = words_; !ahead.empty(); ahead.skip()) {
      const bool most = ahead.abbreviates("max_tx_rate");
      has_most_ = has_most_ || most;
      has_newer_rates_ = has_newer_rates_ || most || ahead.abbreviates("min_tx_rate");
    }
  }

  bool take_address() {
    if (!words_.accept_short("mac")) return false;
    const LinkLayerAddress address = take_link_layer_address(words_);
    const LinkFacts* link = environment_.find_link(device_);
    if (link != nullptr && link->address_size != 0 && link->address_size != address.size) {
      fail("Invalid address length " + std::to_string(address.size) + " - must be " +
           std::to_string(link->address_size) + " bytes");
    }
    ifla_vf_mac mac{};
    mac.vf = number_;
    std::memcpy(mac.mac, address.data.data(), address.size);
    request_.put_value(IFLA_VF_MAC, mac);
    return true;
  }

  bool take_vlans() {
    if (!words_.accept_short("vlan")) return false;
    const VlanInfo vlan = take_vlan();
    if (vlan.protocol == htons(ETH_P_8021Q)) {  // as kernels before 4.9 know it
      request_.put_value(IFLA_VF_VLAN, ifla_vf_vlan{vlan.vf, vlan.vlan, vlan.qos});
      return true;
    }
    const auto list = request_.begin_nest(IFLA_VF_VLAN_LIST);
    request_.put_value(IFLA_VF_VLAN_INFO, vlan);
    while (words_.accept_short("vlan")) request_.put_value(IFLA_VF_VLAN_INFO, take_vlan());
    request_.end_nest(list);
    return true;
  }

  VlanInfo take_vlan() {
    VlanInfo vlan{};
    vlan.vf = number_;
    vlan.vlan = static_cast<std::uint32_t>(words_.take_number(most_vlan, "Invalid \"vlan\" value\n"));
    if (words_.accept_short("qos")) vlan.qos = words_.take_u32("Invalid \"qos\" value\n");
    vlan.protocol = words_.accept_short("proto") ? take_vlan_protocol() : htons(ETH_P_8021Q);
    return vlan;
  }

  std::uint16_t take_vlan_protocol() {
    const std::string_view word = words_.take();
    const auto protocol = read_ethertype(word);
    if (!protocol) refuse(word, "protocol is invalid\n");
    if (*protocol != htons(ETH_P_8021Q) && *protocol != htons(ETH_P_8021AD)) {
      refuse(word, "Invalid \"vlan protocol\" value - supported " + ethertype_text(htons(ETH_P_8021Q)) + ", " +
                       ethertype_text(htons(ETH_P_8021AD)) + '\n');
    }
    return *protocol;
  }

  bool take_rate() {
    if (words_.accept_short("rate")) {
      const std::uint32_t rate = words_.take_u32("Invalid \"rate\" value\n");
      if (!has_newer_rates_) {
        request_.put_value(IFLA_VF_TX_RATE, ifla_vf_tx_rate{number_, rate});
      } else if (!has_most_) {
        most_rate_ = rate;
      }
    } else if (words_.accept_short("max_tx_rate")) {
      most_rate_ = words_.take_u32("Invalid \"max tx rate\" value\n");
    } else if (words_.accept_short("min_tx_rate")) {
      least_rate_ = words_.take_u32("Invalid \"min tx rate\" value\n");
    } else {
      return false;
    }
    return true;
  }

  bool take_switch(const SwitchRow& row) {
    if (!words_.accept_short(row.keyword)) return false;
    request_.put_value(row.attribute, Switch{number_, take_off_or_on(words_, row.keyword) ? 1U : 0U});
    return true;
  }

  bool take_state() {
    if (!words_.accept_short("state")) return false;
    for (std::size_t i = 0; i < link_states.size(); ++i) {
      if (!words_.accept_short(link_states.at(i))) continue;
      request_.put_value(IFLA_VF_LINK_STATE, ifla_vf_link_state{number_, static_cast<std::uint32_t>(i)});
      return true;
    }
    refuse(words_.take(), "Invalid \"state\" value\n");
  }

  bool take_identifier() {
    for (const IdentifierRow& row : identifiers) {
      if (!words_.accept_short(row.keyword)) continue;
      request_.put_value(row.attribute, take_guid());
      return true;
    }
    return false;
  }

  /// Eight bytes, each of two digits: "00:11:22:33:44:55:66:77".
  Identifier take_guid() {
    constexpr std::size_t whole = 23;
    const std::string_view word = words_.take();
    Identifier guid{number_, 0, 0};
    for (std::size_t at = 0; at < whole; at += 3) {
      std::uint64_t byte = 0;
      const bool separated = at + 2 == word.size() || (at + 2 < word.size() && word[at + 2] == ':');
      if (word.size() != whole || !separated || !read_number("0x" + std::string{word.substr(at, 2)}, UINT8_MAX, byte)) {
        refuse(word, "Invalid GUID format\n");
      }
      guid.guid = guid.guid << 8U | byte;
    }
    return guid;
  }

  /// The rate that is not mentioned stays what it is.
  void put_rates() {
    if (!least_rate_ || !most_rate_) keep_rates();
    const auto least = static_cast<std::int32_t>(least_rate_.value_or(0));
    const auto most = static_cast<std::int32_t>(most_rate_.value_or(0));
    if (most != 0 && least > most) {
      fail("Invalid min_tx_rate " + std::to_string(least) + " - must be <= max_tx_rate " + std::to_string(most));
    }
    request_.put_value(IFLA_VF_RATE,
                       ifla_vf_rate{number_, static_cast<std::uint32_t>(least), static_cast<std::uint32_t>(most)});
  }

  void keep_rates() {
    const auto bytes = environment_.describe_link(index_of(environment_, device_));
    if (bytes.empty()) return;
    const AttributeTable<IFLA_MAX> link{engine::MessageView{bytes}.attributes<ifinfomsg>()};
    if (!link.has(IFLA_VFINFO_LIST) || !link.has(IFLA_NUM_VF)) return;
    for (const engine::AttributeView function : engine::Attributes{link.bytes(IFLA_VFINFO_LIST)}) {
      const FunctionTable table{function.payload()};
      if (!table.has(IFLA_VF_RATE)) fail("VF min/max rate API not supported");
      const auto rates = table.as<ifla_vf_rate>(IFLA_VF_RATE);
      if (rates.vf != number_) continue;
      if (!least_rate_) least_rate_ = rates.min_tx_rate;
      if (!most_rate_) most_rate_ = rates.max_tx_rate;
      return;
    }
    fail("Cannot find VF " + std::to_string(number_));
  }

  Words& words_;
  std::uint32_t number_;
  std::string_view device_;
  Request& request_;
  Environment& environment_;
  bool has_newer_rates_ = false;
  bool has_most_ = false;
  std::optional<std::uint32_t> least_rate_;
  std::optional<std::uint32_t> most_rate_;
};

std::string address_of(const ifinfomsg& link, std::span<const std::byte> field) {
  const std::size_t size = link.ifi_type == ARPHRD_ETHER ? ETH_ALEN : infiniband_address_bytes;
  return link_layer_text(field.first(std::min(field.size(), size)), link.ifi_type);
}

void print_addresses(Printer& printer, const ifinfomsg& link, const FunctionTable& table) {
  const auto mac = table.as<ifla_vf_mac>(IFLA_VF_MAC);
  printer.string("link_type", "    link/", link_type_text(link.ifi_type));
  printer.string("address", "", address_of(link, std::as_bytes(std::span{mac.mac})), "", Colour::mac);
  if (!table.has(IFLA_VF_BROADCAST)) return;
  if ((link.ifi_flags & IFF_POINTOPOINT) != 0) {
    printer.text(" peer ");
    printer.json_bool("link_pointtopoint", true);
  } else {
    printer.text(" brd ");
  }
  printer.string("broadcast", "", address_of(link, table.bytes(IFLA_VF_BROADCAST)), "", Colour::mac);
}

void print_number_if_set(Printer& printer, const char* key, std::string_view before, std::uint32_t number,
                         std::string_view after = "") {
  if (number != 0) printer.number(key, before, number, after);
}

void print_vlan(Printer& printer, std::uint32_t vlan, std::uint32_t qos) {
  print_number_if_set(printer, "vlan", ", vlan ", vlan);
  print_number_if_set(printer, "qos", ", qos ", qos);
}

void print_vlans(Printer& printer, const FunctionTable& table) {
  if (!table.has(IFLA_VF_VLAN_LIST)) {
    const auto vlan = table.as<ifla_vf_vlan>(IFLA_VF_VLAN);
    return print_vlan(printer, vlan.vlan, vlan.qos);
  }
  printer.open_array("vlan_list");
  for (const engine::AttributeView attribute : engine::Attributes{table.bytes(IFLA_VF_VLAN_LIST)}) {
    const auto vlan = attribute.as<ifla_vf_vlan_info>().value_or(ifla_vf_vlan_info{});
    printer.open_object();
    print_vlan(printer, vlan.vlan, vlan.qos);
    if (vlan.vlan_proto != 0 && vlan.vlan_proto != htons(ETH_P_8021Q)) {
      printer.string("protocol", ", vlan protocol ", ethertype_text(vlan.vlan_proto), "");
    }
    printer.close_object();
  }
  printer.close_array();
}

void print_rates(Printer& printer, const FunctionTable& table) {
  const auto rate = table.as<ifla_vf_tx_rate>(IFLA_VF_TX_RATE).rate;
  print_number_if_set(printer, "tx_rate", ", tx rate ", rate, " (Mbps)");
  if (!table.has(IFLA_VF_RATE)) return;
  const auto rates = table.as<ifla_vf_rate>(IFLA_VF_RATE);
  printer.open_object("rate");
  printer.json_number("max_tx", rates.max_tx_rate);
  printer.json_number("min_tx", rates.min_tx_rate);
  printer.close_object();
  if (printer.json()) return;
  print_number_if_set(printer, nullptr, ", max_tx_rate ", rates.max_tx_rate, "Mbps");
  print_number_if_set(printer, nullptr, ", min_tx_rate ", rates.min_tx_rate, "Mbps");
}

void print_switch(Printer& printer, const FunctionTable& table, const SwitchRow& row) {
  const auto attribute = static_cast<std::size_t>(row.attribute);
  const std::uint32_t setting = table.as<Switch>(attribute).setting;
  if (!table.has(attribute) || setting == not_reported) return;
  printer.flag(row.key, std::string{row.shown} + (setting != 0 ? "on" : "off"), setting != 0);
}

void print_identifiers(Printer& printer, const FunctionTable& table) {
  for (const IdentifierRow& row : identifiers) {
    const auto attribute = static_cast<std::size_t>(row.attribute);
    if (!table.has(attribute)) continue;
    const std::uint64_t guid = table.as<ifla_vf_guid>(attribute).guid;
    std::array<std::byte, sizeof guid> bytes{};
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      bytes.at(i) = static_cast<std::byte>(guid >> (8 * (bytes.size() - 1 - i)));
    }
    printer.string(row.key, row.shown, link_layer_text(bytes, ARPHRD_INFINIBAND), "");
  }
}

void print_link_state(Printer& printer, const FunctionTable& table) {
  if (!table.has(IFLA_VF_LINK_STATE)) return;
  const std::uint32_t state = table.as<ifla_vf_link_state>(IFLA_VF_LINK_STATE).link_state;
  printer.string("link_state", ", link-state ", state < link_states.size() ? link_states.at(state) : "disable", "");
}

struct Counter {
  std::size_t attribute;
  const char* key;
  int width;
  bool optional = false;  ///< a column only where the driver counts it
};
constexpr std::array received{
    Counter{IFLA_VF_STATS_RX_BYTES, "bytes", 10}, Counter{IFLA_VF_STATS_RX_PACKETS, "packets", 8},
    Counter{IFLA_VF_STATS_MULTICAST, "multicast", 7}, Counter{IFLA_VF_STATS_BROADCAST, "broadcast", 7},
    Counter{IFLA_VF_STATS_RX_DROPPED, "dropped", 8, true}};
constexpr std::array transmitted{Counter{IFLA_VF_STATS_TX_BYTES, "tx_bytes", 10},
                                 Counter{IFLA_VF_STATS_TX_PACKETS, "tx_packets", 8},
                                 Counter{IFLA_VF_STATS_TX_DROPPED, "dropped", 8, true}};

void print_counters(Printer& printer, const AttributeTable<IFLA_VF_STATS_MAX>& table, const char* key,
                    std::string_view titles, std::span<const Counter> counters) {
  printer.open_object(key);
  printer.line_break();
  printer.text(titles);
  if (table.has(counters.back().attribute)) printer.text("  dropped ");
  printer.line_break();
  printer.text("    ");
  for (const Counter& counter : counters) {
    if (counter.optional && !table.has(counter.attribute)) continue;
    const std::uint64_t value = table.u64(counter.attribute);
    printer.json_number(counter.key, value);
    printer.padded(std::to_string(value), counter.width);
    printer.text(" ");
  }
  printer.close_object();
}

void print_statistics(Printer& printer, std::span<const std::byte> data) {
  const AttributeTable<IFLA_VF_STATS_MAX> table{data};
  printer.open_object("stats");
  print_counters(printer, table, "rx", "    RX: bytes  packets  mcast   bcast ", received);
  print_counters(printer, table, "tx", "    TX: bytes  packets ", transmitted);
  printer.close_object();
}

void print_function(Session& session, const ifinfomsg& link, const FunctionTable& table) {
  Printer& printer = session.printer();
  printer.line_break();
  printer.text("    ");
  printer.number("vf", "vf ", static_cast<std::int32_t>(table.as<ifla_vf_mac>(IFLA_VF_MAC).vf));
  print_addresses(printer, link, table);
  print_vlans(printer, table);
  print_rates(printer, table);
  print_switch(printer, table, spoof_check);
  print_identifiers(printer, table);
  print_link_state(printer, table);
  print_switch(printer, table, trust);
  print_switch(printer, table, rss_query);
  if (table.has(IFLA_VF_STATS) && session.options().statistics > 0) {
    print_statistics(printer, table.bytes(IFLA_VF_STATS));
  }
}

}  // namespace

void parse_virtual_function(Words& words, std::uint32_t number, std::string_view device, Request& request,
                            Environment& environment) {
  const auto function = request.begin_nest(IFLA_VF_INFO);
  Parser{words, number, device, request, environment}.parse();
  request.end_nest(function);
}

std::size_t print_virtual_functions(Session& session, const ifinfomsg& link, std::span<const std::byte> list) {
  std::size_t count = 0;
  session.printer().open_array("vfinfo_list");
  for (const engine::AttributeView function : engine::Attributes{list}) {
    session.printer().open_object();
    print_function(session, link, FunctionTable{function.payload()});
    session.printer().close_object();
    ++count;
  }
  session.printer().close_array();
  return count;
}

}  // namespace netherd::ip
