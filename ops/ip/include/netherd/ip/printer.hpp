#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace netherd::ip {

/// What `-c` colours.
enum class Colour : std::uint8_t { none, interface_name, mac, inet, inet6, up, down };

/// Writes objects as text or as JSON, with the layout of iproute2: each property has a key for JSON, and the text that
/// stands before and after its value.
///
/// A null key in JSON is an element of an array. What is written is collected until take(). Not thread safe.
class Printer {
 public:
  enum class Format : std::uint8_t { text, json, pretty_json };
  struct Layout {
    Format format = Format::text;
    bool one_line = false;  ///< line breaks within an object are written as backslashes
    bool coloured = false;
  };

  explicit Printer(Layout layout) noexcept : layout_{layout} {}

  [[nodiscard]] bool json() const noexcept { return layout_.format != Format::text; }

  void string(const char* key, std::string_view before, std::string_view value, std::string_view after = " ",
              Colour which = Colour::none);
  template <std::integral Number>
  void number(const char* key, std::string_view before, Number value, std::string_view after = " ") {
    if constexpr (std::signed_integral<Number>) {
      put_number(key, before, value < 0 ? std::to_string(value) : decimal(static_cast<std::uint64_t>(value)), after);
    } else {
      put_number(key, before, decimal(value), after);
    }
  }
  /// A number with a point, already as text.
  void decimal_text(const char* key, std::string_view before, std::string_view value, std::string_view after = " ") {
    put_number(key, before, value, after);
  }
  /// "0x1f", in JSON as text.
  void hex(const char* key, std::string_view before, std::uint64_t value, std::string_view after = " ");
  /// A property that is there or not: `true` in JSON, `words` as text.
  void flag(const char* key, std::string_view words, bool value = true);
  /// "on" or "off" as text, a boolean in JSON.
  void on_off(const char* key, std::string_view before, bool value, std::string_view after = " ");
  /// `null` in JSON, `words` as text.
  void null(const char* key, std::string_view words);

  /// Text only.
  void text(std::string_view words);
  void padded(std::string_view value, int width);  ///< width > 0: to the right, else to the left
  void line_break() { text(layout_.one_line ? "\\" : "\n"); }
  /// JSON only.
  void json_string(const char* key, std::string_view value);
  void json_bool(const char* key, bool value);
  template <std::integral Number>
  void json_number(const char* key, Number value) {
    if (json()) number(key, "", value, "");
  }
  void open_object(const char* key = nullptr);
  void close_object();
  void open_array(const char* key = nullptr);
  void close_array();

  /// What a command that shows something begins and ends with: the array of its objects.
  void open_document();
  void close_document();

  [[nodiscard]] std::string take();
  [[nodiscard]] std::size_t size() const noexcept { return out_.size(); }

 private:
  static std::string decimal(std::uint64_t value);
  void put_number(const char* key, std::string_view before, std::string_view value, std::string_view after);
  void name(const char* key);
  void begin_value(const char* key);
  void quote(std::string_view words);
  void separate();
  void end_of_line();
  void colour(Colour which);

  Layout layout_;
  std::string out_;
  char separator_ = '\0';
  int depth_ = 0;
};

}  // namespace netherd::ip
