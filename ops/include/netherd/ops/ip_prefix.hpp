#pragma once

#include <boost/asio/ip/address.hpp>
#include <boost/system/result.hpp>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

namespace netherd::ops {

using IpAddress = boost::asio::ip::address;

/// Bits of an address: 32 for IPv4, 128 for IPv6.
[[nodiscard]] std::uint8_t address_bits(const IpAddress& address) noexcept;

/// An address with a prefix length: an interface's address (host bits kept) or a network (host bits zero).
struct IpPrefix {
  IpAddress address{};
  std::uint8_t length = 0;

  /// The same with the host bits cleared: the subnet that an interface's address lies in.
  [[nodiscard]] IpPrefix network() const noexcept;
  [[nodiscard]] bool contains(const IpAddress& other) const noexcept;
  [[nodiscard]] bool overlaps(const IpPrefix& other) const noexcept;
  [[nodiscard]] bool is_v4() const noexcept { return address.is_v4(); }
  [[nodiscard]] std::string to_string() const;
  friend bool operator==(const IpPrefix&, const IpPrefix&) = default;
  friend std::strong_ordering operator<=>(const IpPrefix&, const IpPrefix&) = default;
};

/// Parses "10.0.0.1/30" or "2001:db8::1/64"; a missing length means a host (32 or 128), as `ip address add` has it.
/// Errors: invalid_argument for anything else, a zone ("%eth0") and leading or trailing characters included.
[[nodiscard]] boost::system::result<IpPrefix> parse_ip_prefix(std::string_view text);

}  // namespace netherd::ops
