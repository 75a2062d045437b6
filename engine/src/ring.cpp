#include "netherd/engine/ring.hpp"

#include <liburing.h>

#include <array>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <cerrno>

namespace netherd::engine {

namespace {

constexpr unsigned submission_entries = 256;
/// Kernel threads that execute sends of worker mode, bounded and unbounded work alike: more of them would only queue up
/// on the kernel's RTNL mutex.
constexpr unsigned most_workers = 4;

}  // namespace

boost::asio::execution_context::id Ring::id;

struct Ring::State {
  explicit State(boost::asio::io_context& io_context) : context{io_context}, readiness{io_context} {}

  boost::asio::io_context& context;
  io_uring ring{};
  boost::asio::posix::stream_descriptor readiness;  // the ring's descriptor, which becomes readable with a completion
  boost::system::error_code setup_error;
  RingOperation* operations = nullptr;  // all that the kernel has, so that they can be discarded
  bool flush_scheduled = false;
  bool waiting = false;
  bool shut_down = false;
};

Ring& Ring::of(boost::asio::io_context& context) { return boost::asio::use_service<Ring>(context); }

Ring::Ring(boost::asio::execution_context& context)
    : service{context}, state_{std::make_unique<State>(static_cast<boost::asio::io_context&>(context))} {
  int result = io_uring_queue_init(submission_entries, &state_->ring, IORING_SETUP_COOP_TASKRUN);
  if (result == -EINVAL) result = io_uring_queue_init(submission_entries, &state_->ring, 0);  // before Linux 5.19
  if (result < 0) {
    state_->setup_error.assign(-result, boost::system::system_category());
    return;
  }
  std::array<unsigned, 2> workers{most_workers, most_workers};
  io_uring_register_iowq_max_workers(&state_->ring, workers.data());
  state_->readiness.assign(state_->ring.ring_fd);
}

Ring::~Ring() = default;

boost::system::error_code Ring::unavailable() const noexcept { return state_->setup_error; }

bool Ring::is_shut_down() const noexcept { return state_->shut_down; }

boost::asio::io_context& Ring::context() noexcept { return state_->context; }

void Ring::shutdown() {
  state_->shut_down = true;
  if (state_->setup_error) return;
  // The kernel may still use the operations' buffers: cancel all, and wait until it has let go of each.
  for (RingOperation* operation = state_->operations; operation != nullptr; operation = operation->next_) {
    io_uring_prep_cancel(&prepare_submission(), operation, 0);
  }
  while (state_->operations != nullptr) {
    const int result = io_uring_submit_and_wait(&state_->ring, 1);
    if (result < 0 && result != -EINTR && result != -EBUSY && result != -EAGAIN) break;
    io_uring_cqe* completion = nullptr;
    while (io_uring_peek_cqe(&state_->ring, &completion) == 0) {
      auto* operation = static_cast<RingOperation*>(io_uring_cqe_get_data(completion));
      io_uring_cqe_seen(&state_->ring, completion);
      if (operation == nullptr) continue;
      unlink(*operation);
      operation->discard();
    }
  }
  state_->readiness.release();
  io_uring_queue_exit(&state_->ring);
}

io_uring_sqe& Ring::prepare_submission() {
  io_uring_sqe* entry = io_uring_get_sqe(&state_->ring);
  while (entry == nullptr) {  // the queue is full: hand it over now
    io_uring_submit(&state_->ring);
    entry = io_uring_get_sqe(&state_->ring);
  }
  io_uring_sqe_set_data(entry, nullptr);
  return *entry;
}

void Ring::start(RingOperation& operation) {
  // The entry that prepare_submission() returned last is the newest of the queue.
  io_uring_sq& queue = state_->ring.sq;
  io_uring_sqe_set_data(&queue.sqes[(queue.sqe_tail - 1) & *queue.kring_mask], &operation);
  operation.previous_ = nullptr;
  operation.next_ = state_->operations;
  if (operation.next_ != nullptr) operation.next_->previous_ = &operation;
  state_->operations = &operation;
  schedule_flush();
}

void Ring::cancel(RingOperation& operation) {
  io_uring_prep_cancel(&prepare_submission(), &operation, 0);
  schedule_flush();
}

void Ring::unlink(RingOperation& operation) noexcept {
  if (operation.previous_ != nullptr) operation.previous_->next_ = operation.next_;
  if (operation.next_ != nullptr) operation.next_->previous_ = operation.previous_;
  if (state_->operations == &operation) state_->operations = operation.next_;
  operation.previous_ = operation.next_ = nullptr;
}

void Ring::schedule_flush() {
  if (state_->flush_scheduled || state_->shut_down) return;
  state_->flush_scheduled = true;
  boost::asio::post(state_->context, [this] { flush(); });
}

void Ring::flush() {
  state_->flush_scheduled = false;
  const int result = io_uring_submit(&state_->ring);
  if (result == -EINTR || result == -EAGAIN || result == -EBUSY) schedule_flush();
  reap();
}

void Ring::reap() {
  io_uring_cqe* completion = nullptr;
  while (io_uring_peek_cqe(&state_->ring, &completion) == 0) {
    auto* operation = static_cast<RingOperation*>(io_uring_cqe_get_data(completion));
    const std::int32_t result = completion->res;
    io_uring_cqe_seen(&state_->ring, completion);
    if (operation == nullptr) continue;  // the answer to a cancellation
    unlink(*operation);
    operation->complete(result);
  }
  if (state_->flush_scheduled) return;  // which reaps again
  if (state_->operations != nullptr) {
    wait_for_completions();
  } else if (state_->waiting) {
    state_->readiness.cancel();  // or the wait would keep io_context::run() from returning
  }
}

void Ring::wait_for_completions() {
  if (state_->waiting) return;
  state_->waiting = true;
  state_->readiness.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                               [this](boost::system::error_code error) {
                                 state_->waiting = false;
                                 // A wait that was given up with the last operation may end when there is a new one.
                                 if (!error || state_->operations != nullptr) reap();
                               });
}

}  // namespace netherd::engine
