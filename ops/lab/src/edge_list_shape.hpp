#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

#include "netherd/lab/topology.hpp"

namespace netherd::lab {

/// The fields of a line, quotes around them left out. Of more than there is room for, `count` still counts all.
struct EdgeFields {
  static constexpr std::size_t most = 16;
  std::array<std::string_view, most> text;
  std::size_t count = 0;
};

/// How the lines of a list of edges are to be read.
struct EdgeListShape {
  char separator = ' ';                  ///< ' ' stands for blanks, as many as there are
  SourceLine header = SourceLine::none;  ///< the line that names the columns
  std::size_t from = 0;
  std::size_t to = 1;
  std::optional<std::size_t> weight = 2;
  std::optional<std::size_t> time;  ///< each line is something that happened then: several of one pair are one link
  [[nodiscard]] std::size_t last_column() const noexcept;
};

/// Finds out by the first lines of a text, of which at least one has content.
[[nodiscard]] EdgeListShape find_shape(std::string_view text);

[[nodiscard]] EdgeFields split_edge(std::string_view line, char separator) noexcept;

/// No line of content: empty, or '#' as SNAP and Rocketfuel have it, or '%' as KONECT does.
[[nodiscard]] bool is_comment_line(std::string_view line) noexcept;

/// What networkx writes behind an edge: the position of "{...}" at the line's end.
[[nodiscard]] std::optional<std::size_t> find_attributes(std::string_view line) noexcept;

/// True if the text's first lines of content are edges, two names and perhaps numbers each, and look like nothing else
/// that netherd reads.
[[nodiscard]] bool looks_like_edge_list(std::string_view text) noexcept;

}  // namespace netherd::lab
