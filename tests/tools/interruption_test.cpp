#include <fcntl.h>
#include <signal.h>

#include <array>
#include <chrono>
#include <random>
#include <thread>

#include "command.hpp"

namespace netherd::test {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

/// 200 moments take less than a minute; where a machine is slow, fewer of them are enough.
constexpr auto time_for_moments = 90s;

/// The promise is two seconds; the rest is for a machine that is busy, or emulated: that is as slow with everything.
std::chrono::nanoseconds most_time() {
  static const auto most = [] {
    const auto start = Clock::now();
    EXPECT_EQ(run("netherd ls").status, 0);
    return 4s + 100 * (Clock::now() - start);
  }();
  return most;
}

struct Trial {
  const char* command;
  const char* preparation;         ///< what is there before, beside the lab "there"
  std::chrono::milliseconds most;  ///< the signal comes within this time
};

constexpr const char* ring = "netherd generate ring --nodes 12 --name ring --quiet -o ring.yml";
constexpr const char* ring_is_up = "netherd up ring.yml --quiet >/dev/null";
constexpr const char* debris = "netherd up ring.yml --quiet >/dev/null && echo -n building >/run/netherd/ring/phase";

constexpr std::array trials{
    Trial{"up ring.yml --wait", "true", 100ms},
    Trial{"up commands.yml", "true", 150ms},
    Trial{"up stubborn.yml", "true", 60ms},
    Trial{"down ring --wait", ring_is_up, 60ms},
    Trial{"down --all --wait", ring_is_up, 40ms},
    Trial{"gc", debris, 20ms},
    Trial{"exec there --all -- sh -c 'echo x; sleep 5'", "true", 60ms},
    Trial{"exec there a b --json -- sh -c \"trap '' TERM; sleep 5\"", "true", 60ms},
    Trial{"exec there a b -- yes", "true", 60ms},
    Trial{"exec there a -- sleep 5", "true", 40ms},
    Trial{"check there", "true", 20ms},
    Trial{"ping there --count 100", "true", 40ms},
    Trial{"show there", "true", 20ms},
    Trial{"bench --rounds 1 --quiet", "true", 200ms},
    Trial{"generate ring --nodes 200000 | sleep 5", "true", 60ms},
    Trial{"plan -", "true", 20ms},
    Trial{"up - </dev/tty", "true", 20ms},
    Trial{"ip -batch batch", "true", 60ms},
    Trial{"ip monitor", "true", 30ms},
    Trial{"doctor", "true", 20ms},
};

class Interruptions : public CommandTest {
 protected:
  Interruptions() {
    EXPECT_EQ(run(ring).status, 0);
    write_file("there.yml", R"(name: there
netherd: {ipv4-pool: 10.0.0.0/8}
topology: {nodes: {a: , b: , c: }, links: [{endpoints: ["a:e1", "b:e1"]}, {endpoints: ["b:e2", "c:e1"]}]}
)");
    write_file("commands.yml",
               "name: commands\ntopology: {nodes: {a: {exec: [\"echo before\", \"sleep 0.6\"]}, b: {exec: [\"true\", "
               "\"echo x\", \"true\", \"sleep 5\"]}}}\n");
    write_file(
        "stubborn.yml",
        "name: stubborn\ntopology: {nodes: {a: {exec: [\"trap '' TERM INT HUP; sleep 5 & sleep 5; sleep 5\"]}}}\n");
    write_file("batch", "netns exec there-a sleep 0.02\nnetns add x1\nnetns del x1\nnetns exec there-a sleep 5\n");
  }

  static bool is_mounted(const std::string& lab) { return !files_in("/run/netherd/" + lab + "/ns").empty(); }

  /// Nothing but "there", and what the command has named.
  static void expect_left(const Finished& finished, const std::string& when) {
    // The signal itself has ended gc before it did anything.
    if (when.starts_with("gc") && finished.status > 128) return;
    for (const std::string& lab : files_in("/run/netherd")) {
      if (lab == "there" || lab.starts_with('.')) continue;
      const std::string phase = run("cat /run/netherd/" + lab + "/phase 2>/dev/null").output;
      const bool said = finished.errors.find("netherd down") != std::string::npos ||
                        finished.errors.find("netherd gc") != std::string::npos;
      EXPECT_TRUE(phase == "up" || said) << when << ": " << lab << " is left '" << phase << "'\n"
                                         << testing::PrintToString(finished);
    }
  }

  static std::string processes_inside() {
    return run("for i in a b c; do ip netns pids there-$i; done | xargs -r -n1 ps -o pid=,args= -p").output;
  }
};

TEST_F(Interruptions, At200RandomMomentsEndEveryCommand) {
  constexpr int moments = 200;
  std::mt19937 random{20261129};
  ASSERT_EQ(run("netherd up there.yml --quiet --wait").status, 0);
  constexpr std::array signals{SIGINT, SIGTERM, SIGHUP};
  int tried = 0;
  int ended_by_signal = 0;
  const auto begin = Clock::now();
  for (int i = 0; i < moments && Clock::now() - begin < time_for_moments; ++i) {
    const Trial& trial = trials.at(static_cast<std::size_t>(i) % trials.size());
    if (std::string_view{trial.command}.find("/dev/tty") != std::string_view::npos && ::access("/dev/tty", R_OK) != 0)
      continue;
    ASSERT_EQ(run(trial.preparation).status, 0) << trial.command;
    std::uniform_int_distribution<std::int64_t> moment{0, std::chrono::microseconds{trial.most}.count()};
    const std::chrono::microseconds after{moment(random)};
    const int signal = signals.at(random() % signals.size());
    const std::string when = std::string{trial.command} + ", signal " + std::to_string(signal) + " after " +
                             std::to_string(after.count()) + " us";
    Running process{std::string{"exec netherd "} + trial.command};
    std::this_thread::sleep_for(after);
    const auto start = Clock::now();
    process.send_signal(signal);
    const Finished finished = process.wait();
    ASSERT_LT(Clock::now() - start, most_time()) << when << '\n' << testing::PrintToString(finished);
    ++tried;
    if (finished.status != 0) ++ended_by_signal;
    expect_left(finished, when);
    EXPECT_EQ(run("netherd down ring commands 2>/dev/null; for l in ring commands stubborn; do "
                  "if [ -e /run/netherd/$l ]; then netherd down $l >/dev/null || exit 1; fi; done; "
                  "ip netns del x1 2>/dev/null; true")
                  .status,
              0)
        << when;
    EXPECT_TRUE(becomes_true([] { return processes_inside().empty(); })) << when << '\n' << processes_inside();
    if (HasFailure()) return;
  }
  EXPECT_GT(ended_by_signal, tried / 2) << "most commands had ended before they were interrupted";
  EXPECT_EQ(run("netherd check there").status, 0);
}

/// Another netherd that works on the set of labs, and does not end.
TEST_F(Interruptions, EndCommandsThatWaitForALock) {
  EXPECT_EQ(run("netherd up ring.yml --quiet").status, 0);
  const engine::FileDescriptor file{::open("/run/netherd.lock", O_RDWR | O_CLOEXEC)};
  struct flock whole{};
  whole.l_type = F_WRLCK;
  ASSERT_EQ(::fcntl(file.get(), F_OFD_SETLK, &whole), 0);
  for (const char* command : {"down ring", "up there.yml", "gc"}) {
    Running waiting{std::string{"exec netherd "} + command};
    std::this_thread::sleep_for(100ms);
    const auto start = Clock::now();
    waiting.send_signal(SIGTERM);
    const Finished finished = waiting.wait();
    EXPECT_LT(Clock::now() - start, most_time()) << command;
    EXPECT_NE(finished.status, 0) << command << ": it has not waited";
  }
}

}  // namespace
}  // namespace netherd::test
