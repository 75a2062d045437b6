#include "node_names.hpp"

#include <cstdint>

namespace netherd::lab {

namespace {

constexpr std::size_t max_name_bytes = 100;  // leaves room for a suffix

/// The letters from U+00C0 to U+017F without their accents; '-' where there is no letter.
constexpr std::string_view base_letters =
    "AAAAAAACEEEEIIIIDNOOOOO-OUUUUYTsaaaaaaaceeeeiiiidnooooo-ouuuuyty"
    "AaAaAaCcCcCcCcDdDdEeEeEeEeEeGgGgGgGgHhHhIiIiIiIiIiIiJjKkkLlLlLlL"
    "lLlNnNnNnnNnOoOoOoOoRrRrRrSsSsSsSsTtTtTtUuUuUuUuUuUuWwYyYZzZzZzs";
constexpr std::uint32_t first_base_letter = 0xC0;

bool is_plain(unsigned char byte) {
  return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') || byte == '_' ||
         byte == '.';
}

/// What a two-byte UTF-8 sequence becomes; 0 for nothing.
char fold(unsigned char lead, unsigned char trail) {
  const std::uint32_t code_point = (lead & 0x1fU) << 6U | (trail & 0x3fU);
  if (code_point == 0xA0) return '-';  // a space that does not break the line
  const std::uint32_t position = code_point - first_base_letter;
  return code_point >= first_base_letter && position < base_letters.size() ? base_letters[position] : '\0';
}

/// Puts at most one '-' between other characters, and none before them.
void append(std::string& name, char character) {
  if (character == '-' && (name.empty() || name.back() == '-')) return;
  if (character == '.' && name.empty()) return;
  name += character;
}

std::string simplified(std::string_view label) {
  std::string name;
  for (std::size_t i = 0; i < label.size() && name.size() < max_name_bytes; ++i) {
    const auto byte = static_cast<unsigned char>(label[i]);
    const bool is_two_bytes = (byte & 0xe0U) == 0xc0 && i + 1 < label.size();
    if (is_plain(byte)) {
      append(name, label[i]);
    } else if (byte == '-' || byte == '/' || byte <= ' ') {
      append(name, '-');
    } else if (is_two_bytes) {
      const char folded = fold(byte, static_cast<unsigned char>(label[++i]));
      if (folded != '\0') append(name, folded);
    }
  }
  while (!name.empty() && (name.back() == '-' || name.back() == '.')) name.pop_back();
  return name;
}

}  // namespace

std::string NodeNames::name_for(std::string_view label, std::string_view fallback) {
  std::string base = simplified(label);
  if (base.empty()) base = simplified(fallback);
  if (base.empty()) base = "node";
  if (used_.insert(base).second) return base;
  unsigned& suffix = next_suffixes_.try_emplace(base, 2).first->second;
  while (true) {
    std::string name = base + '-' + std::to_string(suffix++);
    if (used_.insert(name).second) return name;
  }
}

}  // namespace netherd::lab
