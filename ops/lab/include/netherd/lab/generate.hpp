#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include <boost/system/result.hpp>

#include "netherd/lab/topology.hpp"

namespace netherd::lab {

/// What to generate. Fields that a kind does not use are ignored.
struct GenerateOptions {
  std::uint32_t nodes = 10;    ///< how many nodes; kinds of fixed shape round up to the next size they can have
  std::uint32_t degree = 2;    ///< tree: children per node; scale-free: links of a new node; random: mean degree
  std::uint64_t seed = 1;      ///< random kinds: the same seed gives the same topology on every machine
};

/// One kind of generated topology.
struct GeneratorKind {
  std::string_view name;     ///< "ring"
  std::string_view summary;  ///< one line for --help
  Topology (*generate)(const GenerateOptions&);
  std::uint32_t minimum_nodes;
};

/// All kinds: line, ring, star, grid, torus, full-mesh, tree, fat-tree, leaf-spine, random, scale-free.
[[nodiscard]] std::span<const GeneratorKind> generator_kinds() noexcept;

/// Generates a topology whose nodes are named n1, n2 ... (or by their role) and whose interfaces are eth1, eth2 ... in
/// the order of the node's links. Errors: invalid_argument for an unknown kind or too few nodes.
[[nodiscard]] boost::system::result<Topology> generate(std::string_view kind, const GenerateOptions& options);

}  // namespace netherd::lab
