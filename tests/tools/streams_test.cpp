#include <csignal>

#include "command.hpp"

namespace netherd::test {
namespace {

/// What becomes of a command whose standard streams are closed, full, or read by nobody.
class Streams : public CommandTest {
 protected:
  Streams() { write_first_lab(); }

  static Finished bash(const std::string& script) { return run("exec bash -c '" + script + "'"); }
};

constexpr const char* lost = "netherd: standard output: No space left on device: the output is lost\n";

TEST_F(Streams, LostResultsAreAFailure) {
  ASSERT_EQ(run("netherd up first.yml").status, 0);
  for (const char* command :
       {"ls", "ls --json", "plan first.yml", "plan first.yml --json", "check first.yml", "check first", "show first",
        "show first --names", "ping first", "generate ring --nodes 3000", "doctor", "gc", "completion bash",
        "--version", "--help", "up --help", "exec first --all -- echo x", "exec first left --json -- echo x"}) {
    const Finished full = run(std::string{"netherd "} + command + " >/dev/full");
    EXPECT_EQ(full.status, 1) << command;
    EXPECT_EQ(full.errors, lost) << command;
    const Finished closed = run(std::string{"netherd "} + command + " >&-");
    EXPECT_EQ(closed.status, 1) << command;
    EXPECT_EQ(closed.errors, "netherd: standard output: Bad file descriptor: the output is lost\n") << command;
    const Finished unread = bash(std::string{"netherd "} + command + " | sleep 0; exit ${PIPESTATUS[0]}");
    EXPECT_TRUE(unread.status == 1 || (unread.status == 0 && unread.errors.empty())) << command << unread.errors;
  }
  for (const char* command : {"ip link", "ip -json address", "ip -V", "ip -batch -"}) {
    const Finished full = run(std::string{"echo link | netherd "} + command + " >/dev/full");
    EXPECT_NE(full.status, 0) << command;
    EXPECT_NE(full.errors.find("Cannot write: No space left on device\n"), std::string::npos) << command;
  }
}

TEST_F(Streams, AReaderThatStopsIsNoCrash) {
  const Finished plan = bash("netherd generate ring --nodes 2000 | netherd plan - | head -1; echo ${PIPESTATUS[*]}");
  EXPECT_EQ(plan.output, "ip netns add ring-n1\n0 1 0\n");
  EXPECT_EQ(plan.errors, "netherd: standard output: Broken pipe: the output is lost\n");
}

/// Each of them has stopped the removal once.
TEST_F(Streams, UnreadMessagesDoNotStopTheRemoval) {
  write_file("fails.yml", R"(name: fails
netherd: {routing: default}
topology:
  nodes: {a: , b: }
  links:
    - endpoints:
        - {node: a, interface: eth1, ipv4: [10.0.0.1/24, 10.0.0.9/29]}
        - {node: b, interface: eth1, ipv4: 10.0.0.15/24}
)");
  for (const char* streams : {"2>&-", "2>/dev/full", "<&- >&- 2>&-", "2>&1 | sleep 0", "2>&1 | head -1"}) {
    const Finished up = bash(std::string{"netherd up fails.yml "} + streams + "; exit ${PIPESTATUS[0]}");
    EXPECT_EQ(up.status, 1) << streams;
    expect_nothing_is_left();
  }
}

TEST_F(Streams, ATerminalThatGoesAwayDoesNotStopTheRemoval) {
  write_file("slow.yml", "name: slow\ntopology: {nodes: {a: {exec: [\"touch started; sleep 60\"]}}}\n");
  // script(1) closes the terminal when it is ended, and the kernel sends SIGHUP.
  Running terminal{"exec script -qec 'netherd up slow.yml; echo $? >status' /dev/null >/dev/null </dev/null"};
  ASSERT_TRUE(becomes_true([] { return ::access("started", F_OK) == 0; }));
  terminal.send_signal(SIGKILL);
  EXPECT_TRUE(becomes_true([] { return files_in("/run/netherd").empty() && files_in("/run/netns").empty(); }));
}

TEST_F(Streams, AReaderThatDoesNotReadDoesNotStopTheRemoval) {
  write_file("chatty.yml",
             "name: chatty\ntopology: {nodes: {a: {exec: [\"yes | head -c 300000; touch done\", \"sleep 60\"]}}}\n");
  // A pipe that is full: netherd waits for its reader when the signal comes.
  Running up{
      "mkfifo stream; sleep 5 <stream & netherd up chatty.yml 2>stream & echo $! >pid; wait $!; echo $? >status"};
  ASSERT_TRUE(becomes_true([] { return ::access("done", F_OK) == 0; }));
  EXPECT_EQ(run("sleep 0.1; kill -TERM $(cat pid)").status, 0);
  EXPECT_TRUE(becomes_true([] { return ::access("status", F_OK) == 0; }));
  EXPECT_EQ(run("cat status").output, "1\n");
  expect_nothing_is_left();
}

TEST_F(Streams, ClosedOnesAreNotOpenedByAccident) {
  ASSERT_EQ(run("netherd up first.yml").status, 0);
  EXPECT_EQ(run("netherd check first <&- >out 2>&-").status, 0);
  EXPECT_EQ(run("netherd exec first left right <&- 2>&- -- sh -c 'echo out; echo err >&2' | sort").output,
            "left: out\nright: out\n");
}

class InheritedSignals : public CommandTest {
 protected:
  InheritedSignals() {
    write_first_lab();
    EXPECT_EQ(run("netherd up first.yml").status, 0);
  }
};

TEST_F(InheritedSignals, AnIgnoredSigchldHidesNoExitStatus) {
  const std::string ignoring = "env --ignore-signal=CHLD netherd ";
  EXPECT_EQ(run(ignoring + "exec first --all -- sh -c 'exit 3'").status, 3);
  EXPECT_EQ(run(ignoring + "exec first --all -- true").status, 0);
  EXPECT_EQ(run(ignoring + "exec first left -- sh -c 'exit 3'").status, 3);
  write_file("batch", "netns exec first-left false\n");
  const Finished batch = run(ignoring + "ip -batch batch");
  EXPECT_EQ(batch.status, 1);
  EXPECT_EQ(batch.errors, "Command failed batch:1\n");
  write_file("fails.yml", "name: fails\ntopology: {nodes: {a: {exec: [\"exit 4\", \"true\"]}}}\n");
  EXPECT_EQ(run(ignoring + "up fails.yml").errors, "netherd: fails.yml:2: warning: a: exit 4: exit status 4\n");
}

TEST_F(InheritedSignals, ArePassedOnToCommands) {
  const std::string look = "-- grep -h SigIgn /proc/self/status";
  const std::string plain = run("grep -h SigIgn /proc/self/status").output;
  const std::string ignoring = "env --ignore-signal=PIPE,HUP,INT netherd ";
  const std::string ignored = run("env --ignore-signal=PIPE,HUP,INT grep -h SigIgn /proc/self/status").output;
  EXPECT_NE(plain, ignored);
  EXPECT_EQ(run("netherd exec first left " + look).output, plain);
  EXPECT_EQ(run("netherd exec first left right " + look + " | sort -u | sed 's/right: //;/left/d'").output, plain);
  EXPECT_EQ(run("netherd ip netns exec first-left grep -h SigIgn /proc/self/status").output, plain);
  EXPECT_EQ(run(ignoring + "exec first left " + look).output, ignored);
  EXPECT_EQ(run(ignoring + "exec first left right " + look + " | sed 's/right: //;/left/d'").output, ignored);
  EXPECT_EQ(run(ignoring + "ip netns exec first-left grep -h SigIgn /proc/self/status").output, ignored);
  EXPECT_EQ(run("ulimit -Sn 100; netherd exec first left right -- sh -c 'ulimit -Sn' | sort").output,
            "left: 100\nright: 100\n");
}

TEST_F(InheritedSignals, StayIgnored) {
  write_file(
      "slow.yml",
      "name: slow\ntopology: {nodes: {a: {exec: [\"touch started; while [ ! -e go ]; do sleep 0.01; done\"]}}}\n");
  Running up{"exec env --ignore-signal=HUP,INT netherd up slow.yml"};
  ASSERT_TRUE(becomes_true([] { return ::access("started", F_OK) == 0; }));
  up.send_signal(SIGHUP);
  up.send_signal(SIGINT);
  write_file("go", "");
  const Finished finished = up.wait();
  EXPECT_EQ(finished.status, 0) << testing::PrintToString(finished);
  EXPECT_EQ(finished.errors, "");
}

}  // namespace
}  // namespace netherd::test
