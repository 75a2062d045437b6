#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "netherd/engine/message.hpp"

namespace netherd::engine {

/// Asks what number a generic netlink family has: `genl ctrl get name NAME`. Its number is the type of its messages,
/// and is given out when the family's module is loaded, which this request causes.
///
///     std::optional<GenericFamily> family;
///     co_await channel.async_execute(GetGenericFamily{"ethtool"}, {}, [&](const MessageView& message) {
///       family = decode_generic_family(message); }, use_awaitable);
///
/// For a channel on a NETLINK_GENERIC socket. Errors of the outcome: no_such_file_or_directory (no such family).
struct GetGenericFamily {
  static constexpr std::string_view operation = "get generic netlink family";
  std::string_view name{};  ///< must stay valid until the request has been encoded

  void encode(MessageWriter& writer) const noexcept;
};

struct GenericMulticastGroup {
  std::string name;
  std::uint32_t id = 0;  ///< for NotificationStream::join()
};

/// A family as the kernel describes it.
struct GenericFamily {
  std::uint16_t id = 0;  ///< the type of its messages
  std::string name{};
  std::uint32_t version = 0;
  std::uint32_t header_bytes = 0;     ///< between genlmsghdr and the attributes
  std::uint32_t most_attributes = 0;  ///< largest type of an attribute
  std::vector<GenericMulticastGroup> groups{};
};

/// Nothing if the message is no such description, or is malformed.
[[nodiscard]] std::optional<GenericFamily> decode_generic_family(const MessageView& message);

}  // namespace netherd::engine
