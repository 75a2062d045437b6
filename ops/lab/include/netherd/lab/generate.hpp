#pragma once

#include <boost/system/result.hpp>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "netherd/lab/topology.hpp"

namespace netherd::lab {

/// What to generate. Fields that a kind does not use are ignored.
struct GenerateOptions {
  std::uint32_t nodes = 10;  ///< how many nodes; kinds of fixed shape round up to the next size they can have
  /// tree: children of each node; random: mean number of links of a node; scale-free: links that each new node brings;
  /// leaf-spine: number of spines.
  std::uint32_t degree = 2;
  std::uint64_t seed = 1;  ///< random kinds: the same seed gives the same topology on every machine
};

/// The most nodes that are generated.
inline constexpr std::uint32_t max_generated_nodes = 1'000'000;
/// The most links: more take more than a gigabyte.
inline constexpr std::uint64_t max_generated_links = 5'000'000;

/// One kind of generated topology.
struct GeneratorKind {
  std::string_view name;     ///< "ring"
  std::string_view summary;  ///< one line for --help
  Topology (*generate)(const GenerateOptions&);
  std::uint32_t minimum_nodes;
  std::uint32_t maximum_nodes;
};

/// All kinds:
/// - line, ring, full-mesh; star: n1 is the hub;
/// - grid, torus: as square as the number of nodes allows, row by row;
/// - tree: n1 is the root, filled level by level;
/// - fat-tree: the smallest one of k ports per switch (k even) with enough nodes: 7, 36, 99, 208 ... It has k * k / 4
///   core switches, k pods of k / 2 aggregation and k / 2 edge switches, and k / 2 hosts at each edge switch. Switches
///   are hosts of the topology too: they route. Nodes: core-1, agg-POD-1, edge-POD-1, host-POD-EDGE-1;
/// - leaf-spine: spines that each have a link to every leaf, and two hosts at every leaf: spine-1, leaf-1, host-LEAF-1;
/// - random: connected, with nodes * degree / 2 links (at least nodes - 1) between different nodes;
/// - scale-free: by preferential attachment (Barabasi and Albert, Science 286, 1999).
[[nodiscard]] std::span<const GeneratorKind> generator_kinds() noexcept;

/// Why generate() refuses: too few or too many nodes, a degree that the kind cannot have, too many links, or no such
/// kind. Empty if it does not.
[[nodiscard]] std::string reason_against(std::string_view kind, const GenerateOptions& options);

/// Generates a topology whose nodes are named n1, n2 ... (or by their role) and whose interfaces are eth1, eth2 ... in
/// the order of the node's links. The lab is named after the kind. Errors: invalid_argument, for which reason_against()
/// has the reason.
[[nodiscard]] boost::system::result<Topology> generate(std::string_view kind, const GenerateOptions& options);

}  // namespace netherd::lab
