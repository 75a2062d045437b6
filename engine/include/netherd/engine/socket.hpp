#pragma once

#include <boost/system/result.hpp>
#include <cstddef>
#include <utility>

#include "netherd/engine/file_descriptor.hpp"

namespace netherd::engine {

/// What is asked of the kernel for a request socket. Each of the three is a system call.
struct SocketOptions {
  /// Receive buffer in bytes; 0 for the kernel's own (net.core.rmem_default: 212,992 bytes unless changed), whose size
  /// is asked for once in a process. More than net.core.rmem_max takes CAP_NET_ADMIN in the initial user namespace;
  /// without it the socket gets what the limit allows. Less than 32 KiB counts as 32 KiB, which the kernel doubles: the
  /// largest object has to fit beside its acknowledgement.
  std::size_t receive_buffer_bytes = 1U << 20U;
  /// Send buffer in bytes; the same holds (net.core.wmem_default, net.core.wmem_max).
  std::size_t send_buffer_bytes = 1U << 18U;
  /// NETLINK_GET_STRICT_CHK: filters of dumps are honoured or refused. A socket without it is for changes, and for
  /// single objects.
  bool strict = true;
};

/// A netlink request socket, in the network namespace that the thread was in when it was opened.
///
/// It has NETLINK_EXT_ACK (errors in words) and NETLINK_CAP_ACK (no echo of the request in an error). It never has
/// NETLINK_NO_ENOBUFS, which would hide lost answers, and belongs to no multicast group, so that every message on it
/// answers a request.
class NetlinkSocket {
 public:
  /// Opens a socket of `protocol` (NETLINK_ROUTE ...). Errors: what socket(2) gives; EPROTONOSUPPORT for a protocol
  /// that the kernel lacks.
  [[nodiscard]] static boost::system::result<NetlinkSocket> open(int protocol, const SocketOptions& options = {});
  [[nodiscard]] int descriptor() const noexcept { return descriptor_.get(); }
  /// Hands the descriptor out; nothing is left to use the socket by.
  [[nodiscard]] FileDescriptor release() && noexcept { return std::move(descriptor_); }
  /// NETLINK_ROUTE, NETLINK_GENERIC ...
  [[nodiscard]] int protocol() const noexcept { return protocol_; }
  /// As the kernel has it, which doubles what it is asked for.
  [[nodiscard]] std::size_t receive_buffer_bytes() const noexcept { return receive_buffer_bytes_; }
  /// Largest datagram that can be sent: the send buffer less 32 bytes (netlink_sendmsg(), Linux 6.18).
  [[nodiscard]] std::size_t largest_datagram_bytes() const noexcept { return largest_datagram_bytes_; }

 private:
  NetlinkSocket(FileDescriptor descriptor, int protocol) noexcept
      : descriptor_{std::move(descriptor)}, protocol_{protocol} {}

  FileDescriptor descriptor_;
  int protocol_;
  std::size_t receive_buffer_bytes_ = 0;
  std::size_t largest_datagram_bytes_ = 0;
};

}  // namespace netherd::engine
