#include "netherd/engine/pipeline.hpp"

#include <linux/netlink.h>

#include <algorithm>
#include <cassert>
#include <cstring>
#include <utility>

#include "extended_ack.hpp"

namespace netherd::engine {

namespace {

constexpr std::size_t initial_queue_places = 64;

/// What NLMSG_ERROR and NLMSG_DONE begin with: an errno, negated, or 0. A family may leave it away from its NLMSG_DONE.
boost::system::error_code error_of(const MessageView& answer) noexcept {
  constexpr int largest_errno = 4095;  // MAX_ERRNO in linux/err.h
  constexpr int no_errno = 1;
  if (answer.type() == NLMSG_DONE && answer.payload().empty()) return {};
  const int error = answer.family_header<int>().value_or(no_errno);
  if (error > 0 || error < -largest_errno) return EngineError::malformed_answer;
  return {-error, boost::system::system_category()};
}

constexpr std::size_t window_share(RequestKind kind) noexcept {
  return kind == RequestKind::get || kind == RequestKind::ask ? get_window_share : 1;
}

constexpr bool is_acknowledged(RequestKind kind) noexcept {
  return kind == RequestKind::single || kind == RequestKind::get || kind == RequestKind::ask;
}

/// An acknowledgement says all that there is to know.
constexpr bool is_done_when_acknowledged(RequestKind kind) noexcept {
  return kind == RequestKind::single || kind == RequestKind::ask;
}

RequestState state_after(boost::system::error_code error) noexcept {
  return error == EngineError::malformed_answer ? RequestState::unknown : RequestState::answered;
}

}  // namespace

Pipeline::Pipeline(PipelineLimits limits, SequenceNumber first, int protocol)
    : limits_{limits},
      protocol_{protocol},
      entries_(initial_queue_places),
      first_sequence_{value_of(first)},
      datagram_{std::make_unique_for_overwrite<std::byte[]>(limits.datagram_bytes)} {
  limits_.datagram_requests = std::max<std::size_t>(limits_.datagram_requests, 1);
  limits_.dump_window_requests = std::min(limits_.dump_window_requests, limits_.window_requests);
}

SequenceNumber Pipeline::sequence_of(std::uint64_t place) const noexcept {
  return SequenceNumber{first_sequence_ + static_cast<std::uint32_t>(place)};
}

std::optional<std::uint64_t> Pipeline::find_in_flight(SequenceNumber sequence) noexcept {
  const std::uint32_t distance = value_of(sequence) - value_of(sequence_of(head_));
  const std::uint64_t place = head_ + distance;
  if (place >= next_ || at(place).state != RequestState::sent) return std::nullopt;
  return place;
}

void Pipeline::grow() {
  std::vector<Entry> larger(entries_.size() * 2);
  for (std::uint64_t place = head_; place != tail_; ++place) larger[place & (larger.size() - 1)] = at(place);
  entries_ = std::move(larger);
}

bool Pipeline::enqueue(const QueuedRequest& request) {
  assert(request.sink != nullptr && request.message.size() >= sizeof(nlmsghdr));
  assert(request.message.size() <= limits_.datagram_bytes && request.message.size() % message_alignment == 0);
  if (queued() >= limits_.queue_requests) return false;
  if (queued() == entries_.size()) grow();
  at(tail_) = {request.message.data(), request.sink, static_cast<std::uint32_t>(request.message.size()),
               request.position,       request.kind, RequestState::waiting};
  ++tail_;
  return true;
}

/// Its answers will fit into the receive buffer, whatever they are.
bool Pipeline::may_be_sent(const Entry& entry) const noexcept {
  if (transaction_in_flight_) return false;
  if (entry.kind == RequestKind::transaction) return in_flight_ == 0 && !dump_.active;
  if (entry.kind == RequestKind::dump) return !dump_.active && window_used_ <= limits_.dump_window_requests;
  if (in_flight_ == 0 && !dump_.active) return true;
  const std::size_t window = dump_.active ? limits_.dump_window_requests : limits_.window_requests;
  return window_used_ + window_share(entry.kind) <= window;
}

/// Copies a request into the datagram and gives it its sequence number.
void Pipeline::stage(std::uint64_t place, std::size_t offset) {
  Entry& entry = at(place);
  assert(entry.state == RequestState::waiting);
  std::memcpy(datagram_.get() + offset, entry.message, entry.length);
  auto* header = reinterpret_cast<nlmsghdr*>(datagram_.get() + offset);
  header->nlmsg_seq = value_of(sequence_of(place));
  if (entry.kind == RequestKind::dump) {
    dump_ = {entry, sequence_of(place), true, false};
    entry.state = RequestState::answered;
  } else {
    entry.state = RequestState::sent;
    ++in_flight_;
    if (entry.kind == RequestKind::get) ++gets_in_flight_;
    window_used_ += window_share(entry.kind);
  }
  if (entry.kind == RequestKind::transaction) stage_transaction({datagram_.get() + offset, entry.length});
}

/// Gives all messages the sequence number of the first one, and each its place among them as port id: the kernel reads
/// no port id of a request, and sends it back with an error. The last one before the end asks for the acknowledgement:
/// an error of an earlier one comes before that, and begin and end are acknowledged by Linux 6.10 and later only.
void Pipeline::stage_transaction(std::span<std::byte> messages) noexcept {
  const std::uint32_t sequence = MessageView{messages}.header().nlmsg_seq;
  transaction_in_flight_ = true;
  nlmsghdr* before = nullptr;
  nlmsghdr* last = nullptr;
  MessageStream stream{messages};
  for (std::uint32_t place = 0; const auto message = stream.next(); ++place) {
    const auto offset = message->bytes().data() - messages.data();
    before = std::exchange(last, reinterpret_cast<nlmsghdr*>(messages.data() + offset));
    last->nlmsg_seq = sequence;
    last->nlmsg_pid = place;
  }
  if (before != nullptr) before->nlmsg_flags |= NLM_F_ACK;
}

std::span<const std::byte> Pipeline::next_datagram() {
  assert(!sending_);
  if (overrun_) return {};
  datagram_start_ = next_;
  std::size_t size = 0;
  std::size_t count = 0;
  std::optional<std::size_t> last_acknowledged;
  for (skip_abandoned(); next_ != tail_ && count < limits_.datagram_requests; skip_abandoned()) {
    const Entry& entry = at(next_);
    if (!may_be_sent(entry) || size + entry.length > limits_.datagram_bytes) break;
    stage(next_, size);
    if (is_acknowledged(entry.kind)) last_acknowledged = size;
    size += entry.length;
    ++count;
    ++next_;
  }
  if (last_acknowledged) reinterpret_cast<nlmsghdr*>(datagram_.get() + *last_acknowledged)->nlmsg_flags |= NLM_F_ACK;
  drop_ended();
  sending_ = size > 0;
  return {datagram_.get(), size};
}

void Pipeline::on_send_failed(boost::system::error_code error) {
  sending_ = false;
  if (dump_.active && value_of(dump_.sequence) - value_of(sequence_of(datagram_start_)) < next_ - datagram_start_) {
    end_dump(error, RequestState::waiting, nullptr);
  }
  const std::uint64_t end_of_datagram = next_;
  for (std::uint64_t place = std::max(datagram_start_, head_); place != end_of_datagram; ++place) {
    if (at(place).state == RequestState::sent) end(place, error, RequestState::waiting, nullptr);
  }
  drop_ended();
}

void Pipeline::on_received(std::span<const std::byte> datagram, bool truncated) {
  MessageStream messages{datagram};
  while (const auto message = messages.next()) handle(*message);
  if (truncated || messages.malformed()) overrun_ = true;
  drop_ended();
}

void Pipeline::on_received_beginning(std::span<const std::byte> beginning, std::size_t datagram_bytes) {
  MessageStream messages{beginning};
  while (const auto message = messages.next()) handle(*message);
  const auto cut = messages.rest();
  if (!handle_cut(cut, datagram_bytes - (beginning.size() - cut.size()))) overrun_ = true;
  drop_ended();
}

void Pipeline::on_silence() {
  assert(!sending_ && !overrun_ && !dump_.active);
  conclude_success_before(next_);
  drop_ended();
}

void Pipeline::handle(const MessageView& message) {
  if (dump_.active && message.sequence() == dump_.sequence) return handle_dump_part(message);
  const auto place = find_in_flight(message.sequence());
  if (!place) return;  // answers a request that has ended already (abandoned, or unknown after a loss)
  conclude_success_before(*place);
  if (message.type() != NLMSG_ERROR) {
    if (AnswerSink* sink = at(*place).sink) sink->on_reply(at(*place).position, message);
    return;
  }
  const auto error = error_of(message);
  if (!error && overrun_ && !is_done_when_acknowledged(at(*place).kind)) {
    return end(*place, EngineError::answer_lost, RequestState::unknown, nullptr);  // perhaps its object, or an error
  }
  end(*place, error, state_after(error), &message);
}

/// The beginning of what did not fit, and its whole size. True: it is one object that nobody looks at.
bool Pipeline::handle_cut(std::span<const std::byte> message, std::size_t whole_bytes) {
  if (message.size() < sizeof(nlmsghdr)) return false;
  const nlmsghdr header = MessageView{message}.header();
  const SequenceNumber sequence{header.nlmsg_seq};
  const bool is_last = header.nlmsg_len <= whole_bytes && header.nlmsg_len + message_alignment > whole_bytes;
  if (!is_last || header.nlmsg_type == NLMSG_ERROR || (dump_.active && sequence == dump_.sequence)) return false;
  const auto place = find_in_flight(sequence);
  if (!place || !is_done_when_acknowledged(at(*place).kind)) return false;
  conclude_success_before(*place);
  return true;
}

void Pipeline::handle_dump_part(const MessageView& message) {
  if ((message.flags() & NLM_F_DUMP_INTR) != 0) dump_.interrupted = true;
  if (message.type() != NLMSG_DONE && message.type() != NLMSG_ERROR) {
    if (dump_.entry.sink != nullptr) dump_.entry.sink->on_reply(dump_.entry.position, message);
    return;
  }
  const auto error = error_of(message);
  if (error) return end_dump(error, state_after(error), &message);
  if (overrun_) return end_dump(EngineError::answer_lost, RequestState::unknown, nullptr);  // perhaps a part of it
  if (dump_.interrupted) return end_dump(EngineError::dump_interrupted, RequestState::answered, nullptr);
  end_dump({}, RequestState::answered, nullptr);
}

std::shared_ptr<const Diagnostic> Pipeline::diagnose(const Entry& entry, SequenceNumber sequence,
                                                     const MessageView* answer) const {
  FailedRequest failed{sequence, {entry.message, entry.length}, protocol_, std::nullopt};
  if (entry.kind == RequestKind::transaction && answer != nullptr) {
    MessageStream messages{failed.message};
    const auto error = answer->family_header<nlmsgerr>();
    const std::uint32_t culprit = error ? error->msg.nlmsg_pid : 0;
    auto message = messages.next();
    for (std::uint32_t place = 0; message && place < culprit; ++place) message = messages.next();
    failed.message = message ? message->bytes() : std::span<const std::byte>{};
    if (message) failed.place = culprit;
  }
  return make_diagnostic(*entry.sink, entry.position, failed, answer);
}

void Pipeline::end_dump(boost::system::error_code error, RequestState state, const MessageView* answer) {
  const Dump ended = std::exchange(dump_, {});
  AnswerSink* sink = ended.entry.sink;
  if (sink == nullptr) return;
  Outcome outcome{error, state, nullptr};
  if (error) outcome.diagnostic = diagnose(ended.entry, ended.sequence, answer);
  sink->on_outcome(ended.entry.position, std::move(outcome));
}

void Pipeline::conclude_success_before(std::uint64_t place) {
  if (overrun_) return;  // silence proves nothing any more
  for (concluded_ = std::max(concluded_, head_); concluded_ < place; ++concluded_) {
    if (at(concluded_).state == RequestState::sent) end(concluded_, {}, RequestState::answered, nullptr);
  }
}

void Pipeline::end(std::uint64_t place, boost::system::error_code error, RequestState state,
                   const MessageView* answer) {
  const Entry ended = at(place);
  assert(ended.state == RequestState::sent);
  at(place).state = RequestState::answered;
  --in_flight_;
  if (ended.kind == RequestKind::get) --gets_in_flight_;
  window_used_ -= window_share(ended.kind);
  if (ended.kind == RequestKind::transaction) transaction_in_flight_ = false;
  if (ended.sink == nullptr) return;
  Outcome outcome{error, state, nullptr};
  if (error) outcome.diagnostic = diagnose(ended, sequence_of(place), answer);
  ended.sink->on_outcome(ended.position, std::move(outcome));
}

void Pipeline::skip_abandoned() noexcept {
  for (; next_ != tail_ && at(next_).sink == nullptr; ++next_) at(next_).state = RequestState::answered;
}

void Pipeline::drop_ended() noexcept {
  while (head_ != next_ && at(head_).state == RequestState::answered) ++head_;
}

void Pipeline::on_drained() {
  assert(!sending_);
  const std::uint64_t sent_end = next_;
  for (std::uint64_t place = head_; place != sent_end; ++place) {
    if (at(place).state == RequestState::sent) end(place, EngineError::answer_lost, RequestState::unknown, nullptr);
  }
  if (dump_.active) end_dump(EngineError::answer_lost, RequestState::unknown, nullptr);
  overrun_ = false;
  drop_ended();
}

void Pipeline::abandon(AnswerSink& sink, boost::system::error_code error) {
  if (dump_.entry.sink == &sink) {
    dump_.entry.sink = nullptr;
    sink.on_outcome(dump_.entry.position, {error, RequestState::unknown, nullptr});
  }
  const std::uint64_t queue_end = tail_;
  for (std::uint64_t place = head_; place != queue_end; ++place) {
    Entry& entry = at(place);
    if (entry.sink != &sink || entry.state == RequestState::answered) continue;
    entry.sink = nullptr;
    const RequestState state = entry.state == RequestState::sent ? RequestState::unknown : RequestState::waiting;
    sink.on_outcome(entry.position, {error, state, nullptr});
  }
  skip_abandoned();
  drop_ended();
}

void Pipeline::fail_all(boost::system::error_code error) {
  sending_ = false;
  overrun_ = false;
  const std::uint64_t sent_end = next_;
  const std::uint64_t queue_end = tail_;
  for (std::uint64_t place = head_; place != sent_end; ++place) {
    if (at(place).state == RequestState::sent) end(place, error, RequestState::unknown, nullptr);
  }
  if (dump_.active) end_dump(error, RequestState::unknown, nullptr);
  for (; next_ != queue_end; ++next_) {
    const Entry ended = at(next_);
    at(next_).state = RequestState::answered;
    if (ended.sink != nullptr) ended.sink->on_outcome(ended.position, {error, RequestState::waiting, nullptr});
  }
  drop_ended();
}

}  // namespace netherd::engine
