#pragma once

#include <fmt/format.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "netherd/lab/printable.hpp"
#include "netherd/lab/topology.hpp"

namespace netherd::lab {

/// How many errors or warnings of a file are shown.
inline constexpr std::size_t max_shown_findings = 100;

/// Sorts findings by line; those of one line keep their order.
void sort_by_line(std::vector<Finding>& findings);

namespace findings_detail {

template <typename Value>
inline constexpr bool is_text = std::is_convertible_v<const std::remove_cvref_t<Value>&, std::string_view>;
/// What stands for a value in a message.
template <typename Value>
using Shown = std::conditional_t<is_text<Value>, std::string, std::remove_cvref_t<Value>>;

}  // namespace findings_detail

/// Collects findings, of which a file can cause any number, each about texts of any length: names are shortened, and
/// beyond a number of findings the others are only counted.
class FindingList {
 public:
  /// Longest text of a file within a finding, and longest finding, in bytes.
  static constexpr std::size_t max_part = 100;
  static constexpr std::size_t max_text = 1'000;
  /// How many are kept. More than shown, so that those shown are the first of the file.
  static constexpr std::size_t max_kept = 1'000;

  void add(SourceLine line, std::string_view text);
  /// fmt::format(), with shortened texts.
  template <typename... Values>
  void report(SourceLine line, fmt::format_string<findings_detail::Shown<Values>...> text, const Values&... values) {
    if (is_full()) return static_cast<void>(++left_out_);
    add(line, fmt::format(text, part(values)...));
  }

  [[nodiscard]] bool empty() const noexcept { return kept_.empty(); }
  [[nodiscard]] const std::vector<Finding>& kept() const noexcept { return kept_; }
  /// Findings in the order of their lines, `most` at most; behind them how many there are more "of what".
  [[nodiscard]] std::vector<Finding> take(std::size_t most, std::string_view of_what) &&;

 private:
  template <typename Value>
  static findings_detail::Shown<Value> part(const Value& value) {
    if constexpr (findings_detail::is_text<Value>) {
      return shortened(value, max_part);
    } else {
      return value;
    }
  }
  [[nodiscard]] bool is_full() const noexcept { return kept_.size() == max_kept; }

  std::vector<Finding> kept_;
  std::size_t left_out_ = 0;
};

}  // namespace netherd::lab
