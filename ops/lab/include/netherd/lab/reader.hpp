#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "netherd/lab/topology.hpp"

namespace netherd::lab {

enum class Format { containerlab, graphml, edges };

/// "containerlab", "graphml", "edges".
[[nodiscard]] std::optional<Format> parse_format(std::string_view text) noexcept;

/// What a reader made of a file. If there are errors the topology is not to be used.
struct ReadResult {
  Topology topology;
  std::vector<Finding> errors;
  std::vector<Finding> warnings;
};

/// The format of a text, recognised by its content: XML is GraphML, lines of two words (and perhaps a number) are a
/// list of edges, anything else is a containerlab topology file (YAML or JSON). A file in another tool's format is
/// refused by the reader, with the reason.
[[nodiscard]] Format recognise_format(std::string_view text) noexcept;

/// The value of a variable; nothing if it is not set.
using Environment = std::function<std::optional<std::string>(std::string_view name)>;

/// Reads a topology from text. `source` is the file's name as the user gave it ("-" for standard input): it stands in
/// messages, and its stem names the lab where the text does not. In a containerlab topology file `${NAME:-default}` and
/// the like are replaced as containerlab does it, by what `environment` says; `$$` stands for a dollar sign. All errors
/// are found in one pass, validate() included; beyond 100 errors or warnings a last one counts the others, and texts of
/// the file are shortened in them. Takes memory in proportion to the text. Reads nothing but `text`; needs no
/// privileges; throws nothing but std::bad_alloc and what `environment` throws.
[[nodiscard]] ReadResult read_topology(std::string_view text, std::string_view source,
                                       std::optional<Format> format = std::nullopt,
                                       const Environment& environment = {});

/// Writes a topology in the native format, one line per link, so that reading it gives an equal topology (but for the
/// lines and the source) whatever the environment. Lists of commands that nodes share are written once: what they
/// inherit under `defaults`, `kinds` and `groups`, whose names are made up. An endpoint's IPv4 addresses come before
/// its IPv6 addresses then.
[[nodiscard]] std::string write_topology(const Topology& topology);

}  // namespace netherd::lab
