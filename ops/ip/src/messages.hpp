#pragma once

#include <sys/mman.h>

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <memory>
#include <new>
#include <optional>
#include <span>
#include <vector>

#include "netherd/engine/message.hpp"

namespace netherd::ip {

/// Copies of received messages, in order. In blocks, so that a long list is never moved as it grows: lists of tens of
/// megabytes are common here, and touching so much memory twice takes longer than all else.
class Messages {
 public:
  class Iterator {
   public:
    Iterator(const Messages& messages, std::size_t block) : messages_{&messages}, block_{block} { enter(); }
    [[nodiscard]] engine::MessageView operator*() const noexcept { return *engine::MessageStream{rest_}.next(); }
    Iterator& operator++() noexcept {
      engine::MessageStream stream{rest_};
      const std::size_t size = padded(stream.next()->bytes().size());
      rest_ = rest_.subspan(std::min(size, rest_.size()));
      if (rest_.empty()) {
        ++block_;
        enter();
      }
      return *this;
    }
    [[nodiscard]] bool operator==(const Iterator& other) const noexcept {
      return block_ == other.block_ && rest_.size() == other.rest_.size();
    }

   private:
    void enter() noexcept {
      rest_ = block_ < messages_->blocks_.size() ? messages_->blocks_[block_].used() : std::span<const std::byte>{};
    }

    const Messages* messages_;
    std::size_t block_;
    std::span<const std::byte> rest_;
  };

  void add(const engine::MessageView& message) {
    const auto bytes = message.bytes();
    const std::size_t size = padded(bytes.size());
    if (blocks_.empty() || blocks_.back().size + size > blocks_.back().capacity) {
      blocks_.emplace_back(std::max(size, blocks_.size() < most_small_blocks ? small_block_bytes : large_block_bytes));
    }
    std::ranges::copy(bytes, blocks_.back().bytes.get() + blocks_.back().size);
    blocks_.back().size += size;
    ++size_;
  }
  void clear() noexcept {
    blocks_.clear();
    size_ = 0;
  }

  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
  [[nodiscard]] Iterator begin() const noexcept { return {*this, 0}; }
  [[nodiscard]] Iterator end() const noexcept { return {*this, blocks_.size()}; }

 private:
  /// Of short lists: below the size from which malloc(3) maps and unmaps memory for each block.
  static constexpr std::size_t small_block_bytes = 64 * 1024;
  /// Of long lists: a huge page, which is one page fault instead of 512 (madvise(2); where the machine allows none, a
  /// block of plain pages). Half of the time of `link show` with 10,000 links was page faults.
  static constexpr std::size_t large_block_bytes = 2 * 1024 * 1024;
  static constexpr std::size_t most_small_blocks = 16;
  static constexpr std::size_t padded(std::size_t size) noexcept {
    return (size + engine::message_alignment - 1) & ~(engine::message_alignment - 1);
  }

  struct Free {
    void operator()(std::byte* bytes) const noexcept { std::free(bytes); }
  };
  struct Block {
    explicit Block(std::size_t block_capacity)
        : capacity{block_capacity},
          bytes{static_cast<std::byte*>(capacity == large_block_bytes ? std::aligned_alloc(capacity, capacity)
                                                                      : std::malloc(capacity))} {
      if (!bytes) throw std::bad_alloc{};
      if (capacity == large_block_bytes) ::madvise(bytes.get(), capacity, MADV_HUGEPAGE);
    }
    [[nodiscard]] std::span<const std::byte> used() const noexcept { return {bytes.get(), size}; }
    std::size_t capacity;
    std::unique_ptr<std::byte[], Free> bytes;
    std::size_t size = 0;
  };

  std::vector<Block> blocks_;
  std::size_t size_ = 0;
};

}  // namespace netherd::ip
