#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace netherd::lab {

/// A text from outside as a terminal may show it: what would command the terminal, break the line or reorder what
/// stands around it becomes visible. Those are control characters (C0, DEL, C1), bytes that are not UTF-8 ("\x9b"), and
/// line separators, marks of the direction of text and characters without width ("\u202e").
[[nodiscard]] std::string printable(std::string_view text);
/// The same, but line ends stay: for what has several lines of its own.
[[nodiscard]] std::string printable_lines(std::string_view text);
/// A JSON document whose strings hold no such characters as they are: they become \uXXXX, which means the same.
[[nodiscard]] std::string printable_json(std::string_view document);

/// A text of at most `most` bytes: a longer one is cut between two characters and ends in "...".
[[nodiscard]] std::string shortened(std::string_view text, std::size_t most);

}  // namespace netherd::lab
