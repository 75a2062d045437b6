#include "netherd/ops/quiescence.hpp"

#include <linux/net_namespace.h>
#include <linux/rtnetlink.h>
#include <sched.h>
#include <sys/socket.h>

#include <array>
#include <boost/asio/error.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/system/result.hpp>
#include <optional>
#include <thread>
#include <vector>

#include "netherd/engine/file_descriptor.hpp"
#include "netherd/engine/message.hpp"
#include "netherd/ops/netns_path.hpp"
#include "post_completion.hpp"
#include "signals_blocked.hpp"
#include "system_error.hpp"

namespace netherd::ops {

namespace {

namespace asio = boost::asio;
using asio::posix::stream_descriptor;
using boost::system::error_code;
using engine::AttributeView;
using engine::FileDescriptor;
using engine::MessageStream;
using engine::MessageView;

/// One batch ends for certain between the events of two sentinels.
constexpr std::size_t sentinels_per_wait = 2;

/// Gives an open namespace an id in the namespace of the socket: `ip netns set NAME ID`.
struct SetNamespaceId {
  static constexpr std::string_view operation = "set namespace id";
  int netns;
  std::int32_t id;

  void encode(engine::MessageWriter& writer) const noexcept {
    writer.begin(RTM_NEWNSID, NLM_F_ACK);
    writer.put_family_header(rtgenmsg{AF_UNSPEC});
    writer.put_struct(NETNSA_FD, netns);
    writer.put_struct(NETNSA_NSID, id);
  }
};
static_assert(engine::Request<SetNamespaceId>);

/// The id in the announcement that a namespace is about to be destroyed; nothing if the message is not one.
std::optional<std::int32_t> id_of_deleted_namespace(const MessageView& message) noexcept {
  if (message.type() != RTM_DELNSID) return std::nullopt;
  for (const AttributeView attribute : message.attributes<rtgenmsg>()) {
    if (attribute.type() == NETNSA_NSID) return attribute.as<std::int32_t>();
  }
  return std::nullopt;
}

/// The observer's socket and the sentinels, each held by nothing but its descriptor. The id of a sentinel is its place.
struct Prepared {
  FileDescriptor observer;
  std::vector<FileDescriptor> sentinels;
};

/// The next message from the kernel; empty when there is none.
std::span<const std::byte> receive(int socket, std::span<std::byte> buffer, int flags) noexcept {
  sockaddr_nl sender{};
  for (;;) {
    socklen_t sender_size = sizeof sender;
    const ssize_t size =
        ::recvfrom(socket, buffer.data(), buffer.size(), flags, reinterpret_cast<sockaddr*>(&sender), &sender_size);
    if (size < 0) return {};
    if (sender.nl_pid == 0) return buffer.first(static_cast<std::size_t>(size));
  }
}

error_code set_namespace_id(int socket, const SetNamespaceId& request) noexcept {
  alignas(4) std::array<std::byte, 512> buffer{};
  engine::MessageWriter writer{buffer};
  request.encode(writer);
  const auto message = writer.message();
  if (::send(socket, message.data(), message.size(), 0) < 0) return last_error();
  MessageStream answers{receive(socket, buffer, 0)};
  const auto answer = answers.next();
  const auto acknowledgement = answer ? answer->family_header<nlmsgerr>() : std::nullopt;
  if (!acknowledgement) return boost::system::errc::make_error_code(boost::system::errc::bad_message);
  return {-acknowledgement->error, boost::system::system_category()};
}

/// Leaves the calling thread in a new namespace of its own.
error_code open_observer(FileDescriptor& socket) noexcept {
  if (const auto error = error_of(::unshare(CLONE_NEWNET))) return error;
  socket.reset(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
  return error_of(socket.get());
}

/// Likewise. Its descriptor is opened by way of /proc, since a socket would outlive its closing.
boost::system::result<FileDescriptor> make_sentinel(int observer, std::int32_t id) noexcept {
  if (const auto error = error_of(::unshare(CLONE_NEWNET))) return error;
  auto sentinel = open_current_namespace();
  if (!sentinel) return sentinel;
  if (const auto error = set_namespace_id(observer, {sentinel->get(), id})) return error;
  return sentinel;
}

/// To be called in a thread that ends thereafter, and so leaves the last sentinel.
boost::system::result<Prepared> prepare(std::size_t count) {
  Prepared prepared;
  if (const auto error = open_observer(prepared.observer)) return error;
  while (prepared.sentinels.size() < count) {
    auto sentinel = make_sentinel(prepared.observer.get(), static_cast<std::int32_t>(prepared.sentinels.size()));
    if (!sentinel) return sentinel.error();
    prepared.sentinels.push_back(std::move(*sentinel));
  }
  const int group = RTNLGRP_NSID;
  if (const auto error =
          error_of(::setsockopt(prepared.observer.get(), SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof group))) {
    return error;
  }
  return prepared;
}

}  // namespace

class QuiescenceWatch::Sentinels : public std::enable_shared_from_this<Sentinels> {
 public:
  using Completion = PendingCompletion<error_code>;

  Sentinels(asio::any_io_executor executor, Options options)
      : executor_{std::move(executor)}, options_{options}, observer_{executor_}, timer_{executor_} {}

  void start_preparing();
  void start_waiting(asio::any_completion_handler<Signature> handler);
  /// Nothing is under way thereafter.
  void stop();

 private:
  using Preparation = boost::system::result<Prepared>;

  void take(Preparation preparation);
  void drop_next();
  void wait_for_event();
  void read_events();
  void finish(error_code error);

  const asio::any_io_executor executor_;
  const Options options_;
  std::thread thread_;
  std::optional<Preparation> preparation_;
  std::size_t dropped_ = 0;
  stream_descriptor observer_;
  asio::steady_timer timer_;
  std::optional<Completion> completion_;
};

void QuiescenceWatch::Sentinels::start_preparing() {
  const SignalsBlocked blocked;
  const std::size_t count = sentinels_per_wait * (options_.sockets_were_closed ? 2 : 1);
  thread_ = std::thread{[executor = executor_, count, self = weak_from_this()] {
    asio::post(executor, [self, preparation = prepare(count)]() mutable {
      if (const auto sentinels = self.lock()) sentinels->take(std::move(preparation));
    });
  }};
}

void QuiescenceWatch::Sentinels::start_waiting(asio::any_completion_handler<Signature> handler) {
  completion_.emplace(executor_, std::move(handler));
  if (auto slot = completion_->cancellation_slot(); slot.is_connected()) {
    slot.assign([self = weak_from_this()](asio::cancellation_type type) {
      const auto sentinels = self.lock();
      if (sentinels && type != asio::cancellation_type::none) sentinels->finish(asio::error::operation_aborted);
    });
  }
  timer_.expires_after(options_.timeout);
  timer_.async_wait([self = weak_from_this()](error_code error) {
    const auto sentinels = self.lock();
    if (sentinels && !error) sentinels->finish(asio::error::timed_out);
  });
  if (preparation_) drop_next();
}

void QuiescenceWatch::Sentinels::take(Preparation preparation) {
  preparation_ = std::move(preparation);
  if (*preparation_) {
    error_code error;
    observer_.assign((*preparation_)->observer.get(), error);
    if (error) {
      preparation_ = error;
    } else {
      static_cast<void>((*preparation_)->observer.release());
    }
  }
  if (completion_) drop_next();
}

void QuiescenceWatch::Sentinels::drop_next() {
  if (!*preparation_) {
    finish(preparation_->error());
    return;
  }
  (*preparation_)->sentinels[dropped_++].reset();
  wait_for_event();
}

void QuiescenceWatch::Sentinels::wait_for_event() {
  observer_.async_wait(stream_descriptor::wait_read, [self = weak_from_this()](error_code error) {
    const auto sentinels = self.lock();
    if (!sentinels || !sentinels->completion_ || error == asio::error::operation_aborted) return;
    error ? sentinels->finish(error) : sentinels->read_events();
  });
}

void QuiescenceWatch::Sentinels::read_events() {
  alignas(4) std::array<std::byte, 8192> buffer;
  const auto awaited = static_cast<std::int32_t>(dropped_ - 1);
  MessageStream events{receive(observer_.native_handle(), buffer, MSG_DONTWAIT)};
  bool announced = false;
  while (const auto event = events.next()) announced = announced || id_of_deleted_namespace(*event) == awaited;
  if (!announced) {
    wait_for_event();
  } else if (dropped_ < (*preparation_)->sentinels.size()) {
    drop_next();
  } else {
    finish({});
  }
}

void QuiescenceWatch::Sentinels::finish(error_code error) {
  if (!completion_) return;
  timer_.cancel();
  error_code ignored;
  observer_.close(ignored);
  std::move(*completion_).post(error);
  completion_.reset();
}

void QuiescenceWatch::Sentinels::stop() {
  thread_.join();
  finish(asio::error::operation_aborted);
}

QuiescenceWatch::QuiescenceWatch(asio::any_io_executor executor, Options options)
    : sentinels_{std::make_shared<Sentinels>(std::move(executor), options)} {
  sentinels_->start_preparing();
}

QuiescenceWatch::~QuiescenceWatch() { sentinels_->stop(); }

void QuiescenceWatch::start(asio::any_completion_handler<Signature> handler) {
  sentinels_->start_waiting(std::move(handler));
}

}  // namespace netherd::ops
