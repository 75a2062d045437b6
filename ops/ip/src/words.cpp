#include "netherd/ip/words.hpp"

#include <charconv>

namespace netherd::ip {

std::string_view Words::take() {
  if (empty()) throw CommandError{status_usage, "Command line is not complete. Try option \"help\""};
  const std::string_view word = peek();
  skip();
  return word;
}

bool read_number(std::string_view text, std::uint64_t most, std::uint64_t& number) noexcept {
  int base = 10;
  if (text.starts_with("0x") || text.starts_with("0X")) {
    base = 16;
    text.remove_prefix(2);
  } else if (text.size() > 1 && text.front() == '0') {
    base = 8;
  }
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number, base);
  return error == std::errc{} && stop == end && number <= most;
}

std::uint64_t Words::take_number(std::uint64_t most, std::string_view complaint) {
  const std::string_view word = take();
  std::uint64_t number = 0;
  if (!read_number(word, most, number)) refuse(word, complaint);
  return number;
}

bool Words::take_on_off(std::string_view keyword) {
  const std::string_view word = take();
  if (word == "on") return true;
  if (word == "off") return false;
  fail("Error: argument of \"" + std::string{keyword} + R"(" must be "on" or "off", not ")" + std::string{word} + "\"");
}

std::size_t Words::take_one_of(std::span<const std::string_view> list, std::string_view keyword, int status) {
  const std::string_view word = take();
  std::string choice;
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (ip::abbreviates(word, list[i])) return i;
    choice += '"' + std::string{list[i]} + "\", ";
  }
  fail("Error: argument of \"" + std::string{keyword} + "\" must be one of " + choice + "not \"" + std::string{word} +
           '"',
       status);
}

void refuse(std::string_view word, std::string_view complaint) {
  throw CommandError{status_usage, "Error: argument \"" + std::string{word} + "\" is wrong: " + std::string{complaint}};
}

void refuse_duplicate(std::string_view keyword, std::string_view word) {
  throw CommandError{status_usage, "Error: duplicate \"" + std::string{keyword} + "\": \"" + std::string{word} +
                                       "\" is the second value."};
}

void refuse_garbage(std::string_view keyword, std::string_view word) {
  throw CommandError{status_usage, "Error: either \"" + std::string{keyword} + "\" is duplicate, or \"" +
                                       std::string{word} + "\" is a garbage."};
}

void fail(const std::string& text, int status) { throw CommandError{status, text}; }

void fail_no_device(std::string_view name) { fail("Cannot find device \"" + std::string{name} + "\""); }

}  // namespace netherd::ip
