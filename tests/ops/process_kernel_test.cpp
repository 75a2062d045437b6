#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <filesystem>
#include <fstream>
#include <thread>

#include "iproute2.hpp"
#include "netherd/ops/process.hpp"

namespace netherd::ops {
namespace {

namespace asio = boost::asio;
namespace errc = boost::system::errc;
using namespace std::chrono_literals;
using boost::system::error_code;

class ProcessTest : public testing::Test {
 protected:
  RunInNamespace shell(const std::string& script) {
    RunInNamespace request;
    request.netns = netns.descriptor();
    request.arguments = {"sh", "-c", script};
    request.output = ProcessOutput::capture;
    request.error_output = ProcessOutput::capture;
    return request;
  }

  auto keep() {
    return [this](error_code outcome, ProcessResult ended) {
      error = outcome;
      result = std::move(ended);
    };
  }

  void run(const RunInNamespace& request) {
    async_run(context.get_executor(), request, keep());
    EXPECT_TRUE(result.failed_step.empty());
    context.restart();
    context.run();
  }

  /// Runs it, and cancels it once it has created this file.
  void cancel_when_ready(const RunInNamespace& request, const std::string& file) {
    asio::cancellation_signal signal;
    async_run(context.get_executor(), request, asio::bind_cancellation_slot(signal.slot(), keep()));
    while (!std::filesystem::exists(file)) ::usleep(1000);
    signal.emit(asio::cancellation_type::total);  // which cannot be promised, and so does nothing
    signal.emit(asio::cancellation_type::terminal);
    context.run();
    std::filesystem::remove(file);
  }

  test::NamedNamespace netns{"node"};
  asio::io_context context{1};
  error_code error;
  ProcessResult result;
};

TEST_F(ProcessTest, RunsInsideTheNamespace) {
  run(shell("readlink /proc/self/ns/net"));
  EXPECT_FALSE(error);
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(result.output, test::run_command("ip netns exec node readlink /proc/self/ns/net").text);
  EXPECT_NE(result.output, test::run_command("readlink /proc/self/ns/net").text);
}

TEST_F(ProcessTest, GivesTheExitCode) {
  run(shell("exit 7"));
  EXPECT_FALSE(error);
  EXPECT_EQ(result.exit_code, 7);
  EXPECT_EQ(result.signal, 0);
}

TEST_F(ProcessTest, GivesTheSignal) {
  run(shell("kill -KILL $$"));
  EXPECT_FALSE(error);
  EXPECT_EQ(result.exit_code, 128 + SIGKILL);
  EXPECT_EQ(result.signal, SIGKILL);
}

TEST_F(ProcessTest, CapturesBothStreamsApart) {
  run(shell("echo out; echo err >&2"));
  EXPECT_EQ(result.output, "out\n");
  EXPECT_EQ(result.error_output, "err\n");
}

TEST_F(ProcessTest, CapturesBothStreamsTogether) {
  RunInNamespace request = shell("echo out; echo err >&2; echo again");
  request.error_output = ProcessOutput::with_output;
  run(request);
  EXPECT_EQ(result.output, "out\nerr\nagain\n");
  EXPECT_TRUE(result.error_output.empty());
}

TEST_F(ProcessTest, DiscardsAndReadsNothing) {
  RunInNamespace request = shell("cat; echo out");
  request.output = ProcessOutput::discard;
  run(request);
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_TRUE(result.output.empty());
}

TEST_F(ProcessTest, CapturesMoreThanAPipeHolds) {
  run(shell("head -c 1000000 /dev/zero | tr '\\0' x"));
  EXPECT_EQ(result.output, std::string(1'000'000, 'x'));
  EXPECT_FALSE(result.truncated);
}

TEST_F(ProcessTest, DropsWhatIsBeyondTheLimit) {
  RunInNamespace request = shell("head -c 1000000 /dev/zero | tr '\\0' x");
  request.capture_limit_bytes = 100'000;
  run(request);
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(result.output.size(), 100'000U);
  EXPECT_TRUE(result.truncated);
}

TEST_F(ProcessTest, DoesNotWaitForWhatItLeavesBehind) {
  run(shell("sleep 1000 & echo $!"));
  EXPECT_FALSE(error);
  ASSERT_EQ(::kill(std::stoi(result.output), SIGKILL), 0);
}

TEST_F(ProcessTest, EnvironmentIsOursOrAsGiven) {
  ::setenv("NETHERD_TEST", "ours", 1);
  run(shell("echo $NETHERD_TEST"));
  EXPECT_EQ(result.output, "ours\n");
  RunInNamespace request = shell("echo $NETHERD_TEST");
  request.environment = {"NETHERD_TEST=given", "PATH=/usr/bin:/bin"};
  run(request);
  EXPECT_EQ(result.output, "given\n");
}

TEST_F(ProcessTest, SignalHandlersAndPipeSignalAreReset) {
  ::signal(SIGPIPE, SIG_IGN);
  ::signal(SIGUSR1, [](int) {});
  run(shell("grep SigIgn /proc/self/status; yes | true; echo done"));
  EXPECT_EQ(result.output, "SigIgn:\t0000000000000000\ndone\n");
  ::signal(SIGPIPE, SIG_DFL);
  ::signal(SIGUSR1, SIG_DFL);
}

TEST_F(ProcessTest, MissingCommandIsNotAnExitCode) {
  RunInNamespace request = shell("");
  request.arguments = {"no-such-command-anywhere"};
  async_run(context.get_executor(), request, keep());
  context.run();
  EXPECT_EQ(error, errc::no_such_file_or_directory);
  EXPECT_EQ(result.failed_step, "run the command");
  request.arguments = {"/etc/passwd"};
  async_run(context.get_executor(), request, keep());
  context.restart();
  context.run();
  EXPECT_EQ(error, errc::permission_denied);
  request.arguments = {};
  async_run(context.get_executor(), request, keep());
  context.restart();
  context.run();
  EXPECT_EQ(error, errc::invalid_argument);
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1) << "a child was left behind";
}

TEST_F(ProcessTest, OtherDescriptorIsNotANamespace) {
  RunInNamespace request = shell("true");
  request.netns = STDERR_FILENO;
  async_run(context.get_executor(), request, keep());
  context.run();
  EXPECT_EQ(error, errc::invalid_argument);
  EXPECT_EQ(result.failed_step, "enter the namespace");
}

TEST_F(ProcessTest, CancellationTerminatesTheGroup) {
  cancel_when_ready(shell("echo begun; sleep 1000 & echo $! > /run/pid.new; mv /run/pid.new /run/pid; wait"),
                    "/run/pid");
  EXPECT_EQ(error, asio::error::operation_aborted);
  EXPECT_EQ(result.signal, SIGTERM);
  EXPECT_EQ(result.output, "begun\n");
}

TEST_F(ProcessTest, CancellationKillsWhatWillNotGo) {
  RunInNamespace request = shell("trap '' TERM; touch /run/ready; while :; do sleep 0.01; done");
  request.kill_grace = 50ms;
  cancel_when_ready(request, "/run/ready");
  EXPECT_EQ(error, asio::error::operation_aborted);
  EXPECT_EQ(result.signal, SIGKILL);
}

TEST_F(ProcessTest, DestroyedContextKillsTheProcess) {
  auto short_lived = std::make_unique<asio::io_context>(1);
  async_run(short_lived->get_executor(), shell("exec sleep 1000"), keep());
  short_lived.reset();
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);
}

/// An event of a descriptor of the first command must not count as the end of the second one: its status would be
/// waited for, and the loop would stand still until then.
TEST_F(ProcessTest, NeverKeepsTheLoopWaiting) {
  for (int round = 0; round < 20; ++round) {
    asio::cancellation_signal signal;
    asio::steady_timer timer{context};
    const RunInNamespace second = shell("exec sleep 5");
    async_run(context.get_executor(), shell("echo before"), [&](error_code, const ProcessResult& first) {
      EXPECT_EQ(first.output, "before\n");
      async_run(context.get_executor(), second, asio::bind_cancellation_slot(signal.slot(), keep()));
      timer.expires_after(10ms);
      timer.async_wait([&](error_code) { signal.emit(asio::cancellation_type::terminal); });
    });
    context.restart();
    context.run();
    ASSERT_EQ(error, asio::error::operation_aborted);
    ASSERT_EQ(result.signal, SIGTERM) << "the loop has waited for the process instead of for its timer";
  }
}

TEST_F(ProcessTest, SaysWhereItCannotLearnTheExitStatus) {
  for (const int flags : {0, SA_NOCLDWAIT}) {
    struct sigaction action{};
    action.sa_flags = flags;
    action.sa_handler = flags == 0 ? SIG_IGN : SIG_DFL;
    ASSERT_EQ(::sigaction(SIGCHLD, &action, nullptr), 0);
    async_run(context.get_executor(), shell("touch /run/was-run"), keep());
    context.restart();
    context.run();
    ::signal(SIGCHLD, SIG_DFL);
    EXPECT_EQ(error, errc::no_child_process);
    EXPECT_EQ(result.failed_step, "wait for the command, for SIGCHLD is ignored");
    EXPECT_FALSE(std::filesystem::exists("/run/was-run"));
  }
}

TEST_F(ProcessTest, SomebodyElseWhoHasWaitedIsAnError) {
  async_run(context.get_executor(), shell("exit 3"), keep());
  ASSERT_GT(::waitpid(-1, nullptr, 0), 0);
  context.run();
  EXPECT_EQ(error, errc::no_child_process);
  EXPECT_EQ(result.failed_step, "learn how the command has ended");
}

TEST_F(ProcessTest, SettingsArePassedOn) {
  ProcessSettings settings = ProcessSettings::current();
  const bool ignored = ::sigismember(&settings.ignored_signals, SIGPIPE) == 1;
  EXPECT_FALSE(ignored);
  ::sigaddset(&settings.ignored_signals, SIGHUP);
  ::sigaddset(&settings.ignored_signals, SIGPIPE);
  ::sigaddset(&settings.blocked_signals, SIGUSR2);
  settings.open_files->rlim_cur = 123;
  RunInNamespace request = shell("");
  request.arguments = {"grep", "-hE", "SigIgn|SigBlk|open files", "/proc/self/status", "/proc/self/limits"};
  request.settings = settings;
  ::signal(SIGUSR1, SIG_IGN);  // for ourselves only
  run(request);
  ::signal(SIGUSR1, SIG_DFL);
  EXPECT_TRUE(result.output.starts_with("SigBlk:\t0000000000000800\nSigIgn:\t0000000000001001\nMax open files"))
      << result.output;
  EXPECT_NE(result.output.find(" 123 "), std::string::npos) << result.output;
}

TEST_F(ProcessTest, WritesToTheCallersDescriptors) {
  const engine::FileDescriptor output{::memfd_create("output", MFD_CLOEXEC)};
  RunInNamespace request = shell("echo out; echo err >&2");
  request.output = ProcessOutput::descriptor;
  request.output_descriptor = output.get();
  request.error_output = ProcessOutput::descriptor;
  request.error_output_descriptor = output.get();
  run(request);
  std::array<char, 64> text{};
  const ssize_t size = ::pread(output.get(), text.data(), text.size(), 0);
  EXPECT_EQ(std::string(text.data(), static_cast<std::size_t>(size)), "out\nerr\n");
}

TEST_F(ProcessTest, CanEndWithTheThreadThatHasStartedIt) {
  RunInNamespace request = shell("exec sleep 1000");
  request.ends_with_thread = true;
  std::thread{[&] { async_run(context.get_executor(), request, keep()); }}.join();
  context.run();
  EXPECT_EQ(result.signal, SIGKILL);
  EXPECT_FALSE(error);
}

TEST_F(ProcessTest, ManyAtATime) {
  constexpr int count = 50;
  int ended = 0;
  for (int i = 0; i < count; ++i) {
    async_run(context.get_executor(), shell("echo " + std::to_string(i)),
              [&, i](error_code outcome, const ProcessResult& got) {
                EXPECT_FALSE(outcome);
                EXPECT_EQ(got.output, std::to_string(i) + "\n");
                ++ended;
              });
  }
  context.run();
  EXPECT_EQ(ended, count);
}

TEST_F(ProcessTest, StandardStreamsMayBeClosed) {
  const pid_t child = ::fork();
  if (child == 0) {
    for (int descriptor = 0; descriptor <= STDERR_FILENO; ++descriptor) ::close(descriptor);
    run(shell("echo out; echo err >&2"));
    ::_exit(result.output == "out\n" && result.error_output == "err\n" ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST_F(ProcessTest, ExecReplacesTheProcess) {
  const std::vector<std::string> arguments{"sh", "-c", "test $(readlink /proc/self/ns/net) != $0 && exit 7",
                                           std::filesystem::read_symlink("/proc/self/ns/net")};
  const pid_t child = ::fork();
  if (child == 0) {
    static_cast<void>(exec_in_namespace(netns.descriptor(), arguments));
    ::_exit(1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(WEXITSTATUS(status), 7);
  EXPECT_EQ(exec_in_namespace(STDERR_FILENO, arguments), errc::invalid_argument);
}

/// A copy of /etc lies over it, in the test's own mount namespace: the machine's is left alone.
class ProcessMountTest : public ProcessTest {
 protected:
  ProcessMountTest() {
    std::filesystem::create_directories("/etc/folder");
    std::filesystem::create_directories("/etc/netns/node/folder");
    write("/etc/netns/node/hosts", "10.0.0.2 neighbour\n");
    write("/etc/netns/node/folder/own", "own\n");
    EXPECT_EQ(test::run_command("ip -n node link add seen-in-sys type veth peer name p1").status, 0);
  }
  ~ProcessMountTest() override { std::filesystem::remove_all("/etc/netns"); }

  static void SetUpTestSuite() {
    ASSERT_EQ(test::run_command("mkdir /run/etc && cp -a /etc/. /run/etc && rm -rf /run/etc/netns").status, 0);
    ASSERT_EQ(::mount("/run/etc", "/etc", nullptr, MS_BIND, nullptr), 0);
  }
  static void TearDownTestSuite() { ASSERT_EQ(::umount2("/etc", MNT_DETACH), 0); }
  static void write(const std::string& path, std::string_view text) { std::ofstream{path} << text; }

  static constexpr const char* look = "ls /sys/class/net | sort; cat /etc/hosts /etc/folder/own";
};

TEST_F(ProcessMountTest, SeesWhatIpShowsIt) {
  RunInNamespace request = shell(look);
  request.mounts_of = "node";
  run(request);
  EXPECT_FALSE(error);
  EXPECT_NE(result.output.find("seen-in-sys"), std::string::npos);
  EXPECT_NE(result.output.find("10.0.0.2 neighbour\nown\n"), std::string::npos);
  EXPECT_EQ(result.output, test::run_command("ip netns exec node sh -c '" + std::string{look} + "'").text);
  EXPECT_EQ(result.error_output, "");
}

TEST_F(ProcessMountTest, OurOwnMountsStayAsTheyAre) {
  const auto before = test::run_command("cat /proc/self/mountinfo; ls /sys/class/net; cat /etc/hosts").text;
  RunInNamespace request = shell("true");
  request.mounts_of = "node";
  run(request);
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(test::run_command("cat /proc/self/mountinfo; ls /sys/class/net; cat /etc/hosts").text, before);
  run(shell("cat /etc/hosts"));
  EXPECT_EQ(result.output.find("neighbour"), std::string::npos) << "without mounts_of";
}

TEST_F(ProcessMountTest, WhatCannotBeBoundIsReportedAsIpDoes) {
  write("/etc/netns/node/no-such-file-in-etc", "x");
  RunInNamespace request = shell("cat /etc/hosts");
  request.mounts_of = "node";
  run(request);
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(result.output, "10.0.0.2 neighbour\n");
  EXPECT_EQ(result.error_output, test::run_command("ip netns exec node true 2>&1").text);
  EXPECT_NE(result.error_output.find("no-such-file-in-etc"), std::string::npos);
}

TEST_F(ProcessMountTest, AFolderIsNotNeeded) {
  RunInNamespace request = shell("ls /sys/class/net");
  request.mounts_of = "another";
  run(request);
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_NE(result.output.find("seen-in-sys"), std::string::npos);
}

TEST_F(ProcessMountTest, WhatIsNoNameIsRefused) {
  write("/etc/netns/file", "x");
  for (const auto& [name, expected] :
       {std::pair{"../node", errc::invalid_argument}, std::pair{"..", errc::invalid_argument},
        std::pair{"file", errc::not_a_directory}}) {
    RunInNamespace request = shell("true");
    request.mounts_of = name;
    async_run(context.get_executor(), request, keep());
    context.restart();
    context.run();
    EXPECT_EQ(error, expected) << name;
    EXPECT_EQ(result.failed_step, "make the command's own mounts");
    EXPECT_EQ(exec_in_namespace(netns.descriptor(), request.arguments, name), expected);
  }
}

TEST_F(ProcessMountTest, ExecHasThemAsWell) {
  const std::vector<std::string> arguments{"grep", "-q", "neighbour", "/etc/hosts"};
  const pid_t child = ::fork();
  if (child == 0) {
    static_cast<void>(exec_in_namespace(netns.descriptor(), arguments, "node"));
    ::_exit(9);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

}  // namespace
}  // namespace netherd::ops
