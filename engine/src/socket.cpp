#include "netherd/engine/socket.hpp"

#include <linux/netlink.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <utility>

namespace netherd::engine {

namespace {

constexpr std::size_t send_buffer_reserve_bytes = 32;
constexpr std::size_t least_receive_buffer_bytes = 32 * 1024;
constexpr std::size_t least_doubled_bytes = 8 * 1024;  // above the kernel's own least, SOCK_MIN_SNDBUF
constexpr std::size_t most_buffer_bytes = std::numeric_limits<int>::max() / 2;

boost::system::error_code last_error() noexcept { return {errno, boost::system::system_category()}; }

std::size_t buffer_of(int descriptor, int option) noexcept {
  int value = 0;
  socklen_t size = sizeof value;
  return ::getsockopt(descriptor, SOL_SOCKET, option, &value, &size) == 0 && value > 0 ? static_cast<std::size_t>(value)
                                                                                       : 0;
}

/// What a new socket has.
struct KernelBuffers {
  explicit KernelBuffers(int new_socket) noexcept
      : receive_bytes{buffer_of(new_socket, SO_RCVBUF)}, send_bytes{buffer_of(new_socket, SO_SNDBUF)} {}
  std::size_t receive_bytes;
  std::size_t send_bytes;
};

/// Sets a buffer size and tells what it is then. Falls back from the privileged option, which doubles every size that
/// is not tiny (sk_setsockopt() in net/core/sock.c, Linux 6.18), to the one that net.core.[rw]mem_max limits.
std::size_t set_buffer(int descriptor, int forced_option, int option, std::size_t size_bytes) noexcept {
  int value = static_cast<int>(std::min(size_bytes, most_buffer_bytes));
  const bool forced = ::setsockopt(descriptor, SOL_SOCKET, forced_option, &value, sizeof value) == 0;
  if (forced && size_bytes >= least_doubled_bytes) return 2 * static_cast<std::size_t>(value);
  if (!forced) ::setsockopt(descriptor, SOL_SOCKET, option, &value, sizeof value);
  return buffer_of(descriptor, option);
}

}  // namespace

boost::system::result<NetlinkSocket> NetlinkSocket::open(int protocol, const SocketOptions& options) {
  NetlinkSocket netlink{FileDescriptor{::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol)},
                        protocol};
  const int raw = netlink.descriptor();
  if (raw < 0) return last_error();
  const int on = 1;
  for (const int option : {NETLINK_EXT_ACK, NETLINK_CAP_ACK, NETLINK_GET_STRICT_CHK}) {
    if (option == NETLINK_GET_STRICT_CHK && !options.strict) continue;
    if (::setsockopt(raw, SOL_NETLINK, option, &on, sizeof on) != 0) return last_error();
  }
  static const KernelBuffers kernels_own{raw};
  const bool receives_by_default =
      options.receive_buffer_bytes == 0 && kernels_own.receive_bytes >= 2 * least_receive_buffer_bytes;
  netlink.receive_buffer_bytes_ = receives_by_default
                                      ? kernels_own.receive_bytes
                                      : set_buffer(raw, SO_RCVBUFFORCE, SO_RCVBUF,
                                                   std::max(options.receive_buffer_bytes, least_receive_buffer_bytes));
  const std::size_t send_buffer_bytes = options.send_buffer_bytes == 0
                                            ? kernels_own.send_bytes
                                            : set_buffer(raw, SO_SNDBUFFORCE, SO_SNDBUF, options.send_buffer_bytes);
  if (netlink.receive_buffer_bytes_ == 0 || send_buffer_bytes <= send_buffer_reserve_bytes) return last_error();
  netlink.largest_datagram_bytes_ = send_buffer_bytes - send_buffer_reserve_bytes;
  return netlink;
}

}  // namespace netherd::engine
