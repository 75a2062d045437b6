#include "arguments.hpp"

#include <fstream>
#include <stdexcept>
#include <string_view>

namespace netherd::test {

namespace {

ArgumentRow parse_row(const std::string& line) {
  static constexpr std::string_view separator = " | ";
  const std::size_t first = line.find(separator);
  const std::size_t second = line.find(separator, first + separator.size());
  if (first == std::string::npos || second == std::string::npos) throw std::runtime_error{"no row: " + line};
  ArgumentRow row{.object = line.substr(0, first),
                  .arguments = line.substr(first + separator.size(), second - first - separator.size()),
                  .verdict = line.substr(second + separator.size()),
                  .commands = {}};
  if (row.verdict != "same" && row.verdict != "no" && !row.verdict.starts_with("different: ")) {
    throw std::runtime_error{"no verdict: " + line};
  }
  return row;
}

std::vector<ArgumentRow> read_rows() {
  std::ifstream file{std::string{NETHERD_SOURCE} + "/tests/ip/arguments.txt"};
  if (!file) throw std::runtime_error{"arguments.txt is not there"};
  std::vector<ArgumentRow> rows;
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line.starts_with('#')) continue;
    if (!line.starts_with("  ")) {
      rows.push_back(parse_row(line));
    } else {
      rows.back().commands.push_back(line.substr(2));
    }
  }
  return rows;
}

constexpr std::string_view marks = ">=?~!@";

}  // namespace

const std::vector<ArgumentRow>& argument_rows() {
  static const auto rows = read_rows();
  return rows;
}

std::vector<std::string> commands_marked(char mark) {
  std::vector<std::string> commands;
  for (const ArgumentRow& row : argument_rows()) {
    for (const std::string& command : row.commands) {
      const bool marked = marks.find(command.front()) != std::string_view::npos;
      if (mark == ' ' && !marked) commands.push_back(command);
      if (mark != ' ' && command.front() == mark) commands.push_back(command.substr(2));
    }
  }
  return commands;
}

std::string argument_table() {
  std::string table = "| object | arguments | |\n|---|---|---|\n";
  std::string_view object;
  for (const ArgumentRow& row : argument_rows()) {
    const bool is_new = row.object != object;
    object = row.object;
    table += "| " + (is_new ? row.object + ' ' : "") + "| " + row.arguments + " | " + row.verdict + " |\n";
  }
  return table;
}

}  // namespace netherd::test
