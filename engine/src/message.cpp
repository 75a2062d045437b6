#include "netherd/engine/message.hpp"

#include <libmnl/libmnl.h>

#include <algorithm>

namespace netherd::engine {

static_assert(message_alignment == MNL_ALIGNTO);

namespace {

constexpr std::size_t message_header_bytes = sizeof(nlmsghdr);
constexpr std::size_t attribute_header_bytes = sizeof(nlattr);

constexpr std::size_t aligned(std::size_t size) noexcept {
  return (size + message_alignment - 1) & ~(message_alignment - 1);
}

/// Bytes from the start of `bytes` to the end of its first attribute without padding; 0 if there is no whole one.
std::size_t first_attribute_size(std::span<const std::byte> bytes) noexcept {
  const auto* attribute = reinterpret_cast<const nlattr*>(bytes.data());
  const int available = static_cast<int>(std::min<std::size_t>(bytes.size(), INT32_MAX));
  return mnl_attr_ok(attribute, available) ? attribute->nla_len : 0;
}

/// Bytes of the first message without padding; 0 if there is no whole one. Not by mnl_nlmsg_ok(): libmnl 1.0.4 compares
/// lengths as signed numbers, and accepts those above 2 GiB.
std::size_t first_message_size(std::span<const std::byte> bytes) noexcept {
  if (bytes.size() < message_header_bytes) return 0;
  const std::size_t size = reinterpret_cast<const nlmsghdr*>(bytes.data())->nlmsg_len;
  return size >= message_header_bytes && size <= bytes.size() ? size : 0;
}

}  // namespace

MessageWriter::MessageWriter(std::span<std::byte> buffer) noexcept : buffer_{buffer} {}

std::byte* MessageWriter::reserve(std::size_t size) noexcept {
  const std::size_t padded = aligned(size);
  if (overflowed_ || padded > buffer_.size() - used_) {
    overflowed_ = true;
    return nullptr;
  }
  std::byte* place = buffer_.data() + used_;
  used_ += padded;
  std::memset(place + size, 0, padded - size);
  return place;
}

void MessageWriter::append(const void* data, std::size_t size) noexcept {
  if (std::byte* place = reserve(size)) std::memcpy(place, data, size);
}

void MessageWriter::begin(std::uint16_t type, std::uint16_t flags) noexcept {
  used_ = 0;
  overflowed_ = buffer_.size() < message_header_bytes;
  if (overflowed_) return;
  nlmsghdr* header = mnl_nlmsg_put_header(buffer_.data());
  header->nlmsg_type = type;
  header->nlmsg_flags = static_cast<std::uint16_t>(flags | NLM_F_REQUEST);
  used_ = message_header_bytes;
}

void MessageWriter::put_bytes(std::uint16_t type, std::span<const std::byte> payload) noexcept {
  if (payload.size() > UINT16_MAX - attribute_header_bytes) {
    overflowed_ = true;
    return;
  }
  const std::size_t size = attribute_header_bytes + payload.size();
  std::byte* place = reserve(size);
  if (place == nullptr) return;
  const nlattr header{static_cast<std::uint16_t>(size), type};
  std::memcpy(place, &header, sizeof header);
  if (!payload.empty()) std::memcpy(place + attribute_header_bytes, payload.data(), payload.size());
}

void MessageWriter::put_string(std::uint16_t type, std::string_view text) noexcept {
  const std::size_t size = attribute_header_bytes + text.size() + 1;
  if (size > UINT16_MAX) {
    overflowed_ = true;
    return;
  }
  std::byte* place = reserve(size);
  if (place == nullptr) return;
  const nlattr header{static_cast<std::uint16_t>(size), type};
  std::memcpy(place, &header, sizeof header);
  if (!text.empty()) std::memcpy(place + attribute_header_bytes, text.data(), text.size());
  place[attribute_header_bytes + text.size()] = std::byte{0};
}

MessageWriter::Nest MessageWriter::begin_nest(std::uint16_t type) noexcept {
  return begin_plain_nest(static_cast<std::uint16_t>(type | NLA_F_NESTED));
}

MessageWriter::Nest MessageWriter::begin_plain_nest(std::uint16_t type) noexcept {
  const Nest nest{static_cast<std::uint32_t>(used_)};
  put_bytes(type, {});
  return nest;
}

void MessageWriter::end_nest(Nest nest) noexcept {
  if (overflowed_) return;
  const std::size_t start = value_of(nest);
  const std::size_t size = used_ - start;
  if (size > UINT16_MAX) {
    overflowed_ = true;
    return;
  }
  const auto length = static_cast<std::uint16_t>(size);
  std::memcpy(buffer_.data() + start, &length, sizeof length);
}

std::span<std::byte> MessageWriter::message() const noexcept {
  if (overflowed_) return {};
  reinterpret_cast<nlmsghdr*>(buffer_.data())->nlmsg_len = static_cast<std::uint32_t>(used_);
  return buffer_.first(used_);
}

std::string_view AttributeView::text() const noexcept {
  const std::string_view all{reinterpret_cast<const char*>(payload_.data()), payload_.size()};
  return all.substr(0, all.find('\0'));
}

AttributeView Attributes::Iterator::operator*() const noexcept {
  const auto* attribute = reinterpret_cast<const nlattr*>(rest_.data());
  return {mnl_attr_get_type(attribute), rest_.first(attribute->nla_len).subspan(attribute_header_bytes)};
}

Attributes::Iterator& Attributes::Iterator::operator++() noexcept {
  rest_ = rest_.subspan(std::min(aligned(first_attribute_size(rest_)), rest_.size()));
  return *this;
}

bool Attributes::Iterator::operator==(std::default_sentinel_t) const noexcept {
  return first_attribute_size(rest_) == 0;
}

nlmsghdr MessageView::header() const noexcept {
  nlmsghdr header;
  std::memcpy(&header, bytes_.data(), sizeof header);
  return header;
}

std::optional<MessageView> MessageStream::next() noexcept {
  if (rest_.empty() || malformed_) return std::nullopt;
  const std::size_t size = first_message_size(rest_);
  if (size == 0) {
    malformed_ = true;
    return std::nullopt;
  }
  const MessageView message{rest_.first(size)};
  rest_ = rest_.subspan(std::min(aligned(size), rest_.size()));
  return message;
}

}  // namespace netherd::engine
