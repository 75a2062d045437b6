#include "netherd/engine/socket.hpp"

#include <linux/netlink.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace netherd::engine {

namespace {

constexpr std::size_t send_buffer_reserve_bytes = 32;
constexpr std::size_t least_receive_buffer_bytes = 32 * 1024;

boost::system::error_code last_error() noexcept { return {errno, boost::system::system_category()}; }

/// Sets a buffer size; falls back from the privileged option to the one that net.core.[rw]mem_max limits.
void set_buffer(int descriptor, int forced_option, int option, std::size_t size_bytes) noexcept {
  const int value = static_cast<int>(size_bytes);
  if (::setsockopt(descriptor, SOL_SOCKET, forced_option, &value, sizeof value) != 0) {
    ::setsockopt(descriptor, SOL_SOCKET, option, &value, sizeof value);
  }
}

std::size_t buffer_bytes(int descriptor, int option) noexcept {
  int value = 0;
  socklen_t size = sizeof value;
  return ::getsockopt(descriptor, SOL_SOCKET, option, &value, &size) == 0 && value > 0 ? static_cast<std::size_t>(value)
                                                                                       : 0;
}

}  // namespace

boost::system::result<NetlinkSocket> NetlinkSocket::open(int protocol, const SocketOptions& options) {
  FileDescriptor descriptor{::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol)};
  if (!descriptor) return last_error();
  return adopt(std::move(descriptor), options);
}

boost::system::result<NetlinkSocket> NetlinkSocket::adopt(FileDescriptor descriptor, const SocketOptions& options) {
  NetlinkSocket netlink{std::move(descriptor)};
  const int raw = netlink.descriptor();
  const int on = 1;
  for (const int option : {NETLINK_EXT_ACK, NETLINK_CAP_ACK, NETLINK_GET_STRICT_CHK}) {
    if (::setsockopt(raw, SOL_NETLINK, option, &on, sizeof on) != 0) return last_error();
  }
  socklen_t size = sizeof netlink.protocol_;
  if (::getsockopt(raw, SOL_SOCKET, SO_PROTOCOL, &netlink.protocol_, &size) != 0) return last_error();
  set_buffer(raw, SO_RCVBUFFORCE, SO_RCVBUF, std::max(options.receive_buffer_bytes, least_receive_buffer_bytes));
  set_buffer(raw, SO_SNDBUFFORCE, SO_SNDBUF, options.send_buffer_bytes);
  netlink.receive_buffer_bytes_ = buffer_bytes(raw, SO_RCVBUF);
  const std::size_t send_buffer_bytes = buffer_bytes(raw, SO_SNDBUF);
  if (netlink.receive_buffer_bytes_ == 0 || send_buffer_bytes <= send_buffer_reserve_bytes) return last_error();
  netlink.largest_datagram_bytes_ = send_buffer_bytes - send_buffer_reserve_bytes;
  return netlink;
}

}  // namespace netherd::engine
