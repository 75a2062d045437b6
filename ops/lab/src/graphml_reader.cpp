#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <pugixml.hpp>
#include <string>
#include <unordered_map>

#include "graph_builder.hpp"
#include "number.hpp"
#include "read_format.hpp"
#include "utf8.hpp"

namespace netherd::lab {

namespace {

std::string_view view_of(const pugi::char_t* text) { return text; }

/// Names of elements without the prefix of their namespace: "y:NodeLabel" is "NodeLabel".
std::string_view local_name(pugi::xml_node element) {
  const std::string_view name = element.name();
  const std::size_t colon = name.find(':');
  return colon == std::string_view::npos ? name : name.substr(colon + 1);
}

pugi::xml_node child_named(pugi::xml_node parent, std::string_view name) {
  return parent.find_child([&](pugi::xml_node child) { return local_name(child) == name; });
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view white_space = " \t\r\n";
  text.remove_prefix(std::min(text.size(), text.find_first_not_of(white_space)));
  return text.substr(0, text.find_last_not_of(white_space) + 1);
}

bool equal_ignoring_case(std::string_view left, std::string_view right) {
  return std::ranges::equal(left, right, [](char a, char b) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
    return lower(a) == lower(b);
  });
}

/// Tells the line of a position in the text.
class LineIndex {
 public:
  explicit LineIndex(std::string_view text) {
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (text[i] == '\n') ends_.push_back(i);
    }
  }
  SourceLine line_at(std::ptrdiff_t offset) const {
    if (offset < 0) return SourceLine::none;
    const auto before = std::ranges::lower_bound(ends_, static_cast<std::size_t>(offset)) - ends_.begin();
    return SourceLine{static_cast<std::uint32_t>(before + 1)};
  }
  SourceLine line_of(pugi::xml_node element) const { return line_at(element.offset_debug()); }

 private:
  std::vector<std::size_t> ends_;
};

/// A <key>: what <data> elements with its id mean, and what counts for elements without any.
struct DataKey {
  std::string_view id;
  std::string_view standard;
  [[nodiscard]] bool exists() const noexcept { return !id.empty(); }
};

class GraphmlReader {
 public:
  GraphmlReader(const pugi::xml_document& document, const LineIndex& lines, Reading& reading)
      : document_{document}, lines_{lines}, reading_{reading}, graph_{reading} {}

  void read() && {
    const pugi::xml_node root = document_.document_element();
    if (local_name(root) != "graphml") {
      report(root, "the document's element is <{}>{}: <graphml> is expected", root.name(),
             local_name(root) == "scenario" ? ", as in a scenario of CORE" : "");
      return;
    }
    const pugi::xml_node graph = child_named(root, "graph");
    if (!graph) {
      error(root, "there is no <graph>");
      return;
    }
    directed_ = view_of(graph.attribute("edgedefault").value()) == "directed";
    read_keys(root);
    read_graph(graph);
    const pugi::xml_node second =
        root.find_child([&](pugi::xml_node child) { return local_name(child) == "graph" && child != graph; });
    if (second) reading_.warnings.add(lines_.line_of(second), "this is a second <graph>: only the first one is read");
    if (reading_.topology.nodes.empty() && reading_.errors.empty()) error(graph, "the graph has no nodes");
    graph_.report_warnings();
  }

 private:
  void error(pugi::xml_node at, std::string_view text) { reading_.errors.add(lines_.line_of(at), text); }
  template <typename... Values>
  void report(pugi::xml_node at, fmt::format_string<findings_detail::Shown<Values>...> text, const Values&... values) {
    reading_.errors.report(lines_.line_of(at), text, values...);
  }

  /// GraphML declares what its <data> elements mean. What matters here is the label of nodes, for which igraph and
  /// others say "name", and the weight of edges. A key without `for` is one for everything.
  void read_keys(pugi::xml_node root) {
    for (const pugi::xml_node key : root.children()) {
      if (local_name(key) != "key") continue;
      const std::string_view target = key.attribute("for").value();
      const bool for_all = target.empty() || target == "all";
      if (for_all || target == "node") {
        note_key(key, "label", label_key_);
        note_key(key, "name", name_key_);
        const bool graphics = view_of(key.attribute("yfiles.type").value()) == "nodegraphics";
        if (graphics) graphics_key_ = {.id = key.attribute("id").value(), .standard = {}};
      }
      if (for_all || target == "edge") note_key(key, "weight", weight_key_);
    }
  }

  /// The first key of a name counts.
  static void note_key(pugi::xml_node key, std::string_view name, DataKey& noted) {
    const std::string_view id = key.attribute("id").value();
    const pugi::xml_attribute given_name = key.attribute("attr.name");
    if (!equal_ignoring_case(given_name ? view_of(given_name.value()) : id, name)) return;
    if (noted.exists()) return;
    noted = {.id = id, .standard = trimmed(child_named(key, "default").text().get())};
  }

  void read_graph(pugi::xml_node graph) {
    for (const pugi::xml_node element : graph.children()) {
      if (local_name(element) == "node") read_node(element);
      if (local_name(element) == "hyperedge") error(element, "hyperedges are not supported");
    }
    for (const pugi::xml_node element : graph.children()) {
      if (local_name(element) == "edge") read_edge(element);
    }
  }

  static std::string_view data_of(pugi::xml_node element, const DataKey& key) {
    const pugi::xml_node data = data_element(element, key);
    return data ? trimmed(data.text().get()) : key.standard;
  }
  static pugi::xml_node data_element(pugi::xml_node element, const DataKey& key) {
    if (!key.exists()) return {};
    return element.find_child([&](pugi::xml_node child) {
      return local_name(child) == "data" && view_of(child.attribute("key").value()) == key.id;
    });
  }

  /// The label where the Topology Zoo has it, or where yEd has it, or igraph.
  std::string_view label_of(pugi::xml_node node) const {
    const std::string_view label = data_of(node, label_key_);
    if (!label.empty()) return label;
    const pugi::xml_node graphics = data_element(node, graphics_key_);
    const pugi::xml_node in_graphics =
        graphics.find_node([](pugi::xml_node element) { return local_name(element) == "NodeLabel"; });
    const std::string_view drawn = trimmed(in_graphics.text().get());
    return drawn.empty() ? data_of(node, name_key_) : drawn;
  }

  void read_node(pugi::xml_node element) {
    const std::string_view id = element.attribute("id").value();
    if (id.empty()) return error(element, "<node>: needs the attribute 'id'");
    if (child_named(element, "graph")) return report(element, "node '{}': graphs in nodes are not supported", id);
    const auto [node, is_new] = nodes_.try_emplace(id);
    if (!is_new) return report(element, "node '{}': there is one of that id already", id);
    node->second = graph_.add_node(label_of(element), id, lines_.line_of(element));
  }

  void read_edge(pugi::xml_node element) {
    const auto from = find_node(element, "source");
    const auto to = find_node(element, "target");
    if (!from || !to) return;
    // A directed graph may list each link twice, once for each direction.
    const std::string_view own = element.attribute("directed").value();
    const bool directed = own.empty() ? directed_ : own == "true";
    graph_.set_edges(directed ? GraphBuilder::Edges::in_both_lists : GraphBuilder::Edges::as_given);
    Link* const link = graph_.add_link(*from, *to, lines_.line_of(element));
    if (link) read_weight(element, *link);
  }

  std::optional<NodeId> find_node(pugi::xml_node edge, const char* attribute) {
    const std::string_view id = edge.attribute(attribute).value();
    const auto found = nodes_.find(id);
    if (found != nodes_.end()) return found->second;
    if (id.empty()) {
      report(edge, "<edge>: needs the attribute '{}'", attribute);
    } else {
      report(edge, "edge: its {} '{}' is not a node", attribute, id);
    }
    return std::nullopt;
  }

  void read_weight(pugi::xml_node element, Link& link) {
    const std::string_view text = data_of(element, weight_key_);
    if (text.empty()) return;
    if (!parse_number(text, link.weight)) report(element, "weight '{}': must be a number", text);
  }

  const pugi::xml_document& document_;
  const LineIndex& lines_;
  Reading& reading_;
  GraphBuilder graph_;
  bool directed_ = false;
  DataKey label_key_;
  DataKey name_key_;
  DataKey graphics_key_;
  DataKey weight_key_;
  std::unordered_map<std::string_view, NodeId> nodes_;  ///< by id
};

bool declares_entities(const pugi::xml_document& document) {
  const pugi::xml_node declaration =
      document.find_child([](pugi::xml_node child) { return child.type() == pugi::node_doctype; });
  return std::strchr(declaration.value(), '[') != nullptr;
}

}  // namespace

void read_graphml(std::string_view text, Reading& reading) {
  const LineIndex lines{text};
  pugi::xml_document document;
  const auto parsed = document.load_buffer(text.data(), text.size(), pugi::parse_default | pugi::parse_doctype);
  if (!parsed) {
    reading.errors.report(lines.line_at(parsed.offset), "XML syntax: {}", parsed.description());
  } else if (const auto invalid = find_invalid_utf8(text); parsed.encoding == pugi::encoding_utf8 && invalid) {
    reading.errors.add(lines.line_at(static_cast<std::ptrdiff_t>(*invalid)), "this is not UTF-8 text");
  } else if (declares_entities(document)) {
    reading.errors.add(SourceLine{1}, "a document type with declarations of its own is not supported");
  } else {
    GraphmlReader{document, lines, reading}.read();
  }
}

}  // namespace netherd::lab
