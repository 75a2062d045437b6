#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "netherd/ip/command_error.hpp"

namespace netherd::ip {

/// True if `word` is `keyword` or an abbreviation of it, as `ip` lets people abbreviate: "addr" of "address".
[[nodiscard]] constexpr bool abbreviates(std::string_view word, std::string_view keyword) noexcept {
  return !word.empty() && keyword.starts_with(word);
}

/// The words of a command, read from left to right.
///
/// Every function that reads a value throws CommandError, with the words of `ip`, if it is not there or makes no sense.
/// Lifetime: a view; the words must outlive it. Not thread safe.
class Words {
 public:
  explicit Words(std::span<const std::string_view> words) noexcept : words_{words} {}

  [[nodiscard]] bool empty() const noexcept { return words_.empty(); }
  [[nodiscard]] std::size_t size() const noexcept { return words_.size(); }
  [[nodiscard]] std::span<const std::string_view> rest() const noexcept { return words_; }
  /// The current word. Precondition: not empty.
  [[nodiscard]] std::string_view peek() const noexcept { return words_.front(); }
  [[nodiscard]] bool is(std::string_view keyword) const noexcept { return !empty() && peek() == keyword; }
  [[nodiscard]] bool abbreviates(std::string_view keyword) const noexcept {
    return !empty() && ip::abbreviates(peek(), keyword);
  }
  void skip() noexcept { words_ = words_.subspan(1); }

  /// The current word, which is read thereby. Throws if there is none: "Command line is not complete."
  std::string_view take();
  /// Reads the current word if it is the keyword.
  bool accept(std::string_view keyword) noexcept { return is(keyword) && (skip(), true); }
  /// The same for the keyword or an abbreviation of it.
  bool accept_short(std::string_view keyword) noexcept { return abbreviates(keyword) && (skip(), true); }

  /// A number without sign, in decimal, hexadecimal ("0x") or octal ("0"). `complaint` says what is wrong with another
  /// word: Error: argument "x" is wrong: COMPLAINT
  std::uint64_t take_number(std::uint64_t most, std::string_view complaint);
  std::uint8_t take_u8(std::string_view complaint) {
    return static_cast<std::uint8_t>(take_number(UINT8_MAX, complaint));
  }
  std::uint16_t take_u16(std::string_view complaint) {
    return static_cast<std::uint16_t>(take_number(UINT16_MAX, complaint));
  }
  std::uint32_t take_u32(std::string_view complaint) {
    return static_cast<std::uint32_t>(take_number(UINT32_MAX, complaint));
  }
  /// "on" or "off"; `keyword` is what they belong to.
  bool take_on_off(std::string_view keyword);
  /// The position of a word in a list, or of the first one that it abbreviates; `keyword` is what it belongs to.
  /// Another word ends the command with the given status.
  std::size_t take_one_of(std::span<const std::string_view> list, std::string_view keyword, int status);

 private:
  std::span<const std::string_view> words_;
};

/// Error: argument "WORD" is wrong: COMPLAINT
[[noreturn]] void refuse(std::string_view word, std::string_view complaint);
/// Error: duplicate "KEYWORD": "WORD" is the second value.
[[noreturn]] void refuse_duplicate(std::string_view keyword, std::string_view word);
/// The same for the value that comes next, which has to be there.
[[noreturn]] inline void refuse_duplicate(std::string_view keyword, Words& words) {
  refuse_duplicate(keyword, words.take());
}
/// Error: either "KEYWORD" is duplicate, or "WORD" is a garbage.
[[noreturn]] void refuse_garbage(std::string_view keyword, std::string_view word);
/// Any other text, with the exit status of a failure.
[[noreturn]] void fail(const std::string& text, int status = status_failed);
/// Cannot find device "NAME"
[[noreturn]] void fail_no_device(std::string_view name);

/// The number that the whole of `text` is, if it is one and not greater than `most`.
[[nodiscard]] bool read_number(std::string_view text, std::uint64_t most, std::uint64_t& number) noexcept;

}  // namespace netherd::ip
