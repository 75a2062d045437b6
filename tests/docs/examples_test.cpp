#include <csignal>

#include "tools/command.hpp"

namespace netherd::test {
namespace {

class Examples : public CommandTest {};

TEST_F(Examples, FirstLab) {
  const Finished example = run(NETHERD_EXAMPLE_FIRST_LAB);
  EXPECT_EQ(example.status, 0);
  EXPECT_EQ(example.errors, "");
  const auto lines = lines_of(example.output);
  EXPECT_EQ(lines, (std::vector<std::string>{"built with 20 requests", "router has lo, mtu 65536, up",
                                             "router has eth1, mtu 1500, up", "router has eth2, mtu 1500, up",
                                             "left reaches right: yes"}));
  expect_nothing_is_left();
}

/// The example runs `ping` last: here that ends the example by force.
TEST_F(Examples, FirstLabLeavesALabThatIsKnown) {
  write_file("ping", "#!/bin/sh\nexec kill -s KILL $PPID\n");
  EXPECT_EQ(run("chmod +x ping && PATH=$PWD:$PATH exec " NETHERD_EXAMPLE_FIRST_LAB).status, 128 + SIGKILL);
  EXPECT_EQ(run("netherd gc").output, "nothing is left over\n");
  EXPECT_EQ(run_for_json("netherd ls --json")["labs"][0]["phase"], "up");
  EXPECT_EQ(run("netherd check first-cpp").output, "router:eth2: mtu is 1400\n") << "as the example set it";
  EXPECT_EQ(run("netherd down first-cpp").status, 0);
}

TEST_F(Examples, FirstLabSaysWhyItCannotBeBuilt) {
  EXPECT_EQ(run("ip netns add first-cpp-left").status, 0);
  const Finished example = run(NETHERD_EXAMPLE_FIRST_LAB);
  EXPECT_EQ(example.status, 1);
  EXPECT_EQ(example.errors, "there is a 'first-cpp-left' in /run/netns already\n");
  EXPECT_EQ(run("ip netns delete first-cpp-left").status, 0);
}

}  // namespace
}  // namespace netherd::test
