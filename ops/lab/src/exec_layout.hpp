#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "netherd/lab/topology.hpp"

namespace netherd::lab {

/// Where the commands of a topology's nodes stand in a file, such that each list that nodes inherit stands there once.
class ExecLayout {
 public:
  /// Commands under `kinds` or `groups`.
  struct Section {
    std::string name;
    ExecList::Block lines;
  };
  struct NodeEntry {
    std::string_view kind;   ///< empty: none needs to be given
    std::string_view group;  ///< the same
    std::vector<ExecList::Block> own;
  };

  explicit ExecLayout(const Topology& topology);

  [[nodiscard]] const ExecList::Block& defaults() const noexcept { return defaults_; }
  [[nodiscard]] const std::vector<Section>& kinds() const noexcept { return kinds_; }
  [[nodiscard]] const std::vector<Section>& groups() const noexcept { return groups_; }
  /// Whether the node has to be named: a host that the links alone speak of is not, and inherits nothing.
  [[nodiscard]] bool is_written(NodeId node) const noexcept;
  [[nodiscard]] NodeEntry entry_of(NodeId node) const;

 private:
  void find_defaults();
  void find_kinds_and_groups();
  void find_bridge_kinds();
  [[nodiscard]] bool inherits_defaults(const Node& node) const;
  /// Its commands are under defaults, a kind, a group and the node, once each and in this order.
  [[nodiscard]] bool is_layered(const Node& node) const;
  [[nodiscard]] std::string_view kind_of(const Node& node, const ExecList::Block& lines) const;
  void add_kind(const Node& node, const ExecList::Block& lines);

  const Topology& topology_;
  bool host_is_implicit_ = false;
  ExecList::Block defaults_;
  std::vector<Section> kinds_;
  std::vector<Section> groups_;
  std::unordered_map<const void*, std::string> kind_names_;  ///< of nodes that are no bridges, by their lists
  std::unordered_map<const void*, std::string> group_names_;
  std::vector<const void*> bridge_lists_;  ///< what bridges inherit from their kinds, null for nothing
};

}  // namespace netherd::lab
