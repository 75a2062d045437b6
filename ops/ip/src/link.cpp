#include <linux/if.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>

#include <algorithm>
#include <array>
#include <optional>

#include "attributes.hpp"
#include "kind.hpp"
#include "link_parser.hpp"
#include "link_show.hpp"
#include "names.hpp"
#include "netherd/ip/inet.hpp"
#include "netherd/ops/link_settings.hpp"
#include "objects.hpp"
#include "usage.hpp"
#include "virtual_functions.hpp"

namespace netherd::ip {

namespace {

struct Flag {
  std::string_view keyword;
  unsigned bit;
  bool inverted;  ///< "on" clears it
};
constexpr std::array device_flags{Flag{"multicast", IFF_MULTICAST, false},
                                  Flag{"allmulticast", IFF_ALLMULTI, false},
                                  Flag{"promisc", IFF_PROMISC, false},
                                  Flag{"trailers", IFF_NOTRAILERS, true},
                                  Flag{"arp", IFF_NOARP, true},
                                  Flag{"dynamic", IFF_DYNAMIC, false}};

constexpr std::array<std::string_view, 7> operational_states{"unknown", "notpresent", "down", "lowerlayerdown",
                                                             "testing", "dormant",    "up"};
constexpr std::array<std::string_view, 2> link_modes{"default", "dormant"};
constexpr std::array<std::string_view, 4> generations{"eui64", "none", "stable_secret", "random"};

bool equal_in_any_case(std::string_view left, std::string_view right) {
  return std::ranges::equal(left, right, [](char a, char b) { return (a | 0x20) == (b | 0x20); });
}

/// The position of a word in a list, in capitals or not.
std::uint8_t take_word(Words& words, std::span<const std::string_view> list, std::string_view complaint) {
  const std::string_view word = words.take();
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (equal_in_any_case(word, list[i])) return static_cast<std::uint8_t>(i);
  }
  refuse(word, complaint);
}

}  // namespace

void check_interface_name(std::string_view name, std::string_view keyword) {
  if (name.size() > ops::max_interface_name_bytes) refuse(name, std::string{keyword} + " not a valid ifname");
  check_alternative_name(name, keyword);
}

void check_alternative_name(std::string_view name, std::string_view keyword) {
  const bool bad = name.empty() || name.find_first_of("/ \t\n\v\f\r") != std::string_view::npos;
  if (bad) refuse(name, std::string{keyword} + " not a valid ifname");
}

LinkParser::LinkParser(Request& request, Environment& environment, bool creating)
    : request_{request}, environment_{environment}, creating_{creating} {}

/// Refuses the second mention of a keyword.
void LinkParser::mention(std::string_view keyword, Words& words) {
  if (std::ranges::find(mentioned_, keyword) != mentioned_.end()) refuse_duplicate(keyword, words);
  mentioned_.push_back(keyword);
}

bool LinkParser::take_flag(Words& words) {
  for (const auto& [keyword, bit, inverted] : device_flags) {
    if (!(keyword == "dynamic" ? words.accept_short(keyword) : words.accept(keyword))) continue;
    const bool set = words.take_on_off(keyword) != inverted;
    header().ifi_change |= bit;
    header().ifi_flags = set ? header().ifi_flags | bit : header().ifi_flags & ~bit;
    return true;
  }
  return false;
}

void LinkParser::take_number(Words& words, std::string_view keyword, int attribute, std::uint64_t most) {
  const auto number = words.take_number(most, "Invalid \"" + std::string{keyword} + "\" value\n");
  request_.put_u32(attribute, static_cast<std::uint32_t>(number));
}

void LinkParser::take_number_once(Words& words, std::string_view keyword, int attribute) {
  mention(keyword, words);
  take_number(words, keyword, attribute, INT32_MAX);
}

void LinkParser::take_netns(Words& words) {
  mention("netns", words);
  const std::string_view word = words.take();
  std::uint64_t pid = 0;
  if (const int netns = environment_.open_netns(word); netns >= 0) {
    request_.put_value(IFLA_NET_NS_FD, netns);
  } else if (read_number(word, INT32_MAX, pid)) {
    request_.put_u32(IFLA_NET_NS_PID, static_cast<std::uint32_t>(pid));
  } else {
    refuse(word, "Invalid \"netns\" value\n");
  }
  moved = true;
}

/// `link-netns NAME`: the number of that namespace here, which it gets if it has none.
void LinkParser::take_link_netns(Words& words) {
  mention("link-netns/link-netnsid", words);
  const std::string_view word = words.take();
  const auto id = environment_.netns_id(word);
  if (!id) refuse(word, "Invalid \"link-netns\" value\n");
  request_.put_value(IFLA_LINK_NETNSID, *id);
}

void LinkParser::take_link_netns_id(Words& words) {
  mention("link-netns/link-netnsid", words);
  take_number(words, "link-netnsid", IFLA_LINK_NETNSID, INT32_MAX);
}

/// One reason why a link is held down, which is given or taken back: a bit by its number or its name.
void LinkParser::take_protodown_reason(Words& words) {
  const std::string_view word = words.take();
  const auto bit = names::read_protodown_reason(word);
  if (!bit) refuse(word, "invalid protodown reason\n");
  const std::uint32_t mask = 1U << *bit;
  const bool off = words.abbreviates("off") && !words.abbreviates("on");
  const bool on = !off && (words.accept_short("on") || words.take_on_off("protodown_reason"));
  if (off) words.skip();
  const auto nest = request_.begin_nest(IFLA_PROTO_DOWN_REASON | NLA_F_NESTED);
  request_.put_u32(IFLA_PROTO_DOWN_REASON_MASK, mask);
  request_.put_u32(IFLA_PROTO_DOWN_REASON_VALUE, on ? mask : 0);
  request_.end_nest(nest);
}

void LinkParser::take_address_generation(Words& words) {
  const std::uint8_t mode = take_word(words, generations, "Invalid address generation mode\n");
  const auto families = request_.begin_nest(IFLA_AF_SPEC);
  const auto inet6 = request_.begin_nest(AF_INET6);
  request_.put_u8(IFLA_INET6_ADDR_GEN_MODE, mode);
  request_.end_nest(inet6);
  request_.end_nest(families);
}

void LinkParser::take_master(Words& words, bool vrf) {
  const std::string_view word = words.take();
  const LinkFacts* link = environment_.find_link(word);
  if (link == nullptr) refuse(word, vrf ? "Not a valid VRF name\n" : "Device does not exist\n");
  const int master = link->index;
  if (vrf && !is_vrf(environment_, master)) refuse(word, "Not a valid VRF name\n");
  request_.put_value(IFLA_MASTER, master);
}

/// "off" or "on", or an abbreviation.
void LinkParser::put_off_on(Words& words, std::string_view keyword, int attribute) {
  static constexpr std::array<std::string_view, 2> off_and_on{"off", "on"};
  request_.put_u8(attribute, static_cast<std::uint8_t>(words.take_one_of(off_and_on, keyword, status_invalid)));
}

bool LinkParser::take_state(Words& words) {
  if (words.accept("up")) {
    header().ifi_change |= IFF_UP;
    header().ifi_flags |= IFF_UP;
  } else if (words.accept("down")) {
    header().ifi_change |= IFF_UP;
    header().ifi_flags &= ~static_cast<unsigned>(IFF_UP);
  } else if (words.accept("carrier")) {
    put_off_on(words, "carrier", IFLA_CARRIER);
  } else if (words.accept("protodown")) {
    put_off_on(words, "protodown", IFLA_PROTO_DOWN);
  } else if (words.accept("protodown_reason")) {
    take_protodown_reason(words);
  } else if (words.accept("mode")) {
    request_.put_u8(IFLA_LINKMODE, take_word(words, link_modes, "Invalid link mode\n"));
  } else if (words.accept("state")) {
    request_.put_u8(IFLA_OPERSTATE, take_word(words, operational_states, "Invalid operstate\n"));
  } else {
    return take_flag(words);
  }
  return true;
}

bool LinkParser::take_identity(Words& words) {
  if (words.accept("name")) {
    mention("name", words);
    name = words.take();
    check_interface_name(*name, "\"name\"");
    if (!device) {
      device = name;
      device_is_name_ = true;
    }
  } else if (words.accept("index")) {
    mention("index", words);
    index = static_cast<int>(words.take_number(INT32_MAX, "Invalid \"index\" value"));
    if (*index == 0) refuse("0", "Invalid \"index\" value");
  } else if (words.accept_short("link")) {
    mention("link", words);
    lower = words.take();
  } else if (words.accept_short("address")) {
    const auto address = take_link_layer_address(words);
    request_.put(IFLA_ADDRESS, address.bytes());
    address_size_ = address.size;
  } else if (words.accept_short("broadcast") || words.accept("brd")) {
    request_.put(IFLA_BROADCAST, take_link_layer_address(words).bytes());
  } else if (words.accept("group")) {
    mention("group", words);
    const std::string_view word = words.take();
    group = names::read_group(word);
    if (!group) refuse(word, "Invalid \"group\" value\n");
  } else {
    return false;
  }
  return true;
}

bool LinkParser::take_size(Words& words) {
  if (words.accept_short("txqueuelen") || words.accept("qlen") || words.accept_short("txqlen")) {
    take_number_once(words, "txqueuelen", IFLA_TXQLEN);
  } else if (words.accept("mtu")) {
    take_number_once(words, "mtu", IFLA_MTU);
  } else if (words.accept_short("numtxqueues")) {
    take_number_once(words, "numtxqueues", IFLA_NUM_TX_QUEUES);
  } else if (words.accept_short("numrxqueues")) {
    take_number_once(words, "numrxqueues", IFLA_NUM_RX_QUEUES);
  } else if (words.accept("gso_max_size")) {
    take_number(words, "gso_max_size", IFLA_GSO_MAX_SIZE, UINT32_MAX);
  } else if (words.accept("gso_max_segs")) {
    take_number(words, "gso_max_segs", IFLA_GSO_MAX_SEGS, UINT16_MAX);
  } else if (words.accept("gro_max_size")) {
    take_number(words, "gro_max_size", IFLA_GRO_MAX_SIZE, UINT32_MAX);
  } else {
    return false;
  }
  return true;
}

void LinkParser::take_virtual_function(Words& words) {
  const auto number = static_cast<std::uint32_t>(words.take_number(INT32_MAX, "Invalid \"vf\" value\n"));
  const auto card = device ? device : name;
  if (!card) fail_missing("dev");
  const auto list = request_.begin_nest(IFLA_VFINFO_LIST);
  parse_virtual_function(words, number, *card, request_, environment_);
  request_.end_nest(list);
}

bool LinkParser::take_place(Words& words) {
  if (words.accept("netns")) {
    take_netns(words);
  } else if (words.accept_short("link-netns")) {
    take_link_netns(words);
  } else if (words.accept("link-netnsid") || words.accept("link-netnsi")) {
    take_link_netns_id(words);
  } else if (words.accept_short("master")) {
    take_master(words, false);
  } else if (words.accept("vrf")) {
    take_master(words, true);
  } else if (words.accept_short("nomaster")) {
    request_.put_u32(IFLA_MASTER, 0);
  } else if (words.accept("parentdev")) {
    request_.put_string(IFLA_PARENT_DEV_NAME, words.take());
  } else if (words.accept("vf")) {
    take_virtual_function(words);
  } else if (words.is("xdp") || words.is("xdpgeneric") || words.is("xdpdrv") || words.is("xdpoffload")) {
    fail_not_supported(words.peek());
  } else {
    return false;
  }
  return true;
}

bool LinkParser::take_text(Words& words) {
  if (words.accept_short("alias")) {
    const std::string_view alias = words.take();
    if (alias.size() > 255) refuse(alias, "alias too long\n");
    request_.put_text(IFLA_IFALIAS, alias);
  } else if (words.accept_short("addrgenmode")) {
    take_address_generation(words);
  } else {
    return false;
  }
  return true;
}

void LinkParser::take_device(Words& words) {
  if (words.abbreviates("help")) fail_with_usage(usage::link);
  words.accept("dev");
  const std::string_view word = words.take();
  if (device && !device_is_name_) refuse_garbage("dev", word);
  check_alternative_name(word, "\"dev\"");
  device = word;
  device_is_name_ = false;
}

void LinkParser::parse(Words& words) {
  while (!words.empty()) {
    // The order decides what an abbreviation stands for.
    if (take_identity(words) || take_place(words) || take_size(words) || take_state(words)) continue;
    if (words.accept_short("type")) {
      type = words.take();
      break;
    }
    if (!take_text(words)) take_device(words);
  }
  if (!name || (device && *name == *device)) name = device;
  finish(words);
}

/// What can only be told when all words were read.
void LinkParser::finish(const Words& words) {
  if (device && !creating_) check_address_size();
  if (index && !creating_ && !moved) {
    fail("index can be used only when creating devices or when moving device to another netns.", status_usage);
  }
  if (group && !device) return finish_group(words);
  if (group) request_.put_u32(IFLA_GROUP, *group);
  creating_ ? finish_creation() : finish_change();
}

/// Every link of a group.
void LinkParser::finish_group(const Words& words) {
  if (!words.empty()) {
    fail("Garbage instead of arguments \"" + std::string{words.peek()} + " ...\". Try \"ip link help\".", status_usage);
  }
  if (creating_) fail("group cannot be used when creating devices.", status_usage);
  request_.put_u32(IFLA_GROUP, *group);
  type.reset();
}

void LinkParser::finish_creation() {
  if (name != device) fail("both \"name\" and \"dev\" cannot be used when creating devices.", status_usage);
  if (lower) request_.put_value(IFLA_LINK, index_of(environment_, *lower));
  header().ifi_index = index.value_or(0);
  if (name) request_.put_string(IFLA_IFNAME, *name);
}

void LinkParser::finish_change() {
  if (!device) fail("Not enough information: \"dev\" argument is required.", status_usage);
  header().ifi_index = index_of(environment_, *device);
  if (name == device) name.reset();
  if (index) request_.put_value(IFLA_NEW_IFINDEX, *index);
  if (name) request_.put_string(IFLA_IFNAME, *name);
}

void LinkParser::check_address_size() {
  const LinkFacts* facts = address_size_ > 0 ? environment_.find_link(*device) : nullptr;
  if (facts != nullptr && facts->address_size != address_size_) {
    fail("Invalid address length " + std::to_string(address_size_) + " - must be " +
         std::to_string(facts->address_size) + " bytes");
  }
}

namespace {

/// The words behind `type KIND`.
void parse_kind(Words& words, KindContext context) {
  Request& request = context.request;
  const auto info = request.begin_nest(IFLA_LINKINFO);
  const bool of_port = context.kind.ends_with("_slave");
  if (of_port) {
    request.put_text(IFLA_INFO_SLAVE_KIND, context.kind.substr(0, context.kind.find('_')));
  } else {
    request.put_text(IFLA_INFO_KIND, context.kind);
  }
  const Kind* kind = find_kind(context.kind);
  if (!words.empty() && is_known_to_ip_alone(context.kind)) fail_not_supported(context.kind);
  if (!words.empty() && kind == nullptr) {
    fail("Garbage instead of arguments \"" + std::string{words.peek()} + " ...\". Try \"ip link help\".");
  }
  if (!words.empty()) {
    const auto data = request.begin_nest(of_port ? IFLA_INFO_SLAVE_DATA : IFLA_INFO_DATA);
    if (kind->parse != nullptr) {
      kind->parse(words, context);
    } else {
      while (!words.empty()) {
        if (!take_setting(words, kind->settings, request, context.environment)) fail_unknown_setting(words, context);
      }
    }
    request.end_nest(data);
  } else if (kind != nullptr && kind->name == "vxlan" && context.index == 0) {
    fail("vxlan: missing virtual network identifier");
  }
  request.end_nest(info);
}

Command modify(Words words, const Options& options, Environment& environment, std::uint16_t type, std::uint16_t flags) {
  ifinfomsg header{};
  header.ifi_family = static_cast<unsigned char>(options.family);
  Request request{type, flags, header};
  const bool creating = (flags & NLM_F_CREATE) != 0;
  LinkParser link{request, environment, creating};
  link.parse(words);
  if (link.type) {
    const int index = creating ? 0 : request.header<ifinfomsg>().ifi_index;
    parse_kind(words, {request, environment, options, index, *link.type});
  } else if (creating) {
    fail("Not enough information: \"type\" argument is required");
  }
  const bool renames = creating || type == RTM_DELLINK || link.name || link.moved;
  return {.request = std::move(request), .changes_links = renames};
}

/// `ip link property add|del dev NAME altname NAME...`
Command change_property(Words words, const Options& options, Environment& environment) {
  if (words.empty() || words.abbreviates("help")) fail_with_usage(usage::link);
  const bool adding = words.accept_short("add");
  if (!adding && !words.accept_short("del")) fail("Operator required", status_usage);
  ifinfomsg header{};
  header.ifi_family = static_cast<unsigned char>(options.family);
  Request request{adding ? std::uint16_t{RTM_NEWLINKPROP} : std::uint16_t{RTM_DELLINKPROP},
                  adding ? std::uint16_t{NLM_F_EXCL | NLM_F_CREATE | NLM_F_APPEND} : std::uint16_t{0}, header};
  const auto list = request.begin_nest(IFLA_PROP_LIST | NLA_F_NESTED);
  std::optional<std::string_view> device;
  while (!words.empty()) {
    if (words.accept_short("altname")) {
      const std::string_view name = words.take();
      check_alternative_name(name, "altname");
      request.put_string(IFLA_ALT_IFNAME, name);
    } else if (words.abbreviates("help")) {
      fail_with_usage(usage::link);
    } else {
      words.accept("dev");
      const std::string_view word = words.take();
      if (device) refuse_garbage("dev", word);
      check_alternative_name(word, "\"dev\"");
      device = word;
    }
  }
  request.end_nest(list);
  if (!device) fail("Not enough of information: \"dev\" argument is required.", status_usage);
  request.header<ifinfomsg>().ifi_index = index_of(environment, *device);
  return {.request = std::move(request), .changes_links = true};
}

}  // namespace

bool is_vrf(Environment& environment, int index) {
  const std::vector<std::byte> bytes = environment.describe_link(index);
  if (bytes.empty()) return false;
  const AttributeTable<IFLA_LINKINFO> link{engine::MessageView{bytes}.attributes<ifinfomsg>()};
  return AttributeTable<IFLA_INFO_KIND>{link.bytes(IFLA_LINKINFO)}.text(IFLA_INFO_KIND) == "vrf";
}

void parse_peer(Words& words, KindContext& context, int attribute) {
  Request& request = context.request;
  const auto nest = request.begin_nest(attribute);
  const std::size_t place = request.put_raw(ifinfomsg{});
  // The words of a link change the header of the request, which is that of the main end: it is swapped for a while.
  const ifinfomsg main = std::exchange(request.header<ifinfomsg>(), ifinfomsg{});
  LinkParser peer{request, context.environment, true};
  peer.parse(words);
  if (peer.type) refuse_duplicate("type", *peer.type);
  request.at<ifinfomsg>(place) = std::exchange(request.header<ifinfomsg>(), main);
  request.end_nest(nest);
}

namespace {

/// `ip link help [KIND]`: the usage of a kind is what was asked for, so it goes to standard output.
Command help(Words words) {
  const Kind* kind = words.empty() ? nullptr : find_kind(words.peek());
  if (kind == nullptr) fail_with_usage(usage::link);
  return {.action = [kind](Session& session) {
    session.write(usage_of(*kind) + '\n');
    return 0;
  }};
}

}  // namespace

Command parse_link(Words words, const Options& options, Environment& environment) {
  if (words.empty()) return parse_link_show(words, options, environment);
  if (words.accept_short("add")) return modify(words, options, environment, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
  if (words.accept_short("set") || words.accept_short("change"))
    return modify(words, options, environment, RTM_NEWLINK, 0);
  if (words.accept_short("replace"))
    return modify(words, options, environment, RTM_NEWLINK, NLM_F_CREATE | NLM_F_REPLACE);
  if (words.accept_short("delete")) return modify(words, options, environment, RTM_DELLINK, 0);
  if (words.accept_short("show") || words.accept_short("lst") || words.accept_short("list")) {
    return parse_link_show(words, options, environment);
  }
  if (words.accept_short("property")) return change_property(words, options, environment);
  if (words.accept_short("help")) return help(words);
  fail_unknown_command(words.peek(), "link");
}

}  // namespace netherd::ip
