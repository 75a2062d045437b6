#include "tc_units.hpp"

#include <algorithm>
#include <cinttypes>
#include <cmath>
#include <cstdio>
#include <memory>

namespace netherd::ops {

namespace {

constexpr double microseconds_per_second = 1e6;

TcClock read_clock() noexcept {
  TcClock clock;
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file{std::fopen("/proc/net/psched", "re"), std::fclose};
  if (!file) return clock;
  std::uint32_t tick_numerator = 0;
  std::uint32_t tick_denominator = 0;
  std::uint32_t resolution = 0;
  std::uint32_t hertz = 0;
  const int fields = std::fscanf(file.get(), "%08" SCNx32 "%08" SCNx32 "%08" SCNx32 "%08" SCNx32, &tick_numerator,
                                 &tick_denominator, &resolution, &hertz);
  if (fields != 4 || tick_denominator == 0 || hertz == 0) return clock;
  // Kernels with a resolution of nanoseconds claim a factor of 1000 for the sake of old programs, and mean 1.
  if (resolution == 1'000'000'000) tick_numerator = tick_denominator;
  clock.ticks_per_microsecond = tick_numerator / static_cast<double>(tick_denominator) * (resolution / 1e6);
  if (resolution == 1'000'000) clock.hertz = hertz;
  return clock;
}

std::uint32_t saturated(double value) noexcept {
  return value >= static_cast<double>(UINT32_MAX) ? UINT32_MAX : static_cast<std::uint32_t>(std::max(value, 0.0));
}

}  // namespace

const TcClock& TcClock::system() noexcept {
  static const TcClock clock = read_clock();
  return clock;
}

std::uint32_t ticks_of(double microseconds) noexcept {
  return saturated(saturated(microseconds) * TcClock::system().ticks_per_microsecond);
}

double microseconds_of(std::uint32_t ticks) noexcept { return ticks / TcClock::system().ticks_per_microsecond; }

std::uint32_t transmission_ticks(std::uint64_t rate, std::uint32_t bytes) noexcept {
  if (rate == 0) return UINT32_MAX;
  return ticks_of(microseconds_per_second * (bytes / static_cast<double>(rate)));
}

std::uint32_t bytes_in_ticks(std::uint64_t rate, std::uint32_t ticks) noexcept {
  return saturated(std::round(static_cast<double>(rate) * microseconds_of(ticks) / microseconds_per_second));
}

std::uint8_t TcRate::cell_log() const noexcept {
  const std::uint32_t longest = mtu == 0 ? 2047 : mtu;
  std::uint8_t log = 0;
  while ((longest >> log) > 255) ++log;
  return log;
}

tc_ratespec TcRate::spec() const noexcept {
  tc_ratespec spec{};
  spec.cell_log = cell_log();
  spec.linklayer = TC_LINKLAYER_ETHERNET;
  spec.overhead = overhead;
  spec.cell_align = -1;
  spec.mpu = mpu;
  spec.rate = static_cast<std::uint32_t>(std::min<std::uint64_t>(bytes_per_second, UINT32_MAX));
  return spec;
}

std::array<std::uint32_t, 256> TcRate::table() const noexcept {
  std::array<std::uint32_t, 256> ticks{};
  for (std::uint32_t cell = 0; cell < ticks.size(); ++cell) {
    const std::uint32_t bytes = std::max<std::uint32_t>((cell + 1) << cell_log(), mpu);
    ticks[cell] = transmission_ticks(spec().rate, bytes);
  }
  return ticks;
}

std::uint32_t wire_probability(const Probability& probability) noexcept {
  return saturated(std::rint(std::clamp(probability.value, 0.0, 1.0) * static_cast<double>(UINT32_MAX)));
}

Probability read_probability(std::uint32_t wire) noexcept { return {wire / static_cast<double>(UINT32_MAX)}; }

std::string describe_probability(const Probability& probability) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.10g%%", probability.value * 100);
  return text.data();
}

}  // namespace netherd::ops
