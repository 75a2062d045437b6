#include "netherd/ip/batch_lines.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace netherd::ip {
namespace {

struct Read {
  std::string text;
  std::size_t number;
  std::string flaw;
  friend bool operator==(const Read&, const Read&) = default;
};

/// Handed over a few bytes at a time, as a pipe may.
std::vector<Read> read_all(std::string_view text, std::size_t piece) {
  BatchLines lines{[&](std::span<char> buffer) {
    const std::size_t size = text.copy(buffer.data(), std::min(piece, buffer.size()));
    text.remove_prefix(size);
    return size;
  }};
  std::vector<Read> all;
  for (std::string line; lines.next(line);) {
    const std::string flaw{lines.flaw()};
    all.push_back({flaw.empty() ? line : "", lines.number(), flaw});
  }
  return all;
}

TEST(BatchLines, AreNumberedAndContinued) {
  const std::vector<Read> expected{{"one", 1, ""}, {"", 2, ""}, {"two more ", 4, ""}, {"end", 5, ""}};
  for (const std::size_t piece : {1U, 2U, 7U, 1000U}) {
    EXPECT_EQ(read_all("one\n\ntwo\\\n more \nend", piece), expected) << piece;
    EXPECT_EQ(read_all("one\n\ntwo\\\n more \nend\n", piece), expected) << piece;
  }
  EXPECT_TRUE(read_all("", 5).empty());
  EXPECT_EQ(read_all("last \\", 5), (std::vector<Read>{{"last \\", 1, ""}}));
  EXPECT_EQ(read_all("last \\\n", 5), (std::vector<Read>{{"", 1, "Missing continuation line"}}));
}

TEST(BatchLines, EndWithTheirCommentsWhateverStandsInThose) {
  const std::vector<Read> expected{{"", 1, ""}, {"one ", 2, ""}, {"two three ", 4, ""}, {"four", 5, ""}};
  for (const std::size_t piece : {1U, 3U, 1000U}) {
    EXPECT_EQ(read_all("# nothing \\\none # first \\\ntwo \\\nthree # second \\\nfour", piece), expected) << piece;
  }
}

TEST(BatchLines, ThatAreTooLongAreReadToTheirEnd) {
  const std::string long_line(BatchLines::most_bytes + 1, 'x');
  const std::vector<Read> expected{{"one", 1, ""}, {"", 2, "Line is too long"}, {"three", 3, ""}};
  EXPECT_EQ(read_all("one\n" + long_line + "\nthree\n", 4096), expected);
  std::string continued = "one\n";
  for (int i = 0; i < 1100; ++i) continued += std::string(1000, 'x') + "\\\n";
  EXPECT_EQ(read_all(continued + "end\nnext\n", 4096).at(1).flaw, "Line is too long");
}

TEST(BatchLines, WithAZeroByteAreNone) {
  EXPECT_EQ(read_all(std::string_view{"a\0b\nc", 5}, 9),
            (std::vector<Read>{{"", 1, "Line has a zero byte"}, {"c", 2, ""}}));
}

}  // namespace
}  // namespace netherd::ip
