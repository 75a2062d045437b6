#pragma once

#include <boost/asio/io_context.hpp>
#include <cstddef>
#include <memory>
#include <span>

#include "netherd/engine/channel_options.hpp"

namespace netherd::engine {

class ChannelCore;

/// Sends and receives for a channel, and keeps it alive meanwhile. At most one send and one receive at a time.
class Transport {
 public:
  /// By the context's io_uring ring where there is one, else by Asio's reactor. `core` must outlive the transport.
  [[nodiscard]] static std::unique_ptr<Transport> make(boost::asio::io_context& context, ChannelCore& core);
  virtual ~Transport() = default;

  /// Ends in ChannelCore::on_send_done().
  virtual void send(std::span<const std::byte> datagram, Submission submission) = 0;
  /// Ends in ChannelCore::on_receive_done(); with `only_what_is_there`, an empty receive buffer gives EAGAIN.
  virtual void receive(std::span<std::byte> buffer, bool only_what_is_there) = 0;
  /// Asks the kernel to end what is under way.
  virtual void cancel() noexcept = 0;
  /// Has nothing to do with the socket any more. Precondition: nothing is under way.
  virtual void detach() noexcept = 0;
};

}  // namespace netherd::engine
