#include "netherd/engine/notification_stream.hpp"

#include <linux/netlink.h>
#include <sys/socket.h>

#include <cerrno>

namespace netherd::engine {

namespace {

/// The largest that the kernel sends is a link with many virtual functions, of which it says less than in an answer.
constexpr std::size_t notification_bytes = 64 * 1024;

boost::system::error_code last_error() noexcept { return {errno, boost::system::system_category()}; }

/// A socket without a port id is told nothing: it has that of the kernel, which is left out as the sender
/// (do_one_broadcast(), net/netlink/af_netlink.c, Linux 6.18).
boost::system::error_code bind_once(int descriptor) noexcept {
  sockaddr_nl address{};
  socklen_t size = sizeof address;
  if (::getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &size) != 0) return last_error();
  if (address.nl_pid != value_of(PortId::kernel)) return {};
  const int result = ::bind(descriptor, reinterpret_cast<const sockaddr*>(&address), size);
  return result == 0 ? boost::system::error_code{} : last_error();
}

}  // namespace

NotificationStream::State::State(boost::asio::io_context& context, NetlinkSocket netlink)
    : socket{std::move(netlink)},
      readiness{context, socket.descriptor()},
      buffer{std::make_unique_for_overwrite<std::byte[]>(notification_bytes)} {}

boost::system::error_code NotificationStream::State::receive(std::span<const std::byte>& datagram) const noexcept {
  sockaddr_nl sender{};
  iovec vector{buffer.get(), notification_bytes};
  msghdr header{};
  header.msg_name = &sender;
  header.msg_namelen = sizeof sender;
  header.msg_iov = &vector;
  header.msg_iovlen = 1;
  for (;;) {
    const ssize_t size = ::recvmsg(socket.descriptor(), &header, MSG_DONTWAIT);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return errno == ENOBUFS ? EngineError::notifications_lost : last_error();
    if (sender.nl_pid != value_of(PortId::kernel)) continue;  // anybody may send here
    if ((header.msg_flags & MSG_TRUNC) != 0) return EngineError::notifications_lost;
    datagram = {buffer.get(), static_cast<std::size_t>(size)};
    return {};
  }
}

boost::system::error_code NotificationStream::join(unsigned group) {
  const int descriptor = state_->socket.descriptor();
  if (const auto error = bind_once(descriptor)) return error;
  const int number = static_cast<int>(group);
  const int result = ::setsockopt(descriptor, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &number, sizeof number);
  return result == 0 ? boost::system::error_code{} : last_error();
}

void NotificationStream::discard_pending() {
  constexpr std::size_t least_charge_bytes = 256;  // of a datagram; there cannot be more of them
  for (std::size_t left = state_->socket.receive_buffer_bytes() / least_charge_bytes; left > 0; --left) {
    std::span<const std::byte> datagram;
    const auto error = state_->receive(datagram);
    if (error && error != EngineError::notifications_lost) return;
  }
}

void NotificationStream::close() noexcept {
  if (!state_) return;
  boost::system::error_code ignored;
  state_->readiness.cancel(ignored);
  state_ = nullptr;
}

}  // namespace netherd::engine
