#include <algorithm>
#include <csignal>

#include "command.hpp"

namespace netherd::test {
namespace {

using Json = nlohmann::ordered_json;
using Strings = std::vector<std::string>;

class Exec : public CommandTest {
 protected:
  Exec() {
    write_first_lab();
    EXPECT_EQ(run("netherd up first.yml").status, 0);
  }
};

TEST_F(Exec, InOneNodePassesEverythingOn) {
  const Finished exec =
      run("echo input | netherd exec first left -- sh -c 'cat; ip -br -4 address; echo e >&2; exit 7'");
  EXPECT_EQ(exec.status, 7);
  EXPECT_EQ(exec.errors, "e\n");
  EXPECT_TRUE(exec.output.starts_with("input\n")) << exec.output;
  EXPECT_NE(exec.output.find("10.0.0.1/30"), std::string::npos) << exec.output;
}

TEST_F(Exec, InOneNodePassesSignalsOn) {
  EXPECT_EQ(run("netherd exec first left -- sh -c 'kill -TERM $$'").status, 128 + SIGTERM);
}

TEST_F(Exec, LeavesTheCommandsOwnArgumentsAlone) {
  const Finished exec = run("netherd exec first left -- printf '%s|' --json --all -- -- 'a b' ''");
  EXPECT_EQ(exec.status, 0);
  EXPECT_EQ(exec.output, "--json|--all|--|--|a b||");
}

TEST_F(Exec, InSeveralNodesLabelsEachLine) {
  const Finished exec = run("netherd exec first left right -- sh -c 'echo one; printf two; echo three >&2'");
  EXPECT_EQ(exec.status, 0);
  auto lines = lines_of(exec.output);
  std::ranges::sort(lines);
  EXPECT_EQ(lines, (Strings{"left: one", "left: two", "right: one", "right: two"}));
  auto errors = lines_of(exec.errors);
  std::ranges::sort(errors);
  EXPECT_EQ(errors, (Strings{"left: three", "right: three"}));
}

TEST_F(Exec, InAllNodesAFewAtATime) {
  // Each command leaves a file while it runs, and tells how many there are.
  const Finished exec =
      run("netherd exec first --all --jobs 1 -- sh -c 'touch run.$$; ls run.* | wc -l; sleep 0.05; rm run.$$'");
  EXPECT_EQ(exec.status, 0) << testing::PrintToString(exec);
  EXPECT_EQ(lines_of(exec.output), (Strings{"left: 1", "middle: 1", "right: 1"}));
  // Each waits for the others: all three have to run at once.
  const Finished at_once =
      run("netherd exec first --all --jobs 3 -- timeout 10 sh -c "
          "'touch here.$$; while [ $(ls here.* | wc -l) -lt 3 ]; do sleep 0.01; done'");
  EXPECT_EQ(at_once.status, 0) << testing::PrintToString(at_once);
}

TEST_F(Exec, GivesTheHighestStatusOfSeveral) {
  EXPECT_EQ(run("netherd exec first --all -- sh -c 'ip -br link show eth2 2>/dev/null || exit 5'").status, 5);
  EXPECT_EQ(run("netherd exec first --all -- true").status, 0);
}

TEST_F(Exec, ReportsInJson) {
  const Finished exec = run("netherd exec first right left --json -- sh -c 'echo out; echo err >&2; exit 3'");
  EXPECT_EQ(exec.status, 3);
  EXPECT_EQ(exec.errors, "");
  const Json report = exec.json();
  EXPECT_EQ(report["lab"], "first");
  ASSERT_EQ(report["nodes"].size(), 2U);
  const Json expected{{"node", "right"}, {"status", 3}, {"output", "out\n"}, {"error_output", "err\n"}};
  EXPECT_EQ(report["nodes"][0], expected);
  EXPECT_EQ(report["nodes"][1]["node"], "left");
  EXPECT_EQ(run_for_json("netherd exec first left --json -- echo x")["nodes"][0]["output"], "x\n");
}

TEST_F(Exec, ReportsInJsonWhatIsNoText) {
  const Json report = run_for_json("netherd exec first left --json -- printf 'a\\377b'");
  EXPECT_EQ(report["nodes"][0]["output"],
            "a\xEF\xBF\xBD"
            "b");
}

TEST_F(Exec, CannotRunWhatIsNotThere) {
  const Finished one = run("netherd exec first left -- nosuchcommand");
  EXPECT_EQ(one.status, 127);
  EXPECT_EQ(one.errors, "netherd: nosuchcommand: run the command: No such file or directory\n");
  const Finished all = run("netherd exec first --all --jobs 1 -- /run");
  EXPECT_EQ(all.status, 126);
  EXPECT_EQ(lines_of(all.errors).at(0), "netherd: left: /run: run the command: Permission denied");
}

TEST_F(Exec, RefusesUnknownNodesBeforeAnythingRuns) {
  const Finished exec = run("netherd exec first left rihgt -- touch ran");
  EXPECT_EQ(exec.status, 2);
  EXPECT_EQ(exec.errors, "netherd: lab first has no node called 'rihgt'; did you mean right?\n");
  EXPECT_NE(run("ls ran").status, 0);
}

TEST_F(Exec, StopsEverythingWhenInterrupted) {
  Running exec{"exec netherd exec first --all -- sh -c 'touch started.$$; sleep 60'"};
  EXPECT_TRUE(becomes_true([] { return files_in(".").size() >= 3; }));
  exec.send_signal(SIGINT);
  const Finished finished = exec.wait();
  EXPECT_NE(finished.status, 0);
  EXPECT_NE(finished.errors.find("netherd: interrupted (Interrupt)"), std::string::npos) << finished.errors;
  EXPECT_NE(run("ip netns pids first-left | grep .").status, 0) << "processes are left";
}

}  // namespace
}  // namespace netherd::test
