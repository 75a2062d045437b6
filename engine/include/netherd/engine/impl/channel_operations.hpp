#pragma once

#include <array>
#include <boost/asio/bind_allocator.hpp>
#include <boost/asio/dispatch.hpp>
#include <chrono>
#include <memory>
#include <memory_resource>
#include <optional>
#include <utility>
#include <vector>

#include "netherd/engine/channel.hpp"

namespace netherd::engine::detail {

/// Ends an operation at its deadline. The timer's handler may outlive the operation, hence the shared state.
template <typename Operation>
class DeadlineTimer {
 public:
  DeadlineTimer() = default;
  DeadlineTimer(const DeadlineTimer&) = delete;
  DeadlineTimer& operator=(const DeadlineTimer&) = delete;
  ~DeadlineTimer() { disarm(); }

  void arm(ChannelCore& core, std::chrono::steady_clock::time_point deadline, Operation& operation) {
    state_ = std::allocate_shared<State>(core.allocator(), core.context(), deadline, operation);
    state_->timer.async_wait(boost::asio::bind_allocator(core.allocator(), [state = state_](boost::system::error_code) {
      Operation* const waiting = std::exchange(state->operation, nullptr);
      if (waiting != nullptr) waiting->give_up(EngineError::deadline_passed);
    }));
  }
  void disarm() noexcept {
    if (!state_) return;
    state_->operation = nullptr;
    state_->timer.cancel();
    state_ = nullptr;
  }

 private:
  struct State {
    State(boost::asio::io_context& context, std::chrono::steady_clock::time_point deadline, Operation& waiting)
        : timer{context, deadline}, operation{&waiting} {}
    boost::asio::steady_timer timer;
    Operation* operation;
  };
  std::shared_ptr<State> state_;
};

/// A handler bound to its result.
template <typename Handler, typename Result>
struct Completion {
  using allocator_type = boost::asio::associated_allocator_t<Handler>;
  [[nodiscard]] allocator_type get_allocator() const noexcept { return boost::asio::get_associated_allocator(handler); }
  void operator()() { std::move(handler)(std::move(result)); }
  Handler handler;
  Result result;
};

/// Ends what was never started.
template <typename Handler, typename Result>
void post_result(boost::asio::io_context& context, Handler handler, Result result) {
  const auto executor = boost::asio::get_associated_executor(handler, context.get_executor());
  boost::asio::post(executor, Completion<Handler, Result>{std::move(handler), std::move(result)});
}

/// What all operations of a channel have in common: the handler, its memory, its executor, its cancellation slot, its
/// result. `Derived` has give_up(error_code).
///
/// The memory is the handler's, where that has an allocator of its own; else that of the channel's context, which keeps
/// it for the next operation.
template <typename Derived, typename Handler, typename Result>
class HandlerHolder : public ChannelOperation {
 public:
  template <typename... Arguments>
  static UnstartedOperation<Derived> make(ChannelCore& core, Handler handler, Arguments&&... arguments) {
    auto operation = make_operation(
        Allocator{boost::asio::get_associated_allocator(handler, core.allocator())}, [&](Derived* memory) {
          ::new (memory) Derived{core, std::move(handler), std::forward<Arguments>(arguments)...};
        });
    core.link(*operation);
    return operation;
  }

  /// From now on the operation can be given up: comes last before it is started.
  void arm(const std::optional<std::chrono::steady_clock::time_point>& deadline) {
    if (deadline) deadline_.arm(*core_, *deadline, static_cast<Derived&>(*this));
    auto slot = boost::asio::get_associated_cancellation_slot(handler_);
    if (!slot.is_connected()) return;
    slot.assign([this](boost::asio::cancellation_type) {
      auto& target = static_cast<Derived&>(*this);  // giving up destroys this function object
      target.give_up(boost::asio::error::operation_aborted);
    });
  }

  void deliver() override {
    core_->unlink(*this);
    auto work = std::move(work_);
    Result result = std::move(result_);
    Handler handler = release();
    boost::asio::dispatch(work.get_executor(), Completion<Handler, Result>{std::move(handler), std::move(result)});
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

  /// The operation is over; its handler is called by the loop.
  void complete(Result result) {
    boost::asio::get_associated_cancellation_slot(handler_).clear();
    deadline_.disarm();
    result_ = std::move(result);
    core_->end(*this);
  }

  ChannelCore* core_;

 private:
  using Allocator = typename std::allocator_traits<
      boost::asio::associated_allocator_t<Handler, std::pmr::polymorphic_allocator<>>>::template rebind_alloc<Derived>;
  using Executor = boost::asio::associated_executor_t<Handler, boost::asio::io_context::executor_type>;

  Handler release() noexcept {
    Allocator allocator{boost::asio::get_associated_allocator(handler_, core_->allocator())};
    Handler handler = std::move(handler_);
    auto* operation = static_cast<Derived*>(this);
    std::allocator_traits<Allocator>::destroy(allocator, operation);
    std::allocator_traits<Allocator>::deallocate(allocator, operation, 1);
    return handler;
  }

  Handler handler_;
  boost::asio::executor_work_guard<Executor> work_;
  DeadlineTimer<Derived> deadline_;
  Result result_{};
};

template <typename Handler>
class BatchOperation final : public HandlerHolder<BatchOperation<Handler>, Handler, std::size_t>,
                             public Batch::Listener {
  using Base = HandlerHolder<BatchOperation<Handler>, Handler, std::size_t>;

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

template <typename Visitor>
concept RestartableVisitor = requires(Visitor& visitor) { visitor.restart(); };

template <typename Handler, typename Visitor>
class SingleOperation final : public HandlerHolder<SingleOperation<Handler, Visitor>, Handler, Outcome>,
                              private AnswerSink {
  using Base = HandlerHolder<SingleOperation<Handler, Visitor>, Handler, Outcome>;

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

  /// For what is encoded elsewhere, and stays there.
  void use(std::string_view operation, std::span<const std::byte> message) noexcept {
    operation_ = operation;
    message_ = message;
  }

  void start(RequestKind kind) {
    kind_ = kind;
    this->core_->execute({message_, this, 0, kind});
  }
  void give_up(boost::system::error_code error) { this->core_->abandon(*this, error); }

 private:
  void on_reply(std::uint32_t, const MessageView& message) override { visitor_(message); }
  void on_outcome(std::uint32_t, Outcome outcome) override {
    if constexpr (RestartableVisitor<Visitor>) {
      const bool again = kind_ == RequestKind::dump && attempts_.again(outcome);
      if (again || !outcome.delivered()) visitor_.restart();
      if (again) return start(kind_);
    }
    this->complete(std::move(outcome));
  }
  [[nodiscard]] std::string_view operation(std::uint32_t) const override { return operation_; }
  [[nodiscard]] std::uint64_t tag(std::uint32_t) const override { return 0; }

  Visitor visitor_;
  std::string_view operation_;
  alignas(message_alignment) std::array<std::byte, 512> buffer_;
  std::vector<std::byte> larger_;
  std::span<const std::byte> message_;
  RequestKind kind_ = RequestKind::single;
  DumpAttempts attempts_;
};

}  // namespace netherd::engine::detail
