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
#include "netherd/engine/dump_attempts.hpp"
#include "netherd/engine/error.hpp"
#include "netherd/engine/impl/channel_core.hpp"
#include "netherd/engine/message.hpp"
#include "netherd/engine/message_list.hpp"
#include "netherd/engine/netfilter.hpp"
#include "netherd/engine/socket.hpp"

namespace netherd::engine {

namespace detail {
/// Fills a list.
class Collector {
 public:
  explicit Collector(MessageList& list) noexcept : list_{&list} { list.clear(); }
  void operator()(const MessageView& message) { list_->add(message); }
  void restart() noexcept { list_->clear(); }

 private:
  MessageList* list_;
};

struct NoVisitor {
  void operator()(const MessageView&) const noexcept {}
};

template <typename Handler>
class BatchOperation;
template <typename Handler, typename Visitor>
class SingleOperation;
template <typename Handler, typename Result>
void post_result(boost::asio::io_context& context, Handler handler, Result result);
}  // namespace detail

/// Requests on one netlink socket, in one network namespace.
///
///     Channel channel{context, NetlinkSocket::open(NETLINK_ROUTE).value()};
///     Outcome outcome = co_await channel.async_execute(ops::SetLink{.index = index, .up = true}, use_awaitable);
///
/// Completion tokens of every kind will do: callbacks, futures, coroutines. A failed request is a result and no
/// exception: it is in the Outcome. Handlers run on their associated executor (by default the io_context's), never
/// from within the initiating function; their associated allocator provides each operation's memory, and where they
/// have none the context keeps that of ended operations for the next ones.
///
/// Order: requests are executed in the order in which they were started. Those started during one turn of the loop
/// share datagrams.
///
/// Cancellation (terminal, partial, total, through the handler's slot) and deadlines: a request that waits is not sent
/// any more (operation_aborted or deadline_passed, state `waiting`); one that was sent can only be abandoned: it ends
/// with that error and state `unknown`, whatever the kernel made of it. What is started after its deadline is not sent.
///
/// Back-pressure: a channel holds ChannelOptions::queue_requests requests; more of them end with queue_full.
///
/// Visitors and handlers may do anything with the channel: start requests, cancel their own, close or destroy it. A
/// visitor is not called again for a request that has ended; it must not throw.
///
/// Lifetime: destroying or closing the channel ends all its requests with channel_closed; so does any request that is
/// started on a channel that was closed or moved from (state `waiting`). The io_context must outlive the channel, but
/// the handlers that it holds may own the channel: what is pending when the context is destroyed is destroyed with it,
/// and no handler is called. Thread safety: none; use it from the one thread that runs the io_context.
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

  /// Closes the channel and hands its socket out, for another channel. Precondition: it is open, no
  /// request is under way, and none was abandoned, whose answer would be left on the socket.
  [[nodiscard]] NetlinkSocket release() { return std::exchange(core_, nullptr)->release(); }

  /// Executes one request. Completion signature: void(Outcome).
  template <Request R, typename CompletionToken>
  auto async_execute(const R& request, CompletionToken&& token) {
    return async_execute(request, Deadline{}, std::forward<CompletionToken>(token));
  }
  template <Request R, typename CompletionToken>
  auto async_execute(const R& request, Deadline deadline, CompletionToken&& token) {
    return start_single(request, RequestKind::single, deadline, detail::NoVisitor{},
                        std::forward<CompletionToken>(token));
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
          if (const auto reason = refusal(deadline)) {
            batch.refuse(reason);
            return detail::post_result(*context_, std::move(handler), batch.failures());
          }
          auto operation = detail::BatchOperation<decltype(handler)>::make(*core_, std::move(handler), batch);
          operation->arm(deadline);
          operation.release()->start();
        },
        token);
  }

  /// Executes a transaction of netfilter's: all of its requests, or none of them. Completion signature: void(Outcome);
  /// the diagnostic says which request was to blame. The transaction must neither be changed nor destroyed until the
  /// handler is called.
  template <typename CompletionToken>
  auto async_execute(NetfilterTransaction& transaction, CompletionToken&& token) {
    return boost::asio::async_initiate<CompletionToken, void(Outcome)>(
        [this, &transaction](auto handler) {
          if (const auto reason = refusal(Deadline{})) {
            return detail::post_result(*context_, std::move(handler), Outcome{reason, RequestState::waiting, nullptr});
          }
          using Operation = detail::SingleOperation<decltype(handler), detail::NoVisitor>;
          auto operation = Operation::make(*core_, std::move(handler), detail::NoVisitor{});
          operation->use(NetfilterTransaction::operation, transaction.finish());
          operation->arm(Deadline{});
          operation.release()->start(RequestKind::transaction);
        },
        token);
  }

  /// Lists objects: `visit(const MessageView&)` is called for each message, in the order of the kernel's answer, before
  /// the handler. Completion signature: void(Outcome); dump_interrupted says that the list is inconsistent, answer_lost
  /// that a part of it is missing.
  ///
  /// If the visitor also has `restart()`, a dump that was interrupted or partly lost is asked for again (see
  /// DumpAttempts): restart() then says that all messages so far are void. It is also called when nothing is delivered.
  template <Request R, std::invocable<const MessageView&> Visitor, typename CompletionToken>
  auto async_dump(const R& request, Visitor visit, CompletionToken&& token) {
    return start_single(request, RequestKind::dump, Deadline{}, std::move(visit), std::forward<CompletionToken>(token));
  }

  /// Lists objects into `list`, by async_dump() with retries. Completion signature: void(Outcome). The list is whole if
  /// the outcome is ok(). It is inconsistent with dump_interrupted: the objects changed each time while they were
  /// listed, and one that did not may be missing, or be there twice (Outcome::delivered()). Else it is empty. It must
  /// neither be used nor destroyed until the handler is called.
  template <Request R, typename CompletionToken>
  auto async_list(const R& request, MessageList& list, CompletionToken&& token) {
    return async_dump(request, detail::Collector{list}, std::forward<CompletionToken>(token));
  }

 private:
  /// Why a request is not even started.
  [[nodiscard]] boost::system::error_code refusal(Deadline deadline) const noexcept {
    if (!core_) return EngineError::channel_closed;
    if (deadline && *deadline <= std::chrono::steady_clock::now()) return EngineError::deadline_passed;
    return {};
  }

  template <typename R, typename Visitor, typename CompletionToken>
  auto start_single(const R& request, RequestKind kind, Deadline deadline, Visitor visit, CompletionToken&& token) {
    return boost::asio::async_initiate<CompletionToken, void(Outcome)>(
        [this, kind, deadline](auto handler, const R& value, Visitor&& visitor) {
          if (const auto reason = refusal(deadline)) {
            return detail::post_result(*context_, std::move(handler), Outcome{reason, RequestState::waiting, nullptr});
          }
          using Operation = detail::SingleOperation<decltype(handler), Visitor>;
          auto operation = Operation::make(*core_, std::move(handler), std::move(visitor));
          operation->encode(value);
          operation->arm(deadline);
          operation.release()->start(kind);
        },
        token, request, std::move(visit));
  }

  boost::asio::io_context* context_;
  std::shared_ptr<ChannelCore> core_;
};

}  // namespace netherd::engine

#include "netherd/engine/impl/channel_operations.hpp"
