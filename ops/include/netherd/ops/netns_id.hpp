#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "netherd/engine/message.hpp"
#include "netherd/ops/netns_reference.hpp"

/// Numbers by which the socket's namespace knows other ones, in IFLA_LINK_NETNSID for example (Link::link_netns_id).
/// Each namespace has numbers of its own for the others.

namespace netherd::ops {

/// Gives a namespace a number: `ip netns set NAME ID`. Errors of the outcome: file_exists (it has one already),
/// no_space_on_device (the number is taken), invalid_argument (the descriptor is not that of a namespace).
struct AddNetnsId {
  static constexpr std::string_view operation = "add namespace id";
  NetnsReference netns{};  ///< by descriptor
  std::int32_t id = -1;    ///< -1: the kernel chooses

  void encode(engine::MessageWriter& writer) const noexcept;
  /// The equivalent `ip` command; the kernel's choice is `ip netns set NAME auto`.
  [[nodiscard]] std::string describe() const;
};

/// Asks for the number of a namespace. The answer is one RTM_NEWNSID, for decode_netns_id(); it holds no number if the
/// namespace has none. `ip` asks so on behalf of `ip netns list`.
struct GetNetnsId {
  static constexpr std::string_view operation = "get namespace id";
  int descriptor = -1;
  void encode(engine::MessageWriter& writer) const noexcept;
};

/// Asks for all numbers: `ip netns list-id`.
struct DumpNetnsIds {
  static constexpr std::string_view operation = "dump namespace ids";
  void encode(engine::MessageWriter& writer) const noexcept;
};

/// A number as events report it: that there is such a number, not whose it is.
struct NetnsId {
  std::int32_t id = -1;
  friend bool operator==(const NetnsId&, const NetnsId&) = default;
};

/// The number in an RTM_NEWNSID message; nothing if it is not one, or holds none.
[[nodiscard]] std::optional<std::int32_t> decode_netns_id(const engine::MessageView& message) noexcept;

}  // namespace netherd::ops
