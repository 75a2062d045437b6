#include "netherd/lab/generate.hpp"

#include <algorithm>
#include <cmath>
#include <random>
#include <string>
#include <unordered_set>
#include <utility>

namespace netherd::lab {

namespace {

/// Adds nodes and links, and numbers the interfaces of each node.
class TopologyMaker {
 public:
  NodeId add_node(std::string name) {
    topology_.nodes.push_back({.name = std::move(name), .exec = {}});
    interface_counts_.push_back(0);
    return NodeId{static_cast<std::uint32_t>(topology_.nodes.size() - 1)};
  }
  void add_nodes(std::uint32_t count) {
    for (std::uint32_t i = 1; i <= count; ++i) add_node('n' + std::to_string(i));
  }
  void link(NodeId from, NodeId to) {
    Link& link = topology_.links.emplace_back();
    link.ends = {next_endpoint(from), next_endpoint(to)};
  }
  void link(std::uint32_t from, std::uint32_t to) { link(NodeId{from}, NodeId{to}); }

  Topology topology() && { return std::move(topology_); }

 private:
  Endpoint next_endpoint(NodeId node) {
    Endpoint end;
    end.node = node;
    end.interface = "eth" + std::to_string(++interface_counts_[engine::value_of(node)]);
    return end;
  }

  Topology topology_;
  std::vector<std::uint32_t> interface_counts_;
};

/// Random numbers that are the same everywhere: the standard fixes the engine's output, but not that of its
/// distributions.
class Random {
 public:
  explicit Random(std::uint64_t seed) : engine_{seed} {}

  /// Each number below the bound is equally likely.
  std::uint32_t below(std::uint32_t bound) {
    constexpr std::uint64_t most = std::mt19937_64::max();
    const std::uint64_t fair_limit = most - most % bound;
    std::uint64_t drawn = engine_();
    while (drawn >= fair_limit) drawn = engine_();
    return static_cast<std::uint32_t>(drawn % bound);
  }

 private:
  std::mt19937_64 engine_;
};

Topology generate_line(const GenerateOptions& options) {
  TopologyMaker maker;
  maker.add_nodes(options.nodes);
  for (std::uint32_t i = 0; i + 1 < options.nodes; ++i) maker.link(i, i + 1);
  return std::move(maker).topology();
}

Topology generate_ring(const GenerateOptions& options) {
  TopologyMaker maker;
  maker.add_nodes(options.nodes);
  for (std::uint32_t i = 0; i < options.nodes; ++i) maker.link(i, (i + 1) % options.nodes);
  return std::move(maker).topology();
}

Topology generate_star(const GenerateOptions& options) {
  TopologyMaker maker;
  maker.add_nodes(options.nodes);
  for (std::uint32_t i = 1; i < options.nodes; ++i) maker.link(0, i);
  return std::move(maker).topology();
}

/// Rows and columns of a rectangle, as square as possible, with room for all nodes.
std::pair<std::uint32_t, std::uint32_t> rectangle(std::uint32_t nodes, std::uint32_t min_side) {
  const auto root = static_cast<std::uint32_t>(std::sqrt(static_cast<double>(nodes)));
  const std::uint32_t rows = std::max(min_side, root);
  const std::uint32_t columns = std::max(min_side, (nodes + rows - 1) / rows);
  return {rows, columns};
}

Topology generate_grid(const GenerateOptions& options) {
  const auto [rows, columns] = rectangle(options.nodes, 1);
  TopologyMaker maker;
  maker.add_nodes(rows * columns);
  for (std::uint32_t row = 0; row < rows; ++row) {
    for (std::uint32_t column = 0; column < columns; ++column) {
      const std::uint32_t node = row * columns + column;
      if (column + 1 < columns) maker.link(node, node + 1);
      if (row + 1 < rows) maker.link(node, node + columns);
    }
  }
  return std::move(maker).topology();
}

Topology generate_torus(const GenerateOptions& options) {
  const auto [rows, columns] = rectangle(options.nodes, 3);
  TopologyMaker maker;
  maker.add_nodes(rows * columns);
  for (std::uint32_t row = 0; row < rows; ++row) {
    for (std::uint32_t column = 0; column < columns; ++column) {
      const std::uint32_t node = row * columns + column;
      maker.link(node, row * columns + (column + 1) % columns);
      maker.link(node, (row + 1) % rows * columns + column);
    }
  }
  return std::move(maker).topology();
}

Topology generate_full_mesh(const GenerateOptions& options) {
  TopologyMaker maker;
  maker.add_nodes(options.nodes);
  for (std::uint32_t i = 0; i < options.nodes; ++i) {
    for (std::uint32_t j = i + 1; j < options.nodes; ++j) maker.link(i, j);
  }
  return std::move(maker).topology();
}

Topology generate_tree(const GenerateOptions& options) {
  TopologyMaker maker;
  maker.add_nodes(options.nodes);
  for (std::uint32_t i = 1; i < options.nodes; ++i) maker.link((i - 1) / options.degree, i);
  return std::move(maker).topology();
}

std::string role_name(std::string_view role, std::initializer_list<std::uint32_t> positions) {
  std::string name{role};
  for (const std::uint32_t position : positions) name += '-' + std::to_string(position + 1);
  return name;
}

/// One pod of a fat tree: aggregation switch i of every pod has links to the i-th group of core switches.
void add_pod(TopologyMaker& maker, std::uint32_t pod, std::uint32_t half, const std::vector<NodeId>& cores) {
  std::vector<NodeId> aggregation;
  for (std::uint32_t i = 0; i < half; ++i) {
    aggregation.push_back(maker.add_node(role_name("agg", {pod, i})));
    for (std::uint32_t j = 0; j < half; ++j) maker.link(cores[i * half + j], aggregation.back());
  }
  for (std::uint32_t i = 0; i < half; ++i) {
    const NodeId edge = maker.add_node(role_name("edge", {pod, i}));
    for (const NodeId upper : aggregation) maker.link(upper, edge);
    for (std::uint32_t j = 0; j < half; ++j) maker.link(edge, maker.add_node(role_name("host", {pod, i, j})));
  }
}

Topology generate_fat_tree(const GenerateOptions& options) {
  const auto nodes_of = [](std::uint64_t half) { return 5 * half * half + 2 * half * half * half; };
  std::uint32_t half = 1;  // k / 2
  while (nodes_of(half) < options.nodes) ++half;

  TopologyMaker maker;
  std::vector<NodeId> cores;
  cores.reserve(std::size_t{half} * half);
  for (std::uint32_t i = 0; i < half * half; ++i) cores.push_back(maker.add_node(role_name("core", {i})));
  for (std::uint32_t pod = 0; pod < 2 * half; ++pod) add_pod(maker, pod, half, cores);
  return std::move(maker).topology();
}

constexpr std::uint32_t hosts_of_leaf = 2;

std::uint32_t leaves_of(const GenerateOptions& options) {
  const std::uint32_t others = options.nodes - std::min(options.nodes, options.degree);
  return std::max(2U, (others + hosts_of_leaf) / (1 + hosts_of_leaf));
}

Topology generate_leaf_spine(const GenerateOptions& options) {
  const std::uint32_t leaves = leaves_of(options);
  TopologyMaker maker;
  for (std::uint32_t i = 0; i < options.degree; ++i) maker.add_node(role_name("spine", {i}));
  for (std::uint32_t i = 0; i < leaves; ++i) {
    const NodeId leaf = maker.add_node(role_name("leaf", {i}));
    for (std::uint32_t spine = 0; spine < options.degree; ++spine) maker.link(NodeId{spine}, leaf);
    for (std::uint32_t j = 0; j < hosts_of_leaf; ++j) maker.link(leaf, maker.add_node(role_name("host", {i, j})));
  }
  return std::move(maker).topology();
}

Topology generate_random(const GenerateOptions& options) {
  const std::uint64_t nodes = options.nodes;
  const std::uint64_t wanted = std::min(nodes * options.degree / 2, nodes * (nodes - 1) / 2);
  TopologyMaker maker;
  maker.add_nodes(options.nodes);
  Random random{options.seed};
  std::unordered_set<std::uint64_t> linked;
  const auto link_once = [&](std::uint32_t left, std::uint32_t right) {
    const auto [first, second] = std::minmax(left, right);
    if (first != second && linked.insert(first * nodes + second).second) maker.link(first, second);
  };
  for (std::uint32_t i = 1; i < options.nodes; ++i) link_once(random.below(i), i);  // a tree, so that all is connected
  while (linked.size() < wanted) {
    const std::uint32_t left = random.below(options.nodes);
    link_once(left, random.below(options.nodes));
  }
  return std::move(maker).topology();
}

/// A node is drawn with a probability in proportion to its links by drawing an end of a link.
Topology generate_scale_free(const GenerateOptions& options) {
  TopologyMaker maker;
  maker.add_nodes(options.nodes);
  Random random{options.seed};
  std::vector<std::uint32_t> ends;
  const auto link = [&](std::uint32_t from, std::uint32_t to) {
    maker.link(from, to);
    ends.insert(ends.end(), {from, to});
  };
  for (std::uint32_t i = 0; i <= options.degree; ++i) {
    for (std::uint32_t j = i + 1; j <= options.degree; ++j) link(i, j);
  }
  std::vector<std::uint32_t> chosen;
  for (std::uint32_t node = options.degree + 1; node < options.nodes; ++node) {
    chosen.clear();
    while (chosen.size() < options.degree) {
      const std::uint32_t candidate = ends[random.below(static_cast<std::uint32_t>(ends.size()))];
      if (std::ranges::find(chosen, candidate) == chosen.end()) chosen.push_back(candidate);
    }
    for (const std::uint32_t neighbour : chosen) link(neighbour, node);
  }
  return std::move(maker).topology();
}

constexpr std::uint32_t max_full_mesh_nodes = 2000;
constexpr std::uint32_t max_degree = 1000;

constexpr std::array<GeneratorKind, 11> all_kinds{{
    {"line", "a chain of nodes", generate_line, 1, max_generated_nodes},
    {"ring", "a closed chain", generate_ring, 3, max_generated_nodes},
    {"star", "a hub with a link to every other node", generate_star, 2, max_generated_nodes},
    {"grid", "a rectangle of nodes, each linked with those beside it", generate_grid, 1, max_generated_nodes},
    {"torus", "a grid whose edges are linked with the opposite ones", generate_torus, 1, max_generated_nodes},
    {"full-mesh", "a link between any two nodes", generate_full_mesh, 1, max_full_mesh_nodes},
    {"tree", "a tree with DEGREE children per node", generate_tree, 1, max_generated_nodes},
    {"fat-tree", "a three-level data-centre network of equal switches", generate_fat_tree, 1, max_generated_nodes},
    {"leaf-spine", "DEGREE spines, leaves linked with all of them, two hosts per leaf", generate_leaf_spine, 1,
     max_generated_nodes},
    {"random", "a connected random network with DEGREE links per node on average", generate_random, 1,
     max_generated_nodes},
    {"scale-free", "preferential attachment: few hubs, many nodes with DEGREE links", generate_scale_free, 2,
     max_generated_nodes},
}};

bool uses_degree(std::string_view kind) {
  constexpr std::array<std::string_view, 4> users{"tree", "leaf-spine", "random", "scale-free"};
  return std::ranges::find(users, kind) != users.end();
}

/// Of the kinds whose degree has no other bound.
std::uint64_t links_of(std::string_view kind, const GenerateOptions& options) {
  const std::uint64_t nodes = options.nodes;
  const std::uint64_t degree = options.degree;
  if (kind == "random") return std::min(nodes * degree / 2, nodes * (nodes - 1) / 2);
  if (kind == "scale-free") return nodes * degree;
  if (kind == "leaf-spine") return leaves_of(options) * (degree + 2);
  return 0;
}

const GeneratorKind* find_generator(std::string_view kind) {
  const auto* const found = std::ranges::find_if(all_kinds, [&](const auto& known) { return known.name == kind; });
  return found == all_kinds.end() ? nullptr : found;
}

std::string digits_of(std::uint64_t number) { return std::to_string(number); }

}  // namespace

std::span<const GeneratorKind> generator_kinds() noexcept { return all_kinds; }

std::string reason_against(std::string_view kind, const GenerateOptions& options) {
  const GeneratorKind* const found = find_generator(kind);
  if (found == nullptr) return "no such kind";
  const std::string name{kind};
  if (options.nodes < found->minimum_nodes) return name + " has at least " + digits_of(found->minimum_nodes) + " nodes";
  if (options.nodes > found->maximum_nodes) return name + " has at most " + digits_of(found->maximum_nodes) + " nodes";
  if (!uses_degree(kind)) return {};
  if (options.degree == 0 || options.degree > max_degree) return "the degree must be 1 to " + digits_of(max_degree);
  if (kind == "scale-free" && options.degree >= options.nodes) return "the degree must be below the number of nodes";
  const std::uint64_t links = links_of(kind, options);
  if (links <= max_generated_links) return {};
  return "these are " + digits_of(links) + " links, and at most " + digits_of(max_generated_links) + " are generated";
}

boost::system::result<Topology> generate(std::string_view kind, const GenerateOptions& options) {
  if (!reason_against(kind, options).empty()) {
    return boost::system::errc::make_error_code(boost::system::errc::invalid_argument);
  }
  Topology topology = find_generator(kind)->generate(options);
  topology.name = kind;
  return topology;
}

}  // namespace netherd::lab
