#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <unordered_map>

#include "edge_list_shape.hpp"
#include "graph_builder.hpp"
#include "number.hpp"
#include "read_format.hpp"
#include "text_lines.hpp"
#include "utf8.hpp"

namespace netherd::lab {

namespace {

/// The value of `weight` in what networkx writes behind an edge: {'colour': 'red', 'weight': 2.5}. Empty if there is
/// none.
std::string_view weight_in_attributes(std::string_view attributes) noexcept {
  for (const std::string_view key : {"'weight':", "\"weight\":"}) {
    const std::size_t at = attributes.find(key);
    if (at == std::string_view::npos) continue;
    attributes.remove_prefix(at + key.size());
    attributes.remove_prefix(std::min(attributes.size(), attributes.find_first_not_of(' ')));
    return attributes.substr(0, attributes.find_first_of(",} "));
  }
  return {};
}

class EdgeListReader {
 public:
  explicit EdgeListReader(Reading& reading) : reading_{reading}, graph_{reading} {}

  void read(std::string_view text) && {
    shape_ = find_shape(text);
    if (shape_.header != SourceLine::none) {
      reading_.warnings.report(shape_.header, "this line is taken for the names of the columns");
    }
    graph_.set_edges(shape_.time ? GraphBuilder::Edges::repeated : GraphBuilder::Edges::in_both_lists);
    TextLines lines{text};
    while (const auto line = lines.next()) {
      if (line->number != shape_.header && !is_comment_line(line->text)) read_line(*line);
    }
    if (reading_.topology.nodes.empty() && reading_.errors.empty()) {
      reading_.errors.add(SourceLine::none, "there are no edges in it");
    }
    if (shape_.time) {
      reading_.warnings.report(SourceLine::none, "column {} holds times: each pair of nodes becomes one link",
                               *shape_.time + 1);
    }
    graph_.report_warnings();
  }

 private:
  void read_line(const TextLine& line) {
    const auto attributes = find_attributes(line.text);
    const EdgeFields fields = split_edge(line.text.substr(0, attributes.value_or(line.text.size())), shape_.separator);
    if (!has_expected_fields(fields, attributes.has_value())) return refuse(line, fields.count);
    const NodeId from = find_or_add(fields.text[shape_.from], line.number);
    const NodeId to = find_or_add(fields.text[shape_.to], line.number);
    Link* const link = graph_.add_link(from, to, line.number);
    if (!link) return;
    if (attributes) {
      read_weight(weight_in_attributes(line.text.substr(*attributes)), line.number, *link);
    } else if (shape_.weight && *shape_.weight < fields.count) {
      read_weight(fields.text[*shape_.weight], line.number, *link);
    }
  }

  bool has_expected_fields(const EdgeFields& fields, bool attributes) const {
    if (fields.count <= std::max(shape_.from, shape_.to)) return false;
    const bool many = shape_.header == SourceLine::none && fields.count > (attributes ? 2 : shape_.last_column() + 1);
    return !many && !fields.text[shape_.from].empty() && !fields.text[shape_.to].empty();
  }

  void refuse(const TextLine& line, std::size_t fields) {
    if (fields > 3) {
      return reading_.errors.report(
          line.number,
          "edge: there are {} columns, and more than two nodes and a weight: name them in a first line, such as "
          "'source,target,weight', or leave the others out; a list of neighbours has to become one of edges",
          fields);
    }
    reading_.errors.report(line.number,
                           "edge: must be two nodes, and a weight if there is one, with spaces, commas or semicolons "
                           "between them, the same in all lines");
  }

  void read_weight(std::string_view text, SourceLine line, Link& link) {
    if (text.empty() || parse_number(text, link.weight)) return;
    std::string with_point{shortened(text, FindingList::max_part)};
    std::ranges::replace(with_point, ',', '.');  // where fields are separated by ';', as spreadsheets do it
    if (shape_.separator == ';' && parse_number(with_point, link.weight)) return;
    reading_.errors.report(line, "weight '{}': must be a number", text);
  }

  NodeId find_or_add(std::string_view label, SourceLine line) {
    const auto [node, is_new] = nodes_.try_emplace(label);
    if (is_new) node->second = graph_.add_node(shape_.separator == ' ' ? with_spaces(label) : label, "node", line);
    return node->second;
  }

  /// Where blanks are between the fields, names have none: Rocketfuel writes "New+York,+NY4101".
  std::string_view with_spaces(std::string_view label) {
    scratch_.assign(label);
    std::ranges::replace(scratch_, '+', ' ');
    return scratch_;
  }

  Reading& reading_;
  GraphBuilder graph_;
  EdgeListShape shape_;
  std::unordered_map<std::string_view, NodeId> nodes_;
  std::string scratch_;
};

}  // namespace

void read_edge_list(std::string_view text, Reading& reading) {
  if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
  if (const auto invalid = find_invalid_utf8(text)) {
    const auto lines_before = std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(*invalid), '\n');
    reading.errors.add(SourceLine{static_cast<std::uint32_t>(lines_before + 1)}, "this is not UTF-8 text");
  } else if (text.starts_with("%%MatrixMarket")) {
    reading.errors.add(SourceLine{1},
                       "this is a matrix in the format of MatrixMarket: write its entries as a list of "
                       "edges, without the line of sizes");
  } else {
    EdgeListReader{reading}.read(text);
  }
}

}  // namespace netherd::lab
