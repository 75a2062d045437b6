#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/system/error_code.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "netherd/engine/channel_options.hpp"
#include "netherd/engine/types.hpp"

namespace netherd::engine {

class ChannelCore;

enum class ReceiveMode : std::uint8_t {
  wait,  ///< for the next datagram
  peek,  ///< the same, but leaves it where it is: its size may be larger than the buffer
  drain  ///< what is there; an empty receive buffer gives EAGAIN
};

/// A datagram, or why there is none.
struct Received {
  boost::system::error_code error;
  std::size_t size = 0;  ///< of the datagram, which may be larger than the buffer
  PortId sender = PortId::kernel;
};

/// Sends and receives for a channel, and keeps it alive meanwhile. At most one send and one receive at a time.
class Transport {
 public:
  /// By the context's io_uring ring where there is one, else by Asio's reactor; a ring that fails later is left for the
  /// reactor. `core` must outlive the transport.
  [[nodiscard]] static std::unique_ptr<Transport> make(boost::asio::io_context& context, ChannelCore& core);
  virtual ~Transport() = default;

  /// Ends in ChannelCore::on_send_done().
  virtual void send(std::span<const std::byte> datagram, Submission submission) = 0;
  /// Ends in ChannelCore::on_receive_done().
  virtual void receive(std::span<std::byte> buffer, ReceiveMode mode) = 0;
  /// Asks the kernel to end what is under way.
  virtual void cancel() noexcept = 0;
  /// Has nothing to do with the socket any more. Precondition: nothing is under way.
  virtual void detach() noexcept = 0;
};

/// Takes the next datagram, without waiting: EAGAIN if there is none. An empty buffer throws it away.
[[nodiscard]] Received receive_now(int socket, std::span<std::byte> buffer) noexcept;

}  // namespace netherd::engine
