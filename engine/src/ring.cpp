#include "netherd/engine/ring.hpp"

#include <liburing.h>

#include <array>
#include <boost/asio/bind_allocator.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cerrno>
#include <chrono>
#include <thread>
#include <utility>

namespace netherd::engine {

namespace {

constexpr unsigned submission_entries = 256;
/// Kernel threads that execute sends of worker mode, bounded and unbounded work alike: more of them would only queue up
/// on the kernel's RTNL mutex.
constexpr unsigned most_workers = 4;
/// How long to leave a kernel alone that takes no submissions, and how often to ask it again where nothing else can be
/// done meanwhile.
constexpr std::chrono::milliseconds submission_pause{1};
constexpr int most_submission_pauses = 20;

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
constexpr bool keeps_memory = false;  // or the sanitizer would miss what is used after its end
#else
constexpr bool keeps_memory = true;
#endif

}  // namespace

boost::asio::execution_context::id Ring::id;

struct Ring::State {
  explicit State(boost::asio::io_context& io_context)
      : context{io_context}, readiness{io_context}, retry_timer{io_context} {}

  std::pmr::unsynchronized_pool_resource pool;
  boost::asio::io_context& context;
  io_uring ring{};
  boost::asio::posix::stream_descriptor readiness;  // the ring's descriptor, which becomes readable with a completion
  boost::asio::steady_timer retry_timer;
  std::unique_ptr<io_uring_sqe> refused_entry = std::make_unique<io_uring_sqe>();  // filled in when the queue is full
  boost::system::error_code setup_error;
  RingOperation* operations = nullptr;  // all that the kernel has, so that they can be discarded
  RingOperation* first_finished = nullptr;
  RingOperation* last_finished = nullptr;
  RingClient* clients = nullptr;
  bool entry_refused = false;
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

std::pmr::memory_resource& Ring::memory() noexcept {
  return keeps_memory ? state_->pool : *std::pmr::new_delete_resource();
}

void Ring::attach(RingClient& client) noexcept {
  client.previous_ = nullptr;
  client.next_ = state_->clients;
  if (client.next_ != nullptr) client.next_->previous_ = &client;
  state_->clients = &client;
}

void Ring::detach(RingClient& client) noexcept {
  if (client.previous_ != nullptr) client.previous_->next_ = client.next_;
  if (client.next_ != nullptr) client.next_->previous_ = client.previous_;
  if (state_->clients == &client) state_->clients = client.next_;
  client.previous_ = client.next_ = nullptr;
}

void Ring::shutdown() {
  state_->shut_down = true;
  if (!state_->setup_error) {
    discard_operations();
    state_->readiness.release();
    io_uring_queue_exit(&state_->ring);
  }
  while (RingClient* client = state_->clients) {
    detach(*client);
    client->on_shutdown();
  }
}

/// Takes out of the queue what has not been handed over.
void Ring::withdraw_submissions() noexcept {
  io_uring_sq& queue = state_->ring.sq;
  for (unsigned left = io_uring_sq_ready(&state_->ring); left > 0; --left) {
    io_uring_sqe& entry = queue.sqes[(queue.sqe_tail - left) & *queue.kring_mask];
    if (entry.user_data != 0) {
      // NOLINTNEXTLINE(performance-no-int-to-ptr): the kernel gives user_data back as the number that it was given as
      finish(*reinterpret_cast<RingOperation*>(static_cast<std::uintptr_t>(entry.user_data)), -ECANCELED);
    }
    io_uring_prep_nop(&entry);
    io_uring_sqe_set_data(&entry, nullptr);
  }
}

/// The kernel may still use the operations' buffers: cancels all, and waits until it has let go of each. Those of a
/// kernel that takes no cancellation are left as they are: rather a leak than memory that the kernel writes to.
void Ring::discard_operations() {
  withdraw_submissions();
  for (RingOperation* operation = state_->operations; operation != nullptr; operation = operation->next_) {
    io_uring_prep_cancel(&prepare_submission(), operation, 0);
  }
  for (int pauses = 0; pauses < most_submission_pauses;) {
    collect();
    while (RingOperation* operation = take_finished()) operation->discard();
    if (state_->operations == nullptr) return;
    const int result = io_uring_submit_and_wait(&state_->ring, 1);
    if (result >= 0 || result == -EINTR) continue;
    std::this_thread::sleep_for(submission_pause);
    ++pauses;
  }
}

io_uring_sqe& Ring::prepare_submission() {
  io_uring_sqe* entry = io_uring_get_sqe(&state_->ring);
  for (int pauses = 0; entry == nullptr && pauses < most_submission_pauses;) {  // the queue is full: hand it over now
    const int result = submit();
    entry = io_uring_get_sqe(&state_->ring);
    if (entry != nullptr || result == -EINTR) continue;
    std::this_thread::sleep_for(submission_pause);
    ++pauses;
  }
  state_->entry_refused = entry == nullptr;
  if (entry == nullptr) entry = state_->refused_entry.get();
  io_uring_sqe_set_data(entry, nullptr);
  return *entry;
}

void Ring::start(RingOperation& operation) {
  operation.previous_ = nullptr;
  operation.next_ = state_->operations;
  if (operation.next_ != nullptr) operation.next_->previous_ = &operation;
  state_->operations = &operation;
  if (state_->entry_refused) {
    finish(operation, -EAGAIN);
  } else {
    // The entry that prepare_submission() returned last is the newest of the queue.
    io_uring_sq& queue = state_->ring.sq;
    io_uring_sqe_set_data(&queue.sqes[(queue.sqe_tail - 1) & *queue.kring_mask], &operation);
  }
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

/// Moves an operation from the list of those that the kernel has to the end of those that wait to be completed.
void Ring::finish(RingOperation& operation, std::int32_t result) noexcept {
  unlink(operation);
  operation.result_ = result;
  if (state_->last_finished != nullptr) {
    state_->last_finished->next_ = &operation;
  } else {
    state_->first_finished = &operation;
  }
  state_->last_finished = &operation;
}

RingOperation* Ring::take_finished() noexcept {
  RingOperation* operation = state_->first_finished;
  if (operation == nullptr) return nullptr;
  state_->first_finished = std::exchange(operation->next_, nullptr);
  if (state_->first_finished == nullptr) state_->last_finished = nullptr;
  return operation;
}

/// Takes the completions out of the ring, and calls nobody yet: also from within prepare_submission().
void Ring::collect() {
  io_uring_cqe* completion = nullptr;
  while (io_uring_peek_cqe(&state_->ring, &completion) == 0) {
    auto* operation = static_cast<RingOperation*>(io_uring_cqe_get_data(completion));
    const std::int32_t result = completion->res;
    io_uring_cqe_seen(&state_->ring, completion);
    if (operation != nullptr) finish(*operation, result);  // null: the answer to a cancellation
  }
}

/// Hands the queue to the kernel, which may refuse it as long as completions wait (EBUSY).
int Ring::submit() {
  const int result = io_uring_submit(&state_->ring);
  if (result != -EBUSY) return result;
  collect();
  return io_uring_submit(&state_->ring);
}

void Ring::schedule_flush() {
  if (state_->flush_scheduled || state_->shut_down) return;
  state_->flush_scheduled = true;
  boost::asio::post(state_->context, boost::asio::bind_allocator(std::pmr::polymorphic_allocator<>{&memory()}, [this] {
                      state_->flush_scheduled = false;
                      flush();
                    }));
}

void Ring::retry_flush_later() {
  state_->flush_scheduled = true;
  state_->retry_timer.expires_after(submission_pause);
  state_->retry_timer.async_wait([this](boost::system::error_code) {
    state_->flush_scheduled = false;
    flush();
  });
}

void Ring::flush() {
  const int result = submit();
  // The kernel stops at an entry that it finds wrong, and for want of memory.
  if (io_uring_sq_ready(&state_->ring) > 0) {
    if (result > 0 || result == -EINTR) {
      schedule_flush();
    } else {
      retry_flush_later();
    }
  }
  reap();
}

void Ring::reap() {
  collect();
  while (RingOperation* operation = take_finished()) {
    operation->complete(operation->result_);
    if (state_->first_finished == nullptr) collect();
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
                               boost::asio::bind_allocator(std::pmr::polymorphic_allocator<>{&memory()},
                                                           [this](boost::system::error_code error) {
                                                             state_->waiting = false;
                                                             // A wait that was given up with the last operation may end
                                                             // when there is a new one.
                                                             if (!error || state_->operations != nullptr) reap();
                                                           }));
}

}  // namespace netherd::engine
