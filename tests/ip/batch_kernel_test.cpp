#include <array>

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
    // The kernel may report the carrier a second late: both ends have the same index.
    EXPECT_TRUE(
        becomes_true([] { return run("ip -n two route show default").output == "default via 10.0.0.1 dev e2 \n"; }));
    EXPECT_EQ(run("netherd ip netns exec one ping -c 1 -W 5 10.0.0.2").status, 0);
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

TEST_F(Batch, WithForceKeepsTheOrderOfANamespaceOfTwoNames) {
  EXPECT_EQ(run("ip netns add one; ip netns add two; ln -s /run/netns/one /run/netns/uno").status, 0);
  write_file("lines",
             "-n one link add d0 type veth peer name d1\n-n uno link set d0 name e0\n-n one link set e0 up\n"
             "-n uno addr add 10.0.0.1/24 dev e0\n-n one link set d1 netns two\n-n two link set d1 name e1\n"
             "-n uno link set e0 down\n-n one link set e0 name f0\n-n uno link set f0 up\n-n two link set e1 up\n");
  const Finished built = run("netherd ip -force -batch lines");
  EXPECT_EQ(built.status, 0) << testing::PrintToString(built);
  EXPECT_NE(run("ip -n one -br addr show dev f0").output.find("10.0.0.1/24"), std::string::npos);
  static_cast<void>(run("rm /run/netns/uno; ip netns del one; ip netns del two"));
}

/// Some of which fail: what follows in the same namespaces finds what is there, and no more.
TEST_F(Batch, WithForceBuildsWhatIpBuilds) {
  std::string lines;
  for (int i = 0; i < 40; ++i) lines += "netns add n" + std::to_string(i) + '\n';
  for (int i = 0; i < 40; ++i) {
    const std::string here = 'n' + std::to_string(i);
    const std::string there = 'n' + std::to_string((i + 1) % 40);
    lines += "link add r index 7 netns " + here + " type veth peer name l index 8 netns " + there + '\n';
    if (i % 5 == 0) lines += "link add r index 9 netns " + here + " type veth peer name x netns " + there + '\n';
    if (i % 3 == 0) lines += "netns exec " + here + " ip link set r name q\n";
    lines += "netns exec " + here + " ip addr add 10.0.0.1/24 dev r\n";
    lines += "netns exec " + there + " ip addr add 10.0.0.2/24 dev l\n";
    lines += "netns exec " + there + " ip link set x up\n";
  }
  write_file("lines", lines);
  std::array<Finished, 2> finished;
  std::array<std::string, 2> state;
  for (const std::size_t who : {0U, 1U}) {
    finished.at(who) = run(std::string{who == 0 ? "netherd " : ""} + "ip -force -batch lines");
    state.at(who) =
        run("for i in $(seq 0 39); do echo $i; ip -n n$i -br -4 addr; ip -n n$i -o link | cut -d: -f1,2; done").output;
    EXPECT_EQ(run("netherd ip -all netns delete").status, 0);
  }
  EXPECT_EQ(finished[0].status, finished[1].status);
  EXPECT_EQ(finished[0].errors, finished[1].errors);
  EXPECT_EQ(state[0], state[1]);
}

/// With `netns exec`, which both understand.
TEST_F(Batch, WithForceReportsTheFailuresOfAllNamespacesInOrder) {
  std::string lines;
  for (const char* name : {"one", "two", "three"}) {
    const std::string within = "netns exec " + std::string{name} + " ip ";
    lines += "netns add " + std::string{name} + "\n" + within + "link set nolink up\n" + within +
             "link add d0 type veth peer name d1\n" + within + "link add d0 type veth\n" + within +
             "addr add 10.0.0.1/24 dev d0\n" + within + "addr add 10.0.0.1/24 dev d0\n" + within +
             "link set d0 up garbage\n" + within + "route add 10.1.0.0/16 via 10.9.9.9\n" + within +
             "link set d0 name e0\n" + within + "link set d0 up\n" + within + "link set e0 up\nnetns add " + name +
             "\n";
  }
  write_file("lines", lines);
  const Finished ours = run("netherd ip -force -batch lines");
  static_cast<void>(run("netherd ip -all netns delete"));
  const Finished theirs = run("ip -force -batch lines");
  EXPECT_EQ(ours.status, theirs.status);
  EXPECT_EQ(ours.errors, theirs.errors);
  EXPECT_EQ(ours.output, theirs.output);
}

TEST_F(Batch, WithForceIsExecutedAsItComes) {
  const Finished done =
      run("(echo netns add one; echo ' -n one link add d0 type veth'; sleep 1; ip -n one link show d0 >seen; "
          "echo ' -n one link show d0') | netherd ip -force -batch - >shown; cat seen");
  EXPECT_NE(done.output.find("d0@"), std::string::npos) << testing::PrintToString(done);
  EXPECT_NE(run("cat shown").output.find("d0@"), std::string::npos);
}

TEST_F(Batch, HearsWhatOthersDoToLinks) {
  for (const char* force : {"", "-force "}) {
    const Finished done =
        run("ip link add b0 type veth peer name b1; (echo link set b0 mtu 1400; sleep 1; ip link set b0 name c0; "
            "ip link set b1 name b0; echo link set b0 mtu 1300; echo link set c0 mtu 1200; sleep 1; ip link del b0; "
            "ip link add b0 type veth peer name b1; echo link set b0 mtu 1100) | netherd ip " +
            std::string{force} + "-batch -");
    EXPECT_EQ(done.status, 0) << testing::PrintToString(done);
    EXPECT_EQ(run_for_json("ip -j link show b0")[0]["mtu"], 1100);
    static_cast<void>(run("ip link del b0"));
  }
}

TEST_F(Batch, ThatRunsItselfEnds) {
  ASSERT_EQ(run("netherd ip netns add one").status, 0);
  write_file("lines", "netns exec one ip -batch lines\n");
  for (const char* force : {"", "-force "}) {
    const Finished finished = run("netherd ip " + std::string{force} + "-batch lines");
    EXPECT_EQ(finished.status, 1);
    EXPECT_NE(finished.errors.find("nested too deeply"), std::string::npos) << finished.errors;
  }
}

TEST_F(Batch, TakesNamespacesByPath) {
  write_file("lines",
             "netns add one\nlink add b0 type veth peer name b1 netns /run/netns/one\nlink set b0 netns "
             "/proc/self/ns/net\nlink add b2 link-netns /run/netns/one type veth peer name b3\nlink del b2\n");
  for (const char* force : {"", "-force "}) {
    const Finished built = run("netherd ip " + std::string{force} + "-batch lines");
    EXPECT_EQ(built.status, 0) << testing::PrintToString(built);
    EXPECT_EQ(run("ip -n one link show b1").status, 0);
    EXPECT_EQ(run("netherd ip -all netns delete").status, 0);
    EXPECT_TRUE(becomes_true([] { return run("ip link show b0").status != 0; }));
  }
}

/// Of a shell: waits until a command succeeds, for ten seconds at most.
constexpr const char* wait_for =
    "wait_for() { for i in $(seq 200); do $1 >/dev/null 2>&1 && return; sleep 0.05; done; }; ";

TEST_F(Batch, FollowsANameToTheNamespaceThatHasItNow) {
  for (const char* force : {"", "-force "}) {
    const Finished done =
        run(std::string{wait_for} +
            "ip netns add one; (printf -- '-n one link add d0 type veth peer name d1\n'; "
            "wait_for 'ip -n one link show d0'; ip netns delete one; ip netns add one; "
            "printf -- '-n one link add d2 type veth peer name d3\n'; wait_for 'ip -n one link show d2'; "
            "ip netns delete one; ip netns add one; printf 'link add e0 type veth peer name e1 netns one\n'; "
            "wait_for 'ip -n one link show e1'; ip -n one link show >seen; ip link del e0) | netherd ip " +
            force + "-batch -; status=$?; cat seen; ip netns delete one; exit $status");
    EXPECT_EQ(done.status, 0) << testing::PrintToString(done);
    EXPECT_NE(done.output.find("e1@"), std::string::npos) << testing::PrintToString(done);
    EXPECT_EQ(done.output.find("d2@"), std::string::npos) << "in the namespace before";
  }
}

TEST_F(Batch, RefusesANameThatOthersHaveDeleted) {
  for (const char* force : {"", "-force "}) {
    const Finished done = run(std::string{wait_for} +
                              "ip netns add one; (printf -- '-n one link add d0 type veth peer name d1\n'; "
                              "wait_for 'ip -n one link show d0'; ip netns delete one; "
                              "printf -- '-n one link set d0 up\n') | netherd ip " +
                              force + "-batch -");
    EXPECT_NE(done.status, 0) << testing::PrintToString(done);
    EXPECT_EQ(done.errors, "Cannot open network namespace \"one\": No such file or directory\nCommand failed -:2\n");
  }
}

TEST_F(Batch, RunsBatchesWithinNamespaces) {
  write_file("inner", "link set lo up\nlink show dev lo up\n");
  write_file("lines", "netns add one\nnetns exec one ip -batch inner\n");
  for (const char* force : {"", "-force "}) {
    const Finished ours = run("netherd ip " + std::string{force} + "-batch lines");
    static_cast<void>(run("netherd ip -all netns delete"));
    const Finished theirs = run("ip " + std::string{force} + "-batch lines");
    static_cast<void>(run("netherd ip -all netns delete"));
    EXPECT_EQ(ours.output, theirs.output);
    EXPECT_EQ(ours.errors, theirs.errors);
  }
}

TEST_F(Batch, OfManyNamespacesNeedsFewDescriptors) {
  std::string lines;
  for (int i = 0; i < 60; ++i) lines += "netns add n" + std::to_string(i) + "\n";
  for (int i = 1; i < 60; ++i) {
    lines += "link add a" + std::to_string(i) + " netns n" + std::to_string(i - 1) + " type veth peer name b" +
             std::to_string(i) + " netns n" + std::to_string(i) + "\n";
  }
  for (int i = 1; i < 60; ++i) lines += "-n n" + std::to_string(i) + " link set b" + std::to_string(i) + " up\n";
  write_file("lines", lines);
  for (const char* force : {"", "-force "}) {
    const Finished done = run("ulimit -n 64; netherd ip " + std::string{force} + "-batch lines");
    EXPECT_EQ(done.status, 0) << testing::PrintToString(done);
    EXPECT_EQ(run("ip -n n59 -o link show up").output.find("b59"), 3U);
    static_cast<void>(run("netherd ip -all netns delete"));
  }
}

TEST_F(Batch, RefusesLinesThatMakeNoSense) {
  const std::vector<std::pair<std::string, std::string>> bad{
      {"link show 'lo", "Unterminated quoted string"},
      {"link set lo alias \"x", "Unterminated quoted string"},
      {"link set lo alias " + std::string(1U << 20U, 'x'), "Line is too long"},
      {"-batch other", "-batch is not possible within a batch"},
      {"-z link", "Option \"-z\" is unknown"},
      {"garbage", "Object \"garbage\" is unknown"},
      {"link set lo mtu -1", "argument \"-1\" is wrong"},
      {"netns add a/b", "Invalid netns name \"a/b\""},
      {"link add aaaaaaaaaaaaaaaa type veth", "not a valid ifname"}};
  for (const auto& [line, words] : bad) {
    for (const char* force : {"", "-force "}) {
      write_file("lines", "# first\n" + line + "\nlink show dev lo\n");
      const Finished done = run("netherd ip " + std::string{force} + "-batch lines");
      EXPECT_NE(done.status, 0) << line.substr(0, 80);
      EXPECT_NE(done.errors.find(words), std::string::npos) << line.substr(0, 80) << done.errors;
      EXPECT_NE(done.errors.find("Command failed lines:2\n"), std::string::npos) << done.errors;
      EXPECT_EQ(done.output.empty(), *force == '\0') << line.substr(0, 80);
    }
  }
}

TEST_F(Batch, RefusesWhatIsNoFile) {
  EXPECT_EQ(run("netherd ip -batch nosuch").errors, run("ip -batch nosuch").errors);
}

TEST_F(Batch, OptionsThatSayWhatThisIs) {
  const Finished done = run("netherd ip -V");
  EXPECT_EQ(done.status, 0);
  EXPECT_NE(done.output.find("netherd"), std::string::npos);
}

}  // namespace
}  // namespace netherd::test
