#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>

#include "netherd/lab/reader.hpp"

namespace netherd::lab {

namespace {

using Buffer = fmt::memory_buffer;

template <typename... Values>
void put(Buffer& out, fmt::format_string<Values...> text, Values&&... values) {
  fmt::format_to(std::back_inserter(out), text, std::forward<Values>(values)...);
}

void put_text(Buffer& out, std::string_view text) { out.append(text.data(), text.data() + text.size()); }

/// Quoted as both YAML and JSON have it.
void put_quoted(Buffer& out, std::string_view text) {
  out.push_back('"');
  for (const char character : text) {
    const auto byte = static_cast<unsigned char>(character);
    if (character == '"' || character == '\\') {
      out.push_back('\\');
      out.push_back(character);
    } else if (byte < ' ' || byte == 0x7f) {
      put(out, "\\u{:04x}", byte);
    } else {
      out.push_back(character);
    }
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

void put_node(Buffer& out, const Node& node) {
  put_text(out, "    ");
  put_name(out, node.name);
  const std::string_view kind = node.kind == NodeKind::bridge ? "bridge" : node.adopted ? "host" : "";
  if (node.exec.empty()) {
    kind.empty() ? put_text(out, ":\n") : put(out, ": {{kind: {}}}\n", kind);
    return;
  }
  put_text(out, ":\n");
  if (!kind.empty()) put(out, "      kind: {}\n", kind);
  put_text(out, "      exec:\n");
  for (const std::string& command : node.exec) {
    put_text(out, "        - ");
    put_quoted(out, command);
    put_text(out, "\n");
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
  put_text(out, "topology:\n  nodes:\n");
  for (const Node& node : topology.nodes) put_node(out, node);
  if (!topology.links.empty()) put_text(out, "  links:\n");
  LinkWriter links{out, topology};
  for (const Link& link : topology.links) links.write(link);
  return fmt::to_string(out);
}

}  // namespace netherd::lab
