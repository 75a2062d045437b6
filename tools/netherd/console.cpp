#include "console.hpp"

#include <fmt/core.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <nlohmann/json.hpp>

#include "exit_status.hpp"
#include "netherd/lab/printable.hpp"
#include "standard_streams.hpp"

namespace netherd::tools {

namespace {

constexpr std::string_view red = "\x1b[1;31m";
constexpr std::string_view yellow = "\x1b[1;33m";
constexpr std::string_view plain = "\x1b[0m";

constexpr std::size_t most_bytes_buffered = 64U << 10U;
constexpr std::size_t longest_message = 2'000;

/// "FILE:LINE: ", "FILE: " or nothing.
std::string position(std::string_view source, lab::SourceLine line) {
  if (source.empty()) return {};
  if (line == lab::SourceLine::none) return fmt::format("{}: ", source);
  return fmt::format("{}:{}: ", source, engine::value_of(line));
}

/// What stands in files and names must not command the terminal, nor break the line, nor make it endless.
std::string one_line(std::string_view text) { return lab::printable(lab::shortened(text, longest_message)); }

/// See https://no-color.org: any value but the empty one counts.
bool colour_is_welcome() {
  const char* const no_colour = std::getenv("NO_COLOR");
  return no_colour == nullptr || *no_colour == '\0';
}

}  // namespace

Console::Console() : terminal_{::isatty(STDERR_FILENO) == 1}, colours_{terminal_ && colour_is_welcome()} {}

void Console::say(std::string_view given_prefix, std::string_view colour, std::string_view given_text) const {
  const std::string prefix = one_line(given_prefix);
  const std::string text = one_line(given_text);
  if (colours_) {
    write_message(fmt::format("netherd: {}{}{}{}\n", colour, prefix, plain, text));
  } else {
    write_message(fmt::format("netherd: {}{}\n", prefix, text));
  }
}

void Console::error(std::string_view text) { error({}, lab::SourceLine::none, text); }

void Console::error(std::string_view source, lab::SourceLine line, std::string_view text) {
  say(position(source, line), red, text);
  errors_.push_back({std::string{source}, line, lab::shortened(text, longest_message)});
}

void Console::warning(std::string_view text) { warning({}, lab::SourceLine::none, text); }

void Console::warning(std::string_view source, lab::SourceLine line, std::string_view text) {
  if (!quiet) say(position(source, line) + "warning: ", yellow, text);
}

void Console::note(std::string_view text) const {
  if (!quiet) write_message(fmt::format("netherd: {}\n", one_line(text)));
}

void StandardOutput::write(std::string_view text) {
  buffer_ += text;
  if (buffer_.size() >= most_bytes_buffered) flush();
}

void StandardOutput::flush() {
  if (error_ == 0) error_ = write_fully(STDOUT_FILENO, buffer_);
  buffer_.clear();
}

Console::StreamBuffer::int_type Console::StreamBuffer::overflow(int_type character) {
  if (traits_type::eq_int_type(character, traits_type::eof())) return traits_type::not_eof(character);
  const char text = traits_type::to_char_type(character);
  output_.write({&text, 1});
  return character;
}

std::streamsize Console::StreamBuffer::xsputn(const char* text, std::streamsize size) {
  output_.write({text, static_cast<std::size_t>(size)});
  return size;
}

void Console::print(std::string_view text) {
  if (!json) write(lab::printable_lines(text) + '\n');
}

void Console::write(std::string_view text) { output_.write(text); }

void Console::print_document(const nlohmann::ordered_json& document) {
  if (!json) return;
  // What programs in a node write need not be UTF-8.
  const auto replace = nlohmann::ordered_json::error_handler_t::replace;
  write(lab::printable_json(document.dump(2, ' ', false, replace)) + '\n');
  printed_ = true;
}

int Console::finish(int status) {
  if (json && !printed_ && !errors_.empty()) {
    auto list = nlohmann::ordered_json::array();
    for (const Message& message : errors_) {
      nlohmann::ordered_json entry{{"text", message.text}};
      if (!message.source.empty()) entry["file"] = message.source;
      if (message.line != lab::SourceLine::none) entry["line"] = engine::value_of(message.line);
      list.push_back(std::move(entry));
    }
    print_document(nlohmann::ordered_json{{"errors", std::move(list)}});
  }
  output_.flush();
  if (output_.error() == 0) return status;
  error(fmt::format("standard output: {}: the output is lost", std::strerror(output_.error())));
  return status == ExitStatus::done ? ExitStatus::failed : status;
}

std::string grouped(std::uint64_t number) {
  std::string digits = std::to_string(number);
  for (std::size_t at = digits.size(); at > 3;) digits.insert(at -= 3, 1, ',');
  return digits;
}

std::string counted(std::uint64_t number, std::string_view noun, std::string_view plural) {
  if (number == 1) return fmt::format("1 {}", noun);
  if (plural.empty()) return fmt::format("{} {}s", grouped(number), noun);
  return fmt::format("{} {}", grouped(number), plural);
}

}  // namespace netherd::tools
