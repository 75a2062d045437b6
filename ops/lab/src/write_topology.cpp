#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <string>
#include <unordered_map>
#include <vector>

#include "exec_layout.hpp"
#include "netherd/lab/reader.hpp"
#include "utf8.hpp"
#include "yaml_document.hpp"

namespace netherd::lab {

namespace {

using Buffer = fmt::memory_buffer;

template <typename... Values>
void put(Buffer& out, fmt::format_string<Values...> text, Values&&... values) {
  fmt::format_to(std::back_inserter(out), text, std::forward<Values>(values)...);
}

void put_text(Buffer& out, std::string_view text) { out.append(text.data(), text.data() + text.size()); }

void put_escaped(Buffer& out, char32_t code_point) {
  const auto value = static_cast<std::uint32_t>(code_point);
  value > 0xffff ? put(out, "\\U{:08x}", value) : put(out, "\\u{:04x}", value);
}

/// In quotes, as YAML has them. A dollar sign is written twice: one alone may begin a variable.
void put_quoted(Buffer& out, std::string_view text) {
  out.push_back('"');
  while (!text.empty()) {
    const Utf8Sequence sequence = first_utf8_sequence(text);
    const std::size_t size = std::max<std::size_t>(sequence.size, 1);
    const char character = text.front();
    if (character == '"' || character == '\\') {
      out.push_back('\\');
      out.push_back(character);
    } else if (character == '$') {
      put_text(out, "$$");
    } else if (sequence.size == 0 || is_invisible(sequence.code_point)) {
      put_escaped(out, sequence.size == 0 ? U'\ufffd' : sequence.code_point);
    } else {
      put_text(out, text.substr(0, size));
    }
    text.remove_prefix(size);
  }
  out.push_back('"');
}

/// Words and numbers that some reader of YAML takes for something else than text are quoted.
void put_name(Buffer& out, std::string_view name) {
  constexpr std::array<std::string_view, 11> words{"null", "true", "false", "yes", "no", "on",
                                                   "off",  "y",    "n",     "nan", "inf"};
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  const bool is_word = std::ranges::any_of(words, [&](std::string_view word) {
    return std::ranges::equal(name, word, [&](char a, char b) { return lower(a) == b; });
  });
  const char first = name.empty() ? '\0' : lower(name.front());
  if (first >= 'a' && first <= 'z' && !is_word) {
    put_text(out, name);
  } else {
    put_quoted(out, name);
  }
}

void put_options(Buffer& out, const LabOptions& options) {
  if (options.routing == Routing::none && !options.ipv4_pool && !options.ipv6_pool && options.ipv6) return;
  put_text(out, "netherd:\n");
  if (options.routing != Routing::none) put(out, "  routing: {}\n", to_string(options.routing));
  if (options.ipv4_pool) put(out, "  ipv4-pool: \"{}\"\n", options.ipv4_pool->to_string());
  if (options.ipv6_pool) put(out, "  ipv6-pool: \"{}\"\n", options.ipv6_pool->to_string());
  if (!options.ipv6) put_text(out, "  ipv6: off\n");
}

/// Writes lists of commands. Of those that stand in several places, the places behind the first one refer to it.
class ExecWriter {
 public:
  ExecWriter(Buffer& out, const Topology& topology, const ExecLayout& layout) : out_{out} {
    count(layout.defaults());
    for (const auto* sections : {&layout.kinds(), &layout.groups()}) {
      for (const ExecLayout::Section& section : *sections) count(section.lines);
    }
    for (std::uint32_t node = 0; node < topology.nodes.size(); ++node) {
      if (topology.nodes[node].exec.empty()) continue;
      for (const ExecList::Block& own : layout.entry_of(NodeId{node}).own) count(own);
    }
  }

  /// "exec:" and what belongs to it; `indent` is that of the key.
  void put_lists(std::string_view indent, const std::vector<ExecList::Block>& lists) {
    put(out_, "{}exec:", indent);
    if (lists.size() == 1) {
      const Reference reference = refer(lists.front().get(), "list", lists.front()->size() + 1);
      if (!reference.first) return put(out_, " *{}\n", reference.anchor);
      if (!reference.anchor.empty()) put(out_, " &{}", reference.anchor);
    }
    put_text(out_, "\n");
    for (const ExecList::Block& list : lists) {
      for (const ExecList::Line& line : *list) put_line(indent, line);
    }
  }

 private:
  struct Use {
    std::size_t places = 0;
    std::string anchor;
  };
  struct Reference {
    std::string_view anchor;  ///< empty: there is one place only
    bool first = true;
  };

  void count(const ExecList::Block& list) {
    if (!list || uses_[list.get()].places++ != 0) return;
    for (const ExecList::Line& line : *list) {
      if (is_worth_sharing(line)) ++uses_[line.get()].places;
    }
  }

  static bool is_worth_sharing(const ExecList::Line& line) { return line.use_count() > 1 && line->size() > 16; }

  Reference refer(const void* shared, std::string_view prefix, std::size_t size) {
    const auto found = uses_.find(shared);
    if (found == uses_.end() || found->second.places == 1) return {};
    Use& use = found->second;
    if (use.anchor.empty()) {
      use.anchor = fmt::format("{}-{}", prefix, ++anchors_);
      return {use.anchor, true};
    }
    if (aliased_ + size > YamlDocument::max_shared_nodes) return {};  // the reader would refuse more of them
    aliased_ += size;
    return {use.anchor, false};
  }

  void put_line(std::string_view indent, const ExecList::Line& line) {
    put(out_, "{}  - ", indent);
    const Reference reference = is_worth_sharing(line) ? refer(line.get(), "line", 1) : Reference{};
    if (!reference.first) return put(out_, "*{}\n", reference.anchor);
    if (!reference.anchor.empty()) put(out_, "&{} ", reference.anchor);
    put_quoted(out_, *line);
    put_text(out_, "\n");
  }

  Buffer& out_;
  std::unordered_map<const void*, Use> uses_;
  std::size_t anchors_ = 0;
  std::uint64_t aliased_ = 0;
};

void put_sections(Buffer& out, std::string_view key, const std::vector<ExecLayout::Section>& sections,
                  ExecWriter& writer) {
  if (sections.empty()) return;
  put(out, "  {}:\n", key);
  for (const ExecLayout::Section& section : sections) {
    put(out, "    {}:\n", section.name);
    writer.put_lists("      ", {section.lines});
  }
}

void put_node(Buffer& out, const Node& node, const ExecLayout::NodeEntry& entry, ExecWriter& writer) {
  put_text(out, "    ");
  put_name(out, node.name);
  if (!entry.own.empty()) {
    put_text(out, ":\n");
    if (!entry.kind.empty()) put(out, "      kind: {}\n", entry.kind);
    if (!entry.group.empty()) put(out, "      group: {}\n", entry.group);
    writer.put_lists("      ", entry.own);
  } else if (entry.kind.empty() && entry.group.empty()) {
    put_text(out, ":\n");
  } else if (entry.kind.empty()) {
    put(out, ": {{group: {}}}\n", entry.group);
  } else if (entry.group.empty()) {
    put(out, ": {{kind: {}}}\n", entry.kind);
  } else {
    put(out, ": {{kind: {}, group: {}}}\n", entry.kind, entry.group);
  }
}

void put_nodes(Buffer& out, const Topology& topology) {
  const ExecLayout layout{topology};
  ExecWriter writer{out, topology, layout};
  if (layout.defaults()) {
    put_text(out, "  defaults:\n");
    writer.put_lists("    ", {layout.defaults()});
  }
  put_sections(out, "kinds", layout.kinds(), writer);
  put_sections(out, "groups", layout.groups(), writer);
  put_text(out, "  nodes:\n");
  for (std::uint32_t node = 0; node < topology.nodes.size(); ++node) {
    if (layout.is_written(NodeId{node})) put_node(out, topology.nodes[node], layout.entry_of(NodeId{node}), writer);
  }
}

/// Writes the links, each on one line.
class LinkWriter {
 public:
  LinkWriter(Buffer& out, const Topology& topology) : out_{out}, topology_{topology} {}

  void write(const Link& link) {
    const bool is_long = needs_long_form(link);
    const bool is_plain = !is_long && link.mtu == 0 && link.weight == 1 && link.ends[0].addresses.empty() &&
                          link.ends[1].addresses.empty();
    put_text(out_, is_plain ? "    - " : "    - {");
    is_long ? put_long_endpoints(link) : put_short_endpoints(link);
    if (link.mtu != 0) put(out_, ", mtu: {}", link.mtu);
    if (link.weight != 1) put(out_, ", netherd: {{weight: {}}}", link.weight);
    put_text(out_, is_plain ? "\n" : "}\n");
  }

 private:
  static std::size_t count(const Endpoint& end, bool v4) {
    return static_cast<std::size_t>(
        std::ranges::count_if(end.addresses, [v4](const ops::IpPrefix& address) { return address.is_v4() == v4; }));
  }

  /// The short form has room for one address of each family at each end.
  static bool needs_long_form(const Link& link) {
    return std::ranges::any_of(
        link.ends, [](const Endpoint& end) { return end.mac || count(end, true) > 1 || count(end, false) > 1; });
  }

  void put_short_endpoints(const Link& link) {
    put_text(out_, "endpoints: [");
    put_endpoint_name(link.ends[0]);
    put_text(out_, ", ");
    put_endpoint_name(link.ends[1]);
    put_text(out_, "]");
    put_address_pair("ipv4", link, true);
    put_address_pair("ipv6", link, false);
  }

  void put_endpoint_name(const Endpoint& end) {
    const std::string& node = topology_.node(end.node).name;
    scratch_.assign(node).append(1, ':').append(end.interface);
    put_quoted(out_, scratch_);
  }

  void put_address_pair(std::string_view key, const Link& link, bool v4) {
    if (count(link.ends[0], v4) + count(link.ends[1], v4) == 0) return;
    put(out_, ", {}: [", key);
    put_first_address(link.ends[0], v4);
    put_text(out_, ", ");
    put_first_address(link.ends[1], v4);
    put_text(out_, "]");
  }

  void put_first_address(const Endpoint& end, bool v4) {
    const auto found =
        std::ranges::find_if(end.addresses, [v4](const ops::IpPrefix& address) { return address.is_v4() == v4; });
    put(out_, "\"{}\"", found == end.addresses.end() ? std::string{} : found->to_string());
  }

  void put_long_endpoints(const Link& link) {
    put_text(out_, "type: veth, endpoints: [");
    for (std::size_t i = 0; i < link.ends.size(); ++i) {
      const Endpoint& end = link.ends[i];
      put_text(out_, i == 0 ? "{node: " : ", {node: ");
      put_name(out_, topology_.node(end.node).name);
      put_text(out_, ", interface: ");
      put_quoted(out_, end.interface);
      if (end.mac) put(out_, ", mac: \"{}\"", end.mac->to_string());
      put_address_list("ipv4", end, true);
      put_address_list("ipv6", end, false);
      put_text(out_, "}");
    }
    put_text(out_, "]");
  }

  void put_address_list(std::string_view key, const Endpoint& end, bool v4) {
    if (count(end, v4) == 0) return;
    put(out_, ", {}: [", key);
    std::string_view separator;
    for (const ops::IpPrefix& address : end.addresses) {
      if (address.is_v4() != v4) continue;
      put(out_, "{}\"{}\"", separator, address.to_string());
      separator = ", ";
    }
    put_text(out_, "]");
  }

  Buffer& out_;
  const Topology& topology_;
  std::string scratch_;
};

}  // namespace

std::string write_topology(const Topology& topology) {
  Buffer out;
  put_text(out, "name: ");
  put_name(out, topology.name);
  put_text(out, "\n");
  put_options(out, topology.options);
  put_text(out, "topology:\n");
  put_nodes(out, topology);
  if (!topology.links.empty()) put_text(out, "  links:\n");
  LinkWriter links{out, topology};
  for (const Link& link : topology.links) links.write(link);
  return fmt::to_string(out);
}

}  // namespace netherd::lab
