#pragma once

#include <array>
#include <concepts>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

namespace netherd::ops {

/// Puts the words of an `ip` command together, for the describe() of requests.
class CommandText {
 public:
  /// Starts with `ip`, or with `ip -n NS`; other programs of iproute2 are `bridge` and `tc`.
  explicit CommandText(std::string_view netns, std::string_view program = "ip") : text_{program} {
    option("-n", netns);
  }

  CommandText& word(std::string_view word) {
    text_ += ' ';
    text_ += word;
    return *this;
  }
  /// A keyword with its value; nothing at all if the value is empty.
  CommandText& option(std::string_view keyword, std::string_view value) {
    return value.empty() ? *this : word(keyword).word(value);
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
  CommandText& flag(std::string_view keyword, bool present) { return present ? word(keyword) : *this; }

  [[nodiscard]] std::string text() && { return std::move(text_); }

 private:
  std::string text_;
};

}  // namespace netherd::ops
