#include <algorithm>

#include "command.hpp"

namespace netherd::test {
namespace {

/// netherd with sockets that lose answers: see small_receive_buffers.c.
const std::string lossy =
    "ASAN_OPTIONS=$ASAN_OPTIONS:verify_asan_link_order=0 LD_PRELOAD=" NETHERD_SMALL_RECEIVE_BUFFERS " netherd ";

class LostAnswers : public CommandTest {};

TEST_F(LostAnswers, ALabNeedsFewOfThem) {
  ASSERT_EQ(run("netherd generate grid --nodes 30 --routing shortest-path --ipv6-pool fd00::/32 --name grid --quiet "
                "-o grid.yml")
                .status,
            0);
  for (const char* command : {"up grid.yml --wait", "check grid", "ping grid", "show grid", "down grid --wait",
                              "up grid.yml --submission worker"}) {
    const Finished finished = run(lossy + command);
    EXPECT_EQ(finished.status, 0) << command << testing::PrintToString(finished);
  }
  EXPECT_EQ(run("netherd check grid").status, 0);
}

TEST_F(LostAnswers, ALabThatTheKernelRefusesIsRemoved) {
  // Every node has a gateway outside of its network, as the second address makes the kernel see it.
  std::string nodes;
  std::string links;
  for (int i = 0; i < 20; ++i) {
    const std::string n = std::to_string(i);
    nodes += "    a" + n + ":\n    b" + n + ":\n";
    links += "    - endpoints:\n        - {node: a" + n + ", interface: eth1, ipv4: [10.0." + n + ".1/24, 10.0." + n +
             ".9/29]}\n        - {node: b" + n + ", interface: eth1, ipv4: 10.0." + n + ".15/24}\n";
  }
  write_file("gateways.yml",
             "name: gateways\nnetherd: {routing: default}\ntopology:\n  nodes:\n" + nodes + "  links:\n" + links);
  const Finished up = run(lossy + "up gateways.yml");
  EXPECT_EQ(up.status, 1) << testing::PrintToString(up);
  EXPECT_NE(up.errors.find("gateways is removed, nothing is left of it\n"), std::string::npos) << up.errors;
  expect_nothing_is_left();
}

TEST_F(LostAnswers, WhatIsNotKnownIsNoSuccess) {
  EXPECT_EQ(run("ip link set lo up").status, 0);
  std::string batch;
  for (int i = 1; i <= 250; ++i) batch += "route del 192.0.2." + std::to_string(i) + '\n';
  write_file("batch", batch);
  const Finished all = run(lossy + "ip -force -batch batch");
  EXPECT_EQ(all.status, 1);
  const auto lines = lines_of(all.errors);
  EXPECT_EQ(std::ranges::count_if(lines, [](const auto& line) { return line.starts_with("Command failed batch:"); }),
            250)
      << all.errors;
  EXPECT_NE(all.errors.find("the answer was lost"), std::string::npos) << all.errors;
  EXPECT_NE(run(lossy + "ip -batch batch").errors.find("Command failed batch:1\n"), std::string::npos);
}

TEST_F(LostAnswers, ListsAreComplete) {
  std::string batch = "link set lo up\n";
  for (int i = 1; i <= 250; ++i) batch += "route add 198.51.100." + std::to_string(i) + " dev lo\n";
  write_file("batch", batch);
  ASSERT_EQ(run("ip -batch batch").status, 0);
  EXPECT_TRUE(run(lossy + "ip -json route show").output == run("ip -json route show").output);
  EXPECT_EQ(run(lossy + "ip route show | wc -l").output, "250\n");
}

}  // namespace
}  // namespace netherd::test
