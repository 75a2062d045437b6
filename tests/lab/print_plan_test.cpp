#include <sstream>

#include "lab_support.hpp"
#include "netherd/lab/plan.hpp"

namespace netherd::lab {
namespace {

std::string printed(const Topology& topology) {
  std::ostringstream out;
  print_plan(Plan{topology}, out);
  return out.str();
}

TEST(PrintPlan, ListsCommandsInAnOrderThatWorks) {
  TopologyBuilder builder;
  const NodeId a = builder.host("a");
  const NodeId bridge = builder.bridge("br");
  Link& link = builder.link(a, "10.0.0.1/24", bridge, "");
  link.mtu = 2000;
  link.ends[0].mac = ops::MacAddress{{2, 0, 0, 0, 0, 1}};
  const std::string text = printed(builder.topology);
  EXPECT_TRUE(
      text.starts_with("ip netns add lab-a\n"
                       "ip netns add lab-br\n"
                       "ip -n lab-br link add br0 index 64 address 02:"))
      << text;
  EXPECT_TRUE(
      text.ends_with(" type bridge\n"
                     "ip -n lab-br link add eth1 netns lab-br index 65 mtu 2000 numtxqueues 1 numrxqueues 1 master br0 "
                     "up type veth peer name eth1 "
                     "netns lab-a index 64 mtu 2000 address 02:00:00:00:00:01 numtxqueues 1 numrxqueues 1\n"
                     "ip -n lab-a link set lo up\n"
                     "ip -n lab-a address add 10.0.0.1/24 dev eth1\n"
                     "ip -n lab-a link set eth1 up\n"
                     "ip -n lab-br link set lo up\n"
                     "ip -n lab-br link set br0 up\n"))
      << text;
}

TEST(PrintPlan, SwitchesForwardingOn) {
  TopologyBuilder builder;
  const NodeId a = builder.host("a");
  const NodeId b = builder.host("b");
  const NodeId c = builder.host("c");
  builder.link(a, b);
  builder.link(b, c);
  builder.topology.options.routing = Routing::shortest_path;
  ASSERT_TRUE(is_clean(assign_addresses(builder.topology)));
  const std::string text = printed(builder.topology);
  EXPECT_NE(text.find("\nip netns add lab-b\nip netns exec lab-b sysctl -qw net.ipv6.conf.all.forwarding=1\n"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("\nip netns exec lab-b sysctl -qw net.ipv4.conf.eth1.forwarding=1\n"), std::string::npos) << text;
  EXPECT_NE(text.find("\nip -n lab-a route add 10.0.0.4/30 via 10.0.0.2 dev eth1\n"), std::string::npos) << text;
  EXPECT_NE(text.find("\nip -n lab-a -6 route add fd6e:6574:0:1::/64 via fd6e:6574::2 dev eth1\n"), std::string::npos)
      << text;
  EXPECT_EQ(text.find("lab-a sysctl"), std::string::npos) << text;
}

}  // namespace
}  // namespace netherd::lab
