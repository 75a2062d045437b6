#pragma once

#include <sys/socket.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "netherd/ip/words.hpp"

namespace netherd::ip {

/// An address or a prefix as `ip` reads it: IPv4 may be shortened ("10.1" is 10.1.0.0), and "default", "any" and "all"
/// stand for the empty prefix. These have the family that is expected: none, perhaps.
struct Inet {
  int family = AF_UNSPEC;
  std::array<std::byte, 16> data{};
  std::size_t size = 0;  ///< bytes; 0: the empty prefix
  int bits = 0;          ///< prefix length; of an address all of its bits
  bool length_given = false;

  [[nodiscard]] std::span<const std::byte> bytes() const noexcept { return std::span{data}.first(size); }
  [[nodiscard]] bool is_multicast() const noexcept;
  [[nodiscard]] bool is_unspecified() const noexcept { return data == decltype(data){}; }
  /// Its first `length` bits are those of `other`.
  [[nodiscard]] bool begins_like(const Inet& other, int length) const noexcept;
};

/// 32 or 128; 0 for another family.
[[nodiscard]] int bits_of_family(int family) noexcept;
/// "inet", "inet6", "mpls", "link" or "bridge"; AF_UNSPEC if it is none of these.
[[nodiscard]] int read_family(std::string_view word) noexcept;
[[nodiscard]] std::string family_name(int family);

/// An address of `family` (AF_UNSPEC: of any). Throws CommandError: any valid address is expected rather than "x".
Inet take_address(Words& words, int family);
Inet take_prefix(Words& words, int family);
[[nodiscard]] Inet address_from(std::string_view word, int family);
[[nodiscard]] Inet prefix_from(std::string_view word, int family);

/// A link-layer address: "02:00:00:00:00:01", of any length, or an IPv4 address for tunnels.
struct LinkLayerAddress {
  std::array<std::byte, 32> data{};
  std::size_t size = 0;
  [[nodiscard]] std::span<const std::byte> bytes() const noexcept { return std::span{data}.first(size); }
};
LinkLayerAddress take_link_layer_address(Words& words);

/// As text. An address of a length that its family does not have is written in hexadecimal.
[[nodiscard]] std::string address_text(int family, std::span<const std::byte> bytes);
/// `type` is ARPHRD_*: those of tunnels have IP addresses.
[[nodiscard]] std::string link_layer_text(std::span<const std::byte> bytes, unsigned type);

}  // namespace netherd::ip
