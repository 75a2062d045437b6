#include "graph_builder.hpp"

#include <fmt/format.h>

#include <utility>

#include "link_ends.hpp"

namespace netherd::lab {

namespace {
/// Of labels there may be thousands, of any length.
constexpr std::size_t most_label_bytes = 60;
constexpr std::size_t most_bytes_of_labels = 600;
}  // namespace

NodeId GraphBuilder::add_node(std::string_view label, std::string_view fallback, SourceLine line) {
  std::string name = names_.name_for(label, fallback);
  if (!label.empty() && name != label) {
    const bool has_room = renamed_nodes_.size() < most_bytes_of_labels;
    if (has_room) {
      renamed_nodes_ +=
          fmt::format("{}'{}' is {}", renamed_nodes_.empty() ? "" : ", ", shortened(label, most_label_bytes), name);
    }
    all_renamed_listed_ = has_room;
    renamed_.note(line);
  }
  reading_.topology.nodes.push_back({.name = std::move(name), .exec = {}, .line = line});
  interface_counts_.push_back(0);
  return NodeId{static_cast<std::uint32_t>(reading_.topology.nodes.size() - 1)};
}

Link* GraphBuilder::add_link(NodeId from, NodeId to, SourceLine line) {
  if (from == to) {
    self_loops_.note(line);
    return nullptr;
  }
  if (edges_ == Edges::in_both_lists && is_way_back({from, to})) {
    ways_back_.note(line);
    return nullptr;
  }
  if (edges_ == Edges::repeated && is_repeated({from, to})) {
    repeated_.note(line);
    return nullptr;
  }
  Link& link = reading_.topology.links.emplace_back();
  link.line = line;
  link.ends = {next_endpoint(from, line), next_endpoint(to, line)};
  return &link;
}

bool GraphBuilder::is_way_back(Edge edge) {
  const auto opposite = one_way_edges_.find({edge.to, edge.from});
  if (opposite == one_way_edges_.end() || opposite->second == 0) {
    ++one_way_edges_[edge];
    return false;
  }
  --opposite->second;
  return true;
}

bool GraphBuilder::is_repeated(Edge edge) {
  if (edge.to < edge.from) std::swap(edge.from, edge.to);
  return one_way_edges_[edge]++ != 0;
}

Endpoint GraphBuilder::next_endpoint(NodeId node, SourceLine line) {
  Endpoint end;
  end.node = node;
  end.interface = "eth" + std::to_string(++interface_counts_[position_of(node)]);
  end.line = line;
  return end;
}

void GraphBuilder::report_warnings() {
  const auto warn = [this](const Occurrences& occurrences, const std::string& text) {
    if (occurrences.count != 0) reading_.warnings.add(occurrences.first, text);
  };
  warn(renamed_, fmt::format("{} named differently from the label: {}{}",
                             renamed_.count == 1 ? "1 node is" : fmt::format("{} nodes are", renamed_.count),
                             renamed_nodes_, all_renamed_listed_ ? "" : " ..."));
  warn(self_loops_, fmt::format("edges from a node to itself ({}): left out", self_loops_.count));
  warn(ways_back_,
       fmt::format("edges that have one in the opposite direction ({}): the two are one link", ways_back_.count));
  warn(repeated_, fmt::format("edges between nodes that have one already ({}): left out", repeated_.count));
}

}  // namespace netherd::lab
