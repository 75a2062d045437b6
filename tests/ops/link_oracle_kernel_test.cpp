// Links of every kind: what a request encodes is what `ip` sends. The kernel need not know the kind.
#include <fcntl.h>

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
#include "oracle_fixture.hpp"

namespace netherd::ops {
namespace {

using namespace std::chrono_literals;

using LinkOracle = OracleTest;

TEST_F(LinkOracle, NewLinkAndItsSettings) {
  expect_sent(AddDummy{.link = {.name = "d0"}}, "ip link add d0 type dummy");
  expect_sent(AddDummy{.link = {.name = "d0", .index = index_of(77), .mtu = 1400, .address = mac("02:00:00:00:00:01")},
                       .up = true,
                       .master = br0},
              "ip link add d0 index 77 mtu 1400 address 02:00:00:00:00:01 master br0 up type dummy");
  expect_sent(AddDummy{.link = {.name = "d0"}, .settings = {.txqueuelen = 7, .numtxqueues = 2, .numrxqueues = 3}},
              "ip link add d0 txqueuelen 7 numtxqueues 2 numrxqueues 3 type dummy");
  expect_sent(AddDummy{.link = {.name = "d0"},
                       .settings = {.group = 9, .gso_max_size = 60000, .gso_max_segs = 100, .gro_max_size = 50000}},
              "ip link add d0 group 9 gso_max_size 60000 gso_max_segs 100 gro_max_size 50000 type dummy");
  expect_sent(AddDummy{.link = {.name = "d0"}, .settings = {.arp = false, .multicast = true, .promisc = true}},
              "ip link add d0 arp off multicast on promisc on type dummy");
  expect_sent(AddDummy{.link = {.name = "d0"}, .settings = {.netns_pid = 1}}, "ip link add d0 netns 1 type dummy");
  const engine::FileDescriptor other{::open("/run/netns/other", O_RDONLY | O_CLOEXEC)};
  expect_sent(AddDummy{.link = {.name = "d0", .netns = {"other", other.get()}}},
              "ip link add d0 netns other type dummy");
}

TEST_F(LinkOracle, PlainKinds) {
  expect_sent(AddIfb{.link = {.name = "x0"}}, "ip link add x0 type ifb");
  expect_sent(AddNlmon{.link = {.name = "x0"}}, "ip link add x0 type nlmon");
  expect_sent(AddWireguard{.link = {.name = "x0"}}, "ip link add x0 type wireguard");
  expect_sent(AddVrf{.link = {.name = "x0"}, .kind = {.table = 100}}, "ip link add x0 type vrf table 100");
}

TEST_F(LinkOracle, Veth) {
  AddVeth request;
  request.main = {.name = "x0", .index = index_of(71), .mtu = 1400, .address = mac("02:00:00:00:00:01")};
  request.peer = {.name = "x1", .index = index_of(72), .mtu = 1300, .address = mac("02:00:00:00:00:02")};
  expect_sent(request,
              "ip link add x0 index 71 mtu 1400 address 02:00:00:00:00:01 numtxqueues 1 numrxqueues 1 type veth "
              "peer name x1 index 72 mtu 1300 address 02:00:00:00:00:02 numtxqueues 1 numrxqueues 1");
  request = {};
  request.main.name = "x0";
  request.peer.name = "x1";
  request.main_up = true;
  request.main_bridge = br0.index;
  request.main_bridge_name = br0.name;
  request.main_settings = {.txqueuelen = 5, .arp = false};
  request.peer_settings = {.txqueuelen = 6, .group = 3};
  expect_sent(request,
              "ip link add x0 numtxqueues 1 numrxqueues 1 txqueuelen 5 arp off master br0 up type veth "
              "peer name x1 numtxqueues 1 numrxqueues 1 txqueuelen 6 group 3");
}

TEST_F(LinkOracle, Bridge) {
  const NewLink link{.name = "x0"};
  expect_sent(AddBridge{.link = link}, "ip link add x0 type bridge");
  expect_sent(AddBridge{.link = link,
                        .kind = {.forward_delay = Centiseconds{200},
                                 .hello_time = Centiseconds{100},
                                 .max_age = Centiseconds{700},
                                 .ageing_time = Centiseconds{30000},
                                 .stp = true,
                                 .priority = 4096}},
              "ip link add x0 type bridge forward_delay 200 hello_time 100 max_age 700 ageing_time 30000 stp_state 1 "
              "priority 4096");
  expect_sent(AddBridge{.link = link,
                        .kind = {.vlan_filtering = true,
                                 .vlan_protocol = VlanProtocol::dot1ad,
                                 .vlan_default_pvid = 0,
                                 .vlan_stats_enabled = true,
                                 .vlan_stats_per_port = false,
                                 .group_fwd_mask = 8,
                                 .group_address = mac("01:80:c2:00:00:04"),
                                 .fdb_flush = true,
                                 .no_linklocal_learn = true,
                                 .mcast_vlan_snooping = false}},
              "ip link add x0 type bridge vlan_filtering 1 vlan_protocol 802.1ad vlan_default_pvid 0 "
              "vlan_stats_enabled 1 vlan_stats_per_port 0 group_fwd_mask 8 group_address 01:80:c2:00:00:04 fdb_flush "
              "no_linklocal_learn 1 mcast_vlan_snooping 0");
  expect_sent(AddBridge{.link = link,
                        .kind = {.mcast_snooping = false,
                                 .mcast_router = 2,
                                 .mcast_query_use_ifaddr = true,
                                 .mcast_querier = true,
                                 .mcast_hash_elasticity = 4,
                                 .mcast_hash_max = 512,
                                 .mcast_last_member_count = 3,
                                 .mcast_startup_query_count = 4,
                                 .mcast_last_member_interval = Centiseconds{101},
                                 .mcast_membership_interval = Centiseconds{102},
                                 .mcast_querier_interval = Centiseconds{103},
                                 .mcast_query_interval = Centiseconds{104},
                                 .mcast_query_response_interval = Centiseconds{105},
                                 .mcast_startup_query_interval = Centiseconds{106},
                                 .mcast_stats_enabled = true,
                                 .mcast_igmp_version = 3,
                                 .mcast_mld_version = 2,
                                 .nf_call_iptables = true,
                                 .nf_call_ip6tables = false,
                                 .nf_call_arptables = true}},
              "ip link add x0 type bridge mcast_snooping 0 mcast_router 2 mcast_query_use_ifaddr 1 mcast_querier 1 "
              "mcast_hash_elasticity 4 mcast_hash_max 512 mcast_last_member_count 3 mcast_startup_query_count 4 "
              "mcast_last_member_interval 101 mcast_membership_interval 102 mcast_querier_interval 103 "
              "mcast_query_interval 104 mcast_query_response_interval 105 mcast_startup_query_interval 106 "
              "mcast_stats_enabled 1 mcast_igmp_version 3 mcast_mld_version 2 nf_call_iptables 1 nf_call_ip6tables 0 "
              "nf_call_arptables 1");
  expect_sent(SetLinkKind<Bridge>{.index = br0.index, .name = "br0", .kind = {.stp = false, .vlan_filtering = false}},
              "ip link set br0 type bridge stp_state 0 vlan_filtering 0");
}

TEST_F(LinkOracle, BridgePort) {
  expect_sent(SetPort<BridgePort>{.index = p0.index,
                                  .name = "p0",
                                  .port = {.fdb_flush = true,
                                           .state = PortState::forwarding,
                                           .priority = 9,
                                           .cost = 77,
                                           .hairpin = true,
                                           .guard = false,
                                           .root_block = true,
                                           .fastleave = true,
                                           .learning = false,
                                           .flood = false,
                                           .proxy_arp = true}},
              "ip link set p0 type bridge_slave fdb_flush state 3 priority 9 cost 77 hairpin on guard off "
              "root_block on fastleave on learning off flood off proxy_arp on");
  expect_sent(SetPort<BridgePort>{.index = p0.index,
                                  .name = "p0",
                                  .port = {.proxy_arp_wifi = true,
                                           .mcast_router = 1,
                                           .mcast_flood = false,
                                           .bcast_flood = false,
                                           .mcast_to_unicast = true,
                                           .group_fwd_mask = 16384,
                                           .neigh_suppress = true,
                                           .vlan_tunnel = true,
                                           .isolated = true,
                                           .locked = true,
                                           .backup_port = p1}},
              "ip link set p0 type bridge_slave proxy_arp_wifi on mcast_router 1 mcast_flood off bcast_flood off "
              "mcast_to_unicast on group_fwd_mask 16384 neigh_suppress on vlan_tunnel on isolated on locked on "
              "backup_port p1");
  expect_sent(SetPort<BridgePort>{.index = p0.index, .name = "p0", .port = {.backup_port = none}},
              "ip link set p0 type bridge_slave nobackup_port");
}

TEST_F(LinkOracle, Vlan) {
  expect_sent(AddVlan{.link = {.name = "x0"}, .kind = {.id = 5}, .lower = p0}, "ip link add link p0 x0 type vlan id 5");
  expect_sent(AddVlan{.link = {.name = "x0"},
                      .kind = {.protocol = VlanProtocol::dot1ad,
                               .id = 4094,
                               .flags = {.reorder_hdr = false, .gvrp = true, .mvrp = true, .loose_binding = true},
                               .ingress_qos_map = {{1, 2}, {3, 4}},
                               .egress_qos_map = {{5, 6}}},
                      .lower = p0},
              "ip link add link p0 x0 type vlan protocol 802.1ad id 4094 reorder_hdr off gvrp on mvrp on "
              "loose_binding on ingress-qos-map 1:2 3:4 egress-qos-map 5:6");
  expect_sent(SetLinkKind<Vlan>{.index = p0.index, .name = "p0", .kind = {.flags = {.bridge_binding = true}}},
              "ip link set p0 type vlan bridge_binding on");
}

TEST_F(LinkOracle, Vxlan) {
  const NewLink link{.name = "x0"};
  expect_sent(AddVxlan{.link = link, .kind = {.id = 5, .dstport = 4789, .learning = true}},
              "ip link add x0 type vxlan id 5 dstport 4789 learning");
  expect_sent(
      AddVxlan{.link = link,
               .kind = {.id = 5,
                        .remote = ip_address("192.0.2.1"),
                        .local = ip_address("192.0.2.2"),
                        .dev = p0,
                        .ttl = 9,
                        .tos = 16,
                        .df = VxlanDf::set,
                        .dstport = 4789,
                        .srcport = PortRange{1000, 2000},
                        .learning = false,
                        .proxy = true,
                        .rsc = true,
                        .l2miss = true,
                        .l3miss = false,
                        .udpcsum = true,
                        .gbp = true,
                        .ageing = 300s,
                        .maxaddress = 1000}},
      "ip link add x0 type vxlan id 5 remote 192.0.2.1 local 192.0.2.2 dev p0 ttl 9 tos 0x10 df set dstport 4789 "
      "srcport 1000 2000 nolearning proxy rsc l2miss nol3miss udpcsum gbp ageing 300 maxaddress 1000");
  expect_sent(AddVxlan{.link = link,
                       .kind = {.id = 6,
                                .remote = ip_address("ff05::100"),
                                .local = ip_address("2001:db8::2"),
                                .dev = p0,
                                .ttl_inherit = true,
                                .tos = 1,
                                .flowlabel = 0x12345,
                                .dstport = 4789,
                                .learning = true,
                                .udp6zerocsumtx = true,
                                .udp6zerocsumrx = false,
                                .remcsumtx = true,
                                .remcsumrx = true,
                                .gpe = true}},
              "ip link add x0 type vxlan id 6 group ff05::100 local 2001:db8::2 dev p0 ttl inherit tos 0x1 "
              "flowlabel 74565 dstport 4789 learning udp6zerocsumtx noudp6zerocsumrx remcsumtx remcsumrx gpe");
  expect_sent(AddVxlan{.link = link, .kind = {.dstport = 4789, .learning = false, .external = true, .vnifilter = true}},
              "ip link add x0 type vxlan dstport 4789 nolearning external vnifilter");
}

TEST_F(LinkOracle, Macvlan) {
  const NewLink link{.name = "x0"};
  expect_sent(AddMacvlan{.link = link, .lower = p0}, "ip link add link p0 x0 type macvlan");
  expect_sent(AddMacvlan{.link = link, .kind = {.mode = MacvlanMode::bridge, .bcqueuelen = 100}, .lower = p0},
              "ip link add link p0 x0 type macvlan mode bridge bcqueuelen 100");
  expect_sent(AddMacvlan{.link = link, .kind = {.mode = MacvlanMode::passthru, .nopromisc = true}, .lower = p0},
              "ip link add link p0 x0 type macvlan mode passthru nopromisc");
  expect_sent(AddMacvlan{.link = link, .kind = {.mode = MacvlanMode::source, .nodst = true}, .lower = p0},
              "ip link add link p0 x0 type macvlan mode source nodst");
  expect_sent(AddMacvtap{.link = link, .kind = {{.mode = MacvlanMode::private_}}, .lower = p0},
              "ip link add link p0 x0 type macvtap mode private");
  expect_sent(AddMacvtap{.link = link, .kind = {{.mode = MacvlanMode::vepa}}, .lower = p0},
              "ip link add link p0 x0 type macvtap mode vepa");
  Macvlan sources;
  sources.source_addresses = {mac("02:00:00:00:00:01"), mac("02:00:00:00:00:02")};
  expect_sent(SetLinkKind<Macvlan>{.index = p0.index, .name = "p0", .kind = sources},
              "ip link set p0 type macvlan macaddr set 02:00:00:00:00:01 02:00:00:00:00:02");
  sources.source_addresses->clear();
  expect_sent(SetLinkKind<Macvlan>{.index = p0.index, .name = "p0", .kind = sources},
              "ip link set p0 type macvlan macaddr flush");
}

TEST_F(LinkOracle, Ipvlan) {
  const NewLink link{.name = "x0"};
  expect_sent(AddIpvlan{.link = link, .lower = p0}, "ip link add link p0 x0 type ipvlan");
  expect_sent(
      AddIpvlan{.link = link, .kind = {.mode = IpvlanMode::l2, .isolation = IpvlanIsolation::bridge}, .lower = p0},
      "ip link add link p0 x0 type ipvlan mode l2 bridge");
  expect_sent(
      AddIpvlan{.link = link, .kind = {.mode = IpvlanMode::l3s, .isolation = IpvlanIsolation::vepa}, .lower = p0},
      "ip link add link p0 x0 type ipvlan mode l3s vepa");
  expect_sent(
      AddIpvtap{.link = link, .kind = {{.mode = IpvlanMode::l3, .isolation = IpvlanIsolation::private_}}, .lower = p0},
      "ip link add link p0 x0 type ipvtap mode l3 private");
}

TEST_F(LinkOracle, Bond) {
  const NewLink link{.name = "x0"};
  expect_sent(AddBond{.link = link}, "ip link add x0 type bond");
  expect_sent(AddBond{.link = link,
                      .kind = {.mode = BondMode::ieee_802_3ad,
                               .miimon = 100ms,
                               .updelay = 200ms,
                               .downdelay = 300ms,
                               .peer_notify_delay = 400ms,
                               .use_carrier = true,
                               .xmit_hash_policy = BondHashPolicy::layer3_4,
                               .min_links = 1,
                               .lacp_rate = LacpRate::fast,
                               .ad_select = BondAdSelect::bandwidth,
                               .ad_user_port_key = 5,
                               .ad_actor_sys_prio = 6,
                               .ad_actor_system = mac("02:00:00:00:00:09")}},
              "ip link add x0 type bond mode 802.3ad miimon 100 updelay 200 downdelay 300 peer_notify_delay 400 "
              "use_carrier 1 xmit_hash_policy layer3+4 min_links 1 lacp_rate fast ad_select bandwidth "
              "ad_user_port_key 5 ad_actor_sys_prio 6 ad_actor_system 02:00:00:00:00:09");
  expect_sent(AddBond{.link = link,
                      .kind = {.mode = BondMode::active_backup,
                               .active_slave = p0,
                               .arp_interval = 1000ms,
                               .arp_validate = BondArpValidate::filter_active,
                               .arp_all_targets = BondArpAllTargets::all,
                               .arp_ip_target = {ip_address("192.0.2.1"), ip_address("192.0.2.2")},
                               .ns_ip6_target = {ip_address("2001:db8::1")},
                               .primary = p1,
                               .primary_reselect = BondPrimaryReselect::failure,
                               .fail_over_mac = BondFailOverMac::follow,
                               .resend_igmp = 2,
                               .num_grat_arp = 3,
                               .all_slaves_active = true,
                               .missed_max = 4}},
              "ip link add x0 type bond mode active-backup active_slave p0 arp_interval 1000 "
              "arp_validate filter_active arp_all_targets all arp_ip_target 192.0.2.1,192.0.2.2 "
              "ns_ip6_target 2001:db8::1 primary p1 primary_reselect failure fail_over_mac follow resend_igmp 2 "
              "num_grat_arp 3 all_slaves_active 1 arp_missed_max 4");
  expect_sent(AddBond{.link = link,
                      .kind = {.mode = BondMode::balance_rr,
                               .lp_interval = 2s,
                               .packets_per_slave = 9,
                               .tlb_dynamic_lb = false,
                               .lacp_active = true}},
              "ip link add x0 type bond mode balance-rr lp_interval 2 packets_per_slave 9 tlb_dynamic_lb 0 "
              "lacp_active on");
  expect_sent(SetLinkKind<Bond>{.index = p0.index, .name = "p0", .kind = {.active_slave = none}},
              "ip link set p0 type bond clear_active_slave");
  expect_sent(SetPort<BondPort>{.index = p0.index, .name = "p0", .port = {.queue_id = 3, .prio = -5}},
              "ip link set p0 type bond_slave queue_id 3 prio -5");
}

TEST_F(LinkOracle, Ipv4Tunnels) {
  const NewLink link{.name = "x0"};
  const IpAddress local = ip_address("192.0.2.1");
  const IpAddress remote = ip_address("192.0.2.2");
  expect_sent(AddGre{.link = link, .kind = {.local = local, .remote = remote}},
              "ip link add x0 type gre local 192.0.2.1 remote 192.0.2.2");
  expect_sent(AddGre{.link = link,
                     .kind = {.local = local,
                              .remote = remote,
                              .dev = p0,
                              .ttl = 9,
                              .tos = 16,
                              .pmtudisc = true,
                              .flags = {.ikey = 5, .okey = 6, .iseq = true, .oseq = true, .icsum = true, .ocsum = true},
                              .fwmark = 7}},
              "ip link add x0 type gre local 192.0.2.1 remote 192.0.2.2 dev p0 ttl 9 tos 0x10 ikey 5 okey 6 iseq oseq "
              "icsum ocsum fwmark 7");
  expect_sent(AddGretap{.link = link,
                        .kind = {{.remote = remote,
                                  .tos = 1,
                                  .pmtudisc = false,
                                  .ignore_df = true,
                                  .encapsulation = {.type = TunnelEncapsulation::Type::fou, .dport = 5555}}}},
              "ip link add x0 type gretap remote 192.0.2.2 tos 0x1 nopmtudisc ignore-df encap fou encap-sport auto "
              "encap-dport 5555 noencap-csum noencap-udp6-csum noencap-remcsum");
  expect_sent(AddIpip{.link = link, .kind = {.local = local, .remote = remote}},
              "ip link add x0 type ipip local 192.0.2.1 remote 192.0.2.2");
  expect_sent(AddIpip{.link = link,
                      .kind = {.local = local,
                               .remote = remote,
                               .dev = p0,
                               .ttl = 9,
                               .tos = 16,
                               .mode = TunnelMode::ipip,
                               .fwmark = 7,
                               .encapsulation = {.type = TunnelEncapsulation::Type::gue,
                                                 .sport = 4444,
                                                 .dport = 5555,
                                                 .csum = true,
                                                 .csum6 = true,
                                                 .remcsum = true}}},
              "ip link add x0 type ipip local 192.0.2.1 remote 192.0.2.2 dev p0 ttl 9 tos 0x10 mode ipip fwmark 7 "
              "encap gue encap-sport 4444 encap-dport 5555 encap-csum encap-udp6-csum encap-remcsum");
  expect_sent(AddIpip{.link = link, .kind = {.remote = remote, .pmtudisc = false, .mode = TunnelMode::mplsip}},
              "ip link add x0 type ipip remote 192.0.2.2 nopmtudisc mode mplsip");
  expect_sent(AddSit{.link = link, .kind = {{.local = local, .remote = remote, .mode = TunnelMode::ip6ip}}},
              "ip link add x0 type sit local 192.0.2.1 remote 192.0.2.2 mode ip6ip");
  expect_sent(AddSit{.link = link, .kind = {{.local = local}, true}}, "ip link add x0 type sit local 192.0.2.1 isatap");
}

TEST_F(LinkOracle, Ipv6Tunnels) {
  const NewLink link{.name = "x0"};
  const IpAddress local = ip_address("2001:db8::1");
  const IpAddress remote = ip_address("2001:db8::2");
  expect_sent(AddIp6gre{.link = link, .kind = {.local = local, .remote = remote}},
              "ip link add x0 type ip6gre local 2001:db8::1 remote 2001:db8::2");
  expect_sent(AddIp6gre{.link = link,
                        .kind = {.local = local,
                                 .remote = remote,
                                 .dev = p0,
                                 .hoplimit = 9,
                                 .ipv6 = {.encaplimit = 3, .tclass = 0x1c, .flowlabel = 0x12345, .dscp_inherit = true},
                                 .flags = {.ikey = 5, .okey = 5},
                                 .fwmark = 7}},
              "ip link add x0 type ip6gre local 2001:db8::1 remote 2001:db8::2 dev p0 hoplimit 9 encaplimit 3 "
              "tclass 0x1c flowlabel 0x12345 dscp inherit ikey 5 okey 5 fwmark 7");
  expect_sent(AddIp6gretap{.link = link,
                           .kind = {{.local = local,
                                     .remote = remote,
                                     .ipv6 = {.encaplimit = std::nullopt,
                                              .tclass_inherit = true,
                                              .flowlabel_inherit = true,
                                              .allow_localremote = true,
                                              .fwmark_inherit = true},
                                     .encapsulation = {.type = TunnelEncapsulation::Type::gue, .dport = 5555}}}},
              "ip link add x0 type ip6gretap local 2001:db8::1 remote 2001:db8::2 encaplimit none tclass inherit "
              "flowlabel inherit allow-localremote fwmark inherit encap gue encap-sport auto encap-dport 5555 "
              "noencap-csum noencap-udp6-csum noencap-remcsum");
  expect_sent(AddIp6tnl{.link = link, .kind = {.local = local, .remote = remote}},
              "ip link add x0 type ip6tnl local 2001:db8::1 remote 2001:db8::2");
  expect_sent(AddIp6tnl{.link = link,
                        .kind = {.local = local,
                                 .remote = remote,
                                 .dev = p0,
                                 .hoplimit = 9,
                                 .ipv6 = {.encaplimit = 0, .tclass = 0x20, .flowlabel = 0x54321, .dscp_inherit = true},
                                 .mode = TunnelMode::ipip,
                                 .fwmark = 7}},
              "ip link add x0 type ip6tnl local 2001:db8::1 remote 2001:db8::2 dev p0 hoplimit 9 encaplimit 0 "
              "tclass 0x20 flowlabel 0x54321 dscp inherit mode ipip6 fwmark 7");
  expect_sent(AddIp6tnl{.link = link,
                        .kind = {.remote = remote,
                                 .ipv6 = {.encaplimit = std::nullopt, .flowlabel_inherit = true},
                                 .mode = TunnelMode::ip6ip}},
              "ip link add x0 type ip6tnl remote 2001:db8::2 encaplimit none flowlabel inherit mode ip6ip6");
}

TEST_F(LinkOracle, SetLink) {
  const auto set = [](SetLink request) {
    request.index = p0.index;
    request.name = p0.name;
    return request;
  };
  expect_sent(set({.up = true}), "ip link set p0 up");
  expect_sent(set({.up = false, .bridge = InterfaceIndex::none}), "ip link set p0 nomaster down");
  expect_sent(set({.bridge = br0.index, .bridge_name = "br0", .mtu = 1400, .address = mac("02:00:00:00:00:77")}),
              "ip link set p0 master br0 mtu 1400 address 02:00:00:00:00:77");
  expect_sent(set({.new_name = "q0"}), "ip link set p0 name q0");
  expect_sent(set({.up = true, .addrgenmode = AddressGeneration::none}), "ip link set p0 addrgenmode none up");
  expect_sent(set({.addrgenmode = AddressGeneration::stable_secret}), "ip link set p0 addrgenmode stable_secret");
  expect_sent(set({.addrgenmode = AddressGeneration::random}), "ip link set p0 addrgenmode random");
  expect_sent(set({.addrgenmode = AddressGeneration::eui64}), "ip link set p0 addrgenmode eui64");
  expect_sent(set({.ipv6_token = ip_address("::5")}), "ip token set ::5 dev p0");
  expect_sent(set({.settings = {.broadcast = mac("ff:ff:ff:ff:ff:fe"), .txqueuelen = 9, .group = 4}}),
              "ip link set p0 txqueuelen 9 group 4 broadcast ff:ff:ff:ff:ff:fe");
  expect_sent(set({.settings = {.alias = "an 'alias'"}}), "ip link set p0 alias 'an '\\''alias'\\'''");
  expect_sent(set({.settings = {.alias = ""}}), "ip link set p0 alias ''");
  expect_sent(set({.settings = {.carrier = true, .protodown = true}}), "ip link set p0 carrier on protodown on");
  expect_sent(set({.settings = {.mode = LinkMode::dormant, .operational_state = OperationalState::dormant}}),
              "ip link set p0 mode dormant state dormant");
  expect_sent(set({.settings = {.mode = LinkMode::automatic, .operational_state = OperationalState::up}}),
              "ip link set p0 mode default state up");
  expect_sent(
      set({.settings = {.arp = true, .dynamic = true, .multicast = false, .allmulticast = true, .promisc = false}}),
      "ip link set p0 arp on dynamic on multicast off allmulticast on promisc off");
  expect_sent(set({.settings = {.gso_max_size = 65000, .gso_max_segs = 10, .gro_max_size = 64000}}),
              "ip link set p0 gso_max_size 65000 gso_max_segs 10 gro_max_size 64000");
  expect_sent(set({.settings = {.netns_pid = 1}}), "ip link set p0 netns 1");
  const engine::FileDescriptor other{::open("/run/netns/other", O_RDONLY | O_CLOEXEC)};
  expect_sent(SetLink{.index = br0.index, .name = "br0", .move_to = {"other", other.get()}},
              "ip link set br0 netns other");
}

TEST_F(LinkOracle, Geneve) {
  const NewLink link{.name = "x0"};
  expect_sent(AddGeneve{.link = link, .kind = {.id = 5, .remote = ip_address("10.0.0.2")}},
              "ip link add x0 type geneve id 5 remote 10.0.0.2");
  expect_sent(AddGeneve{.link = link,
                        .kind = {.id = 16777215,
                                 .remote = ip_address("2001:db8::2"),
                                 .ttl = 64,
                                 .tos = 0x10,
                                 .flowlabel = 0x12345,
                                 .dstport = 6082,
                                 .udp6zerocsumtx = true,
                                 .udp6zerocsumrx = false}},
              "ip link add x0 type geneve id 16777215 remote 2001:db8::2 ttl 64 tos 0x10 flowlabel 74565 dstport 6082 "
              "udp6zerocsumtx noudp6zerocsumrx");
  expect_sent(AddGeneve{.link = link,
                        .kind = {.id = 5,
                                 .remote = ip_address("10.0.0.2"),
                                 .ttl_inherit = true,
                                 .df = GeneveDf::inherit,
                                 .udpcsum = false,
                                 .innerprotoinherit = true}},
              "ip link add x0 type geneve id 5 remote 10.0.0.2 ttl inherit df inherit noudpcsum innerprotoinherit");
  expect_sent(AddGeneve{.link = link, .kind = {.external = true}}, "ip link add x0 type geneve external");
}

TEST_F(LinkOracle, IpsecTunnels) {
  const NewLink link{.name = "x0"};
  expect_sent(AddVti{.link = link,
                     .kind = {.local = ip_address("10.0.0.1"),
                              .remote = ip_address("10.0.0.2"),
                              .dev = p0,
                              .ikey = 10,
                              .okey = 20,
                              .fwmark = 3}},
              "ip link add x0 type vti local 10.0.0.1 remote 10.0.0.2 dev p0 ikey 10 okey 20 fwmark 3");
  expect_sent(AddVti{.link = link, .kind = {.remote = ip_address("10.0.0.2")}},
              "ip link add x0 type vti remote 10.0.0.2");
  AddVti6 v6{.link = link};
  v6.kind.local = ip_address("2001:db8::1");
  v6.kind.remote = ip_address("2001:db8::2");
  v6.kind.ikey = 7;
  expect_sent(v6, "ip link add x0 type vti6 local 2001:db8::1 remote 2001:db8::2 ikey 7");
}

TEST_F(LinkOracle, ExternalTunnels) {
  const NewLink link{.name = "x0"};
  expect_sent(AddGre{.link = link, .kind = {.external = true}}, "ip link add x0 type gre external");
  AddGretap gretap{.link = link};
  gretap.kind.external = true;
  expect_sent(gretap, "ip link add x0 type gretap external");
  AddIp6gretap ip6gretap{.link = link};
  ip6gretap.kind.external = true;
  expect_sent(ip6gretap, "ip link add x0 type ip6gretap external");
  expect_sent(AddIpip{.link = link, .kind = {.external = true}}, "ip link add x0 type ipip external");
  AddSit sit{.link = link};
  sit.kind.external = true;
  expect_sent(sit, "ip link add x0 type sit external");
  expect_sent(AddIp6tnl{.link = link, .kind = {.external = true}}, "ip link add x0 type ip6tnl external");
}

TEST_F(LinkOracle, DeletingAndNaming) {
  expect_sent(DeleteLink{.index = index_of(12), .name = "p1"}, "ip link delete dev p1");
  expect_sent(DeleteLinkGroup{.group = 7}, "ip link delete group 7");
  expect_sent(AddAltname{.index = p0.index, .altname = "a-rather-long-name", .name = "p0"},
              "ip link property add dev p0 altname a-rather-long-name");
  expect_sent(DeleteAltname{.index = p0.index, .altname = "a-rather-long-name", .name = "p0"},
              "ip link property del dev p0 altname a-rather-long-name");
}

}  // namespace
}  // namespace netherd::ops
