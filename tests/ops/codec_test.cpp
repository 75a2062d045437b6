// Requests encode into what our own decoders read back; decoders survive messages that are cut short or garbage. Run
// under AddressSanitizer to be sure that nothing is read past the end: every message is in a block of exactly its size.
#include <gtest/gtest.h>
#include <linux/if_addr.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <random>
#include <vector>

#include "netherd/ops/address.hpp"
#include "netherd/ops/bridge_vlan.hpp"
#include "netherd/ops/fdb.hpp"
#include "netherd/ops/link.hpp"
#include "netherd/ops/link/bond.hpp"
#include "netherd/ops/link/geneve.hpp"
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

using engine::MessageView;
using engine::MessageWriter;

constexpr InterfaceIndex index_of(int number) { return InterfaceIndex{number}; }
IpPrefix prefix(std::string_view text) { return parse_ip_prefix(text).value(); }
IpAddress ip_address(std::string_view text) { return prefix(text).address; }

using Bytes = std::vector<std::byte>;

Bytes encode(const engine::Request auto& request) {
  alignas(4) std::array<std::byte, 8192> buffer{};
  MessageWriter writer{buffer};
  request.encode(writer);
  EXPECT_FALSE(writer.overflowed());
  const auto message = writer.message();
  return {message.begin(), message.end()};
}

template <typename Header>
Header header_of(const Bytes& message) {
  return MessageView{message}.family_header<Header>().value();
}

AddVeth veth() {
  AddVeth request;
  request.main = {.name = "eth1",
                  .index = index_of(11),
                  .netns = {"a", 5},
                  .mtu = 9000,
                  .address = parse_mac_address("02:00:00:00:00:01").value()};
  request.peer = {.name = "eth2", .index = index_of(12), .netns = {"b", 6}};
  request.main_up = true;
  request.main_bridge = index_of(3);
  return request;
}

TEST(Codec, NewLinkCarriesWhatWasAsked) {
  const Bytes message = encode(veth());
  EXPECT_EQ(MessageView{message}.type(), RTM_NEWLINK);
  EXPECT_EQ(MessageView{message}.flags(), NLM_F_REQUEST | NLM_F_CREATE | NLM_F_EXCL);
  const auto link = decode_link(MessageView{message});
  ASSERT_TRUE(link);
  EXPECT_EQ(link->name, "eth1");
  EXPECT_EQ(link->index, index_of(11));
  EXPECT_EQ(link->mtu, 9000U);
  EXPECT_EQ(link->bridge, index_of(3));
  EXPECT_EQ(link->kind, "veth");
  EXPECT_TRUE(link->up());
  EXPECT_FALSE(link->carrier());
  EXPECT_EQ(link->address, veth().main.address);
}

TEST(Codec, SetLinkChangesOnlyWhatWasAsked) {
  const Bytes message = encode(SetLink{.index = index_of(4), .ipv4_forwarding = true});
  EXPECT_EQ(header_of<ifinfomsg>(message).ifi_change, 0U);
  EXPECT_EQ(MessageView{message}.flags(), NLM_F_REQUEST);
  const Bytes down = encode(SetLink{.index = index_of(4), .up = false});
  EXPECT_EQ(header_of<ifinfomsg>(down).ifi_change, 1U);
  EXPECT_EQ(header_of<ifinfomsg>(down).ifi_flags, 0U);
}

Bytes with_type(Bytes message, std::uint16_t type) {
  std::memcpy(message.data() + offsetof(nlmsghdr, nlmsg_type), &type, sizeof type);
  return message;
}

TEST(Codec, AddressesAreReadBack) {
  for (const char* text : {"10.0.0.1/30", "2001:db8::1/64", "192.0.2.1/32"}) {
    const Bytes message = encode(AddAddress{.index = index_of(4), .address = prefix(text)});
    const auto address = decode_address(MessageView{message});
    ASSERT_TRUE(address) << text;
    EXPECT_EQ(address->address, prefix(text));
    EXPECT_EQ(address->index, index_of(4));
    EXPECT_EQ(address->flags, address->address.is_v4() ? 0U : IFA_F_NODAD);
  }
}

TEST(Codec, RoutesAreReadBack) {
  for (const auto& [destination, gateway] : {std::pair{"10.9.0.0/16", "10.0.0.2"}, std::pair{"0.0.0.0/0", "10.0.0.2"},
                                             std::pair{"2001:db8:9::/48", "fe80::1"}, std::pair{"::/0", "fe80::1"}}) {
    const Bytes message =
        encode(AddRoute{.destination = prefix(destination), .gateway = ip_address(gateway), .index = index_of(4)});
    const auto route = decode_route(MessageView{message});
    ASSERT_TRUE(route) << destination;
    EXPECT_EQ(route->destination, prefix(destination));
    EXPECT_EQ(route->gateway, ip_address(gateway));
    EXPECT_EQ(route->index, index_of(4));
    EXPECT_EQ(route->table, std::uint32_t{RT_TABLE_MAIN});
    EXPECT_EQ(route->type, RTN_UNICAST);
    EXPECT_EQ(route->protocol, RTPROT_BOOT);
  }
}

TEST(Codec, OtherMessagesAreNotDecoded) {
  const Bytes link = encode(veth());
  const Bytes address = encode(AddAddress{.index = index_of(4), .address = prefix("10.0.0.1/30")});
  EXPECT_FALSE(decode_link(MessageView{address}));
  EXPECT_FALSE(decode_address(MessageView{link}));
  EXPECT_FALSE(decode_route(MessageView{link}));
  EXPECT_FALSE(decode_link(MessageView{with_type(link, RTM_DELLINK)}));
}

TEST(Codec, ImpossiblePrefixLengthsAreMalformed) {
  Bytes address = encode(AddAddress{.index = index_of(4), .address = prefix("10.0.0.1/30")});
  address[sizeof(nlmsghdr) + offsetof(ifaddrmsg, ifa_prefixlen)] = std::byte{33};
  EXPECT_FALSE(decode_address(MessageView{address}));
  Bytes route = encode(AddRoute{.destination = prefix("10.0.0.0/8"), .gateway = ip_address("10.0.0.2")});
  route[sizeof(nlmsghdr) + offsetof(rtmsg, rtm_dst_len)] = std::byte{33};
  EXPECT_FALSE(decode_route(MessageView{route}));
}

template <typename... Kinds>
void decode_kinds(const MessageView& view) {
  (static_cast<void>(decode_kind<Kinds>(view)), ...);
}
template <typename... Kinds>
void decode_tc_kinds(const MessageView& view) {
  (static_cast<void>(decode_tc_kind<Kinds>(view)), ...);
}

/// In a block of exactly its size, so that AddressSanitizer sees every byte beyond it.
void decode_everything(const Bytes& message, std::size_t size) {
  const auto exact = std::make_unique<std::byte[]>(size);
  std::memcpy(exact.get(), message.data(), size);
  const MessageView view{{exact.get(), size}};
  static_cast<void>(decode_link(view));
  static_cast<void>(decode_address(view));
  static_cast<void>(decode_route(view));
  static_cast<void>(decode_rule(view));
  static_cast<void>(decode_nexthop(view));
  static_cast<void>(decode_neighbour(view));
  static_cast<void>(decode_neighbour_table(view));
  static_cast<void>(decode_fdb_entry(view));
  static_cast<void>(decode_bridge_vlans(view));
  static_cast<void>(decode_netns_id(view));
  static_cast<void>(decode_tun(view));
  static_cast<void>(decode_port<BridgePort>(view));
  static_cast<void>(decode_port<BondPort>(view));
  decode_kinds<Bond, Bridge, Dummy, Gre, Gretap, Ifb, Ip6gre, Ip6gretap, Ip6tnl, Ipip, Ipvlan, Ipvtap, Macvlan, Macvtap,
               Netkit, Nlmon, Sit, Vlan, Vrf, Vxlan, Wireguard>(view);
  decode_tc_kinds<Bfifo, Clsact, FqCodel, Htb, HtbClass, Ingress, Netem, Pfifo, Tbf>(view);
}

std::vector<RouteHop> hops() {
  return {{.gateway = ip_address("10.0.0.2"), .link = {index_of(2), {}}, .weight = 3},
          {.gateway = ip_address("2001:db8::2"), .onlink = true}};
}

/// Messages with everything that has a structure of its own.
/// A link as only the kernel reports it.
struct ReportedLink {
  static constexpr std::string_view operation = "report link";
  static void encode(MessageWriter& writer) noexcept {
    ifinfomsg header{};
    header.ifi_index = 4;
    writer.begin(RTM_NEWLINK, 0);
    writer.put_family_header(header);
    writer.put_string(IFLA_IFNAME, "gre1");
    writer.put_bytes(IFLA_ADDRESS,
                     std::array<std::byte, 4>{std::byte{10}, std::byte{10}, std::byte{10}, std::byte{10}});
    writer.put_bytes(IFLA_BROADCAST,
                     std::array<std::byte, 4>{std::byte{11}, std::byte{11}, std::byte{11}, std::byte{11}});
    writer.put_bytes(IFLA_PERM_ADDRESS, std::array<std::byte, 6>{});
    writer.put_string(IFLA_PARENT_DEV_BUS_NAME, "pci");
    writer.put_string(IFLA_PARENT_DEV_NAME, "0000:00:03.0");
    writer.put_u32(IFLA_NEW_NETNSID, 3);
    writer.put_u32(IFLA_NEW_IFINDEX, 77);
    const auto reason = writer.begin_nest(IFLA_PROTO_DOWN_REASON);
    writer.put_u32(IFLA_PROTO_DOWN_REASON_VALUE, 5);
    writer.end_nest(reason);
    writer.put_u64(IFLA_STATS64, 0x0101010101010101U);
  }
};

/// A table of neighbours, which nobody but the kernel has; or what it tells of one interface beside the tables.
struct ReportedNeighbourTable {
  static constexpr std::string_view operation = "report neighbour table";
  bool of_an_interface = false;
  void encode(MessageWriter& writer) const noexcept {
    writer.begin(RTM_NEWNEIGHTBL, 0);
    writer.put_family_header(ndtmsg{.ndtm_family = AF_INET6, .ndtm_pad1 = 0, .ndtm_pad2 = 0});
    writer.put_string(NDTA_NAME, "ndisc_cache");
    if (of_an_interface) return;
    writer.put_u32(NDTA_THRESH3, 1024);
    ndt_stats statistics{};
    statistics.ndts_table_fulls = 7;
    writer.put_struct(NDTA_STATS, statistics);
  }
};

std::vector<Bytes> structured_messages() {
  static const std::vector<RouteHop> route_hops = hops();
  const LinkReference lower{index_of(4), {}};
  return {
      encode(
          AddVlan{.link = {.name = "v", .index = index_of(3)},
                  .kind = {.id = 5, .flags = {.gvrp = true}, .ingress_qos_map = {{1, 2}}, .egress_qos_map = {{3, 4}}},
                  .lower = lower}),
      encode(
          AddVxlan{.link = {.name = "v"},
                   .kind = {.id = 5, .remote = ip_address("2001:db8::1"), .dev = lower, .srcport = PortRange{1, 2}}}),
      encode(AddMacvlan{.link = {.name = "v"}, .kind = {.source_addresses = std::vector<MacAddress>(2)}}),
      encode(AddBond{.link = {.name = "v"}, .kind = {.arp_ip_target = {ip_address("10.0.0.2")}}}),
      encode(AddBridge{.link = {.name = "v"},
                       .kind = {.no_linklocal_learn = true, .mcast_query_interval = Centiseconds{9}}}),
      encode(AddGre{.link = {.name = "v"}, .kind = {.local = ip_address("10.0.0.2"), .flags = {.ikey = 5}}}),
      encode(AddIp6tnl{.link = {.name = "v"}, .kind = {.local = ip_address("2001:db8::1"), .hoplimit = 5}}),
      encode(AddNetkit{.link = {.name = "v"}, .kind = {.mode = NetkitMode::l2, .peer = {.name = "w"}}}),
      encode(AddRoute{
          .destination = prefix("10.9.0.0/16"), .metrics = {.mtu = RouteMetric{1400, true}}, .hops = route_hops}),
      encode(AddRule{.rule = {.from = prefix("10.0.0.0/8"), .fwmark = Fwmark{1, 2}, .sport = PortRange{1, 2}}}),
      encode(
          AddNexthop{.nexthop = {.id = 1, .group = {{2, 3}, {4}}, .type = NexthopGroupType::resilient, .buckets = 8}}),
      encode(AddNeighbour{.neighbour = {.address = ip_address("2001:db8::1"), .lladdr = MacAddress{}}}),
      encode(AddFdbEntry{.entry = {.remote = ip_address("10.0.0.2"), .port = 5, .via = lower}}),
      encode(AddBridgeVlan{.index = index_of(4), .vlan = {.first = 5, .last = 9}}),
      encode(AddQdisc<Netem>{.index = index_of(4), .kind = {.loss = NetemLossState{}, .rate = 1'000'000}}),
      encode(AddQdisc<FqCodel>{.index = index_of(4), .kind = {.limit = 5}}),
      encode(AddQdisc<Htb>{.index = index_of(4)}),
      encode(AddQdisc<Pfifo>{.index = index_of(4), .kind = {.limit = 5}}),
      encode(AddBridgeVlan{.index = index_of(4), .vlan = {.first = 5, .last = 9, .tunnel = 1005}}),
      encode(AddGeneve{.link = {.name = "v"}, .kind = {.id = 5, .remote = ip_address("2001:db8::1"), .ttl = 9}}),
      encode(AddGre{.link = {.name = "v"}, .kind = {.external = true}}),
      encode(AddVti{.link = {.name = "v"}, .kind = {.remote = ip_address("10.0.0.2"), .okey = 5}}),
      encode(AddQdisc<Netem>{.index = index_of(4),
                             .kind = {.slot_delay = std::chrono::milliseconds{1}, .slot_packets = 3}}),
      encode(ReportedLink{}),
      encode(ReportedNeighbourTable{}),
  };
}

std::vector<Bytes> sample_messages() {
  return {encode(veth()), encode(SetLink{.index = index_of(4), .ipv4_forwarding = true}),
          encode(AddAddress{.index = index_of(4), .address = prefix("2001:db8::1/64")}),
          encode(AddRoute{.destination = prefix("10.9.0.0/16"), .gateway = ip_address("10.0.0.2")}),
          encode(AddRoute{.destination = prefix("2001:db8::/64"), .gateway = ip_address("fe80::1")})};
}

TEST(Codec, TablesOfNeighboursAreToldFromTheSettingsOfInterfaces) {
  EXPECT_EQ(decode_neighbour_table(MessageView{encode(ReportedNeighbourTable{})}),
            (NeighbourTable{.ipv4 = false, .most_entries = 1024, .fulls = 7}));
  EXPECT_FALSE(decode_neighbour_table(MessageView{encode(ReportedNeighbourTable{.of_an_interface = true})}));
  EXPECT_FALSE(decode_neighbour_table(MessageView{encode(veth())}));
}

TEST(Codec, TruncatedMessagesAreSurvived) {
  auto messages = sample_messages();
  for (Bytes& message : structured_messages()) messages.push_back(std::move(message));
  for (const Bytes& message : messages) {
    for (std::size_t size = sizeof(nlmsghdr); size <= message.size(); ++size) decode_everything(message, size);
  }
}

TEST(Codec, StructuredMessagesAreReadBack) {
  const auto messages = structured_messages();
  const MessageView vlan{messages[0]};
  EXPECT_EQ(decode_kind<Vlan>(vlan)->id, 5);
  EXPECT_EQ(decode_kind<Vlan>(vlan)->flags.gvrp, true);
  EXPECT_EQ(decode_kind<Vlan>(vlan)->egress_qos_map, (std::vector<QosMapping>{{3, 4}}));
  EXPECT_EQ(decode_link(vlan)->lower, index_of(4));
  EXPECT_EQ(decode_kind<Vxlan>(MessageView{messages[1]})->srcport, (PortRange{1, 2}));
  EXPECT_EQ(decode_kind<Macvlan>(MessageView{messages[2]})->source_addresses, std::vector<MacAddress>(2));
  EXPECT_EQ(decode_kind<Bond>(MessageView{messages[3]})->arp_ip_target, std::vector{ip_address("10.0.0.2")});
  EXPECT_EQ(decode_kind<Bridge>(MessageView{messages[4]})->no_linklocal_learn, true);
  EXPECT_EQ(decode_kind<Gre>(MessageView{messages[5]})->flags.okey, std::nullopt);
  EXPECT_EQ(decode_kind<Ip6tnl>(MessageView{messages[6]})->hoplimit, 5);
  EXPECT_EQ(decode_kind<Netkit>(MessageView{messages[7]})->mode, NetkitMode::l2);
  EXPECT_EQ(decode_route(MessageView{messages[8]})->hops, hops());
  EXPECT_EQ(decode_route(MessageView{messages[8]})->metrics.mtu, (RouteMetric{1400, true}));
  EXPECT_EQ(decode_rule(MessageView{messages[9]})->fwmark, (Fwmark{1, 2}));
  EXPECT_EQ(decode_nexthop(MessageView{messages[10]})->group, (std::vector<NexthopMember>{{2, 3}, {4, 1}}));
  EXPECT_EQ(decode_neighbour(MessageView{messages[11]})->address, ip_address("2001:db8::1"));
  EXPECT_EQ(decode_fdb_entry(MessageView{messages[12]})->port, 5);
  EXPECT_EQ(decode_bridge_vlans(MessageView{with_type(messages[13], RTM_NEWLINK)})->vlans,
            (std::vector<BridgeVlan>{{.first = 5, .last = 9}}));
  EXPECT_TRUE(std::holds_alternative<NetemLossState>(decode_tc_kind<Netem>(MessageView{messages[14]})->loss));
  EXPECT_EQ(decode_tc_kind<Netem>(MessageView{messages[14]})->rate, 1'000'000U);
  EXPECT_EQ(decode_tc_kind<FqCodel>(MessageView{messages[15]}), FqCodel{.limit = 5});
  EXPECT_EQ(decode_tc_kind<Htb>(MessageView{messages[16]}), Htb{});
  EXPECT_EQ(decode_tc_kind<Pfifo>(MessageView{messages[17]}), Pfifo{.limit = 5});
  const auto tunnels = decode_bridge_vlans(MessageView{with_type(messages[18], RTM_NEWLINK)});
  EXPECT_EQ(tunnels->tunnels, (std::vector<BridgeVlan>{{.first = 5, .last = 9, .tunnel = 1005}}));
  EXPECT_TRUE(tunnels->vlans.empty());
  EXPECT_EQ(decode_kind<Geneve>(MessageView{messages[19]}),
            (Geneve{.id = 5, .remote = ip_address("2001:db8::1"), .ttl = 9}));
  EXPECT_EQ(decode_kind<Gre>(MessageView{messages[20]})->external, true);
  EXPECT_EQ(decode_kind<Vti>(MessageView{messages[21]})->okey, 5U);
  EXPECT_EQ(decode_kind<Vti6>(MessageView{messages[21]}), std::nullopt);
  EXPECT_EQ(decode_tc_kind<Netem>(MessageView{messages[22]})->slot_delay, std::chrono::milliseconds{1});
}

TEST(Codec, LinksThatAreNoEthernetAndHaveMovedAreReadBack) {
  const Bytes message = encode(ReportedLink{});
  const auto link = decode_link(MessageView{message});
  ASSERT_TRUE(link);
  EXPECT_FALSE(link->address);
  EXPECT_EQ(link->other_address, std::vector<std::byte>(4, std::byte{10}));
  EXPECT_EQ(link->other_broadcast, std::vector<std::byte>(4, std::byte{11}));
  EXPECT_EQ(link->permanent_address, MacAddress{});
  EXPECT_EQ(link->parent_bus, "pci");
  EXPECT_EQ(link->parent_device, "0000:00:03.0");
  EXPECT_EQ(link->new_netns_id, 3);
  EXPECT_EQ(link->new_index, index_of(77));
  EXPECT_EQ(link->protodown_reason, 5U);
  EXPECT_EQ(link->statistics->rx_packets, 0x0101010101010101U) << "an old kernel's structure is shorter";
  EXPECT_EQ(link->statistics->tx_packets, 0U);
}

TEST(Codec, NetkitPeerHasItsOwnAttributes) {
  const Bytes message =
      encode(AddNetkit{.link = {.name = "v"},
                       .kind = {.peer_policy = NetkitPolicy::blackhole, .peer = {.name = "w", .index = index_of(9)}}});
  EXPECT_EQ(decode_kind<Netkit>(MessageView{message})->peer_policy, NetkitPolicy::blackhole);
  EXPECT_EQ(
      (AddNetkit{.link = {.name = "v"},
                 .kind = {.mode = NetkitMode::l3,
                          .policy = NetkitPolicy::forward,
                          .peer_policy = NetkitPolicy::blackhole,
                          .scrub = NetkitScrub::none,
                          .peer_scrub = NetkitScrub::standard,
                          .peer = {.name = "w", .index = index_of(9), .mtu = 1400}}}
           .describe()),
      "ip link add name v type netkit mode l3 forward scrub none peer blackhole scrub default name w index 9 mtu 1400");
}

TEST(Codec, GarbageIsSurvived) {
  std::mt19937 random{20261123};
  std::uniform_int_distribution<unsigned> byte{0, 255};
  const std::array<std::uint16_t, 3> types{RTM_NEWLINK, RTM_NEWADDR, RTM_NEWROUTE};
  for (const Bytes& message : sample_messages()) {
    for (int round = 0; round < 20'000; ++round) {
      Bytes damaged = with_type(message, types[static_cast<std::size_t>(round) % types.size()]);
      for (int change = 0; change < 4; ++change) {
        const std::size_t place = sizeof(nlmsghdr) + random() % (damaged.size() - sizeof(nlmsghdr));
        damaged[place] = static_cast<std::byte>(byte(random));
      }
      decode_everything(damaged, damaged.size());
    }
  }
}

TEST(Codec, GarbageInStructuresIsSurvived) {
  std::mt19937 random{20261124};
  for (const Bytes& message : structured_messages()) {
    for (int round = 0; round < 3'000; ++round) {
      Bytes damaged = message;
      for (int change = 0; change < 3; ++change) {
        const std::size_t place = sizeof(nlmsghdr) + random() % (damaged.size() - sizeof(nlmsghdr));
        damaged[place] = static_cast<std::byte>(random());
      }
      decode_everything(damaged, damaged.size());
    }
  }
}

TEST(Codec, ImpossibleStructuresAreMalformed) {
  Bytes route = structured_messages()[8];
  const auto find = [](Bytes& message, std::initializer_list<int> pattern) {
    return std::ranges::search(message, pattern,
                               [](std::byte byte, int wanted) { return std::to_integer<int>(byte) == wanted; })
        .begin();
  };
  const auto hop = find(route, {16, 0, 0, 2, 2, 0, 0, 0});  // struct rtnexthop of the first hop
  ASSERT_NE(hop, route.end());
  *hop = std::byte{3};
  EXPECT_FALSE(decode_route(MessageView{route}));
  *hop = std::byte{255};
  EXPECT_FALSE(decode_route(MessageView{route}));

  Bytes vlans = with_type(structured_messages()[13], RTM_NEWLINK);
  EXPECT_TRUE(decode_bridge_vlans(MessageView{vlans}));
  const auto end_of_range = find(vlans, {16, 0, 9, 0});
  ASSERT_NE(end_of_range, vlans.end());
  *(end_of_range + 2) = std::byte{4};  // ends before it begins
  EXPECT_FALSE(decode_bridge_vlans(MessageView{vlans}));
  *end_of_range = std::byte{0};  // never ends
  EXPECT_FALSE(decode_bridge_vlans(MessageView{vlans}));

  Bytes rule = structured_messages()[9];
  rule[sizeof(nlmsghdr) + 2] = std::byte{33};  // length of the source prefix
  EXPECT_FALSE(decode_rule(MessageView{rule}));
}

TEST(Codec, WriterTooSmallIsNoticed) {
  const auto check = [](const auto& request) {
    const std::size_t needed = encode(request).size();
    for (std::size_t size = 0; size < needed; size += 4) {
      const auto buffer = std::make_unique<std::byte[]>(size);
      MessageWriter writer{{buffer.get(), size}};
      request.encode(writer);
      EXPECT_TRUE(writer.overflowed()) << size;
    }
  };
  check(veth());
  check(SetLink{.index = index_of(4), .ipv4_forwarding = true});
  check(AddAddress{.index = index_of(4), .address = prefix("10.0.0.1/30")});
  check(AddRoute{.destination = prefix("10.9.0.0/16"), .gateway = ip_address("10.0.0.2")});
  const auto route_hops = hops();
  check(AddRoute{.destination = prefix("10.9.0.0/16"), .hops = route_hops});
  check(AddVlan{.link = {.name = "v"}, .kind = {.id = 5, .egress_qos_map = {{3, 4}}}});
  check(AddNexthop{.nexthop = {.id = 1, .group = {{2, 3}, {4}}}});
  check(AddQdisc<Tbf>{.index = index_of(4), .kind = {.rate = 1000, .burst = 1000, .limit = 1000}});
}

}  // namespace
}  // namespace netherd::ops
