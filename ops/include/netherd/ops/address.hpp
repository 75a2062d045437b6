#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "netherd/engine/message.hpp"
#include "netherd/engine/types.hpp"
#include "netherd/ops/ip_prefix.hpp"

namespace netherd::ops {

using engine::InterfaceIndex;

/// Adds an address to an interface: `ip -n NS address add ADDRESS/LENGTH dev NAME [nodad]`.
///
/// IPv6 addresses are added with IFA_F_NODAD by default, and so are usable when the request has been answered instead
/// of one or two seconds later. Errors of the outcome: file_exists (the interface has it), no_such_device.
struct AddAddress {
  static constexpr std::string_view operation = "add address";
  InterfaceIndex index = InterfaceIndex::none;
  IpPrefix address{};
  bool duplicate_address_detection = false;  ///< IPv6 only
  std::string_view name{};                   ///< for describe() only
  std::string_view netns{};                  ///< for describe() only

  void encode(engine::MessageWriter& writer) const noexcept;
  [[nodiscard]] std::string describe() const;
};

/// Deletes an address: `ip -n NS address delete ADDRESS/LENGTH dev NAME`. Errors: address_not_available.
struct DeleteAddress {
  static constexpr std::string_view operation = "delete address";
  InterfaceIndex index = InterfaceIndex::none;
  IpPrefix address{};
  std::string_view name{};
  std::string_view netns{};

  void encode(engine::MessageWriter& writer) const noexcept;
  [[nodiscard]] std::string describe() const;
};

/// Asks for all addresses of the socket's namespace, both families: `ip address show`.
struct DumpAddresses {
  static constexpr std::string_view operation = "dump addresses";
  void encode(engine::MessageWriter& writer) const noexcept;
};

/// An address as the kernel reports it.
struct Address {
  InterfaceIndex index = InterfaceIndex::none;
  IpPrefix address{};       ///< the interface's own address (IFA_LOCAL where there is one)
  std::uint32_t flags = 0;  ///< IFA_F_*
  std::uint8_t scope = 0;   ///< RT_SCOPE_*
};

/// Decodes an RTM_NEWADDR message; nothing if it is not one, or is malformed.
[[nodiscard]] std::optional<Address> decode_address(const engine::MessageView& message);

}  // namespace netherd::ops
