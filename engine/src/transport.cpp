#include "transport.hpp"

#include <liburing.h>
#include <linux/netlink.h>
#include <sys/socket.h>

#include <boost/asio/bind_allocator.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <cerrno>
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
  void report(ChannelCore& core, std::int32_t result) const {
    core.on_receive_done(error_of(result), result > 0 ? static_cast<std::size_t>(result) : 0,
                         (header_.msg_flags & MSG_TRUNC) != 0, PortId{sender_.nl_pid});
  }

 private:
  sockaddr_nl sender_{};
  iovec vector_{};
  msghdr header_{};
};

class RingTransport final : public Transport {
 public:
  RingTransport(Ring& ring, ChannelCore& core) : ring_{ring}, core_{core} {}

  void send(std::span<const std::byte> datagram, Submission submission) override {
    sending_.keep_alive = core_.shared_from_this();
    if (core_.send_queue()) return core_.send_queue()->push(sending_, core_.socket().descriptor(), datagram);
    io_uring_sqe& entry = ring_.prepare_submission();
    io_uring_prep_send(&entry, core_.socket().descriptor(), datagram.data(), datagram.size(), 0);
    if (submission == Submission::worker) io_uring_sqe_set_flags(&entry, IOSQE_ASYNC);
    ring_.start(sending_);
  }

  void receive(std::span<std::byte> buffer, bool only_what_is_there) override {
    io_uring_sqe& entry = ring_.prepare_submission();
    io_uring_prep_recvmsg(&entry, core_.socket().descriptor(), receiving_.message.prepare(buffer),
                          only_what_is_there ? unsigned{MSG_DONTWAIT} : 0U);
    receiving_.keep_alive = core_.shared_from_this();
    ring_.start(receiving_);
  }

  void detach() noexcept override {}

  void cancel() noexcept override {
    if (ring_.is_shut_down()) return;
    if (sending_.keep_alive && !core_.send_queue()) ring_.cancel(sending_);
    if (receiving_.keep_alive) ring_.cancel(receiving_);
  }

 private:
  struct Sending final : RingOperation {
    void complete(std::int32_t result) noexcept override {
      const auto core = std::exchange(keep_alive, nullptr);
      if (core->send_queue()) core->send_queue()->on_ended();
      core->on_send_done(error_of(result));
    }
    void discard() noexcept override { const auto core = std::exchange(keep_alive, nullptr); }
    std::shared_ptr<ChannelCore> keep_alive;
  };
  struct Receiving final : RingOperation {
    void complete(std::int32_t result) noexcept override {
      const auto core = std::exchange(keep_alive, nullptr);
      message.report(*core, result);
    }
    void discard() noexcept override { const auto core = std::exchange(keep_alive, nullptr); }
    std::shared_ptr<ChannelCore> keep_alive;
    ReceiveMessage message;
  };

  Ring& ring_;
  ChannelCore& core_;
  Sending sending_;
  Receiving receiving_;
};

class ReactorTransport final : public Transport {
 public:
  ReactorTransport(boost::asio::io_context& context, ChannelCore& core)
      : core_{core}, readiness_{context, core.socket().descriptor()} {}
  ~ReactorTransport() override { readiness_.release(); }  // the channel closes the socket

  void send(std::span<const std::byte> datagram, Submission) override {
    const ssize_t sent = ::send(core_.socket().descriptor(), datagram.data(), datagram.size(), 0);
    const std::int32_t result = sent < 0 ? -errno : static_cast<std::int32_t>(sent);
    post([core = core_.shared_from_this(), result] { core->on_send_done(error_of(result)); });
  }

  void receive(std::span<std::byte> buffer, bool only_what_is_there) override {
    if (only_what_is_there) {
      post([this, core = core_.shared_from_this(), buffer] { receive_now(buffer, true); });
    } else {
      readiness_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                            boost::asio::bind_allocator(core_.allocator(), [this, core = core_.shared_from_this(),
                                                                            buffer](boost::system::error_code error) {
                              if (error) return core->on_receive_done(error, 0, false, PortId::kernel);
                              receive_now(buffer, false);
                            }));
    }
  }

  void detach() noexcept override { readiness_.release(); }

  void cancel() noexcept override {
    boost::system::error_code ignored;
    readiness_.cancel(ignored);
  }

 private:
  template <typename Function>
  void post(Function function) {
    boost::asio::post(readiness_.get_executor(), boost::asio::bind_allocator(core_.allocator(), std::move(function)));
  }

  void receive_now(std::span<std::byte> buffer, bool only_what_is_there) {
    const ssize_t size = ::recvmsg(core_.socket().descriptor(), message_.prepare(buffer), MSG_DONTWAIT);
    if (size < 0 && errno == EAGAIN && !only_what_is_there) return receive(buffer, false);
    message_.report(core_, size < 0 ? -errno : static_cast<std::int32_t>(size));
  }

  ChannelCore& core_;
  boost::asio::posix::stream_descriptor readiness_;
  ReceiveMessage message_;
};

}  // namespace

std::unique_ptr<Transport> Transport::make(boost::asio::io_context& context, ChannelCore& core) {
  Ring& ring = Ring::of(context);
  if (!ring.unavailable()) return std::make_unique<RingTransport>(ring, core);
  return std::make_unique<ReactorTransport>(context, core);
}

}  // namespace netherd::engine
