#include "support/isolated_namespace.hpp"

#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <system_error>

namespace netherd::test {
namespace {

void require(bool succeeded, const char* step) {
  if (!succeeded) throw std::system_error(errno, std::generic_category(), step);
}

void unshare_namespaces() {
  if (::unshare(CLONE_NEWNET | CLONE_NEWNS) == 0) return;
  const std::string reason = std::strerror(errno);
  if (errno == EPERM) throw Unsupported("needs root (CAP_SYS_ADMIN) to make network namespaces: " + reason);
  throw Unsupported("this kernel makes no network and mount namespaces: " + reason);
}

void mount_private_run() {
  require(::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0, "make all mounts private");
  require(::mount("tmpfs", "/run", "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755") == 0, "mount a tmpfs on /run");
  require(::mkdir("/run/netns", 0755) == 0, "make /run/netns");
}

void bring_loopback_up() {
  const int descriptor = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  require(descriptor >= 0, "open a socket");
  ifreq request{};
  std::memcpy(request.ifr_name, "lo", sizeof("lo"));
  request.ifr_flags = IFF_UP;
  const int result = ::ioctl(descriptor, SIOCSIFFLAGS, &request);
  const int error = errno;
  ::close(descriptor);
  errno = error;
  require(result == 0, "set the loopback device up");
}

void redirect_standard_streams() {
  const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  for (int stream = STDIN_FILENO; stream <= STDERR_FILENO; ++stream) ::dup2(null, stream);
}

}  // namespace

bool ends_within(std::chrono::milliseconds limit, const std::function<void()>& function) {
  const pid_t child = ::fork();
  if (child == 0) {
    redirect_standard_streams();
    function();
    ::_exit(0);
  }
  require(child > 0, "start a process");
  pollfd end{static_cast<int>(::syscall(SYS_pidfd_open, child, 0)), POLLIN, 0};
  require(end.fd >= 0, "watch a process");
  const bool ended = ::poll(&end, 1, static_cast<int>(limit.count())) == 1;
  ::close(end.fd);
  if (!ended) ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, ended ? 0 : WNOHANG);
  return ended;
}

void enter_isolated_namespace() {
  if (!ends_within(kernel_patience, [] { ::unshare(CLONE_NEWNET); })) {
    throw Unsupported("the kernel has not made a network namespace within 30 s; dmesg(1) may tell what holds RTNL");
  }
  unshare_namespaces();
  mount_private_run();
  bring_loopback_up();
}

}  // namespace netherd::test
