#include "netherd/ip/inet.hpp"

#include <arpa/inet.h>
#include <linux/if_arp.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <optional>

namespace netherd::ip {

namespace {

bool means_everything(std::string_view word) { return word == "default" || word == "any" || word == "all"; }

std::string expectation(int family) { return family == AF_UNSPEC ? "any valid" : family_name(family); }

/// "10.1" is 10.1.0.0: what is left out at the end is 0. Each part may be octal or hexadecimal.
std::optional<Inet> read_ipv4(std::string_view text) {
  Inet address{.family = AF_INET, .size = 4, .bits = 32};
  for (std::size_t part = 0; part < 4; ++part) {
    const std::size_t dot = std::min(text.find('.'), text.size());
    std::uint64_t number = 0;
    if (!read_number(text.substr(0, dot), UINT8_MAX, number)) return {};
    address.data[part] = static_cast<std::byte>(number);
    if (dot == text.size()) return address;
    text.remove_prefix(dot + 1);
  }
  return {};
}

std::optional<Inet> read_address(std::string_view word, int family) {
  if (means_everything(word)) {
    // "default" has as many bytes as an address, "any" and "all" have none (__get_addr_1() in lib/utils.c).
    const int bits = word == "default" ? bits_of_family(family) : 0;
    return Inet{.family = family, .size = static_cast<std::size_t>(bits / 8)};
  }
  if (word.find(':') == std::string_view::npos) {
    return family == AF_UNSPEC || family == AF_INET ? read_ipv4(word) : std::nullopt;
  }
  Inet address{.family = AF_INET6, .size = 16, .bits = 128};
  const bool good = (family == AF_UNSPEC || family == AF_INET6) &&
                    ::inet_pton(AF_INET6, std::string{word}.c_str(), address.data.data()) == 1;
  return good ? std::optional{address} : std::nullopt;
}

/// A prefix length, or an IPv4 netmask: "255.255.255.0".
std::optional<int> read_length(std::string_view text, int family) {
  std::uint64_t number = 0;
  if (read_number(text, UINT32_MAX, number)) {
    return number <= static_cast<std::uint64_t>(bits_of_family(family)) ? std::optional{static_cast<int>(number)}
                                                                        : std::nullopt;
  }
  const auto mask = family == AF_INET ? read_ipv4(text) : std::nullopt;
  if (!mask) return {};
  std::uint32_t bits = 0;
  std::memcpy(&bits, mask->data.data(), sizeof bits);
  bits = ntohl(bits);
  const int ones = std::countl_one(bits);
  return std::popcount(bits) == ones ? std::optional{ones} : std::nullopt;
}

std::optional<Inet> read_prefix(std::string_view word, int family) {
  const std::size_t slash = word.find('/');
  auto prefix = read_address(word.substr(0, slash), family);
  if (!prefix) return {};
  if (slash == std::string_view::npos) {
    prefix->length_given = word == "default";
    return prefix;
  }
  if (means_everything(word.substr(0, slash))) return {};
  const auto length = read_length(word.substr(slash + 1), prefix->family);
  if (!length) return {};
  prefix->bits = *length;
  prefix->length_given = true;
  return prefix;
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  c = static_cast<char>(c | 0x20);
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

}  // namespace

bool Inet::is_multicast() const noexcept {
  if (family == AF_INET) return (data[0] & std::byte{0xF0}) == std::byte{0xE0};
  return family == AF_INET6 && data[0] == std::byte{0xFF};
}

bool Inet::begins_like(const Inet& other, int length) const noexcept {
  const auto whole = static_cast<std::size_t>(length / 8);
  if (!std::equal(data.begin(), data.begin() + static_cast<std::ptrdiff_t>(whole), other.data.begin())) return false;
  const auto mask = static_cast<std::byte>(0xFF00U >> static_cast<unsigned>(length % 8));
  return length % 8 == 0 || ((data[whole] ^ other.data[whole]) & mask) == std::byte{0};
}

int bits_of_family(int family) noexcept { return family == AF_INET ? 32 : family == AF_INET6 ? 128 : 0; }

int read_family(std::string_view word) noexcept {
  if (word == "inet") return AF_INET;
  if (word == "inet6") return AF_INET6;
  if (word == "link") return AF_PACKET;
  if (word == "bridge") return AF_BRIDGE;
  if (word == "mpls") return AF_MPLS;
  return AF_UNSPEC;
}

std::string family_name(int family) {
  switch (family) {
    case AF_INET:
      return "inet";
    case AF_INET6:
      return "inet6";
    case AF_PACKET:
      return "link";
    case AF_BRIDGE:
      return "bridge";
    case AF_MPLS:
      return "mpls";
    default:
      return "???";
  }
}

Inet address_from(std::string_view word, int family) {
  const auto address = read_address(word, family);
  if (!address)
    fail("Error: " + expectation(family) + " address is expected rather than \"" + std::string{word} + "\".");
  return *address;
}

Inet prefix_from(std::string_view word, int family) {
  if (family == AF_PACKET) {
    fail("Error: \"" + std::string{word} + "\" may be inet prefix, but it is not allowed in this context.");
  }
  const auto prefix = read_prefix(word, family);
  if (!prefix) fail("Error: " + expectation(family) + " prefix is expected rather than \"" + std::string{word} + "\".");
  return *prefix;
}

Inet take_address(Words& words, int family) { return address_from(words.take(), family); }
Inet take_prefix(Words& words, int family) { return prefix_from(words.take(), family); }

LinkLayerAddress take_link_layer_address(Words& words) {
  const std::string_view word = words.take();
  LinkLayerAddress address;
  if (word.find('.') != std::string_view::npos) {
    const Inet inet = address_from(word, AF_INET);
    std::ranges::copy(inet.bytes(), address.data.begin());
    address.size = inet.size;
    return address;
  }
  const auto bad = [&] { fail("\"" + std::string{word} + "\" is invalid lladdr."); };
  for (std::size_t at = 0;; ++at) {
    const std::size_t colon = std::min(word.find(':', at), word.size());
    int value = 0;
    if (colon == at || colon - at > 2 || address.size == address.data.size()) bad();
    for (; at < colon; ++at) {
      if (hex_digit(word[at]) < 0) bad();
      value = value * 16 + hex_digit(word[at]);
    }
    address.data[address.size++] = static_cast<std::byte>(value);
    if (colon == word.size()) return address;
  }
}

std::string address_text(int family, std::span<const std::byte> bytes) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const bool whole = bytes.size() == static_cast<std::size_t>(bits_of_family(family)) / 8 && !bytes.empty();
  if (whole) return ::inet_ntop(family, bytes.data(), text.data(), text.size());
  return link_layer_text(bytes, 0);
}

std::string link_layer_text(std::span<const std::byte> bytes, unsigned type) {
  if (bytes.size() == 4 && (type == ARPHRD_TUNNEL || type == ARPHRD_SIT || type == ARPHRD_IPGRE)) {
    return address_text(AF_INET, bytes);
  }
  if (bytes.size() == 16 && (type == ARPHRD_TUNNEL6 || type == ARPHRD_IP6GRE)) return address_text(AF_INET6, bytes);
  static constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (const std::byte byte : bytes) {
    if (!text.empty()) text += ':';
    text += digits[std::to_integer<unsigned>(byte) >> 4U];
    text += digits[std::to_integer<unsigned>(byte) & 15U];
  }
  return text;
}

}  // namespace netherd::ip
