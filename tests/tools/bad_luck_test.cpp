#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "command.hpp"

namespace netherd::test {
namespace {

class BadLuck : public CommandTest {};

/// Makes io_uring_setup(2) fail in this process and those it starts, as kernel.io_uring_disabled or a container does.
void forbid_io_uring(int error) {
  const auto failing = static_cast<__u32>(SECCOMP_RET_ERRNO | static_cast<__u32>(error));
  std::array<sock_filter, 4> filter{{
      {BPF_LD | BPF_W | BPF_ABS, 0, 0, 0},  // the number of the system call
      {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, __NR_io_uring_setup},
      {BPF_RET | BPF_K, 0, 0, failing},
      {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW},
  }};
  sock_fprog program{static_cast<unsigned short>(filter.size()), filter.data()};
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) {
    ::_exit(99);
  }
}

/// The exit status of a shell command; its output is in the file "out".
int run_without_io_uring(const std::string& command, int error) {
  const pid_t process = ::fork();
  if (process == 0) {
    forbid_io_uring(error);
    ::execl("/bin/sh", "sh", "-c", ("exec >out 2>&1; " + command).c_str(), static_cast<char*>(nullptr));
    ::_exit(98);
  }
  int status = 0;
  EXPECT_EQ(::waitpid(process, &status, 0), process);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

class WithoutIoUring : public CommandTest, public testing::WithParamInterface<int> {};

TEST_P(WithoutIoUring, EverythingWorksTheSame) {
  EXPECT_EQ(run("netherd generate grid --nodes 30 --routing shortest-path --ipv6-pool fd00::/32 --name grid --quiet "
                "-o grid.yml")
                .status,
            0);
  for (const char* command : {"netherd up grid.yml --wait", "netherd check grid", "netherd ping grid",
                              "netherd exec grid --all -- ip route", "netherd show grid", "netherd down grid --wait",
                              "netherd up grid.yml --submission worker", "netherd check grid"}) {
    EXPECT_EQ(run_without_io_uring(command, GetParam()), 0) << command << '\n' << run("cat out").output;
  }
  EXPECT_EQ(run("netherd check grid").status, 0);
  EXPECT_EQ(run_without_io_uring("netherd doctor", GetParam()), 0);
  EXPECT_NE(run("cat out").output.find("slow     io_uring    cannot be used"), std::string::npos);
  write_file("gateway.yml", R"(name: gateway
netherd: {routing: default}
topology:
  nodes: {a: , b: }
  links:
    - endpoints:
        - {node: a, interface: eth1, ipv4: [10.0.0.1/24, 10.0.0.9/29]}
        - {node: b, interface: eth1, ipv4: 10.0.0.15/24}
)");
  EXPECT_EQ(run_without_io_uring("netherd up gateway.yml", GetParam()), 1);
  EXPECT_EQ(run("cat out").output, run("netherd up gateway.yml").errors);
}

INSTANTIATE_TEST_SUITE_P(Errors, WithoutIoUring, testing::Values(EPERM, ENOSYS),
                         [](const auto& error) { return std::string{error.param == EPERM ? "Forbidden" : "Unknown"}; });

TEST_F(BadLuck, NoRoomForNamesIsSaidBefore) {
  write_first_lab();
  const Finished up =
      run("mkdir -p /run/netherd; mount -t tmpfs -o nr_inodes=3 tmpfs /run/netns; netherd up first.yml; echo $?; "
          "ls /run/netherd /run/netns; umount /run/netns");
  EXPECT_EQ(up.output, "1\n/run/netherd:\n\n/run/netns:\n") << testing::PrintToString(up);
  EXPECT_EQ(up.errors,
            "netherd: up: /run/netns has room for 2 more files, and 4 are needed: remount it with more "
            "(nr_inodes=)\n");
}

TEST_F(BadLuck, NoRoomLeftInTheMiddleRemovesTheLab) {
  // A link of more than 128 bytes takes a page, of which there are two.
  const std::string lab(60, 'l');
  const std::string node(100, 'n');
  EXPECT_EQ(run("netherd generate ring --nodes 8 --quiet --name " + lab + " | sed 's/n\\([0-9]\\)/" + node +
                "\\1/g' >long.yml")
                .status,
            0);
  const Finished up =
      run("mount -t tmpfs -o size=8k tmpfs /run/netns; netherd up long.yml; echo $?; "
          "ls /run/netherd /run/netns; umount /run/netns");
  EXPECT_EQ(up.output, "1\n/run/netherd:\n\n/run/netns:\n") << testing::PrintToString(up);
  EXPECT_NE(up.errors.find("link the name of the namespace: No space left on device [ENOSPC]\n"), std::string::npos)
      << up.errors;
  EXPECT_NE(up.errors.find("is removed, nothing is left of it\n"), std::string::npos) << up.errors;
}

TEST_F(BadLuck, NoRoomForTheLabItselfIsAnError) {
  write_first_lab();
  const Finished up =
      run("mkdir -p /run/netherd; mount -t tmpfs -o nr_inodes=1,mode=755 tmpfs /run/netherd; "
          "netherd up first.yml; echo $?; ls /run/netherd /run/netns; umount /run/netherd");
  EXPECT_EQ(up.output, "1\n/run/netherd:\n\n/run/netns:\n") << testing::PrintToString(up);
  EXPECT_EQ(up.errors, "netherd: make the directory of lab first: No space left on device\n");
}

TEST_F(BadLuck, AllThatIsInTheWayIsSaidAtOnce) {
  write_first_lab();
  EXPECT_EQ(run("ip netns add first-left; ip netns add first-right").status, 0);
  const Finished up = run("netherd up first.yml");
  EXPECT_EQ(up.status, 1);
  EXPECT_EQ(up.errors,
            "netherd: there is a 'first-left' in /run/netns already\n"
            "netherd: there is a 'first-right' in /run/netns already\n");
  const Finished both = run("ulimit -n 40; exec netherd up first.yml");
  EXPECT_EQ(both.errors, up.errors +
                             "netherd: up: no more than 40 files may be open at a time, and 56 are needed: "
                             "raise the limit (ulimit -n)\n");
  EXPECT_EQ(run("ip netns del first-left; ip netns del first-right").status, 0);
  const Finished poor =
      run("ulimit -n 40; exec setpriv --bounding-set=-net_admin --inh-caps=-net_admin netherd up first.yml");
  EXPECT_EQ(poor.status, 1);
  EXPECT_EQ(lines_of(poor.errors).size(), 2U) << poor.errors;
  expect_nothing_is_left();
}

TEST_F(BadLuck, DoctorFindsNothingMissingHereAndSaysWhatIs) {
  const Finished doctor = run("netherd doctor");
  EXPECT_EQ(doctor.status, 0) << testing::PrintToString(doctor);
  EXPECT_TRUE(doctor.output.starts_with("ok       privileges  ")) << doctor.output;
  const Finished poor = run("ulimit -n 40; setpriv --reuid 65534 --clear-groups netherd doctor --json");
  EXPECT_EQ(poor.status, 1);
  int missing = 0;
  const auto document = poor.json();
  for (const auto& check : document["checks"]) {
    if (check["verdict"] != "missing") continue;
    EXPECT_NE(check["remedy"], "");
    ++missing;
  }
  EXPECT_EQ(missing, 4) << "privileges, both directories, files: " << poor.output;
  write_file("big.yml", "name: x\ntopology: {nodes: {a: }}\nnetherd: {routing: defualt}\n");
  EXPECT_EQ(run("netherd doctor big.yml").status, 2);
}

TEST_F(BadLuck, AShellKnowsWhereItIs) {
  write_first_lab();
  EXPECT_EQ(run("netherd up first.yml").status, 0);
  const Finished shell =
      run("echo 'ip -br link show eth2; echo $NETHERD_LAB $NETHERD_NODE; exit 7' | "
          "SHELL=/bin/sh netherd shell first middle");
  EXPECT_EQ(shell.status, 7);
  EXPECT_TRUE(shell.output.starts_with("eth2@")) << testing::PrintToString(shell);
  EXPECT_TRUE(shell.output.ends_with("first middle\n"));
  EXPECT_EQ(run("netherd shell first nobody").status, 2);
  EXPECT_EQ(run("SHELL=/nonexistent netherd shell first left").status, 127);
}

}  // namespace
}  // namespace netherd::test
