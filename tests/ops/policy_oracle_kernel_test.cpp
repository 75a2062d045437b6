// Rules, nexthop objects, neighbours, forwarding entries, VLANs of ports and namespace ids: what a request encodes is
// what `ip` and `bridge` send.
#include <fcntl.h>

#include "netherd/ops/bridge_vlan.hpp"
#include "netherd/ops/fdb.hpp"
#include "netherd/ops/neighbour.hpp"
#include "netherd/ops/netns_id.hpp"
#include "netherd/ops/nexthop.hpp"
#include "netherd/ops/rule.hpp"
#include "oracle_fixture.hpp"

namespace netherd::ops {
namespace {

using namespace std::chrono_literals;

using RuleOracle = OracleTest;
using NexthopOracle = OracleTest;
using NeighbourOracle = OracleTest;
using FdbOracle = OracleTest;
using BridgeVlanOracle = OracleTest;
using NetnsIdOracle = OracleTest;

TEST_F(RuleOracle, Selectors) {
  expect_sent(AddRule{.rule = {.from = prefix("10.0.0.0/8")}}, "ip rule add from 10.0.0.0/8 table 254");
  expect_sent(AddRule{.rule = {.ipv6 = true, .to = prefix("2001:db8::/32"), .priority = 50, .table = 70000}},
              "ip -6 rule add to 2001:db8::/32 priority 50 table 70000");
  expect_sent(AddRule{.rule = {.invert = true,
                               .from = prefix("10.0.0.1/32"),
                               .to = prefix("10.0.0.2/32"),
                               .tos = 16,
                               .fwmark = Fwmark{5, 255},
                               .iif = "p0",
                               .oif = "p1",
                               .priority = 77,
                               .table = 100}},
              "ip rule add not from 10.0.0.1/32 to 10.0.0.2/32 tos 0x10 fwmark 5/255 iif p0 oif p1 priority 77 "
              "table 100");
  expect_sent(AddRule{.rule = {.fwmark = Fwmark{5},
                               .uid_range = UidRange{1000, 2000},
                               .ip_protocol = 6,
                               .sport = PortRange{1000, 2000},
                               .dport = PortRange{80, 80},
                               .tunnel_id = 99,
                               .protocol = 186,
                               .table = 100}},
              "ip rule add fwmark 5 uidrange 1000-2000 ipproto 6 sport 1000-2000 dport 80 tun_id 99 protocol 186 "
              "table 100");
  expect_sent(AddRule{.rule = {.suppress_prefixlength = 0, .suppress_ifgroup = 7}},
              "ip rule add suppress_prefixlength 0 suppress_ifgroup 7 table 254");
  expect_sent(AddRule{.rule = {.l3mdev = true, .priority = 1000}}, "ip rule add l3mdev priority 1000");
}

TEST_F(RuleOracle, Actions) {
  expect_sent(AddRule{.rule = {.priority = 10, .action = RuleAction::goto_, .goto_priority = 100}},
              "ip rule add priority 10 goto 100");
  expect_sent(AddRule{.rule = {.priority = 10, .action = RuleAction::nop}}, "ip rule add priority 10 nop");
  expect_sent(AddRule{.rule = {.priority = 10, .action = RuleAction::blackhole}}, "ip rule add priority 10 blackhole");
  expect_sent(AddRule{.rule = {.priority = 10, .action = RuleAction::unreachable}},
              "ip rule add priority 10 unreachable");
  expect_sent(AddRule{.rule = {.priority = 10, .action = RuleAction::prohibit}}, "ip rule add priority 10 prohibit");
}

TEST_F(RuleOracle, Deleted) {
  expect_sent(DeleteRule{.rule = {.from = prefix("10.0.0.0/8"), .table = 100}},
              "ip rule delete from 10.0.0.0/8 table 100");
  expect_sent(DeleteRule{.rule = {.ipv6 = true, .priority = 50, .table = 0}}, "ip -6 rule delete priority 50");
  expect_sent(DeleteRule{.rule = {.priority = 10, .action = RuleAction::blackhole}},
              "ip rule delete priority 10 blackhole");
}

TEST_F(NexthopOracle, Added) {
  expect_sent(AddNexthop{.nexthop = {.id = 5, .gateway = ip_address("10.0.0.2"), .link = p0}},
              "ip nexthop add id 5 via 10.0.0.2 dev p0");
  expect_sent(AddNexthop{.nexthop = {.gateway = ip_address("fe80::2"), .link = p0, .onlink = true, .protocol = 186}},
              "ip nexthop add via fe80::2 dev p0 onlink proto 186");
  expect_sent(AddNexthop{.nexthop = {.id = 5, .link = p0}}, "ip nexthop add id 5 dev p0");
  expect_sent(AddNexthop{.nexthop = {.id = 5, .link = p0, .ipv6 = true}}, "ip -6 nexthop add id 5 dev p0");
  expect_sent(AddNexthop{.nexthop = {.id = 5, .blackhole = true}}, "ip nexthop add id 5 blackhole");
  expect_sent(AddNexthop{.nexthop = {.id = 5, .gateway = ip_address("10.0.0.2"), .fdb = true}},
              "ip nexthop add id 5 via 10.0.0.2 fdb");
}

TEST_F(NexthopOracle, Groups) {
  expect_sent(AddNexthop{.nexthop = {.id = 9, .group = {{1}, {2, 4}, {3, 256}}}},
              "ip nexthop add id 9 group 1/2,4/3,256");
  expect_sent(AddNexthop{.nexthop = {.id = 9,
                                     .group = {{1}, {2}},
                                     .type = NexthopGroupType::resilient,
                                     .buckets = 8,
                                     .idle_timer = 60s,
                                     .unbalanced_timer = 300s}},
              "ip nexthop add id 9 group 1/2 type resilient buckets 8 idle_timer 60 unbalanced_timer 300");
  expect_sent(AddNexthop{.nexthop = {.id = 9, .group = {{1}}, .type = NexthopGroupType::resilient}},
              "ip nexthop add id 9 group 1 type resilient");
  expect_sent(AddNexthop{.nexthop = {.id = 9, .fdb = true, .group = {{1}}}}, "ip nexthop add id 9 group 1 fdb");
}

TEST_F(NexthopOracle, ReplacedAndDeleted) {
  expect_sent(ReplaceNexthop{.nexthop = {.id = 5, .blackhole = true}}, "ip nexthop replace id 5 blackhole");
  expect_sent(DeleteNexthop{.id = 5}, "ip nexthop delete id 5");
}

TEST_F(NeighbourOracle, Added) {
  const MacAddress lladdr = mac("02:00:00:00:00:05");
  const auto add = [](const Neighbour& neighbour) {
    AddNeighbour request{.neighbour = neighbour, .name = "p0"};
    request.neighbour.index = index_of(11);
    return request;
  };
  expect_sent(add({.address = ip_address("10.0.0.5"), .lladdr = lladdr}),
              "ip neighbour add 10.0.0.5 lladdr 02:00:00:00:00:05 dev p0");
  expect_sent(add({.address = ip_address("2001:db8::5"),
                   .lladdr = lladdr,
                   .state = NeighbourState::reachable,
                   .router = true,
                   .extern_learn = true,
                   .protocol = 186}),
              "ip neighbour add 2001:db8::5 lladdr 02:00:00:00:00:05 dev p0 nud reachable router extern_learn "
              "protocol 186");
  expect_sent(add({.address = ip_address("10.0.0.5"), .state = NeighbourState::none, .managed = true}),
              "ip neighbour add 10.0.0.5 dev p0 nud none managed");
  expect_sent(add({.address = ip_address("10.0.0.5"), .state = NeighbourState::stale, .use = true}),
              "ip neighbour add 10.0.0.5 dev p0 nud stale use");
  expect_sent(add({.address = ip_address("10.0.0.5"), .proxy = true}), "ip neighbour add proxy 10.0.0.5 dev p0");
  expect_sent(add({.address = ip_address("2001:db8::5"), .proxy = true}), "ip neighbour add proxy 2001:db8::5 dev p0");
  for (const auto& [state, word] :
       {std::pair{NeighbourState::incomplete, "incomplete"}, std::pair{NeighbourState::delay, "delay"},
        std::pair{NeighbourState::probe, "probe"}, std::pair{NeighbourState::failed, "failed"},
        std::pair{NeighbourState::noarp, "noarp"}}) {
    expect_sent(add({.address = ip_address("10.0.0.5"), .lladdr = lladdr, .state = state}),
                std::string{"ip neighbour add 10.0.0.5 lladdr 02:00:00:00:00:05 dev p0 nud "} + word);
  }
}

TEST_F(NeighbourOracle, ChangedAndDeleted) {
  const Neighbour neighbour{
      .index = index_of(11), .address = ip_address("10.0.0.5"), .lladdr = mac("02:00:00:00:00:05")};
  expect_sent(ChangeNeighbour{.neighbour = neighbour, .name = "p0"},
              "ip neighbour change 10.0.0.5 lladdr 02:00:00:00:00:05 dev p0");
  expect_sent(ReplaceNeighbour{.neighbour = neighbour, .name = "p0"},
              "ip neighbour replace 10.0.0.5 lladdr 02:00:00:00:00:05 dev p0");
  expect_sent(DeleteNeighbour{.index = index_of(11), .address = ip_address("10.0.0.5"), .name = "p0"},
              "ip neighbour delete 10.0.0.5 dev p0");
  expect_sent(DeleteNeighbour{.index = index_of(11), .address = ip_address("2001:db8::5"), .proxy = true, .name = "p0"},
              "ip neighbour delete proxy 2001:db8::5 dev p0");
}

TEST_F(FdbOracle, Entries) {
  const MacAddress address = mac("02:00:00:00:00:05");
  const auto entry = [&](FdbEntry wanted) {
    wanted.index = index_of(11);
    wanted.address = address;
    return wanted;
  };
  expect_sent(AddFdbEntry{.entry = entry({}), .name = "p0"}, "bridge fdb add 02:00:00:00:00:05 dev p0");
  expect_sent(
      AddFdbEntry{.entry = entry({.master = true, .lifetime = FdbLifetime::static_entry, .vlan = 5}), .name = "p0"},
      "bridge fdb add 02:00:00:00:00:05 dev p0 master static vlan 5");
  expect_sent(AddFdbEntry{.entry = entry({.self = true,
                                          .master = true,
                                          .lifetime = FdbLifetime::dynamic_entry,
                                          .use = true,
                                          .extern_learn = true,
                                          .sticky = true}),
                          .name = "p0"},
              "bridge fdb add 02:00:00:00:00:05 dev p0 self master use sticky extern_learn dynamic");
  expect_sent(
      AppendFdbEntry{
          .entry = entry(
              {.remote = ip_address("192.0.2.1"), .port = 4789, .vni = 6, .src_vni = 5, .via = p1, .router = true}),
          .name = "p0"},
      "bridge fdb append 02:00:00:00:00:05 dev p0 router dst 192.0.2.1 port 4789 vni 6 src_vni 5 via p1");
  expect_sent(ReplaceFdbEntry{.entry = entry({.self = true, .remote = ip_address("2001:db8::1")}), .name = "p0"},
              "bridge fdb replace 02:00:00:00:00:05 dev p0 self dst 2001:db8::1");
  expect_sent(AddFdbEntry{.entry = entry({.self = true, .nexthop_id = 12}), .name = "p0"},
              "bridge fdb add 02:00:00:00:00:05 dev p0 self nhid 12");
  expect_sent(DeleteFdbEntry{.entry = entry({.master = true}), .name = "p0"},
              "bridge fdb delete 02:00:00:00:00:05 dev p0 master");
}

TEST_F(BridgeVlanOracle, PortsAndBridges) {
  expect_sent(AddBridgeVlan{.index = index_of(11), .vlan = {.first = 5}, .name = "p0"}, "bridge vlan add vid 5 dev p0");
  expect_sent(AddBridgeVlan{.index = index_of(11), .vlan = {.first = 5, .pvid = true, .untagged = true}, .name = "p0"},
              "bridge vlan add vid 5 dev p0 pvid untagged");
  expect_sent(AddBridgeVlan{.index = index_of(11), .vlan = {.first = 5, .last = 4094, .untagged = true}, .name = "p0"},
              "bridge vlan add vid 5-4094 dev p0 untagged");
  expect_sent(AddBridgeVlan{.index = index_of(15), .vlan = {.first = 5}, .self = true, .name = "br0"},
              "bridge vlan add vid 5 dev br0 self");
  expect_sent(AddBridgeVlan{.index = index_of(11), .vlan = {.first = 5}, .master = true, .name = "p0"},
              "bridge vlan add vid 5 dev p0 master");
  expect_sent(AddBridgeVlan{.index = index_of(11), .vlan = {.first = 5, .tunnel = 1005}, .name = "p0"},
              "bridge vlan add vid 5 dev p0 tunnel_info id 1005");
  expect_sent(AddBridgeVlan{.index = index_of(11), .vlan = {.first = 5, .last = 9, .tunnel = 1005}, .name = "p0"},
              "bridge vlan add vid 5-9 dev p0 tunnel_info id 1005-1009");
  expect_sent(DeleteBridgeVlan{.index = index_of(11), .vlan = {.first = 5, .tunnel = 1005}, .name = "p0"},
              "bridge vlan delete vid 5 dev p0 tunnel_info id 1005");
  expect_sent(DeleteBridgeVlan{.index = index_of(11), .vlan = {.first = 5, .last = 9}, .name = "p0"},
              "bridge vlan delete vid 5-9 dev p0");
}

TEST_F(NetnsIdOracle, Added) {
  const engine::FileDescriptor other{::open("/run/netns/other", O_RDONLY | O_CLOEXEC)};
  expect_sent(AddNetnsId{.netns = {"other", other.get()}, .id = 7}, "ip netns set other 7");
  expect_sent(AddNetnsId{.netns = {"other", other.get()}}, "ip netns set other auto");
}

}  // namespace
}  // namespace netherd::ops
