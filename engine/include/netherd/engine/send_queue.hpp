#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/circular_buffer.hpp>
#include <cstddef>
#include <memory>
#include <span>

#include "netherd/engine/ring.hpp"

namespace netherd::engine {

/// The sends of several channels, executed one after the other by one kernel worker.
///
/// A channel in worker mode has one send on its way, and the worker that executed it idles until the event loop has
/// heard of that and sent the next one. With a queue the worker goes on with the send of another channel: those that
/// have gathered are submitted as one chain of linked operations (IOSQE_IO_HARDLINK), which the kernel walks through
/// without the loop (io_wq_free_work(), io_uring/io_uring.c, Linux 6.18). One queue for everything that takes the
/// kernel's RTNL mutex also keeps workers from spinning on it.
///
///     const auto routes = SendQueue::make(context);
///     Channel channel{context, std::move(socket), {.submission = Submission::worker, .send_queue = routes}};
///
/// Order: the sends of a queue are executed in the order in which the channels made them. A send that fails does not
/// stop those behind it.
/// Cancellation: a send that has been queued is executed, also when its channel is closed meanwhile.
/// Where there is no io_uring a queue has no effect. Thread safety: none, as for Ring.
class SendQueue final : public std::enable_shared_from_this<SendQueue>, private RingClient {
 public:
  /// Sends in one chain at most: bounds how long those go on that nobody waits for any more.
  static constexpr std::size_t most_in_chain = 64;

  [[nodiscard]] static std::shared_ptr<SendQueue> make(boost::asio::io_context& context) {
    return std::make_shared<SendQueue>(context);
  }
  explicit SendQueue(boost::asio::io_context& context);
  ~SendQueue();
  SendQueue(const SendQueue&) = delete;
  SendQueue& operator=(const SendQueue&) = delete;

  /// For channels: queues the send of a datagram. Whoever owns `operation` calls on_ended() when it has been completed.
  void push(RingOperation& operation, int descriptor, std::span<const std::byte> datagram);
  void on_ended();

 private:
  struct Send {
    RingOperation* operation;
    int descriptor;
    std::span<const std::byte> datagram;
  };

  void schedule_chain();
  void submit_chain();
  void on_shutdown() noexcept override;

  Ring& ring_;
  boost::circular_buffer<Send> waiting_;  // keeps the room that it has grown
  std::size_t in_chain_ = 0;              // sends of the chain that the kernel has, less those that have ended
  bool chain_scheduled_ = false;
};

}  // namespace netherd::engine
