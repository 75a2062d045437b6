#include "subnet_pool.hpp"

#include <algorithm>
#include <bit>

namespace netherd::lab {

namespace {

using boost::asio::ip::address_v4;
using boost::asio::ip::address_v6;
using ops::IpAddress;
using ops::IpPrefix;

constexpr std::uint8_t ipv6_subnet_length = 64;
constexpr std::size_t min_ipv4_subnet_size = 4;  // a /30

std::uint64_t upper_half(const address_v6& address) {
  std::uint64_t value = 0;
  const auto bytes = address.to_bytes();
  for (std::size_t i = 0; i < sizeof value; ++i) value = value << 8U | bytes[i];
  return value;
}

address_v6 from_upper_half(std::uint64_t value) {
  address_v6::bytes_type bytes{};
  for (std::size_t i = sizeof value; i-- > 0; value >>= 8U) bytes[i] = static_cast<unsigned char>(value);
  return address_v6{bytes};
}

}  // namespace

SubnetPool::Range SubnetPool::range_of(const IpPrefix& prefix) {
  if (prefix.is_v4()) {
    const std::uint64_t address = prefix.network().address.to_v4().to_uint();
    return {address, address + (std::uint64_t{1} << (32U - prefix.length)) - 1};
  }
  const std::uint64_t address = upper_half(prefix.network().address.to_v6());
  if (prefix.length >= ipv6_subnet_length) return {address, address};
  return {address, address + (std::uint64_t{1} << (ipv6_subnet_length - prefix.length)) - 1};
}

SubnetPool::SubnetPool(const IpPrefix& pool, const std::vector<IpPrefix>& in_use)
    : is_v4_{pool.is_v4()}, next_{range_of(pool).first}, last_{range_of(pool).last} {
  std::vector<Range> ranges;
  ranges.reserve(in_use.size());
  std::ranges::transform(in_use, std::back_inserter(ranges), range_of);
  std::ranges::sort(ranges, [](Range left, Range right) { return left.first < right.first; });
  for (const Range range : ranges) {
    if (in_use_.empty() || range.first > in_use_.back().last + 1) {
      in_use_.push_back(range);
    } else {
      in_use_.back().last = std::max(in_use_.back().last, range.last);
    }
  }
}

std::optional<IpPrefix> SubnetPool::take(std::size_t hosts) {
  const std::uint64_t size = is_v4_ ? std::bit_ceil(std::max(hosts + 2, min_ipv4_subnet_size)) : 1;
  const auto aligned = [size](std::uint64_t unit) { return (unit + size - 1) & ~(size - 1); };
  std::uint64_t first = aligned(next_);
  std::size_t next_in_use = next_in_use_;
  for (; next_in_use < in_use_.size() && in_use_[next_in_use].first < first + size; ++next_in_use) {
    first = std::max(first, aligned(in_use_[next_in_use].last + 1));
  }
  if (first + size - 1 > last_) return std::nullopt;
  next_ = first + size;
  next_in_use_ = next_in_use;
  if (!is_v4_) return IpPrefix{from_upper_half(first), ipv6_subnet_length};
  return IpPrefix{address_v4{static_cast<std::uint32_t>(first)},
                  static_cast<std::uint8_t>(32 - std::countr_zero(size))};
}

}  // namespace netherd::lab
