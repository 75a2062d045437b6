#pragma once

#include <array>
#include <chrono>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "netherd/engine/channel.hpp"

namespace netherd::engine::detail {

/// Ends an operation at its deadline. The timer's handler may outlive the operation, hence the shared flag.
template <typename Operation>
class DeadlineTimer {
 public:
  void arm(boost::asio::io_context& context, std::chrono::steady_clock::time_point deadline, Operation& operation) {
    state_ = std::make_shared<State>(State{boost::asio::steady_timer{context, deadline}, &operation});
    state_->timer.async_wait([state = state_](boost::system::error_code) {
      if (Operation* waiting = std::exchange(state->operation, nullptr)) waiting->give_up(EngineError::deadline_passed);
    });
  }
  void disarm() {
    if (!state_) return;
    state_->operation = nullptr;
    state_->timer.cancel();
  }

 private:
  struct State {
    boost::asio::steady_timer timer;
    Operation* operation;
  };
  std::shared_ptr<State> state_;
};

/// What all operations of a channel have in common: the handler, its memory, its executor, its cancellation slot.
/// `Derived` has give_up(error_code).
template <typename Derived, typename Handler>
class HandlerHolder : public ChannelOperation {
 public:
  template <typename... Arguments>
  static Derived* make(ChannelCore& core, Handler handler, Arguments&&... arguments) {
    Allocator allocator{boost::asio::get_associated_allocator(handler)};
    Derived* operation = std::allocator_traits<Allocator>::allocate(allocator, 1);
    ::new (operation) Derived{core, std::move(handler), std::forward<Arguments>(arguments)...};
    core.link(*operation);
    auto slot = boost::asio::get_associated_cancellation_slot(operation->handler_);
    if (slot.is_connected()) {
      slot.assign([operation](boost::asio::cancellation_type) {
        Derived* const target = operation;  // giving up destroys this function object
        target->give_up(boost::asio::error::operation_aborted);
      });
    }
    return operation;
  }

  void arm(const std::optional<std::chrono::steady_clock::time_point>& deadline) {
    if (deadline) deadline_.arm(core_->context(), *deadline, static_cast<Derived&>(*this));
  }

  void discard() noexcept override {
    core_->unlink(*this);
    static_cast<void>(release());
  }

 protected:
  HandlerHolder(ChannelCore& core, Handler handler)
      : core_{&core},
        handler_{std::move(handler)},
        work_{boost::asio::get_associated_executor(handler_, core.context().get_executor())} {}

  /// Frees this operation, then posts the handler with its result.
  template <typename Result>
  void complete(Result result) {
    core_->unlink(*this);
    boost::asio::get_associated_cancellation_slot(handler_).clear();
    deadline_.disarm();
    auto work = std::move(work_);
    Handler handler = release();
    boost::asio::post(work.get_executor(), Completion<Result>{std::move(handler), std::move(result)});
  }

  ChannelCore* core_;

 private:
  using Allocator =
      typename std::allocator_traits<boost::asio::associated_allocator_t<Handler>>::template rebind_alloc<Derived>;
  using Executor = boost::asio::associated_executor_t<Handler, boost::asio::io_context::executor_type>;

  /// A handler bound to its result, with the handler's own allocator, so that posting it allocates nothing new.
  template <typename Result>
  struct Completion {
    using allocator_type = boost::asio::associated_allocator_t<Handler>;
    [[nodiscard]] allocator_type get_allocator() const noexcept {
      return boost::asio::get_associated_allocator(handler);
    }
    void operator()() { std::move(handler)(std::move(result)); }
    Handler handler;
    Result result;
  };

  Handler release() noexcept {
    Handler handler = std::move(handler_);
    Allocator allocator{boost::asio::get_associated_allocator(handler)};
    auto* operation = static_cast<Derived*>(this);
    std::allocator_traits<Allocator>::destroy(allocator, operation);
    std::allocator_traits<Allocator>::deallocate(allocator, operation, 1);
    return handler;
  }

  Handler handler_;
  boost::asio::executor_work_guard<Executor> work_;
  DeadlineTimer<Derived> deadline_;
};

template <typename Handler>
class BatchOperation final : public HandlerHolder<BatchOperation<Handler>, Handler>, public Batch::Listener {
  using Base = HandlerHolder<BatchOperation<Handler>, Handler>;

 public:
  BatchOperation(ChannelCore& core, Handler handler, Batch& batch) : Base{core, std::move(handler)}, batch_{&batch} {}

  void start() {
    if (batch_->empty()) return this->complete(std::size_t{0});
    this->core_->execute(*batch_, *this);
  }
  void give_up(boost::system::error_code error) { this->core_->abandon(*batch_, error); }
  void on_batch_done(Batch& batch) override { this->complete(batch.failures()); }

 private:
  Batch* batch_;
};

template <typename Handler, typename Visitor>
class SingleOperation final : public HandlerHolder<SingleOperation<Handler, Visitor>, Handler>, private AnswerSink {
  using Base = HandlerHolder<SingleOperation<Handler, Visitor>, Handler>;

 public:
  SingleOperation(ChannelCore& core, Handler handler, Visitor visitor)
      : Base{core, std::move(handler)}, visitor_{std::move(visitor)} {}

  template <Request R>
  void encode(const R& request) {
    operation_ = R::operation;
    MessageWriter writer{buffer_};
    request.encode(writer);
    message_ = writer.message();
    for (std::size_t room = 2 * buffer_.size(); message_.empty() && room <= largest_request_bytes; room *= 2) {
      larger_.resize(room);
      MessageWriter larger_writer{larger_};
      request.encode(larger_writer);
      message_ = larger_writer.message();
    }
  }

  void start(RequestKind kind) { this->core_->execute({message_, this, 0, kind}); }
  void give_up(boost::system::error_code error) { this->core_->abandon(*this, error); }

 private:
  void on_reply(std::uint32_t, const MessageView& message) override { visitor_(message); }
  void on_outcome(std::uint32_t, Outcome outcome) override { this->complete(std::move(outcome)); }
  [[nodiscard]] std::string_view operation(std::uint32_t) const override { return operation_; }
  [[nodiscard]] std::uint64_t tag(std::uint32_t) const override { return 0; }

  Visitor visitor_;
  std::string_view operation_;
  alignas(message_alignment) std::array<std::byte, 512> buffer_;
  std::vector<std::byte> larger_;
  std::span<const std::byte> message_;
};

}  // namespace netherd::engine::detail
