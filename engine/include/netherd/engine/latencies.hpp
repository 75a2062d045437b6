#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace netherd::engine {

/// How long requests took: counters on a logarithmic scale, from which quantiles are read.
///
/// A counter covers a sixteenth of its value, so a quantile is at most 6.25 % above the true one, and never above
/// max(). Has a fixed size of 8 KiB and never allocates. Thread safety: none.
class Latencies {
 public:
  using Duration = std::chrono::nanoseconds;

  /// `count` requests that took `each`. What is negative counts as zero.
  void record(Duration each, std::uint64_t count = 1) noexcept;

  [[nodiscard]] std::uint64_t count() const noexcept { return count_; }
  /// What this share of the requests (0 to 1) took at most; zero if there were none.
  [[nodiscard]] Duration quantile(double share) const noexcept;
  [[nodiscard]] Duration max() const noexcept { return max_; }

 private:
  // The lowest 16 values have a counter each, and so has each sixteenth of every power of two above.
  static constexpr unsigned parts_bits = 4;
  static constexpr std::size_t parts = std::size_t{1} << parts_bits;
  static constexpr std::size_t counters = parts * (64 - parts_bits + 1);

  [[nodiscard]] static std::size_t counter_of(std::uint64_t value) noexcept;
  [[nodiscard]] static std::uint64_t largest_of(std::size_t counter) noexcept;

  std::array<std::uint64_t, counters> counts_{};
  std::uint64_t count_ = 0;
  Duration max_{};
};

}  // namespace netherd::engine
