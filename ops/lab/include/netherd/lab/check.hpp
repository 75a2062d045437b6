#pragma once

#include <memory>
#include <string>
#include <vector>

#include "netherd/lab/plan.hpp"
#include "netherd/ops/address.hpp"
#include "netherd/ops/link.hpp"
#include "netherd/ops/netconf.hpp"
#include "netherd/ops/route.hpp"

namespace netherd::lab {

/// What the kernel has in a node.
struct NodeState {
  std::vector<ops::Link> links;
  std::vector<ops::Address> addresses;
  std::vector<ops::Route> routes;      ///< those of other tables than main do not matter
  std::vector<ops::Netconf> settings;  ///< of the namespace as a whole; what is not there is not compared
};

/// A difference between a topology and what the kernel has.
struct Difference {
  SourceLine line = SourceLine::none;
  std::string text;  ///< "n1:eth1: is down"
};

/// Compares what the kernel has in a node with its plan.
///
/// Links: each is there with its index, kind, other end, MTU, Ethernet address and bridge, is up and has carrier; there
/// is no link besides them but `lo`, which is up, and devices that the kernel makes by itself (automatic_device.hpp).
/// Addresses: those of the plan and no others, but for link-local ones in a lab with IPv6, and those of `lo`. Settings:
/// the node forwards packets if and only if a route of the lab leads through it, and nothing that decides about packets
/// differs from the kernel's defaults (rp_filter, proxy_arp, arp_ignore ...), unless the topology has commands for the
/// node, which may set what they like. Routes: those of the plan are there; others may have been added, as routing
/// daemons do. Of an adopted node only what is the lab's own is looked at.
///
/// Memory grows to that of one node and is kept. Not thread safe. Lifetime: the plan must outlive it.
class NodeCheck {
 public:
  explicit NodeCheck(const Plan& plan);
  ~NodeCheck();
  NodeCheck(const NodeCheck&) = delete;
  NodeCheck& operator=(const NodeCheck&) = delete;

  [[nodiscard]] std::vector<Difference> compare(NodeId node, const NodeState& state);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace netherd::lab
