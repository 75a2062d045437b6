#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "netherd/lab/reader.hpp"
#include "netherd/lab/topology.hpp"

namespace netherd::lab {

inline std::string to_text(const std::vector<Finding>& findings) {
  std::string text;
  for (const Finding& finding : findings) {
    text += std::to_string(engine::value_of(finding.line)) + ": " + finding.text + '\n';
  }
  return text.empty() ? "none\n" : text;
}

/// One of the findings is at this line and has this in its text.
inline testing::AssertionResult has_finding(const std::vector<Finding>& findings, unsigned line,
                                            std::string_view part) {
  for (const Finding& finding : findings) {
    if (engine::value_of(finding.line) == line && finding.text.find(part) != std::string::npos) {
      return testing::AssertionSuccess();
    }
  }
  return testing::AssertionFailure() << "no finding at line " << line << " with '" << part << "' among:\n"
                                     << to_text(findings);
}

/// There is this finding, and no other.
inline testing::AssertionResult has_only(const std::vector<Finding>& findings, unsigned line, std::string_view part) {
  if (findings.size() == 1) return has_finding(findings, line, part);
  return testing::AssertionFailure() << "not one finding:\n" << to_text(findings);
}

inline testing::AssertionResult is_clean(const std::vector<Finding>& findings) {
  if (findings.empty()) return testing::AssertionSuccess();
  return testing::AssertionFailure() << to_text(findings);
}

inline ops::IpPrefix prefix(std::string_view text) { return ops::parse_ip_prefix(text).value(); }

/// Makes topologies in few words.
class TopologyBuilder {
 public:
  TopologyBuilder() { topology.name = "lab"; }

  NodeId host(std::string name) { return add(std::move(name), NodeKind::host); }
  NodeId bridge(std::string name) { return add(std::move(name), NodeKind::bridge); }
  /// Interfaces are eth1, eth2 ... in the order of each node's links.
  Link& link(NodeId from, NodeId to) {
    Link& link = topology.links.emplace_back();
    link.ends[0] = next_endpoint(from);
    link.ends[1] = next_endpoint(to);
    return link;
  }
  Link& link(NodeId from, std::string_view from_address, NodeId to, std::string_view to_address) {
    Link& added = link(from, to);
    if (!from_address.empty()) added.ends[0].addresses.push_back(prefix(from_address));
    if (!to_address.empty()) added.ends[1].addresses.push_back(prefix(to_address));
    return added;
  }

  Topology topology;

 private:
  NodeId add(std::string name, NodeKind kind) {
    topology.nodes.push_back({.name = std::move(name), .kind = kind, .exec = {}});
    interface_counts_.push_back(0);
    return NodeId{static_cast<std::uint32_t>(topology.nodes.size() - 1)};
  }
  Endpoint next_endpoint(NodeId node) {
    Endpoint end;
    end.node = node;
    end.interface = "eth" + std::to_string(++interface_counts_[engine::value_of(node)]);
    return end;
  }

  std::vector<unsigned> interface_counts_;
};

}  // namespace netherd::lab
