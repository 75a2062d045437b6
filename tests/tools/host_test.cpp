#include "command.hpp"

namespace netherd::test {
namespace {

/// Links between a lab and the namespace that netherd was started in, which here is that of the test.
class Host : public CommandTest {
 protected:
  Host() {
    EXPECT_EQ(run("ip link add keep0 type veth peer name keep1 && ip address add 192.0.2.1/24 dev keep0 && "
                  "ip link set keep0 up && ip link set keep1 up")
                  .status,
              0);
    EXPECT_TRUE(becomes_true(
        [] { return run("ip link show keep0; ip link show keep1").output.find("LOWERLAYER") == std::string::npos; }));
    before_ = state();
    write_file("h.yml", R"(name: h
netherd: {routing: shortest-path, ipv4-pool: 10.77.0.0/16}
topology:
  nodes: {a: , b: , outside: {kind: host}}
  links:
    - endpoints: ["a:eth1", "b:eth1"]
    - endpoints: ["a:eth2", "outside:h-a"]
    - {type: host, host-interface: h-b, endpoint: {node: b, interface: eth2}}
)");
  }
  ~Host() override {
    EXPECT_EQ(state(), before_) << "the host is not as it was";
    EXPECT_EQ(run("ip link del keep0").status, 0);
  }

  static std::string state() {
    return run("ip -o link | sed 's/ qlen.*//'; ip -o -4 address; ip route; ip rule; sysctl net.ipv4.ip_forward "
               "net.ipv6.conf.all.forwarding")
        .output;
  }

  std::string before_;
};

TEST_F(Host, IsLinkedAndLeftAsItWas) {
  EXPECT_EQ(run("netherd up h.yml --wait").status, 0);
  EXPECT_EQ(run("netherd check h").output, "h is as its topology says: 3 nodes, 3 links\n");
  EXPECT_EQ(run("netherd ping h").status, 0);
  EXPECT_EQ(run("ping -c 1 -W 5 10.77.0.5").status, 0);
  EXPECT_EQ(run("ip route | grep -c via").output, "0\n") << "the host has got routes";
  EXPECT_EQ(run("ip netns exec h-a ip route | grep 10.77.0.8").output, "10.77.0.8/30 via 10.77.0.2 dev eth1 \n")
      << "a path leads through the host";
  EXPECT_EQ(run("sysctl -n net.ipv4.ip_forward net.ipv4.conf.h-a.forwarding").output, "0\n0\n");
  EXPECT_EQ(run("netherd exec h outside -- ip -o link show h-b").status, 0);
  EXPECT_EQ(run("netherd down h").status, 0);
}

TEST_F(Host, LinksOfOthersNeedNoCarrier) {
  EXPECT_EQ(run("ip link add down0 type veth peer name down1 && timeout 9 netherd up h.yml --wait").status, 0);
  EXPECT_EQ(run("netherd down h && ip link del down0").status, 0);
}

TEST_F(Host, LosesTheLinksEvenIfProcessesKeepTheNodesAlive) {
  EXPECT_EQ(run("netherd up h.yml").status, 0);
  Running process{"exec netherd exec h a -- sleep 60"};
  EXPECT_EQ(run("netherd down h").status, 0);
  EXPECT_EQ(state(), before_);
}

TEST_F(Host, CanBeCleanedUpFromElsewhere) {
  EXPECT_EQ(run("netherd up h.yml && unshare --net netherd down h").status, 0);
}

TEST_F(Host, KeepsWhatHasTheNameOrTheSubnetOfALink) {
  EXPECT_EQ(run("ip link add h-a type veth peer name h-x && ip address add 10.77.0.9/24 dev h-x").status, 0);
  const Finished up = run("netherd up h.yml");
  EXPECT_EQ(up.status, 1);
  EXPECT_NE(up.errors.find("h.yml:7: outside:h-a: the host has an interface of that name already"), std::string::npos);
  EXPECT_NE(up.errors.find("h.yml:8: outside:h-b: its address 10.77.0.10/30 overlaps 10.77.0.9/24, which the host has"),
            std::string::npos)
      << up.errors;
  expect_nothing_is_left();
  EXPECT_EQ(run("ip link del h-a").status, 0);
}

TEST_F(Host, KeepsALinkThatHasTakenTheNameSince) {
  EXPECT_EQ(run("netherd up h.yml && ip link del h-a && ip link add h-a type veth peer name h-x").status, 0);
  EXPECT_EQ(run("netherd down h").status, 0);
  EXPECT_EQ(run("ip link del h-a").status, 0) << "netherd has deleted another's link";
}

TEST_F(Host, PlanIsAsGoodAsUp) {
  EXPECT_EQ(run("netherd plan h.yml | sh -e").status, 0);
  EXPECT_EQ(run("ip -n h-a address show dev eth2 | grep -c 10.77.0.5/30").output, "1\n");
  EXPECT_EQ(run("ip link del h-a; ip link del h-b; for n in a b outside; do ip netns del h-$n; done").status, 0);
}

}  // namespace
}  // namespace netherd::test
