#pragma once

#include <array>
#include <boost/system/result.hpp>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

namespace netherd::ops {

/// An Ethernet address.
struct MacAddress {
  std::array<std::uint8_t, 6> bytes{};

  [[nodiscard]] bool is_multicast() const noexcept { return (bytes[0] & 1U) != 0; }
  [[nodiscard]] std::string to_string() const;
  friend auto operator<=>(const MacAddress&, const MacAddress&) = default;
};

/// Parses "02:00:00:00:00:01" (six pairs of hexadecimal digits). Errors: invalid_argument.
[[nodiscard]] boost::system::result<MacAddress> parse_mac_address(std::string_view text);

}  // namespace netherd::ops
