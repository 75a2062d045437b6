#include "netherd/engine/channel.hpp"

#include <algorithm>
#include <boost/asio/bind_allocator.hpp>
#include <cerrno>
#include <utility>

#include "transport.hpp"

namespace netherd::engine {

namespace {

/// The kernel never fills more than this with one part of a dump, and it truncates silently what does not fit
/// (netlink_dump(), net/netlink/af_netlink.c, Linux 6.18).
constexpr std::size_t answer_bytes = 32 * 1024;

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
      send_times_{options.latencies} {
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
  if (std::exchange(delivery_scheduled_, true)) return;
  boost::asio::post(context_, boost::asio::bind_allocator(allocator(), [core = shared_from_this()] {
                      core->delivery_scheduled_ = false;
                      core->deliver();
                    }));
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
  if (std::exchange(pump_scheduled_, true)) return;
  boost::asio::post(context_, boost::asio::bind_allocator(allocator(), [core = shared_from_this()] {
                      core->pump_scheduled_ = false;
                      core->pump();
                    }));
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
  if (!receive_buffer_) receive_buffer_ = std::make_unique_for_overwrite<std::byte[]>(answer_bytes);
  receiving_ = true;
  transport_->receive({receive_buffer_.get(), answer_bytes}, pipeline_.overrun());
}

void ChannelCore::on_send_done(boost::system::error_code error) {
  sending_ = false;
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

void ChannelCore::on_receive_done(boost::system::error_code error, std::size_t size, bool truncated, PortId sender) {
  receiving_ = false;
  if (closed_) return;
  if (!error) {
    // Anybody may send to a netlink socket; only what the kernel sends is an answer.
    if (sender == PortId::kernel)
      feed([&] { pipeline_.on_received({receive_buffer_.get(), std::min(size, answer_bytes)}, truncated); });
  } else if (error == boost::system::errc::no_buffer_space) {
    pipeline_.on_overrun();
  } else if (error == boost::asio::error::try_again) {
    if (pipeline_.overrun() && !sending_) feed([&] { pipeline_.on_drained(); });
  } else if (error != boost::asio::error::interrupted && error != boost::asio::error::operation_aborted) {
    feed([&] { pipeline_.fail_all(error); });
  }
  pump();
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
