#pragma once

#include <string>
#include <string_view>

namespace netherd::ops {

/// Puts the words of an `ip` command together, for the describe() of requests.
class CommandText {
 public:
  /// Starts with `ip`, or with `ip -n NS`.
  explicit CommandText(std::string_view netns) : text_{"ip"} { option("-n", netns); }

  CommandText& word(std::string_view word) {
    text_ += ' ';
    text_ += word;
    return *this;
  }
  /// A keyword with its value; nothing at all if the value is empty.
  CommandText& option(std::string_view keyword, std::string_view value) {
    return value.empty() ? *this : word(keyword).word(value);
  }
  CommandText& flag(std::string_view keyword, bool present) { return present ? word(keyword) : *this; }

  [[nodiscard]] std::string text() && { return std::move(text_); }

 private:
  std::string text_;
};

}  // namespace netherd::ops
