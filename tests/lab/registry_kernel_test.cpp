#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "kernel_lab.hpp"
#include "lab_support.hpp"
#include "netherd/lab/generate.hpp"
#include "netherd/lab/reader.hpp"
#include "netherd/ops/netns_path.hpp"
#include "ops/iproute2.hpp"

namespace netherd::lab {
namespace {

namespace fs = std::filesystem;
using test::NamedNamespace;

Topology ring(std::uint32_t nodes, std::string name = "lab") {
  Topology topology = generate("ring", {.nodes = nodes}).value();
  topology.name = std::move(name);
  topology.options.ipv4_pool = prefix("10.0.0.0/8");
  return addressed(std::move(topology));
}

/// Runs a function in a process of its own; gives the process.
pid_t start_process(const std::function<int()>& function) {
  const pid_t process = ::fork();
  if (process == 0) ::_exit(function());
  return process;
}

int exit_status(pid_t process) {
  int status = 0;
  EXPECT_EQ(::waitpid(process, &status, 0), process);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

class RegistryTest : public testing::Test {
 protected:
  [[nodiscard]] LabDirectory claim(const Topology& topology) const {
    auto claimed = registry.claim(topology);
    if (!claimed) throw std::runtime_error{to_string(claimed.error())};
    return std::move(*claimed);
  }
  void expect_removed(LabDirectory directory) const {
    const std::string lab = directory.lab();
    const auto removed = registry.remove(std::move(directory));
    EXPECT_TRUE(removed) << removed.error().what << ": " << removed.error().code.message();
    EXPECT_EQ(traces_of(lab), std::vector<std::string>{});
  }
  /// The lab of a process that ended without removing it.
  void remove_orphan(const std::string& lab) const {
    auto opened = registry.open(lab);
    if (opened) return expect_removed(std::move(*opened));
    EXPECT_EQ(opened.error().code, boost::system::errc::no_such_file_or_directory) << opened.error().what;
    EXPECT_EQ(traces_of(lab), std::vector<std::string>{});
  }

  const Registry registry;
};

TEST_F(RegistryTest, ThatWasNeverUsedHasNoLabs) {
  const Registry unused{{.labs = "/run/unused", .netns = "/run/unused-netns"}};
  const auto labs = unused.list();
  ASSERT_TRUE(labs);
  EXPECT_TRUE(labs->empty());
  EXPECT_FALSE(unused.open("lab"));
  EXPECT_FALSE(fs::exists("/run/unused"));
}

TEST_F(RegistryTest, ClaimedLabIsListedAndLocked) {
  LabDirectory lab = claim(ring(3));
  auto labs = registry.list();
  ASSERT_TRUE(labs);
  ASSERT_EQ(labs->size(), 1U);
  EXPECT_EQ(labs->front().name, "lab");
  EXPECT_EQ(labs->front().phase, LabPhase::building);
  EXPECT_TRUE(labs->front().locked);
  EXPECT_EQ(labs->front().nodes, 0U);
  EXPECT_FALSE(lab.set_phase(LabPhase::up));
  labs = registry.list();
  ASSERT_TRUE(labs);
  EXPECT_EQ(labs->front().phase, LabPhase::up);
  expect_removed(std::move(lab));
  EXPECT_TRUE(registry.list()->empty());
}

TEST_F(RegistryTest, ANameIsClaimedOnce) {
  LabDirectory lab = claim(ring(3));
  const auto again = registry.claim(ring(3));
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, boost::system::errc::file_exists);
  EXPECT_NE(again.error().what.find("'lab'"), std::string::npos) << again.error().what;
  expect_removed(std::move(lab));
}

TEST_F(RegistryTest, AnotherProcessCannotOpenALabThatIsWorkedOn) {
  LabDirectory lab = claim(ring(3));
  const auto opened = registry.open("lab");
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, boost::system::errc::resource_unavailable_try_again);
  EXPECT_NE(opened.error().what.find("'lab'"), std::string::npos) << opened.error().what;
  expect_removed(std::move(lab));
}

TEST_F(RegistryTest, NamesThatLeaveTheDirectoryAreUnknown) {
  for (const char* name : {"", ".", "..", "../netns", "a/b", "-x"}) {
    const auto opened = registry.open(name);
    ASSERT_FALSE(opened) << name;
    EXPECT_EQ(opened.error().code, boost::system::errc::no_such_file_or_directory) << name;
    EXPECT_FALSE(registry.read_topology_file(name)) << name;
  }
}

/// What is called like a node's link for `ip`: a namespace, a file, a link that dangles.
TEST_F(RegistryTest, WhatIsAnothersIsNotTouched) {
  const NamedNamespace theirs{"lab-n2"};
  auto claimed = registry.claim(ring(3));
  ASSERT_FALSE(claimed);
  EXPECT_EQ(claimed.error().code, boost::system::errc::file_exists);
  EXPECT_NE(claimed.error().what.find("'lab-n2'"), std::string::npos) << claimed.error().what;
  EXPECT_FALSE(fs::exists("/run/netherd/lab"));
  EXPECT_TRUE(ops::open_namespace(theirs.path()));

  const std::pair<const char*, std::function<void(const fs::path&)>> others[]{
      {"a file", [](const fs::path& path) { std::ofstream{path} << "theirs"; }},
      {"a link to nowhere", [](const fs::path& path) { fs::create_symlink("/nowhere", path); }}};
  for (const auto& [what, make] : others) {
    const fs::path path = "/run/netns/other-n1";
    make(path);
    claimed = registry.claim(ring(3, "other"));
    ASSERT_FALSE(claimed) << what;
    EXPECT_EQ(claimed.error().code, boost::system::errc::file_exists) << what;
    EXPECT_TRUE(fs::exists(fs::symlink_status(path))) << what;
    fs::remove(path);
  }
}

TEST_F(RegistryTest, RemovesOnlyItsOwnSymbolicLinks) {
  const Topology topology = ring(3);
  const Plan plan{topology};
  LabDirectory lab = claim(topology);
  ASSERT_EQ(to_text(run_builder(plan, lab).failure), "");
  const fs::path theirs = "/run/netns/lab-n2";
  fs::remove(theirs);
  fs::create_symlink("/run/netns/somewhere", theirs);
  const auto removed = registry.remove(std::move(lab));
  ASSERT_TRUE(removed);
  EXPECT_EQ(*removed, 3U);
  EXPECT_EQ(traces_of("lab"), std::vector<std::string>{theirs});
  EXPECT_EQ(fs::read_symlink(theirs), "/run/netns/somewhere");
  fs::remove(theirs);
}

TEST_F(RegistryTest, ALabIsRemovedOnce) {
  static_cast<void>(claim(ring(3)));  // and left, as by a process that ended
  auto first = registry.open("lab");
  ASSERT_TRUE(first);
  expect_removed(std::move(*first));
  const auto second = registry.open("lab");
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, boost::system::errc::no_such_file_or_directory);
}

/// What a process leaves that was killed before it mounted, and what somebody leaves who unmounts a lab.
TEST_F(RegistryTest, DebrisIsShownAndRemoved) {
  const auto make_debris = [&] {
    static_cast<void>(claim(ring(3)));
    ASSERT_EQ(::umount2("/run/netherd/lab", MNT_DETACH), 0);
  };
  make_debris();
  const auto labs = registry.list();
  ASSERT_TRUE(labs);
  ASSERT_EQ(labs->size(), 1U);
  EXPECT_EQ(labs->front().state, LabState::unmounted);
  EXPECT_EQ(labs->front().phase, std::nullopt);
  EXPECT_FALSE(labs->front().locked);
  EXPECT_FALSE(registry.exists("lab"));
  remove_orphan("lab");
  make_debris();
  expect_removed(claim(ring(3)));
}

/// A process may be killed between any two of its steps.
TEST_F(RegistryTest, HalfMadeDirectoriesAreDebris) {
  fs::create_directories("/run/netherd");
  for (const bool with_claim : {false, true}) {
    ASSERT_EQ(::mkdir("/run/netherd/lab", 01700), 0);
    if (with_claim) std::ofstream{"/run/netherd/lab/claim"} << "netherd la";
    ASSERT_EQ(registry.list()->at(0).state, LabState::unmounted);
    remove_orphan("lab");
  }
}

TEST_F(RegistryTest, AnEmptyDirectoryProvesNothing) {
  fs::create_directories("/run/netherd/lab");
  ASSERT_TRUE(registry.list());
  EXPECT_EQ(registry.list()->at(0).state, LabState::foreign);
  EXPECT_FALSE(registry.claim(ring(3)));
  EXPECT_FALSE(registry.open("lab"));
  EXPECT_TRUE(fs::remove("/run/netherd/lab"));
}

/// It is removed only if it is certain that the lab is mounted nowhere.
TEST_F(RegistryTest, AClaimSaysWhereALabIs) {
  static_cast<void>(claim(ring(3)));
  std::ifstream file{"/run/netherd/lab/claim"};
  const std::string ours{std::istreambuf_iterator<char>{file}, {}};
  ASSERT_EQ(::umount2("/run/netherd/lab", MNT_DETACH), 0);
  const auto state_with = [&](const std::string& text) {
    std::ofstream{"/run/netherd/lab/claim"} << text;
    const auto labs = registry.list();
    return labs && labs->size() == 1 ? labs->front().state : LabState::mounted;
  };
  const auto replace = [&](const std::string& key, const std::string& value) {
    std::string text = ours;
    const std::size_t at = text.find(key) + key.size();
    return text.replace(at, text.find('\n', at) - at, value);
  };
  EXPECT_EQ(state_with(ours), LabState::unmounted);
  EXPECT_EQ(state_with(replace("mount-namespace ", "1")), LabState::elsewhere);
  EXPECT_EQ(state_with(replace("mount-namespace ", "0")), LabState::elsewhere);
  EXPECT_EQ(state_with(replace("boot ", "another")), LabState::unmounted);
  EXPECT_EQ(state_with(replace("netherd lab ", "other")), LabState::foreign);
  EXPECT_EQ(state_with("nonsense"), LabState::foreign);
  EXPECT_EQ(state_with(ours), LabState::unmounted);
  remove_orphan("lab");
}

TEST_F(RegistryTest, AFileInTheWayIsNotTouched) {
  fs::create_directories("/run/netherd");
  std::ofstream{"/run/netherd/lab"} << "theirs";
  const auto claimed = registry.claim(ring(3));
  ASSERT_FALSE(claimed);
  EXPECT_EQ(claimed.error().code, boost::system::errc::file_exists) << claimed.error().what;
  EXPECT_FALSE(registry.open("lab"));
  EXPECT_TRUE(fs::is_regular_file("/run/netherd/lab"));
  fs::remove("/run/netherd/lab");
}

/// Another lab of the name may have come while a process still held the old one.
TEST_F(RegistryTest, RemovesOnlyTheLabThatItOpened) {
  LabDirectory old = claim(ring(3));
  ASSERT_EQ(::umount2("/run/netherd/lab", MNT_DETACH), 0);
  LabDirectory fresh = claim(ring(3));
  EXPECT_FALSE(registry.remove(std::move(old)));
  EXPECT_TRUE(registry.exists("lab"));
  expect_removed(std::move(fresh));
}

TEST_F(RegistryTest, WaitsForOthersButNotForever) {
  const engine::FileDescriptor file{::open("/run/netherd.lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600)};
  struct flock lock{};
  lock.l_type = F_WRLCK;
  ASSERT_EQ(::fcntl(file.get(), F_OFD_SETLK, &lock), 0);
  const auto bounded = Registry{{}, {.most = std::chrono::milliseconds{30}}}.claim(ring(3));
  ASSERT_FALSE(bounded);
  EXPECT_EQ(bounded.error().code, boost::system::errc::timed_out);
  const auto cancelled = Registry{{}, {.is_cancelled = [] { return true; }}}.claim(ring(3));
  ASSERT_FALSE(cancelled);
  EXPECT_EQ(cancelled.error().code, boost::system::errc::operation_canceled);
}

TEST_F(RegistryTest, TheTopologyIsReadAsItWasBuilt) {
  const Topology topology = ring(5);
  LabDirectory lab = claim(topology);
  EXPECT_FALSE(registry.read_topology_file("lab")) << "it was not written yet";
  ASSERT_FALSE(lab.write_topology_file(topology));
  const auto read = registry.read_topology_file("lab");
  ASSERT_TRUE(read) << read.error().what;
  EXPECT_EQ(write_topology(*read), write_topology(topology));
  expect_removed(std::move(lab));
  const auto gone = registry.read_topology_file("lab");
  ASSERT_FALSE(gone);
  EXPECT_EQ(gone.error().code, boost::system::errc::no_such_file_or_directory);
}

TEST_F(RegistryTest, OfProcessesThatClaimTheSameNameExactlyOneWins) {
  const Topology topology = ring(3);
  for (int round = 0; round < 10; ++round) {
    const auto start = std::chrono::steady_clock::now() + std::chrono::milliseconds{20};
    constexpr int contenders = 4;
    std::vector<pid_t> processes;
    processes.reserve(contenders);
    for (int contender = 0; contender < contenders; ++contender) {
      processes.push_back(start_process([&] {
        std::this_thread::sleep_until(start);
        return Registry{}.claim(topology) ? 1 : 0;
      }));
    }
    int winners = 0;
    for (const pid_t process : processes) winners += exit_status(process);
    EXPECT_EQ(winners, 1);
    remove_orphan("lab");
  }
}

/// Looking whether a lab is locked must not lock it for others.
TEST_F(RegistryTest, ListingDisturbsNobody) {
  static_cast<void>(claim(ring(3)));
  std::atomic<bool> ended = false;
  std::atomic<int> seen_locked = 0;
  std::vector<std::jthread> listers;
  listers.reserve(2);
  for (int lister = 0; lister < 2; ++lister) {
    listers.emplace_back([&] {
      while (!ended) {
        const auto labs = registry.list();
        seen_locked += labs && labs->at(0).locked ? 1 : 0;
      }
    });
  }
  std::this_thread::sleep_for(std::chrono::milliseconds{200});
  EXPECT_EQ(seen_locked, 0) << "nobody works on it";
  for (int round = 0; round < 500; ++round) {
    const auto opened = registry.open("lab");
    EXPECT_TRUE(opened) << opened.error().what;
  }
  ended = true;
  listers.clear();
  remove_orphan("lab");
}

TEST_F(RegistryTest, AKilledBuilderLeavesNothingThatIsNotFound) {
  const NamedNamespace theirs{"theirs"};
  const NamedNamespace alike{"lab-n1x"};
  const Topology topology = ring(60);
  const Plan plan{topology};
  std::mt19937 random{20};
  for (int round = 0; round < 40; ++round) {
    const pid_t process = start_process([&] {
      auto claimed = Registry{}.claim(topology);
      if (!claimed || claimed->write_topology_file(topology)) return 1;
      const BuildReport report = run_builder(plan, *claimed, {.factory_threads = round % 2 == 0 ? 1U : 2U});
      return report.failure ? 1 : 0;
    });
    std::this_thread::sleep_for(std::chrono::microseconds{random() % 120'000});
    ::kill(process, SIGKILL);
    exit_status(process);
    ASSERT_TRUE(registry.list());
    auto opened = registry.open("lab");
    if (opened) {
      ASSERT_TRUE(registry.remove(std::move(*opened)));
    } else {
      EXPECT_EQ(opened.error().code, boost::system::errc::no_such_file_or_directory) << opened.error().what;
    }
    ASSERT_EQ(traces_of("lab"), std::vector<std::string>{alike.path()}) << "round " << round;
  }
  EXPECT_TRUE(ops::open_namespace(theirs.path()));
  EXPECT_TRUE(ops::open_namespace(alike.path()));
}

/// A teardown that was interrupted anywhere is done again.
TEST_F(RegistryTest, AKilledTeardownIsDoneAgain) {
  const Topology topology = ring(40);
  const Plan plan{topology};
  std::mt19937 random{21};
  for (int round = 0; round < 8; ++round) {
    {
      const LabDirectory lab = claim(topology);
      ASSERT_EQ(to_text(run_builder(plan, lab).failure), "");
    }
    const pid_t process = start_process([&] {
      auto opened = Registry{}.open("lab");
      return opened && Registry{}.remove(std::move(*opened)) ? 0 : 1;
    });
    std::this_thread::sleep_for(std::chrono::microseconds{random() % 3'000});
    ::kill(process, SIGKILL);
    exit_status(process);
    remove_orphan("lab");
  }
}

/// Another process's copy of our mounts, as `ip netns exec` and systemd make it, must not keep the namespaces alive.
class RegistryCopies : public RegistryTest, public testing::WithParamInterface<unsigned long> {};

TEST_P(RegistryCopies, OfTheMountsDoNotKeepNamespacesAlive) {
  const Topology topology = ring(3);
  const Plan plan{topology};
  LabDirectory lab = claim(topology);
  ASSERT_EQ(to_text(run_builder(plan, lab).failure), "");
  const std::string pinned = lab.namespace_path("n1");
  int copied[2];
  int removed[2];
  ASSERT_EQ(::pipe2(copied, O_CLOEXEC), 0);
  ASSERT_EQ(::pipe2(removed, O_CLOEXEC), 0);
  const pid_t process = start_process([&] {
    char byte = 0;
    if (::unshare(CLONE_NEWNS) != 0) return 1;
    if (GetParam() != 0 && ::mount("none", "/", nullptr, MS_REC | GetParam(), nullptr) != 0) return 2;
    if (!ops::open_namespace(pinned)) return 3;
    if (::write(copied[1], &byte, 1) != 1 || ::read(removed[0], &byte, 1) != 1) return 4;
    return ops::open_namespace(pinned) ? 5 : 0;
  });
  ::close(copied[1]);
  char byte = 0;
  EXPECT_EQ(::read(copied[0], &byte, 1), 1);
  expect_removed(std::move(lab));
  EXPECT_EQ(::write(removed[1], &byte, 1), 1);
  EXPECT_EQ(exit_status(process), 0);
  for (const int descriptor : {copied[0], removed[0], removed[1]}) ::close(descriptor);
}

INSTANTIATE_TEST_SUITE_P(Propagation, RegistryCopies, testing::Values(0UL, 0UL + MS_SLAVE));

}  // namespace
}  // namespace netherd::lab
