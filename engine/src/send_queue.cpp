#include "netherd/engine/send_queue.hpp"

#include <liburing.h>

#include <algorithm>
#include <boost/asio/bind_allocator.hpp>
#include <boost/asio/post.hpp>
#include <memory_resource>
#include <utility>

namespace netherd::engine {

SendQueue::SendQueue(boost::asio::io_context& context) : ring_{Ring::of(context)}, waiting_{most_in_chain} {
  ring_.attach(*this);
}

SendQueue::~SendQueue() { ring_.detach(*this); }

void SendQueue::push(RingOperation& operation, int descriptor, std::span<const std::byte> datagram) {
  if (waiting_.full()) waiting_.set_capacity(std::max(most_in_chain, 2 * waiting_.capacity()));
  waiting_.push_back({&operation, descriptor, datagram});
  if (in_chain_ == 0) schedule_chain();
}

void SendQueue::on_ended() {
  if (--in_chain_ == 0 && !waiting_.empty()) schedule_chain();
}

/// In a later turn of the loop, when the sends that go with it have been queued too.
void SendQueue::schedule_chain() {
  if (ring_.is_shut_down() || std::exchange(chain_scheduled_, true)) return;
  boost::asio::post(ring_.context(), boost::asio::bind_allocator(std::pmr::polymorphic_allocator<>{&ring_.memory()},
                                                                 [queue = shared_from_this()] {
                                                                   queue->chain_scheduled_ = false;
                                                                   queue->submit_chain();
                                                                 }));
}

/// A ring whose own queue is full in between cuts the chain: two workers are then at work for a while.
void SendQueue::submit_chain() {
  in_chain_ = std::min(waiting_.size(), most_in_chain);
  for (std::size_t left = in_chain_; left > 0; --left) {
    const Send send = waiting_.front();
    waiting_.pop_front();
    io_uring_sqe& entry = ring_.prepare_submission();
    io_uring_prep_send(&entry, send.descriptor, send.datagram.data(), send.datagram.size(), 0);
    io_uring_sqe_set_flags(&entry, left > 1 ? IOSQE_ASYNC | IOSQE_IO_HARDLINK : IOSQE_ASYNC);
    ring_.start(*send.operation);
  }
}

void SendQueue::on_shutdown() noexcept {
  for (const Send& send : std::exchange(waiting_, boost::circular_buffer<Send>{})) send.operation->discard();
}

}  // namespace netherd::engine
