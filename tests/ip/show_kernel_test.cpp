// The same `show` by both on the same state, byte for byte.
#include "arguments.hpp"
#include "twins.hpp"

namespace netherd::test {
namespace {

class Show : public CommandTest {
 protected:
  void SetUp() override {
    const Finished made = run(R"(set -ex
ip link add br0 type bridge mcast_querier 1 group_fwd_mask 8
ip link add v0 type veth peer name v1
ip link set v0 master br0; ip link set v0 up; ip link set br0 up; ip link set v1 up
ip link set v1 alias hello; ip link property add dev v1 altname longaltname
ip addr add 10.0.0.1/24 dev br0 metric 5 label br0:1 brd +
ip addr add 2001:db8::1/64 dev br0 nodad; ip addr add 10.9.0.1 peer 10.9.0.2/32 dev v1
ip netns add x; for i in $(seq 100); do ip netns set x 5 && break; sleep 0.1; done; ip netns add y; ip link add w0 type veth peer name w1 netns x
ip rule add from 10.0.0.0/8 table 100 pref 5
ip rule add fwmark 0x10/0xff iif v0 to 1.2.3.4 goto 32766 pref 7
ip rule add pref 8 uidrange 1-2 ipproto tcp sport 5-6 dport 9 blackhole
ip rule add not from 9.9.9.0/24 table main suppress_prefixlength 0 pref 9
ip rule add tos 0x10 oif v0 table 100 pref 10 protocol static; ip rule add tun_id 5 table 100 pref 11
ip rule add l3mdev pref 12; ip -6 rule add from 2001:db8::/32 table 100
ip route add 10.5.0.0/16 nexthop via 10.0.0.2 weight 2 nexthop via 10.0.0.3
ip route add default via 10.0.0.9 metric 7 mtu lock 1400 rtt 20ms rto_min 5s hoplimit 9 features ecn congctl cubic
ip route add blackhole 9.9.9.9; ip route add 10.7.0.0/16 via inet6 2001:db8::2 dev br0
ip -6 route add 2001:db8:1::/48 via 2001:db8::2 pref high
ip route add 10.77.0.0/16 via 10.0.0.2 table 300 proto static src 10.0.0.1 tos 0x10
ip neigh add 10.0.0.7 lladdr 02:00:00:00:00:07 dev br0; ip neigh add proxy 10.0.0.99 dev br0
for i in $(seq 100); do ip link show br0 | grep -q 'state UP' && break; sleep 0.1; done
ip nexthop add id 1 via 10.0.0.2 dev br0; ip nexthop add id 2 via 10.0.0.3 dev br0
ip nexthop add id 10 group 1,5/2; ip nexthop add id 11 blackhole
ip nexthop add id 12 group 1/2 type resilient buckets 32 idle_timer 60; ip route add 10.66.0.0/16 nhid 10
ip tuntap add dev tap0 mode tap user 1
sleep 3)");
    ASSERT_EQ(made.status, 0) << testing::PrintToString(made);
  }
  void TearDown() override {
    static_cast<void>(
        run("ip link del br0; ip link del v0; ip link del tap0; ip link del l0; ip link del w0; ip rule flush; ip -6 "
            "rule flush; "
            "ip route del blackhole 9.9.9.9; ip nexthop flush; ip addr flush dev lo to 10.0.0.0/8; ip netns del x; "
            "ip netns del y; for i in $(seq 100); do test -z \"$(ip netns list-id)\" && break; sleep 0.1; done"));
  }
};

constexpr const char* formats[]{"",         "-j", "-d",  "-j -d",  "-j -p", "-s", "-s -s",
                                "-j -s -s", "-o", "-br", "-j -br", "-c",    "-N"};
TEST_F(Show, LinksMayBeOfAnySize) {
  // 490 names of 127 bytes: nearly as many as the kernel allows for, and twice the usual receive buffer.
  const Finished made = run(
      "ip link add l0 type veth peer name l1; "
      "for i in $(seq 490); do printf 'link property add dev l0 altname n%0126d\\n' $i; done | netherd ip -batch -");
  ASSERT_EQ(made.status, 0) << made.errors;
  expect_both_say_the_same({"link show dev l0", "-d -j link show l0", "link", "-br link", "addr show dev l0", "-j addr",
                            "-6 addr", "link show type veth"});
  const Finished changed = run("netherd ip link set dev n" + std::string(124, '0') + "17 mtu 1400 && ip link show l0");
  EXPECT_EQ(changed.status, 0) << changed.errors;
  EXPECT_NE(changed.output.find("mtu 1400"), std::string::npos);
}

TEST_F(Show, ListsWhatOthersChangeMeanwhile) {
  // Whether a list is interrupted each time is up to the kernel's scheduler; then `ip` warns, and so do we.
  std::string addresses;
  for (int number = 0; number < 2000; ++number) {
    addresses += "addr add 10.1." + std::to_string(number / 250) + '.' + std::to_string(number % 250) + "/32 dev lo\n";
  }
  write_file("addresses", addresses);
  std::string changes;
  for (int count = 0; count < 500; ++count) {
    changes += "addr add 10.9.9.9/32 dev lo\naddr del 10.9.9.9/32 dev lo\n";
  }
  write_file("changes", changes);
  const Finished shown =
      run("status=0; ip -batch addresses; (while ip -force -batch changes; do :; done) & changing=$!; "
          "for i in $(seq 20); do netherd ip -4 addr show dev lo >list 2>>warnings || status=1; "
          "test $(grep -c 'inet 10[.]1[.]' list) -gt 1900 || status=1; done; "
          "kill $changing; grep -v 'Dump was interrupted and may be inconsistent.' warnings; exit $status");
  EXPECT_EQ(shown.status, 0) << testing::PrintToString(shown);
  EXPECT_EQ(shown.output, "");
}

TEST_F(Show, IsThatOfIp) {
  const auto commands = commands_marked('>');
  for (const std::string format : formats) {
    std::vector<std::string> lines;
    for (const std::string& command : commands) {
      // `ip` shows statistics there that the kernel's list for IPv6 does not have.
      if (format.find("-s") != std::string::npos && command == "-6 addr") continue;
      lines.push_back(std::string{format}.append(" ").append(command));
    }
    expect_both_say_the_same(lines);
  }
  std::vector<std::string> lines = commands_marked('?');
  for (const std::string& command : commands_marked('=')) {
    lines.push_back(command);
    lines.push_back("-j " + command);
  }
  expect_both_say_the_same(lines);
}

}  // namespace
}  // namespace netherd::test
