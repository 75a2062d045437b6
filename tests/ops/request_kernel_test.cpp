// What our requests build is compared with what the described `ip` command builds, in twin namespaces; what we decode
// is compared with what `ip -json` prints.
#include <gtest/gtest.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>

#include <algorithm>
#include <regex>

#include "iproute2.hpp"
#include "netherd/ops/address.hpp"
#include "netherd/ops/link.hpp"
#include "netherd/ops/route.hpp"

namespace netherd::ops {
namespace {

using nlohmann::json;
using test::NamedNamespace;
using test::NetlinkClient;

constexpr InterfaceIndex index_of(int number) { return InterfaceIndex{number}; }

MacAddress mac(std::string_view text) { return parse_mac_address(text).value(); }
IpPrefix prefix(std::string_view text) { return parse_ip_prefix(text).value(); }
IpAddress ip_address(std::string_view text) { return prefix(text).address; }

/// Two pairs of namespaces: in `west` and `east` the requests are executed, in `west_twin` and `east_twin` the
/// commands that describe() gives.
class RequestTest : public testing::Test {
 protected:
  template <typename Request>
  void build(NamedNamespace& netns, const Request& request) {
    EXPECT_FALSE(netns.client().execute(request).failed()) << request.describe();
    run_described(request);
  }

  /// In the twin namespaces.
  template <typename Request>
  void run_described(const Request& request) {
    const std::string commands = std::regex_replace(request.describe(), std::regex{"\\b(west|east)\\b"}, "$1_twin");
    const auto output = test::run_command("set -e\n" + commands);
    EXPECT_EQ(output.status, 0) << commands << ": " << output.text;
  }

  AddVeth veth() {
    AddVeth request;
    request.main = {.name = "eth1",
                    .index = index_of(11),
                    .netns = {"west", west.descriptor()},
                    .mtu = 9000,
                    .address = mac("02:00:00:00:00:01")};
    request.peer = {.name = "eth2",
                    .index = index_of(12),
                    .netns = {"east", east.descriptor()},
                    .mtu = 0,
                    .address = mac("02:00:00:00:00:02")};
    return request;
  }

  AddBridge bridge() {
    AddBridge request;
    request.link = {
        .name = "br0", .index = index_of(5), .netns = {"west", -1}, .mtu = 0, .address = mac("02:00:00:00:00:05")};
    return request;
  }

  /// Both ends up, carrier there, and addresses on both.
  void build_configured_veth() {
    build(west, veth());
    build(west, SetLink{.index = index_of(11), .name = "eth1", .netns = "west", .up = true});
    build(east, SetLink{.index = index_of(12), .name = "eth2", .netns = "east", .up = true});
    build(west, AddAddress{.index = index_of(11), .address = prefix("10.0.0.1/30"), .name = "eth1", .netns = "west"});
    build(west,
          AddAddress{.index = index_of(11), .address = prefix("2001:db8::1/64"), .name = "eth1", .netns = "west"});
  }

  void expect_twins_alike(const std::string& arguments) {
    const auto shown = [&](const NamedNamespace& each) { return comparable(each.ip(arguments)); };
    test::expect_alike_soon(shown, west, west_twin, arguments);
    test::expect_alike_soon(shown, east, east_twin, arguments);
  }

  /// Without what differs between any two namespaces.
  static json comparable(json document) {
    for (const char* key : {"preferred_life_time", "valid_life_time", "gc_timer", "hello_timer", "tcn_timer",
                            "topology_change_timer", "inet6_token", "link_netnsid", "operstate"}) {
      erase_everywhere(document, key);
    }
    for (json& object : document) erase_carrier(object);
    return document;
  }

  /// The kernel notices carrier some time after the acknowledgement.
  static void erase_carrier(json& object) {
    if (!object.contains("ifname") || !object.contains("flags")) return;
    json settled = json::array();
    for (const json& flag : object["flags"]) {
      if (flag != "NO-CARRIER" && flag != "LOWER_UP") settled.push_back(flag);
    }
    object["flags"] = settled;
  }

  static std::string ipv4_forwarding(const NamedNamespace& netns, const std::string& name) {
    const std::string text = test::run_command("ip -n " + netns.name() + " -4 netconf show dev " + name).text;
    std::smatch match;
    return std::regex_search(text, match, std::regex{" forwarding (on|off)"}) ? match[1].str() : text;
  }

  static void erase_everywhere(json& document, const char* key) {
    if (document.is_object()) document.erase(key);
    if (document.is_structured()) {
      for (json& part : document) erase_everywhere(part, key);
    }
  }

  NamedNamespace west{"west"};
  NamedNamespace east{"east"};
  NamedNamespace west_twin{"west_twin"};
  NamedNamespace east_twin{"east_twin"};
};

TEST_F(RequestTest, VethIsWhatTheCommandBuilds) {
  build(west, veth());
  expect_twins_alike("-details link show");
}

TEST_F(RequestTest, VethSentFromElsewhereLandsInItsNamespaces) {
  NetlinkClient elsewhere;
  EXPECT_FALSE(elsewhere.execute(veth()).failed());
  run_described(veth());
  expect_twins_alike("-details link show");
}

TEST_F(RequestTest, VethUpInABridgeIsWhatTheCommandBuilds) {
  build(west, bridge());
  AddVeth request = veth();
  request.main_up = true;
  request.main_bridge = index_of(5);
  request.main_bridge_name = "br0";
  build(west, request);
  expect_twins_alike("-details link show");
}

TEST_F(RequestTest, BridgeUpWithMtuIsWhatTheCommandBuilds) {
  AddBridge request = bridge();
  request.up = true;
  request.link.mtu = 1400;
  build(west, request);
  expect_twins_alike("-details link show");
}

TEST_F(RequestTest, LinkWithKernelsChoiceOfIndexIsWhatTheCommandBuilds) {
  AddVeth request = veth();
  request.main.index = request.peer.index = InterfaceIndex::none;
  build(west, request);
  expect_twins_alike("-details link show");
}

TEST_F(RequestTest, SetLinkIsWhatTheCommandDoes) {
  build(west, bridge());
  build(west, veth());
  build(west, SetLink{.index = index_of(11),
                      .name = "eth1",
                      .netns = "west",
                      .up = true,
                      .bridge = index_of(5),
                      .bridge_name = "br0",
                      .mtu = 1300,
                      .address = mac("02:00:00:00:00:99")});
  expect_twins_alike("-details link show");
  build(west,
        SetLink{.index = index_of(11), .name = "eth1", .netns = "west", .up = false, .bridge = InterfaceIndex::none});
  expect_twins_alike("-details link show");
}

TEST_F(RequestTest, LoopbackUpIsWhatTheCommandDoes) {
  build(west, SetLink{.index = InterfaceIndex::loopback, .name = "lo", .netns = "west", .up = true});
  expect_twins_alike("-details link show");
  expect_twins_alike("address show");
}

TEST_F(RequestTest, ForwardingIsWhatTheCommandDoes) {
  build(west, veth());
  build(west, SetLink{.index = index_of(11), .name = "eth1", .netns = "west", .up = true, .ipv4_forwarding = true});
  build(east, SetLink{.index = index_of(12), .name = "eth2", .netns = "east", .ipv4_forwarding = true});
  expect_twins_alike("-details link show");
  EXPECT_EQ(ipv4_forwarding(west, "eth1"), "on");
  EXPECT_EQ(ipv4_forwarding(west_twin, "eth1"), "on");
  EXPECT_EQ(ipv4_forwarding(east, "eth2"), "on");
  EXPECT_EQ(ipv4_forwarding(east_twin, "eth2"), "on");
  build(west, SetLink{.index = index_of(11), .name = "eth1", .netns = "west", .ipv4_forwarding = false});
  EXPECT_EQ(ipv4_forwarding(west, "eth1"), "off");
  EXPECT_EQ(ipv4_forwarding(west_twin, "eth1"), "off");
}

TEST_F(RequestTest, DeleteLinkTakesBothEnds) {
  build(west, veth());
  build(west, DeleteLink{.index = index_of(11), .name = "eth1", .netns = "west"});
  expect_twins_alike("link show");
  EXPECT_EQ(east.ip("link show").size(), 1U);
}

TEST_F(RequestTest, AddressesAreWhatTheCommandsAdd) {
  build(west, veth());
  for (const char* text : {"10.0.0.1/30", "10.0.0.2/30", "192.0.2.7/32", "127.9.9.9/8", "2001:db8::1/64",
                           "2001:db8::9/128", "fe80::1/64"}) {
    build(west, AddAddress{.index = index_of(11), .address = prefix(text), .name = "eth1", .netns = "west"});
  }
  build(west, AddAddress{.index = index_of(11),
                         .address = prefix("2001:db8:1::1/64"),
                         .duplicate_address_detection = true,
                         .name = "eth1",
                         .netns = "west"});
  expect_twins_alike("address show");
  expect_twins_alike("route show table all");
  build(west, DeleteAddress{.index = index_of(11), .address = prefix("10.0.0.2/30"), .name = "eth1", .netns = "west"});
  build(west, DeleteAddress{.index = index_of(11), .address = prefix("fe80::1/64"), .name = "eth1", .netns = "west"});
  expect_twins_alike("address show");
}

TEST_F(RequestTest, RoutesAreWhatTheCommandsAdd) {
  build_configured_veth();
  for (const char* text : {"10.9.0.0/16", "0.0.0.0/0", "192.0.2.1/32"}) {
    build(west, AddRoute{.destination = prefix(text),
                         .gateway = ip_address("10.0.0.2"),
                         .index = index_of(11),
                         .name = "eth1",
                         .netns = "west"});
  }
  for (const char* text : {"2001:db8:9::/48", "::/0", "2001:db8:7::1/128"}) {
    build(west, AddRoute{.destination = prefix(text),
                         .gateway = ip_address("2001:db8::2"),
                         .index = index_of(11),
                         .name = "eth1",
                         .netns = "west"});
  }
  expect_twins_alike("route show table all");
  expect_twins_alike("-6 route show table all");
  build(west, DeleteRoute{.destination = prefix("10.9.0.0/16"),
                          .gateway = ip_address("10.0.0.2"),
                          .index = index_of(11),
                          .name = "eth1",
                          .netns = "west"});
  build(west, DeleteRoute{.destination = prefix("::/0"),
                          .gateway = ip_address("2001:db8::2"),
                          .index = index_of(11),
                          .name = "eth1",
                          .netns = "west"});
  expect_twins_alike("route show table all");
  expect_twins_alike("-6 route show table all");
}

TEST_F(RequestTest, RefusalsAreTheDocumentedErrors) {
  const auto refused = [](NamedNamespace& netns, const auto& request, int error) {
    EXPECT_EQ(netns.client().execute(request).value(), error) << request.describe();
  };
  build_configured_veth();

  AddVeth same_index = veth();
  same_index.main.name = "eth7";
  same_index.peer.name = "eth8";
  same_index.peer.index = index_of(18);
  refused(west, same_index, EEXIST);
  AddVeth same_name = same_index;
  same_name.main = veth().main;
  same_name.main.index = index_of(17);
  refused(west, same_name, EEXIST);
  AddVeth same_peer_index = same_index;
  same_peer_index.main.index = index_of(17);
  same_peer_index.peer.index = index_of(12);
  refused(west, same_peer_index, EBUSY);
  AddVeth bad_name = same_index;
  bad_name.main.index = index_of(17);
  bad_name.main.name = "a/b";
  refused(west, bad_name, EINVAL);

  refused(west, SetLink{.index = index_of(99), .name = "no", .netns = "west", .up = true}, ENODEV);
  refused(west, DeleteLink{.index = index_of(99), .name = "no", .netns = "west"}, ENODEV);
  refused(west, AddAddress{.index = index_of(99), .address = prefix("10.1.1.1/24")}, ENODEV);
  refused(west, AddAddress{.index = index_of(11), .address = prefix("10.0.0.1/30")}, EEXIST);
  refused(west, AddAddress{.index = index_of(11), .address = prefix("2001:db8::1/64")}, EEXIST);
  refused(west, DeleteAddress{.index = index_of(11), .address = prefix("10.1.1.1/24")}, EADDRNOTAVAIL);
  const AddRoute route{.destination = prefix("10.9.0.0/16"), .gateway = ip_address("10.0.0.2"), .index = index_of(11)};
  EXPECT_FALSE(west.client().execute(route).failed());
  refused(west, route, EEXIST);
  AddRoute off_link = route;
  off_link.destination = prefix("10.8.0.0/16");
  off_link.gateway = ip_address("10.7.7.7");
  refused(west, off_link, ENETUNREACH);
  AddRoute off_link_v6 = off_link;
  off_link_v6.destination = prefix("::/0");
  off_link_v6.gateway = ip_address("2001:db8:5::5");
  refused(west, off_link_v6, EHOSTUNREACH);
  EXPECT_FALSE(west.client().execute(SetLink{.index = index_of(11), .up = false}).failed());
  refused(west, off_link, ENETUNREACH);
  refused(west, AddRoute{.destination = prefix("::/0"), .gateway = ip_address("fe80::2"), .index = index_of(11)},
          ENETDOWN);
  refused(west,
          DeleteRoute{.destination = prefix("10.77.0.0/16"), .gateway = ip_address("10.0.0.2"), .index = index_of(11)},
          ESRCH);
}

// ---- decoding ----

std::string text_or_empty(const json& object, const char* key) {
  return object.contains(key) ? object[key].get<std::string>() : std::string{};
}

bool has_flag(const json& link, const char* flag) {
  return std::ranges::any_of(link["flags"], [flag](const json& each) { return each == flag; });
}

TEST_F(RequestTest, DecodedLinksAreWhatIpShows) {
  build(west, bridge());
  AddVeth request = veth();
  request.main_up = true;
  request.main_bridge = index_of(5);
  request.main_bridge_name = "br0";
  build(west, request);
  build(east, SetLink{.index = index_of(12), .name = "eth2", .netns = "east", .up = true});

  const auto links = west.client().dump(DumpLinks{}, decode_link);
  const json shown = west.ip("-details link show");
  ASSERT_EQ(links.size(), shown.size());
  for (std::size_t i = 0; i < links.size(); ++i) {
    const Link& link = links[i];
    const json& expected = shown[i];
    SCOPED_TRACE(expected.dump());
    EXPECT_EQ(link.name, text_or_empty(expected, "ifname"));
    EXPECT_EQ(value_of(link.index), expected["ifindex"].get<int>());
    EXPECT_EQ(link.mtu, expected["mtu"].get<std::uint32_t>());
    EXPECT_EQ(link.up(), has_flag(expected, "UP"));
    EXPECT_EQ(link.carrier(), has_flag(expected, "LOWER_UP"));
    EXPECT_EQ(link.bridge == index_of(5), text_or_empty(expected, "master") == "br0");
    EXPECT_EQ(value_of(link.peer), expected.value("link_index", 0));
    ASSERT_TRUE(link.address);
    EXPECT_EQ(link.address->to_string(), text_or_empty(expected, "address"));
    EXPECT_EQ(link.kind, expected.contains("linkinfo") ? text_or_empty(expected["linkinfo"], "info_kind") : "");
  }
}

TEST_F(RequestTest, DecodedAddressesAreWhatIpShows) {
  build_configured_veth();
  const auto addresses = west.client().dump(DumpAddresses{}, decode_address);
  std::vector<std::string> decoded;
  decoded.reserve(addresses.size());
  for (const Address& address : addresses) {
    decoded.push_back(std::to_string(value_of(address.index)) + " " + address.address.to_string());
  }
  std::vector<std::string> expected;
  for (const json& link : west.ip("address show")) {
    for (const json& address : link["addr_info"]) {
      expected.push_back(std::to_string(link["ifindex"].get<int>()) + " " + address["local"].get<std::string>() + "/" +
                         std::to_string(address["prefixlen"].get<int>()));
    }
  }
  std::ranges::sort(decoded);
  std::ranges::sort(expected);
  EXPECT_EQ(decoded, expected);
  EXPECT_TRUE(std::ranges::any_of(addresses, [](const Address& address) {
    return address.address == prefix("2001:db8::1/64") && (address.flags & IFA_F_NODAD) != 0;
  }));
}

std::string text_of_route(const Route& route) {
  std::string destination = route.destination.to_string();
  if (route.destination.length == 0) destination = "default";
  if (route.destination.length == address_bits(route.destination.address)) {
    destination = route.destination.address.to_string();
  }
  return destination + " via " + (route.gateway ? route.gateway->to_string() : "-") + " table " +
         std::to_string(route.table) + " metric " + std::to_string(route.metric) + " dev " +
         std::to_string(value_of(route.index));
}

std::string text_of_shown_route(const json& route) {
  const std::string table = route.value("table", "main");
  const std::string number = table == "main" ? "254" : table == "local" ? "255" : table;
  const std::string device = text_or_empty(route, "dev");
  return text_or_empty(route, "dst") + " via " + route.value("gateway", "-") + " table " + number + " metric " +
         std::to_string(route.value("metric", 0)) + " dev " +
         (device == "lo"     ? "1"
          : device == "eth1" ? "11"
                             : "0");
}

TEST_F(RequestTest, DecodedRoutesAreWhatIpShows) {
  build_configured_veth();
  build(west, AddRoute{.destination = prefix("10.9.0.0/16"),
                       .gateway = ip_address("10.0.0.2"),
                       .index = index_of(11),
                       .name = "eth1",
                       .netns = "west"});
  build(west, AddRoute{.destination = prefix("::/0"),
                       .gateway = ip_address("2001:db8::2"),
                       .index = index_of(11),
                       .name = "eth1",
                       .netns = "west"});
  ASSERT_EQ(test::run_command("ip -n west route add 10.55.0.0/24 via inet6 2001:db8::2 dev eth1 metric 7").status, 0);

  const auto decoded = [this] {
    std::vector<std::string> routes;
    for (const Route& route : west.client().dump(DumpRoutes{}, decode_route)) routes.push_back(text_of_route(route));
    return routes;
  };
  const auto shown = [this] {
    std::vector<std::string> routes;
    for (const char* family : {"-4", "-6"}) {
      for (json route : west.ip(std::string{family} + " route show table all")) {
        if (route.contains("via")) route["gateway"] = route["via"]["host"];
        routes.push_back(text_of_shown_route(route));
      }
    }
    return routes;
  };
  // The routes of a link-local address come when its check for duplicates has ended, maybe between the two looks.
  const auto sorted = [&](bool by_ip) {
    auto routes = by_ip ? shown() : decoded();
    std::ranges::sort(routes);
    return routes;
  };
  test::expect_alike_soon(sorted, false, true, "routes");
}

}  // namespace
}  // namespace netherd::ops
