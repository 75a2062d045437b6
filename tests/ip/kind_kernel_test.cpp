// Kinds of links that need modules: made by both in twin namespaces, and shown by both. What the kernel lacks is
// skipped.
#include "command.hpp"

namespace netherd::test {
namespace {

struct KindCase {
  const char* name;
  const char* lines;  ///< the first one adds the link
};
void PrintTo(const KindCase& kind, std::ostream* out) { *out << kind.name; }

constexpr KindCase kind_cases[]{
    {"bridge", "link add k0 type bridge vlan_filtering 1\nlink set p0 master k0"},
    {"bond",
     "link add k0 type bond mode 802.3ad miimon 100\nlink set p0 down\nlink set p0 master k0\n"
     "link set p0 type bond_slave queue_id 3"},
    {"vlan", "link add link p0 name k0 type vlan id 5 protocol 802.1ad"},
    {"macvlan", "link add link p0 name k0 type macvlan mode vepa"},
    {"ipvlan", "link add link p0 name k0 type ipvlan mode l2 private"},
    {"vxlan", "link add k0 type vxlan external vnifilter dstport 4789"},
    {"gre", "link add k0 type gre local 10.0.0.1 remote 10.0.0.2 key 5 ttl 9\nlink set k0 type gre nokey ttl inherit"},
    {"ip6gre",
     "link add k0 type ip6gre local 2001:db8::1 remote 2001:db8::2 key 5 hoplimit 9\n"
     "link set k0 type ip6gre nokey hoplimit 64"},
    {"erspan",
     "link add k0 type erspan seq key 5 local 10.0.0.1 remote 10.0.0.2 erspan 7\n"
     "link set k0 type erspan erspan_ver 2 erspan_dir egress erspan_hwid 9"},
    {"ip6erspan",
     "link add k0 type ip6erspan seq key 5 local 2001:db8::1 remote 2001:db8::2 erspan_ver 2\n"
     "link set k0 type ip6erspan erspan_ver 1 erspan 8"},
    {"ipip", "link add k0 type ipip local 10.0.0.1 remote 10.0.0.2 dev p0"},
    {"sit", "link add k0 type sit local 10.0.0.1 remote 10.0.0.2"},
    {"ip6tnl", "link add k0 type ip6tnl local 2001:db8::1 remote 2001:db8::2 encaplimit none dev p0"},
    {"vti", "link add k0 type vti local 10.0.0.1 remote 10.0.0.2 ikey 5 okey 6\nlink set k0 type vti okey 7 fwmark 8"},
    {"vti6", "link add k0 type vti6 local 2001:db8::1 remote 2001:db8::2 key 5 dev p0\nlink set k0 type vti6 ikey 9"},
    {"xfrm", "link add k0 type xfrm dev p0 if_id 0x10"},
    {"geneve",
     "link add k0 type geneve id 5 remote 10.0.0.2 ttl inherit df set udpcsum\n"
     "link add k1 type geneve external dstport 7777\nlink set k0 type geneve id 5 tos 8 ttl 9"},
    {"bareudp", "link add k0 type bareudp dstport 6635 ethertype mpls_uc srcportmin 1000\nlink set k0 up"},
    {"gtp", "link add k0 type gtp role sgsn hsize 64"},
    {"hsr", "link add k0 type hsr slave1 p0 slave2 p1 supervision 45 version 1"},
    {"macsec",
     "link add link p0 k0 type macsec port 7 encrypt on cipher gcm-aes-256\n"
     "link set k0 type macsec replay on window 32 validate check"},
    {"vcan", "link add k0 type vcan\nlink set k0 mtu 72"},
    {"vxcan", "link add k0 type vxcan peer name k1\nlink set k1 up"},
};

constexpr const char* kind_formats[]{"-d", "-d -j", "-d -s -s", "-d -j -s -s", "-d -N", "-d -o"};

class KindsOfKernel : public CommandTest, public testing::WithParamInterface<KindCase> {
 protected:
  void SetUp() override {
    for (const std::string netns : {"theirs", "ours"}) {
      const Finished made = run("ip netns add " + netns + " && ip -n " + netns +
                                " link add p0 index 11 type veth peer name p1 index 12 && ip -n " + netns +
                                " link set p0 up && ip -n " + netns + " link set p1 up");
      ASSERT_EQ(made.status, 0) << testing::PrintToString(made);
    }
  }
  void TearDown() override { static_cast<void>(run("ip -all netns delete")); }
};

/// The links of a namespace without what is random, or goes on by itself.
std::string links_of(const std::string& netns) {
  return run("ip -n " + netns +
             R"( -d link | sed -E 's/^[0-9]+: //; s/([0-9a-f]{2}:){5}[0-9a-f]{2}/MAC/g; s/sci [0-9a-f]+/SCI/; s/8000\.[0-9a-f:]+/ID/g; s/(timer) +[0-9.]+/\1/g; s/perm(addr|_hwaddr) [0-9a-f:]+//; s/inet6 .*//; s/sequence [0-9]+//')")
      .output;
}

TEST_P(KindsOfKernel, AreMadeAndShownAsByIp) {
  const auto lines = lines_of(GetParam().lines);
  const Finished first = run("ip -n theirs " + lines.front());
  if (first.errors.find("Unknown device type") != std::string::npos) {
    GTEST_SKIP() << "this kernel has no links of kind " << GetParam().name;
  }
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const Finished theirs = i == 0 ? first : run("ip -n theirs " + lines[i]);
    const Finished ours = run("netherd ip -n ours " + lines[i]);
    EXPECT_EQ(ours.status, theirs.status) << lines[i] << testing::PrintToString(ours) << testing::PrintToString(theirs);
  }
  if (!becomes_true([] { return links_of("ours") == links_of("theirs"); })) {
    EXPECT_EQ(links_of("ours"), links_of("theirs")) << "Left: after netherd ip. Right: after ip.";
  }
  for (const std::string format : kind_formats) {
    std::string ours;
    std::string theirs;
    // Counters and timers go on between the two.
    static_cast<void>(becomes_true([&] {
      ours = run("netherd ip -n ours " + format + " link").output;
      theirs = run("ip -n ours " + format + " link").output;
      return ours == theirs;
    }));
    EXPECT_EQ(ours, theirs) << format << ". Left: netherd ip. Right: ip.";
  }
}

INSTANTIATE_TEST_SUITE_P(Kinds, KindsOfKernel, testing::ValuesIn(kind_cases),
                         [](const auto& info) { return std::string{info.param.name}; });

}  // namespace
}  // namespace netherd::test
