#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <iosfwd>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "netherd/lab/addressing.hpp"
#include "netherd/lab/topology.hpp"
#include "netherd/ops/address.hpp"
#include "netherd/ops/link.hpp"
#include "netherd/ops/namespace_factory.hpp"
#include "netherd/ops/route.hpp"

namespace netherd::lab {

/// Receives the requests of a plan, one virtual call each. Views in a request are valid during the call only, but
/// those that point into the topology stay valid as long as the plan.
class RequestSink {
 public:
  virtual ~RequestSink() = default;
  virtual void request(const ops::AddBridge& request, SourceLine line) = 0;
  virtual void request(const ops::SetLink& request, SourceLine line) = 0;
  virtual void request(const ops::AddAddress& request, SourceLine line) = 0;
  virtual void request(const ops::AddRoute& request, SourceLine line) = 0;
  /// Changes nothing that was asked for, and can be left out.
  virtual void request(const ops::GetLink& request, SourceLine line) = 0;
};

/// The parts of a node's configuration, in their order. What is between them may wait: a link costs the kernel more
/// work of its own once both its ends are up (carrier, link-local addresses), which gets in the way of whatever else is
/// built.
enum class Stage : std::uint8_t {
  /// `lo` up, IPv4 addresses. Each link that is still down is asked for, and so leaves the list of the kernel's
  /// linkwatch, all of which would be walked whenever a link goes up (linkwatch_run_queue(), Linux 6.18).
  preparation,
  /// Links up, IPv6 addresses. One that is given to a link that is down has a route to its subnet that does not count
  /// until the link has carrier (rt6_sync_up() in net/ipv6/addrconf.c, Linux 6.18), and no gateway could be reached.
  activation,
  late_ipv6,  ///< IPv6 addresses of a node whose IPv6 starts late (Plan::late_settings())
  ipv4_routes,
  ipv6_routes,
};
inline constexpr std::array all_stages{Stage::preparation, Stage::activation, Stage::late_ipv6, Stage::ipv4_routes,
                                       Stage::ipv6_routes};

/// The lowest index that a lab's interface has in a namespace of the lab's own. The kernel numbers the devices that it
/// makes itself from 1 on: `lo`, and those of tunnel modules (automatic_device.hpp), whether they are loaded before the
/// lab is built or later.
inline constexpr engine::InterfaceIndex first_chosen_index{64};

/// How a topology is built: the order of creation, every interface's index, and every request, chosen without asking
/// the kernel.
///
/// For each node in node_order(): create its namespace, send its bridge request if it is one, then create those of its
/// links whose other node exists already (links_of_step()). Once all links of a node exist (link_count() of them), its
/// configuration can be sent, stage by stage, whatever the state of other nodes. An adopted node has a namespace
/// already; its interfaces get indexes from `first_host_index` on (host_indexes.hpp), or where that is not known
/// because the lab is not there yet, from a number that is far above those that the kernel itself gives out.
///
/// Routes of shortest-path routing are computed when they are asked for, node by node, so that a lab with millions of
/// routes needs no memory for them. A plan is immutable and refers to its topology, which must outlive it.
class Plan {
 public:
  explicit Plan(const Topology& topology, std::optional<engine::InterfaceIndex> first_host_index = std::nullopt);
  ~Plan();
  Plan(Plan&&) noexcept;
  Plan& operator=(Plan&&) noexcept;

  [[nodiscard]] const Topology& topology() const noexcept;
  /// Name of a node's namespace for `ip`: "LAB-NODE".
  [[nodiscard]] std::string_view netns_name(NodeId node) const noexcept;

  /// The nodes in the order of their creation: such that few of them are unfinished at a time.
  [[nodiscard]] std::span<const NodeId> node_order() const noexcept;
  /// The links to create once the node at this position of node_order() exists: those to nodes before it.
  [[nodiscard]] std::span<const LinkId> links_of_step(std::size_t position) const noexcept;
  /// How many links end at the node (both ends counted).
  [[nodiscard]] std::uint32_t link_count(NodeId node) const noexcept;

  [[nodiscard]] engine::InterfaceIndex interface_index(LinkId link, std::uint8_t end) const noexcept;
  /// The request that creates a link; its main end is the one that can be brought up or enslaved at creation with the
  /// most gain. The namespace descriptors are -1: the builder sets them from main_node() and peer_node().
  struct PlannedLink {
    ops::AddVeth request;
    NodeId main_node{};
    NodeId peer_node{};
  };
  [[nodiscard]] PlannedLink link_request(LinkId id) const;

  /// What a bridge node needs before its links: its bridge. Does nothing for a host.
  void bridge_requests(NodeId node, RequestSink& sink) const;
  /// One stage of what a node needs once its links exist.
  void configuration_requests(NodeId node, Stage stage, RequestSink& sink) const;
  /// All stages, in order.
  void configuration_requests(NodeId node, RequestSink& sink) const;
  /// A node gets about as many routes as the lab has subnets, and these are many.
  [[nodiscard]] bool has_many_routes() const noexcept;
  /// What has to be set in the node's namespace as soon as it exists: no IPv6 where the lab has none, IPv6 forwarding
  /// where a node passes packets on for others (IPv4 forwarding is part of configuration_requests()). Nothing for an
  /// adopted node.
  [[nodiscard]] std::vector<ops::KernelSetting> settings(NodeId node) const;
  /// What has to be set between Stage::activation and Stage::late_ipv6: it starts the IPv6 of a host of 256 links and
  /// more, which settings() stopped. For each of its links that comes up the kernel walks all IPv6 routes of the
  /// namespace and appends behind those of all other links (rt6_sync_up(), fib6_add_rt2node(), Linux 6.18); together,
  /// when all links are up, that takes a quarter of the time. RTNL is held meanwhile: 0.03 s for 1,000 links, 1 s for
  /// 5,000. Nothing for other nodes.
  [[nodiscard]] std::vector<ops::KernelSetting> late_settings(NodeId node) const;

  struct Counts {
    std::uint64_t nodes = 0, links = 0, addresses = 0, routes = 0, requests = 0;
  };
  /// What building will take: exact, and cheap for everything but shortest-path routes, which are counted by computing
  /// them once.
  [[nodiscard]] Counts counts() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Writes the plan as the equivalent `ip` commands, one per line, in the order in which the builder may send them.
void print_plan(const Plan& plan, std::ostream& out);

}  // namespace netherd::lab
