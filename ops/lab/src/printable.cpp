#include "netherd/lab/printable.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <iterator>

#include "utf8.hpp"

namespace netherd::lab {

namespace {

struct Range {
  char32_t first;
  char32_t last;
};
/// Of Unicode's categories Cc, Cf, Zl, Zp: control characters, formats such as directions and tags, separators.
constexpr std::array<Range, 21> invisible{{
    {0x00, 0x1f},       {0x7f, 0x9f},       {0xad, 0xad},       {0x600, 0x605},     {0x61c, 0x61c},
    {0x6dd, 0x6dd},     {0x70f, 0x70f},     {0x890, 0x891},     {0x8e2, 0x8e2},     {0x180e, 0x180e},
    {0x200b, 0x200f},   {0x2028, 0x202e},   {0x2060, 0x206f},   {0xfeff, 0xfeff},   {0xfff9, 0xfffb},
    {0xfffe, 0xffff},   {0x110bd, 0x110cd}, {0x13430, 0x1343f}, {0x1bca0, 0x1bca3}, {0x1d173, 0x1d17a},
    {0xe0000, 0xe0fff},
}};

/// Almost everything is ASCII.
bool is_visible_ascii(char character) noexcept { return character >= ' ' && character <= '~'; }

void append_unicode_escape(std::string& text, char32_t code_point) {
  const auto value = static_cast<std::uint32_t>(code_point);
  if (value > 0xffff) {  // as JSON has it, and other languages with 16 bits
    const std::uint32_t beyond = value - 0x10000;
    fmt::format_to(std::back_inserter(text), "\\u{:04x}\\u{:04x}", 0xd800 + (beyond >> 10U),
                   0xdc00 + (beyond & 0x3ffU));
  } else {
    fmt::format_to(std::back_inserter(text), "\\u{:04x}", value);
  }
}

enum class Style : std::uint8_t { line, lines, json };

std::string make_printable(std::string_view text, Style style) {
  std::string shown;
  shown.reserve(text.size());
  while (!text.empty()) {
    const auto* const special = std::ranges::find_if_not(text, is_visible_ascii);
    const auto plain = static_cast<std::size_t>(special - text.begin());
    shown += text.substr(0, plain);
    text.remove_prefix(plain);
    if (text.empty()) break;
    const Utf8Sequence sequence = first_utf8_sequence(text);
    const auto byte = static_cast<unsigned char>(text.front());
    const std::size_t size = std::max<std::size_t>(sequence.size, 1);
    if (style != Style::line && byte == '\n') {
      shown += '\n';
    } else if (sequence.size == 0 || (sequence.size == 1 && style != Style::json)) {
      fmt::format_to(std::back_inserter(shown), "\\x{:02x}", byte);
    } else if (is_invisible(sequence.code_point)) {
      append_unicode_escape(shown, sequence.code_point);
    } else {
      shown += text.substr(0, size);
    }
    text.remove_prefix(size);
  }
  return shown;
}

}  // namespace

bool is_invisible(char32_t code_point) noexcept {
  const auto* const range = std::ranges::lower_bound(invisible, code_point, {}, &Range::last);
  return range != invisible.end() && range->first <= code_point;
}

std::string printable(std::string_view text) { return make_printable(text, Style::line); }
std::string printable_lines(std::string_view text) { return make_printable(text, Style::lines); }
std::string printable_json(std::string_view document) { return make_printable(document, Style::json); }

std::string shortened(std::string_view text, std::size_t most) {
  constexpr std::string_view dots = "...";
  if (text.size() <= most) return std::string{text};
  std::size_t end = most > dots.size() ? most - dots.size() : 0;
  const auto is_continuation = [&](std::size_t at) { return (static_cast<unsigned char>(text[at]) & 0xc0U) == 0x80; };
  for (int step = 0; step < 3 && end > 0 && is_continuation(end); ++step) --end;
  return std::string{text.substr(0, end)}.append(dots);
}

}  // namespace netherd::lab
