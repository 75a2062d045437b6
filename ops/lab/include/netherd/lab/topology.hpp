#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "netherd/engine/types.hpp"
#include "netherd/lab/exec_list.hpp"
#include "netherd/ops/ip_prefix.hpp"
#include "netherd/ops/mac_address.hpp"

namespace netherd::lab {

/// Position of a node in Topology::nodes.
enum class NodeId : std::uint32_t {};
/// Position of a link in Topology::links.
enum class LinkId : std::uint32_t {};

/// Line of the topology file, counted from 1; 0 for what no file states (generated topologies).
enum class SourceLine : std::uint32_t { none = 0 };

enum class NodeKind : std::uint8_t {
  host,    ///< a network namespace
  bridge,  ///< a switch: a bridge in a network namespace of its own
};

struct Node {
  std::string name;
  NodeKind kind = NodeKind::host;
  /// It has no namespace of its own, but is the one that netherd was started in: it gets links and addresses, but no
  /// routes, nothing in it is changed, and no path leads through it. At most one node is.
  bool adopted = false;
  ExecList exec{};
  SourceLine line = SourceLine::none;
};

/// One end of a link.
struct Endpoint {
  NodeId node{};
  std::string interface;                 ///< 1 to 15 bytes, unique within the node
  std::vector<ops::IpPrefix> addresses;  ///< with host bits; at most one per family comes from a pool
  std::optional<ops::MacAddress> mac;
  SourceLine line = SourceLine::none;
};

struct Link {
  std::array<Endpoint, 2> ends;
  std::uint32_t mtu = 0;  ///< bytes; 0: the kernel's default
  double weight = 1;      ///< used by shortest-path routing; six decimals count
  SourceLine line = SourceLine::none;
};

/// One end of a link by its position: Link::ends[end].
struct LinkEnd {
  LinkId link{};
  std::uint8_t end = 0;  ///< 0 or 1
  friend bool operator==(const LinkEnd&, const LinkEnd&) = default;
};

enum class Routing : std::uint8_t {
  none,
  default_route,  ///< one default route per node and family, by the neighbour at the other end of its first link
  shortest_path,  ///< on every node a route to every subnet of the lab
};

/// "none", "default", "shortest-path".
[[nodiscard]] std::string_view to_string(Routing routing) noexcept;
[[nodiscard]] std::optional<Routing> parse_routing(std::string_view text) noexcept;

/// What the whole lab asks for beyond its nodes and links; the command line may override it.
struct LabOptions {
  Routing routing = Routing::none;
  std::optional<ops::IpPrefix> ipv4_pool;  ///< links without an IPv4 address get one from here
  std::optional<ops::IpPrefix> ipv6_pool;
  /// Without it there is no IPv6 in the lab's own namespaces, not even link-local addresses:
  /// `sysctl net.ipv6.conf.all.disable_ipv6=1`.
  bool ipv6 = true;
};

/// What a lab is to be: nodes, links, addresses. Knows no netlink and no file format.
struct Topology {
  std::string name;    ///< of the lab
  std::string source;  ///< the file as the user named it, for error messages; empty if generated
  std::vector<Node> nodes;
  std::vector<Link> links;
  LabOptions options;

  [[nodiscard]] const Node& node(NodeId id) const { return nodes[static_cast<std::size_t>(id)]; }
  [[nodiscard]] const Link& link(LinkId id) const { return links[static_cast<std::size_t>(id)]; }
  [[nodiscard]] const Endpoint& endpoint(LinkEnd at) const { return link(at.link).ends[at.end]; }
};

/// Something to say about the input, at one line of it.
struct Finding {
  SourceLine line = SourceLine::none;
  std::string text;  ///< "what: why", without file and line
};

/// Names of labs: 1 to 64 bytes of letters, digits, '_', '-' and '.', not starting with '.' or '-'.
[[nodiscard]] bool is_valid_lab_name(std::string_view name) noexcept;
/// Names of nodes: the same, up to 128 bytes.
[[nodiscard]] bool is_valid_node_name(std::string_view name) noexcept;

/// Name of the bridge inside the namespace of a bridge node.
inline constexpr std::string_view bridge_interface_name = "br0";
/// Most links of a bridge (BR_MAX_PORTS is 1,024, and port 0 is reserved: net/bridge/br_private.h, Linux 6.18).
inline constexpr std::size_t max_bridge_links = 1023;
/// Bounds of Link::weight.
inline constexpr double min_link_weight = 0.000001;
inline constexpr double max_link_weight = 16'777'216;

/// Everything that is wrong with a topology whatever file it came from: invalid or duplicate names, an interface used
/// twice, a link from an interface to itself, addresses that are invalid, used twice or on a port of a bridge, subnets
/// of a host that overlap although they are on different links, more than 1,023 links on a bridge, bridges linked to a
/// loop (their spanning tree is off), an interface of a bridge that is called like the bridge itself ("br0"), an MTU
/// that veth does not take, pools that cannot serve, IPv6 addresses in a lab without IPv6. All findings at once, by
/// line. Precondition: the endpoints' nodes exist.
[[nodiscard]] std::vector<Finding> validate(const Topology& topology);

}  // namespace netherd::lab
