#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace netherd::lab {

/// The encoding of one code point; a size of 0 says that it is invalid.
struct Utf8Sequence {
  std::size_t size = 0;
  char32_t code_point = 0;
};
/// What a text, which is not empty, begins with (RFC 3629).
[[nodiscard]] Utf8Sequence first_utf8_sequence(std::string_view text) noexcept;

/// Position of the first byte of a text that is not UTF-8.
[[nodiscard]] std::optional<std::size_t> find_invalid_utf8(std::string_view text) noexcept;

/// Control characters, marks of direction and the like, which nobody sees.
[[nodiscard]] bool is_invisible(char32_t code_point) noexcept;

}  // namespace netherd::lab
