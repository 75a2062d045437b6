#include "command.hpp"

namespace netherd::test {
namespace {

using Json = nlohmann::ordered_json;

class Ping : public CommandTest {};

TEST_F(Ping, AllDirectionsOfAWholeLabAnswer) {
  write_first_lab();
  EXPECT_EQ(run("netherd up first.yml --wait").status, 0);
  const Finished ping = run("netherd ping first");
  EXPECT_EQ(ping.status, 0);
  EXPECT_EQ(ping.errors, "");
  EXPECT_EQ(ping.output, "first: 2 links by ICMP, 0 by Ethernet frames; 4 of 4 directions answer\n");
  const Json report = run_for_json("netherd ping first --count 2 --json");
  EXPECT_EQ(report["links"], 2);
  EXPECT_EQ(report["directions"], 4);
  EXPECT_EQ(report["failed"], 0);
  ASSERT_EQ(report["results"].size(), 4U);
  EXPECT_EQ(report["results"][1]["from"], "middle:eth1");
  EXPECT_EQ(report["results"][1]["to"], "left:eth1");
  EXPECT_EQ(report["results"][1]["sent"], 2);
  EXPECT_EQ(report["results"][1]["answered"], 2);
  EXPECT_GT(report["results"][1]["fastest_ms"], 0.0);
}

TEST_F(Ping, LinksWithoutAddressesAreTriedToo) {
  EXPECT_EQ(run("netherd generate ring --nodes 5 --routing none --ipv4-pool 10.0.0.0/8 | sed /pool/d >bare.yml").status,
            0);
  EXPECT_EQ(run("netherd up bare.yml --wait").status, 0);
  EXPECT_EQ(run("netherd ping ring").output,
            "ring: 0 links by ICMP, 5 by Ethernet frames; 10 of 10 directions answer\n");
}

TEST_F(Ping, LinksBetweenInterfacesOfOneNodeAreTriedByFrames) {
  write_file("loop.yml", R"(name: loop
netherd: {routing: shortest-path}
topology:
  nodes: {a: }
  links: [{endpoints: ["a:eth1", "a:eth2"]}]
)");
  EXPECT_EQ(run("netherd up loop.yml --wait").status, 0);
  EXPECT_EQ(run("netherd ping loop").output, "loop: 0 links by ICMP, 1 by Ethernet frames; 2 of 2 directions answer\n");
  EXPECT_EQ(run("netherd check loop").status, 0);
}

TEST_F(Ping, ReportsALinkThatIsDown) {
  write_first_lab();
  EXPECT_EQ(run("netherd up first.yml --wait && ip -n first-right link set eth1 down").status, 0);
  const Finished ping = run("netherd ping first --timeout 0.1");
  EXPECT_EQ(ping.status, 1);
  const auto lines = lines_of(ping.output);
  ASSERT_EQ(lines.size(), 3U) << ping.output;
  EXPECT_TRUE(lines[0].starts_with("middle:eth2 -> right:eth1: ")) << lines[0];
  EXPECT_TRUE(lines[1].starts_with("right:eth1 -> middle:eth2: ")) << lines[1];
  EXPECT_EQ(lines[2], "first: 2 links by ICMP, 0 by Ethernet frames; 2 of 4 directions answer");
  const Finished json = run("netherd ping first --timeout 0.1 --json");
  EXPECT_EQ(json.status, 1);
  EXPECT_EQ(json.json()["failed"], 2);
  EXPECT_EQ(run("ip -n first-right link set eth1 up && netherd ping first --timeout 5").status, 0) << "it is up again";
}

TEST_F(Ping, ReportsALinkThatIsGone) {
  write_first_lab();
  EXPECT_EQ(run("netherd up first.yml --wait && ip -n first-right link delete eth1").status, 0);
  const Finished ping = run("netherd ping first --timeout 0.1");
  EXPECT_EQ(ping.status, 1);
  EXPECT_EQ(lines_of(ping.output).at(1), "right:eth1 -> middle:eth2: eth1: No such device (icmp)");
}

/// The kernel's table of neighbours has room for 1,024 entries by default; a hub alone would need more.
TEST_F(Ping, ManyLinksLeaveRoomInTheTableOfNeighbours) {
  EXPECT_EQ(run("netherd generate star --nodes 1001 | netherd up - --wait").status, 0);
  const Finished ping = run("netherd ping star --timeout 10");
  EXPECT_EQ(ping.status, 0) << testing::PrintToString(ping);
  EXPECT_NE(ping.output.find("2,000 of 2,000 directions answer"), std::string::npos) << ping.output;
  EXPECT_EQ(run("netherd exec star n1 -- ping -c 1 -W 5 10.0.15.150").status, 0) << "a new neighbour";
}

/// Others may fill the table, which is the whole machine's: entries younger than five seconds stay, and nobody gets a
/// new one.
class FullTable : public Ping {
 protected:
  FullTable() {
    std::string entries;
    for (int i = 0; i < 1'500; ++i) {
      entries += "neighbour replace 10.200." + std::to_string(i / 250) + '.' + std::to_string(i % 250 + 1) +
                 " lladdr 02:00:00:00:00:01 dev full0 nud stale\n";
    }
    write_file("entries", entries);
    EXPECT_EQ(run("ip link add full0 up type veth peer full1").status, 0);
  }
  ~FullTable() override { EXPECT_EQ(run("ip link delete full0").status, 0) << "its entries go with it"; }
};

TEST_F(FullTable, LinksAreTriedByFramesInstead) {
  write_first_lab();
  EXPECT_EQ(run("netherd up first.yml --wait").status, 0);
  constexpr int most_tries = 10;  // on a busy machine, the entries may be old before they are used
  bool tried_by_frames = false;
  for (int tries = 0; tries < most_tries && !tried_by_frames; ++tries) {
    static_cast<void>(run("ip -n first-middle neighbour flush all; ip -force -batch entries"));
    const Finished ping = run("netherd ping first");
    EXPECT_EQ(ping.status, 0) << testing::PrintToString(ping);
    tried_by_frames = ping.output.find("0 links by ICMP, 2 by Ethernet frames; 4 of 4") != std::string::npos;
  }
  EXPECT_TRUE(tried_by_frames);
}

TEST_F(Ping, ASwitchMayHaveAsManyPortsAsTheKernelAllows) {
  std::string text = "name: switch\nnetherd: {ipv4-pool: 10.0.0.0/8}\ntopology:\n  nodes:\n    sw: {kind: bridge}\n";
  std::string links = "  links:\n";
  for (int i = 1; i <= 1023; ++i) {
    const std::string number = std::to_string(i);
    text += "    n" + number + ":\n";
    links += "    - endpoints: [\"n" + number + ":eth1\", \"sw:p" + number + "\"]\n";
  }
  write_file("switch.yml", text + links);
  EXPECT_EQ(run("netherd up switch.yml --wait").status, 0);
  const Finished ping = run("netherd ping switch --timeout 10");
  EXPECT_EQ(ping.status, 0) << testing::PrintToString(ping);
  EXPECT_EQ(run("netherd exec switch n1 -- ping -c 1 -W 5 10.0.3.255").status, 0) << "across the switch";
}

}  // namespace
}  // namespace netherd::test
