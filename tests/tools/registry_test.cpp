#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <memory>

#include "command.hpp"

namespace netherd::test {
namespace {

using namespace std::chrono_literals;
using Names = std::vector<std::string>;

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

void expect_success(const std::string& command) {
  const Finished finished = run(command);
  EXPECT_EQ(finished.status, 0) << command << ": " << testing::PrintToString(finished);
}

/// The command fails, and says why.
void expect_refusal(const std::string& command, const std::string& reason) {
  const Finished finished = run("timeout 20 " + command);
  EXPECT_EQ(finished.status, 1) << command << ": " << testing::PrintToString(finished);
  EXPECT_TRUE(contains(finished.errors, reason)) << command << ": " << testing::PrintToString(finished);
}

/// A lab that other people's things must not harm, and that must not harm them.
class RegistryOf : public CommandTest {
 protected:
  RegistryOf() { write_first_lab(); }

  static void up() { expect_success("netherd up first.yml --quiet"); }
  static void down() { expect_success("timeout 20 netherd down first"); }
  static void expect_whole() { expect_success("netherd check first"); }
};

// Mount namespaces

class MountNamespaces : public RegistryOf {};

TEST_F(MountNamespaces, ThatNobodyElseSeesAreRefused) {
  expect_success("ip netns add other");
  for (const char* enter : {"unshare --mount", "unshare --mount --propagation slave", "ip netns exec other",
                            "unshare --mount unshare --mount --propagation shared"}) {
    expect_refusal(std::string{enter} + " netherd up first.yml", "nobody else would see the lab");
    EXPECT_EQ(files_in("/run/netherd"), Names{}) << enter;
    EXPECT_EQ(files_in("/run/netns"), Names{"other"}) << enter;
  }
  expect_success("ip netns delete other");
}

TEST_F(MountNamespaces, ThatPassTheMountOnAreAsGood) {
  ASSERT_EQ(::mount("none", "/run", nullptr, MS_SHARED, nullptr), 0);
  expect_success("unshare --mount --propagation unchanged netherd up first.yml --quiet");
  expect_whole();
  expect_success("unshare --mount --propagation unchanged netherd down first");
  ASSERT_EQ(::mount("none", "/run", nullptr, MS_PRIVATE, nullptr), 0);
}

TEST_F(MountNamespaces, WithARunOfTheirOwnAreSandboxes) {
  expect_success(
      "unshare --mount sh -ec 'mount -t tmpfs tmpfs /run; mkdir /run/netns; netherd up first.yml --quiet; netherd "
      "check "
      "first; netherd down first'");
}

TEST_F(MountNamespaces, CanBeLeftForTheLabsOwn) {
  expect_success("unshare --mount sh -c 'exec nsenter --target $PPID --mount netherd up '$PWD'/first.yml --quiet'");
  expect_whole();
}

/// A namespace that was copied before the lab was mounted sees its directory, but not the lab.
TEST_F(MountNamespaces, OthersLabsAreLeftAlone) {
  Running other{
      "exec unshare --mount sh -c 'touch ready; while ! test -e go; do sleep 0.05; done; netherd ls; netherd gc; "
      "netherd "
      "down first; netherd show first; netherd up first.yml; netherd down --all'"};
  ASSERT_TRUE(becomes_true([] { return ::access("ready", F_OK) == 0; }));
  up();
  expect_success("touch go");
  const Finished finished = other.wait();
  EXPECT_NE(finished.status, 0);
  EXPECT_TRUE(contains(finished.output, "in another mount namespace")) << finished.output;
  EXPECT_TRUE(contains(finished.errors, "may be up in another mount namespace, left alone")) << finished.errors;
  EXPECT_TRUE(contains(finished.errors, "-m netherd ...` reaches it")) << finished.errors;
  EXPECT_FALSE(contains(finished.output, "is down")) << finished.output;
  expect_whole();
}

// What is not netherd's in a lab's place

class ThingsOfOthers : public RegistryOf {
 protected:
  /// No command touches what has the lab's name.
  static void expect_left_alone(const std::string& what) {
    SCOPED_TRACE(what);
    expect_refusal("netherd up first.yml", "is not netherd's");
    expect_refusal("netherd down first", "is not netherd's");
    expect_refusal("netherd show first", "is not netherd's");
    for (const char* command : {"netherd gc", "netherd down --all"}) {
      const Finished finished = run(command);
      EXPECT_EQ(finished.status, 0) << command;
      EXPECT_TRUE(contains(finished.errors, "first: is not netherd's, left alone")) << finished.errors;
    }
    EXPECT_TRUE(contains(run("netherd ls").output, "not a lab"));
    EXPECT_EQ(run("netherd ls --names").output, "");
  }
};

TEST_F(ThingsOfOthers, AreNeitherMountedOverNorRemoved) {
  expect_success("mkdir -p /run/netherd theirs && echo data >theirs/file && ln -s $PWD/theirs /run/netherd/first");
  expect_left_alone("a symbolic link");
  EXPECT_EQ(run("cat theirs/file; rm /run/netherd/first").output, "data\n");

  expect_success(
      "mkdir /run/netherd/first && mount -t tmpfs netherd /run/netherd/first && echo data >/run/netherd/first/file");
  expect_left_alone("a tmpfs");
  expect_success("mkdir /run/netherd/first/ns && echo up >/run/netherd/first/phase");
  expect_left_alone("a tmpfs that looks like a lab");
  EXPECT_EQ(run("cat /run/netherd/first/file && umount /run/netherd/first").output, "data\n");

  expect_left_alone("an empty directory");
  expect_success("touch /run/netherd/first/file");
  expect_left_alone("a directory");
  expect_success("rm -r /run/netherd/first && echo data >/run/netherd/first");
  expect_left_alone("a file");
  expect_success("rm /run/netherd/first && mkfifo /run/netherd/first");
  expect_left_alone("a FIFO");
  expect_success("rm /run/netherd/first");
}

TEST_F(ThingsOfOthers, MountedOnALabAreNotUnmounted) {
  up();
  expect_success("mount -t tmpfs theirs /run/netherd/first && echo data >/run/netherd/first/file");
  expect_left_alone("a tmpfs on the lab");
  EXPECT_EQ(run("cat /run/netherd/first/file; umount /run/netherd/first").output, "data\n");
  expect_success("netherd up first.yml --name second --quiet && mount --bind /run/netherd/second /run/netherd/first");
  expect_refusal("netherd down first", "is not netherd's");
  expect_success("umount /run/netherd/first && netherd check second");
  expect_whole();
}

TEST_F(ThingsOfOthers, MountedOnTheRegistryHideItsLabs) {
  up();
  expect_success("mount --bind /run/netherd /run/netherd");
  expect_refusal("netherd down first", "lab 'first' is hidden");
  expect_refusal("netherd down --all", "lab 'first' is hidden");
  EXPECT_TRUE(contains(run("netherd gc").errors, "left alone"));
  expect_success("umount /run/netherd");
  expect_whole();
}

TEST_F(ThingsOfOthers, DoNotServeAsTheRegistry) {
  up();
  for (const auto& [spoil, mend] : {std::pair{"chown 65534 /run/netherd", "chown 0 /run/netherd"},
                                    {"chmod o+w /run/netherd", "chmod 755 /run/netherd"},
                                    {"chmod g+w /run/netherd", "chmod 755 /run/netherd"},
                                    {"chown 65534 /run/netherd/first", "chown 0 /run/netherd/first"},
                                    {"chmod 777 /run/netherd/first", "chmod 755 /run/netherd/first"}}) {
    expect_success(spoil);
    const bool whole = !contains(spoil, "first");
    for (const char* command : {"netherd down first", "netherd up first.yml", "netherd show first"}) {
      expect_refusal(command, whole ? "/run/netherd is not root's alone" : "is not netherd's");
    }
    if (whole) {
      for (const char* command : {"netherd ls", "netherd gc", "netherd down --all"}) {
        expect_refusal(command, "/run/netherd is not root's alone");
      }
    }
    expect_success(mend);
    expect_whole();
  }
  down();
  expect_success("rmdir /run/netherd && mkdir -p theirs && ln -s $PWD/theirs /run/netherd");
  expect_refusal("netherd up first.yml", "Not a directory");
  EXPECT_EQ(files_in("theirs"), Names{});
  expect_success("rm /run/netherd");
}

/// Whatever is in a file's place, nothing hangs, and the lab can be removed.
TEST_F(ThingsOfOthers, InPlaceOfItsFilesDoNotKeepALab) {
  write_file("host.yml", R"(name: first
topology:
  nodes: {left: }
  links: [{endpoints: ["left:eth1", "host:first-host"]}]
)");
  for (const char* file : {"topology", "phase", "lock", "claim", "adopted-links", "ns/left", "ns"}) {
    for (const char* make : {"mkfifo", "mkdir", "ln -s /etc/passwd"}) {
      SCOPED_TRACE(std::string{make} + ' ' + file);
      expect_success("netherd up host.yml --quiet");
      const std::string path = "/run/netherd/first/" + std::string{file};
      expect_success("umount -l " + path + " 2>/dev/null; mv " + path + " /run/netherd/first/was; " + make + ' ' +
                     path);
      for (const char* command : {"ls", "show first", "check first", "exec first --all -- true", "ping first", "gc"}) {
        EXPECT_NE(run(std::string{"timeout -s KILL 10 netherd "} + command).status, 137) << command;
      }
      // Without its claim a lab cannot be told from other people's mounts.
      if (std::string{file} == "claim") expect_success("rm -r " + path + " && mv /run/netherd/first/was " + path);
      if (!files_in("/run/netherd").empty()) down();
      EXPECT_EQ(run("ip link show first-host").status, 1);
      expect_nothing_is_left();
    }
  }
}

// Locks and modes

class Locks : public RegistryOf {
 protected:
  static constexpr const char* as_nobody = "setpriv --reuid 65534 --clear-groups ";

  /// Holds the lock of the registry as long as it lives, as a netherd that has been stopped.
  class StoppedNetherd {
   public:
    StoppedNetherd() : file_{::open("/run/netherd.lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600)} {
      struct flock lock{};
      lock.l_type = F_WRLCK;
      EXPECT_EQ(::fcntl(file_.get(), F_OFD_SETLK, &lock), 0);
      EXPECT_EQ(::ftruncate(file_.get(), 0), 0);
      const std::string number = std::to_string(::getpid()) + '\n';
      EXPECT_EQ(::pwrite(file_.get(), number.data(), number.size(), 0), static_cast<ssize_t>(number.size()));
    }

   private:
    engine::FileDescriptor file_;
  };
};

TEST_F(Locks, CannotBeTakenByOtherUsers) {
  up();
  std::vector<std::unique_ptr<Running>> attackers;
  for (const char* path : {"/run/netherd", "/run/netherd/first", "/run/netherd/first/ns", "/run/netns"}) {
    attackers.push_back(
        std::make_unique<Running>(std::string{"exec "} + as_nobody + "flock " + path + " sh -c 'echo >&2; sleep 60'"));
  }
  for (const char* file : {"/run/netherd.lock", "/run/netherd/first/lock"}) {
    EXPECT_NE(run(std::string{as_nobody} + "flock " + file + " true").status, 0) << file;
    EXPECT_EQ(run(std::string{"stat -c %U:%a "} + file).output, "root:600\n");
  }
  down();
  expect_success("timeout 10 netherd up first.yml --quiet");
  expect_success("timeout 10 netherd gc");
}

TEST_F(Locks, DoNotStopTheListing) {
  up();
  const StoppedNetherd stopped;
  EXPECT_TRUE(contains(run("timeout 5 netherd ls").output, "first"));
  EXPECT_TRUE(contains(run(std::string{"timeout 5 "} + as_nobody + "netherd ls --json").output, "\"phase\": \"up\""));
  expect_success("timeout 10 netherd check first");
}

TEST_F(Locks, ThatOthersHoldAreReportedAndTheWaitEndsByASignal) {
  const StoppedNetherd stopped;
  Running waiting{"exec netherd up first.yml 2>errors"};
  EXPECT_TRUE(becomes_true([] { return contains(run("cat errors").output, "waiting for process"); }));
  EXPECT_TRUE(contains(run("cat errors").output, "process " + std::to_string(::getpid()) + " ("))
      << run("cat errors").output;
  const auto signalled = std::chrono::steady_clock::now();
  waiting.send_signal(SIGINT);
  EXPECT_EQ(waiting.wait().status, 1);
  EXPECT_LT(std::chrono::steady_clock::now() - signalled, 2s);
  EXPECT_TRUE(contains(run("cat errors").output, "interrupted (Interrupt)"));
  expect_nothing_is_left();
}

TEST_F(Locks, AreNotTheOnlyPrivateFiles) {
  expect_success("chmod 600 first.yml && (umask 0; netherd up first.yml --quiet)");
  EXPECT_EQ(run("cd /run/netherd && stat -c '%n %U:%a' . first first/*").output,
            ". root:755\nfirst root:755\nfirst/claim root:644\nfirst/lock root:600\nfirst/ns root:755\n"
            "first/phase root:644\nfirst/topology root:600\n");
  down();
  expect_success("(umask 077; rmdir /run/netherd; netherd up first.yml --quiet)");
  EXPECT_EQ(run(std::string{as_nobody} + "netherd show first --names").output, "left\nmiddle\nright\n");
  EXPECT_NE(run(std::string{as_nobody} + "cat /run/netherd/first/topology").status, 0);
}

// Deletions by others

class Deletion : public RegistryOf {};

TEST_F(Deletion, OfANamespaceIsReported) {
  for (const char* deletion : {"ip netns delete first-left", "umount /run/netherd/first/ns/left",
                               "umount /run/netherd/first/ns/left && rm /run/netherd/first/ns/left"}) {
    SCOPED_TRACE(deletion);
    up();
    expect_success(deletion);
    EXPECT_EQ(run_for_json("netherd ls --json")["labs"][0]["nodes"], 2);
    const Finished check = run("netherd check first");
    EXPECT_EQ(check.status, 1);
    EXPECT_TRUE(contains(check.output, "left: the namespace is gone\n")) << check.output;
    const bool listed = files_in("/run/netherd/first/ns").size() == 3;
    if (listed) {
      expect_refusal("netherd show first", "left: the namespace is gone");
      EXPECT_TRUE(contains(run("netherd show first").output, "right (host")) << "the others are shown";
      const Finished all = run("netherd exec first --all -- true");
      EXPECT_NE(all.status, 0);
      EXPECT_TRUE(contains(all.errors, "the namespace is gone")) << all.errors;
    }
    for (const char* command : {"netherd show first left", "netherd exec first left -- true",
                                "netherd shell first left", "netherd exec first left right -- true"}) {
      const Finished finished = run(command);
      EXPECT_NE(finished.status, 0) << command;
      EXPECT_TRUE(contains(finished.errors, listed ? "the namespace is gone" : "has no node called 'left'"))
          << command << ": " << finished.errors;
    }
    const Finished ping = run("netherd ping first");
    EXPECT_EQ(ping.status, 1);
    EXPECT_TRUE(contains(ping.output, "left:eth1 -> middle:eth1: the namespace is gone")) << ping.output;
    down();
    expect_nothing_is_left();
  }
}

TEST_F(Deletion, OfANameIsADifference) {
  up();
  expect_success("rm /run/netns/first-left");
  const Finished check = run("netherd check first");
  EXPECT_EQ(check.status, 1);
  EXPECT_EQ(check.output, "left: the name /run/netns/first-left does not lead to the namespace\n");
}

TEST_F(Deletion, OfALabIsReportedAndCleanedUp) {
  for (const char* cleaner : {"netherd gc", "netherd down first", "netherd down --all"}) {
    up();
    expect_success("umount -l /run/netherd/first");
    for (const char* command : {"netherd check first", "netherd show first", "netherd exec first left -- true",
                                "netherd exec first --all -- true", "netherd shell first left", "netherd ping first"}) {
      expect_refusal(command, "lab 'first' is not mounted: its namespaces are gone");
    }
    EXPECT_TRUE(contains(run("netherd ls").output, "first  debris"));
    expect_success(cleaner);
    expect_nothing_is_left();
  }
}

TEST_F(Deletion, OfAnInterruptedLabIsAllThatItIsGoodFor) {
  up();
  expect_success("echo -n building >/run/netherd/first/phase");
  for (const char* command : {"netherd check first", "netherd ping first"}) {
    const Finished finished = run(command);
    EXPECT_EQ(finished.status, 1);
    EXPECT_EQ(finished.output, "");
    EXPECT_EQ(finished.errors,
              "netherd: lab 'first' is not whole (building, interrupted); `netherd down first` removes it\n");
  }
}

TEST_F(Deletion, OfTheHostsNameDoesNotKeepItsLinks) {
  write_file("host.yml", R"(name: first
topology:
  nodes: {left: }
  links: [{endpoints: ["left:eth1", "host:first-host"]}]
)");
  expect_success("netherd up host.yml --quiet");
  Running holder{"exec netherd exec first left -- sleep 60"};
  expect_success("umount /run/netherd/first/ns/host && netherd down first");
  EXPECT_EQ(run("ip link show first-host").status, 1);
}

// Races

TEST_F(RegistryOf, LosersOfARaceSayWhy) {
  constexpr int rounds = 15;
  for (int round = 0; round < rounds; ++round) {
    const Finished ups = run("for i in 1 2 3 4; do (netherd up first.yml --quiet >/dev/null; echo $?) & done; wait");
    const auto statuses = lines_of(ups.output);
    EXPECT_EQ(std::ranges::count(statuses, "0"), 1) << testing::PrintToString(ups);
    EXPECT_EQ(lines_of(ups.errors).size(), 3U) << testing::PrintToString(ups);
    const Finished downs = run("for i in 1 2 3; do (netherd down first >/dev/null; echo $?) & done; wait");
    EXPECT_EQ(std::ranges::count(lines_of(downs.output), "0"), 1) << testing::PrintToString(downs);
    EXPECT_EQ(lines_of(downs.errors).size(), 2U) << testing::PrintToString(downs);
    if (HasFailure()) return;
  }
}

// System calls that fail

/// Lets a system call fail in this process and those it starts.
void forbid(long call, int error) {
  const auto failing = static_cast<__u32>(SECCOMP_RET_ERRNO | static_cast<__u32>(error));
  std::array<sock_filter, 4> filter{{
      {BPF_LD | BPF_W | BPF_ABS, 0, 0, 0},  // the number of the system call
      {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, static_cast<__u32>(call)},
      {BPF_RET | BPF_K, 0, 0, failing},
      {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW},
  }};
  sock_fprog program{static_cast<unsigned short>(filter.size()), filter.data()};
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) {
    ::_exit(99);
  }
}

class Errors : public RegistryOf {
 protected:
  /// The exit status of a shell command during which a system call fails; its messages are in the file "errors".
  static int run_without(long call, int error, const std::string& command) {
    const pid_t process = ::fork();
    if (process == 0) {
      forbid(call, error);
      ::execl("/bin/sh", "sh", "-c", ("exec >/dev/null 2>errors; " + command).c_str(), static_cast<char*>(nullptr));
      ::_exit(98);
    }
    int status = 0;
    EXPECT_EQ(::waitpid(process, &status, 0), process);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }

  static Names names() { return files_in("/run/netns"); }
  inline static const Names all_names{"first-left", "first-middle", "first-right"};
};

TEST_F(Errors, OfListingAreNotTakenForNothing) {
  up();
  for (const char* command : {"netherd down first", "netherd down --all", "netherd gc", "netherd ls",
                              "netherd show first", "netherd exec first --all -- true"}) {
    EXPECT_EQ(run_without(SYS_getdents64, EIO, command), 1) << command;
    EXPECT_TRUE(contains(run("cat errors").output, "Input/output error"))
        << command << ": " << run("cat errors").output;
    EXPECT_EQ(names(), all_names) << command;
    expect_whole();
  }
}

TEST_F(Errors, OfRemovingASymbolicLinkKeepTheLab) {
  for (const long call : {SYS_unlinkat, SYS_readlinkat, SYS_umount2}) {
    up();
    EXPECT_EQ(run_without(call, EIO, "netherd down first"), 1) << call;
    EXPECT_TRUE(contains(run("cat errors").output, "Input/output error")) << run("cat errors").output;
    EXPECT_EQ(run("netherd ls").output.find("debris"), std::string::npos) << "the unmount comes last";
    EXPECT_EQ(run_for_json("netherd ls --json")["labs"][0]["nodes"], 3);
    down();
    expect_nothing_is_left();
  }
}

TEST_F(Errors, OfReadOnlyDirectoriesKeepTheLab) {
  // The lab is a mount of its own, and stays writable.
  const std::pair<const char*, const char*> protections[]{
      {"mount --bind /run/netns /run/netns && mount -o remount,bind,ro /run/netns", "umount -l /run/netns"},
      {"mount -o remount,bind,ro /run", "mount -o remount,bind,rw /run"}};
  for (const auto& [protect, undo] : protections) {
    SCOPED_TRACE(protect);
    up();
    expect_success(protect);
    for (const char* command : {"netherd down first", "netherd down --all"}) {
      expect_refusal(command, "Read-only file system");
    }
    expect_success(undo);
    EXPECT_EQ(names(), all_names);
    expect_whole();
    down();
    expect_nothing_is_left();
  }
}

/// Each number of descriptors stops the command at another place: it removes all, or says that it has not.
TEST_F(Errors, OfScarceDescriptorsAreReported) {
  for (const char* command : {"netherd down first", "netherd down --all", "netherd gc"}) {
    for (int descriptors = 3; descriptors <= 12; ++descriptors) {
      SCOPED_TRACE(std::string{command} + " with " + std::to_string(descriptors));
      up();
      expect_success("echo -n building >/run/netherd/first/phase");
      const Finished finished = run("ulimit -n " + std::to_string(descriptors) + "; exec " + command);
      if (finished.status == 0) {
        expect_nothing_is_left();
      } else {
        EXPECT_FALSE(finished.errors.empty());
        EXPECT_NE(files_in("/run/netherd"), Names{});
        down();
      }
      expect_nothing_is_left();
    }
  }
}

}  // namespace
}  // namespace netherd::test
