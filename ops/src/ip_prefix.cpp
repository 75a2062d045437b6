#include "netherd/ops/ip_prefix.hpp"

#include <algorithm>
#include <charconv>

namespace netherd::ops {

namespace {

using boost::asio::ip::address_v4;
using boost::asio::ip::address_v6;

template <typename Bytes>
Bytes without_host_bits(Bytes bytes, std::size_t length) noexcept {
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const std::size_t kept = std::min<std::size_t>(8, length - std::min(length, i * 8));
    bytes[i] &= static_cast<unsigned char>(0xffU << (8 - kept));
  }
  return bytes;
}

IpAddress network_address(const IpAddress& address, std::uint8_t length) noexcept {
  if (address.is_v4()) return address_v4{without_host_bits(address.to_v4().to_bytes(), length)};
  return address_v6{without_host_bits(address.to_v6().to_bytes(), length)};
}

boost::system::error_code invalid() noexcept {
  return boost::system::errc::make_error_code(boost::system::errc::invalid_argument);
}

boost::system::result<IpAddress> parse_address(std::string_view text) {
  // The characters are checked here because the parser below would resolve a zone, and end at a zero byte.
  if (text.find_first_not_of("0123456789abcdefABCDEF.:") != std::string_view::npos) return invalid();
  boost::system::error_code error;
  IpAddress address = boost::asio::ip::make_address(text, error);
  if (error) return invalid();
  return address;
}

}  // namespace

std::uint8_t address_bits(const IpAddress& address) noexcept { return address.is_v4() ? 32 : 128; }

IpPrefix IpPrefix::network() const noexcept { return {network_address(address, length), length}; }

bool IpPrefix::contains(const IpAddress& other) const noexcept {
  return is_v4() == other.is_v4() && network_address(address, length) == network_address(other, length);
}

bool IpPrefix::overlaps(const IpPrefix& other) const noexcept {
  return length <= other.length ? contains(other.address) : other.contains(address);
}

std::string IpPrefix::to_string() const { return address.to_string() + '/' + std::to_string(length); }

boost::system::result<IpPrefix> parse_ip_prefix(std::string_view text) {
  const std::size_t slash = text.find('/');
  const auto address = parse_address(text.substr(0, slash));
  if (!address) return address.error();
  const std::uint8_t bits = address_bits(*address);
  if (slash == std::string_view::npos) return IpPrefix{*address, bits};

  const std::string_view digits = text.substr(slash + 1);
  std::uint8_t length = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), length);
  const bool padded = digits.size() > 1 && digits.front() == '0';
  if (error != std::errc{} || end != digits.data() + digits.size() || padded || length > bits) return invalid();
  return IpPrefix{*address, length};
}

}  // namespace netherd::ops
