#pragma once

#include <boost/asio/async_result.hpp>
#include <boost/asio/cancellation_type.hpp>
#include <boost/asio/compose.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/system/error_code.hpp>
#include <concepts>
#include <cstddef>
#include <memory>
#include <span>
#include <utility>

#include "netherd/engine/error.hpp"
#include "netherd/engine/message.hpp"
#include "netherd/engine/socket.hpp"

namespace netherd::engine {

/// What the kernel tells everybody who listens: messages of multicast groups, in the order of the events.
///
///     NotificationStream stream{context, NetlinkSocket::open(NETLINK_ROUTE).value()};
///     stream.join(RTNLGRP_LINK);
///     for (;;) {
///       const auto error = co_await stream.async_receive(visit, as_tuple(use_awaitable));
///       if (error == EngineError::notifications_lost) ...  // ask for all objects again, by Channel::async_list()
///     }
///
/// It is `ip monitor` without its words. The kernel never waits for a slow reader: it drops what does not fit into the
/// socket's receive buffer, and then the stream reports the loss once, behind what came before it (ENOBUFS,
/// net/netlink/af_netlink.c). To know the state of the kernel, join first, and list the objects then: nothing is missed
/// in between, and what comes twice can be recognised.
///
/// Works alike with and without io_uring. Lifetime: destroying or closing the stream ends what is pending with
/// operation_aborted, and no visitor is called from then on; the io_context must outlive it. Thread safety: none.
class NotificationStream {
 public:
  using executor_type = boost::asio::any_io_executor;

  /// The socket must be used for nothing else.
  NotificationStream(boost::asio::io_context& context, NetlinkSocket socket)
      : state_{std::make_shared<State>(context, std::move(socket))} {}
  NotificationStream(NotificationStream&&) noexcept = default;
  NotificationStream& operator=(NotificationStream&& other) noexcept {
    close();
    state_ = std::move(other.state_);
    return *this;
  }
  ~NotificationStream() { close(); }

  /// Listens to one more group of the socket's namespace (RTNLGRP_LINK ...). Errors: invalid_argument (no such group),
  /// operation_not_permitted (a group for the privileged). Precondition, as of all functions: not closed.
  [[nodiscard]] boost::system::error_code join(unsigned group);
  void close() noexcept;
  [[nodiscard]] bool is_open() const noexcept { return state_ != nullptr; }

  /// Waits for notifications and calls `visit(const MessageView&)` for each one of the next datagram. Completion
  /// signature: void(error_code): notifications_lost after an overrun, or in place of a datagram that was larger than
  /// any before (more than 256 KiB); malformed_answer; operation_aborted; what recvmsg(2) gives. After
  /// notifications_lost and malformed_answer the stream works on. One at a time.
  template <std::invocable<const MessageView&> Visitor, typename CompletionToken>
  auto async_receive(Visitor visit, CompletionToken&& token) {
    return boost::asio::async_compose<CompletionToken, void(boost::system::error_code)>(
        Receive<Visitor>{state_, std::move(visit)}, token, state_->readiness);
  }

  /// The same for what has come already, without waiting: try_again if there is nothing. Not while async_receive() is
  /// under way.
  template <std::invocable<const MessageView&> Visitor>
  [[nodiscard]] boost::system::error_code try_receive(Visitor&& visit) {
    return state_->receive_and_visit(visit);
  }

  /// Throws away what has come so far: what is listed afterwards is newer.
  void discard_pending();

 private:
  struct State {
    State(boost::asio::io_context& context, NetlinkSocket netlink);
    ~State() { readiness.release(); }  // the socket closes it
    State(const State&) = delete;
    State& operator=(const State&) = delete;

    /// One datagram of the kernel's; try_again if there is none.
    [[nodiscard]] boost::system::error_code receive(std::span<const std::byte>& datagram);
    template <typename Visitor>
    [[nodiscard]] boost::system::error_code receive_and_visit(Visitor& visit);

    NetlinkSocket socket;
    std::size_t buffer_bytes;
    std::unique_ptr<std::byte[]> buffer;
    bool closed = false;
    boost::asio::posix::stream_descriptor readiness;  // last: whatever throws before it leaves the socket to its owner
  };

  template <typename Visitor>
  struct Receive {
    template <typename Self>
    void operator()(Self& self, boost::system::error_code error = {});

    std::shared_ptr<State> state;
    Visitor visit;
    bool started = false;
  };

  std::shared_ptr<State> state_;
};

template <typename Visitor>
boost::system::error_code NotificationStream::State::receive_and_visit(Visitor& visit) {
  std::span<const std::byte> datagram;
  if (const auto error = receive(datagram)) return error;
  MessageStream messages{datagram};
  for (auto message = messages.next(); message && !closed; message = messages.next()) visit(*message);
  return messages.malformed() ? EngineError::malformed_answer : boost::system::error_code{};
}

template <typename Visitor>
template <typename Self>
void NotificationStream::Receive<Visitor>::operator()(Self& self, boost::system::error_code error) {
  if (error) return self.complete(error);
  auto& readiness = state->readiness;
  if (std::exchange(started, true)) {
    // The wait may have succeeded before the stream was closed, or the operation cancelled.
    const bool given_up = state->closed || self.cancelled() != boost::asio::cancellation_type::none;
    error = given_up ? boost::asio::error::operation_aborted : state->receive_and_visit(visit);
    if (error != boost::system::errc::resource_unavailable_try_again) return self.complete(error);
  }
  if (state->closed) return boost::asio::post(readiness.get_executor(), std::move(self));
  readiness.async_wait(boost::asio::posix::stream_descriptor::wait_read, std::move(self));
}

}  // namespace netherd::engine
