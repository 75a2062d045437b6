#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string_view>

#include "netherd/engine/types.hpp"
#include "netherd/ops/link_reference.hpp"
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

/// Operational state of RFC 2863 (IF_OPER_*, linux/if.h).
enum class OperationalState : std::uint8_t { unknown, not_present, down, lower_layer_down, testing, dormant, up };

/// Whether a link that goes up is up or dormant (IF_LINK_MODE_*, linux/if.h): 802.1X supplicants set the latter.
enum class LinkMode : std::uint8_t { automatic, dormant };

/// How IPv6 makes the link-local address (IN6_ADDR_GEN_MODE_*, linux/if_link.h).
enum class AddressGeneration : std::uint8_t { eui64, none, stable_secret, random };

/// What can be asked of a link besides its name, MTU and address, both when it is added and later. What has no value is
/// left as it is, or to the kernel's choice.
///
///     ip link add|set NAME [txqueuelen N] [group N] [broadcast MAC] [alias TEXT] [arp on|off] [promisc on|off] ...
///
/// Kernel (rtnl_create_link(), do_setlink() in net/core/rtnetlink.c, Linux 6.18): what is marked below is heeded only
/// at creation, or only in a change and silently left out at creation.
struct LinkSettings {
  std::optional<MacAddress> broadcast{};
  std::optional<std::uint32_t> txqueuelen{};    ///< packets
  std::optional<std::uint32_t> numtxqueues{};   ///< at creation only
  std::optional<std::uint32_t> numrxqueues{};   ///< at creation only
  std::optional<std::uint32_t> group{};         ///< number of the group; DeleteLinkGroup deletes it at once
  std::optional<std::uint32_t> gso_max_size{};  ///< bytes
  std::optional<std::uint32_t> gso_max_segs{};
  std::optional<std::uint32_t> gro_max_size{};  ///< bytes
  std::optional<std::string_view> alias{};      ///< at most 255 bytes; empty: none; in a change only
  std::optional<bool> arp{};
  std::optional<bool> dynamic{};
  std::optional<bool> multicast{};
  std::optional<bool> allmulticast{};
  std::optional<bool> promisc{};
  std::optional<bool> carrier{};    ///< of a device that lets it be set: dummy, macvlan ...; in a change only
  std::optional<bool> protodown{};  ///< a protocol holds the link down; in a change only
  std::optional<LinkMode> mode{};
  std::optional<OperationalState> operational_state{};  ///< only up and dormant are heeded, and while the link is up
  pid_t netns_pid = 0;  ///< into the namespace of this process; 0: none. The alternative to NetnsReference.
};

/// What both ends of a veth pair, and other new links, have in common. Names and lifetimes: views must stay valid until
/// the request has been encoded.
struct NewLink {
  std::string_view name{};
  InterfaceIndex index = InterfaceIndex::none;  ///< none: the kernel chooses
  NetnsReference netns{};
  std::uint32_t mtu = 0;  ///< bytes; 0: the kernel's default
  std::optional<MacAddress> address{};
  friend bool operator==(const NewLink&, const NewLink&) = default;
};

}  // namespace netherd::ops
