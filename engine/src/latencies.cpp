#include "netherd/engine/latencies.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace netherd::engine {

std::size_t Latencies::counter_of(std::uint64_t value) noexcept {
  if (value < parts) return value;
  const auto shift = static_cast<unsigned>(std::bit_width(value)) - parts_bits - 1;
  return (shift << parts_bits) + static_cast<std::size_t>(value >> shift);
}

std::uint64_t Latencies::largest_of(std::size_t counter) noexcept {
  if (counter < parts) return counter;
  const std::size_t shift = (counter >> parts_bits) - 1;
  const std::uint64_t lead = parts + (counter & (parts - 1));
  return (lead << shift) + ((std::uint64_t{1} << shift) - 1);
}

void Latencies::record(Duration each, std::uint64_t count) noexcept {
  const Duration took = std::max(each, Duration::zero());
  counts_[counter_of(static_cast<std::uint64_t>(took.count()))] += count;
  count_ += count;
  if (count > 0) max_ = std::max(max_, took);
}

Latencies::Duration Latencies::quantile(double share) const noexcept {
  const double wanted = std::ceil(std::clamp(share, 0.0, 1.0) * static_cast<double>(count_));
  std::uint64_t missing = std::max<std::uint64_t>(static_cast<std::uint64_t>(wanted), 1);
  for (std::size_t counter = 0; counter < counters; ++counter) {
    if (counts_[counter] >= missing) {
      return std::min(Duration{static_cast<Duration::rep>(largest_of(counter))}, max_);
    }
    missing -= counts_[counter];
  }
  return max_;
}

}  // namespace netherd::engine
