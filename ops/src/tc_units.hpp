#pragma once

#include <linux/pkt_sched.h>

#include <array>
#include <chrono>
#include <cstdint>

#include "netherd/ops/qdisc.hpp"

/// Units of the kernel's traffic control, converted as tc(8) does it (tc/tc_core.c, tc/tc_util.c of iproute2 6.1).

namespace netherd::ops {

/// Rates are bits per second to users, bytes per second to the kernel.
inline constexpr std::uint64_t bits_per_byte = 8;

/// /proc/net/psched: how many of the kernel's ticks a microsecond has, and how many timer interrupts a second.
struct TcClock {
  double ticks_per_microsecond = 15.625;  ///< PSCHED_SHIFT of 6, in all kernels since Linux 2.6.31
  std::uint32_t hertz = 1'000'000'000;

  /// Read once per process; where it cannot be read, what the kernel has always had. Thread safe.
  [[nodiscard]] static const TcClock& system() noexcept;
};

/// Microseconds to ticks, both whole, as tc truncates them.
[[nodiscard]] std::uint32_t ticks_of(double microseconds) noexcept;
[[nodiscard]] double microseconds_of(std::uint32_t ticks) noexcept;

/// Time that so many bytes take at a rate in bytes per second, in ticks; and how many bytes so many ticks take.
[[nodiscard]] std::uint32_t transmission_ticks(std::uint64_t rate, std::uint32_t bytes) noexcept;
[[nodiscard]] std::uint32_t bytes_in_ticks(std::uint64_t rate, std::uint32_t ticks) noexcept;

/// How packets are counted at a rate.
struct TcRate {
  std::uint64_t bytes_per_second = 0;
  std::uint32_t mtu = 0;  ///< 0: tc's default of 2047
  std::uint16_t mpu = 0;
  std::uint16_t overhead = 0;

  /// A rate of 32 bits or more is saturated here, and has an attribute of its own besides.
  [[nodiscard]] tc_ratespec spec() const noexcept;
  [[nodiscard]] bool needs_64_bits() const noexcept { return bytes_per_second > UINT32_MAX; }
  /// Ticks of a packet by its size, in 256 steps: kernels before Linux 3.8 looked them up, later ones only want it
  /// there.
  [[nodiscard]] std::array<std::uint32_t, 256> table() const noexcept;

 private:
  [[nodiscard]] std::uint8_t cell_log() const noexcept;
};

/// 0 to 1 as fraction of 2^32, and back.
[[nodiscard]] std::uint32_t wire_probability(const Probability& probability) noexcept;
[[nodiscard]] Probability read_probability(std::uint32_t wire) noexcept;
/// "12.5%".
[[nodiscard]] std::string describe_probability(const Probability& probability);

}  // namespace netherd::ops
