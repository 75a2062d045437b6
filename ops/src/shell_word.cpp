#include "netherd/ops/shell_word.hpp"

#include <algorithm>

namespace netherd::ops {

namespace {

bool is_plain_character(char character) noexcept {
  constexpr std::string_view harmless = "_-./:@%+,=";
  return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z') ||
         (character >= '0' && character <= '9') || harmless.find(character) != std::string_view::npos;
}

}  // namespace

std::string shell_word(std::string_view text) {
  if (!text.empty() && std::ranges::all_of(text, is_plain_character)) return std::string{text};
  std::string quoted{"'"};
  for (const char character : text) {
    if (character == '\'') {
      quoted += "'\\''";
    } else {
      quoted += character;
    }
  }
  return quoted += '\'';
}

}  // namespace netherd::ops
