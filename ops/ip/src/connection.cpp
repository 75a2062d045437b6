#include "connection.hpp"

#include <linux/netlink.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>

namespace netherd::ip {

namespace {

using engine::MessageView;
using engine::Outcome;

constexpr std::size_t receive_bytes = 32 * 1024;
constexpr int list_attempts = 4;

engine::PipelineLimits limits_of(const engine::NetlinkSocket& socket) {
  return {.datagram_bytes = socket.largest_datagram_bytes(), .queue_requests = 2};
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

Connection::Connection(engine::NetlinkSocket socket)
    : socket_{std::move(socket)}, pipeline_{limits_of(socket_)}, buffer_(receive_bytes) {}

Outcome Connection::execute(Request& request) { return talk(request, engine::RequestKind::single, nullptr); }

Outcome Connection::get(Request& request, const Visitor& visit) {
  engine::MessageList found;
  const Visitor keep = [&found](const MessageView& message) { found.add(message); };
  Outcome outcome = talk(request, engine::RequestKind::get, &keep);
  if (outcome.ok()) {
    for (const MessageView message : found) visit(message);
  }
  return outcome;
}

Outcome Connection::list(Request& request, engine::MessageList& found) {
  const Visitor visit = [&found](const MessageView& message) { found.add(message); };
  for (int attempt = 1;; ++attempt) {
    found.clear();
    Outcome outcome = talk(request, engine::RequestKind::dump, &visit);
    const bool again =
        outcome.error == engine::EngineError::dump_interrupted || outcome.error == engine::EngineError::answer_lost;
    if (!again || attempt == list_attempts) return outcome;
  }
}

Outcome Connection::talk(Request& request, engine::RequestKind kind, const Visitor* visit) {
  Sink sink{visit};
  const auto message = request.message();
  if (message.size() > pipeline_.limits().datagram_bytes ||
      !pipeline_.enqueue({.message = message, .sink = &sink, .kind = kind})) {
    return {engine::EngineError::request_too_large, engine::RequestState::waiting, nullptr};
  }
  while (!sink.done()) {
    if (const auto datagram = pipeline_.next_datagram(); !datagram.empty()) send(datagram);
    if (!sink.done()) receive();
  }
  return std::move(sink.outcome());
}

void Connection::send(std::span<const std::byte> datagram) {
  ssize_t sent = 0;
  do {
    sent = ::send(socket_.descriptor(), datagram.data(), datagram.size(), 0);
  } while (sent < 0 && errno == EINTR);
  sent < 0 ? pipeline_.on_send_failed(last_error()) : pipeline_.on_sent();
}

void Connection::receive() {
  sockaddr_nl sender{};
  iovec vector{buffer_.data(), buffer_.size()};
  msghdr header{};
  header.msg_name = &sender;
  header.msg_namelen = sizeof sender;
  header.msg_iov = &vector;
  header.msg_iovlen = 1;
  const ssize_t size = ::recvmsg(socket_.descriptor(), &header, MSG_DONTWAIT);
  if (size >= 0) {
    if (sender.nl_pid != 0) return;  // not the kernel
    const std::span datagram{buffer_.data(), static_cast<std::size_t>(size)};
    return pipeline_.on_received(datagram, (header.msg_flags & MSG_TRUNC) != 0);
  }
  if (errno == ENOBUFS) return pipeline_.on_overrun();
  if (errno == EINTR) return;
  if (errno != EAGAIN) return pipeline_.fail_all(last_error());
  if (pipeline_.overrun()) return pipeline_.on_drained();
  pollfd readable{socket_.descriptor(), POLLIN, 0};
  ::poll(&readable, 1, -1);
}

}  // namespace netherd::ip
