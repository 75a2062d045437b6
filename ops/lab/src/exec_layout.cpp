#include "exec_layout.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "link_ends.hpp"

namespace netherd::lab {

namespace {

/// The kinds that make a switch.
constexpr std::array<std::string_view, 2> bridge_kinds{"bridge", "ovs-bridge"};
constexpr std::string_view host_kind = "host";

ExecList::Block list_at(const Node& node, ExecLevel level) {
  for (const ExecList::Part& part : node.exec.parts()) {
    if (part.level == level) return part.lines;
  }
  return {};
}

/// Only links speak of it: such a node is made, behind all others, when a file is read.
bool is_host_of_links(const Topology& topology) {
  if (topology.nodes.empty()) return false;
  const Node& last = topology.nodes.back();
  const NodeId id{static_cast<std::uint32_t>(topology.nodes.size() - 1)};
  const auto leads_there = [id](const Endpoint& end) { return end.node == id; };
  return last.adopted && last.name == "host" && last.kind == NodeKind::host && last.exec.empty() &&
         std::ranges::any_of(topology.links,
                             [&](const Link& link) { return std::ranges::any_of(link.ends, leads_there); });
}

}  // namespace

ExecLayout::ExecLayout(const Topology& topology) : topology_{topology} {
  if (std::ranges::all_of(topology.nodes, [](const Node& node) { return node.exec.empty(); })) return;
  find_defaults();
  find_kinds_and_groups();
}

void ExecLayout::find_defaults() {
  host_is_implicit_ = is_host_of_links(topology_);
  defaults_ = list_at(topology_.nodes.front(), ExecLevel::defaults);
  for (const Node& node : topology_.nodes) {
    const bool is_host = host_is_implicit_ && &node == &topology_.nodes.back();
    if (!is_host && (!is_layered(node) || list_at(node, ExecLevel::defaults) != defaults_)) {
      defaults_ = {};
      break;
    }
  }
  if (!defaults_) host_is_implicit_ = false;
}

void ExecLayout::find_kinds_and_groups() {
  find_bridge_kinds();
  for (const Node& node : topology_.nodes) {
    if (!is_layered(node)) continue;
    add_kind(node, list_at(node, ExecLevel::kind));
    const ExecList::Block group = list_at(node, ExecLevel::group);
    if (!group) continue;
    const auto [name, is_new] = group_names_.try_emplace(group.get());
    if (!is_new) continue;
    name->second = "group-" + std::to_string(groups_.size() + 1);
    groups_.push_back({name->second, group});
  }
}

/// There are two kinds for them; where there are more lists, each bridge has its own.
void ExecLayout::find_bridge_kinds() {
  std::vector<ExecList::Block> lists;
  for (const Node& node : topology_.nodes) {
    if (node.kind != NodeKind::bridge) continue;
    const ExecList::Block list = is_layered(node) ? list_at(node, ExecLevel::kind) : ExecList::Block{};
    if (std::ranges::find(lists, list) == lists.end()) lists.push_back(list);
    if (lists.size() > bridge_kinds.size()) return bridge_lists_.push_back(nullptr);
  }
  for (const ExecList::Block& list : lists) {
    if (list) kinds_.push_back({std::string{bridge_kinds[bridge_lists_.size()]}, list});
    bridge_lists_.push_back(list.get());
  }
}

void ExecLayout::add_kind(const Node& node, const ExecList::Block& lines) {
  if (!lines || node.kind == NodeKind::bridge) return;
  const auto [name, is_new] = kind_names_.try_emplace(lines.get());
  if (!is_new) return;
  name->second = node.adopted ? std::string{host_kind} : "kind-" + std::to_string(kind_names_.size());
  kinds_.push_back({name->second, lines});
}

bool ExecLayout::is_layered(const Node& node) const {
  const auto& parts = node.exec.parts();
  return std::ranges::adjacent_find(
             parts, [](const auto& left, const auto& right) { return left.level >= right.level; }) == parts.end();
}

bool ExecLayout::inherits_defaults(const Node& node) const {
  return is_layered(node) && list_at(node, ExecLevel::defaults) == defaults_;
}

bool ExecLayout::is_written(NodeId node) const noexcept {
  return !host_is_implicit_ || position_of(node) + 1 != topology_.nodes.size();
}

std::string_view ExecLayout::kind_of(const Node& node, const ExecList::Block& lines) const {
  if (node.kind == NodeKind::bridge) {
    const auto known = std::ranges::find(bridge_lists_, lines.get());
    if (known != bridge_lists_.end()) return bridge_kinds[static_cast<std::size_t>(known - bridge_lists_.begin())];
    return lines || !bridge_lists_.empty() ? std::string_view{} : bridge_kinds.front();
  }
  if (node.adopted) return host_kind;
  const auto known = lines ? kind_names_.find(lines.get()) : kind_names_.end();
  return known == kind_names_.end() ? std::string_view{} : std::string_view{known->second};
}

ExecLayout::NodeEntry ExecLayout::entry_of(NodeId id) const {
  const Node& node = topology_.node(id);
  NodeEntry entry;
  const ExecList::Block from_kind = list_at(node, ExecLevel::kind);
  const bool fits = inherits_defaults(node) && (node.kind != NodeKind::bridge || !kind_of(node, from_kind).empty());
  entry.kind = kind_of(node, fits ? from_kind : ExecList::Block{});
  if (!fits) {
    for (const ExecList::Part& part : node.exec.parts()) {
      if (!defaults_ || part.level != ExecLevel::defaults) entry.own.push_back(part.lines);
    }
    return entry;
  }
  if (const ExecList::Block group = list_at(node, ExecLevel::group)) entry.group = group_names_.at(group.get());
  if (const ExecList::Block own = list_at(node, ExecLevel::node)) entry.own.push_back(own);
  return entry;
}

}  // namespace netherd::lab
