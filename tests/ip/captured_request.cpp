// Keeps commands from changing anything: the first request that would is written to a file, and the process ends.
//
// Built twice: as a module that `ip` is started with (LD_PRELOAD), and into the test program, where it stands before
// the C library's own functions. Without the file, nothing is different.
#include "captured_request.hpp"

#include <dlfcn.h>
#include <linux/if_tun.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cstdarg>
#include <cstddef>
#include <cstdlib>
#include <cstring>

namespace {

using netherd::test::capture_variable;
using netherd::test::status_captured;

[[noreturn]] void keep(const char* file, const void* bytes, size_t size) {
  const ssize_t written = ::write(std::atoi(file), bytes, size);
  ::_exit(written == static_cast<ssize_t>(size) ? status_captured : 1);
}

/// With an empty message `ip` asks whether the kernel knows RTM_NEWLINK at all.
bool is_probe(const nlmsghdr& header) {
  return header.nlmsg_type == RTM_NEWLINK && header.nlmsg_len == NLMSG_LENGTH(sizeof(ifinfomsg));
}

void look_at(int descriptor, const iovec* parts, size_t count) {
  static constexpr int get = RTM_GETLINK & 3;  // the same for every family of messages
  const char* const file = std::getenv(capture_variable);
  if (file == nullptr || count != 1 || parts->iov_len < sizeof(nlmsghdr)) return;
  int domain = 0;
  socklen_t size = sizeof domain;
  if (::getsockopt(descriptor, SOL_SOCKET, SO_DOMAIN, &domain, &size) != 0 || domain != AF_NETLINK) return;
  nlmsghdr header{};
  std::memcpy(&header, parts->iov_base, sizeof header);
  if (header.nlmsg_type < RTM_BASE || (header.nlmsg_type & 3) == get || is_probe(header)) return;
  keep(file, parts->iov_base, parts->iov_len);
}

template <typename Function>
Function* next(const char* name) {
  return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

}  // namespace

extern "C" {

ssize_t send(int descriptor, const void* bytes, size_t size, int flags) {
  const iovec part{const_cast<void*>(bytes), size};
  look_at(descriptor, &part, 1);
  static auto* const original = next<ssize_t(int, const void*, size_t, int)>("send");
  return original(descriptor, bytes, size, flags);
}

ssize_t sendmsg(int descriptor, const msghdr* message, int flags) {
  look_at(descriptor, message->msg_iov, message->msg_iovlen);
  static auto* const original = next<ssize_t(int, const msghdr*, int)>("sendmsg");
  return original(descriptor, message, flags);
}

int ioctl(int descriptor, unsigned long request, ...) noexcept {
  va_list rest;
  va_start(rest, request);
  void* const argument = va_arg(rest, void*);
  va_end(rest);
  if (const char* const file = std::getenv(capture_variable); request == TUNSETIFF && file != nullptr) {
    keep(file, argument, sizeof(ifreq));
  }
  static auto* const original = next<int(int, unsigned long, void*)>("ioctl");
  return original(descriptor, request, argument);
}
}
