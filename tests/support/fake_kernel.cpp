#include "support/fake_kernel.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace netherd::test {

namespace {

using engine::MessageView;
using Bytes = std::vector<std::byte>;

constexpr std::size_t aligned(std::size_t size) { return (size + 3) & ~std::size_t{3}; }

void append(Bytes& bytes, const void* data, std::size_t size) {
  const std::size_t offset = bytes.size();
  bytes.resize(offset + aligned(size));
  std::memcpy(bytes.data() + offset, data, size);
}

void append_attribute(Bytes& bytes, std::uint16_t type, const void* data, std::size_t size) {
  const nlattr header{static_cast<std::uint16_t>(sizeof(nlattr) + size), type};
  append(bytes, &header, sizeof header);
  append(bytes, data, size);
}

void append_extended_ack(Bytes& bytes, const Reaction& reaction) {
  if (!reaction.words.empty()) {
    append_attribute(bytes, NLMSGERR_ATTR_MSG, reaction.words.c_str(), reaction.words.size() + 1);
  }
  if (reaction.attribute_offset) {
    append_attribute(bytes, NLMSGERR_ATTR_OFFS, &*reaction.attribute_offset, sizeof *reaction.attribute_offset);
  }
  if (reaction.missing_type) {
    append_attribute(bytes, NLMSGERR_ATTR_MISS_TYPE, &*reaction.missing_type, sizeof *reaction.missing_type);
  }
  if (reaction.missing_nest) {
    append_attribute(bytes, NLMSGERR_ATTR_MISS_NEST, &*reaction.missing_nest, sizeof *reaction.missing_nest);
  }
}

/// Appends a message whose payload `fill` appends.
template <typename Fill>
void append_message(Bytes& bytes, const nlmsghdr& request, std::uint16_t type, int flags, Fill fill) {
  const std::size_t start = bytes.size();
  nlmsghdr header = request;
  header.nlmsg_type = type;
  header.nlmsg_flags = static_cast<std::uint16_t>(flags);
  append(bytes, &header, sizeof header);
  fill();
  header.nlmsg_len = static_cast<std::uint32_t>(bytes.size() - start);
  std::memcpy(bytes.data() + start, &header, sizeof header);
}

void append_object(Bytes& bytes, const nlmsghdr& request, int flags, std::size_t number) {
  append_message(bytes, request, object_type, flags, [&] {
    const auto value = static_cast<std::uint32_t>(number);
    append(bytes, &value, sizeof value);
  });
}

bool is_dump(const nlmsghdr& header) {
  return (header.nlmsg_type & 3) == 2 && (header.nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP;
}

}  // namespace

void FakeKernel::send(std::span<const std::byte> datagram) {
  begin_send(datagram);
  while (execute_next()) {
  }
}

void FakeKernel::begin_send(std::span<const std::byte> datagram) {
  sending_.assign(datagram.begin(), datagram.end());
  sending_offset_ = 0;
}

bool FakeKernel::execute_next() {
  engine::MessageStream messages{std::span{sending_}.subspan(std::min(sending_offset_, sending_.size()))};
  const auto message = messages.next();
  if (!message) return false;
  sending_offset_ += aligned(message->bytes().size());
  execute(*message);
  return true;
}

void FakeKernel::execute(const MessageView& request) {
  const nlmsghdr header = request.header();
  Reaction reaction = script_(request);
  if (is_dump(header) && dump_) reaction = {.error = EBUSY};
  executed_.push_back({header.nlmsg_seq, mark_of(request), reaction.error});
  if (is_dump(header) && reaction.error == 0) {
    dump_ = Dump{header, reaction, 0};
    continue_dump();
  } else {
    answer(request, reaction);
  }
}

void FakeKernel::answer(const MessageView& request, const Reaction& reaction) {
  const nlmsghdr header = request.header();
  for (std::size_t number = 0; reaction.error == 0 && number < reaction.objects; ++number) {
    Bytes object;
    append_object(object, header, 0, number);
    deliver(std::move(object));
  }
  if (reaction.error == 0 && (header.nlmsg_flags & NLM_F_ACK) == 0) return;
  const bool capped = reaction.error == 0 || !reaction.echoes_request;
  const bool extended = !reaction.words.empty() || reaction.attribute_offset || reaction.missing_type;
  Bytes end;
  append_message(end, header, NLMSG_ERROR, (capped ? NLM_F_CAPPED : 0) | (extended ? NLM_F_ACK_TLVS : 0), [&] {
    const nlmsgerr error{-reaction.error, header};
    append(end, &error, sizeof error);
    if (!capped) append(end, request.payload().data(), request.payload().size());
    append_extended_ack(end, reaction);
  });
  deliver(std::move(end));
}

void FakeKernel::deliver(Bytes answer) {
  if (congested_ || queue_.size() >= options_.receive_buffer_answers) {
    ++dropped_answers_;
    overrun();
  } else {
    queue_.push_back(std::move(answer));
  }
}

void FakeKernel::overrun() {
  if (!congested_) overrun_reported_ = true;
  congested_ = true;
}

bool FakeKernel::lose_newest_answer() {
  if (queue_.empty()) return false;
  queue_.pop_back();
  ++dropped_answers_;
  overrun();
  return true;
}

void FakeKernel::continue_dump() {
  if (queue_.size() >= options_.receive_buffer_answers) return;
  const Reaction& reaction = dump_->reaction;
  Bytes part;
  const std::size_t end = std::min(reaction.objects, dump_->objects_sent + options_.objects_per_part);
  const bool last = end == reaction.objects;
  const int flags = NLM_F_MULTI | (last && reaction.interrupted ? NLM_F_DUMP_INTR : 0);
  for (; dump_->objects_sent < end; ++dump_->objects_sent) {
    append_object(part, dump_->request, flags, dump_->objects_sent);
  }
  if (last) {
    const bool extended = reaction.done_error != 0 && (!reaction.words.empty() || reaction.attribute_offset);
    append_message(part, dump_->request, NLMSG_DONE, flags | (extended ? NLM_F_ACK_TLVS : 0), [&] {
      const int status = -reaction.done_error;
      append(part, &status, sizeof status);
      if (extended) append_extended_ack(part, reaction);
    });
    dump_.reset();
  }
  queue_.push_back(std::move(part));
}

FakeKernel::Reception FakeKernel::receive() {
  if (std::exchange(overrun_reported_, false)) return {.error = ENOBUFS, .datagram = {}};
  if (queue_.empty()) {
    congested_ = false;
    if (dump_) continue_dump();
    if (queue_.empty()) return {.error = EAGAIN, .datagram = {}};
  }
  Reception reception;
  for (std::size_t count = 0; count < options_.answers_per_datagram && !queue_.empty(); ++count) {
    reception.datagram.insert(reception.datagram.end(), queue_.front().begin(), queue_.front().end());
    queue_.pop_front();
  }
  if (dump_ && queue_.size() <= options_.receive_buffer_answers / 2) continue_dump();
  if (queue_.empty()) congested_ = false;
  return reception;
}

Bytes make_request(std::uint16_t type, std::uint16_t flags, std::uint32_t mark, std::size_t size) {
  Bytes request;
  nlmsghdr header{};
  header.nlmsg_type = type;
  header.nlmsg_flags = static_cast<std::uint16_t>(flags | NLM_F_REQUEST);
  append_message(request, header, type, header.nlmsg_flags, [&] {
    append(request, &mark, sizeof mark);
    if (size > request.size()) request.resize(aligned(size));
  });
  return request;
}

std::uint32_t mark_of(const MessageView& request) { return request.family_header<std::uint32_t>().value_or(0); }

}  // namespace netherd::test
