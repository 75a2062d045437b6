#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace netherd::ip {

/// The lines of a batch file, as they come from a file or a pipe, without comments: `#` begins one. A backslash at the
/// end of a line joins the next one to it, unless it belongs to a comment. Not thread safe.
class BatchLines {
 public:
  /// Longest line, with those that it continues on. A longer one is read to its end, and not kept.
  static constexpr std::size_t most_bytes = 1U << 20U;

  /// Fills a buffer like read(2): gives the number of bytes, 0 at the end.
  using Read = std::function<std::size_t(std::span<char>)>;
  explicit BatchLines(Read read) : read_{std::move(read)} {}

  /// False at the end. Throws what `read` throws.
  bool next(std::string& line);
  /// Of the line that next() gave, in the file: of the last one, if it continues.
  [[nodiscard]] std::size_t number() const noexcept { return number_; }
  /// Why that line cannot be a command, whatever its words are; empty if it can.
  [[nodiscard]] std::string_view flaw() const noexcept { return flaw_; }
  /// A line can be had without reading.
  [[nodiscard]] bool has_line() const noexcept {
    return std::string_view{buffer_}.find('\n', at_) != std::string::npos;
  }

 private:
  enum class Piece : std::uint8_t { none, last, continued };
  Piece append_piece(std::string& line);
  bool refill();

  Read read_;
  std::string buffer_;
  std::size_t at_ = 0;  // what was taken of the buffer
  std::size_t number_ = 0;
  std::string_view flaw_;
};

}  // namespace netherd::ip
