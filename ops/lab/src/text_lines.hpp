#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string_view>

#include "netherd/lab/topology.hpp"

namespace netherd::lab {

/// Editors of Windows begin UTF-8 with it.
inline constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";

/// One line of a text, without its end: LF, or CR LF as Windows has it.
struct TextLine {
  SourceLine number = SourceLine::none;
  std::string_view text;
};

/// Hands the lines of a text out, one after the other.
class TextLines {
 public:
  explicit TextLines(std::string_view text) noexcept : rest_{text} {}

  [[nodiscard]] std::optional<TextLine> next() noexcept {
    if (rest_.empty()) return std::nullopt;
    const std::size_t end = rest_.find('\n');
    std::string_view line = rest_.substr(0, end);
    rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    return TextLine{SourceLine{++number_}, line};
  }

 private:
  std::string_view rest_;
  std::uint32_t number_ = 0;
};

}  // namespace netherd::lab
