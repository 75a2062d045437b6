#include "transport.hpp"

#include <liburing.h>
#include <linux/netlink.h>
#include <sys/socket.h>

#include <boost/asio/bind_allocator.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <optional>
#include <utility>

#include "netherd/engine/impl/channel_core.hpp"
#include "netherd/engine/ring.hpp"
#include "netherd/engine/send_queue.hpp"

namespace netherd::engine {

namespace {

boost::system::error_code error_of(std::int32_t result) noexcept {
  return result < 0 ? boost::system::error_code{-result, boost::system::system_category()}
                    : boost::system::error_code{};
}

/// MSG_TRUNC: the size is that of the datagram, also where the buffer is smaller (netlink_recvmsg()).
constexpr int flags_of(ReceiveMode mode) noexcept {
  return MSG_TRUNC | (mode == ReceiveMode::peek ? MSG_PEEK : 0) | (mode == ReceiveMode::drain ? MSG_DONTWAIT : 0);
}

/// What recvmsg() fills in, with its buffers. Must stay where it is while a receive is under way.
class ReceiveMessage {
 public:
  msghdr* prepare(std::span<std::byte> buffer) noexcept {
    vector_ = {buffer.data(), buffer.size()};
    header_ = {};
    header_.msg_name = &sender_;
    header_.msg_namelen = sizeof sender_;
    header_.msg_iov = &vector_;
    header_.msg_iovlen = 1;
    return &header_;
  }
  [[nodiscard]] Received result(std::int32_t size) const noexcept {
    return {error_of(size), size > 0 ? static_cast<std::size_t>(size) : 0, PortId{sender_.nl_pid}};
  }

 private:
  sockaddr_nl sender_{};
  iovec vector_{};
  msghdr header_{};
};

class ReactorTransport final : public Transport {
 public:
  ReactorTransport(boost::asio::io_context& context, ChannelCore& core) : core_{core}, readiness_{context} {
    readiness_.assign(core.socket().descriptor(), flaw_);
  }
  ~ReactorTransport() override { detach(); }  // the channel closes the socket

  void send(std::span<const std::byte> datagram, Submission) override {
    const ssize_t sent = ::send(core_.socket().descriptor(), datagram.data(), datagram.size(), 0);
    const std::int32_t result = sent < 0 ? -errno : static_cast<std::int32_t>(sent);
    post([core = core_.shared_from_this(), result] { core->on_send_done(error_of(result)); });
  }

  void receive(std::span<std::byte> buffer, ReceiveMode mode) override {
    if (flaw_) {
      post([core = core_.shared_from_this(), error = flaw_] { core->on_receive_done({.error = error}); });
    } else if (mode == ReceiveMode::drain) {
      post([this, core = core_.shared_from_this(), buffer] { receive_now(buffer, ReceiveMode::drain); });
    } else {
      readiness_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                            boost::asio::bind_allocator(
                                core_.allocator(), [this, core = core_.shared_from_this(), buffer, mode](auto error) {
                                  if (error) return core->on_receive_done({.error = error});
                                  receive_now(buffer, mode);
                                }));
    }
  }

  void detach() noexcept override {
    if (readiness_.is_open()) readiness_.release();
  }

  void cancel() noexcept override {
    boost::system::error_code ignored;
    readiness_.cancel(ignored);
  }

 private:
  template <typename Function>
  void post(Function function) {
    boost::asio::post(readiness_.get_executor(), boost::asio::bind_allocator(core_.allocator(), std::move(function)));
  }

  void receive_now(std::span<std::byte> buffer, ReceiveMode mode) {
    const ssize_t size =
        ::recvmsg(core_.socket().descriptor(), message_.prepare(buffer), flags_of(mode) | MSG_DONTWAIT);
    if (size < 0 && errno == EAGAIN && mode != ReceiveMode::drain) return receive(buffer, mode);
    core_.on_receive_done(message_.result(size < 0 ? -errno : static_cast<std::int32_t>(size)));
  }

  ChannelCore& core_;
  boost::asio::posix::stream_descriptor readiness_;
  boost::system::error_code flaw_;  // the reactor takes no more descriptors
  ReceiveMessage message_;
};

/// Leaves a ring that fails to the reactor: what the kernel has not seen is done by that at once, and so is all that
/// comes later.
class RingTransport final : public Transport {
 public:
  RingTransport(Ring& ring, ChannelCore& core) : ring_{ring}, core_{core}, sending_{*this}, receiving_{*this} {}

  void send(std::span<const std::byte> datagram, Submission submission) override {
    if (left_ring_ || ring_.unavailable()) return reactor().send(datagram, submission);
    sending_.datagram = datagram;
    sending_.keep_alive = core_.shared_from_this();
    if (core_.send_queue()) return core_.send_queue()->push(sending_, core_.socket().descriptor(), datagram);
    io_uring_sqe& entry = ring_.prepare_submission();
    io_uring_prep_send(&entry, core_.socket().descriptor(), datagram.data(), datagram.size(), 0);
    if (submission == Submission::worker) io_uring_sqe_set_flags(&entry, IOSQE_ASYNC);
    ring_.start(sending_);
  }

  void receive(std::span<std::byte> buffer, ReceiveMode mode) override {
    if (left_ring_ || ring_.unavailable()) return reactor().receive(buffer, mode);
    io_uring_sqe& entry = ring_.prepare_submission();
    io_uring_prep_recvmsg(&entry, core_.socket().descriptor(), receiving_.message.prepare(buffer),
                          static_cast<unsigned>(flags_of(mode)));
    receiving_.buffer = buffer;
    receiving_.mode = mode;
    receiving_.keep_alive = core_.shared_from_this();
    ring_.start(receiving_);
  }

  void detach() noexcept override {
    if (reactor_) reactor_->detach();
  }

  void cancel() noexcept override {
    if (ring_.is_shut_down()) return;
    if (sending_.keep_alive && !core_.send_queue()) ring_.cancel(sending_);
    if (receiving_.keep_alive) ring_.cancel(receiving_);
    if (reactor_) reactor_->cancel();
  }

 private:
  struct Sending final : RingOperation {
    explicit Sending(RingTransport& owner) noexcept : transport{owner} {}
    void complete(std::int32_t result) noexcept override {
      const auto core = std::exchange(keep_alive, nullptr);
      if (core->send_queue()) core->send_queue()->on_ended();
      core->on_send_done(error_of(result));
    }
    void withdraw(std::int32_t result) noexcept override {
      if (keep_alive->is_closed()) return complete(result);
      const auto core = std::exchange(keep_alive, nullptr);
      if (core->send_queue()) core->send_queue()->on_ended();
      transport.reactor().send(datagram, Submission::in_loop);
    }
    void discard() noexcept override { const auto core = std::exchange(keep_alive, nullptr); }

    RingTransport& transport;
    std::span<const std::byte> datagram;
    std::shared_ptr<ChannelCore> keep_alive;
  };

  struct Receiving final : RingOperation {
    explicit Receiving(RingTransport& owner) noexcept : transport{owner} {}
    void complete(std::int32_t result) noexcept override {
      if (result == -EAGAIN && mode != ReceiveMode::drain) {  // takes O_NONBLOCK for MSG_DONTWAIT
        transport.left_ring_ = true;
        return withdraw(result);
      }
      const auto core = std::exchange(keep_alive, nullptr);
      core->on_receive_done(message.result(result));
    }
    void withdraw(std::int32_t) noexcept override {
      const auto core = std::exchange(keep_alive, nullptr);
      if (core->is_closed()) return core->on_receive_done({.error = boost::asio::error::operation_aborted});
      transport.reactor().receive(buffer, mode);
    }
    /// By an answer: the kernel acknowledges a message that asks for nothing (netlink_rcv_skb()).
    void interrupt() noexcept override {
      nlmsghdr message_without_request{};
      message_without_request.nlmsg_len = sizeof message_without_request;
      message_without_request.nlmsg_type = NLMSG_NOOP;
      message_without_request.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
      ::send(keep_alive->socket().descriptor(), &message_without_request, sizeof message_without_request, 0);
    }
    void discard() noexcept override { const auto core = std::exchange(keep_alive, nullptr); }

    RingTransport& transport;
    std::span<std::byte> buffer;
    ReceiveMode mode = ReceiveMode::wait;
    std::shared_ptr<ChannelCore> keep_alive;
    ReceiveMessage message;
  };

  Transport& reactor() {
    if (!reactor_) reactor_.emplace(ring_.context(), core_);
    return *reactor_;
  }

  Ring& ring_;
  ChannelCore& core_;
  std::optional<ReactorTransport> reactor_;
  bool left_ring_ = false;  // this kernel's ring does not wait for sockets
  Sending sending_;
  Receiving receiving_;
};

}  // namespace

std::unique_ptr<Transport> Transport::make(boost::asio::io_context& context, ChannelCore& core) {
  Ring& ring = Ring::of(context);
  if (!ring.unavailable()) return std::make_unique<RingTransport>(ring, core);
  return std::make_unique<ReactorTransport>(context, core);
}

Received receive_now(int socket, std::span<std::byte> buffer) noexcept {
  ReceiveMessage message;
  const ssize_t size = ::recvmsg(socket, message.prepare(buffer), MSG_TRUNC | MSG_DONTWAIT);
  return message.result(size < 0 ? -errno : static_cast<std::int32_t>(size));
}

}  // namespace netherd::engine
