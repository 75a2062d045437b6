#include <algorithm>
#include <csignal>
#include <thread>

#include "command.hpp"

namespace netherd::test {
namespace {

using Json = nlohmann::ordered_json;
using Strings = std::vector<std::string>;

/// Processes in the nodes of labs: those that netherd starts, and those that it finds.
class Processes : public CommandTest {
 protected:
  Processes() {
    write_first_lab();
    EXPECT_EQ(run("netherd up first.yml").status, 0);
  }

  static void wait_for_files(std::size_t count, const std::string& prefix) {
    EXPECT_TRUE(becomes_true([&] {
      const auto files = files_in(".");
      return static_cast<std::size_t>(std::ranges::count_if(
                 files, [&](const std::string& name) { return name.starts_with(prefix); })) >= count;
    }));
  }
  static bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
  }
};

/// Waits until the file is written whole, and removes the process at the end of the test.
class Pid {
 public:
  explicit Pid(std::string file) : file_{std::move(file)} {
    EXPECT_TRUE(becomes_true([&] { return run("test -s " + file_).status == 0; })) << file_;
    number_ = run("cat " + file_).output;
    number_.erase(number_.find('\n'));
  }
  ~Pid() { static_cast<void>(run("kill -9 " + number_ + " 2>/dev/null")); }
  Pid(const Pid&) = delete;
  Pid& operator=(const Pid&) = delete;
  [[nodiscard]] const std::string& text() const { return number_; }
  [[nodiscard]] bool runs() const {
    return run("test -e /proc/" + number_ + "/ns/net && readlink /proc/" + number_ + "/ns/net").status == 0;
  }

 private:
  std::string file_;
  std::string number_;
};

TEST_F(Processes, OfExecAreStreamedLineByLine) {
  // Each waits for what the test does once it has seen the line before.
  Running exec{
      "exec netherd exec first left right -- sh -c 'echo one; echo $$ >pid.$NETHERD_NODE; while [ ! -e go ]; do "
      "sleep 0.01; done; printf two' >out"};
  EXPECT_TRUE(becomes_true([] { return lines_of(run("sort out").output) == Strings{"left: one", "right: one"}; }));
  write_file("go", "");
  EXPECT_EQ(exec.wait().status, 0);
  EXPECT_EQ(lines_of(run("sort out").output), (Strings{"left: one", "left: two", "right: one", "right: two"}));
}

TEST_F(Processes, OfExecCannotFillTheMemory) {
  // Nobody reads for a moment; a line without end is cut, and every piece says whose it is.
  const Finished exec = run(
      "netherd exec first left right -- sh -c 'head -c 3000000 /dev/zero | tr \"\\\\0\" x' | (sleep 0.3; cat >out); "
      "cut -c1-8 out | sort | uniq -c; tr -cd x <out | wc -c; awk '{ if (length > m) m = length } END { print m }' "
      "out");
  const auto lines = lines_of(exec.output);
  ASSERT_EQ(lines.size(), 4U) << exec.output;
  EXPECT_TRUE(contains(lines[0], "46 left: xx")) << lines[0];
  EXPECT_TRUE(contains(lines[1], "46 right: x")) << lines[1];
  EXPECT_EQ(lines[2], "6000000");
  EXPECT_EQ(lines[3], std::to_string(65'536 + std::string{"right: "}.size()));
}

TEST_F(Processes, OfExecDoNotKeepTheOthersWaitingSilently) {
  Running exec{
      "exec netherd exec first --all --jobs 1 -- sh -c 'while :; do echo x; sleep 0.1; done' >/dev/null 2>errors"};
  EXPECT_TRUE(becomes_true([] { return run("test -s errors").status == 0; }));
  exec.send_signal(SIGTERM);
  static_cast<void>(exec.wait());
  EXPECT_EQ(
      lines_of(run("cat errors").output).at(0),
      "netherd: warning: 2 nodes wait for their turn, for no command has ended for 3 s: middle, right; --jobs N runs N "
      "commands at a time");
}

TEST_F(Processes, OfExecEndWithTheirReader) {
  const Finished exec =
      run("exec bash -c 'netherd exec first --all -- sh -c \"echo \\$\\$ >pid.\\$NETHERD_NODE; exec yes\" "
          "| head -1 >/dev/null; echo ${PIPESTATUS[0]}'");
  EXPECT_EQ(exec.output, "1\n");
  EXPECT_EQ(exec.errors, "netherd: standard output: Broken pipe: the output is lost\n");
  EXPECT_EQ(run("ip netns pids first-left").output, "");
}

TEST_F(Processes, OfExecDoNotOutliveIt) {
  Running exec{
      "exec netherd exec first --all --jobs 3 -- sh -c 'sleep 1000 & echo $! >pid.$NETHERD_NODE; sleep 1000; true'"};
  wait_for_files(3, "pid.");
  exec.send_signal(SIGKILL);
  EXPECT_EQ(exec.wait().status, 128 + SIGKILL);
  EXPECT_TRUE(becomes_true([] {
    return run("for i in left middle right; do ip netns pids first-$i; done").output.empty();
  })) << run("for i in left middle right; do ip netns pids first-$i; done | xargs -n1 ps -o pid,args -p").output;
}

TEST_F(Processes, OfExecThatStayInTheBackgroundAreNamed) {
  const Finished exec = run("netherd exec first left right -- sh -c 'sleep 1000 & echo $! >pid.$NETHERD_NODE'");
  const Pid left{"pid.left"};
  const Pid right{"pid.right"};
  EXPECT_EQ(exec.status, 0);
  EXPECT_TRUE(contains(exec.errors, "left: the command has ended, and a process that it has left in the background"))
      << exec.errors;
  EXPECT_TRUE(left.runs());
}

TEST_F(Processes, KnowWhereTheyAre) {
  const std::string command = " -- sh -c 'echo $NETHERD_LAB/$NETHERD_NODE'";
  EXPECT_EQ(run("netherd exec first left" + command).output, "first/left\n");
  EXPECT_EQ(run("NETHERD_NODE=x netherd exec first left right" + command + " | sort").output,
            "left: first/left\nright: first/right\n");
  EXPECT_EQ(run("netherd exec first left --json" + command).json()["nodes"][0]["output"], "first/left\n");
  write_file("env.yml", "name: env\ntopology: {nodes: {n: {exec: [\"echo $NETHERD_LAB/$NETHERD_NODE\"]}}}\n");
  EXPECT_EQ(run("netherd up env.yml").errors, "n: env/n\n");
}

TEST_F(Processes, OfTheFileMayStayInTheBackground) {
  write_file("server.yml", R"(name: server
topology:
  nodes:
    a:
      exec:
        - "(while :; do echo line; echo error >&2; echo x >ticks.new; mv ticks.new ticks; sleep 0.01; done) & echo $! >pid; echo started"
)");
  const Finished up = run("netherd up server.yml");
  const Pid server{"pid"};
  EXPECT_EQ(up.status, 0);
  EXPECT_TRUE(contains(up.errors, "a: started\n")) << up.errors;
  EXPECT_EQ(run("rm -f ticks").status, 0);
  EXPECT_TRUE(becomes_true([] { return ::access("ticks", F_OK) == 0; })) << "it has died, or does not go on";
  EXPECT_EQ(run("netherd down server --kill").status, 0);
  EXPECT_FALSE(server.runs());
}

TEST_F(Processes, OfTheFileCannotFillTheMemory) {
  write_file("yes.yml", "name: 'yes'\ntopology: {nodes: {a: {exec: [\"exec tr '\\\\0' x </dev/zero\"]}}}\n");
  const Finished up = run("netherd up yes.yml 2>errors; tail -n 2 errors; wc -c <errors");
  const auto lines = lines_of(up.output);
  ASSERT_GE(lines.size(), 3U);
  EXPECT_TRUE(contains(up.output, "it has written more than 16 MiB, the rest is lost\n"));
  EXPECT_LT(std::stoul(lines.back()), 17'000'000U);
}

TEST_F(Processes, OfTheFileThatFailAreAFailureIfAsked) {
  write_file("strict.yml",
             "name: strict\ntopology: {nodes: {a: {exec: [\"true\", \"exit 3\", \"touch never\"]}, b: {exec: "
             "[\"sleep 100\"]}}}\n");
  const Finished up = run("netherd up strict.yml --strict");
  EXPECT_EQ(up.status, 1);
  EXPECT_EQ(up.errors,
            "netherd: strict.yml:2: a: exit 3: exit status 3\nnetherd: lab strict is removed, nothing is left of it\n");
  EXPECT_NE(::access("never", F_OK), 0);
  EXPECT_EQ(files_in("/run/netherd").size(), 1U);
  EXPECT_EQ(run("sed -i 's/sleep 100/true/' strict.yml; netherd up strict.yml --strict --keep-on-failure").status, 1);
  EXPECT_EQ(run("netherd down strict").status, 0);
  EXPECT_EQ(run("netherd up strict.yml --quiet").status, 0);
  EXPECT_EQ(run("netherd down strict").status, 0);
}

TEST_F(Processes, ThatHoldALabAreNamedByDownAndGc) {
  EXPECT_EQ(run("netherd exec first left -- sh -c 'sleep 1000 >/dev/null & echo $! >inside'").status, 0);
  Running opener{"exec sh -c 'exec 7</run/netns/first-right; echo $$ >open; exec sleep 1001'"};
  const Pid inside{"inside"};
  const Pid open{"open"};
  const Finished down = run("netherd down first --wait");
  EXPECT_EQ(down.status, 0);
  EXPECT_TRUE(
      contains(down.output, "the kernel has finished with all but 2 namespaces that processes keep alive after"))
      << down.output;
  EXPECT_TRUE(contains(down.errors, "2 processes keep 2 namespaces of labs that are removed alive:\n")) << down.errors;
  EXPECT_TRUE(contains(down.errors, "first: left: process " + inside.text() + " runs in it: sleep 1000\n"))
      << down.errors;
  EXPECT_TRUE(contains(down.errors, "first: right: process " + open.text() + " has it open: sleep 1001\n"))
      << down.errors;
  const Finished gc = run("netherd gc");
  EXPECT_EQ(gc.output, "");
  EXPECT_TRUE(contains(gc.errors, "first: left: process " + inside.text() + " runs in it: sleep 1000\n")) << gc.errors;
  const Json report = run_for_json("netherd gc --json --quiet");
  ASSERT_EQ(report["processes"].size(), 1U);
  EXPECT_EQ(report["processes"][0]["pid"], std::stoi(inside.text()));
  EXPECT_EQ(report["processes"][0]["node"], "left");
}

TEST_F(Processes, ThatHoldDebrisAreNamedByGc) {
  Running inside{"exec ip netns exec first-left sh -c 'echo $$ >inside; exec sleep 1000'"};
  const Pid pid{"inside"};
  EXPECT_EQ(run("echo -n building >/run/netherd/first/phase").status, 0);
  const Finished gc = run("netherd gc");
  EXPECT_EQ(gc.output, "lab first: removed, with 3 nodes\n");
  EXPECT_TRUE(contains(gc.errors, "first: left: process " + pid.text() + " runs in it: sleep 1000\n")) << gc.errors;
}

TEST_F(Processes, AreEndedByDownKill) {
  EXPECT_EQ(
      run("netherd exec first left -- sh -c 'sleep 1000 >/dev/null & echo $! >polite'; "
          "netherd exec first middle -- sh -c \"(trap '' TERM; echo x >ready; while :; do sleep 1; done) >/dev/null & "
          "echo \\$! >stubborn\"")
          .status,
      0);
  Running elsewhere{"echo $$ >elsewhere; exec sleep 1002 7</run/netns/first-right"};
  const Pid polite{"polite"};
  const Pid stubborn{"stubborn"};
  const Pid other{"elsewhere"};
  wait_for_files(1, "ready");
  const Json down = run_for_json("netherd down first --kill --quiet --json");
  EXPECT_GE(down["killed"], 2);
  EXPECT_FALSE(polite.runs());
  EXPECT_FALSE(stubborn.runs());
  EXPECT_TRUE(other.runs()) << "it does not run in the lab";
  ASSERT_EQ(down["processes"].size(), 1U) << down;
  EXPECT_EQ(down["processes"][0]["holds"], "descriptor");
}

/// Neither what runs beside the lab, nor netherd and its shell, wherever they are.
TEST_F(Processes, OfOthersAreNotEndedByDownKill) {
  write_file("host.yml",
             "name: hosted\ntopology: {nodes: {a: }, links: [{endpoints: [\"a:eth1\", \"host:hosted-a\"]}]}\n");
  EXPECT_EQ(run("netherd up host.yml").status, 0);
  Running beside{"echo $$ >beside; exec sleep 1003"};
  const Pid pid{"beside"};
  EXPECT_EQ(run("netherd exec hosted a -- sh -c 'sleep 1000 >/dev/null & echo $! >inside'").status, 0);
  const Pid inside{"inside"};
  const Finished down = run("ip netns exec hosted-a sh -c 'netherd down hosted --kill; echo $?; true'");
  EXPECT_EQ(down.output.substr(down.output.rfind('\n', down.output.size() - 2) + 1), "0\n")
      << testing::PrintToString(down);
  EXPECT_TRUE(pid.runs());
  EXPECT_FALSE(inside.runs());
}

}  // namespace
}  // namespace netherd::test
