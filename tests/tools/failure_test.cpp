#include <sys/stat.h>

#include <algorithm>
#include <csignal>

#include "command.hpp"

namespace netherd::test {
namespace {

class Failure : public CommandTest {};

void expect_one_error(const Finished& finished, int status, const std::string& error) {
  EXPECT_EQ(finished.status, status);
  EXPECT_EQ(finished.output, "");
  EXPECT_EQ(finished.errors, "netherd: " + error + "\n");
}

TEST_F(Failure, OfTheKernelNamesLineCommandAndReason) {
  // 10.0.0.15 is a neighbour in 10.0.0.0/24, and the broadcast address of 10.0.0.8/29.
  write_file("gateway.yml", R"(name: gateway
netherd: {routing: default}
topology:
  nodes: {a: , b: }
  links:
    - endpoints:
        - {node: a, interface: eth1, ipv4: [10.0.0.1/24, 10.0.0.9/29]}
        - {node: b, interface: eth1, ipv4: 10.0.0.15/24}
)");
  const Finished up = run("netherd up gateway.yml");
  EXPECT_EQ(up.status, 1);
  EXPECT_EQ(up.output, "");
  EXPECT_EQ(
      up.errors,
      "netherd: gateway.yml:8: warning: address 10.0.0.15/24 of b:eth1: it is the broadcast address of 10.0.0.8/29, a "
      "subnet on the same segment\n"
      "netherd: gateway.yml:7: ip -n gateway-a route add default via 10.0.0.15 dev eth1: Invalid argument "
      "[EINVAL] (Nexthop has invalid gateway)\n"
      "netherd: lab gateway is removed, nothing is left of it\n");
  expect_nothing_is_left();
}

TEST_F(Failure, CanBeKeptAndLookedAt) {
  write_file("gateway.yml", R"(name: gateway
netherd: {routing: default}
topology:
  nodes: {a: , b: }
  links:
    - endpoints:
        - {node: a, interface: eth1, ipv4: [10.0.0.1/24, 10.0.0.9/29]}
        - {node: b, interface: eth1, ipv4: 10.0.0.15/24}
)");
  EXPECT_EQ(run("netherd up gateway.yml --keep-on-failure").status, 1);
  EXPECT_EQ(run("ip -n gateway-a address show dev eth1").status, 0);
  EXPECT_NE(run("netherd ls").output.find("building, interrupted"), std::string::npos);
  EXPECT_EQ(run("netherd down gateway").status, 0);
}

TEST_F(Failure, OfTheFileIsOneLineWithFileAndLine) {
  write_file("wrong.yml",
             "name: wrong\ntopology:\n  nodes:\n    a: {imagee: x}\n  links:\n    - endpoints: [\"a:e\"]\n");
  const Finished up = run("netherd up wrong.yml");
  EXPECT_EQ(up.status, 2);
  EXPECT_EQ(up.output, "");
  const auto lines = lines_of(up.errors);
  ASSERT_EQ(lines.size(), 2U) << up.errors;
  EXPECT_EQ(lines[0], "netherd: wrong.yml:4: a: unknown key 'imagee', did you mean 'image'?");
  EXPECT_TRUE(lines[1].starts_with("netherd: wrong.yml:6: ")) << lines[1];
  const auto errors = run("netherd up wrong.yml --json").json()["errors"];
  ASSERT_EQ(errors.size(), 2U);
  EXPECT_EQ(errors[0]["file"], "wrong.yml");
  EXPECT_EQ(errors[0]["line"], 4);
  expect_nothing_is_left();
}

TEST_F(Failure, OfUnreadableFilesSaysWhy) {
  expect_one_error(run("netherd up nosuch.yml"), 2, "nosuch.yml: read the file: No such file or directory");
  expect_one_error(run("netherd up /run"), 2, "/run: read the file: Is a directory");
  expect_one_error(run("netherd up - </dev/null"), 2, "-: there is nothing in it");
}

TEST_F(Failure, OfASecondLabOfTheSameName) {
  write_first_lab();
  EXPECT_EQ(run("netherd up first.yml --wait").status, 0);
  expect_one_error(run("netherd up first.yml"), 1, "a lab called 'first' exists; 'netherd down first' removes it");
  EXPECT_EQ(run("netherd ping first").status, 0) << "the first lab is damaged";
}

TEST_F(Failure, OfNamesThatBelongToSomebodyElse) {
  write_first_lab();
  EXPECT_EQ(run("ip netns add first-right").status, 0);
  expect_one_error(run("netherd up first.yml"), 1, "there is a 'first-right' in /run/netns already");
  EXPECT_EQ(files_in("/run/netns"), std::vector<std::string>{"first-right"});
  EXPECT_EQ(run("ip netns delete first-right").status, 0);
}

TEST_F(Failure, OfUnknownLabs) {
  write_first_lab();
  EXPECT_EQ(run("netherd up first.yml").status, 0);
  for (const char* command : {"down frist", "show frist", "ping frist", "exec frist left -- true"}) {
    expect_one_error(run(std::string{"netherd "} + command), 2, "there is no lab called 'frist'; did you mean first?");
  }
}

TEST_F(Failure, WithoutPrivilegesNamesTheMissingOnes) {
  write_first_lab();
  EXPECT_EQ(run("netherd up first.yml --name other").status, 0);
  const std::string none = "setpriv --bounding-set=-all --inh-caps=-all netherd ";
  for (const std::string command :
       {"up first.yml", "down other", "show other", "ping other", "exec other left -- id"}) {
    expect_one_error(run(none + command), 1,
                     command.substr(0, command.find(' ')) +
                         ": CAP_SYS_ADMIN and CAP_NET_ADMIN are missing: run it as root, for example with sudo");
  }
  expect_one_error(run("setpriv --bounding-set=-net_admin --inh-caps=-net_admin netherd up first.yml"), 1,
                   "up: CAP_NET_ADMIN is missing: run it as root, for example with sudo");
  expect_one_error(run("setpriv --bounding-set=-sys_admin --inh-caps=-sys_admin netherd up first.yml"), 1,
                   "up: CAP_SYS_ADMIN is missing: run it as root, for example with sudo");
  expect_one_error(run("setpriv --reuid 65534 --clear-groups netherd up first.yml"), 1,
                   "up: CAP_SYS_ADMIN and CAP_NET_ADMIN are missing: run it as root, for example with sudo");
}

/// What doctor finds missing, up refuses with the same words.
void expect_doctor_agrees(const std::string& prefix, const std::string& subject, const std::string& reason) {
  const Finished up = run(prefix + "netherd up first.yml'");
  EXPECT_EQ(up.status, 1);
  EXPECT_NE(up.errors.find(reason), std::string::npos) << up.errors;
  const Finished doctor = run(prefix + "netherd doctor'");
  EXPECT_EQ(doctor.status, 1);
  EXPECT_NE(doctor.output.find("missing  " + subject), std::string::npos) << doctor.output;
  EXPECT_NE(doctor.output.find(reason), std::string::npos) << doctor.output;
}

TEST_F(Failure, WhereNothingCanBeWrittenIsForeseen) {
  write_first_lab();
  expect_doctor_agrees("unshare --mount sh -c 'mount -t tmpfs -o ro tmpfs /run && ", "directories",
                       "/run cannot be written to: Read-only file system");
  expect_nothing_is_left();
}

TEST_F(Failure, InAUserNamespaceIsForeseen) {
  write_first_lab();
  if (run("unshare --user --map-root-user true").status != 0) GTEST_SKIP() << "no user namespaces here";
  expect_doctor_agrees("unshare --user --map-root-user sh -c '", "privileges",
                       "this is a user namespace, and the network namespace belongs to one outside of it");
  expect_nothing_is_left();
}

TEST_F(Failure, OfPrivilegesDoesNotConcernWhatNeedsNone) {
  write_first_lab();
  const std::string nobody = "setpriv --reuid 65534 --clear-groups netherd ";
  for (const char* command : {"plan first.yml", "generate ring", "ls", "completion bash", "--version"}) {
    EXPECT_EQ(run(nobody + command).status, 0) << command;
  }
}

TEST_F(Failure, IsTheEndOfAnInterruptedUp) {
  UnderWay up;
  up.process().send_signal(SIGINT);
  const Finished finished = up.process().wait();
  EXPECT_EQ(finished.status, 1);
  EXPECT_EQ(finished.output, "");
  EXPECT_EQ(finished.errors, "netherd: interrupted (Interrupt)\nnetherd: lab big is removed, nothing is left of it\n");
  expect_nothing_is_left();
}

TEST_F(Failure, IsTheEndOfAnUpThatWasInterruptedWhileItWaited) {
  // The kernel takes more than a second to see to the carriers of so many links of one node.
  ASSERT_EQ(run("netherd generate star --nodes 1001 --name wait --quiet -o wait.yml").status, 0);
  Running up{"exec netherd up wait.yml --wait"};
  EXPECT_TRUE(becomes_true(
      [] { return run("ip -n wait-n1001 link show up dev eth1").output.find("eth1") != std::string::npos; }));
  up.send_signal(SIGINT);
  const Finished finished = up.wait();
  EXPECT_EQ(finished.status, 1);
  EXPECT_EQ(finished.errors, "netherd: interrupted (Interrupt)\nnetherd: lab wait is removed, nothing is left of it\n");
  expect_nothing_is_left();
}

TEST_F(Failure, IsTheEndOfAnUpThatWasTerminatedWhileCommandsRun) {
  write_file("slow.yml", "name: slow\ntopology: {nodes: {a: {exec: [\"touch started; sleep 60\"]}}}\n");
  Running up{"exec netherd up slow.yml"};
  EXPECT_TRUE(becomes_true([] { return ::access("started", F_OK) == 0; }));
  up.send_signal(SIGTERM);
  const Finished finished = up.wait();
  EXPECT_EQ(finished.status, 1);
  EXPECT_TRUE(finished.errors.starts_with("netherd: interrupted (Terminated)\n")) << finished.errors;
  expect_nothing_is_left();
}

TEST_F(Failure, OfOthersWhileALabIsBeingBuilt) {
  UnderWay up;
  EXPECT_NE(run("netherd ls").output.find("big  building"), std::string::npos);
  EXPECT_EQ(run("netherd up big.yml").errors,
            "netherd: a lab called 'big' exists, and another netherd is at work on it\n");
  const Finished down = run("netherd down big");
  EXPECT_EQ(down.status, 1);
  EXPECT_EQ(down.errors, "netherd: another netherd is working on lab 'big'\n");
  const Finished check = run("netherd check big");
  EXPECT_EQ(check.status, 1);
  EXPECT_EQ(check.output + check.errors, down.errors);
  up.process().send_signal(SIGINT);
  EXPECT_EQ(up.process().wait().status, 1);
}

TEST_F(Failure, OfAllButOneOfSeveralThatRemoveALab) {
  EXPECT_EQ(run("netherd generate ring --nodes 200 | netherd up - --quiet").status, 0);
  const Finished downs = run("for i in 1 2 3; do (netherd down ring; echo $?) & done; wait");
  const auto lines = lines_of(downs.output);
  EXPECT_EQ(std::ranges::count(lines, "0"), 1) << testing::PrintToString(downs);
  EXPECT_NE(downs.output.find("ring is down: 200 nodes removed"), std::string::npos) << downs.output;
  EXPECT_EQ(lines_of(downs.errors).size(), 2U) << downs.errors;
  expect_nothing_is_left();
}

TEST_F(Failure, ByKillLeavesALabThatCanBeRemoved) {
  UnderWay up;
  up.process().send_signal(SIGKILL);
  EXPECT_EQ(up.process().wait().status, 128 + SIGKILL);
  EXPECT_NE(run("netherd ls").output.find("building, interrupted"), std::string::npos);
  for (const char* const command : {"netherd check big", "netherd ping big"}) {
    expect_one_error(run(command), 1, "lab 'big' is not whole (building, interrupted); `netherd down big` removes it");
  }
  const Finished down = run("netherd down big");
  EXPECT_EQ(down.status, 0) << testing::PrintToString(down);
  expect_nothing_is_left();
}

}  // namespace
}  // namespace netherd::test
