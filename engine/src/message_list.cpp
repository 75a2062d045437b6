#include "netherd/engine/message_list.hpp"

namespace netherd::engine {

namespace {

constexpr std::size_t padded(std::size_t size) noexcept {
  return (size + message_alignment - 1) & ~(message_alignment - 1);
}

}  // namespace

MessageList::Iterator& MessageList::Iterator::operator++() noexcept {
  rest_ = rest_.subspan(padded((**this).bytes().size()));
  return *this;
}

void MessageList::add(const MessageView& message) {
  bytes_.insert(bytes_.end(), message.bytes().begin(), message.bytes().end());
  bytes_.resize(padded(bytes_.size()));
  ++size_;
}

void MessageList::clear() noexcept {
  bytes_.clear();
  size_ = 0;
}

}  // namespace netherd::engine
