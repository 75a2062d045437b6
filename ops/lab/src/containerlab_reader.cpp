#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>

#include "containerlab_keys.hpp"
#include "environment.hpp"
#include "name_rules.hpp"
#include "number.hpp"
#include "pool_check.hpp"
#include "read_format.hpp"
#include "yaml_document.hpp"

namespace netherd::lab {

namespace {

using Kind = YamlDocument::Kind;
using Value = YamlDocument::NodeId;
using Entry = YamlDocument::Entry;

constexpr std::array<std::string_view, 5> unsupported_link_types{"mgmt-net", "macvlan", "vxlan", "vxlan-stitch",
                                                                 "dummy"};
constexpr std::array<std::string_view, 4> veth_types{"veth", "brief", "veth-stitch", "host"};
constexpr std::array<std::string_view, 2> unsupported_nodes{"mgmt-net", "macvlan"};
constexpr std::string_view host_node = "host";

bool contains(std::span<const std::string_view> names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

/// Number of single-character changes that turn one word into the other.
std::size_t edit_distance(std::string_view left, std::string_view right) {
  std::vector<std::size_t> row(right.size() + 1);
  for (std::size_t j = 0; j < row.size(); ++j) row[j] = j;
  for (std::size_t i = 0; i < left.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < right.size(); ++j) {
      const std::size_t changed = diagonal + (left[i] == right[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({changed, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

/// ", did you mean 'mtu'?", or nothing.
std::string suggestion(std::string_view key, const KnownKeys& known) {
  constexpr std::size_t max_length = 32;
  if (key.size() < 3 || key.size() > max_length) return {};
  for (const auto& names : {known.read, known.ignored}) {
    for (const std::string_view name : names) {
      if (edit_distance(key, name) <= 1 + key.size() / 6) return fmt::format(", did you mean '{}'?", name);
    }
  }
  return {};
}

/// What `defaults`, `kinds`, `groups` and the nodes themselves can say.
struct NodeSettings {
  std::string_view kind;
  std::string_view group;
  std::string_view network_mode;
  bool image = false;
  ExecList::Block exec;
};

class ContainerlabReader {
 public:
  ContainerlabReader(const YamlDocument& document, Reading& reading) : document_{document}, reading_{reading} {}

  void read() && {
    const Value root = document_.root();
    if (document_.kind(root) != Kind::mapping) {
      error(document_.line(root),
            "this is no topology file: a mapping with the keys 'name' and 'topology' is expected");
      return;
    }
    const Entry* topology = find(root, "topology");
    if (!topology) {
      report(document_.line(root), "key 'topology' is missing: this is no containerlab topology file{}",
             find(root, "nodes") ? ", but looks like one of netlab" : "");
      return;
    }
    check_keys(root, containerlab_keys::file, "");
    if (const Entry* name = find(root, "name")) read_name(*name);
    if (const Entry* options = find(root, "netherd")) read_options(*options);
    read_topology(*topology);
    warn_about_nodes();
    warn_about_ignored_keys();
  }

 private:
  template <typename... Values>
  void report(SourceLine line, fmt::format_string<findings_detail::Shown<Values>...> text, const Values&... values) {
    reading_.errors.report(line, text, values...);
  }
  void error(SourceLine line, std::string_view text) { reading_.errors.add(line, text); }
  void warn(SourceLine line, std::string_view text) { reading_.warnings.add(line, text); }

  // The tree.

  const Entry* find(Value mapping, std::string_view key) const {
    for (const Entry& entry : document_.entries(mapping)) {
      if (entry.key == key) return &entry;
    }
    return nullptr;
  }

  bool is_null(Value value) const { return document_.kind(value) == Kind::null; }

  /// Null, as a key without a value has it, is as good as an empty mapping or list.
  bool expect(const Entry& entry, Kind kind, std::string_view what) {
    if (document_.kind(entry.value) == kind) return true;
    if (!is_null(entry.value)) {
      report(document_.line(entry.value), "{}: must be {}", what, kind == Kind::mapping ? "a mapping" : "a list");
    }
    return false;
  }

  /// Leaves `text` alone if there is none.
  template <typename Text>
  bool read_text(const Entry& entry, std::string_view what, Text& text) {
    if (is_null(entry.value)) return false;
    if (document_.kind(entry.value) != Kind::scalar) {
      report(document_.line(entry.value), "{}: must be text", what);
      return false;
    }
    text = document_.text(entry.value);
    return true;
  }

  void check_keys(Value mapping, const KnownKeys& known, std::string_view place) {
    for (const Entry& entry : document_.entries(mapping)) {
      if (contains(known.read, entry.key)) continue;
      if (contains(known.ignored, entry.key)) {
        auto& ignored = ignored_keys_[entry.key];
        if (ignored.count++ == 0) ignored.first = entry.line;
      } else {
        report(entry.line, "{}{}unknown key '{}'{}", place, place.empty() ? "" : ": ", entry.key,
               remedy(entry.key, known));
      }
    }
  }

  /// A key that is right elsewhere, or nearly right here.
  static std::string remedy(std::string_view key, const KnownKeys& known) {
    using namespace containerlab_keys;
    const bool in_file = known.read.data() == file.read.data();
    const bool in_topology = known.read.data() == topology.read.data();
    const bool in_link = known.read.data() == link.read.data() || known.read.data() == link_to_host.read.data();
    if (in_file && contains(topology.read, key)) return ": it belongs under 'topology', indented below it";
    if (in_file && contains(netherd.read, key)) return ": it belongs under 'netherd'";
    if (in_topology && (contains(file.read, key) || contains(file.ignored, key))) {
      return ": it belongs to the top level, beside 'topology'";
    }
    if (in_link && contains(link_netherd.read, key)) return ": it belongs under 'netherd' of the link";
    if (in_link && contains(endpoint.read, key)) return ": it belongs to an endpoint";
    return suggestion(key, known);
  }

  void read_name(const Entry& entry) {
    std::string_view name;
    if (!read_text(entry, "name", name)) return;
    if (is_valid_lab_name(name)) {
      reading_.topology.name = name;
    } else {
      report(entry.line, "name '{}': {}", name, lab_name_rule);
    }
    if (name.find("__git") != std::string_view::npos) {
      warn(entry.line, "name: variables of git are not replaced");
    }
  }

  // What is netherd's own.

  void read_options(const Entry& options) {
    if (!expect(options, Kind::mapping, "netherd")) return;
    check_keys(options.value, containerlab_keys::netherd, "netherd");
    LabOptions& lab = reading_.topology.options;
    for (const Entry& entry : document_.entries(options.value)) {
      std::string_view text;
      if (entry.key == "ipv4-pool") read_pool(entry, true, lab.ipv4_pool);
      if (entry.key == "ipv6-pool") read_pool(entry, false, lab.ipv6_pool);
      if (entry.key == "routing" && read_text(entry, "routing", text)) {
        const auto routing = parse_routing(text);
        if (!routing) report(entry.line, "routing '{}': must be none, default or shortest-path", text);
        lab.routing = routing.value_or(Routing::none);
      }
      if (entry.key == "ipv6" && read_text(entry, "ipv6", text)) {
        lab.ipv6 = text == "on" || text == "true";
        if (!lab.ipv6 && text != "off" && text != "false") report(entry.line, "ipv6 '{}': must be on or off", text);
      }
    }
  }

  void read_pool(const Entry& entry, bool is_v4, std::optional<ops::IpPrefix>& pool) {
    std::string_view text;
    if (!read_text(entry, entry.key, text)) return;
    const auto prefix = ops::parse_ip_prefix(text);
    if (!prefix || prefix->is_v4() != is_v4) {
      report(entry.line, "{} '{}': must be an {} prefix such as {}", entry.key, text, is_v4 ? "IPv4" : "IPv6",
             is_v4 ? "10.0.0.0/8" : "fd00::/32");
    } else if (*prefix != prefix->network()) {
      report(entry.line, "{} '{}': has bits behind its prefix length, the network is {}", entry.key, text,
             prefix->network().to_string());
    } else if (const std::string reason = reason_against_pool(entry.key, *prefix); !reason.empty()) {
      report(entry.line, "{} '{}': {}", entry.key, text, reason);
    } else {
      pool = *prefix;
    }
  }

  // Nodes.

  void read_topology(const Entry& topology) {
    if (!expect(topology, Kind::mapping, "topology")) {
      if (is_null(topology.value)) error(topology.line, "topology: is empty");
      return;
    }
    check_keys(topology.value, containerlab_keys::topology, "topology");
    if (const Entry* defaults = find(topology.value, "defaults")) defaults_ = read_settings(*defaults, "defaults");
    if (const Entry* kinds = find(topology.value, "kinds")) read_named_settings(*kinds, kinds_);
    if (const Entry* groups = find(topology.value, "groups")) read_named_settings(*groups, groups_);
    const Entry* nodes = find(topology.value, "nodes");
    if (nodes) read_nodes(*nodes);
    if (reading_.topology.nodes.empty() && reading_.errors.empty())
      error(topology.line, "topology: there are no nodes");
    if (const Entry* links = find(topology.value, "links")) read_links(*links);
  }

  using NamedSettings = std::map<std::string_view, NodeSettings>;

  void read_named_settings(const Entry& section, NamedSettings& settings) {
    if (!expect(section, Kind::mapping, section.key)) return;
    for (const Entry& entry : document_.entries(section.value)) {
      settings.emplace(entry.key, read_settings(entry, fmt::format("{}.{}", section.key, entry.key)));
    }
  }

  NodeSettings read_settings(const Entry& node, std::string_view place) {
    NodeSettings settings;
    if (!expect(node, Kind::mapping, place)) return settings;
    check_keys(node.value, containerlab_keys::node, place);
    for (const Entry& entry : document_.entries(node.value)) {
      const auto what = [&] { return fmt::format("{}.{}", place, entry.key); };
      if (entry.key == "kind") read_text(entry, what(), settings.kind);
      if (entry.key == "group") read_text(entry, what(), settings.group);
      if (entry.key == "network-mode") read_text(entry, what(), settings.network_mode);
      if (entry.key == "image") settings.image = !is_null(entry.value);
      if (entry.key == "exec") settings.exec = read_exec(entry, what());
    }
    return settings;
  }

  /// One list for all places that it stands in.
  ExecList::Block read_exec(const Entry& list, std::string_view what) {
    if (!expect(list, Kind::sequence, what)) return {};
    if (!document_.has_aliases()) return read_commands(list, what);
    const auto [known, is_new] = exec_lists_.try_emplace(list.value);
    if (is_new) known->second = read_commands(list, what);
    return known->second;
  }

  ExecList::Block read_commands(const Entry& list, std::string_view what) {
    std::vector<ExecList::Line> commands;
    commands.reserve(document_.entries(list.value).size());
    for (const Entry& command : document_.entries(list.value)) {
      std::string_view text;
      if (!read_text(command, what, text)) continue;
      if (text.find('\0') != std::string_view::npos)
        report(command.line, "{}: a command cannot have a zero byte", what);
      note_lab_directory(command.line, text);
      commands.push_back(share_line(command.value, text));
    }
    return std::make_shared<const std::vector<ExecList::Line>>(std::move(commands));
  }

  ExecList::Line share_line(Value value, std::string_view text) {
    if (!document_.has_aliases()) return std::make_shared<const std::string>(text);
    const auto [known, is_new] = exec_lines_.try_emplace(value);
    if (is_new) known->second = std::make_shared<const std::string>(text);
    return known->second;
  }

  void note_lab_directory(SourceLine line, std::string_view command) {
    if (command.find("__clabDir__") != std::string_view::npos ||
        command.find("__clabNodeDir__") != std::string_view::npos) {
      note(lab_directories_, line);
    }
  }

  void read_nodes(const Entry& nodes) {
    if (!expect(nodes, Kind::mapping, "nodes")) return;
    const auto entries = document_.entries(nodes.value);
    reading_.topology.nodes.reserve(entries.size());
    nodes_.reserve(entries.size());
    for (const Entry& entry : entries) read_node(entry);
  }

  const NodeSettings& named(const NamedSettings& settings, std::string_view name) const {
    static const NodeSettings none;
    const auto found = settings.find(name);
    return found == settings.end() ? none : found->second;
  }

  void read_node(const Entry& entry) {
    const NodeSettings own = read_settings(entry, entry.key);
    const NodeSettings& group = named(groups_, own.group.empty() ? group_of_kind(own) : own.group);
    const auto first_given = [](std::initializer_list<std::string_view> texts) {
      return *std::find_if(texts.begin(), texts.end() - 1, [](std::string_view text) { return !text.empty(); });
    };
    const std::string_view kind_name = first_given({own.kind, group.kind, defaults_.kind});
    const NodeSettings& kind = named(kinds_, kind_name);

    note_kind(entry.line, kind_name, own.image || group.image || kind.image || defaults_.image);
    note_network_mode(entry.line,
                      first_given({own.network_mode, group.network_mode, kind.network_mode, defaults_.network_mode}));
    Node node{.name = std::string{entry.key}, .exec = {}, .line = entry.line};
    if (kind_name == "bridge" || kind_name == "ovs-bridge") node.kind = NodeKind::bridge;
    node.adopted = kind_name == host_node;
    node.exec.append(ExecLevel::defaults, defaults_.exec);
    node.exec.append(ExecLevel::kind, kind.exec);
    node.exec.append(ExecLevel::group, group.exec);
    node.exec.append(ExecLevel::node, own.exec);
    add_node(entry.key, std::move(node));
  }

  NodeId add_node(std::string_view name, Node node) {
    const NodeId id{static_cast<std::uint32_t>(reading_.topology.nodes.size())};
    if (node.adopted && !host_) host_ = id;
    nodes_.emplace(name, id);
    reading_.topology.nodes.push_back(std::move(node));
    return id;
  }

  /// "host" in a link means the host, whether or not there is a node of that kind, and whatever it is called.
  NodeId host(SourceLine line) {
    return host_ ? *host_
                 : add_node(host_node, {.name = std::string{host_node}, .adopted = true, .exec = {}, .line = line});
  }

  /// A group can be given by a node, by its kind, or for all nodes.
  std::string_view group_of_kind(const NodeSettings& own) const {
    const NodeSettings& kind = named(kinds_, own.kind.empty() ? defaults_.kind : own.kind);
    return kind.group.empty() ? defaults_.group : kind.group;
  }

  void note_kind(SourceLine line, std::string_view kind, bool image) {
    if (kind == host_node) return;
    if (kind == "ovs-bridge") note(ovs_bridges_, line);
    if (kind == "bridge" || kind == "ovs-bridge") return;
    if (!image && (kind.empty() || kind == "linux")) return;
    note(containers_, line);
    if (!kind.empty()) container_kinds_.insert(kind);
  }

  void note_network_mode(SourceLine line, std::string_view mode) {
    if (!mode.empty() && mode != "bridge") note(network_modes_, line);
  }

  // Links.

  void read_links(const Entry& links) {
    if (!expect(links, Kind::sequence, "links")) return;
    reading_.topology.links.reserve(document_.entries(links.value).size());
    for (const Entry& entry : document_.entries(links.value)) read_link(entry);
  }

  void read_link(const Entry& entry) {
    if (document_.kind(entry.value) != Kind::mapping) {
      error(entry.line, "link: must be a mapping with the key 'endpoints'");
      return;
    }
    if (!is_supported_type(entry)) return;
    const bool to_host = is_link_to_host(entry);
    check_keys(entry.value, to_host ? containerlab_keys::link_to_host : containerlab_keys::link, "link");
    Link link;
    link.line = document_.line(entry.value);
    if (!(to_host ? read_link_to_host(entry, link) : read_endpoints(entry, link))) return;
    for (const Entry& property : document_.entries(entry.value)) {
      if (property.key == "mtu") read_mtu(property, link);
      if (property.key == "ipv4" || property.key == "ipv6") read_link_addresses(property, link);
      if (property.key == "netherd") read_link_options(property, link);
    }
    reading_.topology.links.push_back(std::move(link));
  }

  bool is_supported_type(const Entry& link) {
    const Entry* entry = find(link.value, "type");
    std::string_view type;
    if (!entry || !read_text(*entry, "type", type) || contains(veth_types, type)) {
      if (type == "veth-stitch") note(stitches_, entry->line);
      return true;
    }
    if (contains(unsupported_link_types, type)) {
      report(entry->line, "links of type '{}' are not supported yet", type);
    } else {
      report(entry->line, "unknown link type '{}': must be veth, veth-stitch or host", type);
    }
    return false;
  }

  bool is_link_to_host(const Entry& link) const {
    const Entry* type = find(link.value, "type");
    return type && document_.text(type->value) == host_node;
  }

  /// `type: host`: one endpoint, and the name of the interface at the host.
  bool read_link_to_host(const Entry& entry, Link& link) {
    const Entry* endpoint = find(entry.value, "endpoint");
    const Entry* interface = find(entry.value, "host-interface");
    Endpoint& outside = link.ends[1];
    if (!endpoint || !interface || !read_interface(*interface, outside)) {
      error(link.line, "link of type 'host': needs the keys 'endpoint' and 'host-interface'");
      return false;
    }
    outside.line = interface->line;
    outside.node = host(interface->line);
    return read_endpoint(*endpoint, link.ends[0]);
  }

  /// A name of any length is refused later; what is kept of it is short.
  static void set_interface(std::string_view name, Endpoint& end) {
    end.interface = shortened(name, FindingList::max_part);
  }
  bool read_interface(const Entry& entry, Endpoint& end) {
    std::string_view name;
    if (!read_text(entry, entry.key, name)) return false;
    set_interface(name, end);
    return true;
  }

  bool read_endpoints(const Entry& entry, Link& link) {
    const Entry* endpoints = find(entry.value, "endpoints");
    if (!endpoints || document_.kind(endpoints->value) != Kind::sequence ||
        document_.entries(endpoints->value).size() != link.ends.size()) {
      error(endpoints ? endpoints->line : link.line, "link: 'endpoints' must be a list of two");
      return false;
    }
    bool complete = true;
    for (std::size_t i = 0; i < link.ends.size(); ++i) {
      complete &= read_endpoint(document_.entries(endpoints->value)[i], link.ends[i]);
    }
    return complete;
  }

  /// "node:interface", or a mapping.
  bool read_endpoint(const Entry& entry, Endpoint& end) {
    end.line = entry.line;
    if (document_.kind(entry.value) == Kind::mapping) return read_long_endpoint(entry, end);
    std::string_view text;
    if (!read_text(entry, "endpoint", text)) {
      if (is_null(entry.value)) error(entry.line, "endpoint: is empty");
      return false;
    }
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos) {
      report(entry.line, "endpoint '{}': must be NODE:INTERFACE", text);
      return false;
    }
    set_interface(text.substr(colon + 1), end);
    return find_node(entry.line, text.substr(0, colon), end);
  }

  bool read_long_endpoint(const Entry& entry, Endpoint& end) {
    check_keys(entry.value, containerlab_keys::endpoint, "endpoint");
    std::string_view node;
    for (const Entry& property : document_.entries(entry.value)) {
      if (property.key == "node") read_text(property, "node", node);
      if (property.key == "interface") read_interface(property, end);
      if (property.key == "mac") read_mac(property, end);
      if (property.key == "ipv4" || property.key == "ipv6") read_endpoint_addresses(property, end);
    }
    if (node.empty() || end.interface.empty()) {
      error(entry.line, "endpoint: needs the keys 'node' and 'interface'");
      return false;
    }
    return find_node(entry.line, node, end);
  }

  bool find_node(SourceLine line, std::string_view name, Endpoint& end) {
    const auto found = nodes_.find(name);
    if (found != nodes_.end() && !contains(unsupported_nodes, name)) {
      end.node = found->second;
      return true;
    }
    if (name == host_node) {
      end.node = host(line);
      return true;
    }
    if (contains(unsupported_nodes, name)) {
      report(line, "endpoint '{}:{}': links to '{}' are not supported yet", name, end.interface, name);
    } else {
      report(line, "endpoint '{}:{}': there is no node of that name", name, end.interface);
    }
    return false;
  }

  void read_mac(const Entry& entry, Endpoint& end) {
    std::string_view text;
    if (!read_text(entry, "mac", text) || text.empty()) return;
    const auto mac = ops::parse_mac_address(text);
    if (mac) {
      end.mac = *mac;
    } else {
      report(entry.line, "mac '{}': must be like 02:00:00:00:00:01", text);
    }
  }

  void read_mtu(const Entry& entry, Link& link) {
    std::string_view text;
    if (!read_text(entry, "mtu", text)) return;
    if (!parse_number(text, link.mtu)) report(entry.line, "mtu '{}': must be a number of bytes", text);
  }

  void read_link_options(const Entry& options, Link& link) {
    if (!expect(options, Kind::mapping, "netherd")) return;
    check_keys(options.value, containerlab_keys::link_netherd, "netherd");
    const Entry* weight = find(options.value, "weight");
    std::string_view text;
    if (!weight || !read_text(*weight, "weight", text)) return;
    if (!parse_number(text, link.weight)) report(weight->line, "weight '{}': must be a number", text);
  }

  /// One address for each end; an empty one means none.
  void read_link_addresses(const Entry& list, Link& link) {
    if (!expect(list, Kind::sequence, list.key)) return;
    const auto addresses = document_.entries(list.value);
    if (addresses.size() > link.ends.size()) report(list.line, "{}: a link has two ends", list.key);
    for (std::size_t i = 0; i < std::min(addresses.size(), link.ends.size()); ++i) {
      read_address(addresses[i], list.key, link.ends[i]);
    }
  }

  /// One address, or a list of them.
  void read_endpoint_addresses(const Entry& entry, Endpoint& end) {
    if (document_.kind(entry.value) != Kind::sequence) {
      read_address(entry, entry.key, end);
      return;
    }
    for (const Entry& address : document_.entries(entry.value)) read_address(address, entry.key, end);
  }

  void read_address(const Entry& entry, std::string_view family, Endpoint& end) {
    std::string_view text;
    if (!read_text(entry, family, text) || text.empty()) return;
    const auto address = ops::parse_ip_prefix(text);
    const bool fits = address && address->is_v4() == (family == "ipv4");
    if (fits && text.find('/') == std::string_view::npos) {
      report(entry.line, "{0} '{1}': has no prefix length, as in {1}/{2}; /{3} stands for an address without a subnet",
             family, text, family == "ipv4" ? 24 : 64, family == "ipv4" ? 32 : 128);
    } else if (fits) {
      end.addresses.push_back(*address);
    } else {
      report(entry.line, "{} '{}': must be an address such as {}", family, text,
             family == "ipv4" ? "10.0.0.1/30" : "fd00::1/64");
    }
  }

  // Warnings, one for each kind of thing.

  struct Occurrences {
    std::size_t count = 0;
    SourceLine first = SourceLine::none;
  };
  static void note(Occurrences& occurrences, SourceLine line) {
    if (occurrences.count++ == 0) occurrences.first = line;
  }
  static std::string nodes(const Occurrences& occurrences) {
    return occurrences.count == 1 ? "1 node" : fmt::format("{} nodes", occurrences.count);
  }

  void warn_about_nodes() {
    if (containers_.count != 0) {
      warn(containers_.first, fmt::format("{} ({}{}) become plain network namespaces: images are not started",
                                          "nodes of containerlab kinds", nodes(containers_), list_kinds()));
    }
    if (ovs_bridges_.count != 0) {
      warn(ovs_bridges_.first,
           fmt::format("kind 'ovs-bridge' ({}): a Linux bridge is made instead", nodes(ovs_bridges_)));
    }
    if (stitches_.count != 0) {
      warn(stitches_.first,
           fmt::format("link type 'veth-stitch' ({} of them): a veth pair joins the nodes directly", stitches_.count));
    }
    if (lab_directories_.count != 0) {
      warn(lab_directories_.first, "__clabDir__ and __clabNodeDir__: netherd makes no directory for a lab");
    }
    if (network_modes_.count != 0) {
      warn(network_modes_.first, fmt::format("network-mode ({}): ignored, each node has a network namespace of its own",
                                             nodes(network_modes_)));
    }
  }

  std::string list_kinds() const {
    constexpr std::size_t most = 10;
    std::string list;
    std::size_t listed = 0;
    for (const std::string_view kind : container_kinds_) {
      if (listed++ == most) return list + fmt::format(" and {} more", container_kinds_.size() - most);
      list.append(list.empty() ? ": " : ", ").append(shortened(kind, FindingList::max_part / 2));
    }
    return list;
  }

  void warn_about_ignored_keys() {
    for (const auto& [key, occurrences] : ignored_keys_) {
      warn(occurrences.first, occurrences.count == 1
                                  ? fmt::format("key '{}': ignored, it means something to containerlab only", key)
                                  : fmt::format("key '{}' ({} times): ignored, it means something to containerlab only",
                                                key, occurrences.count));
    }
  }

  const YamlDocument& document_;
  Reading& reading_;
  NodeSettings defaults_;
  NamedSettings kinds_;
  NamedSettings groups_;
  std::unordered_map<std::string_view, NodeId> nodes_;
  std::optional<NodeId> host_;
  std::map<std::string_view, Occurrences> ignored_keys_;
  Occurrences containers_;
  std::set<std::string_view> container_kinds_;
  Occurrences ovs_bridges_;
  Occurrences network_modes_;
  Occurrences stitches_;
  Occurrences lab_directories_;
  std::unordered_map<Value, ExecList::Block> exec_lists_;  ///< by their nodes in the document, if it has aliases
  std::unordered_map<Value, ExecList::Line> exec_lines_;
};

}  // namespace

void read_containerlab(std::string_view text, const Environment& environment, Reading& reading) {
  if (text.find('$') != std::string_view::npos) {
    reading.expanded = expand_environment(text, environment, reading.errors);
    text = reading.expanded;
  }
  YamlDocument document;
  for (const Finding& finding : document.parse(text)) reading.errors.add(finding.line, finding.text);
  if (reading.errors.empty()) ContainerlabReader{document, reading}.read();
}

}  // namespace netherd::lab
