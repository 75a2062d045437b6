// Preloaded into a command: its netlink sockets hold about ten answers, and say that they hold megabytes. So the kernel
// drops what the command has every right to expect, and says ENOBUFS instead.
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static int is_receive_buffer_of_netlink(int descriptor, int level, int option) {
  int domain = 0;
  socklen_t size = sizeof domain;
  return level == SOL_SOCKET && (option == SO_RCVBUF || option == SO_RCVBUFFORCE) &&
         syscall(SYS_getsockopt, descriptor, SOL_SOCKET, SO_DOMAIN, &domain, &size) == 0 && domain == AF_NETLINK;
}

// NOLINTBEGIN(readability-inconsistent-declaration-parameter-name): the C library's own names are reserved ones
int setsockopt(int descriptor, int level, int option, const void* value, socklen_t size) {
  const int small = 4096;  // the kernel doubles it
  if (is_receive_buffer_of_netlink(descriptor, level, option)) {
    value = &small;
    size = sizeof small;
  }
  return (int)syscall(SYS_setsockopt, descriptor, level, option, value, size);
}

int getsockopt(int descriptor, int level, int option, void* restrict value, socklen_t* restrict size) {
  const int result = (int)syscall(SYS_getsockopt, descriptor, level, option, value, size);
  if (result == 0 && is_receive_buffer_of_netlink(descriptor, level, option)) *(int*)value = 4 << 20;
  return result;
}
// NOLINTEND(readability-inconsistent-declaration-parameter-name)
