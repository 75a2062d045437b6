#include "command.hpp"

namespace netherd::test {
namespace {

class Batch : public CommandTest {
 protected:
  ~Batch() override { static_cast<void>(run("netherd ip -all netns delete; ip link del b0 2>/dev/null")); }
};

TEST_F(Batch, StopsAtTheFirstFailureWithTheWordsOfIp) {
  write_file("lines", "link add b0 type veth peer name b1\n# a comment\nlink add b0 type bridge\nlink set b0 up\n");
  const Finished ours = run("netherd ip -batch lines");
  static_cast<void>(run("ip link del b0"));
  const Finished theirs = run("ip -batch lines");
  EXPECT_EQ(ours.status, theirs.status);
  EXPECT_EQ(ours.errors, theirs.errors);
  EXPECT_EQ(run_for_json("ip -j link show b0")[0]["operstate"], "DOWN");
}

TEST_F(Batch, GoesOnWithForceAndReportsEveryFailure) {
  write_file("lines",
             "link add b0 type veth peer name b1\nlink set nolink up\nroute add 1.1.1.1 via 2.2.2.2\nlink set b0 up\n");
  const Finished ours = run("netherd ip -force -batch lines");
  static_cast<void>(run("ip link del b0"));
  const Finished theirs = run("ip -force -batch lines");
  EXPECT_EQ(ours.status, 1);
  EXPECT_EQ(ours.status, theirs.status);
  EXPECT_EQ(ours.errors, theirs.errors);
}

constexpr const char* test_bed =
    "netns add one\nnetns add two\nlink add e1 netns one type veth peer name e2 netns two\n-n one link set lo up\n"
    "netns exec one ip addr add 10.0.0.1/24 dev e1\n-n one link set e1 up\n-n two addr add 10.0.0.2/24 dev e2\n"
    "netns exec two ip link set e2 up\n-n two route add default via 10.0.0.1\nnetns exec two true\n";

TEST_F(Batch, BuildsATestBedAcrossNamespaces) {
  for (const char* force : {"", "-force "}) {
    write_file("lines", test_bed);
    const Finished built = run("netherd ip " + std::string{force} + "-batch lines");
    EXPECT_EQ(built.status, 0) << testing::PrintToString(built);
    EXPECT_EQ(run("netherd ip netns exec one ping -c 1 -W 5 10.0.0.2").status, 0);
    EXPECT_EQ(run("ip -n two route show default").output, "default via 10.0.0.1 dev e2 \n");
    EXPECT_EQ(run("netherd ip -all netns delete").status, 0);
  }
}

TEST_F(Batch, FindsLinksUnderTheirPresentNames) {
  write_file(
      "lines",
      "netns add one\nlink add b0 type veth peer name b1\nlink set b1 up\nlink set b1 down\nlink set b1 name b2\n"
      "link set b2 netns one\n-n one link set b2 up\n-n one link del b2\nlink add b0 type veth peer name b1\nlink set "
      "b1 up\n");
  const Finished built = run("netherd ip -batch lines");
  EXPECT_EQ(built.status, 0) << testing::PrintToString(built);
}

TEST_F(Batch, RefusesWhatIsNoFile) {
  EXPECT_EQ(run("netherd ip -batch nosuch").errors, run("ip -batch nosuch").errors);
  write_file("lines", "link show 'lo\n");
  EXPECT_NE(run("netherd ip -batch lines").errors.find("Unterminated quoted string"), std::string::npos);
}

}  // namespace
}  // namespace netherd::test
