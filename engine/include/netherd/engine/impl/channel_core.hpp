#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/system/error_code.hpp>
#include <cstddef>
#include <memory>
#include <memory_resource>
#include <span>

#include "netherd/engine/batch.hpp"
#include "netherd/engine/channel_options.hpp"
#include "netherd/engine/impl/send_times.hpp"
#include "netherd/engine/pipeline.hpp"
#include "netherd/engine/ring.hpp"
#include "netherd/engine/socket.hpp"

namespace netherd::engine {

struct Received;
class Transport;

/// Something that a handler waits for: kept in a list by its channel, so that it can be given up with it.
class ChannelOperation {
 public:
  /// Frees the memory and calls the handler with its result, on its executor. Called by the loop, with nothing of the
  /// channel's on the stack; passes on what the handler throws.
  virtual void deliver() = 0;
  /// The io_context is being destroyed: free the memory, call nobody.
  virtual void discard() noexcept = 0;

 protected:
  ChannelOperation() = default;
  ~ChannelOperation() = default;

 private:
  friend class ChannelCore;
  ChannelOperation* previous_ = nullptr;
  ChannelOperation* next_ = nullptr;
  ChannelOperation* next_ended_ = nullptr;
};

/// The part of a channel that does not depend on handlers' types: moves bytes between pipeline and socket. Not part of
/// the public interface. It keeps itself alive while the kernel uses its buffers, and until handlers have been called.
///
/// Users' code runs in two places only: visitors within on_receive_done(), handlers within deliver(). Operations, and
/// the visitors and handlers in them, are destroyed in the latter only, or with the io_context.
class ChannelCore final : public std::enable_shared_from_this<ChannelCore>, private RingClient {
 public:
  [[nodiscard]] static std::shared_ptr<ChannelCore> make(boost::asio::io_context& context, NetlinkSocket socket,
                                                         const ChannelOptions& options);
  ChannelCore(boost::asio::io_context& context, NetlinkSocket socket, const ChannelOptions& options);
  ~ChannelCore();

  void link(ChannelOperation& operation) noexcept;
  void unlink(ChannelOperation& operation) noexcept;
  /// The operation has its result: it is delivered in a later turn of the loop, in the order of these calls.
  void end(ChannelOperation& operation);

  void execute(Batch& batch, Batch::Listener& listener);
  void execute(const QueuedRequest& request);
  void abandon(AnswerSink& sink, boost::system::error_code error) { pipeline_.abandon(sink, error); }
  void abandon(Batch& batch, boost::system::error_code error) {
    pipeline_.abandon(static_cast<AnswerSink&>(batch), error);
  }
  void close() noexcept;
  [[nodiscard]] NetlinkSocket release() noexcept;

  [[nodiscard]] boost::asio::io_context& context() noexcept { return context_; }
  /// For what lives no longer than an operation.
  [[nodiscard]] std::pmr::polymorphic_allocator<> allocator() noexcept {
    return std::pmr::polymorphic_allocator<>{&ring_.memory()};
  }
  [[nodiscard]] const NetlinkSocket& socket() const noexcept { return socket_; }
  [[nodiscard]] Submission submission() const noexcept { return submission_; }
  /// Null: none.
  [[nodiscard]] const std::shared_ptr<SendQueue>& send_queue() const noexcept { return send_queue_; }
  [[nodiscard]] bool is_closed() const noexcept { return closed_; }

  // Called by the transport when the kernel has finished.
  void on_send_done(boost::system::error_code error);
  void on_receive_done(const Received& received);

 private:
  void on_shutdown() noexcept override;
  void schedule_delivery();
  void deliver();
  void schedule_pump();
  void pump();
  void send_next();
  /// Hands something to the pipeline that may bring outcomes.
  template <typename Feed>
  void feed(Feed&& hand_over);
  void receive_next();
  void on_peeked(const Received& received);
  void throw_away_next();
  void on_received(const Received& received);
  void on_receive_failed(boost::system::error_code error);

  boost::asio::io_context& context_;
  Ring& ring_;
  NetlinkSocket socket_;
  Submission submission_;
  std::shared_ptr<SendQueue> send_queue_;
  Pipeline pipeline_;
  SendTimes send_times_;
  std::unique_ptr<Transport> transport_;
  std::unique_ptr<std::byte[]> receive_buffer_;
  std::size_t receive_buffer_bytes_;
  ChannelOperation* operations_ = nullptr;  // all, those that have ended included
  ChannelOperation* first_ended_ = nullptr;
  ChannelOperation* last_ended_ = nullptr;
  bool delivery_scheduled_ = false;
  bool pump_scheduled_ = false;
  bool sending_ = false;
  bool receiving_ = false;
  bool peeking_ = false;        // what is received is asked for its size first
  int fruitless_receives_ = 0;  // since the last send or datagram
  bool closed_ = false;
};

}  // namespace netherd::engine
