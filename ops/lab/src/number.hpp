#pragma once

#include <charconv>
#include <string_view>

namespace netherd::lab {

/// Reads a number that is the whole text; leaves `number` alone if it is not.
template <typename Number>
[[nodiscard]] bool parse_number(std::string_view text, Number& number) {
  Number parsed{};
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), parsed);
  if (problem != std::errc{} || end != text.data() + text.size()) return false;
  number = parsed;
  return true;
}

}  // namespace netherd::lab
