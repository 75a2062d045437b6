#include "netherd/ops/mac_address.hpp"

#include <charconv>

namespace netherd::ops {

std::string MacAddress::to_string() const {
  static constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 3);
  for (const std::uint8_t byte : bytes) {
    if (!text.empty()) text += ':';
    text += digits[byte >> 4U];
    text += digits[byte & 0xfU];
  }
  return text;
}

boost::system::result<MacAddress> parse_mac_address(std::string_view text) {
  const auto invalid = boost::system::errc::make_error_code(boost::system::errc::invalid_argument);
  MacAddress address;
  if (text.size() != address.bytes.size() * 3 - 1) return invalid;
  for (std::size_t i = 0; i < address.bytes.size(); ++i) {
    const char* const pair = text.data() + i * 3;
    const auto [end, error] = std::from_chars(pair, pair + 2, address.bytes[i], 16);
    const bool separated = i == 0 || pair[-1] == ':';
    if (error != std::errc{} || end != pair + 2 || !separated) return invalid;
  }
  return address;
}

}  // namespace netherd::ops
