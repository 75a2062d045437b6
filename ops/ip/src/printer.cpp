#include "netherd/ip/printer.hpp"

#include <array>
#include <charconv>

namespace netherd::ip {

std::string Printer::decimal(std::uint64_t value) {
  std::array<char, 20> digits;
  return {digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr};
}

void Printer::colour(Colour which) {
  if (!layout_.coloured || which == Colour::none) return;
  static constexpr std::array<std::string_view, 7> codes{"\033[0m",  "\033[36m", "\033[33m", "\033[35m",
                                                         "\033[34m", "\033[32m", "\033[31m"};
  out_ += codes.at(static_cast<std::size_t>(which));
}

std::string Printer::take() { return std::exchange(out_, {}); }

void Printer::string(const char* key, std::string_view before, std::string_view value, std::string_view after,
                     Colour which) {
  if (json()) return json_string(key, value);
  colour(which);
  out_.append(before).append(value).append(after);
  if (layout_.coloured && which != Colour::none) out_ += "\033[0m";
}

void Printer::put_number(const char* key, std::string_view before, std::string_view value, std::string_view after) {
  if (json()) {
    begin_value(key);
    out_ += value;
  } else {
    out_.append(before).append(value).append(after);
  }
}

void Printer::hex(const char* key, std::string_view before, std::uint64_t value, std::string_view after) {
  std::array<char, 18> digits{'0', 'x'};
  const std::string_view text{digits.data(),
                              std::to_chars(digits.data() + 2, digits.data() + digits.size(), value, 16).ptr};
  string(key, before, text, after);
}

void Printer::flag(const char* key, std::string_view words, bool value) {
  if (json()) return json_bool(key, value);
  out_ += words;
}

void Printer::on_off(const char* key, std::string_view before, bool value, std::string_view after) {
  if (json()) return json_bool(key, value);
  out_.append(before).append(value ? "on" : "off").append(after);
}

void Printer::null(const char* key, std::string_view words) {
  if (!json()) return text(words);
  begin_value(key);
  out_ += "null";
}

void Printer::text(std::string_view words) {
  if (!json()) out_ += words;
}

void Printer::padded(std::string_view value, int width) {
  if (json()) return;
  const auto columns = static_cast<std::size_t>(width < 0 ? -width : width);
  const std::size_t padding = columns > value.size() ? columns - value.size() : 0;
  if (width > 0) out_.append(padding, ' ');
  out_ += value;
  if (width < 0) out_.append(padding, ' ');
}

void Printer::json_string(const char* key, std::string_view value) {
  if (!json()) return;
  begin_value(key);
  quote(value);
}

void Printer::json_bool(const char* key, bool value) {
  if (!json()) return;
  begin_value(key);
  out_ += value ? "true" : "false";
}

void Printer::separate() {
  if (separator_ != '\0') out_ += separator_;
  separator_ = ',';
}

void Printer::end_of_line() {
  if (layout_.format != Format::pretty_json) return;
  out_ += '\n';
  out_.append(static_cast<std::size_t>(depth_) * 4, ' ');
}

void Printer::name(const char* key) {
  if (key == nullptr) return;
  separate();
  end_of_line();
  separator_ = '\0';
  quote(key);
  out_ += layout_.format == Format::pretty_json ? ": " : ":";
}

void Printer::begin_value(const char* key) {
  name(key);
  separate();
}

void Printer::quote(std::string_view words) {
  static constexpr std::string_view special = "\t\n\r\f\b\\\"";
  static constexpr std::string_view escapes = "tnrfb\\\"";
  out_ += '"';
  for (const char c : words) {
    if (const std::size_t at = special.find(c); at != std::string_view::npos) {
      out_ += '\\';
      out_ += escapes[at];
    } else {
      out_ += c;
    }
  }
  out_ += '"';
}

void Printer::open_object(const char* key) {
  if (!json()) return;
  begin_value(key);
  out_ += '{';
  ++depth_;
  separator_ = '\0';
}

void Printer::close_object() {
  if (!json()) return;
  --depth_;
  if (separator_ != '\0') end_of_line();
  out_ += '}';
  separator_ = ',';
}

void Printer::open_array(const char* key) {
  if (!json()) return;
  begin_value(key);
  out_ += layout_.format == Format::pretty_json ? "[ " : "[";
  ++depth_;
  separator_ = '\0';
}

void Printer::close_array() {
  if (!json()) return;
  if (layout_.format == Format::pretty_json && separator_ != '\0') out_ += ' ';
  --depth_;
  out_ += ']';
  separator_ = ',';
}

void Printer::open_document() { open_array(); }

void Printer::close_document() {
  if (!json()) return;
  close_array();
  out_ += '\n';
  separator_ = '\0';
}

}  // namespace netherd::ip
