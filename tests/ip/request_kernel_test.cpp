// What `ip` writes to its socket against what netherd ip encodes, also for kinds that this kernel lacks.
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sched.h>

#include "fake_environment.hpp"
#include "iproute2.hpp"
#include "netherd/ops/netns_path.hpp"
#include "request_oracle.hpp"

namespace netherd::ip {
namespace {

/// The namespace that the test is in.
class RealEnvironment final : public Environment {
 public:
  const LinkFacts* find_link(std::string_view name) override {
    facts_ = {.index = static_cast<int>(::if_nametoindex(std::string{name}.c_str())),
              .name = std::string{name},
              .address_size = 6};
    return facts_.index != 0 ? &facts_ : nullptr;
  }
  const LinkFacts* find_link(int) override { return nullptr; }
  std::vector<std::byte> describe_link(int) override { return {}; }
  int open_netns(std::string_view name) override {
    auto netns = ops::open_namespace("/run/netns/" + std::string{name});
    if (!netns) return -1;
    netns_ = std::move(*netns);
    return netns_.get();
  }

 private:
  LinkFacts facts_;
  engine::FileDescriptor netns_;
};

void expect_sent(const std::string& line) {
  SCOPED_TRACE(line);
  ASSERT_EQ(::unshare(CLONE_NEWNET), 0);
  const auto prepared = test::run_command(
      "printf 'link set lo up\\nlink add p0 index 11 address 02:00:00:00:00:11 type veth peer name p1 index 12\\n"
      "link add br0 index 15 type bridge\\nlink set p0 up\\n' | ip -batch -");
  ASSERT_EQ(prepared.status, 0) << prepared.text;
  RealEnvironment environment;
  auto command = test::parse_line(line, environment);
  ASSERT_TRUE(command.request);
  const auto message = command.request->message();
  const std::string sent = test::tree_sent_by("ip " + line, command.request->type());
  EXPECT_EQ(test::request_tree(message), sent) << "Left: netherd ip. Right: ip.";
}

class Requests : public testing::TestWithParam<const char*> {};

TEST_P(Requests, AreThoseOfIp) { expect_sent(GetParam()); }

constexpr const char* links[]{
    "link add name d0 type dummy",
    "link add d0 numtxqueues 2 numrxqueues 3 mtu 1400 address 02:00:00:00:00:01 txqueuelen 5 type dummy",
    "link add name v0 type veth",
    "link add v0 type veth peer name v1 mtu 1300 address 02:00:00:00:00:02",
    "link add v0 netns other type veth peer name v1",
    "link add name b1 type bridge stp_state 1 vlan_filtering 1 ageing_time 100 mcast_snooping 0 mcast_querier_interval "
    "500",
    "link add link p0 name p0.5 type vlan id 5 protocol 802.1ad reorder_hdr off gvrp on ingress-qos-map 1:2 3:4",
    "link add name vx type vxlan id 42 remote 10.0.0.1 local 10.0.0.2 dstport 4789 ttl 9 tos 4 nolearning proxy",
    "link add name vx type vxlan id 42 group 239.1.1.1 dev p0 dstport 0 srcport 100 200 ageing 30 maxaddress 5 "
    "noudpcsum",
    "link add name vx type vxlan id 7 remote 2001:db8::1 dstport 4789 udp6zerocsumtx flowlabel 0x5 df set",
    "link add name red type vrf table 10",
    "link add link p0 name mv type macvlan mode bridge",
    "link add link p0 name mv type macvlan mode source macaddr add 02:00:00:00:00:09",
    "link add link p0 name mt type macvtap mode passthru nopromisc",
    "link add link p0 name iv type ipvlan mode l2 private",
    "link add name bo type bond mode 802.3ad miimon 100 lacp_rate fast xmit_hash_policy layer3+4",
    "link add name bo type bond mode active-backup arp_interval 100 arp_ip_target 10.0.0.1,10.0.0.2 primary p0",
    "link add name g0 type gre local 10.0.0.1 remote 10.0.0.2 ttl 64 key 5 seq",
    "link add name g1 type gretap remote 10.0.0.2 ikey 1 okey 0.0.0.2 csum dev p0",
    "link add name t0 type ipip remote 10.0.0.2 local 10.0.0.1 ttl 9 mode ipip",
    "link add name s0 type sit remote 10.0.0.2 ttl 5 mode ip6ip",
    "link add name t6 type ip6tnl remote 2001:db8::2 local 2001:db8::1 mode any hoplimit 9 encaplimit none",
    "link add name wg0 type wireguard",
    "link add name i0 type ifb",
    "link add name nl0 type nlmon",
    "link set p0 up",
    "link set dev p0 down",
    "link set p0 master br0",
    "link set p0 nomaster",
    "link set p0 mtu 1400 txqueuelen 7 alias hello",
    "link set p0 name q0",
    "link set p0 address 02:00:00:00:00:77 broadcast ff:ff:ff:ff:ff:ff",
    "link set p0 arp off promisc on multicast off allmulticast on dynamic on",
    "link set p0 addrgenmode none",
    "link set p0 group 5",
    "link set group 5 up",
    "link set p0 netns other",
    "link set p0 protodown on",
    "link set p0 type bridge_slave state 3 cost 7 hairpin on learning off isolated on",
    "link set br0 type bridge forward_delay 400 no_linklocal_learn 1 mcast_hash_max 64",
    "link delete p0",
    "link del dev p0",
    "link delete group 5",
    "link property add dev p0 altname another altname third",
};
INSTANTIATE_TEST_SUITE_P(Link, Requests, testing::ValuesIn(links));

constexpr const char* addresses[]{
    "addr add 10.0.0.1/24 dev p0",
    "address add 10.0.0.1/24 broadcast + dev p0 label p0:1 scope link metric 5",
    "a a 10.0.0.1 peer 10.0.0.2/32 dev p0",
    "addr add 2001:db8::1/64 dev p0 nodad noprefixroute home",
    "addr add 2001:db8::1/64 dev p0 valid_lft 100 preferred_lft 50",
    "addr replace 10.0.0.1/24 dev p0 valid_lft forever preferred_lft 10",
    "addr change 10.0.0.1/24 dev p0 noprefixroute",
    "addr add 127.0.0.2/8 dev lo",
    "addr del 10.0.0.1/24 dev p0",
    "route add 10.5.0.0/16 dev p0",
    "route add default via 10.0.0.1 dev p0 metric 5",
    "-6 route add default via fe80::1 dev p0",
    "route append 10.5.0.0/16 dev p0 src 10.0.0.1 proto static",
    "route prepend 10.5.0.0/16 dev p0 scope host table 300",
    "route change 10.5.0.0/16 dev p0 mtu 1400 advmss 1300 hoplimit 9",
    "route replace 10.5.0.0/16 dev p0 mtu lock 1400 rtt 20ms rto_min 1s window 5 initcwnd 3 congctl cubic quickack 1",
    "route add 10.5.0.0/16 nexthop via 10.0.0.1 dev p0 weight 3 nexthop dev p0 onlink",
    "route add 10.5.0.0/16 via inet6 2001:db8::1 dev p0 onlink",
    "route add blackhole 10.5.0.0/16",
    "route add unreachable default metric 4278198272",
    "route add local 10.5.0.1 dev lo",
    "route add prohibit 2001:db8::/32",
    "route add 10.5.0.0/16 nhid 5",
    "-6 route add 2001:db8::/32 dev p0 pref high expires 100",
    "route del 10.5.0.0/16",
    "route del default via 10.0.0.1 dev p0 proto static",
    "rule add from 10.0.0.0/8 table 100 pref 5",
    "rule add fwmark 0x10/0xff iif p0 to 1.2.3.4 goto 32766 pref 7",
    "rule add pref 8 uidrange 1-2 ipproto tcp sport 5-6 dport 9 blackhole",
    "rule add not from 9.9.9.0/24 table main suppress_prefixlength 0 protocol static",
    "-6 rule add from 2001:db8::/32 tos 4 oif p0 lookup 1000",
    "rule del pref 5",
    "rule delete from 10.0.0.0/8 table 100",
    "neigh add 10.0.0.7 lladdr 02:00:00:00:00:07 dev p0",
    "neigh replace 10.0.0.7 lladdr 02:00:00:00:00:07 nud stale dev p0 router protocol static",
    "neigh change 2001:db8::7 lladdr 02:00:00:00:00:07 nud reachable dev p0 extern_learn",
    "neigh add proxy 10.0.0.9 dev p0",
    "neigh del 10.0.0.7 dev p0",
    "nexthop add id 5 via 10.0.0.1 dev p0 onlink protocol static",
    "nexthop add id 6 blackhole",
    "nexthop replace id 7 group 1,3/2",
    "nexthop add id 8 group 1/2 type resilient buckets 32 idle_timer 60",
    "nexthop del id 5",
    "netns set other 5",
};
INSTANTIATE_TEST_SUITE_P(Other, Requests, testing::ValuesIn(addresses));

class OtherNamespace : public testing::Environment {
  void SetUp() override { EXPECT_EQ(test::run_command("ip netns add other").status, 0); }
};
const auto* const other_namespace = testing::AddGlobalTestEnvironment(new OtherNamespace);

}  // namespace
}  // namespace netherd::ip
