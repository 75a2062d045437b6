#pragma once

#include <boost/asio/associated_allocator.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/system/error_code.hpp>
#include <cstdint>
#include <memory>
#include <memory_resource>
#include <string_view>
#include <utility>

#include "netherd/engine/impl/started_operation.hpp"

struct io_uring_sqe;

namespace netherd::engine {

/// One operation on its way through a ring. Whoever starts it owns its memory until complete() or discard().
class RingOperation {
 public:
  /// The kernel has finished: `result` is what the system call would have returned, or a negated errno. Called from
  /// within the ring, on the io_context's thread; must not throw.
  virtual void complete(std::int32_t result) noexcept = 0;
  /// The ring could not hand the operation over, for the reason in `result`, a negated errno: the kernel never saw it.
  virtual void withdraw(std::int32_t result) noexcept { complete(result); }
  /// It was to be cancelled, and the kernel takes no cancellation: make it end by other means, if there are any.
  virtual void interrupt() noexcept {}
  /// The io_context is being destroyed: give up memory and call nobody. The kernel uses the operation no more.
  virtual void discard() noexcept = 0;

 protected:
  RingOperation() = default;
  ~RingOperation() = default;

 private:
  friend class Ring;
  RingOperation* previous_ = nullptr;
  RingOperation* next_ = nullptr;
  std::int32_t result_ = 0;
  bool withdrawn_ = false;
};

/// Something that holds handlers beyond those of its ring operations, and gives them up with the io_context.
class RingClient {
 public:
  /// The io_context is being destroyed, and the kernel has let go of all operations: give up memory, call nobody.
  virtual void on_shutdown() noexcept = 0;

 protected:
  RingClient() = default;
  ~RingClient() = default;

 private:
  friend class Ring;
  RingClient* previous_ = nullptr;
  RingClient* next_ = nullptr;
};

/// An io_uring ring as a service of an io_context: one per context, made when it is first asked for.
///
/// Operations are collected during one turn of the event loop and submitted together. Those that the kernel finishes
/// at once (sends on netlink sockets do) complete without another system call; for the others the ring's own
/// descriptor is waited for like any other, so that the ring lives beside everything else that the context does. No
/// macro of Asio's has to be set for it, and Asio's own io_uring backend is not used.
///
/// A ring that the kernel takes no submissions from fails for good: at once where io_uring_enter(2) gives an error that
/// does not pass (EPERM, ENOSYS ...), otherwise (EAGAIN, EBUSY, EINTR, ENOMEM) after a second. What the kernel has not
/// seen then ends with that error, as does everything that is started later. What it has seen ends as it would have,
/// and can still be cancelled from Linux 6.0 on.
///
/// Thread safety: none; use it from the one thread that runs the io_context.
class Ring final : public boost::asio::execution_context::service {
 public:
  using key_type = Ring;
  static boost::asio::execution_context::id id;

  /// The ring of a context. The first call makes it, and needs about 0.1 ms.
  [[nodiscard]] static Ring& of(boost::asio::io_context& context);

  explicit Ring(boost::asio::execution_context& context);
  ~Ring() override;

  /// Why there is no ring, or no more: io_uring is disabled (kernel.io_uring_disabled, seccomp), too old, or has failed
  /// since. Whether it works is tried with one round trip when the ring is made. No error: there is one.
  [[nodiscard]] boost::system::error_code unavailable() const noexcept;
  /// What gave that error: "io_uring_setup", "io_uring_enter" ...; empty where there is none.
  [[nodiscard]] std::string_view unavailable_step() const noexcept;

  /// Submits one operation of the caller's making.
  ///
  ///     ring.async_submit([&](io_uring_sqe& sqe) { io_uring_prep_recv(&sqe, fd, data, size, 0); }, token);
  ///
  /// Completion signature: void(error_code, std::int32_t result). The handler runs on its associated executor, and its
  /// associated allocator provides the operation's memory. Buffers must stay valid until it has been called.
  /// Cancellation (terminal, partial, total) through its slot: the kernel is asked to cancel, and the operation ends
  /// with operation_canceled unless it has finished before.
  /// Precondition: unavailable() gives no error.
  template <typename Prepare, typename CompletionToken>
  auto async_submit(Prepare prepare, CompletionToken&& token) {
    return boost::asio::async_initiate<CompletionToken, void(boost::system::error_code, std::int32_t)>(
        [this](auto handler, Prepare&& prepare_entry) {
          auto operation = HandlerOperation<decltype(handler)>::make(*this, std::move(handler));
          Entry entry{*this};
          std::move(prepare_entry)(entry.get());
          operation->accept_cancellation();
          entry.start(*operation.release());
        },
        token, std::move(prepare));
  }

  /// The building blocks of async_submit(), for operations that bring their own memory: fill the entry in, then start
  /// it, with nothing of the ring's in between.
  ///
  /// When the queue is full and the kernel takes nothing over (it has no memory), the operation ends with EAGAIN, and
  /// was never seen by the kernel.
  [[nodiscard]] io_uring_sqe& prepare_submission();
  void start(RingOperation& operation) noexcept;
  /// Asks the kernel to cancel; the operation still completes.
  void cancel(RingOperation& operation);

  /// From attach() to detach() the client is told when the context is destroyed, also where there is no ring.
  void attach(RingClient& client) noexcept;
  void detach(RingClient& client) noexcept;

  /// Memory for what lives and dies on the context's thread. What is given back is kept for the next one who asks,
  /// until the context is destroyed.
  [[nodiscard]] std::pmr::memory_resource& memory() noexcept;

  /// The context is being destroyed: nothing can be started or posted any more.
  [[nodiscard]] bool is_shut_down() const noexcept;
  [[nodiscard]] boost::asio::io_context& context() noexcept;

 private:
  template <typename Handler>
  class HandlerOperation;
  struct State;

  /// An entry that was prepared, and does nothing unless it is started.
  class Entry {
   public:
    explicit Entry(Ring& ring) : ring_{ring}, entry_{&ring.prepare_submission()} {}
    Entry(const Entry&) = delete;
    Entry& operator=(const Entry&) = delete;
    ~Entry() {
      if (entry_ != nullptr) clear(*entry_);
    }
    [[nodiscard]] io_uring_sqe& get() noexcept { return *entry_; }
    void start(RingOperation& operation) noexcept {
      ring_.start(operation);
      entry_ = nullptr;
    }

   private:
    Ring& ring_;
    io_uring_sqe* entry_;
  };

  void shutdown() override;
  static void clear(io_uring_sqe& entry) noexcept;
  void withdraw_submissions(std::int32_t result) noexcept;
  void cancel_operations();
  void discard_operations();
  void cancel_now(std::uint64_t operation) noexcept;
  void schedule_flush();
  void flush_later();
  void flush();
  int submit();
  void fail(boost::system::error_code error, std::string_view step) noexcept;
  void collect();
  void finish(RingOperation& operation, std::int32_t result, bool withdrawn = false) noexcept;
  [[nodiscard]] RingOperation* take_finished() noexcept;
  void reap();
  void wait_for_completions();
  void on_readiness(boost::system::error_code error);
  void unlink(RingOperation& operation) noexcept;

  std::unique_ptr<State> state_;
};

template <typename Handler>
class Ring::HandlerOperation final : public RingOperation {
 public:
  static detail::UnstartedOperation<HandlerOperation> make(Ring& ring, Handler handler) {
    return detail::make_operation(
        Allocator{boost::asio::get_associated_allocator(handler)},
        [&](HandlerOperation* memory) { ::new (memory) HandlerOperation{ring, std::move(handler)}; });
  }

  void accept_cancellation() {
    auto slot = boost::asio::get_associated_cancellation_slot(handler_);
    if (slot.is_connected()) slot.assign([this](boost::asio::cancellation_type) { ring_.cancel(*this); });
  }

  void complete(std::int32_t result) noexcept override {
    boost::asio::get_associated_cancellation_slot(handler_).clear();
    auto work = std::move(work_);
    Handler handler = release();
    boost::system::error_code error;
    if (result < 0) error.assign(-result, boost::system::system_category());
    boost::asio::post(work.get_executor(),
                      [handler = std::move(handler), error, result]() mutable { std::move(handler)(error, result); });
  }

  void discard() noexcept override { static_cast<void>(release()); }

 private:
  using Allocator = typename std::allocator_traits<boost::asio::associated_allocator_t<Handler>>::template rebind_alloc<
      HandlerOperation>;
  using Executor = boost::asio::associated_executor_t<Handler, boost::asio::io_context::executor_type>;

  HandlerOperation(Ring& ring, Handler handler)
      : ring_{ring},
        handler_{std::move(handler)},
        work_{boost::asio::get_associated_executor(handler_, ring.context().get_executor())} {}

  /// Frees the memory and hands the handler out, so that it may start the next operation in the same memory.
  Handler release() noexcept {
    Handler handler = std::move(handler_);
    Allocator allocator{boost::asio::get_associated_allocator(handler)};
    std::allocator_traits<Allocator>::destroy(allocator, this);
    std::allocator_traits<Allocator>::deallocate(allocator, this, 1);
    return handler;
  }

  Ring& ring_;
  Handler handler_;
  boost::asio::executor_work_guard<Executor> work_;
};

}  // namespace netherd::engine
