#include "connection.hpp"

#include <linux/netlink.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

#include "netherd/engine/dump_attempts.hpp"

namespace netherd::ip {

namespace {

using engine::MessageView;
using engine::Outcome;

/// What the kernel fills a part of a dump up to, unless it holds an object that is larger still.
constexpr std::size_t receive_bytes = 32 * 1024;
/// Receives that fail one after the other, before that counts as a failure for good.
constexpr int most_fruitless_receives = 100;
/// What is posted before it is sent.
constexpr std::size_t most_posted = 128;
constexpr std::size_t most_posted_bytes = 24 * 1024;

/// Where a thread receives datagrams, whatever the connection: what they say is copied at once. Grows with the largest
/// that came.
std::span<std::byte> receive_buffer(std::size_t least_bytes = receive_bytes) {
  thread_local std::unique_ptr<std::byte[]> buffer;
  thread_local std::size_t size = 0;
  if (size < least_bytes) {
    buffer = std::make_unique_for_overwrite<std::byte[]>(least_bytes);
    size = least_bytes;
  }
  return {buffer.get(), size};
}

engine::PipelineLimits limits_of(const engine::NetlinkSocket& socket, std::size_t datagram_bytes) {
  return {.datagram_bytes = std::min(socket.largest_datagram_bytes(), datagram_bytes),
          .window_requests = engine::window_for_receive_buffer(socket.receive_buffer_bytes()),
          .queue_requests = most_posted + 1};
}

boost::system::error_code last_error() noexcept { return {errno, boost::system::system_category()}; }

}  // namespace

class Connection::Sink final : public engine::AnswerSink {
 public:
  explicit Sink(const Visitor* visit) : visit_{visit} {}

  void on_reply(std::uint32_t, const MessageView& message) override {
    if (visit_ != nullptr) (*visit_)(message);
  }
  void on_outcome(std::uint32_t, Outcome outcome) override {
    outcome_ = std::move(outcome);
    done_ = true;
  }
  [[nodiscard]] std::string_view operation(std::uint32_t) const override { return {}; }
  [[nodiscard]] std::uint64_t tag(std::uint32_t) const override { return 0; }
  [[nodiscard]] bool done() const noexcept { return done_; }
  [[nodiscard]] Outcome& outcome() noexcept { return outcome_; }

 private:
  const Visitor* visit_;
  Outcome outcome_;
  bool done_ = false;
};

class Connection::PostedSink final : public engine::AnswerSink {
 public:
  explicit PostedSink(Connection& connection) : connection_{connection} {}

  void on_reply(std::uint32_t, const MessageView&) override {}
  void on_outcome(std::uint32_t position, Outcome outcome) override {
    ++connection_.answered_;
    if (outcome.ok()) return;
    const Posted& posted = connection_.posted_[position];
    (*posted.refused)(posted.number, outcome);
  }
  [[nodiscard]] std::string_view operation(std::uint32_t) const override { return {}; }
  [[nodiscard]] std::uint64_t tag(std::uint32_t) const override { return 0; }

 private:
  Connection& connection_;
};

Connection::Connection(engine::NetlinkSocket socket, std::size_t datagram_bytes)
    : socket_{std::move(socket)}, pipeline_{limits_of(socket_, datagram_bytes)} {}

/// Without an acknowledgement, which would cost a message and reading it.
Outcome Connection::execute(Request& request) { return talk(request, engine::RequestKind::quiet, nullptr); }

Outcome Connection::get(Request& request, const Visitor& visit) {
  Messages found;
  Outcome outcome = collect(request, engine::RequestKind::get, found);
  if (outcome.ok()) {
    for (const MessageView message : found) visit(message);
  }
  return outcome;
}

Outcome Connection::list(Request& request, Messages& found) {
  return collect(request, engine::RequestKind::dump, found);
}

/// Neither kind changes anything, so that it can be asked for again whatever became of it; an object that did not fit
/// finds a larger buffer then.
Outcome Connection::collect(Request& request, engine::RequestKind kind, Messages& found) {
  const Visitor visit = [&found](const MessageView& message) { found.add(message); };
  engine::DumpAttempts attempts;
  for (;;) {
    found.clear();
    Outcome outcome = talk(request, kind, &visit);
    if (!attempts.again(outcome)) return outcome;
  }
}

void Connection::post(Request request, std::size_t number, const Refused& refused) {
  const std::size_t size = request.message().size();
  if (size > pipeline_.limits().datagram_bytes) {
    return refused(number, {engine::EngineError::request_too_large, engine::RequestState::waiting, nullptr});
  }
  if (posted_.size() == most_posted || posted_bytes_ + size > most_posted_bytes) settle();
  posted_.push_back({std::move(request), number, &refused});
  posted_bytes_ += size;
}

void Connection::settle() {
  if (posted_.empty()) return;
  PostedSink sink{*this};
  answered_ = 0;
  for (std::size_t i = 0; i < posted_.size(); ++i) {
    static_cast<void>(pipeline_.enqueue(
        {.message = posted_[i].request.message(), .sink = &sink, .position = static_cast<std::uint32_t>(i)}));
  }
  while (answered_ < posted_.size()) exchange();
  posted_.clear();
  posted_bytes_ = 0;
}

Outcome Connection::talk(Request& request, engine::RequestKind kind, const Visitor* visit) {
  settle();
  Sink sink{visit};
  const auto message = request.message();
  if (message.size() > pipeline_.limits().datagram_bytes ||
      !pipeline_.enqueue({.message = message, .sink = &sink, .kind = kind})) {
    return {engine::EngineError::request_too_large, engine::RequestState::waiting, nullptr};
  }
  talks_quietly_ = kind == engine::RequestKind::quiet;
  while (!sink.done()) exchange();
  talks_quietly_ = false;
  return std::move(sink.outcome());
}

/// One step: sends what there is to send, else receives.
void Connection::exchange() {
  const auto datagram = pipeline_.next_datagram();
  datagram.empty() ? receive() : send(datagram);
}

void Connection::send(std::span<const std::byte> datagram) {
  ssize_t sent = 0;
  int attempts = most_fruitless_receives;
  do {
    sent = ::send(socket_.descriptor(), datagram.data(), datagram.size(), 0);
  } while (sent < 0 && errno == EINTR && --attempts > 0);
  sent < 0 ? pipeline_.on_send_failed(last_error()) : pipeline_.on_sent();
  fruitless_receives_ = 0;
}

void Connection::receive() {
  sockaddr_nl sender{};
  const std::span buffer = receive_buffer();
  iovec vector{buffer.data(), buffer.size()};
  msghdr header{};
  header.msg_name = &sender;
  header.msg_namelen = sizeof sender;
  header.msg_iov = &vector;
  header.msg_iovlen = 1;
  const ssize_t received = ::recvmsg(socket_.descriptor(), &header, MSG_DONTWAIT | MSG_TRUNC);
  if (received < 0) return on_receive_failed(last_error());
  fruitless_receives_ = 0;
  if (sender.nl_pid != 0) return;  // not the kernel
  const auto size = static_cast<std::size_t>(received);
  pipeline_.on_received(buffer.first(std::min(size, buffer.size())), size > buffer.size());
  static_cast<void>(receive_buffer(size));
}

void Connection::on_receive_failed(boost::system::error_code error) {
  const bool may_pass = error.value() == ENOBUFS || error.value() == EINTR || error.value() == EAGAIN;
  if (!may_pass || ++fruitless_receives_ > most_fruitless_receives) return pipeline_.fail_all(error);
  if (error.value() == ENOBUFS) return pipeline_.on_overrun();
  if (error.value() == EINTR) return;
  if (pipeline_.overrun()) return pipeline_.on_drained();
  if (talks_quietly_) return pipeline_.on_silence();
  pollfd readable{socket_.descriptor(), POLLIN, 0};
  if (::poll(&readable, 1, -1) < 0 && errno != EINTR) pipeline_.fail_all(last_error());
}

}  // namespace netherd::ip
