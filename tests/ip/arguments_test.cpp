// arguments.txt against the parser and against docs/ip.md. With NETHERD_WRITE_DOCS in the environment the table there
// is written anew.
#include "arguments.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "fake_environment.hpp"

namespace netherd::test {
namespace {

const std::string document = std::string{NETHERD_SOURCE} + "/docs/ip.md";
constexpr std::string_view begin_mark = "<!-- made by tests/ip/arguments_test.cpp from tests/ip/arguments.txt -->\n";
constexpr std::string_view end_mark = "<!-- end -->\n";

std::string refusal_of(const std::string& line) {
  FakeEnvironment environment;
  try {
    static_cast<void>(parse_line(line, environment));
  } catch (const ip::CommandError& error) {
    return error.what();
  }
  return {};
}

/// A word of the command stands in quotes in the message, perhaps with others.
bool names_a_word(const std::string& message, const std::string& line) {
  for (const std::string_view word : ip::split_line(line)) {
    if (message.find('"' + std::string{word}) != std::string::npos) return true;
    if (message.find(std::string{word} + '"') != std::string::npos) return true;
  }
  return false;
}

TEST(Arguments, AreUnderstoodOrRefusedAsTheTableSays) {
  for (const std::string& line : commands_marked('~')) EXPECT_EQ(refusal_of(line), "") << line;
  for (const std::string& line : commands_marked('!')) {
    EXPECT_TRUE(names_a_word(refusal_of(line), line)) << line << ": " << refusal_of(line);
  }
}

TEST(Arguments, AllHaveATest) {
  for (const ArgumentRow& row : argument_rows()) {
    EXPECT_FALSE(row.commands.empty()) << row.object << ' ' << row.arguments;
    for (const std::string& command : row.commands) {
      const bool refused = command.starts_with('!');
      if (row.verdict == "no" || row.verdict == "same") {
        EXPECT_EQ(refused, row.verdict == "no") << command;
      }
    }
  }
  for (const std::string& files : commands_marked('@')) {
    std::string rest = files + ", ";
    for (std::size_t comma; (comma = rest.find(", ")) != std::string::npos; rest.erase(0, comma + 2)) {
      const std::string file = std::string{NETHERD_SOURCE} + "/tests/ip/" + rest.substr(0, comma);
      EXPECT_TRUE(std::filesystem::exists(file)) << file;
    }
  }
}

TEST(Arguments, AreInTheDocument) {
  std::ifstream file{document};
  const std::string text{std::istreambuf_iterator<char>{file}, {}};
  const std::size_t begin = text.find(begin_mark) + begin_mark.size();
  const std::size_t end = text.find(end_mark, begin);
  ASSERT_NE(end, std::string::npos);
  if (std::getenv("NETHERD_WRITE_DOCS") != nullptr) {
    std::ofstream{document} << text.substr(0, begin) << argument_table() << text.substr(end);
  } else {
    EXPECT_EQ(text.substr(begin, end - begin), argument_table());
  }
}

}  // namespace
}  // namespace netherd::test
