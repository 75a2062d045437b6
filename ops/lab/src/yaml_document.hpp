#pragma once

#include <cstdint>
#include <memory_resource>
#include <span>
#include <string_view>
#include <vector>

#include "netherd/lab/topology.hpp"

namespace netherd::lab {

/// A YAML or JSON document as a tree whose nodes know their lines.
///
/// All scalars are text: what a number or an address is, the reader of the document decides. Aliases share the node
/// that they refer to, and merge keys (`<<`) share its values, so that a file never becomes larger in memory than it is
/// on disk; what a walk over the tree can meet is bounded too (see max_shared_nodes).
class YamlDocument {
 public:
  enum class Kind : std::uint8_t { null, scalar, sequence, mapping };
  enum class NodeId : std::uint32_t {};

  /// A key of a mapping, or an item of a sequence (whose key is empty).
  struct Entry {
    std::string_view key;
    SourceLine line = SourceLine::none;  ///< of the key or the item
    NodeId value{};
  };

  /// Deepest nesting of sequences and mappings.
  static constexpr std::size_t max_depth = 64;
  /// How many nodes all aliases and merge keys of a document may stand for.
  static constexpr std::uint64_t max_shared_nodes = 1'000'000;
  /// How many values a document may have unless parse() is told otherwise: each takes some 80 bytes.
  static constexpr std::size_t default_max_nodes = 16'000'000;

  YamlDocument() = default;
  YamlDocument(const YamlDocument&) = delete;
  YamlDocument& operator=(const YamlDocument&) = delete;

  /// Reads a document. Keys that occur twice and the like are all reported; a syntax error ends it. The document is
  /// usable only if there are no findings. The tree owns its text. To be called once.
  [[nodiscard]] std::vector<Finding> parse(std::string_view text, std::size_t max_nodes = default_max_nodes);

  [[nodiscard]] NodeId root() const noexcept { return root_; }
  /// Some node stands in several places.
  [[nodiscard]] bool has_aliases() const noexcept { return has_aliases_; }
  [[nodiscard]] Kind kind(NodeId node) const noexcept { return at(node).kind; }
  [[nodiscard]] SourceLine line(NodeId node) const noexcept { return at(node).line; }
  /// Text of a scalar; empty for anything else.
  [[nodiscard]] std::string_view text(NodeId node) const noexcept { return at(node).text; }
  /// Entries of a mapping or a sequence, in the order of the file; empty for anything else.
  [[nodiscard]] std::span<const Entry> entries(NodeId node) const noexcept {
    return std::span{entries_}.subspan(at(node).first_entry, at(node).entry_count);
  }

 private:
  friend class YamlBuilder;
  struct Node {
    Kind kind = Kind::null;
    SourceLine line = SourceLine::none;
    std::string_view text;
    std::uint32_t first_entry = 0;
    std::uint32_t entry_count = 0;
  };
  [[nodiscard]] const Node& at(NodeId node) const noexcept { return nodes_[engine::value_of(node)]; }

  std::pmr::monotonic_buffer_resource characters_;
  std::vector<Node> nodes_;
  std::vector<Entry> entries_;  ///< those of one node stand together
  NodeId root_{};
  bool has_aliases_ = false;
};

}  // namespace netherd::lab
