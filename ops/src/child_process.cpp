#include "child_process.hpp"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <optional>

#include "private_mounts.hpp"
#include "signals_blocked.hpp"
#include "system_error.hpp"

namespace netherd::ops {

namespace {

using boost::system::error_code;
using engine::FileDescriptor;

constexpr std::string_view open_streams_step = "open the command's standard streams";

/// What a child does before its command, in this order.
enum class ChildStep : int { enter_namespace, redirect, mount, execute };

constexpr std::string_view name_of(ChildStep step) noexcept {
  constexpr std::array<std::string_view, 4> names{"enter the namespace", "redirect the command's standard streams",
                                                  "make the command's own mounts", "run the command"};
  return names[static_cast<std::size_t>(step)];
}

/// What a child that cannot run its command writes into the pipe for it; nothing comes if it can.
struct ChildFailure {
  ChildStep step;
  int error_number;
};

/// Everything a child needs, made before it exists: it shares our memory and may neither allocate nor lock.
struct ChildPlan {
  int netns;
  char* const* argv;
  char* const* environment;
  const PrivateMounts* mounts;      // null: ours
  std::array<int, 3> streams;       // to become standard input, output and error; -1: ours
  const ProcessSettings* settings;  // null: ours, but for SIGPIPE
  pid_t ends_with;                  // our process id if the child is to end with our thread, else 0
  bool leads_group;
  int failure_pipe;
  sigset_t signal_mask;
};

/// Keeps clear of the numbers of the standard streams, which we may have been started without: the child would
/// overwrite one redirection by the next.
error_code above_standard_streams(FileDescriptor& descriptor) noexcept {
  if (descriptor.get() > STDERR_FILENO) return {};
  descriptor.reset(::fcntl(descriptor.get(), F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
  return error_of(descriptor.get());
}

error_code open_pipe(FileDescriptor& read_end, FileDescriptor& write_end) noexcept {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) < 0) return last_error();
  read_end.reset(ends[0]);
  write_end.reset(ends[1]);
  if (const auto error = above_standard_streams(read_end)) return error;
  return above_standard_streams(write_end);
}

error_code open_null(FileDescriptor& null, int flags) noexcept {
  null.reset(::open("/dev/null", flags | O_CLOEXEC));
  return null ? above_standard_streams(null) : last_error();
}

error_code copy_above_standard_streams(int descriptor, FileDescriptor& copy) noexcept {
  copy.reset(::fcntl(descriptor, F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
  return error_of(copy.get());
}

/// Both sides of the standard streams.
struct Streams {
  std::array<FileDescriptor, 3> childs;
  FileDescriptor output;
  FileDescriptor error_output;

  error_code open(const RunInNamespace& request) noexcept {
    if (request.input == ProcessInput::none) {
      if (const auto error = open_null(childs[0], O_RDONLY)) return error;
    }
    if (const auto error = open_output(request.output, request.output_descriptor, childs[1], output)) return error;
    return open_output(request.error_output, request.error_output_descriptor, childs[2], error_output);
  }

  /// The child's side by number; -1 where it inherits ours.
  [[nodiscard]] std::array<int, 3> numbers(const RunInNamespace& request) const noexcept {
    std::array<int, 3> numbers{childs[0].get(), childs[1].get(), childs[2].get()};
    if (request.error_output == ProcessOutput::with_output) numbers[2] = numbers[1] < 0 ? STDOUT_FILENO : numbers[1];
    return numbers;
  }

 private:
  static error_code open_output(ProcessOutput kind, int given, FileDescriptor& write_end,
                                FileDescriptor& read_end) noexcept {
    if (kind == ProcessOutput::discard) return open_null(write_end, O_WRONLY);
    if (kind == ProcessOutput::descriptor) return copy_above_standard_streams(given, write_end);
    if (kind != ProcessOutput::capture) return {};
    if (const auto error = open_pipe(read_end, write_end)) return error;
    return error_of(::fcntl(read_end.get(), F_SETFL, O_NONBLOCK));
  }
};

// ---- in the child: system calls only ----

/// Without settings the signals stay ignored that are; SIGPIPE is ignored by programs for themselves only.
void set_signals(const ProcessSettings* settings, const sigset_t& mask) noexcept {
  for (int signal = 1; signal < NSIG; ++signal) {
    struct sigaction current{};
    if (::sigaction(signal, nullptr, &current) < 0) continue;
    const bool is_ignored = current.sa_handler == SIG_IGN;
    const bool ignore =
        settings != nullptr ? ::sigismember(&settings->ignored_signals, signal) == 1 : is_ignored && signal != SIGPIPE;
    struct sigaction wanted{};
    if (ignore) wanted.sa_handler = SIG_IGN;
    if (current.sa_handler != wanted.sa_handler) ::sigaction(signal, &wanted, nullptr);
  }
  ::sigprocmask(SIG_SETMASK, settings != nullptr ? &settings->blocked_signals : &mask, nullptr);
}

/// Where our thread has ended before the kernel knew of the wish, we have another parent by now.
void end_with_thread(pid_t parent) noexcept {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(128 + SIGKILL);
}

void apply(const ProcessSettings* settings, const sigset_t& mask) noexcept {
  if (settings != nullptr && settings->open_files) ::setrlimit(RLIMIT_NOFILE, &*settings->open_files);
  set_signals(settings, mask);
}

[[noreturn]] void give_up(const ChildPlan& plan, ChildStep step) noexcept {
  const ChildFailure failure{step, errno};
  static_cast<void>(!::write(plan.failure_pipe, &failure, sizeof failure));
  ::_exit(127);
}

[[noreturn]] void run_child(const ChildPlan& plan) noexcept {
  if (plan.leads_group) ::setpgid(0, 0);
  if (plan.ends_with != 0) end_with_thread(plan.ends_with);
  if (::setns(plan.netns, CLONE_NEWNET) < 0) give_up(plan, ChildStep::enter_namespace);
  for (int number = 0; number <= STDERR_FILENO; ++number) {
    const int stream = plan.streams[static_cast<std::size_t>(number)];
    if (stream >= 0 && ::dup2(stream, number) < 0) give_up(plan, ChildStep::redirect);
  }
  // Behind the streams, so that what cannot be bound is reported where the command reports.
  if (plan.mounts != nullptr && plan.mounts->enter() < 0) give_up(plan, ChildStep::mount);
  apply(plan.settings, plan.signal_mask);
  ::execvpe(plan.argv[0], plan.argv, plan.environment);
  give_up(plan, ChildStep::execute);
}

// ---- in the parent ----

/// The C library's own declaration cannot be linked from C++ before glibc 2.37.
int open_pidfd(pid_t pid) noexcept { return static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)); }

void reap(pid_t pid) noexcept {
  while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
  }
}

/// Our thread stands still until the child's command is loaded, and no handler of ours may run in the child meanwhile.
pid_t start(ChildPlan& plan) noexcept {
  const SignalsBlocked blocked;
  plan.signal_mask = blocked.before();
  const pid_t pid = ::vfork();  // NOLINT(bugprone-unsafe-functions): posix_spawn() cannot enter a namespace
  if (pid == 0) run_child(plan);
  return pid;
}

/// The kernel reaps our children itself then, and nobody learns how they have ended: wait(2).
bool ignores_children() noexcept {
  struct sigaction action{};
  ::sigaction(SIGCHLD, nullptr, &action);
  return action.sa_handler == SIG_IGN || (action.sa_flags & SA_NOCLDWAIT) != 0;
}

ChildProcess failure(std::string_view step, error_code error) noexcept {
  ChildProcess child;
  child.error = error;
  child.failed_step = step;
  return child;
}

}  // namespace

PointerArray::PointerArray(std::span<const std::string> strings) {
  pointers_.reserve(strings.size() + 1);
  std::ranges::transform(strings, std::back_inserter(pointers_),
                         [](const std::string& string) { return const_cast<char*>(string.c_str()); });
  pointers_.push_back(nullptr);
}

ProcessSettings ProcessSettings::current() noexcept {
  ProcessSettings settings;
  ::sigemptyset(&settings.ignored_signals);
  for (int signal = 1; signal < NSIG; ++signal) {
    struct sigaction action{};
    if (::sigaction(signal, nullptr, &action) == 0 && action.sa_handler == SIG_IGN) {
      ::sigaddset(&settings.ignored_signals, signal);
    }
  }
  ::pthread_sigmask(SIG_SETMASK, nullptr, &settings.blocked_signals);
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) settings.open_files = limit;
  return settings;
}

void ProcessSettings::apply() const noexcept { netherd::ops::apply(this, blocked_signals); }

ChildProcess start_child(const RunInNamespace& request) {
  if (request.arguments.empty()) {
    return failure(name_of(ChildStep::execute),
                   boost::system::errc::make_error_code(boost::system::errc::invalid_argument));
  }
  if (ignores_children()) {
    return failure("wait for the command, for SIGCHLD is ignored",
                   boost::system::errc::make_error_code(boost::system::errc::no_child_process));
  }
  std::optional<PrivateMounts> mounts;
  if (!request.mounts_of.empty()) {
    auto prepared = PrivateMounts::prepare(request.mounts_of);
    if (!prepared) return failure(name_of(ChildStep::mount), prepared.error());
    mounts = *std::move(prepared);
  }
  Streams streams;
  FileDescriptor failure_read;
  FileDescriptor failure_write;
  if (const auto error = streams.open(request)) return failure(open_streams_step, error);
  if (const auto error = open_pipe(failure_read, failure_write)) return failure(open_streams_step, error);

  const PointerArray argv{request.arguments};
  const PointerArray environment{request.environment ? std::span{*request.environment}
                                                     : std::span<const std::string>{}};
  ChildPlan plan{.netns = request.netns,
                 .argv = argv.get(),
                 .environment = request.environment ? environment.get() : ::environ,
                 .mounts = mounts ? &*mounts : nullptr,
                 .streams = streams.numbers(request),
                 .settings = request.settings ? &*request.settings : nullptr,
                 .ends_with = request.ends_with_thread ? ::getpid() : 0,
                 .leads_group = request.input != ProcessInput::inherit,
                 .failure_pipe = failure_write.get(),
                 .signal_mask = {}};
  ChildProcess child;
  child.pid = start(plan);
  if (child.pid < 0) return failure("start a process", last_error());
  failure_write.reset();
  ChildFailure reason{};
  // Returns at once: the command's execution has closed the child's end, or the child has written and exited.
  if (::read(failure_read.get(), &reason, sizeof reason) == sizeof reason) {
    reap(child.pid);
    return failure(name_of(reason.step), {reason.error_number, boost::system::system_category()});
  }
  child.pidfd.reset(open_pidfd(child.pid));
  if (!child.pidfd) {
    const auto error = last_error();
    ::kill(child.pid, SIGKILL);
    reap(child.pid);
    return failure("watch the process", error);
  }
  child.leads_group = plan.leads_group;
  child.output = std::move(streams.output);
  child.error_output = std::move(streams.error_output);
  return child;
}

}  // namespace netherd::ops
