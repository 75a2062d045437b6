// The same command to both, in twin namespaces; then the kernel's state is compared.
#include "command.hpp"

namespace netherd::test {
namespace {

/// Everything that `ip` tells about a namespace, without what is random.
std::string state_of(const std::string& netns) {
  std::string text;
  for (const char* what : {"-d addr", "-d route show table all", "-6 route show table all", "rule", "-6 rule",
                           "neigh show nud all", "nexthop"}) {
    text +=
        run("ip -n " + netns + ' ' + what +
            R"( 2>&1 | sed -E 's/8000\.[0-9a-f:]+/ID/g; s/([0-9a-f]{2}:){5}[0-9a-f]{2}/MAC/g; s/fe80::[0-9a-f:]+/LL/g; s/(timer) +[0-9.]+/\1/g; s/(lft) [0-9]+sec/\1/g; s/ tentative//g; /NOARP/d' | sort)")
            .output;
  }
  return text;
}

/// Carrier and IPv6 addresses settle after the commands have ended, in one namespace sooner than in another.
void expect_same_state(const std::string& netns, const std::string& other) {
  if (becomes_true([&] { return state_of(netns) == state_of(other); })) return;
  EXPECT_EQ(state_of(netns), state_of(other));
}

constexpr const char* sequences[]{
    "link add d0 type veth peer name d1\nlink set d0 up mtu 1400\nlink set d1 up txqueuelen 5 alias hello",
    "link add br0 type bridge stp_state 1\nlink add d0 type veth peer name d1\nlink set d0 master br0\n"
    "link set d0 type bridge_slave cost 7 hairpin on\nlink set br0 type bridge ageing_time 500",
    "link add d0 type veth peer name d1\nlink set d0 name e0\nlink set e0 group 5\nlink property add dev e0 altname "
    "further\n"
    "link set further up\nlink set e0 arp off promisc on multicast off",
    "link add d0 type veth peer name d1\nlink delete d0",
    "link add d0 group 7 type veth peer name d1 group 7\nlink delete group 7",
    "link add d0 type veth peer name d1\nlink set d0 up\nlink set d1 up\naddr add 10.0.0.1/24 brd + dev d0\n"
    "addr add 2001:db8::1/64 dev d0 nodad\naddr add 10.1.0.1 peer 10.1.0.2/32 dev d1 label d1:x\n"
    "addr change 10.0.0.1/24 dev d0 valid_lft 1000 preferred_lft 500\naddr replace 10.2.0.1/24 dev d1 noprefixroute\n"
    "addr del 10.1.0.1 peer 10.1.0.2/32 dev d1",
    "link add d0 type veth peer name d1\nlink set d0 up\nlink set d1 up\naddr add 10.0.0.1/24 dev d0\n"
    "addr add 10.0.1.1/24 dev d0\naddr flush dev d0 to 10.0.1.0/24",
    "link add d0 type veth peer name d1\nlink set d0 up\nlink set d1 up\naddr add 10.0.0.1/24 dev d0\n"
    "addr add 2001:db8::1/64 dev d0 nodad\nroute add default via 10.0.0.2\nroute add 10.5.0.0/16 via 10.0.0.2 metric "
    "5\n"
    "route append 10.5.0.0/16 via 10.0.0.3 metric 5\nroute replace 10.6.0.0/16 via 10.0.0.2 mtu 1400\n"
    "route change 10.6.0.0/16 via 10.0.0.3\nroute add blackhole 10.7.0.0/16\nroute add unreachable 2001:db8:5::/48\n"
    "route add 10.8.0.0/16 nexthop via 10.0.0.2 weight 2 nexthop via 10.0.0.3\nroute add 10.9.0.0/16 via inet6 "
    "2001:db8::2 dev d0\n"
    "route add 10.10.0.0/16 dev d0 table 300 src 10.0.0.1 proto static\nroute del 10.5.0.0/16 via 10.0.0.2\n"
    "route add 10.11.0.0/16 via 172.16.0.1 dev d0 onlink",
    "link add d0 type veth peer name d1\nlink set d0 up\nlink set d1 up\naddr add 10.0.0.1/24 dev d0\nroute add "
    "10.5.0.0/16 via 10.0.0.2\n"
    "route add 10.6.0.0/16 via 10.0.0.2\nroute flush root 10.6.0.0/16",
    "rule add from 10.0.0.0/8 table 100 pref 5\nrule add to 10.1.0.0/16 blackhole pref 6\n-6 rule add fwmark 1 table "
    "7\nrule del pref 5",
    "rule flush",
    "rule add from 10.0.0.0/8 table 100 pref 5\nrule add from 10.1.0.0/16 iif lo table 101 pref 6\n"
    "rule add fwmark 7 table 102 pref 7 protocol static\nrule add to 10.1.0.0/16 blackhole pref 8\n"
    "rule flush from 10.1.0.0/16 iif lo\nrule flush protocol static table 102\nrule flush to 10.0.0.0/8\n"
    "rule flush pref 99\nrule flush table 100",
    "link add d0 type veth peer name d1\nlink set d0 up\nneigh add 10.0.0.7 lladdr 02:00:00:00:00:07 dev d0\n"
    "neigh add 10.0.0.8 lladdr 02:00:00:00:00:08 nud stale dev d0\nneigh replace 10.0.0.7 lladdr 02:00:00:00:00:09 dev "
    "d0\n"
    // The kernel throws entries that are not permanent away when all namespaces together have too many.
    "neigh replace 10.0.0.8 lladdr 02:00:00:00:00:08 nud permanent dev d0\n"
    "neigh del 10.0.0.8 dev d0\nneigh add 10.0.0.9 lladdr 02:00:00:00:00:09 nud stale dev d0\nneigh flush nud stale",
    "link add d0 type veth peer name d1\nlink set d0 up\nlink set d1 up\naddr add 10.0.0.1/24 dev d0\nlink set lo "
    "up\nnexthop add id 1 via 10.0.0.2 dev d0\n"
    "nexthop add id 2 via 10.0.0.3 dev d0\nnexthop add id 3 group 1,3/2\nroute add 10.5.0.0/16 nhid 3\nnexthop add id "
    "4 blackhole\n"
    "nexthop del id 4\nnexthop replace id 2 via 10.0.0.4 dev d0",
    "tuntap add t0 mode tun\ntuntap add name t1 mode tap user 1 group 1 multi_queue\ntuntap del t0 mode tun",
};

class State : public CommandTest {};

TEST_F(State, IsTheSameAfterTheSameCommands) {
  for (const std::string sequence : sequences) {
    SCOPED_TRACE(sequence);
    for (const std::string& line : lines_of(sequence)) {
      const Finished theirs = run("ip netns add theirs 2>/dev/null; ip -n theirs " + line);
      const Finished ours = run("ip netns add ours 2>/dev/null; netherd ip -n ours " + line);
      EXPECT_EQ(ours.status, theirs.status) << line << testing::PrintToString(ours);
      EXPECT_EQ(ours.errors, theirs.errors) << line;
    }
    expect_same_state("ours", "theirs");
    // The same as one batch.
    static_cast<void>(run("netherd ip netns add batch"));
    const Finished as_batch = run("printf '" + sequence + "\\n' | netherd ip -n batch -batch -");
    EXPECT_EQ(as_batch.status, 0) << testing::PrintToString(as_batch);
    expect_same_state("batch", "theirs");
    static_cast<void>(run("netherd ip -all netns delete"));
    EXPECT_TRUE(files_in("/run/netns").empty());
  }
}

}  // namespace
}  // namespace netherd::test
