#include "guardian.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <vector>

namespace netherd::tools {

namespace {

/// As many commands as can run at a time, by far.
constexpr std::size_t most_groups = 1U << 14U;
constexpr int end_patience_ms = 200;

/// Nothing of ours may stay open here: somebody may wait for the end of our output.
void keep_only(int pipe) noexcept {
  const int null = ::open("/dev/null", O_RDWR);
  for (int descriptor = STDIN_FILENO; descriptor <= STDERR_FILENO; ++descriptor) ::dup2(null, descriptor);
  ::dup2(pipe, STDERR_FILENO + 1);
  ::syscall(SYS_close_range, STDERR_FILENO + 2, ~0U, 0);
}

[[noreturn]] void guard(int pipe, std::vector<pid_t>& groups) noexcept {
  ::setsid();
  ::prctl(PR_SET_NAME, "netherd-guard");
  static_cast<void>(!::chdir("/"));  // where we are may be unmounted
  keep_only(pipe);
  for (pid_t message = 0;;) {
    const ssize_t size = ::read(STDERR_FILENO + 1, &message, sizeof message);
    if (size < 0 && errno == EINTR) continue;
    if (size != sizeof message) break;
    if (message < 0) std::erase(groups, -message);
    if (message > 0 && groups.size() < groups.capacity()) groups.push_back(message);
  }
  for (const pid_t group : groups) ::kill(-group, SIGKILL);
  ::_exit(0);
}

}  // namespace

Guardian::Guardian() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) < 0) return;
  const engine::FileDescriptor read_end{ends[0]};
  pipe_.reset(ends[1]);
  std::vector<pid_t> groups;
  groups.reserve(most_groups);  // here: other threads may hold the allocator's locks at the time of fork()
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  process_ = ::fork();
  if (process_ == 0) guard(read_end.get(), groups);
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  ::fcntl(pipe_.get(), F_SETFL, O_NONBLOCK);
}

/// The end of the pipe ends the process, at once. Should somebody have stopped it, its parent will be another.
Guardian::~Guardian() {
  pipe_.reset();
  if (process_ <= 0) return;
  const engine::FileDescriptor end{static_cast<int>(::syscall(SYS_pidfd_open, process_, 0))};
  pollfd ended{.fd = end.get(), .events = POLLIN, .revents = 0};
  ::poll(&ended, 1, end_patience_ms);
  ::waitpid(process_, nullptr, WNOHANG);
}

void Guardian::send(pid_t message) noexcept {
  if (pipe_) static_cast<void>(!::write(pipe_.get(), &message, sizeof message));
}

}  // namespace netherd::tools
