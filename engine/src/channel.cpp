#include "netherd/engine/channel.hpp"

#include <algorithm>
#include <boost/asio/bind_allocator.hpp>
#include <cerrno>
#include <utility>

#include "transport.hpp"

namespace netherd::engine {

namespace {

/// What a part of a dump is filled up to if the receiver's buffer is that large. A part with an object that is larger
/// still is as large as that (netlink_dump(), rtnl_calcit(), Linux 6.18).
constexpr std::size_t answer_bytes = 32 * 1024;
/// Receives that fail one after the other, before that counts as a failure for good.
constexpr int most_fruitless_receives = 100;

PipelineLimits limits_for(const NetlinkSocket& socket, const ChannelOptions& options) {
  return {.datagram_bytes = std::min(options.datagram_bytes, socket.largest_datagram_bytes()),
          .datagram_requests = options.datagram_requests,
          .window_requests = window_for_receive_buffer(socket.receive_buffer_bytes()),
          .dump_window_requests = dump_window_for_receive_buffer(socket.receive_buffer_bytes()),
          .queue_requests = options.queue_requests};
}

}  // namespace

std::shared_ptr<ChannelCore> ChannelCore::make(boost::asio::io_context& context, NetlinkSocket socket,
                                               const ChannelOptions& options) {
  auto core = std::make_shared<ChannelCore>(context, std::move(socket), options);
  core->transport_ = Transport::make(context, *core);
  return core;
}

ChannelCore::ChannelCore(boost::asio::io_context& context, NetlinkSocket socket, const ChannelOptions& options)
    : context_{context},
      ring_{Ring::of(context)},
      socket_{std::move(socket)},
      submission_{options.submission},
      send_queue_{options.submission == Submission::worker ? options.send_queue : nullptr},
      pipeline_{limits_for(socket_, options), SequenceNumber{1}, socket_.protocol()},
      send_times_{options.latencies},
      receive_buffer_bytes_{answer_bytes} {
  ring_.attach(*this);
}

ChannelCore::~ChannelCore() { ring_.detach(*this); }

void ChannelCore::link(ChannelOperation& operation) noexcept {
  operation.previous_ = nullptr;
  operation.next_ = operations_;
  if (operations_ != nullptr) operations_->previous_ = &operation;
  operations_ = &operation;
}

void ChannelCore::unlink(ChannelOperation& operation) noexcept {
  if (operation.previous_ != nullptr) operation.previous_->next_ = operation.next_;
  if (operation.next_ != nullptr) operation.next_->previous_ = operation.previous_;
  if (operations_ == &operation) operations_ = operation.next_;
}

void ChannelCore::end(ChannelOperation& operation) {
  if (ring_.is_shut_down()) return operation.discard();  // started by a destructor: nobody calls handlers any more
  operation.next_ended_ = nullptr;
  (last_ended_ != nullptr ? last_ended_->next_ended_ : first_ended_) = &operation;
  last_ended_ = &operation;
  schedule_delivery();
}

void ChannelCore::schedule_delivery() {
  if (delivery_scheduled_) return;
  boost::asio::post(context_, boost::asio::bind_allocator(allocator(), [core = shared_from_this()] {
                      core->delivery_scheduled_ = false;
                      core->deliver();
                    }));
  delivery_scheduled_ = true;
}

/// Calls the handlers of what has ended so far. What ends meanwhile, and what is left when a handler throws, has its
/// turn later.
void ChannelCore::deliver() {
  struct Continuation {
    ChannelCore& core;
    ~Continuation() {
      if (core.first_ended_ != nullptr) core.schedule_delivery();
    }
  } const continuation{*this};
  const ChannelOperation* const last = last_ended_;
  for (bool more = first_ended_ != nullptr; more;) {
    ChannelOperation* const operation = first_ended_;
    more = operation != last;
    first_ended_ = operation->next_ended_;
    if (first_ended_ == nullptr) last_ended_ = nullptr;
    operation->deliver();
  }
}

void ChannelCore::execute(const QueuedRequest& request) {
  if (closed_) {
    return request.sink->on_outcome(request.position, {EngineError::channel_closed, RequestState::waiting, nullptr});
  }
  if (request.message.empty() || request.message.size() > pipeline_.limits().datagram_bytes) {
    request.sink->on_outcome(request.position, {EngineError::request_too_large, RequestState::waiting, nullptr});
  } else if (!pipeline_.enqueue(request)) {
    request.sink->on_outcome(request.position, {EngineError::queue_full, RequestState::waiting, nullptr});
  } else {
    schedule_pump();
  }
}

void ChannelCore::execute(Batch& batch, Batch::Listener& listener) {
  batch.start(listener);
  const std::size_t size = batch.size();  // the last outcome may come within the loop, and end the batch
  for (std::size_t position = 0; position < size; ++position) {
    execute({batch.message(position), &batch, static_cast<std::uint32_t>(position), batch.requests_[position].kind});
  }
}

void ChannelCore::schedule_pump() {
  if (pump_scheduled_) return;
  boost::asio::post(context_, boost::asio::bind_allocator(allocator(), [core = shared_from_this()] {
                      core->pump_scheduled_ = false;
                      core->pump();
                    }));
  pump_scheduled_ = true;
}

void ChannelCore::pump() {
  if (closed_) return;
  send_next();
  receive_next();
}

void ChannelCore::send_next() {
  if (sending_) return;
  const std::size_t in_flight = pipeline_.in_flight();
  const auto datagram = pipeline_.next_datagram();
  if (datagram.empty()) return;
  sending_ = true;
  send_times_.on_sent(pipeline_.in_flight() - in_flight);
  transport_->send(datagram, submission_);
}

void ChannelCore::receive_next() {
  if (receiving_ || !(pipeline_.expects_answers() || pipeline_.overrun())) return;
  if (pipeline_.overrun() && sending_) return;  // more may be dropped until the send has ended; then drain
  if (!receive_buffer_) receive_buffer_ = std::make_unique_for_overwrite<std::byte[]>(receive_buffer_bytes_);
  receiving_ = true;
  peeking_ = !pipeline_.overrun() && pipeline_.expects_objects();
  transport_->receive({receive_buffer_.get(), receive_buffer_bytes_}, pipeline_.overrun() ? ReceiveMode::drain
                                                                      : peeking_          ? ReceiveMode::peek
                                                                                          : ReceiveMode::wait);
}

void ChannelCore::on_send_done(boost::system::error_code error) {
  sending_ = false;
  fruitless_receives_ = 0;
  if (closed_) return;
  if (error) {
    const std::size_t in_flight = pipeline_.in_flight();
    pipeline_.on_send_failed(error);
    send_times_.on_send_failed(in_flight - pipeline_.in_flight());
    // Nothing comes that the receive waits for, and it would keep io_context::run() from returning.
    if (receiving_ && !pipeline_.expects_answers()) transport_->cancel();
  } else {
    pipeline_.on_sent();
  }
  pump();
}

template <typename Feed>
void ChannelCore::feed(Feed&& hand_over) {
  const std::size_t in_flight = pipeline_.in_flight();
  std::forward<Feed>(hand_over)();
  if (!closed_) send_times_.on_ended(in_flight - pipeline_.in_flight());
}

void ChannelCore::on_receive_done(const Received& received) {
  receiving_ = false;
  if (closed_) return;
  if (received.error) {
    on_receive_failed(received.error);
  } else if (peeking_) {
    on_peeked(received);
  } else {
    on_received(received);
  }
  pump();
}

/// What was peeked at is in the buffer, unless it is too large for that; it is still in the socket. There it stays
/// until it has been looked at: to take it makes the kernel go on with a dump.
void ChannelCore::on_peeked(const Received& received) {
  if (received.size > receive_buffer_bytes_ && received.sender == PortId::kernel) {
    receive_buffer_ = std::make_unique_for_overwrite<std::byte[]>(received.size);
    receive_buffer_bytes_ = received.size;
    const Received taken = receive_now(socket_.descriptor(), {receive_buffer_.get(), receive_buffer_bytes_});
    return taken.error ? on_receive_failed(taken.error) : on_received(taken);
  }
  on_received(received);
  if (!closed_) throw_away_next();
}

/// An overrun is reported before what is still there.
void ChannelCore::throw_away_next() {
  boost::system::error_code error;
  for (int attempts = most_fruitless_receives; attempts > 0; --attempts) {
    error = receive_now(socket_.descriptor(), {}).error;
    if (!error) return;
    if (error == boost::system::errc::no_buffer_space) {
      pipeline_.on_overrun();
    } else if (error != boost::asio::error::interrupted) {
      break;
    }
  }
  feed([&] { pipeline_.fail_all(error); });
}

void ChannelCore::on_received(const Received& received) {
  fruitless_receives_ = 0;
  // Anybody may send to a netlink socket; only what the kernel sends is an answer.
  if (received.sender != PortId::kernel) return;
  const std::byte* const data = receive_buffer_.get();
  feed([&] {
    if (received.size <= receive_buffer_bytes_) {
      pipeline_.on_received({data, received.size}, false);
    } else {
      pipeline_.on_received_beginning({data, receive_buffer_bytes_}, received.size);
    }
  });
}

void ChannelCore::on_receive_failed(boost::system::error_code error) {
  const bool may_pass = error == boost::system::errc::no_buffer_space || error == boost::asio::error::try_again ||
                        error == boost::asio::error::interrupted || error == boost::asio::error::operation_aborted;
  if (!may_pass || ++fruitless_receives_ > most_fruitless_receives) {
    feed([&] { pipeline_.fail_all(error); });
  } else if (error == boost::system::errc::no_buffer_space) {
    pipeline_.on_overrun();
  } else if (error == boost::asio::error::try_again && pipeline_.overrun() && !sending_) {
    feed([&] { pipeline_.on_drained(); });
  }
}

void ChannelCore::close() noexcept {
  if (std::exchange(closed_, true)) return;
  if (ring_.is_shut_down()) return on_shutdown();
  transport_->cancel();
  pipeline_.fail_all(EngineError::channel_closed);
}

NetlinkSocket ChannelCore::release() noexcept {
  close();
  transport_->detach();
  return std::move(socket_);
}

void ChannelCore::on_shutdown() noexcept {
  closed_ = true;
  const auto keep_alive = shared_from_this();  // handlers may own the channel
  while (operations_ != nullptr) operations_->discard();
}

}  // namespace netherd::engine
