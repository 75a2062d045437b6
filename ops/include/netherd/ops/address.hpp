#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "netherd/engine/message.hpp"
#include "netherd/engine/types.hpp"
#include "netherd/ops/change.hpp"
#include "netherd/ops/ip_prefix.hpp"
#include "netherd/ops/scope.hpp"

namespace netherd::ops {

using engine::InterfaceIndex;

/// A lifetime of an address; no value: forever. The kernel keeps whole seconds in 32 bits.
using Lifetime = std::optional<std::chrono::duration<std::uint32_t>>;

/// Adds an address to an interface:
///
///     ip -n NS address add ADDRESS/LENGTH [peer PEER/LENGTH] [broadcast B] [anycast A] [label L] [scope S] dev NAME
///        [nodad] [home] [mngtmpaddr] [noprefixroute] [autojoin] [optimistic] [metric M] [proto P]
///        [valid_lft S] [preferred_lft S]
///
/// IPv6 addresses are added with IFA_F_NODAD by default, and so are usable when the request has been answered instead
/// of one or two seconds later. ChangeAddress and ReplaceAddress set the lifetimes, metric and flags of an address that
/// is there.
///
/// Errors of the outcome: file_exists (the interface has it), no_such_device, address_not_available (ChangeAddress of
/// IPv4: it is not there), no_such_file_or_directory (of IPv6), invalid_argument (a preferred lifetime longer than the
/// valid one, a label that does not begin with the interface's name, mngtmpaddr with a length other than 64).
template <Change change>
struct WriteAddress {
  static constexpr std::string_view operation = change == Change::add      ? "add address"
                                                : change == Change::change ? "change address"
                                                                           : "replace address";
  InterfaceIndex index = InterfaceIndex::none;
  IpPrefix address{};
  bool duplicate_address_detection = false;  ///< IPv6 only
  std::string_view name{};                   ///< for describe() only
  std::string_view netns{};                  ///< for describe() only
  std::optional<IpPrefix> peer{};            ///< point-to-point; its length then counts, that of `address` does not
  std::optional<IpAddress> broadcast{};      ///< IPv4 only; `ip` does not guess it either
  std::optional<IpAddress> anycast{};
  std::string_view label{};                ///< IPv4 only: NAME:TEXT, at most 15 bytes
  std::optional<Scope> scope{};            ///< no value: host for 127.0.0.0/8, else global
  bool home = false;                       ///< IPv6 only: mobile IPv6's home address
  bool mngtmpaddr = false;                 ///< IPv6 only: the kernel makes temporary addresses from it
  bool noprefixroute = false;              ///< adds no route for the prefix
  bool autojoin = false;                   ///< joins the multicast group, of a multicast address
  bool optimistic = false;                 ///< IPv6 only: usable during duplicate address detection
  std::optional<std::uint32_t> metric{};   ///< of the route for the prefix
  std::optional<std::uint8_t> protocol{};  ///< who added it (IFA_PROTO, Linux 5.18)
  Lifetime valid{};
  Lifetime preferred{};

  void encode(engine::MessageWriter& writer) const noexcept;
  [[nodiscard]] std::string describe() const;
};
using AddAddress = WriteAddress<Change::add>;
using ChangeAddress = WriteAddress<Change::change>;
using ReplaceAddress = WriteAddress<Change::replace>;

/// Deletes an address: `ip -n NS address delete ADDRESS/LENGTH [peer PEER/LENGTH] dev NAME`. Errors:
/// address_not_available.
struct DeleteAddress {
  static constexpr std::string_view operation = "delete address";
  InterfaceIndex index = InterfaceIndex::none;
  IpPrefix address{};
  std::string_view name{};   ///< for describe() only
  std::string_view netns{};  ///< for describe() only
  std::optional<IpPrefix> peer{};

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
  IpPrefix address{};               ///< the interface's own address (IFA_LOCAL where there is one)
  std::uint32_t flags = 0;          ///< IFA_F_*
  std::uint8_t scope = 0;           ///< RT_SCOPE_*
  std::optional<IpAddress> peer{};  ///< of a point-to-point address; the length of `address` is then the peer's
  std::optional<IpAddress> broadcast{};
  std::optional<IpAddress> anycast{};
  std::string label{};
  Lifetime valid{};      ///< what is left of it
  Lifetime preferred{};  ///< what is left of it
  std::optional<std::uint32_t> metric{};
  std::optional<std::uint8_t> protocol{};
  friend bool operator==(const Address&, const Address&) = default;
};

/// Decodes an RTM_NEWADDR message; nothing if it is not one, or is malformed.
[[nodiscard]] std::optional<Address> decode_address(const engine::MessageView& message);

}  // namespace netherd::ops
