#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "netherd/engine/file_descriptor.hpp"
#include "netherd/ip/batch_lines.hpp"
#include "netherd/ip/command.hpp"

namespace netherd::ip {

/// A line of a batch file. Stays where it is, since its words are views.
struct BatchLine {
  BatchLine() = default;
  BatchLine(const BatchLine&) = delete;
  BatchLine& operator=(const BatchLine&) = delete;
  [[nodiscard]] bool is_blank() const noexcept { return words.empty() && refusal.empty(); }

  std::size_t number = 0;
  std::string text;
  std::vector<std::string_view> words;  ///< views of `text`
  std::string refusal;                  ///< why it has no words that make sense; empty if it may
};

/// Reads the options off the front of a command, and what stands before them in `netns exec NAME ip [OPTIONS] ...`,
/// whose options are its own.
[[nodiscard]] Options take_inner_options(Words& words, Options options);

/// What a command touches, as far as its words tell. Two commands that touch nothing in common can be executed in any
/// order.
struct Touched {
  bool everything = false;
  bool creates = false;  ///< the one name is that of a namespace to come
  /// Of namespaces, each once; "" is the one that the process is in. The first is the one that executes the command.
  std::vector<std::string> names{};
};
[[nodiscard]] Touched touched_by(Words words, Options options);

/// Reads a batch file, or standard input ("-"). Throws CommandError: Cannot open file.
class BatchReader {
 public:
  explicit BatchReader(const std::string& file);
  /// The next line, blank ones and comments included. False at the end.
  bool next(BatchLine& line);
  /// next() does not wait for somebody who writes the lines one by one.
  [[nodiscard]] bool is_ready() const;

 private:
  engine::FileDescriptor file_;
  int descriptor_;
  BatchLines lines_;
};

}  // namespace netherd::ip
