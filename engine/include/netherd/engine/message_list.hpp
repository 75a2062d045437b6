#pragma once

#include <cstddef>
#include <iterator>
#include <span>
#include <vector>

#include "netherd/engine/message.hpp"

namespace netherd::engine {

/// Copies of received messages, in order: what Channel::async_list() fills.
///
///     for (MessageView message : list) ...
///
/// Keeps its memory when cleared. Views of its messages are valid until it is changed. Not thread safe.
class MessageList {
 public:
  class Iterator {
   public:
    using iterator_category = std::forward_iterator_tag;
    using value_type = MessageView;
    using difference_type = std::ptrdiff_t;

    Iterator() = default;
    explicit Iterator(std::span<const std::byte> rest) noexcept : rest_{rest} {}
    [[nodiscard]] MessageView operator*() const noexcept { return *MessageStream{rest_}.next(); }
    Iterator& operator++() noexcept;
    Iterator operator++(int) noexcept {
      const Iterator before = *this;
      ++*this;
      return before;
    }
    [[nodiscard]] bool operator==(const Iterator& other) const noexcept { return rest_.size() == other.rest_.size(); }

   private:
    std::span<const std::byte> rest_;
  };

  void add(const MessageView& message);
  void clear() noexcept;

  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
  [[nodiscard]] Iterator begin() const noexcept { return Iterator{bytes_}; }
  [[nodiscard]] Iterator end() const noexcept { return Iterator{{}}; }

 private:
  std::vector<std::byte> bytes_;
  std::size_t size_ = 0;
};

}  // namespace netherd::engine
