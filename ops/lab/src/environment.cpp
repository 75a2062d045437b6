#include "environment.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

namespace netherd::lab {

namespace {

/// Beyond it a file is one that wants to fill the memory.
constexpr std::size_t max_growth = 16U << 20U;
constexpr std::size_t max_nesting = 16;

bool begins_variable(char c) noexcept { return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool continues_variable(char c) noexcept { return begins_variable(c) || (c >= '0' && c <= '9'); }

std::string_view name_at_start(std::string_view text) noexcept {
  if (text.empty() || !begins_variable(text.front())) return {};
  const auto* const end = std::ranges::find_if_not(text, continues_variable);
  return text.substr(0, static_cast<std::size_t>(end - text.begin()));
}

/// What stands in ${...}.
struct Substitution {
  std::string_view name;
  std::string_view operation;  ///< ":-", "+" ...; empty if there is none
  std::string_view text;
  std::size_t size = 0;  ///< of the whole, from the dollar sign on
};

/// Position of the brace that closes the one before the text; the line ends the search.
std::optional<std::size_t> find_closing_brace(std::string_view text) noexcept {
  std::size_t open = 1;
  for (std::size_t i = 0; i < text.size() && text[i] != '\n'; ++i) {
    if (text[i] == '{' && i > 0 && text[i - 1] == '$') ++open;
    if (text[i] == '}' && --open == 0) return i;
  }
  return std::nullopt;
}

/// `text` begins with "${".
std::optional<Substitution> parse_substitution(std::string_view text) noexcept {
  constexpr std::array<std::string_view, 6> operations{":-", ":=", ":+", "-", "=", "+"};
  const std::string_view inside = text.substr(2);
  const std::string_view name = name_at_start(inside);
  if (name.empty()) return std::nullopt;
  std::string_view rest = inside.substr(name.size());
  if (rest.starts_with('}')) return Substitution{name, {}, {}, 2 + name.size() + 1};
  const auto* const operation =
      std::ranges::find_if(operations, [&](std::string_view each) { return rest.starts_with(each); });
  if (operation == operations.end()) return std::nullopt;
  rest.remove_prefix(operation->size());
  const auto end = find_closing_brace(rest);
  if (!end) return std::nullopt;
  return Substitution{name, *operation, rest.substr(0, *end), 2 + name.size() + operation->size() + *end + 1};
}

class Expansion {
 public:
  Expansion(const Environment& environment, FindingList& errors) : environment_{environment}, errors_{errors} {}

  std::string run(std::string_view text) && {
    limit_ = text.size() + max_growth;
    expand(text, 0);
    return std::move(result_);
  }

 private:
  void expand(std::string_view text, std::size_t depth) {
    while (!text.empty() && !failed_) {
      const std::size_t dollar = std::min(text.find('$'), text.size());
      append(text.substr(0, dollar));
      text.remove_prefix(dollar);
      if (!text.empty()) text.remove_prefix(expand_dollar(text, depth));
    }
  }

  /// `text` begins with a dollar sign; tells how much of it is done.
  std::size_t expand_dollar(std::string_view text, std::size_t depth) {
    if (text.starts_with("$$")) {
      append("$");
      return 2;
    }
    if (text.starts_with("${")) {
      const auto found = depth < max_nesting ? parse_substitution(text) : std::nullopt;
      if (found && !is_own(found->name)) {
        substitute(*found, text.substr(0, found->size), depth);
        return found->size;
      }
    } else if (const std::string_view name = name_at_start(text.substr(1)); !name.empty() && !is_own(name)) {
      append_value_or(name, text.substr(0, 1 + name.size()));
      return 1 + name.size();
    }
    append("$");
    return 1;
  }

  static bool is_own(std::string_view name) noexcept { return name == "_" || name.starts_with("NETHERD_"); }

  void substitute(const Substitution& found, std::string_view whole, std::size_t depth) {
    const auto value = value_of(found.name);
    const std::string_view operation = found.operation;
    if (operation.empty()) return append_value_or(found.name, whole);
    if (operation.ends_with('+')) return value ? expand(found.text, depth + 1) : void();
    const bool counts = value && !(operation.starts_with(':') && value->empty());
    if (!counts) return expand(found.text, depth + 1);
    append_value(found.name, *value);
  }

  void append_value_or(std::string_view name, std::string_view otherwise) {
    const auto value = value_of(name);
    value && !value->empty() ? append_value(name, *value) : append(otherwise);
  }

  std::optional<std::string> value_of(std::string_view name) const {
    return environment_ ? environment_(name) : std::nullopt;
  }

  void append_value(std::string_view name, std::string_view value) {
    if (value.find('\n') == std::string_view::npos) return append(value);
    failed_ = true;
    errors_.report(line(), "the environment variable {} has a line end in its value", name);
  }

  void append(std::string_view text) {
    if (text.size() > limit_ - result_.size()) {
      failed_ = true;
      return errors_.report(line(), "environment variables add more than {} MiB", max_growth >> 20U);
    }
    result_ += text;
  }

  SourceLine line() const {
    return SourceLine{static_cast<std::uint32_t>(std::count(result_.begin(), result_.end(), '\n') + 1)};
  }

  const Environment& environment_;
  FindingList& errors_;
  std::string result_;
  std::size_t limit_ = 0;
  bool failed_ = false;
};

}  // namespace

std::string expand_environment(std::string_view text, const Environment& environment, FindingList& errors) {
  return Expansion{environment, errors}.run(text);
}

}  // namespace netherd::lab
