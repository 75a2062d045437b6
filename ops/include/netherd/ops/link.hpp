#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "netherd/engine/message.hpp"
#include "netherd/engine/types.hpp"
#include "netherd/ops/ip_prefix.hpp"
#include "netherd/ops/link/bridge.hpp"
#include "netherd/ops/link_kind.hpp"
#include "netherd/ops/link_settings.hpp"
#include "netherd/ops/mac_address.hpp"
#include "netherd/ops/netns_reference.hpp"

/// Links: adding veth pairs, changing, deleting and listing links of any kind. The kinds have files of their own in
/// netherd/ops/link/, which say how they are added; bridges are here already.

namespace netherd::ops {

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
  LinkSettings main_settings{};                       ///< the queue counts stay 1
  LinkSettings peer_settings{};                       ///< without flags (arp, promisc ...): the kernel refuses them

  void encode(engine::MessageWriter& writer) const noexcept;
  /// The equivalent `ip` command.
  [[nodiscard]] std::string describe() const;
};

/// IPv4 settings of an interface, /proc/sys/net/ipv4/conf/NAME/...; see Documentation/networking/ip-sysctl.rst, whose
/// words the members are. They are sent with a change of the link (IFLA_AF_SPEC, IFLA_INET_CONF): no write to
/// /proc/sys.
struct Ipv4Settings {
  std::optional<std::uint32_t> accept_local{};
  std::optional<std::uint32_t> accept_redirects{};
  std::optional<std::uint32_t> accept_source_route{};
  std::optional<std::uint32_t> arp_accept{};
  std::optional<std::uint32_t> arp_announce{};
  std::optional<std::uint32_t> arp_evict_nocarrier{};
  std::optional<std::uint32_t> arp_filter{};
  std::optional<std::uint32_t> arp_ignore{};
  std::optional<std::uint32_t> arp_notify{};
  std::optional<std::uint32_t> bc_forwarding{};
  std::optional<std::uint32_t> disable_policy{};
  std::optional<std::uint32_t> disable_xfrm{};
  std::optional<std::uint32_t> drop_gratuitous_arp{};
  std::optional<std::uint32_t> drop_unicast_in_l2_multicast{};
  std::optional<std::uint32_t> force_igmp_version{};
  std::optional<std::uint32_t> ignore_routes_with_linkdown{};
  std::optional<std::uint32_t> log_martians{};
  std::optional<std::uint32_t> medium_id{};
  std::optional<std::uint32_t> promote_secondaries{};
  std::optional<std::uint32_t> proxy_arp{};
  std::optional<std::uint32_t> proxy_arp_pvlan{};
  std::optional<std::uint32_t> route_localnet{};
  std::optional<std::uint32_t> rp_filter{};
  std::optional<std::uint32_t> secure_redirects{};
  std::optional<std::uint32_t> send_redirects{};
  std::optional<std::uint32_t> shared_media{};
  std::optional<std::uint32_t> src_valid_mark{};
  std::optional<std::uint32_t> tag{};
  friend bool operator==(const Ipv4Settings&, const Ipv4Settings&) = default;
};

/// Changes a link:
///
///     ip -n NS link set NAME [name NEW] [master MASTER|nomaster] [netns NS2] [mtu N] [address MAC] [SETTINGS]
///        [addrgenmode MODE] [up|down]
///
/// What `ip link set` has no words for follows in describe() on lines of its own, alone if nothing else is asked for:
///
///     ip netns exec NS sysctl -qw net.ipv4.conf.NAME.forwarding=1      ipv4_forwarding, and likewise the rest of ipv4
///     ip -n NS token set TOKEN dev NAME                                ipv6_token
///
/// Moving a link into another namespace costs two grace periods and an RCU barrier; better add it there.
///
/// Precondition: `index` names a link in the socket's namespace. Errors of the outcome: no_such_device; file_exists
/// (the new name is taken); device_or_resource_busy (it has a master of another kind, or a new address while it is up);
/// invalid_argument (the MTU is out of range); operation_not_supported (the device does not let it be set).
struct SetLink {
  static constexpr std::string_view operation = "set link";
  InterfaceIndex index = InterfaceIndex::none;
  std::string_view name{};   ///< for describe() only
  std::string_view netns{};  ///< for describe() only
  std::optional<bool> up{};
  std::optional<InterfaceIndex> bridge{};  ///< its master: a bridge, bond or VRF; none: released from it
  std::string_view bridge_name{};          ///< for describe() only
  std::uint32_t mtu = 0;                   ///< bytes; 0: unchanged
  std::optional<MacAddress> address{};
  /// IPv4 forwarding of this interface (IPV4_DEVCONF_FORWARDING through IFLA_AF_SPEC): needs no write to /proc/sys.
  std::optional<bool> ipv4_forwarding{};
  Ipv4Settings ipv4{};
  std::optional<AddressGeneration> addrgenmode{};  ///< IPv6; `none` together with `up` keeps link-local addresses away
  std::optional<IpAddress> ipv6_token{};           ///< the host part of addresses from router advertisements
  std::string_view new_name{};                     ///< only while the link is down, unless it is a VLAN or the like
  NetnsReference move_to{};                        ///< by descriptor; settings.netns_pid is the alternative
  LinkSettings settings{};

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

/// Deletes all links of a group at once, at a fraction of the price: `ip -n NS link delete group N`. Group 0 is refused
/// (invalid_argument); no_such_device if no link is in the group.
struct DeleteLinkGroup {
  static constexpr std::string_view operation = "delete links";
  std::uint32_t group = 0;
  std::string_view netns{};  ///< for describe() only

  void encode(engine::MessageWriter& writer) const noexcept;
  [[nodiscard]] std::string describe() const;
};

/// Gives a link a further name, of up to 127 bytes: `ip -n NS link property add dev NAME altname ALTNAME`. Errors of
/// the outcome: file_exists, no_such_device.
struct AddAltname {
  static constexpr std::string_view operation = "add alternative name";
  InterfaceIndex index = InterfaceIndex::none;
  std::string_view altname{};
  std::string_view name{};   ///< for describe() only
  std::string_view netns{};  ///< for describe() only

  void encode(engine::MessageWriter& writer) const noexcept;
  [[nodiscard]] std::string describe() const;
};

/// Takes a further name away: `ip -n NS link property del dev NAME altname ALTNAME`. Errors: no_such_file_or_directory
/// (the link has no such name), no_such_device.
struct DeleteAltname {
  static constexpr std::string_view operation = "delete alternative name";
  InterfaceIndex index = InterfaceIndex::none;
  std::string_view altname{};
  std::string_view name{};   ///< for describe() only
  std::string_view netns{};  ///< for describe() only

  void encode(engine::MessageWriter& writer) const noexcept;
  [[nodiscard]] std::string describe() const;
};

/// Asks for all links of the socket's namespace: `ip -details -statistics link show`. To be used with
/// Channel::async_list().
struct DumpLinks {
  static constexpr std::string_view operation = "dump links";
  void encode(engine::MessageWriter& writer) const noexcept;
};

/// Asks for one link: `ip -n NS link show dev NAME`. The answer is one RTM_NEWLINK, for decode_link(). What the link
/// had queued for the kernel's linkwatch is done before (rtnl_getlink(), Linux 6.18). Errors of the outcome:
/// no_such_device.
struct GetLink {
  static constexpr std::string_view operation = "get link";
  InterfaceIndex index = InterfaceIndex::none;  ///< none: by name
  std::string_view name{};                      ///< an alternative name will do
  std::string_view netns{};                     ///< for describe() only

  void encode(engine::MessageWriter& writer) const noexcept;
  [[nodiscard]] std::string describe() const;
};

/// What has gone through a link since it was made: `ip -s -s link show` (struct rtnl_link_stats64, linux/if_link.h,
/// whose words the members are).
struct LinkStatistics {
  std::uint64_t rx_packets = 0;
  std::uint64_t tx_packets = 0;
  std::uint64_t rx_bytes = 0;
  std::uint64_t tx_bytes = 0;
  std::uint64_t rx_errors = 0;
  std::uint64_t tx_errors = 0;
  std::uint64_t rx_dropped = 0;
  std::uint64_t tx_dropped = 0;
  std::uint64_t multicast = 0;
  std::uint64_t collisions = 0;
  std::uint64_t rx_length_errors = 0;
  std::uint64_t rx_over_errors = 0;
  std::uint64_t rx_crc_errors = 0;
  std::uint64_t rx_frame_errors = 0;
  std::uint64_t rx_fifo_errors = 0;
  std::uint64_t rx_missed_errors = 0;
  std::uint64_t tx_aborted_errors = 0;
  std::uint64_t tx_carrier_errors = 0;
  std::uint64_t tx_fifo_errors = 0;
  std::uint64_t tx_heartbeat_errors = 0;
  std::uint64_t tx_window_errors = 0;
  std::uint64_t rx_compressed = 0;
  std::uint64_t tx_compressed = 0;
  std::uint64_t rx_nohandler = 0;
  friend bool operator==(const LinkStatistics&, const LinkStatistics&) = default;
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
  std::string master_kind{};                    ///< kind of `bridge`: "bridge", "bond" ...; empty without a master
  InterfaceIndex lower = InterfaceIndex::none;  ///< the link below, of a VLAN for example; none for a veth
  std::optional<std::int32_t> link_netns_id{};  ///< of the namespace that `peer` or `lower` is in, if it is another
  std::optional<MacAddress> broadcast{};
  /// Addresses that are no MAC addresses: the local and the remote end of a tunnel, in network byte order.
  std::vector<std::byte> other_address{};
  std::vector<std::byte> other_broadcast{};
  std::optional<MacAddress> permanent_address{};  ///< that of the hardware, where it has one
  std::uint16_t hardware_type = 0;                ///< ARPHRD_* (linux/if_arp.h): 1 is Ethernet, 772 loopback
  std::string alias{};
  std::vector<std::string> altnames{};
  std::string qdisc{};
  std::uint32_t txqueuelen = 0;
  std::uint32_t numtxqueues = 0;
  std::uint32_t numrxqueues = 0;
  std::uint32_t group = 0;
  std::uint32_t promiscuity = 0;   ///< how many want it promiscuous
  std::uint32_t allmulticast = 0;  ///< how many want all multicast
  std::uint32_t min_mtu = 0;
  std::uint32_t max_mtu = 0;  ///< 0: unlimited
  std::uint32_t gso_max_size = 0;
  std::uint32_t gso_max_segs = 0;
  std::uint32_t gro_max_size = 0;
  std::uint32_t tso_max_size = 0;
  std::uint32_t tso_max_segs = 0;
  std::uint32_t carrier_changes = 0;
  std::string parent_bus{};     ///< of a physical device: "pci", "virtio"
  std::string parent_device{};  ///< its name there
  /// Where a link went that an RTM_DELLINK is about, if it was moved: the id of that namespace.
  std::optional<std::int32_t> new_netns_id{};
  InterfaceIndex new_index = InterfaceIndex::none;  ///< likewise, its index there
  bool protodown = false;
  std::uint32_t protodown_reason = 0;  ///< a bit per reason that holds it down
  LinkMode mode = LinkMode::automatic;
  std::optional<AddressGeneration> addrgenmode{};  ///< where the link has IPv6
  std::optional<IpAddress> ipv6_token{};           ///< unspecified (::): none
  std::optional<bool> ipv4_forwarding{};           ///< where the link has IPv4
  Ipv4Settings ipv4{};
  std::optional<LinkStatistics> statistics{};

  [[nodiscard]] bool up() const noexcept;
  /// Both ends are up, so that packets flow (IFF_LOWER_UP).
  [[nodiscard]] bool carrier() const noexcept;
  /// `ip link` shows "state UP" (IF_OPER_UP, RFC 2863); follows carrier() in the kernel's own time
  /// (net/core/link_watch.c, Linux 6.18).
  [[nodiscard]] bool operational() const noexcept;
  friend bool operator==(const Link&, const Link&) = default;
};

/// Decodes an RTM_NEWLINK message; what is particular to a kind: decode_kind(), decode_port(). Nothing if it is not
/// one, or is malformed.
[[nodiscard]] std::optional<Link> decode_link(const engine::MessageView& message);

}  // namespace netherd::ops
