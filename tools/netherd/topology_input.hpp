#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "console.hpp"
#include "netherd/lab/reader.hpp"
#include "netherd/lab/topology.hpp"

namespace netherd::tools {

/// Larger input is refused: nobody has a topology of that size, and reading it would take all memory.
inline constexpr std::size_t max_input_bytes = 256U << 20U;

/// Which topology is meant, and what of it the command line overrides.
struct TopologyInput {
  std::string file{};  ///< "-": standard input
  std::string format{};
  std::string name{};
  std::string routing{};
  std::string ipv4_pool{};
  std::string ipv6_pool{};
  std::string ipv6{};  ///< "on" or "off"
};

/// Overrides a topology's options by those given; false if one of them is invalid, which has then been said.
[[nodiscard]] bool override_options(const TopologyInput& input, lab::Topology& topology, Console& console);

/// Whether "LAB or FILE" can be a file: standard input, or a file of that name.
[[nodiscard]] bool is_file(const std::string& path) noexcept;

/// Whether a name can only be meant as that of a file: no lab is called so, or nobody calls a lab so.
[[nodiscard]] bool looks_like_file(std::string_view name) noexcept;

/// Reads a whole file, or standard input. What fails is said, and nothing is returned.
[[nodiscard]] std::optional<std::string> read_input(const std::string& file, Console& console);

/// Reads the topology and overrides its options; no addresses are assigned yet. All errors are said, with file and
/// line, and then nothing is returned: the exit status is ExitStatus::invalid.
[[nodiscard]] std::optional<lab::Topology> load_topology(const TopologyInput& input, Console& console);

/// Assigns addresses; false if that is not possible, which has then been said.
[[nodiscard]] bool assign_addresses(lab::Topology& topology, Console& console);

}  // namespace netherd::tools
