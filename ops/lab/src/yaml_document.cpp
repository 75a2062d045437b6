#include "yaml_document.hpp"

#include <fmt/format.h>
#include <yaml.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>

#include "findings.hpp"
#include "text_lines.hpp"

namespace netherd::lab {

namespace {

constexpr std::string_view merge_key = "<<";
/// More findings than these help nobody, and take memory.
constexpr std::size_t max_findings = 1'000;

/// Owns libyaml's parser.
class Parser {
 public:
  explicit Parser(std::string_view text) {
    yaml_parser_initialize(&parser_);
    yaml_parser_set_encoding(&parser_, YAML_UTF8_ENCODING);
    // The bytes are only read: the cast is for the C interface.
    yaml_parser_set_input_string(&parser_, reinterpret_cast<const unsigned char*>(text.data()), text.size());
  }
  ~Parser() { yaml_parser_delete(&parser_); }
  Parser(const Parser&) = delete;
  Parser& operator=(const Parser&) = delete;

  yaml_parser_t* get() noexcept { return &parser_; }

 private:
  yaml_parser_t parser_{};
};

/// Owns one event of the parser.
class Event {
 public:
  explicit Event(Parser& parser) : valid_{yaml_parser_parse(parser.get(), &event_) != 0} {}
  ~Event() {
    if (valid_) yaml_event_delete(&event_);
  }
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;

  bool valid() const noexcept { return valid_; }
  yaml_event_type_t type() const noexcept { return event_.type; }
  SourceLine line() const noexcept { return SourceLine{static_cast<std::uint32_t>(event_.start_mark.line + 1)}; }
  const yaml_event_t& get() const noexcept { return event_; }

 private:
  yaml_event_t event_{};
  bool valid_;
};

std::string_view view_of(const yaml_char_t* text) {
  return text ? std::string_view{reinterpret_cast<const char*>(text)} : std::string_view{};
}

std::size_t count_line_ends(std::string_view text) { return static_cast<std::size_t>(std::ranges::count(text, '\n')); }

Finding syntax_error(Parser& parser, std::string_view text) {
  const yaml_parser_t& state = *parser.get();
  const std::string_view problem = state.problem ? state.problem : "cannot be read";
  if (state.error == YAML_READER_ERROR) {  // the mark is not set; the position is one of bytes
    const std::size_t line = count_line_ends(text.substr(0, state.problem_offset)) + 1;
    return {SourceLine{static_cast<std::uint32_t>(line)}, fmt::format("this is not plain UTF-8 text: {}", problem)};
  }
  const std::size_t last_line = count_line_ends(text) + (text.ends_with('\n') ? 0 : 1);
  const std::size_t line = std::min(state.problem_mark.line + 1, last_line);  // the end may be marked one line further
  const std::string_view context = state.context ? state.context : "";
  return {SourceLine{static_cast<std::uint32_t>(line)},
          fmt::format("YAML syntax: {}{}{}", context, context.empty() ? "" : ", ", problem)};
}

bool is_null(std::string_view text) {
  return text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL";
}

}  // namespace

/// Makes a document of the parser's events.
class YamlBuilder {
 public:
  YamlBuilder(YamlDocument& document, std::size_t max_nodes) : document_{document}, max_nodes_{max_nodes} {}

  std::vector<Finding> build(std::string_view text) && {
    Parser parser{text};
    bool more = true;
    while (more) {
      const Event event{parser};
      if (!event.valid()) {
        report(syntax_error(parser, text));
        break;
      }
      more = handle(event) && event.type() != YAML_STREAM_END_EVENT;
      if (too_many_) more = fail(event.line(), fmt::format("there are more than {} values", max_nodes_));
    }
    if (documents_ == 0 && findings_.empty()) report({SourceLine::none, "there is nothing in it"});
    return std::move(findings_);
  }

 private:
  using Kind = YamlDocument::Kind;
  using NodeId = YamlDocument::NodeId;
  using Entry = YamlDocument::Entry;

  /// A sequence or mapping that is being read.
  struct Frame {
    NodeId node{};
    std::size_t first_pending = 0;  ///< its entries so far are those of pending_ from here on
    std::optional<Entry> key;       ///< of the value that comes next
  };

  void report(Finding finding) { findings_.push_back(std::move(finding)); }
  /// Ends the reading.
  bool fail(SourceLine line, std::string text) {
    report({line, std::move(text)});
    return false;
  }

  /// False if there is no point in reading on.
  bool handle(const Event& event) {
    switch (event.type()) {
      case YAML_DOCUMENT_START_EVENT:
        if (documents_++ == 0) return true;
        return fail(event.line(), "a second document starts here ('---'): there must be only one");
      case YAML_SCALAR_EVENT:
        return add_scalar(event);
      case YAML_SEQUENCE_START_EVENT:
        return open(event, Kind::sequence, event.get().data.sequence_start.anchor);
      case YAML_MAPPING_START_EVENT:
        return open(event, Kind::mapping, event.get().data.mapping_start.anchor);
      case YAML_SEQUENCE_END_EVENT:
      case YAML_MAPPING_END_EVENT:
        return close();
      case YAML_ALIAS_EVENT:
        return add_alias(event);
      default:
        return true;
    }
  }

  std::string_view store(std::string_view text) {
    if (text.empty()) return {};
    auto* const copy = static_cast<char*>(document_.characters_.allocate(text.size(), 1));
    std::memcpy(copy, text.data(), text.size());
    return {copy, text.size()};
  }

  NodeId add_node(Kind kind, SourceLine line, std::string_view text, const yaml_char_t* anchor) {
    const NodeId node{static_cast<std::uint32_t>(document_.nodes_.size())};
    if (document_.nodes_.size() == max_nodes_) too_many_ = true;
    document_.nodes_.push_back({.kind = kind, .line = line, .text = text});
    sizes_.push_back(0);
    if (anchor) anchors_[store(view_of(anchor))] = node;
    return node;
  }
  std::uint64_t& size_of(NodeId node) { return sizes_[engine::value_of(node)]; }

  bool add_scalar(const Event& event) {
    const auto& scalar = event.get().data.scalar;
    const std::string_view text = store({reinterpret_cast<const char*>(scalar.value), scalar.length});
    if (expects_key()) {
      frames_.back().key = Entry{text, event.line(), {}};
      return true;
    }
    const bool null = scalar.style == YAML_PLAIN_SCALAR_STYLE && is_null(text);
    const NodeId node = add_node(null ? Kind::null : Kind::scalar, event.line(), null ? "" : text, scalar.anchor);
    size_of(node) = 1;
    add_value(node, event.line());
    return true;
  }

  bool expects_key() const {
    return !frames_.empty() && document_.at(frames_.back().node).kind == Kind::mapping && !frames_.back().key;
  }

  bool open(const Event& event, Kind kind, const yaml_char_t* anchor) {
    if (expects_key()) return fail(event.line(), "a key must be text, not a list or a mapping");
    if (frames_.size() == YamlDocument::max_depth) {
      return fail(event.line(), fmt::format("nested more than {} levels deep", YamlDocument::max_depth));
    }
    const NodeId node = add_node(kind, event.line(), {}, anchor);
    frames_.push_back({.node = node, .first_pending = pending_.size(), .key = std::nullopt});
    return true;
  }

  bool close() {
    const Frame frame = frames_.back();
    YamlDocument::Node& node = document_.nodes_[engine::value_of(frame.node)];
    const bool is_mapping = node.kind == Kind::mapping;
    if (is_mapping && !merge(frame.first_pending)) return false;
    const auto first = pending_.begin() + static_cast<std::ptrdiff_t>(frame.first_pending);
    size_of(frame.node) = 1;
    for (auto entry = first; entry != pending_.end(); ++entry) size_of(frame.node) += size_of(entry->value);
    node.first_entry = static_cast<std::uint32_t>(document_.entries_.size());
    node.entry_count = static_cast<std::uint32_t>(pending_.end() - first);
    document_.entries_.insert(document_.entries_.end(), first, pending_.end());
    pending_.erase(first, pending_.end());
    frames_.pop_back();
    add_value(frame.node, node.line);
    return true;
  }

  bool add_alias(const Event& event) {
    const std::string_view anchor_name = view_of(event.get().data.alias.anchor);
    const std::string name = shortened(anchor_name, FindingList::max_part);
    if (expects_key()) return fail(event.line(), fmt::format("alias '*{}': a key must be text", name));
    const auto anchor = anchors_.find(anchor_name);
    if (anchor == anchors_.end()) return fail(event.line(), fmt::format("alias '*{}': there is no such anchor", name));
    if (size_of(anchor->second) == 0)
      return fail(event.line(), fmt::format("alias '*{}': refers to what it is in", name));
    add_value(anchor->second, event.line());
    document_.has_aliases_ = true;
    return share(event.line(), anchor->second);
  }

  bool share(SourceLine line, NodeId node) {
    shared_nodes_ += size_of(node);
    if (shared_nodes_ <= YamlDocument::max_shared_nodes) return true;
    return fail(line, fmt::format("aliases stand for more than {} values in all", YamlDocument::max_shared_nodes));
  }

  void add_value(NodeId node, SourceLine line) {
    if (frames_.empty()) {
      document_.root_ = node;
      return;
    }
    Frame& frame = frames_.back();
    pending_.push_back(frame.key ? Entry{frame.key->key, frame.key->line, node} : Entry{{}, line, node});
    frame.key.reset();
  }

  /// Looks for keys that occur twice, and puts in what merge keys stand for. Works on the mapping that is being closed,
  /// whose entries are those of pending_ from `first` on.
  bool merge(std::size_t first) {
    KeySet keys;
    std::vector<Entry> merged;
    std::size_t kept = first;
    for (std::size_t i = first; i < pending_.size(); ++i) {
      const Entry entry = pending_[i];
      if (entry.key == merge_key) {
        if (!collect_merged(entry, merged)) return false;
      } else if (keys.insert(entry.key, std::span{pending_}.subspan(first, kept - first))) {
        pending_[kept++] = entry;
      } else {
        if (findings_.size() == max_findings) return fail(entry.line, "too many errors: the rest is not looked at");
        report({entry.line,
                fmt::format("key '{}': is in this mapping already", shortened(entry.key, FindingList::max_part))});
      }
    }
    pending_.resize(kept);
    for (const Entry& entry : merged) {
      if (keys.insert(entry.key, std::span{pending_}.subspan(first))) pending_.push_back(entry);
    }
    return true;
  }

  /// Remembers keys. Most mappings have a few, for which looking at each is the fastest way.
  class KeySet {
   public:
    /// False if the key is there already. `entries` are those with the keys inserted so far.
    bool insert(std::string_view key, std::span<const Entry> entries) {
      constexpr std::size_t few = 8;
      if (entries.size() < few) {
        return std::ranges::none_of(entries, [&](const Entry& entry) { return entry.key == key; });
      }
      if (large_.empty()) {
        for (const Entry& entry : entries) large_.insert(entry.key);
      }
      return large_.insert(key).second;
    }

   private:
    std::unordered_set<std::string_view> large_;
  };

  /// `<<: *alias` or `<<: [*alias, *alias]`
  bool collect_merged(const Entry& entry, std::vector<Entry>& merged) {
    const auto take = [&](NodeId mapping) {
      if (document_.at(mapping).kind != Kind::mapping) {
        report({entry.line, "merge key '<<': its value must be a mapping, or a list of mappings"});
        return true;
      }
      const auto entries = document_.entries(mapping);
      merged.insert(merged.end(), entries.begin(), entries.end());
      document_.has_aliases_ = true;
      return share(entry.line, mapping);
    };
    if (document_.at(entry.value).kind != Kind::sequence) return take(entry.value);
    for (const Entry& item : document_.entries(entry.value)) {
      if (!take(item.value)) return false;
    }
    return true;
  }

  YamlDocument& document_;
  std::vector<Finding> findings_;
  std::vector<Frame> frames_;
  std::vector<Entry> pending_;  ///< entries of all open frames, the innermost last
  std::unordered_map<std::string_view, NodeId> anchors_;
  std::vector<std::uint64_t> sizes_;  ///< by node: how many nodes a walk over it meets; 0 while it is being read
  std::uint64_t shared_nodes_ = 0;
  std::size_t documents_ = 0;
  const std::size_t max_nodes_;
  bool too_many_ = false;
};

std::vector<Finding> YamlDocument::parse(std::string_view text, std::size_t max_nodes) {
  if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
  return YamlBuilder{*this, max_nodes}.build(text);
}

}  // namespace netherd::lab
