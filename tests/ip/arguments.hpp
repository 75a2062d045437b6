#pragma once

#include <string>
#include <vector>

namespace netherd::test {

/// A row of arguments.txt, which says what there is of the language of `ip`.
struct ArgumentRow {
  std::string object;
  std::string arguments;
  std::string verdict;                ///< "same", "different: why", "no"
  std::vector<std::string> commands;  ///< with their marks: "> link show"; "  link add ..." has none
};
/// Throws std::runtime_error for what is no such file.
[[nodiscard]] const std::vector<ArgumentRow>& argument_rows();
/// The commands with this mark, of all rows; ' ': those without one.
[[nodiscard]] std::vector<std::string> commands_marked(char mark);
/// The rows as the table of docs/ip.md.
[[nodiscard]] std::string argument_table();

}  // namespace netherd::test
