#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <span>

/// What libFuzzer calls, and what replay_main.cpp calls in its place.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
/// Optional, called once before: a target that cannot run here says so, and exits with 77.
extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv);

namespace netherd::fuzz {

/// What must hold for every input.
inline void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "violated: %s\n", what);
  std::abort();
}

/// A copy of exactly its size, so that the address sanitizer sees every read past its end.
class Block {
 public:
  explicit Block(std::span<const std::uint8_t> bytes)
      : bytes_{std::make_unique_for_overwrite<std::byte[]>(bytes.size())}, size_{bytes.size()} {
    if (!bytes.empty()) std::memcpy(bytes_.get(), bytes.data(), bytes.size());
  }
  [[nodiscard]] std::span<const std::byte> bytes() const noexcept { return {bytes_.get(), size_}; }

 private:
  std::unique_ptr<std::byte[]> bytes_;
  std::size_t size_;
};

/// Takes an input apart: single bytes to decide by, and blocks with their length before them.
class Script {
 public:
  explicit Script(std::span<const std::uint8_t> rest) noexcept : rest_{rest} {}
  [[nodiscard]] bool ended() const noexcept { return rest_.empty(); }
  [[nodiscard]] std::uint8_t byte() noexcept {
    if (rest_.empty()) return 0;
    const std::uint8_t value = rest_.front();
    rest_ = rest_.subspan(1);
    return value;
  }
  [[nodiscard]] Block block() noexcept {
    const std::size_t low = byte();
    const std::size_t wanted = low + std::size_t{byte()} * 256;
    const auto taken = rest_.first(wanted < rest_.size() ? wanted : rest_.size());
    rest_ = rest_.subspan(taken.size());
    return Block{taken};
  }

 private:
  std::span<const std::uint8_t> rest_;
};

}  // namespace netherd::fuzz
