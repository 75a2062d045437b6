#pragma once

#include <sys/socket.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "netherd/ops/ip_prefix.hpp"

namespace netherd::ops {

/// The address family (AF_INET or AF_INET6) as the kernel's headers carry it.
[[nodiscard]] inline std::uint8_t family_of(const IpAddress& address) noexcept {
  return address.is_v4() ? AF_INET : AF_INET6;
}

/// An address in network byte order, as attributes carry it. Allocates nothing.
class WireAddress {
 public:
  explicit WireAddress(const IpAddress& address) noexcept;
  [[nodiscard]] std::span<const std::byte> bytes() const noexcept { return {bytes_.data(), size_}; }

 private:
  std::array<std::byte, 16> bytes_{};
  std::size_t size_;
};

/// The address that an attribute carries; nothing for another family or a wrong size.
[[nodiscard]] std::optional<IpAddress> read_wire_address(std::uint8_t family,
                                                         std::span<const std::byte> bytes) noexcept;

}  // namespace netherd::ops
