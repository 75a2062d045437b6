#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "node_names.hpp"
#include "read_format.hpp"

namespace netherd::lab {

/// Makes a topology of a graph: nodes with labels, and edges between them. What had to be changed on the way is
/// counted, and each kind of change becomes one warning.
class GraphBuilder {
 public:
  enum class Edges {
    as_given,       ///< each edge is a link
    in_both_lists,  ///< an edge and one in the opposite direction are one link: a list may have each link twice
    repeated,       ///< all edges between two nodes are one link
  };

  explicit GraphBuilder(Reading& reading) : reading_{reading} {}

  void set_edges(Edges edges) noexcept { edges_ = edges; }

  /// Adds a node that is called like its label, as far as possible; where there is no label, like `fallback`.
  NodeId add_node(std::string_view label, std::string_view fallback, SourceLine line);

  /// Adds a link between the next interfaces of both nodes; null if the edge is none: it leads to its own start, or is
  /// the way back of an edge before it.
  Link* add_link(NodeId from, NodeId to, SourceLine line);

  void report_warnings();

 private:
  struct Occurrences {
    std::size_t count = 0;
    SourceLine first = SourceLine::none;
    void note(SourceLine line) {
      if (count++ == 0) first = line;
    }
  };
  struct Edge {
    NodeId from{};
    NodeId to{};
    friend bool operator==(const Edge&, const Edge&) = default;
  };
  struct EdgeHash {
    std::size_t operator()(const Edge& edge) const noexcept {
      return std::hash<std::uint64_t>{}(std::uint64_t{engine::value_of(edge.from)} << 32U | engine::value_of(edge.to));
    }
  };

  [[nodiscard]] bool is_way_back(Edge edge);
  [[nodiscard]] bool is_repeated(Edge edge);
  [[nodiscard]] Endpoint next_endpoint(NodeId node, SourceLine line);

  Reading& reading_;
  Edges edges_ = Edges::as_given;
  NodeNames names_;
  std::vector<std::uint32_t> interface_counts_;
  std::unordered_map<Edge, std::size_t, EdgeHash> one_way_edges_;  ///< how many have no opposite one yet
  Occurrences renamed_;
  std::string renamed_nodes_;  // of those, the first ones
  bool all_renamed_listed_ = true;
  Occurrences self_loops_;
  Occurrences ways_back_;
  Occurrences repeated_;
};

}  // namespace netherd::lab
