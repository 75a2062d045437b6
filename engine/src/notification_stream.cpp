#include "netherd/engine/notification_stream.hpp"

#include <linux/netlink.h>
#include <sys/socket.h>

#include <cerrno>

#include "transport.hpp"

namespace netherd::engine {

namespace {

/// No more than a few attributes of a notification come near the 64 KiB that each can have: the alternative names of a
/// link do. Memory that is not used is never touched.
constexpr std::size_t notification_bytes = 256 * 1024;
/// Datagrams of others, and interruptions, in a row.
constexpr int most_attempts = 64;

boost::system::error_code last_error() noexcept { return {errno, boost::system::system_category()}; }

/// A socket without a port id hears nothing: it has that of the kernel, which is left out as the sender
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
      buffer_bytes{notification_bytes},
      buffer{std::make_unique_for_overwrite<std::byte[]>(buffer_bytes)},
      readiness{context, socket.descriptor()} {}

boost::system::error_code NotificationStream::State::receive(std::span<const std::byte>& datagram) {
  boost::system::error_code error = boost::asio::error::try_again;
  for (int attempts = most_attempts; attempts > 0; --attempts) {
    const Received received = receive_now(socket.descriptor(), {buffer.get(), buffer_bytes});
    error = received.error;
    if (error == boost::system::errc::interrupted) continue;
    if (error == boost::system::errc::no_buffer_space) return EngineError::notifications_lost;
    if (error) return error;
    error = boost::asio::error::try_again;
    if (received.sender != PortId::kernel) continue;  // anybody may send here
    if (received.size > buffer_bytes) {
      buffer = std::make_unique_for_overwrite<std::byte[]>(received.size);
      buffer_bytes = received.size;
      return EngineError::notifications_lost;
    }
    datagram = {buffer.get(), received.size};
    return {};
  }
  return error;
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
  state_->closed = true;
  state_->readiness.cancel(ignored);
  state_ = nullptr;
}

}  // namespace netherd::engine
