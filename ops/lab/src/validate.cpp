#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "disjoint_sets.hpp"
#include "findings.hpp"
#include "link_ends.hpp"
#include "name_rules.hpp"
#include "netherd/lab/topology.hpp"
#include "netherd/ops/link.hpp"
#include "overlaps.hpp"
#include "pool_check.hpp"
#include "segment_faults.hpp"
#include "validation.hpp"

namespace netherd::lab {

namespace {

using boost::asio::ip::address_v4;
using boost::asio::ip::address_v6;
using ops::IpAddress;
using ops::IpPrefix;

constexpr std::uint32_t min_mtu = 68;  // ETH_MIN_MTU, include/uapi/linux/if_ether.h
constexpr std::uint32_t max_mtu = 65535;
constexpr std::uint32_t min_ipv6_mtu = 1280;  // RFC 8200, section 5

/// Why an interface cannot have this address; empty if it can.
std::string_view reason_against_ipv4(const IpPrefix& prefix) {
  const address_v4 address = prefix.address.to_v4();
  if (prefix.length == 0) return "the prefix length is 0";
  if (address.is_unspecified()) return "it is the unspecified address";
  if (address.is_loopback()) return "it is a loopback address";
  if (address.is_multicast()) return "it is a multicast address";
  if (address.to_uint() >= 0xf0000000U) return "it is reserved (240.0.0.0/4)";
  if (prefix.length > 30) return {};
  const std::uint32_t host_bits = 0xffffffffU >> prefix.length;
  if ((address.to_uint() & host_bits) == 0) return "it is the address of the network itself";
  if ((address.to_uint() & host_bits) == host_bits) return "it is the broadcast address of its network";
  return {};
}

std::string_view reason_against_ipv6(const IpPrefix& prefix) {
  const address_v6 address = prefix.address.to_v6();
  if (prefix.length == 0) return "the prefix length is 0";
  if (address.is_unspecified()) return "it is the unspecified address";
  if (address.is_loopback()) return "it is the loopback address";
  if (address.is_multicast()) return "it is a multicast address";
  if (address.is_v4_mapped()) return "it is an IPv4-mapped address";
  return {};
}

std::string_view reason_against(const IpPrefix& prefix) {
  return prefix.is_v4() ? reason_against_ipv4(prefix) : reason_against_ipv6(prefix);
}

/// Link-local addresses mean something on their own link only, so two links may have the same ones.
bool is_link_local(const IpAddress& address) { return address.is_v6() && address.to_v6().is_link_local(); }

struct AddressHash {
  std::size_t operator()(const IpAddress& address) const { return std::hash<IpAddress>{}(address); }
};

/// Collects everything that is wrong.
class Validation {
 public:
  Validation(const Topology& topology, FindingList& errors, FindingList& warnings)
      : topology_{topology}, errors_{errors}, warnings_{warnings} {}

  void run() {
    check_lab();
    check_nodes();
    check_interfaces();
    check_links();
    check_addresses();
    check_bridges();
    find_overlaps(topology_, errors_);
    find_segment_faults(topology_, errors_, warnings_);
  }

 private:
  template <typename... Values>
  void report(SourceLine line, fmt::format_string<findings_detail::Shown<Values>...> text, const Values&... values) {
    errors_.report(line, text, values...);
  }

  std::string name_of(const Endpoint& end) const { return topology_.node(end.node).name + ':' + end.interface; }
  bool is_bridge(const Endpoint& end) const { return topology_.node(end.node).kind == NodeKind::bridge; }

  void check_lab() {
    if (!is_valid_lab_name(topology_.name)) {
      report(SourceLine::none, "lab name '{}': {}", topology_.name, lab_name_rule);
    }
    check_pools(topology_.options, errors_);
  }

  void check_nodes() {
    std::unordered_map<std::string_view, SourceLine> lines;
    lines.reserve(topology_.nodes.size());
    std::size_t adopted = 0;
    for (const Node& node : topology_.nodes) {
      if (!is_valid_node_name(node.name)) {
        report(node.line, "node '{}': {}", node.name, node_name_rule);
      }
      if (node.adopted && adopted++ > 0) {
        report(node.line, "node '{}': there can be only one node of kind 'host'", node.name);
      }
      const auto [first, is_new] = lines.emplace(node.name, node.line);
      if (!is_new) report(node.line, "node '{}': there is one of that name already{}", node.name, at(first->second));
    }
  }

  static std::string at(SourceLine line) {
    return line == SourceLine::none ? std::string{} : fmt::format(" (line {})", engine::value_of(line));
  }

  void check_interfaces() {
    const LinkEnds ends{topology_};
    std::unordered_map<std::string_view, SourceLine> lines;
    for (std::uint32_t position = 0; position < topology_.nodes.size(); ++position) {
      lines.clear();
      for (const LinkEnd at_node : ends.of(NodeId{position})) {
        const Endpoint& end = topology_.endpoint(at_node);
        check_interface_name(end);
        const auto [first, is_new] = lines.emplace(end.interface, end.line);
        if (is_new) continue;
        const Link& link = topology_.link(at_node.link);
        const bool with_itself =
            at_node.end == 1 && link.ends[0].node == end.node && link.ends[0].interface == end.interface;
        if (with_itself) {
          report(end.line, "link from {} to itself", name_of(end));
        } else {
          report(end.line, "interface {} has a link already{}", name_of(end), at(first->second));
        }
      }
    }
  }

  void check_interface_name(const Endpoint& end) {
    if (!ops::is_valid_interface_name(end.interface)) {
      report(end.line, "interface '{}': a name must be 1 to {} printable characters without '/', ':' and '%'",
             name_of(end), ops::max_interface_name_bytes);
    } else if (end.interface == "lo" || end.interface == "all" || end.interface == "default") {
      report(end.line, "interface {}: the kernel keeps this name for itself", name_of(end));
    } else if (is_bridge(end) && end.interface == bridge_interface_name) {
      report(end.line, "interface {}: the bridge itself has this name", name_of(end));
    }
  }

  void check_links() {
    for (const Link& link : topology_.links) {
      if (link.mtu != 0 && (link.mtu < min_mtu || link.mtu > max_mtu)) {
        report(link.line, "mtu {}: must be {} to {}", link.mtu, min_mtu, max_mtu);
      }
      const bool is_weight = link.weight >= min_link_weight && link.weight <= max_link_weight;  // NaN is none
      if (!is_weight) {
        report(link.line, "weight {}: must be {} to {}", link.weight, "0.000001", max_link_weight);
      }
      for (const Endpoint& end : link.ends) check_mac(end);
    }
  }

  void check_mac(const Endpoint& end) {
    if (!end.mac) return;
    if (end.mac->is_multicast()) {
      report(end.line, "MAC address {} of {}: is a multicast address", end.mac->to_string(), name_of(end));
    } else if (*end.mac == ops::MacAddress{}) {
      report(end.line, "MAC address {} of {}: is not valid", end.mac->to_string(), name_of(end));
    }
  }

  void check_addresses() {
    std::unordered_map<IpAddress, const Endpoint*, AddressHash> owners;
    for (const Link& link : topology_.links) {
      for (const Endpoint& end : link.ends) {
        for (const IpPrefix& address : end.addresses) {
          if (is_bridge(end)) {
            report(end.line, "address {} of {}: a port of a bridge has no address", address.to_string(), name_of(end));
            continue;
          }
          check_address(link, end, address);
          if (is_link_local(address.address)) continue;
          const auto [owner, is_new] = owners.emplace(address.address, &end);
          if (!is_new) report_second_use(end, address, *owner->second);
        }
      }
    }
  }

  void check_address(const Link& link, const Endpoint& end, const IpPrefix& address) {
    const std::string_view reason = reason_against(address);
    if (!reason.empty()) {
      report(end.line, "address {} of {}: {}", address.to_string(), name_of(end), reason);
    } else if (!address.is_v4() && link.mtu != 0 && link.mtu < min_ipv6_mtu) {
      report(end.line, "address {} of {}: IPv6 needs an mtu of {} at least, and the link's is {}", address.to_string(),
             name_of(end), min_ipv6_mtu, link.mtu);
    } else if (!address.is_v4() && !topology_.options.ipv6 && !topology_.node(end.node).adopted) {
      report(end.line, "address {} of {}: ipv6 is off", address.to_string(), name_of(end));
    } else if (!address.is_v4() && address.length <= 126 && address == address.network()) {
      // RFC 4291, section 2.6.1; subnets of two addresses have none (RFC 6164).
      warnings_.report(end.line, "address {} of {}: is that of the network itself, which all its routers answer to",
                       address.to_string(), name_of(end));
    }
  }

  void report_second_use(const Endpoint& end, const IpPrefix& address, const Endpoint& owner) {
    report(end.line, "address {} of {}: {} has it already{}", address.to_string(), name_of(end), name_of(owner),
           at(owner.line));
  }

  void check_bridges() {
    std::vector<std::size_t> link_counts(topology_.nodes.size());
    DisjointSets bridges{topology_.nodes.size()};
    for (const Link& link : topology_.links) {
      for (const Endpoint& end : link.ends) {
        if (is_bridge(end) && ++link_counts[position_of(end.node)] == max_bridge_links + 1) {
          report(link.line, "bridge {}: has more than {} links, and a Linux bridge has no room for them",
                 topology_.node(end.node).name, max_bridge_links);
        }
      }
      if (is_bridge(link.ends[0]) && is_bridge(link.ends[1]) &&
          !bridges.join(position_of(link.ends[0].node), position_of(link.ends[1].node))) {
        report(link.line, "link {} to {}: closes a loop of bridges, in which packets would circle for ever",
               name_of(link.ends[0]), name_of(link.ends[1]));
      }
    }
  }

  const Topology& topology_;
  FindingList& errors_;
  FindingList& warnings_;
};

}  // namespace

void find_faults(const Topology& topology, FindingList& errors, FindingList& warnings) {
  Validation{topology, errors, warnings}.run();
}

std::vector<Finding> validate(const Topology& topology) {
  FindingList errors;
  FindingList warnings;
  find_faults(topology, errors, warnings);
  return std::move(errors).take(FindingList::max_kept, "errors");
}

}  // namespace netherd::lab
