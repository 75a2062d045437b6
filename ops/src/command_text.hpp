#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

#include "netherd/ops/shell_word.hpp"

namespace netherd::ops {

/// Puts the words of an `ip` command together, for the describe() of requests. A shell takes the command as it is:
/// names and texts are quoted where a shell would see more in them than a word. String literals are the keywords of the
/// program, several of them perhaps, and stand as they are.
class CommandText {
 public:
  /// Starts with `ip`, or with `ip -n NS`; other programs of iproute2 are `bridge` and `tc`.
  explicit CommandText(std::string_view netns, std::string_view program = "ip") : text_{program} {
    option("-n", netns);
  }

  CommandText& word(std::string_view word) { return append(shell_word(word)); }
  template <std::size_t size>
  CommandText& word(const char (&keywords)[size]) {
    return append(std::string_view{keywords, size - 1});
  }
  /// The name of a link where the program also takes keywords: `up`, `type` and abbreviations of others. None of them
  /// has a digit, and links mostly do; before others the keyword says that a name follows.
  CommandText& link(std::string_view keyword, std::string_view name) {
    const bool unmistakable = name == "lo" || (!name.starts_with('-') && std::ranges::any_of(name, is_digit));
    return unmistakable ? word(name) : word(keyword).word(name);
  }
  /// A keyword with its value; nothing at all if the value is empty.
  CommandText& option(std::string_view keyword, std::string_view value) {
    return value.empty() ? *this : append(keyword).word(value);
  }
  CommandText& number(std::string_view keyword, std::integral auto value) {
    return option(keyword, std::to_string(value));
  }
  /// "keyword 0x10": what `ip` takes for a TOS is hexadecimal even without the prefix.
  CommandText& hexadecimal(std::string_view keyword, std::uint32_t value) {
    std::array<char, 16> text{};
    std::snprintf(text.data(), text.size(), "0x%x", value);
    return option(keyword, text.data());
  }
  CommandText& flag(std::string_view keyword, bool present) { return present ? append(keyword) : *this; }

  [[nodiscard]] std::string text() && { return std::move(text_); }

 private:
  static bool is_digit(char character) noexcept { return character >= '0' && character <= '9'; }

  CommandText& append(std::string_view words) {
    text_ += ' ';
    text_ += words;
    return *this;
  }

  std::string text_;
};

}  // namespace netherd::ops
