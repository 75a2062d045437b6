#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_allocator.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "netherd/engine/batch.hpp"
#include "netherd/engine/channel_options.hpp"
#include "netherd/engine/error.hpp"
#include "netherd/engine/impl/channel_core.hpp"
#include "netherd/engine/message.hpp"
#include "netherd/engine/socket.hpp"

namespace netherd::engine {

namespace detail {
template <typename Handler>
class BatchOperation;
template <typename Handler, typename Visitor>
class SingleOperation;
}  // namespace detail

/// Requests on one netlink socket, in one network namespace.
///
///     Channel channel{context, NetlinkSocket::open(NETLINK_ROUTE).value()};
///     Outcome outcome = co_await channel.async_execute(ops::SetLink{.index = index, .up = true}, use_awaitable);
///
/// Completion tokens of every kind will do: callbacks, futures, coroutines. A failed request is a result and no
/// exception: it is in the Outcome. Handlers run on their associated executor (by default the io_context's), never
/// from within the initiating function; their associated allocator provides each operation's memory.
///
/// Order: requests are executed in the order in which they were started. Those started during one turn of the loop
/// share datagrams.
///
/// Cancellation (terminal, partial, total, through the handler's slot) and deadlines: a request that waits is not sent
/// any more (operation_aborted or deadline_passed, state `waiting`); one that was sent can only be abandoned: it ends
/// with that error and state `unknown`, whatever the kernel made of it.
///
/// Back-pressure: a channel holds ChannelOptions::queue_requests requests; more of them end with queue_full.
///
/// Lifetime: destroying or closing the channel ends all its requests with channel_closed. The io_context must outlive
/// the channel. Thread safety: none; use it from the one thread that runs the io_context.
class Channel {
 public:
  using executor_type = boost::asio::io_context::executor_type;
  using Deadline = std::optional<std::chrono::steady_clock::time_point>;

  Channel(boost::asio::io_context& context, NetlinkSocket socket, const ChannelOptions& options = {})
      : context_{&context}, core_{ChannelCore::make(context, std::move(socket), options)} {}
  Channel(Channel&&) noexcept = default;
  Channel& operator=(Channel&& other) noexcept {
    close();
    context_ = other.context_;
    core_ = std::move(other.core_);
    return *this;
  }
  ~Channel() { close(); }

  [[nodiscard]] executor_type get_executor() const noexcept { return context_->get_executor(); }
  [[nodiscard]] bool is_open() const noexcept { return core_ != nullptr; }
  /// Ends all requests and closes the socket.
  void close() noexcept {
    if (core_) std::exchange(core_, nullptr)->close();
  }

  /// Executes one request. Completion signature: void(Outcome).
  template <Request R, typename CompletionToken>
  auto async_execute(const R& request, CompletionToken&& token) {
    return async_execute(request, Deadline{}, std::forward<CompletionToken>(token));
  }
  template <Request R, typename CompletionToken>
  auto async_execute(const R& request, Deadline deadline, CompletionToken&& token) {
    return start_single(
        request, RequestKind::single, deadline, [](const MessageView&) {}, std::forward<CompletionToken>(token));
  }
  /// The same for a request that is answered with an object ("get"): `visit(const MessageView&)` sees it.
  template <Request R, std::invocable<const MessageView&> Visitor, typename CompletionToken>
  auto async_execute(const R& request, Deadline deadline, Visitor visit, CompletionToken&& token) {
    return start_single(request, RequestKind::get, deadline, std::move(visit), std::forward<CompletionToken>(token));
  }

  /// Executes a batch; its outcomes are in the batch. Completion signature: void(std::size_t failures). The batch must
  /// neither be changed nor destroyed until the handler is called.
  template <typename CompletionToken>
  auto async_execute(Batch& batch, CompletionToken&& token) {
    return async_execute(batch, Deadline{}, std::forward<CompletionToken>(token));
  }
  template <typename CompletionToken>
  auto async_execute(Batch& batch, Deadline deadline, CompletionToken&& token) {
    return boost::asio::async_initiate<CompletionToken, void(std::size_t)>(
        [this, &batch, deadline](auto handler) {
          auto* operation = detail::BatchOperation<decltype(handler)>::make(*core_, std::move(handler), batch);
          operation->arm(deadline);
          operation->start();
        },
        token);
  }

  /// Lists objects: `visit(const MessageView&)` is called for each message, in the order of the kernel's answer, before
  /// the handler. Completion signature: void(Outcome); dump_interrupted says that the list is inconsistent.
  template <Request R, std::invocable<const MessageView&> Visitor, typename CompletionToken>
  auto async_dump(const R& request, Visitor visit, CompletionToken&& token) {
    return start_single(request, RequestKind::dump, Deadline{}, std::move(visit), std::forward<CompletionToken>(token));
  }

 private:
  template <typename R, typename Visitor, typename CompletionToken>
  auto start_single(const R& request, RequestKind kind, Deadline deadline, Visitor visit, CompletionToken&& token) {
    return boost::asio::async_initiate<CompletionToken, void(Outcome)>(
        [this, kind, deadline](auto handler, const R& value, Visitor&& visitor) {
          using Operation = detail::SingleOperation<decltype(handler), Visitor>;
          auto* operation = Operation::make(*core_, std::move(handler), std::move(visitor));
          operation->encode(value);
          operation->arm(deadline);
          operation->start(kind);
        },
        token, request, std::move(visit));
  }

  boost::asio::io_context* context_;
  std::shared_ptr<ChannelCore> core_;
};

}  // namespace netherd::engine

#include "netherd/engine/impl/channel_operations.hpp"
