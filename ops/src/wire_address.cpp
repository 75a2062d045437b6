#include "wire_address.hpp"

#include <cstring>

namespace netherd::ops {

namespace {

template <typename Address>
IpAddress address_from(std::span<const std::byte> bytes) noexcept {
  typename Address::bytes_type raw;
  std::memcpy(raw.data(), bytes.data(), raw.size());
  return Address{raw};
}

}  // namespace

WireAddress::WireAddress(const IpAddress& address) noexcept {
  const auto store = [this](const auto& raw) {
    size_ = raw.size();
    std::memcpy(bytes_.data(), raw.data(), size_);
  };
  if (address.is_v4()) {
    store(address.to_v4().to_bytes());
  } else {
    store(address.to_v6().to_bytes());
  }
}

std::optional<IpAddress> read_wire_address(std::uint8_t family, std::span<const std::byte> bytes) noexcept {
  if (family == AF_INET && bytes.size() == 4) return address_from<boost::asio::ip::address_v4>(bytes);
  if (family == AF_INET6 && bytes.size() == 16) return address_from<boost::asio::ip::address_v6>(bytes);
  return std::nullopt;
}

}  // namespace netherd::ops
