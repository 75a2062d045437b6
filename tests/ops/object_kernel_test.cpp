// Objects that this kernel has: a request is executed in one namespace and its description in a twin, and the two are
// compared in the words of `ip`; dumps are decoded into what was asked for. A kind that the kernel lacks is skipped:
// its request is compared with what `ip` sends by the oracle's tests.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>

#include <algorithm>

#include "iproute2.hpp"
#include "netherd/ops/address.hpp"
#include "netherd/ops/bridge_vlan.hpp"
#include "netherd/ops/fdb.hpp"
#include "netherd/ops/link.hpp"
#include "netherd/ops/link/bond.hpp"
#include "netherd/ops/link/ipvlan.hpp"
#include "netherd/ops/link/macvlan.hpp"
#include "netherd/ops/link/netkit.hpp"
#include "netherd/ops/link/plain.hpp"
#include "netherd/ops/link/tunnel.hpp"
#include "netherd/ops/link/vlan.hpp"
#include "netherd/ops/link/vxlan.hpp"
#include "netherd/ops/neighbour.hpp"
#include "netherd/ops/neighbour_table.hpp"
#include "netherd/ops/netns_id.hpp"
#include "netherd/ops/nexthop.hpp"
#include "netherd/ops/qdisc.hpp"
#include "netherd/ops/route.hpp"
#include "netherd/ops/rule.hpp"
#include "netherd/ops/tun_device.hpp"

namespace netherd::ops {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using test::NamedNamespace;

constexpr InterfaceIndex index_of(int number) { return InterfaceIndex{number}; }
MacAddress mac(std::string_view text) { return parse_mac_address(text).value(); }
IpPrefix prefix(std::string_view text) { return parse_ip_prefix(text).value(); }
IpAddress ip_address(std::string_view text) { return prefix(text).address; }

/// Both namespaces have veth pairs p0-p1 and p2-p3 and a bridge br0, with the same indexes and addresses.
class ObjectTest : public testing::Test {
 protected:
  ObjectTest() {
    for (const NamedNamespace* each : {&here, &twin}) {
      const std::string ip = "ip -n " + each->name();
      run(ip + " link set lo up");
      run(ip +
          " link add p0 index 11 address 02:00:00:00:00:11 type veth peer name p1 index 12 address 02:00:00:00:00:12");
      run(ip +
          " link add p2 index 13 address 02:00:00:00:00:13 type veth peer name p3 index 14 address 02:00:00:00:00:14");
      run(ip + " link add br0 index 15 address 02:00:00:00:00:15 type bridge");
      run(ip + " link set p0 up");
      run(ip + " link set p1 up");
      run(ip + " address add 10.0.0.1/24 dev p0");
      run(ip + " address add 2001:db8::1/64 dev p0 nodad");
    }
  }

  static void run(const std::string& command) {
    const auto output = test::run_command("set -e\n" + command);
    EXPECT_EQ(output.status, 0) << command << ": " << output.text;
  }

  /// The command for the other namespace. No object has `here` for its name.
  static std::string in_twin(std::string command) {
    const std::string_view here{" here "};
    for (std::size_t at = 0; (at = command.find(here, at)) != std::string::npos;)
      command.replace(at, here.size(), " twin ");
    return command;
  }

  /// In both namespaces.
  template <engine::Request Request>
  void build(const Request& request) {
    EXPECT_FALSE(here.client().execute(request).failed()) << request.describe();
    run(in_twin(request.describe()));
  }

  void expect_alike(const std::string& arguments) {
    const auto shown = [&](const NamedNamespace& each) { return comparable(each.ip(arguments)); };
    test::expect_alike_soon(shown, here, twin, arguments);
  }
  /// Equal prefixes stand in the order in which their links got carrier.
  void expect_alike_in_any_order(const std::string& arguments) {
    const auto sorted = [&](const NamedNamespace& each) {
      std::vector<std::string> entries;
      for (const json& entry : comparable(each.ip(arguments))) entries.push_back(entry.dump());
      std::ranges::sort(entries);
      return entries;
    };
    test::expect_alike_soon(sorted, here, twin, arguments);
  }
  void expect_alike(const std::string& program, const std::string& arguments) {
    const auto shown = [&](const NamedNamespace& each) {
      return comparable(test::run_for_json(program + " -json -n " + each.name() + " " + arguments));
    };
    test::expect_alike_soon(shown, here, twin, program + ' ' + arguments);
  }

  /// Without what differs between any two namespaces, or passes by.
  static json comparable(json document) {
    for (const char* key :
         {"preferred_life_time", "valid_life_time", "gc_timer", "hello_timer", "tcn_timer", "topology_change_timer",
          "link_netnsid", "operstate", "flags", "state", "expires", "updated", "used", "confirmed",
          "port_message_age_timer", "hold_timer", "forward_delay_timer", "direct_packets_stat", "bridge_id", "root_id",
          "designated_bridge", "designated_root", "message_age_timer",
          // Random for the tunnels of IPv6 (ip6_tnl_dev_setup(), net/ipv6/ip6_tunnel.c, Linux 6.18).
          "permaddr"}) {
      erase_everywhere(document, key);
    }
    return document;
  }
  static void erase_everywhere(json& document, const char* key) {
    if (document.is_object()) document.erase(key);
    if (document.is_structured()) {
      for (json& part : document) erase_everywhere(part, key);
    }
  }

  /// Their order is that of a hash which differs from namespace to namespace.
  void expect_same_neighbours() {
    for (const char* which : {"nud permanent", "proxy"}) {
      const auto shown = [&](const NamedNamespace& each) {
        auto list = comparable(each.ip(std::string{"neighbour show "} + which)).get<std::vector<json>>();
        std::ranges::sort(list, {}, [](const json& neighbour) { return neighbour["dst"].get<std::string>(); });
        return list;
      };
      test::expect_alike_soon(shown, here, twin, which);
    }
  }

  /// `tc` 6.1 has no JSON for classes of htb.
  static void expect_same_classes(const std::string& device) {
    const auto shown = [&](const std::string& each) {
      return test::run_command("tc -n " + each + " -details class show dev " + device).text;
    };
    EXPECT_NE(shown("here"), "");
    EXPECT_EQ(shown("here"), shown("twin"));
  }

  /// What the kernel made of a link of the name, as its kind's settings.
  template <LinkKind Kind>
  std::optional<Kind> kind_of(std::string_view name) {
    const auto found = here.client().dump(DumpLinks{}, [&](const engine::MessageView& message) {
      const auto link = decode_link(message);
      return link && link->name == name ? decode_kind<Kind>(message) : std::nullopt;
    });
    return found.empty() ? std::nullopt : std::optional{found.front()};
  }

  static constexpr LinkReference lower{InterfaceIndex{11}, "p0"};
  static constexpr NetnsReference netns{"here", -1};

  NamedNamespace here{"here"};
  NamedNamespace twin{"twin"};
};

// ---- links ----

template <typename Request>
bool is_lacking(NamedNamespace& netns, const Request& request) {
  return netns.client().execute(request).value() == EOPNOTSUPP;
}

TEST_F(ObjectTest, LinkSettings) {
  build(AddIfb{
      .link = {.name = "x0", .index = index_of(31), .netns = netns, .mtu = 1400, .address = mac("02:00:00:00:00:31")},
      .up = true,
      .settings = {.txqueuelen = 77,
                   .numtxqueues = 2,
                   .group = 5,
                   .gso_max_size = 60000,
                   .gso_max_segs = 100,
                   .arp = false,
                   .promisc = true}});
  build(SetLink{.index = index_of(31), .name = "x0", .netns = "here", .settings = {.alias = "it's"}});
  build(AddAltname{.index = index_of(31), .altname = "another-name-of-this", .name = "x0", .netns = "here"});
  build(AddAltname{.index = index_of(31), .altname = "gone", .name = "x0", .netns = "here"});
  build(DeleteAltname{.index = index_of(31), .altname = "gone", .name = "x0", .netns = "here"});
  expect_alike("-details link show");

  const auto links = here.client().dump(DumpLinks{}, decode_link);
  const auto found = std::ranges::find_if(links, [](const Link& link) { return link.name == "x0"; });
  ASSERT_NE(found, links.end());
  EXPECT_EQ(found->kind, "ifb");
  EXPECT_EQ(found->alias, "it's");
  EXPECT_EQ(found->altnames, std::vector<std::string>{"another-name-of-this"});
  EXPECT_EQ(found->txqueuelen, 77U);
  EXPECT_EQ(found->numtxqueues, 2U);
  EXPECT_EQ(found->group, 5U);
  EXPECT_EQ(found->gso_max_size, 60000U);
  EXPECT_EQ(found->gso_max_segs, 100U);
  EXPECT_EQ(found->promiscuity, 1U);
  EXPECT_EQ(found->broadcast, mac("ff:ff:ff:ff:ff:ff"));

  build(DeleteLinkGroup{.group = 5, .netns = "here"});
  expect_alike("-details link show");
}

TEST_F(ObjectTest, LinkChanges) {
  build(SetLink{.index = index_of(13),
                .name = "p2",
                .netns = "here",
                .up = true,
                .ipv4_forwarding = true,
                .ipv4 = {.proxy_arp = 1, .rp_filter = 2},
                .addrgenmode = AddressGeneration::none,
                .settings = {.txqueuelen = 55, .alias = "text", .allmulticast = true}});
  expect_alike("-details link show");
  const auto links = here.client().dump(DumpLinks{}, decode_link);
  const auto found = std::ranges::find_if(links, [](const Link& link) { return link.name == "p2"; });
  ASSERT_NE(found, links.end());
  EXPECT_EQ(found->addrgenmode, AddressGeneration::none);
  EXPECT_EQ(found->ipv4_forwarding, true);
  EXPECT_EQ(found->ipv4.proxy_arp, 1U);
  EXPECT_EQ(found->ipv4.rp_filter, 2U);
  EXPECT_EQ(found->ipv4.arp_ignore, 0U);
  EXPECT_EQ(test::run_command("ip netns exec twin cat /proc/sys/net/ipv4/conf/p2/rp_filter").text, "2\n");

  build(SetLink{.index = index_of(13), .name = "p2", .netns = "here", .up = false, .settings = {.alias = ""}});
  build(SetLink{.index = index_of(13), .name = "p2", .netns = "here", .new_name = "renamed"});
  expect_alike("-details link show");
}

TEST_F(ObjectTest, Bridge) {
  const Bridge settings{.forward_delay = Centiseconds{300},
                        .hello_time = Centiseconds{300},
                        .max_age = Centiseconds{1200},
                        .ageing_time = Centiseconds{12300},
                        .stp = true,
                        .priority = 4096,
                        .group_fwd_mask = 8,
                        .group_address = mac("01:80:c2:00:00:04"),
                        .no_linklocal_learn = true};
  build(AddBridge{.link = {.name = "x0", .index = index_of(31), .netns = netns, .address = mac("02:00:00:00:00:31")},
                  .kind = settings});
  expect_alike("-details link show dev x0");
  const auto decoded = kind_of<Bridge>("x0");
  ASSERT_TRUE(decoded);
  EXPECT_EQ(decoded->forward_delay, settings.forward_delay);
  EXPECT_EQ(decoded->ageing_time, settings.ageing_time);
  EXPECT_EQ(decoded->stp, true);
  EXPECT_EQ(decoded->priority, 4096);
  EXPECT_EQ(decoded->group_address, settings.group_address);
  EXPECT_EQ(decoded->no_linklocal_learn, true);
  build(SetLinkKind<Bridge>{.index = index_of(31), .name = "x0", .netns = "here", .kind = {.stp = false}});
  expect_alike("-details link show dev x0");
}

TEST_F(ObjectTest, BridgePort) {
  build(SetLink{.index = index_of(11), .name = "p0", .netns = "here", .bridge = index_of(15), .bridge_name = "br0"});
  const BridgePort settings{.priority = 9,
                            .cost = 77,
                            .hairpin = true,
                            .guard = true,
                            .root_block = true,
                            .learning = false,
                            .flood = false,
                            .mcast_flood = false,
                            .bcast_flood = false,
                            .neigh_suppress = true,
                            .isolated = true};
  build(SetPort<BridgePort>{.index = index_of(11), .name = "p0", .netns = "here", .port = settings});
  expect_alike("-details link show dev p0");
  const auto ports = here.client().dump(DumpLinks{}, decode_port<BridgePort>);
  ASSERT_EQ(ports.size(), 1U);
  EXPECT_EQ(ports[0].cost, 77U);
  EXPECT_EQ(ports[0].hairpin, true);
  EXPECT_EQ(ports[0].learning, false);
  EXPECT_EQ(ports[0].isolated, true);
  EXPECT_EQ(ports[0].vlan_tunnel, false);
}

TEST_F(ObjectTest, Vxlan) {
  Vxlan settings{.id = 5,
                 .remote = ip_address("239.1.1.1"),
                 .local = ip_address("10.0.0.1"),
                 .dev = lower,
                 .ttl = 9,
                 .dstport = 4789,
                 .srcport = PortRange{1000, 2000},
                 .learning = false,
                 .proxy = true,
                 .udpcsum = true,
                 .gbp = true,
                 .ageing = 300s,
                 .maxaddress = 1000};
  build(AddVxlan{.link = {.name = "x0", .netns = netns, .address = mac("02:00:00:00:00:31")}, .kind = settings});
  Vxlan settings_v6{.id = 6, .remote = ip_address("2001:db8::2"), .local = ip_address("2001:db8::1"), .dstport = 4790};
  build(AddVxlan{.link = {.name = "x1", .netns = netns, .address = mac("02:00:00:00:00:32")}, .kind = settings_v6});
  expect_alike("-details link show");

  auto decoded = kind_of<Vxlan>("x0");
  ASSERT_TRUE(decoded);
  EXPECT_EQ(decoded->dev->index, lower.index);
  decoded->dev = settings.dev;
  for (auto member : {&Vxlan::rsc, &Vxlan::l2miss, &Vxlan::l3miss, &Vxlan::udp6zerocsumtx, &Vxlan::udp6zerocsumrx,
                      &Vxlan::remcsumtx, &Vxlan::remcsumrx, &Vxlan::external, &Vxlan::vnifilter}) {
    EXPECT_FALSE(((*decoded).*member).value_or(false));
    (*decoded).*member = std::nullopt;
  }
  decoded->tos = settings.tos;
  decoded->df = settings.df;
  decoded->flowlabel = settings.flowlabel;
  EXPECT_EQ(decoded, settings);
  EXPECT_EQ(kind_of<Vxlan>("x1")->remote, settings_v6.remote);
  EXPECT_FALSE(kind_of<Bridge>("x0"));
}

TEST_F(ObjectTest, Macvlan) {
  build(AddMacvlan{.link = {.name = "x0", .netns = netns, .address = mac("02:00:00:00:00:31")},
                   .kind = {.mode = MacvlanMode::bridge, .bcqueuelen = 100},
                   .lower = lower});
  build(AddMacvlan{.link = {.name = "x1", .netns = netns, .address = mac("02:00:00:00:00:32")},
                   .kind = {.mode = MacvlanMode::private_},
                   .lower = lower});
  expect_alike("-details link show");
  EXPECT_EQ(kind_of<Macvlan>("x0")->mode, MacvlanMode::bridge);
  EXPECT_EQ(kind_of<Macvlan>("x0")->bcqueuelen, 100U);
  const auto links = here.client().dump(DumpLinks{}, decode_link);
  EXPECT_TRUE(
      std::ranges::any_of(links, [](const Link& link) { return link.name == "x0" && link.lower == index_of(11); }));
}

TEST_F(ObjectTest, MacvlanSources) {
  const std::vector<MacAddress> sources{mac("02:00:00:00:00:01"), mac("02:00:00:00:00:02")};
  build(AddMacvlan{.link = {.name = "x0", .index = index_of(31), .netns = netns, .address = mac("02:00:00:00:00:31")},
                   .kind = {.mode = MacvlanMode::source},
                   .lower = {InterfaceIndex{13}, "p2"}});
  build(SetLinkKind<Macvlan>{
      .index = index_of(31), .name = "x0", .netns = "here", .kind = {.source_addresses = sources}});
  expect_alike("-details link show dev x0");
  auto decoded = kind_of<Macvlan>("x0")->source_addresses.value();
  std::ranges::sort(decoded);
  EXPECT_EQ(decoded, sources);
}

/// Kinds that many kernels lack: where one is there, it is built and compared.
class KindTest : public ObjectTest {
 protected:
  template <LinkKind Kind>
  void expect_kind(const AddLink<Kind>& request) {
    const auto error = here.client().execute(request);
    if (error.value() == EOPNOTSUPP) GTEST_SKIP() << "the kernel has no " << Kind::kind;
    EXPECT_FALSE(error.failed()) << request.describe() << ": " << error.message();
    run(in_twin(request.describe()));
    expect_alike("-details link show dev x0");
    EXPECT_TRUE(kind_of<Kind>("x0"));
  }
  static constexpr NewLink link{.name = "x0", .netns = netns};
};

TEST_F(KindTest, Dummy) { expect_kind(AddDummy{.link = {.name = "x0", .netns = netns, .address = MacAddress{{2}}}}); }
TEST_F(KindTest, Vlan) {
  expect_kind(
      AddVlan{.link = link, .kind = {.id = 5, .flags = {.gvrp = true}, .egress_qos_map = {{1, 2}}}, .lower = lower});
}
TEST_F(KindTest, Vrf) {
  expect_kind(AddVrf{.link = {.name = "x0", .netns = netns, .address = MacAddress{{2}}}, .kind = {.table = 100}});
}
TEST_F(KindTest, Ipvlan) { expect_kind(AddIpvlan{.link = link, .kind = {.mode = IpvlanMode::l2}, .lower = lower}); }
TEST_F(KindTest, Bond) {
  expect_kind(AddBond{.link = {.name = "x0", .netns = netns, .address = MacAddress{{2}}},
                      .kind = {.mode = BondMode::active_backup, .miimon = Bond::Milliseconds{100}}});
}
TEST_F(KindTest, Gre) {
  expect_kind(AddGre{.link = link, .kind = {.local = ip_address("10.0.0.1"), .remote = ip_address("10.0.0.2")}});
}
TEST_F(KindTest, Ip6tnl) {
  expect_kind(
      AddIp6tnl{.link = link, .kind = {.local = ip_address("2001:db8::1"), .remote = ip_address("2001:db8::2")}});
}
TEST_F(KindTest, Wireguard) { expect_kind(AddWireguard{.link = link}); }

/// iproute2 6.1 does not know the kind, so that there is no twin.
TEST_F(KindTest, Netkit) {
  AddNetkit request{.link = link, .kind = {.mode = NetkitMode::l2, .policy = NetkitPolicy::blackhole}};
  request.kind.peer.name = "x1";
  if (is_lacking(here, request)) GTEST_SKIP() << "the kernel has no netkit";
  EXPECT_EQ(kind_of<Netkit>("x0")->mode, NetkitMode::l2);
  EXPECT_EQ(kind_of<Netkit>("x0")->policy, NetkitPolicy::blackhole);
  EXPECT_TRUE(kind_of<Netkit>("x1"));
}

// ---- TUN and TAP ----

class TunTest : public ObjectTest {
 protected:
  /// The calling thread in the namespace `here`, as long as this is alive.
  class Inside {
   public:
    explicit Inside(int netns) : home_{::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)} {
      EXPECT_EQ(::setns(netns, CLONE_NEWNET), 0);
    }
    ~Inside() { EXPECT_EQ(::setns(home_.get(), CLONE_NEWNET), 0); }
    Inside(const Inside&) = delete;
    Inside& operator=(const Inside&) = delete;

   private:
    engine::FileDescriptor home_;
  };

  /// TAP devices have random addresses.
  void even_out(const std::string& name) {
    for (const char* each : {"here", "twin"}) {
      run(std::string{"ip -n "} + each + " link set " + name + " address 02:00:00:00:00:77");
    }
  }
  std::optional<Tun> tun_of(std::string_view name) {
    for (const Tun& tun : here.client().dump(DumpLinks{}, decode_tun)) {
      if (tun.settings.name == name) return tun;
    }
    return std::nullopt;
  }
};

TEST_F(TunTest, PersistentDevicesAreWhatTheCommandAdds) {
  const std::vector<TunSettings> devices{
      {.name = "x0"},
      {.name = "x1", .mode = TunMode::tap, .user = 7, .group = 8, .pi = true, .vnet_hdr = true, .multi_queue = true},
      {.name = "x2", .mode = TunMode::tap, .one_queue = true}};
  for (const TunSettings& settings : devices) {
    {
      const Inside inside{here.descriptor()};
      EXPECT_FALSE(add_tun(settings).failed()) << settings.describe();
    }
    run("ip netns exec twin " + settings.describe());
    if (settings.mode == TunMode::tap) even_out(settings.name);
    const auto tun = tun_of(settings.name);
    ASSERT_TRUE(tun);
    EXPECT_TRUE(tun->persistent);
    TunSettings reported = tun->settings;
    reported.one_queue = settings.one_queue;
    EXPECT_EQ(reported, settings);
  }
  expect_alike("-details link show");

  const Inside inside{here.descriptor()};
  EXPECT_EQ(add_tun(devices[0]).value(), EBUSY);
  TunSettings other_mode = devices[0];
  other_mode.mode = TunMode::tap;
  EXPECT_EQ(delete_tun(other_mode).value(), EINVAL);
  for (const TunSettings& settings : devices) {
    EXPECT_FALSE(delete_tun(settings).failed());
    EXPECT_FALSE(tun_of(settings.name));
  }
}

TEST_F(TunTest, DeviceGoesWithItsDescriptor) {
  const Inside inside{here.descriptor()};
  {
    auto device = TunDevice::open({.name = "x0", .mode = TunMode::tap});
    ASSERT_TRUE(device);
    EXPECT_EQ(device->name(), "x0");
    EXPECT_TRUE(tun_of("x0"));
    EXPECT_FALSE(tun_of("x0")->persistent);
    EXPECT_EQ(TunDevice::open({.name = "x0", .mode = TunMode::tap}).error().value(), EBUSY);
    TunDevice moved = std::move(*device);
    EXPECT_TRUE(tun_of("x0"));
  }
  EXPECT_FALSE(tun_of("x0"));
  const auto chosen = TunDevice::open({});
  ASSERT_TRUE(chosen);
  EXPECT_EQ(chosen->name(), "tun0");
}

TEST_F(TunTest, BadNamesAreRefused) {
  const Inside inside{here.descriptor()};
  for (const char* name : {"a/b", "sixteen-bytes-xx", "tap%d", "."}) {
    EXPECT_EQ(TunDevice::open({.name = name}).error(), boost::system::errc::invalid_argument) << name;
  }
  EXPECT_EQ(TunDevice::open({.name = "p0"}).error().value(), EINVAL);
}

// ---- addresses, routes, nexthops, rules, neighbours ----

TEST_F(ObjectTest, Addresses) {
  build(AddAddress{.index = index_of(11),
                   .address = prefix("10.5.0.1/24"),
                   .name = "p0",
                   .netns = "here",
                   .broadcast = ip_address("10.5.0.255"),
                   .label = "p0:one",
                   .scope = Scope::link,
                   .noprefixroute = true,
                   .metric = 77,
                   .valid = 3600s,
                   .preferred = 1800s});
  build(AddAddress{.index = index_of(11),
                   .address = prefix("10.6.0.1/32"),
                   .name = "p0",
                   .netns = "here",
                   .peer = prefix("10.6.0.2/32")});
  build(AddAddress{.index = index_of(11),
                   .address = prefix("2001:db8:5::1/64"),
                   .name = "p0",
                   .netns = "here",
                   .mngtmpaddr = true,
                   .metric = 9});
  build(ReplaceAddress{
      .index = index_of(11), .address = prefix("2001:db8:5::2/64"), .name = "p0", .netns = "here", .home = true});
  build(ChangeAddress{.index = index_of(11),
                      .address = prefix("2001:db8:5::2/64"),
                      .name = "p0",
                      .netns = "here",
                      .valid = 600s,
                      .preferred = 500s});
  expect_alike("-details address show");
  expect_alike_in_any_order("route show table all");
  const auto addresses = here.client().dump(DumpAddresses{}, decode_address);
  const auto find = [&](const char* text) {
    const auto found =
        std::ranges::find_if(addresses, [&](const Address& address) { return address.address == prefix(text); });
    return found == addresses.end() ? Address{} : *found;
  };
  const Address labelled = find("10.5.0.1/24");
  EXPECT_EQ(labelled.label, "p0:one");
  EXPECT_EQ(labelled.broadcast, ip_address("10.5.0.255"));
  EXPECT_EQ(labelled.metric, 77U);
  EXPECT_LE(labelled.valid, 3600s);
  EXPECT_GE(labelled.valid, 3500s);
  EXPECT_LE(labelled.preferred, 1800s);
  EXPECT_EQ(find("10.6.0.1/32").peer, ip_address("10.6.0.2"));
  EXPECT_FALSE(find("10.6.0.1/32").valid);
  build(DeleteAddress{.index = index_of(11),
                      .address = prefix("10.6.0.1/32"),
                      .name = "p0",
                      .netns = "here",
                      .peer = prefix("10.6.0.2/32")});
  expect_alike("-details address show");
}

TEST_F(ObjectTest, Routes) {
  const LinkReference p0_here = lower;
  const std::vector<RouteHop> hops{{.gateway = ip_address("10.0.0.2"), .link = p0_here, .weight = 3},
                                   {.gateway = ip_address("10.77.0.2"), .link = {index_of(12), "p1"}, .onlink = true}};
  const auto by_p0 = [&](const char* destination, AddRoute request) {
    request.destination = prefix(destination);
    request.index = index_of(11);
    request.name = "p0";
    request.netns = "here";
    return request;
  };
  build(by_p0("10.9.0.0/16", {.source = ip_address("10.0.0.1"),
                              .metric = 50,
                              .metrics = {.mtu = RouteMetric{1400, true}, .rtt = 800, .rto_min = 40, .initcwnd = 30}}));
  build(by_p0("10.9.0.0/16", {.gateway = ip_address("2001:db8::2"), .table = 70000, .protocol = 186, .tos = 0x10}));
  build(
      by_p0("2001:db8:9::/48",
            {.gateway = ip_address("2001:db8::2"), .preference = RouterPreference::high, .metrics = {.hoplimit = 12}}));
  build(AddRoute{.destination = prefix("10.8.0.0/16"), .netns = "here", .type = RouteType::unreachable});
  build(AddRoute{.destination = prefix("2001:db8:8::/48"), .netns = "here", .type = RouteType::blackhole});
  build(AddRoute{.destination = prefix("10.7.0.0/16"), .netns = "here", .hops = hops});
  build(ReplaceRoute{.destination = prefix("10.8.0.0/16"), .netns = "here", .type = RouteType::prohibit});
  build(AppendRoute{
      .destination = prefix("10.8.0.0/16"), .index = index_of(12), .name = "p1", .netns = "here", .tos = 8});
  expect_alike_in_any_order("-details route show table all");
  expect_alike_in_any_order("-details -6 route show table all");

  const auto routes = here.client().dump(DumpRoutes{}, decode_route);
  const auto find = [&](const char* text, std::uint32_t table) {
    const auto found = std::ranges::find_if(
        routes, [&](const Route& route) { return route.destination == prefix(text) && route.table == table; });
    return found == routes.end() ? Route{} : *found;
  };
  const Route locked = find("10.9.0.0/16", main_table);
  EXPECT_EQ(locked.metrics.mtu, (RouteMetric{1400, true}));
  EXPECT_EQ(locked.metrics.initcwnd, RouteMetric{30});
  EXPECT_EQ(locked.metrics.rto_min, (RouteMetric{40, true}));
  EXPECT_EQ(locked.source, ip_address("10.0.0.1"));
  EXPECT_EQ(locked.metric, 50U);
  EXPECT_EQ(find("10.9.0.0/16", 70000).gateway, ip_address("2001:db8::2"));
  EXPECT_EQ(find("10.9.0.0/16", 70000).tos, 0x10);
  EXPECT_EQ(find("2001:db8:9::/48", main_table).preference, RouterPreference::high);
  const auto decoded_hops = find("10.7.0.0/16", main_table).hops;
  ASSERT_EQ(decoded_hops.size(), 2U);
  EXPECT_EQ(decoded_hops[0].weight, 3);
  EXPECT_EQ(decoded_hops[0].gateway, ip_address("10.0.0.2"));
  EXPECT_EQ(decoded_hops[1].link.index, index_of(12));
  EXPECT_TRUE(decoded_hops[1].onlink);

  build(DeleteRoute{.destination = prefix("10.9.0.0/16"), .netns = "here", .table = 70000, .tos = 0x10});
  build(DeleteRoute{.destination = prefix("2001:db8:8::/48"), .netns = "here", .type = RouteType::blackhole});
  expect_alike_in_any_order("-details route show table all");
  expect_alike_in_any_order("-details -6 route show table all");
}

TEST_F(ObjectTest, RouteAsked) {
  const auto answers = [&](const GetRoute& request) {
    std::optional<Route> route;
    const auto error =
        here.client().ask(request, [&](const engine::MessageView& message) { route = decode_route(message); });
    EXPECT_FALSE(error.failed()) << error.message();
    return route;
  };
  const auto on_link = answers({.destination = ip_address("10.0.0.9")});
  ASSERT_TRUE(on_link);
  EXPECT_EQ(on_link->index, index_of(11));
  EXPECT_EQ(on_link->source, ip_address("10.0.0.1"));
  const auto on_link_v6 = answers({.destination = ip_address("2001:db8::9")});
  ASSERT_TRUE(on_link_v6);
  EXPECT_EQ(on_link_v6->index, index_of(11));
}

TEST_F(ObjectTest, NexthopsAndRoutesByThem) {
  const auto add = [&](Nexthop nexthop) { build(AddNexthop{.nexthop = std::move(nexthop), .netns = "here"}); };
  add({.id = 1, .gateway = ip_address("10.0.0.2"), .link = lower});
  add({.id = 2, .gateway = ip_address("2001:db8::2"), .link = lower, .protocol = 186});
  add({.id = 3, .blackhole = true});
  add({.id = 4, .link = {index_of(12), "p1"}});
  add({.id = 9, .group = {{1, 5}, {4}}});
  add({.id = 10, .group = {{1}, {4, 2}}, .type = NexthopGroupType::resilient, .buckets = 8, .idle_timer = 60s});
  build(ReplaceNexthop{.nexthop = {.id = 1, .gateway = ip_address("10.0.0.3"), .link = lower}, .netns = "here"});
  build(AddRoute{.destination = prefix("10.9.0.0/16"), .netns = "here", .nexthop_id = 9});
  expect_alike("-details nexthop show");
  expect_alike_in_any_order("-details route show");

  const auto nexthops = here.client().dump(DumpNexthops{}, decode_nexthop);
  ASSERT_EQ(nexthops.size(), 6U);
  EXPECT_EQ(nexthops[0].gateway, ip_address("10.0.0.3"));
  EXPECT_TRUE(nexthops[2].blackhole);
  EXPECT_EQ(nexthops[4].group, (std::vector<NexthopMember>{{1, 5}, {4, 1}}));
  EXPECT_EQ(nexthops[5].type, NexthopGroupType::resilient);
  EXPECT_EQ(nexthops[5].buckets, 8);
  EXPECT_EQ(nexthops[5].idle_timer, 60s);
  const auto routes = here.client().dump(DumpRoutes{}, decode_route);
  EXPECT_TRUE(std::ranges::any_of(routes, [](const Route& route) { return route.nexthop_id == 9; }));

  build(DeleteNexthop{.id = 9, .netns = "here"});
  expect_alike("-details nexthop show");
}

TEST_F(ObjectTest, Rules) {
  const std::vector<Rule> rules{
      {.from = prefix("10.0.0.0/8"), .tos = 0x10, .priority = 100, .table = 70000},
      {.ipv6 = true, .to = prefix("2001:db8::/32"), .priority = 101, .suppress_prefixlength = 0},
      {.invert = true, .fwmark = Fwmark{5, 255}, .iif = "p0", .oif = "p1", .priority = 102, .table = 100},
      {.uid_range = UidRange{1000, 2000},
       .ip_protocol = 6,
       .sport = PortRange{1000, 2000},
       .dport = PortRange{80, 80},
       .priority = 103,
       .protocol = 186},
      {.priority = 104, .action = RuleAction::goto_, .table = 0, .goto_priority = 32766},
      {.priority = 105, .action = RuleAction::unreachable, .table = 0},
  };
  for (const Rule& rule : rules) build(AddRule{.rule = rule, .netns = "here"});
  expect_alike("-details rule show");
  expect_alike("-details -6 rule show");
  const auto decoded = here.client().dump(DumpRules{}, decode_rule);
  for (const Rule& rule : rules) {
    Rule reported = rule;
    if (reported.protocol == 0) reported.protocol = boot_protocol;  // what `ip` and the request leave unsaid
    const auto is_it = [&](Rule other) {
      if (rule.protocol == 0) other.protocol = boot_protocol;
      return other == reported;
    };
    EXPECT_TRUE(std::ranges::any_of(decoded, is_it)) << AddRule{.rule = rule}.describe();
  }
  for (const Rule& rule : rules) build(DeleteRule{.rule = rule, .netns = "here"});
  expect_alike("-details rule show");
  expect_alike("-details -6 rule show");
}

TEST_F(ObjectTest, Neighbours) {
  const auto add = [&](Neighbour neighbour) {
    neighbour.index = index_of(11);
    build(AddNeighbour{.neighbour = neighbour, .name = "p0", .netns = "here"});
  };
  add({.address = ip_address("10.0.0.5"), .lladdr = mac("02:00:00:00:00:05")});
  add({.address = ip_address("2001:db8::5"), .lladdr = mac("02:00:00:00:00:05"), .router = true, .protocol = 186});
  add({.address = ip_address("10.0.0.6"), .lladdr = mac("02:00:00:00:00:06"), .state = NeighbourState::noarp});
  add({.address = ip_address("10.0.0.7"), .lladdr = mac("02:00:00:00:00:07"), .extern_learn = true});
  add({.address = ip_address("10.0.0.8"), .proxy = true});
  build(ChangeNeighbour{
      .neighbour = {.index = index_of(11), .address = ip_address("10.0.0.6"), .lladdr = mac("02:00:00:00:00:66")},
      .name = "p0",
      .netns = "here"});
  expect_same_neighbours();
  const auto neighbours = here.client().dump(DumpNeighbours{}, decode_neighbour);
  EXPECT_TRUE(std::ranges::any_of(neighbours, [](const Neighbour& neighbour) {
    return neighbour.address == ip_address("2001:db8::5") && neighbour.router && neighbour.protocol == 186 &&
           neighbour.lladdr == mac("02:00:00:00:00:05") && neighbour.state == NeighbourState::permanent;
  }));
  const auto proxies = here.client().dump(DumpNeighbours{.proxy = true}, decode_neighbour);
  ASSERT_EQ(proxies.size(), 1U);
  EXPECT_TRUE(proxies[0].proxy);
  EXPECT_EQ(proxies[0].address, ip_address("10.0.0.8"));
  build(DeleteNeighbour{.index = index_of(11), .address = ip_address("10.0.0.5"), .name = "p0", .netns = "here"});
  build(DeleteNeighbour{
      .index = index_of(11), .address = ip_address("10.0.0.8"), .proxy = true, .name = "p0", .netns = "here"});
  expect_same_neighbours();
}

TEST_F(ObjectTest, TablesOfNeighbours) {
  std::map<std::string, std::uint32_t> shown;
  for (const json& table : here.ip("-statistics ntable show")) {
    if (table.contains("thresh3")) shown[table["family"]] = table["thresh3"];
  }
  const auto decoded = here.client().dump(DumpNeighbourTables{}, decode_neighbour_table);
  ASSERT_EQ(decoded.size(), 2U);
  for (const NeighbourTable& table : decoded) {
    EXPECT_EQ(table.most_entries, shown.at(table.ipv4 ? "inet" : "inet6"));
  }
}

TEST_F(ObjectTest, ForwardingEntries) {
  build(AddVxlan{.link = {.name = "x0", .index = index_of(31), .netns = netns, .address = mac("02:00:00:00:00:31")},
                 .kind = {.id = 5, .dstport = 4789}});
  build(SetLink{.index = index_of(11), .name = "p0", .netns = "here", .bridge = index_of(15), .bridge_name = "br0"});
  const FdbEntry remote{.index = index_of(31),
                        .address = mac("02:00:00:00:00:05"),
                        .self = true,
                        .remote = ip_address("192.0.2.1"),
                        .port = 4790,
                        .vni = 6};
  FdbEntry second = remote;
  second.address = mac("00:00:00:00:00:00");
  second.remote = ip_address("192.0.2.2");
  second.port.reset();
  second.vni.reset();
  const FdbEntry port{.index = index_of(11),
                      .address = mac("02:00:00:00:00:06"),
                      .master = true,
                      .lifetime = FdbLifetime::static_entry};
  build(AddFdbEntry{.entry = remote, .name = "x0", .netns = "here"});
  build(AppendFdbEntry{.entry = second, .name = "x0", .netns = "here"});
  build(AddFdbEntry{.entry = port, .name = "p0", .netns = "here"});
  expect_alike("bridge", "fdb show");
  const auto entries = here.client().dump(DumpFdb{}, decode_fdb_entry);
  const auto has = [&](const FdbEntry& wanted) { return std::ranges::find(entries, wanted) != entries.end(); };
  EXPECT_TRUE(has(remote));
  EXPECT_TRUE(has(second));
  EXPECT_TRUE(std::ranges::any_of(entries, [&](const FdbEntry& entry) {
    return entry.address == port.address && entry.bridge == index_of(15) && entry.lifetime == FdbLifetime::static_entry;
  }));
  build(DeleteFdbEntry{.entry = remote, .name = "x0", .netns = "here"});
  expect_alike("bridge", "fdb show");
}

// ---- what `ip -details -statistics link show` has ----

TEST_F(ObjectTest, DetailsAndStatisticsOfLinks) {
  run("ip -n here link set p0 promisc on allmulticast on");
  run("ip netns exec here ping -c 3 -i 0.01 -W 1 10.0.0.99 >/dev/null || true");  // ARP requests at least
  const auto get = [&](const GetLink& request) {
    std::optional<Link> link;
    const auto error = here.client().ask(request, [&](const engine::MessageView& m) { link = decode_link(m); });
    return error ? std::nullopt : link;
  };
  // The kernel sends packets of its own (MLD); the counters have to rest while both look at them.
  std::optional<Link> link;
  json shown;
  for (int attempt = 0; attempt < 50; ++attempt) {
    const json before = here.ip("-details -statistics -statistics link show p0")[0];
    link = get({.index = index_of(11)});
    shown = here.ip("-details -statistics -statistics link show p0")[0];
    if (before == shown) break;
  }
  ASSERT_TRUE(link && link->statistics);
  const LinkStatistics& statistics = *link->statistics;
  EXPECT_GT(statistics.tx_packets, 0U);
  EXPECT_EQ(statistics.tx_packets, shown["stats64"]["tx"]["packets"]);
  EXPECT_EQ(statistics.tx_bytes, shown["stats64"]["tx"]["bytes"]);
  EXPECT_EQ(statistics.rx_dropped, shown["stats64"]["rx"]["dropped"]);
  EXPECT_EQ(link->promiscuity, shown["promiscuity"]);
  EXPECT_EQ(link->allmulticast, shown["allmulti"]);
  EXPECT_EQ(link->tso_max_size, shown["tso_max_size"]);
  EXPECT_EQ(link->tso_max_segs, shown["tso_max_segs"]);
  EXPECT_EQ(link->hardware_type, 1);
  EXPECT_TRUE(link->other_address.empty());
  EXPECT_EQ(link->ipv6_token, ip_address("::"));
  EXPECT_GT(link->carrier_changes, 0U);

  EXPECT_EQ(get({.name = "p0"}).value().index, index_of(11));
  run("ip -n here link property add dev p0 altname a-name-of-more-than-fifteen-bytes");
  EXPECT_EQ(get({.name = "a-name-of-more-than-fifteen-bytes"}).value().index, index_of(11));
  EXPECT_FALSE(get({.name = "nothing"}));
  const auto all = here.client().dump(DumpLinks{}, decode_link);
  EXPECT_TRUE(std::ranges::all_of(all, [](const Link& each) { return each.statistics.has_value(); }));
  EXPECT_EQ(all.front().hardware_type, 772) << "loopback";
}

// ---- VLANs of ports: only where the kernel's bridges filter them ----

TEST_F(ObjectTest, BridgeVlans) {
  const SetLinkKind<Bridge> filter{
      .index = index_of(15), .name = "br0", .netns = "here", .kind = {.vlan_filtering = true}};
  const SetLink enslave{
      .index = index_of(11), .name = "p0", .netns = "here", .bridge = index_of(15), .bridge_name = "br0"};
  if (here.client().execute(filter).failed()) GTEST_SKIP() << "the kernel's bridges do not filter VLANs";
  build(filter);
  build(enslave);
  build(AddBridgeVlan{.index = index_of(11), .vlan = {.first = 5, .last = 9}, .name = "p0", .netns = "here"});
  expect_alike("bridge", "vlan show");
  const auto ports = here.client().dump(DumpBridgeVlans{}, decode_bridge_vlans);
  EXPECT_TRUE(std::ranges::any_of(ports, [](const BridgeVlans& port) {
    return port.index == index_of(11) &&
           std::ranges::find(port.vlans, BridgeVlan{.first = 5, .last = 9}) != port.vlans.end();
  }));
}

// ---- qdiscs ----

TEST_F(ObjectTest, Qdiscs) {
  constexpr std::uint64_t megabit = 1'000'000;
  const HtbClass settings{.rate = 10 * megabit, .ceil = 40'000 * megabit, .burst = 20000, .cburst = 300000, .prio = 2};
  build(AddQdisc<Htb>{.index = index_of(11),
                      .handle = {1, 0},
                      .kind = {.default_class = 0x10, .r2q = 5, .direct_qlen = 77},
                      .name = "p0",
                      .netns = "here"});
  build(AddHtbClass{.index = index_of(11),
                    .parent = {1, 0},
                    .classid = {1, 1},
                    .kind = {.rate = 100 * megabit},
                    .name = "p0",
                    .netns = "here"});
  build(AddHtbClass{
      .index = index_of(11), .parent = {1, 1}, .classid = {1, 0x10}, .kind = settings, .name = "p0", .netns = "here"});
  build(AddQdisc<Bfifo>{.index = index_of(11),
                        .parent = {1, 0x10},
                        .handle = {0x20, 0},
                        .kind = {.limit = 10000},
                        .name = "p0",
                        .netns = "here"});
  build(AddQdisc<Clsact>{.index = index_of(11), .name = "p0", .netns = "here"});
  const Tbf shaper{.rate = 2 * megabit, .burst = 10240, .limit = 20480, .peakrate = 3 * megabit, .mtu = 1600};
  build(AddQdisc<Tbf>{.index = index_of(12), .handle = {5, 0}, .kind = shaper, .name = "p1", .netns = "here"});
  expect_alike("tc", "-details qdisc show");
  expect_same_classes("p0");

  const auto qdiscs = here.client().dump(DumpQdiscs{}, decode_qdisc);
  EXPECT_TRUE(std::ranges::any_of(qdiscs, [](const TcObject& qdisc) {
    return qdisc.kind == "bfifo" && qdisc.parent == TcHandle{1, 0x10} && qdisc.handle == TcHandle{0x20, 0} &&
           qdisc.index == index_of(11);
  }));
  const auto shapers = here.client().dump(DumpQdiscs{}, decode_tc_kind<Tbf>);
  ASSERT_EQ(shapers.size(), 1U);
  EXPECT_EQ(shapers[0], shaper);
  auto htbs = here.client().dump(DumpQdiscs{}, decode_tc_kind<Htb>);
  ASSERT_EQ(htbs.size(), 1U);
  htbs[0].direct_packets = 0;  // whatever has been sent meanwhile
  EXPECT_EQ(htbs[0], (Htb{.default_class = 0x10, .r2q = 5, .direct_qlen = 77}));
  const auto classes = here.client().dump(DumpClasses{.index = index_of(11)}, decode_tc_kind<HtbClass>);
  ASSERT_EQ(classes.size(), 2U);
  const HtbClass& leaf = classes[0].prio == 2 ? classes[0] : classes[1];
  EXPECT_EQ(leaf.rate, settings.rate);
  EXPECT_EQ(leaf.ceil, settings.ceil);
  EXPECT_EQ(leaf.burst, settings.burst);

  build(ChangeHtbClass{.index = index_of(11),
                       .parent = {1, 1},
                       .classid = {1, 0x10},
                       .kind = {.rate = megabit},
                       .name = "p0",
                       .netns = "here"});
  build(DeleteQdisc{.index = index_of(11), .parent = {1, 0x10}, .name = "p0", .netns = "here"});
  build(DeleteClass{.index = index_of(11), .classid = {1, 0x10}, .name = "p0", .netns = "here"});
  build(DeleteQdisc{.index = index_of(11), .parent = tc_ingress, .name = "p0", .netns = "here"});
  build(ReplaceQdisc<Pfifo>{.index = index_of(12), .kind = {.limit = 55}, .name = "p1", .netns = "here"});
  build(DeleteQdisc{.index = index_of(12), .name = "p1", .netns = "here"});
  build(AddQdisc<Pfifo>{.index = index_of(12), .handle = {6, 0}, .kind = {.limit = 55}, .name = "p1", .netns = "here"});
  expect_alike("tc", "-details qdisc show");
  expect_same_classes("p0");
}

/// A kind of qdisc that not every kernel has, executed by the kernel and compared with what `tc` makes.
class QdiscKindTest : public ObjectTest {
 protected:
  /// On p0. False where the kernel lacks the kind.
  template <TcKind Kind>
  bool build_qdisc(const Kind& kind) {
    const ReplaceQdisc<Kind> request{
        .index = index_of(11), .handle = {7, 0}, .kind = kind, .name = "p0", .netns = "here"};
    const auto error = here.client().execute(request);
    if (error == boost::system::errc::no_such_file_or_directory) return false;
    EXPECT_FALSE(error.failed()) << request.describe() << ": " << error.message();
    run(in_twin(request.describe()));
    expect_alike("tc", "-details qdisc show");
    return true;
  }
  template <TcKind Kind>
  Kind read_back() {
    const auto found = here.client().dump(DumpQdiscs{}, decode_tc_kind<Kind>);
    EXPECT_EQ(found.size(), 1U);
    return found.empty() ? Kind{} : found.front();
  }
};

TEST_F(QdiscKindTest, NetemIsExecuted) {
  const Netem faults{.limit = 500,
                     .delay = 10ms,
                     .jitter = 2ms,
                     .delay_correlation = {0.25},
                     .loss = NetemChance{{0.01}, {0.05}},
                     .duplicate = {{0.02}, {0.1}},
                     .reorder = {{0.04}, {0.5}},
                     .gap = 5,
                     .corrupt = {{0.03}, {0.2}}};
  if (!build_qdisc(faults)) GTEST_SKIP() << "the kernel has no netem";
  EXPECT_EQ(read_back<Netem>().delay, faults.delay);
  EXPECT_EQ(read_back<Netem>().limit, faults.limit);
  build_qdisc(Netem{.loss = NetemLossGemodel{.p = {0.01}, .r = {0.1}, .loss_in_bad = {0.7}, .loss_in_good = {0.001}}});
  build_qdisc(Netem{.loss = NetemLossState{.p13 = {0.01}, .p31 = {0.02}, .p32 = {0.03}, .p23 = {0.04}, .p14 = {0.05}},
                    .ecn = true});
  build_qdisc(Netem{.rate = 50'000'000'000, .packet_overhead = -4, .cell_size = 53, .cell_overhead = 5});
  build_qdisc(Netem{.slot_min = 800us, .slot_max = 1ms, .slot_packets = 3, .slot_bytes = 4000});
  build_qdisc(Netem{.delay = 10ms, .jitter = 2ms, .distribution = read_delay_table("pareto").value()});
}

/// Through `lo` a packet passes twice on its way there and back.
TEST_F(QdiscKindTest, NetemDelaysAndLoses) {
  AddQdisc<Netem> request{.index = InterfaceIndex::loopback, .kind = {.delay = 60ms}, .name = "lo", .netns = "here"};
  const auto error = here.client().execute(request);
  if (error == boost::system::errc::no_such_file_or_directory) GTEST_SKIP() << "the kernel has no netem";
  ASSERT_FALSE(error.failed()) << error.message();
  const std::string ping = "ip netns exec here ping -c 3 -i 0.2 -W 5 127.0.0.1";
  const auto round_trip = test::run_command(ping + " | sed -nE 's|^rtt [^=]*= ([0-9.]+)/.*|\\1|p'");
  EXPECT_GE(std::strtod(round_trip.text.c_str(), nullptr), 120.0) << round_trip.text;
  const ReplaceQdisc<Netem> loss{
      .index = InterfaceIndex::loopback, .kind = {.loss = NetemChance{{1.0}, {}}}, .name = "lo", .netns = "here"};
  ASSERT_FALSE(here.client().execute(loss).failed());
  EXPECT_EQ(test::run_command("ip netns exec here ping -c 3 -i 0.2 -W 1 127.0.0.1").status, 1);
}

TEST_F(QdiscKindTest, FqCodelIsExecuted) {
  if (!build_qdisc(FqCodel{})) GTEST_SKIP() << "the kernel has no fq_codel";
  const FqCodel settings{.limit = 1000,
                         .target = FqCodel::Microseconds{5000},
                         .interval = FqCodel::Microseconds{100000},
                         .quantum = 1514,
                         .ecn = false,
                         .ce_threshold = FqCodel::Microseconds{1000},
                         .memory_limit = 4194304,
                         .drop_batch = 32};
  build_qdisc(settings);
  EXPECT_EQ(read_back<FqCodel>().limit, settings.limit);
  EXPECT_EQ(read_back<FqCodel>().memory_limit, settings.memory_limit);
}

// ---- namespace ids ----

TEST_F(ObjectTest, NamespaceIds) {
  NamedNamespace other{"other"};
  EXPECT_FALSE(here.client().execute(AddNetnsId{.netns = {"other", other.descriptor()}, .id = 7}).failed());
  EXPECT_EQ(here.client().execute(AddNetnsId{.netns = {"other", other.descriptor()}, .id = 8}).value(), EEXIST);
  const auto shown = here.ip("netns list-id");
  EXPECT_EQ(shown[0]["nsid"], 7);
  EXPECT_EQ(here.client().dump(DumpNetnsIds{}, decode_netns_id), std::vector<std::int32_t>{7});
  const auto id_of = [&](int descriptor) {
    std::optional<std::int32_t> id;
    EXPECT_FALSE(here.client()
                     .ask(GetNetnsId{.descriptor = descriptor},
                          [&](const engine::MessageView& message) { id = decode_netns_id(message); })
                     .failed());
    return id;
  };
  EXPECT_EQ(id_of(other.descriptor()), 7);
  EXPECT_EQ(id_of(twin.descriptor()), std::nullopt);
}

}  // namespace
}  // namespace netherd::ops
