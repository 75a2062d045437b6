// Both listen while the same things happen.
#include <array>

#include "command.hpp"

namespace netherd::test {
namespace {

/// What a monitor has said; what differs between two listeners, or goes on, is evened out.
std::string heard(const std::string& file) {
  return run("sed -E 's/^Timestamp: .*/TIME/; s/^\\[[0-9T:.-]+\\]/TIME/; s/(used|expires) [0-9/]+(sec)?/\\1/g' " + file)
      .output;
}

constexpr const char* changes =
    "set -e; ip link add m0 type veth peer name m1; ip link set m0 up; ip link set m1 up; ip addr add 10.0.0.1/24 dev "
    "m0;"
    "ip addr add 2001:db8::1/64 dev m0 nodad; ip route add 10.5.0.0/16 via 10.0.0.2; ip route add blackhole "
    "10.6.0.0/16;"
    "ip -6 route add 2001:db8:5::/48 via 2001:db8::2; ip neigh add 10.0.0.7 lladdr 02:00:00:00:00:07 dev m0;"
    "ip neigh del 10.0.0.7 dev m0; ip rule add from 10.0.0.0/8 table 5 pref 7; ip rule del pref 7;"
    "ip nexthop add id 7 via 10.0.0.2 dev m0; ip nexthop del id 7; ip route del blackhole 10.6.0.0/16;"
    "ip netns add m; ip netns set m 9; ip link set m1 netns m; ip netns del m; sleep 1; ip link del m0 2>/dev/null || "
    "true;"
    "sleep 2";

class Monitor : public CommandTest {};

TEST_F(Monitor, HearsWhatIpHears) {
  static constexpr std::array<const char*, 8> arguments{"monitor",
                                                        "monitor all",
                                                        "-ts monitor label link address",
                                                        "-t monitor rule",
                                                        "-4 monitor route",
                                                        "-6 monitor route address",
                                                        "-o monitor neigh nsid",
                                                        "-d monitor nexthop link"};
  std::string listen;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string number = std::to_string(i);
    listen += std::string{"netherd ip "} + arguments.at(i) + " >ours" + number + " & pids=\"$pids $!\"; ";
    listen += std::string{"ip "} + arguments.at(i) + " >theirs" + number + " & pids=\"$pids $!\"; ";
  }
  write_file("script", listen + "sleep 1; (" + changes + "); status=$?; kill $pids; exit $status");
  const Finished done = run("unshare --net sh script");  // where nothing of other tests is still going
  ASSERT_EQ(done.status, 0) << testing::PrintToString(done);
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string number = std::to_string(i);
    EXPECT_NE(heard("theirs" + number), "") << arguments.at(i);
    EXPECT_EQ(heard("ours" + number), heard("theirs" + number)) << arguments.at(i);
  }
}

TEST_F(Monitor, HearsOfNamespaces) {
  const std::string script =
      "ip netns add first; netherd ip netns monitor >ours & ours=$!; stdbuf -oL ip netns monitor >theirs & theirs=$!; "
      "sleep 1;"
      "ip netns add m; ip netns del m; ip netns del first; sleep 1; kill $ours $theirs; cmp ours theirs && cat ours";
  EXPECT_EQ(run(script).output, "add m\ndelete m\ndelete first\n");
}

}  // namespace
}  // namespace netherd::test
