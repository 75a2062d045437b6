#include "netherd/lab/reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <unordered_set>

#include "edge_list_shape.hpp"
#include "findings.hpp"
#include "netherd/lab/topology.hpp"
#include "read_format.hpp"
#include "text_lines.hpp"
#include "validation.hpp"

namespace netherd::lab {

namespace {

constexpr std::string_view white_space = " \t\r\n";

std::string_view content_of(std::string_view text) {
  if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
  text.remove_prefix(std::min(text.size(), text.find_first_not_of(white_space)));
  return text;
}

/// The file's name without folders and endings, made a valid name for a lab.
std::string lab_name_of(std::string_view source) {
  source.remove_prefix(std::min(source.size(), source.find_last_of('/') + 1));
  for (const std::string_view ending : {".yml", ".yaml", ".json", ".graphml", ".xml", ".txt", ".clab"}) {
    if (source.ends_with(ending)) source.remove_suffix(ending.size());
  }
  std::string name{source.substr(0, 64)};
  std::ranges::replace_if(name, [](char c) { return !is_valid_lab_name(std::string{'x', c}); }, '-');
  name.erase(0, name.find_first_not_of("-."));
  return name.empty() ? "lab" : name;
}

struct Line {
  SourceLine number;
  std::string_view text;
};

/// The first line for which `matches` is true, comments left out, without its indentation.
template <typename Predicate>
std::optional<Line> find_line(std::string_view text, Predicate&& matches) {
  for (std::uint32_t number = 1; !text.empty(); ++number) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    line.remove_prefix(std::min(line.size(), line.find_first_not_of(white_space)));
    const Line found{SourceLine{number}, line};
    if (!line.starts_with('#') && matches(found)) return found;
  }
  return std::nullopt;
}

bool is_kathara_line(std::string_view line) {
  if (line.starts_with("LAB_") && line.find('=') != std::string_view::npos) return true;
  const std::size_t bracket = line.find('[');
  const std::size_t equals = line.find("]=");
  return bracket != std::string_view::npos && bracket > 0 && equals != std::string_view::npos && bracket < equals &&
         line.find_first_of(" :\"") > equals;
}

bool is_core_line(std::string_view line) {
  return (line.starts_with("node n") || line.starts_with("link l")) && line.find(" {") != std::string_view::npos;
}

/// Formats of other tools that people may try, each known by its first line of content.
std::string_view foreign_format(std::string_view line) {
  if (is_kathara_line(line)) return "a lab.conf of Kathara";
  if (is_core_line(line)) return "a configuration file of CORE (.imn)";
  const auto starts_with_word = [&](std::string_view word) {
    return line.starts_with(word) && line.substr(word.size()).find_first_not_of(" \t\r[{") == std::string_view::npos;
  };
  if (starts_with_word("graph [") || line.starts_with("Creator \"")) return "a graph in GML";
  if (line.starts_with("*Vertices") || line.starts_with("*vertices") || line.starts_with("*Network")) {
    return "a graph of Pajek";
  }
  const bool opens = line.find('{') != std::string_view::npos;
  if (opens && (line.starts_with("graph ") || line.starts_with("digraph ") || line.starts_with("strict "))) {
    return "a graph of Graphviz (DOT)";
  }
  return {};
}

std::optional<Finding> recognise_foreign(std::string_view text) {
  const auto first = find_line(text, [](const Line& line) { return !line.text.empty(); });
  const std::string_view format = first ? foreign_format(first->text) : std::string_view{};
  if (format.empty()) return std::nullopt;
  return Finding{first->number,
                 fmt::format("this looks like {}: netherd reads containerlab topology files, GraphML and edge lists{}",
                             format, format.starts_with("a graph") ? "; networkx and others write GraphML" : "")};
}

/// Of Go and Jinja, of Jinja, of envsubst and the like.
constexpr std::array<std::string_view, 3> template_markers{"{{", "{%", "${"};

std::string_view marker_in(std::string_view line) {
  std::string_view first;
  std::size_t at = line.size();
  for (const std::string_view marker : template_markers) {
    if (const std::size_t found = line.find(marker); found < at) {
      first = marker;
      at = found;
    }
  }
  return first;
}

/// A topology file that is wrong because it is the template of one. A marker in a line that is otherwise fine, such as
/// the argument of a command, is none of our business.
std::optional<Finding> find_template_marker(std::string_view text, const std::vector<Finding>& errors) {
  std::unordered_set<SourceLine> wrong_lines;
  for (const Finding& error : errors) wrong_lines.insert(error.line);
  if (wrong_lines.empty()) return std::nullopt;
  const auto marked = find_line(
      text, [&](const Line& line) { return wrong_lines.contains(line.number) && !marker_in(line.text).empty(); });
  if (!marked) return std::nullopt;
  const std::string_view marker = marker_in(marked->text);
  const std::string_view remedy = marker == "${" ? "this variable is not set in the environment, and has no default"
                                                 : "this is the template of a topology file, expand it first";
  return Finding{marked->number, fmt::format("template marker '{}': {}", marker, remedy)};
}

void read(std::string_view text, Format format, const Environment& environment, Reading& reading) {
  switch (format) {
    case Format::containerlab:
      return read_containerlab(text, environment, reading);
    case Format::graphml:
      return read_graphml(text, reading);
    case Format::edges:
      return read_edge_list(text, reading);
  }
}

}  // namespace

std::optional<Format> parse_format(std::string_view text) noexcept {
  if (text == "containerlab") return Format::containerlab;
  if (text == "graphml") return Format::graphml;
  if (text == "edges") return Format::edges;
  return std::nullopt;
}

Format recognise_format(std::string_view text) noexcept {
  const std::string_view content = content_of(text);
  if (content.starts_with('<')) return Format::graphml;
  return looks_like_edge_list(content) ? Format::edges : Format::containerlab;
}

ReadResult read_topology(std::string_view text, std::string_view source, std::optional<Format> format,
                         const Environment& environment) {
  Reading reading;
  reading.topology.source = source;
  reading.topology.name = lab_name_of(source);
  std::optional<Finding> whole = format ? std::nullopt : recognise_foreign(text);
  if (!whole) {
    read(text, format.value_or(recognise_format(text)), environment, reading);
    find_faults(reading.topology, reading.errors, reading.warnings);
    whole = find_template_marker(reading.expanded.empty() ? text : reading.expanded, reading.errors.kept());
  }
  ReadResult result;
  result.topology = std::move(reading.topology);
  result.errors = std::move(reading.errors).take(max_shown_findings, "errors");
  result.warnings = std::move(reading.warnings).take(max_shown_findings, "warnings");
  if (whole) result.errors.insert(result.errors.begin(), *std::move(whole));
  return result;
}

}  // namespace netherd::lab
