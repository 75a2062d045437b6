#include "suggest.hpp"

#include <algorithm>
#include <array>
#include <numeric>
#include <utility>
#include <vector>

namespace netherd::tools {

namespace {

constexpr std::size_t most_suggestions = 3;

/// How many letters have to be added, removed, replaced or exchanged with their neighbours to make one name of the
/// other.
std::size_t edit_distance(std::string_view from, std::string_view to) {
  std::vector<std::size_t> before_last(to.size() + 1);
  std::vector<std::size_t> last(to.size() + 1);
  std::vector<std::size_t> row(to.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < from.size(); ++i) {
    std::swap(before_last, last);
    std::swap(last, row);
    row[0] = i + 1;
    for (std::size_t j = 0; j < to.size(); ++j) {
      const std::size_t replaced = last[j] + (from[i] == to[j] ? 0 : 1);
      row[j + 1] = std::min({replaced, last[j + 1] + 1, row[j] + 1});
      const bool exchanged = i > 0 && j > 0 && from[i] == to[j - 1] && from[i - 1] == to[j];
      if (exchanged) row[j + 1] = std::min(row[j + 1], before_last[j - 1] + 1);
    }
  }
  return row.back();
}

/// A short word with two other letters is another word: "stop" is no "show".
std::size_t farthest_of(std::string_view mistyped) {
  return mistyped.size() < 5 ? 1 : std::max<std::size_t>(2, mistyped.size() / 3);
}

/// What other tools, containerlab and Mininet above all, call what a command of netherd does.
struct Synonym {
  std::string_view word;
  std::string_view question;
};
constexpr std::array<Synonym, 36> synonyms{{
    {"deploy", "up"},     {"start", "up"},      {"create", "up"},    {"run", "up"},         {"build", "up"},
    {"apply", "up"},      {"add", "up"},        {"destroy", "down"}, {"stop", "down"},      {"delete", "down"},
    {"del", "down"},      {"remove", "down"},   {"rm", "down"},      {"kill", "down"},      {"teardown", "down"},
    {"inspect", "show"},  {"describe", "show"}, {"info", "show"},    {"list", "ls"},        {"status", "ls or show"},
    {"ps", "ls or show"}, {"labs", "ls"},       {"attach", "shell"}, {"console", "shell"},  {"enter", "shell"},
    {"ssh", "shell"},     {"sh", "shell"},      {"bash", "shell"},   {"validate", "check"}, {"lint", "check"},
    {"verify", "check"},  {"pingall", "ping"},  {"clean", "gc"},     {"cleanup", "gc"},     {"prune", "gc"},
    {"gen", "generate"},
}};

std::string join_as_question(std::span<const std::pair<std::size_t, std::string_view>> nearest) {
  std::string text = "; did you mean ";
  for (std::size_t i = 0; i < nearest.size(); ++i) {
    if (i > 0) text += i + 1 == nearest.size() ? " or " : ", ";
    text += nearest[i].second;
  }
  return text + "?";
}

}  // namespace

std::string suggest(std::string_view mistyped, std::span<const std::string> names) {
  constexpr std::size_t longest = 256;  // nobody mistypes more, and comparing takes time
  if (mistyped.size() > longest) return {};
  const std::size_t farthest = farthest_of(mistyped);
  std::vector<std::pair<std::size_t, std::string_view>> near;
  for (const std::string& name : names) {
    if (name.size() > mistyped.size() + farthest) continue;
    const std::size_t distance = edit_distance(mistyped, name);
    if (distance <= farthest && distance < name.size()) near.emplace_back(distance, name);
  }
  if (near.empty()) return {};
  const std::size_t shown = std::min(near.size(), most_suggestions);
  std::partial_sort(near.begin(), near.begin() + static_cast<std::ptrdiff_t>(shown), near.end());
  return join_as_question(std::span{near}.first(shown));
}

std::string suggest_command(std::string_view mistyped, std::span<const std::string> names) {
  const auto* const synonym = std::ranges::find(synonyms, mistyped, &Synonym::word);
  if (synonym == synonyms.end()) return suggest(mistyped, names);
  return std::string{"; did you mean "}.append(synonym->question) + "?";
}

}  // namespace netherd::tools
