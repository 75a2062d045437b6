#include "suggest.hpp"

#include <algorithm>
#include <numeric>
#include <utility>
#include <vector>

namespace netherd::tools {

namespace {

constexpr std::size_t most_suggestions = 3;

/// How many letters have to be added, removed or replaced to make one name of the other.
std::size_t edit_distance(std::string_view from, std::string_view to) {
  std::vector<std::size_t> row(to.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < from.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i + 1);
    for (std::size_t j = 0; j < to.size(); ++j) {
      const std::size_t replaced = diagonal + (from[i] == to[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, diagonal + 1, row[j] + 1});
    }
  }
  return row.back();
}

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
  const std::size_t farthest = std::max<std::size_t>(2, mistyped.size() / 3);
  std::vector<std::pair<std::size_t, std::string_view>> near;
  for (const std::string& name : names) {
    const std::size_t distance = edit_distance(mistyped, name);
    if (distance <= farthest && distance < name.size()) near.emplace_back(distance, name);
  }
  if (near.empty()) return {};
  const std::size_t shown = std::min(near.size(), most_suggestions);
  std::partial_sort(near.begin(), near.begin() + static_cast<std::ptrdiff_t>(shown), near.end());
  return join_as_question(std::span{near}.first(shown));
}

}  // namespace netherd::tools
