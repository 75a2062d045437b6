#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "netherd/engine/message.hpp"
#include "netherd/engine/types.hpp"

namespace netherd::ops {

/// Settings of a namespace as a whole: those of net.ipv4.conf.all and net.ipv6.conf.all that netlink tells of.
struct Netconf {
  bool ipv4 = true;  ///< otherwise IPv6
  std::optional<std::uint32_t> forwarding{};
  std::optional<std::uint32_t> rp_filter{};  ///< IPv4 only
  friend bool operator==(const Netconf&, const Netconf&) = default;
};

/// Asks for net.ipv4.conf.all, or net.ipv6.conf.all: `ip -n NS netconf show all`. The answer is one RTM_NEWNETCONF, for
/// decode_netconf() (inet_netconf_get_devconf(), net/ipv4/devinet.c, Linux 6.18). Errors of the outcome:
/// operation_not_supported (the kernel has no IPv6).
struct GetNetconf {
  static constexpr std::string_view operation = "get settings of the namespace";
  bool ipv4 = true;
  void encode(engine::MessageWriter& writer) const noexcept;
};

/// Nothing if the message is not an RTM_NEWNETCONF about `all` interfaces.
[[nodiscard]] std::optional<Netconf> decode_netconf(const engine::MessageView& message) noexcept;

}  // namespace netherd::ops
