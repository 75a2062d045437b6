#pragma once

#include <cstdint>

namespace netherd::engine {

/// Index of a network interface within its namespace (`ifi_index`). Valid indexes start at 1; `lo` is always 1.
enum class InterfaceIndex : std::int32_t { none = 0, loopback = 1 };

/// Sequence number of a request on one netlink socket (`nlmsg_seq`). 0 is what the kernel puts into notifications.
enum class SequenceNumber : std::uint32_t { notification = 0 };

/// Port id of a netlink socket (`nl_pid`). The kernel itself is 0.
enum class PortId : std::uint32_t { kernel = 0 };

/// The numeric value of one of the strong types above.
template <typename StrongType>
  requires(__is_enum(StrongType))
constexpr auto value_of(StrongType strong) noexcept {
  return static_cast<__underlying_type(StrongType)>(strong);
}

}  // namespace netherd::engine
