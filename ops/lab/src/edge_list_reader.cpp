#include "edge_list_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <unordered_map>

#include "graph_builder.hpp"
#include "number.hpp"
#include "read_format.hpp"
#include "text_lines.hpp"
#include "utf8.hpp"

namespace netherd::lab {

namespace {

constexpr std::string_view blanks = " \t";
/// Of a file that is no list of edges at all, every line is an error.
constexpr std::size_t most_errors = 10'000;

/// The words of a line, of which no edge has more than three: `count` is four if there are more.
struct Words {
  std::array<std::string_view, 3> text;
  std::size_t count = 0;
};

Words split(std::string_view line) noexcept {
  Words words;
  while (words.count <= words.text.size()) {
    const std::size_t start = line.find_first_not_of(blanks);
    if (start == std::string_view::npos) break;
    line.remove_prefix(start);
    const std::string_view word = line.substr(0, line.find_first_of(blanks));
    if (words.count < words.text.size()) words.text[words.count] = word;
    ++words.count;
    line.remove_prefix(word.size());
  }
  return words;
}

bool is_number(std::string_view text) noexcept {
  double unused = 0;
  return parse_number(text, unused);
}

/// '#' as SNAP and Rocketfuel have it, '%' as KONECT does.
bool is_comment(std::string_view word) noexcept { return word.starts_with('#') || word.starts_with('%'); }

/// An edge, and neither YAML nor JSON nor a setting of some program.
bool is_unmistakable_edge(const Words& words) noexcept {
  const auto is_plain = [](std::string_view word) {
    return word.find_first_of(":\"'{}[]=<>*&!|") == std::string_view::npos && !word.starts_with('-');
  };
  return words.count >= 2 && words.count <= 3 && is_plain(words.text[0]) && is_plain(words.text[1]) &&
         (words.count == 2 || is_number(words.text[2]));
}

class EdgeListReader {
 public:
  explicit EdgeListReader(ReadResult& result) : result_{result}, graph_{result} {
    graph_.set_edges(GraphBuilder::Edges::in_both_lists);
  }

  void read(std::string_view text) && {
    TextLines lines{text};
    while (const auto line = lines.next()) {
      if (result_.errors.size() == most_errors) {
        error(line->number, "there are too many errors to read on from here");
        break;
      }
      read_line(*line);
    }
    if (result_.topology.nodes.empty() && result_.errors.empty()) {
      error(SourceLine::none, "there are no edges in it");
    }
    graph_.report_warnings();
  }

 private:
  void error(SourceLine line, std::string text) { result_.errors.push_back({line, std::move(text)}); }

  void read_line(const TextLine& line) {
    const Words words = split(line.text);
    if (words.count == 0 || is_comment(words.text[0])) return;
    if (words.count == 1 || words.count > 3) {
      return error(line.number, "edge: must be two nodes, and a weight if there is one, with spaces between them");
    }
    const NodeId from = find_or_add(words.text[0], line.number);
    const NodeId to = find_or_add(words.text[1], line.number);
    Link* const link = graph_.add_link(from, to, line.number);
    if (words.count == 2 || !link) return;
    if (!parse_number(words.text[2], link->weight)) {
      error(line.number, fmt::format("weight '{}': must be a number", words.text[2]));
    }
  }

  NodeId find_or_add(std::string_view label, SourceLine line) {
    const auto [node, is_new] = nodes_.try_emplace(label);
    if (is_new) node->second = graph_.add_node(with_spaces(label), "node", line);
    return node->second;
  }

  /// Names cannot have spaces in them here: Rocketfuel writes "New+York,+NY4101".
  static std::string with_spaces(std::string_view label) {
    std::string text{label};
    std::ranges::replace(text, '+', ' ');
    return text;
  }

  ReadResult& result_;
  GraphBuilder graph_;
  std::unordered_map<std::string_view, NodeId> nodes_;
};

}  // namespace

/// Two words alone may be anything.
bool looks_like_edge_list(std::string_view text) noexcept {
  constexpr std::size_t enough = 3;
  std::size_t edges = 0;
  TextLines lines{text};
  while (const auto line = lines.next()) {
    const Words words = split(line->text);
    if (words.count == 0 || is_comment(words.text[0])) continue;
    if (!is_unmistakable_edge(words)) return false;
    if (++edges == enough) return true;
  }
  return edges > 1;
}

void read_edge_list(std::string_view text, ReadResult& result) {
  if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
  if (const auto invalid = find_invalid_utf8(text)) {
    const auto lines_before = std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(*invalid), '\n');
    result.errors.push_back({SourceLine{static_cast<std::uint32_t>(lines_before + 1)}, "this is not UTF-8 text"});
    return;
  }
  EdgeListReader{result}.read(text);
}

}  // namespace netherd::lab
