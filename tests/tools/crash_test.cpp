#include <chrono>
#include <csignal>
#include <random>
#include <thread>

#include "command.hpp"

namespace netherd::test {
namespace {

/// What processes that were killed leave, beside things that are somebody else's.
class Crash : public CommandTest {
 protected:
  Crash() {
    EXPECT_EQ(run("ip netns add foreign && ip netns add small-x && ln -s /run/netns/foreign /run/netns/small-link && "
                  "ip link add keep0 type veth peer name keep1")
                  .status,
              0);
    write_file("small.yml", R"(name: small
netherd: {routing: shortest-path, ipv4-pool: 10.0.0.0/8}
topology:
  nodes: {a: , b: , c: , d: , e: , f: , s: {kind: bridge}}
  links:
    - endpoints: ["a:eth1", "b:eth1"]
    - endpoints: ["b:eth2", "c:eth1"]
    - endpoints: ["c:eth2", "d:eth1"]
    - endpoints: ["d:eth2", "e:eth1"]
    - endpoints: ["e:eth2", "f:eth1"]
    - endpoints: ["f:eth2", "s:p1"]
    - endpoints: ["a:eth2", "s:p2"]
    - endpoints: ["a:eth3", "host:small-a"]
)");
    links_before_ = links();
  }
  ~Crash() override {
    EXPECT_EQ(run("ip link del keep0; rm /run/netns/small-link; ip netns del foreign; ip netns del small-x").status, 0);
  }

  static std::string links() { return run("ip -o link | sed 's/: <.*//'").output; }

  void expect_only_foreign_things(const std::string& when) {
    EXPECT_EQ(files_in("/run/netherd"), std::vector<std::string>{}) << when;
    EXPECT_EQ(files_in("/run/netns"), (std::vector<std::string>{"foreign", "small-link", "small-x"})) << when;
    EXPECT_EQ(links(), links_before_) << when;
    EXPECT_EQ(run("ip netns exec foreign true; ip netns exec small-x true; grep -c /run/netherd/ /proc/self/mountinfo")
                  .output,
              "0\n")
        << when;
  }

  std::string links_before_;
};

/// Kills a command after a moment; true if it had not ended before.
bool kill_within(const std::string& command, std::chrono::microseconds moment) {
  Running process{"exec " + command};
  std::this_thread::sleep_for(moment);
  process.send_signal(SIGKILL);
  return process.wait().status == 128 + SIGKILL;
}

TEST_F(Crash, At200RandomMomentsLeavesNothingThatIsNotRemoved) {
  constexpr int moments = 200;
  std::mt19937 random{20000102};
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(run("netherd up small.yml --quiet >/dev/null && netherd down small").status, 0);
  const auto whole = std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - start);
  int killed = 0;
  for (int i = 0; i < moments; ++i) {
    const bool of_down = i % 4 == 3;
    std::uniform_int_distribution<std::int64_t> moment{0, whole.count() / 2};
    const std::chrono::microseconds after{moment(random)};
    const std::string when = (of_down ? "down, " : "up, ") + std::to_string(after.count()) + " us";
    if (of_down) {
      EXPECT_EQ(run("netherd up small.yml --quiet").status, 0) << when;
    }
    if (kill_within(of_down ? "netherd down small" : "netherd up small.yml --quiet", after)) ++killed;
    // A lab that was killed in its first moment has no directory yet, and one that was ready is no debris.
    const bool by_gc = i % 2 == 0;
    if (by_gc) {
      EXPECT_EQ(run("netherd gc --quiet").status, 0) << when;
      const std::string phase = run("cat /run/netherd/*/phase 2>/dev/null").output;
      EXPECT_TRUE(phase.empty() || phase == "up") << when << ": gc has left a lab that is '" << phase << '\'';
    }
    if (!files_in("/run/netherd").empty()) {
      EXPECT_EQ(run("netherd down small").status, 0) << when;
    }
    expect_only_foreign_things(when);
    if (HasFailure()) return;
  }
  EXPECT_GT(killed, moments / 3) << "most commands had ended before they were killed";
}

/// Between the two steps of pinning the host: its name is a plain file, and it has no links yet.
TEST_F(Crash, WhileTheHostGetsItsNameLeavesNothingThatIsNotRemoved) {
  for (const char* cleaner : {"netherd gc --quiet", "netherd down small"}) {
    EXPECT_EQ(run("netherd up small.yml --quiet && ip link delete small-a && umount /run/netherd/small/ns/host && "
                  "echo -n building >/run/netherd/small/phase")
                  .status,
              0);
    const Finished cleaned = run(cleaner);
    EXPECT_EQ(cleaned.status, 0) << cleaned.errors;
    expect_only_foreign_things(cleaner);
  }
}

TEST_F(Crash, IsCleanedUpByGcAndNothingElseIs) {
  EXPECT_EQ(run("netherd up small.yml --quiet && netherd up small.yml --name crashed --quiet --routing none 2>&1 | "
                "grep -q 'host has an interface'")
                .status,
            0);
  write_file("other.yml", "topology: {nodes: {a: , b: }, links: [{endpoints: [\"a:x\", \"b:x\"]}]}\n");
  EXPECT_EQ(
      run("netherd up other.yml --quiet && echo -n building >/run/netherd/other/phase && netherd up other.yml --quiet "
          "--name debris && rm /run/netns/debris-* && umount -l /run/netherd/debris && mkdir /run/netherd/notmine && "
          "ln -s /run/netherd/gone/ns/x /run/netns/gone-x")
          .status,
      0);
  const Finished gc = run("netherd gc");
  EXPECT_EQ(gc.status, 0);
  EXPECT_EQ(
      gc.output,
      "lab debris: removed, with 0 nodes\nlab other: removed, with 2 nodes\n1 name of a namespace removed that led "
      "nowhere\n");
  EXPECT_EQ(gc.errors, "netherd: warning: /run/netherd/notmine: is not netherd's, left alone\n");
  EXPECT_EQ(files_in("/run/netherd"), (std::vector<std::string>{"notmine", "small"}));
  EXPECT_EQ(run("netherd check small").status, 0) << "gc has damaged a lab that is up";
  EXPECT_EQ(run("netherd gc --json").json()["labs"].size(), 0U);
  EXPECT_EQ(run("rmdir /run/netherd/notmine; netherd down small").status, 0);
  expect_only_foreign_things("after gc");
}

TEST_F(Crash, IsNotWhatIsBeingBuilt) {
  UnderWay up;
  EXPECT_EQ(run("netherd gc").output, "nothing is left over\n");
  up.process().send_signal(SIGKILL);
  EXPECT_EQ(up.process().wait().status, 128 + SIGKILL);
  EXPECT_NE(run("netherd gc").output.find("lab big: removed, with"), std::string::npos);
  expect_only_foreign_things("after gc");
}

}  // namespace
}  // namespace netherd::test
