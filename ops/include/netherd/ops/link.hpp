#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "netherd/engine/message.hpp"
#include "netherd/engine/types.hpp"
#include "netherd/ops/mac_address.hpp"
#include "netherd/ops/netns_reference.hpp"

namespace netherd::ops {

using engine::InterfaceIndex;

/// Longest interface name in bytes (IFNAMSIZ - 1, linux/if.h).
inline constexpr std::size_t max_interface_name_bytes = 15;

/// True for a name the kernel takes for an interface: 1 to 15 bytes, no '/', ':' or white space, neither "." nor ".."
/// (dev_valid_name(), net/core/dev.c, Linux 6.18). What is not printable ASCII, and '%' (a template to the kernel), is
/// refused here although the kernel takes it.
[[nodiscard]] bool is_valid_interface_name(std::string_view name) noexcept;

/// What both ends of a veth pair, and other new links, have in common. Names and lifetimes: views must stay valid until
/// the request has been encoded.
struct NewLink {
  std::string_view name{};
  InterfaceIndex index = InterfaceIndex::none;  ///< none: the kernel chooses
  NetnsReference netns{};
  std::uint32_t mtu = 0;  ///< bytes; 0: the kernel's default
  std::optional<MacAddress> address{};
};

/// Adds a veth pair, both ends straight in their namespaces, each with a single transmit and receive queue.
///
///     ip link add MAIN netns NS index I [mtu M] [address MAC] numtxqueues 1 numrxqueues 1 [master BRIDGE] [up]
///        type veth peer name PEER netns NS2 index I2 [mtu M] [address MAC] numtxqueues 1 numrxqueues 1
///
/// With a bridge it is `ip -n NS link add ...`, since `ip` looks the bridge's name up where it runs.
///
/// Only the main end can be brought up or given to a bridge at creation: the kernel fails the request for the peer's
/// IFF_UP (ENOTCONN) and ignores its IFLA_MASTER (drivers/net/veth.c, Linux 6.18).
///
/// Errors of the outcome: file_exists (a name, or the main index, is taken), device_or_resource_busy (the peer's index
/// is taken), invalid_argument (a bad name).
struct AddVeth {
  static constexpr std::string_view operation = "add veth";
  NewLink main{};
  NewLink peer{};
  bool main_up = false;
  InterfaceIndex main_bridge = InterfaceIndex::none;  ///< index of the bridge in the main end's namespace
  std::string_view main_bridge_name{};                ///< for describe() only

  void encode(engine::MessageWriter& writer) const noexcept;
  /// The equivalent `ip` command.
  [[nodiscard]] std::string describe() const;
};

/// Adds a bridge: `ip -n NS link add NAME index I [mtu M] [address MAC] [up] type bridge`. Its spanning tree is off.
///
/// Without an address of its own a bridge takes over the lowest one of its ports, and changes it as ports come and go.
/// Errors of the outcome: file_exists (the name or the index is taken), invalid_argument (a bad name).
struct AddBridge {
  static constexpr std::string_view operation = "add bridge";
  NewLink link{};
  bool up = false;

  void encode(engine::MessageWriter& writer) const noexcept;
  [[nodiscard]] std::string describe() const;
};

/// Changes a link: `ip -n NS link set NAME [master BRIDGE] [mtu N] [address MAC] [up|down]`.
///
/// With `ipv4_forwarding` also `ip netns exec NS sysctl -qw net.ipv4.conf.NAME.forwarding=1`, on a second line of
/// describe(); it is alone there if nothing else is asked for.
///
/// Precondition: `index` names a link in the socket's namespace. Errors of the outcome: no_such_device.
struct SetLink {
  static constexpr std::string_view operation = "set link";
  InterfaceIndex index = InterfaceIndex::none;
  std::string_view name{};   ///< for describe() only
  std::string_view netns{};  ///< for describe() only
  std::optional<bool> up{};
  std::optional<InterfaceIndex> bridge{};  ///< none: released from its bridge
  std::string_view bridge_name{};          ///< for describe() only
  std::uint32_t mtu = 0;                   ///< bytes; 0: unchanged
  std::optional<MacAddress> address{};
  /// IPv4 forwarding of this interface (IPV4_DEVCONF_FORWARDING through IFLA_AF_SPEC): needs no write to /proc/sys.
  std::optional<bool> ipv4_forwarding{};

  void encode(engine::MessageWriter& writer) const noexcept;
  [[nodiscard]] std::string describe() const;
};

/// Deletes a link, and with a veth its peer: `ip -n NS link delete dev NAME`. Costs 16 to 28 ms in the kernel (an RCU
/// barrier, net/core/dev.c netdev_run_todo(), Linux 6.18); to remove a whole namespace, drop the namespace instead.
struct DeleteLink {
  static constexpr std::string_view operation = "delete link";
  InterfaceIndex index = InterfaceIndex::none;
  std::string_view name{};   ///< for describe() only
  std::string_view netns{};  ///< for describe() only

  void encode(engine::MessageWriter& writer) const noexcept;
  [[nodiscard]] std::string describe() const;
};

/// Asks for all links of the socket's namespace: `ip link show`. To be used with Channel::async_dump().
struct DumpLinks {
  static constexpr std::string_view operation = "dump links";
  void encode(engine::MessageWriter& writer) const noexcept;
};

/// A link as the kernel reports it.
struct Link {
  InterfaceIndex index = InterfaceIndex::none;
  std::string name{};
  std::string kind{};       ///< "veth", "bridge" ...; empty for loopback and physical devices
  std::uint32_t flags = 0;  ///< IFF_* (linux/if.h)
  std::uint32_t mtu = 0;
  InterfaceIndex bridge = InterfaceIndex::none;  ///< the link it is enslaved to
  InterfaceIndex peer = InterfaceIndex::none;    ///< the other end's index, in the other end's namespace
  std::uint8_t operational_state = 0;            ///< IF_OPER_* (linux/if.h); 6 is UP
  std::optional<MacAddress> address{};

  [[nodiscard]] bool up() const noexcept;
  /// Both ends are up, so that packets flow (IFF_LOWER_UP).
  [[nodiscard]] bool carrier() const noexcept;
};

/// Decodes an RTM_NEWLINK message; nothing if it is not one, or is malformed.
[[nodiscard]] std::optional<Link> decode_link(const engine::MessageView& message);

}  // namespace netherd::ops
