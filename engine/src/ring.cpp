#include "netherd/engine/ring.hpp"

#include <liburing.h>

#include <array>
#include <boost/asio/bind_allocator.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cerrno>
#include <chrono>
#include <optional>
#include <thread>
#include <utility>

#include "ring_probe.hpp"

namespace netherd::engine {

namespace {

constexpr unsigned submission_entries = 256;
/// Kernel threads that execute sends of worker mode, bounded and unbounded work alike: more of them would only queue up
/// on the kernel's RTNL mutex.
constexpr unsigned most_workers = 4;
/// How long to leave a kernel alone that takes no submissions, and how long it may go on taking none.
constexpr std::chrono::milliseconds submission_pause{1};
constexpr std::chrono::seconds longest_refusal{1};
/// When the context is destroyed: how long to wait for a completion, and how often where nothing comes.
constexpr std::chrono::milliseconds discard_pause{20};
constexpr int most_discard_pauses = 500;
constexpr int most_discard_pauses_of_failed_ring = 5;

bool may_pass(int result) noexcept {
  return result == -EAGAIN || result == -EBUSY || result == -EINTR || result == -ENOMEM;
}

__kernel_timespec timespec_of(std::chrono::milliseconds duration) noexcept {
  return {.tv_sec = 0, .tv_nsec = std::chrono::nanoseconds{duration}.count()};
}

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
  explicit State(boost::asio::io_context& io_context) : context{io_context}, readiness{io_context}, timer{io_context} {}
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() { close(); }

  /// Makes the ring.
  [[nodiscard]] RingFlaw open();
  /// The kernel lets go of everything.
  void close() noexcept;

  std::pmr::unsynchronized_pool_resource pool;
  boost::asio::io_context& context;
  io_uring ring{};
  boost::asio::posix::stream_descriptor readiness;  // the ring's descriptor, which becomes readable with a completion
  boost::asio::steady_timer timer;
  std::unique_ptr<io_uring_sqe> refused_entry = std::make_unique<io_uring_sqe>();  // filled in when the queue is full
  RingFlaw flaw;
  RingOperation* operations = nullptr;  // all that the kernel has, so that they can be discarded
  RingOperation* cancelled = nullptr;   // those of them that are being discarded
  RingOperation* first_finished = nullptr;
  RingOperation* last_finished = nullptr;
  RingClient* clients = nullptr;
  std::optional<std::chrono::steady_clock::time_point> refused_since;  // the kernel takes no submissions
  bool is_open = false;
  bool entry_refused = false;
  bool flush_scheduled = false;
  bool waiting = false;
  bool readiness_failed = false;
  bool shut_down = false;
};

RingFlaw Ring::State::open() {
  int result = io_uring_queue_init(submission_entries, &ring, IORING_SETUP_COOP_TASKRUN);
  if (result == -EINVAL) result = io_uring_queue_init(submission_entries, &ring, 0);  // before Linux 5.19
  if (result < 0) return {{-result, boost::system::system_category()}, "io_uring_setup"};
  is_open = true;
  if (const RingFlaw found = try_round_trip(ring); found.error) return found;
  std::array<unsigned, 2> workers{most_workers, most_workers};
  io_uring_register_iowq_max_workers(&ring, workers.data());
  boost::system::error_code error;
  readiness.assign(ring.ring_fd, error);
  return {error, error ? "epoll_ctl" : ""};
}

void Ring::State::close() noexcept {
  if (!std::exchange(is_open, false)) return;
  if (readiness.is_open()) readiness.release();
  io_uring_queue_exit(&ring);
}

Ring& Ring::of(boost::asio::io_context& context) { return boost::asio::use_service<Ring>(context); }

Ring::Ring(boost::asio::execution_context& context)
    : service{context}, state_{std::make_unique<State>(static_cast<boost::asio::io_context&>(context))} {
  state_->flaw = state_->open();
  if (state_->flaw.error) state_->close();
}

Ring::~Ring() = default;

boost::system::error_code Ring::unavailable() const noexcept { return state_->flaw.error; }

std::string_view Ring::unavailable_step() const noexcept { return state_->flaw.step; }

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
  if (state_->is_open) discard_operations();
  state_->close();
  while (RingClient* client = state_->clients) {
    detach(*client);
    client->on_shutdown();
  }
}

void Ring::clear(io_uring_sqe& entry) noexcept {
  io_uring_prep_nop(&entry);
  io_uring_sqe_set_data(&entry, nullptr);
}

/// Takes out of the queue what has not been handed over. Cancellations among it are made by another system call.
void Ring::withdraw_submissions(std::int32_t result) noexcept {
  io_uring_sq& queue = state_->ring.sq;
  for (unsigned left = io_uring_sq_ready(&state_->ring); left > 0; --left) {
    io_uring_sqe& entry = queue.sqes[(queue.sqe_tail - left) & *queue.kring_mask];
    if (entry.user_data != 0) {
      // NOLINTNEXTLINE(performance-no-int-to-ptr): the kernel gives user_data back as the number that it was given as
      finish(*reinterpret_cast<RingOperation*>(static_cast<std::uintptr_t>(entry.user_data)), result, true);
    } else if (entry.opcode == IORING_OP_ASYNC_CANCEL) {
      cancel_now(entry.addr);
    }
    clear(entry);
  }
}

/// prepare_submission() may find that any operation has ended, and take it off its list: so they go from one list to
/// another, and none is stood on.
void Ring::cancel_operations() {
  while (RingOperation* operation = state_->operations) {
    unlink(*operation);
    operation->next_ = state_->cancelled;
    if (operation->next_ != nullptr) operation->next_->previous_ = operation;
    state_->cancelled = operation;
    cancel(*operation);
  }
}

/// The kernel may still use the operations' buffers: cancels all, and waits until it has let go of each. Those of a
/// kernel that takes no cancellation are left as they are: rather a leak than memory that the kernel writes to.
void Ring::discard_operations() {
  const bool failed = state_->flaw.error.failed();
  withdraw_submissions(-ECANCELED);
  cancel_operations();
  for (int pauses = failed ? most_discard_pauses_of_failed_ring : most_discard_pauses;;) {
    collect();
    while (RingOperation* operation = take_finished()) operation->discard();
    if (state_->cancelled == nullptr || pauses == 0) return;
    __kernel_timespec pause = timespec_of(discard_pause);
    io_uring_cqe* completion = nullptr;
    const int result =
        failed ? -EPERM : io_uring_submit_and_wait_timeout(&state_->ring, &completion, 1, &pause, nullptr);
    if (result >= 0) continue;
    if (result != -ETIME) std::this_thread::sleep_for(discard_pause);
    --pauses;
  }
}

io_uring_sqe& Ring::prepare_submission() {
  schedule_flush();
  io_uring_sqe* entry = state_->flaw.error ? nullptr : io_uring_get_sqe(&state_->ring);
  if (entry == nullptr && !state_->flaw.error) {  // the queue is full: hand it over now
    submit();
    entry = io_uring_get_sqe(&state_->ring);
  }
  state_->entry_refused = entry == nullptr;
  if (entry == nullptr) entry = state_->refused_entry.get();
  clear(*entry);
  return *entry;
}

void Ring::start(RingOperation& operation) noexcept {
  operation.previous_ = nullptr;
  operation.next_ = state_->operations;
  if (operation.next_ != nullptr) operation.next_->previous_ = &operation;
  state_->operations = &operation;
  if (state_->entry_refused) {
    finish(operation, state_->flaw.error ? -state_->flaw.error.value() : -EAGAIN, true);
  } else {
    // The entry that prepare_submission() returned last is the newest of the queue.
    io_uring_sq& queue = state_->ring.sq;
    io_uring_sqe_set_data(&queue.sqes[(queue.sqe_tail - 1) & *queue.kring_mask], &operation);
  }
}

void Ring::cancel(RingOperation& operation) {
  io_uring_sqe& entry = prepare_submission();
  io_uring_prep_cancel(&entry, &operation, 0);
  if (state_->entry_refused) cancel_now(entry.addr);
}

/// Cancels by io_uring_register(2) (Linux 6.0), which works where io_uring_enter(2) does not.
void Ring::cancel_now(std::uint64_t operation) noexcept {
  if (!state_->is_open) return;
  io_uring_sync_cancel_reg request{};
  request.addr = operation;
  request.fd = -1;
  const int result = io_uring_register_sync_cancel(&state_->ring, &request);
  if (result >= 0 || result == -ENOENT || result == -ETIME) return;
  for (RingOperation* list : {state_->operations, state_->cancelled}) {
    for (RingOperation* one = list; one != nullptr; one = one->next_) {
      if (reinterpret_cast<std::uintptr_t>(one) == operation) return one->interrupt();
    }
  }
}

void Ring::unlink(RingOperation& operation) noexcept {
  if (operation.previous_ != nullptr) operation.previous_->next_ = operation.next_;
  if (operation.next_ != nullptr) operation.next_->previous_ = operation.previous_;
  for (RingOperation** list : {&state_->operations, &state_->cancelled}) {
    if (*list == &operation) *list = operation.next_;
  }
  operation.previous_ = operation.next_ = nullptr;
}

/// Moves an operation from the list of those that the kernel has to the end of those that wait to be completed.
void Ring::finish(RingOperation& operation, std::int32_t result, bool withdrawn) noexcept {
  unlink(operation);
  operation.result_ = result;
  operation.withdrawn_ = withdrawn;
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
  boost::asio::post(state_->context, boost::asio::bind_allocator(std::pmr::polymorphic_allocator<>{&memory()}, [this] {
                      state_->flush_scheduled = false;
                      flush();
                    }));
  state_->flush_scheduled = true;
}

void Ring::flush_later() {
  state_->timer.expires_after(submission_pause);
  state_->timer.async_wait(
      boost::asio::bind_allocator(std::pmr::polymorphic_allocator<>{&memory()}, [this](boost::system::error_code) {
        state_->flush_scheduled = false;
        flush();
      }));
  state_->flush_scheduled = true;
}

void Ring::flush() {
  if (!state_->flaw.error) {
    const int result = submit();
    const bool all = io_uring_sq_ready(&state_->ring) == 0;
    // The kernel stops at an entry that it finds wrong, and for want of memory.
    if (all || result > 0) {
      state_->refused_since.reset();
      if (!all) schedule_flush();
    } else {
      const auto now = std::chrono::steady_clock::now();
      if (!state_->refused_since) state_->refused_since = now;
      if (may_pass(result) && now - *state_->refused_since < longest_refusal) {
        flush_later();
      } else {
        fail({result < 0 ? -result : EIO, boost::system::system_category()}, "io_uring_enter");
      }
    }
  }
  reap();
}

/// From now on nothing is handed over. What the kernel has already can still be waited for.
void Ring::fail(boost::system::error_code error, std::string_view step) noexcept {
  state_->flaw = {error, step};
  withdraw_submissions(-error.value());
}

void Ring::reap() {
  if (state_->is_open) collect();
  while (RingOperation* operation = take_finished()) {
    operation->withdrawn_ ? operation->withdraw(operation->result_) : operation->complete(operation->result_);
    if (state_->first_finished == nullptr && state_->is_open) collect();
  }
  if (state_->flush_scheduled) return;  // which reaps again
  if (state_->operations != nullptr) {
    wait_for_completions();
  } else if (state_->waiting) {
    state_->readiness.cancel();  // or the wait would keep io_context::run() from returning
  }
}

void Ring::wait_for_completions() {
  if (state_->readiness_failed) return flush_later();
  if (state_->waiting) return;
  state_->readiness.async_wait(
      boost::asio::posix::stream_descriptor::wait_read,
      boost::asio::bind_allocator(std::pmr::polymorphic_allocator<>{&memory()},
                                  [this](boost::system::error_code error) { on_readiness(error); }));
  state_->waiting = true;
}

void Ring::on_readiness(boost::system::error_code error) {
  state_->waiting = false;
  if (error && error != boost::asio::error::operation_aborted) {
    state_->readiness_failed = true;
    if (!state_->flaw.error) fail(error, "epoll_wait");
  }
  // A wait that was given up with the last operation may end when there is a new one.
  if (!error || state_->operations != nullptr) reap();
}

}  // namespace netherd::engine
