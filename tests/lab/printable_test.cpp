#include "netherd/lab/printable.hpp"

#include <gtest/gtest.h>

namespace netherd::lab {
namespace {

TEST(Printable, LeavesTextAlone) {
  for (const char* const text : {"", "n1:eth1 is up", "Z\u00fcrich \u6771\u4eac \U0001f600", "a\\b 'c'"}) {
    EXPECT_EQ(printable(text), text);
    EXPECT_EQ(printable_json(text), text);
  }
}

TEST(Printable, ShowsWhatWouldCommandTheTerminal) {
  EXPECT_EQ(printable("a\x1b[2Jb\r\n\x7f"), "a\\x1b[2Jb\\x0d\\x0a\\x7f");
  EXPECT_EQ(printable("\xc2\x9b"
                      "2J"),
            "\\u009b2J")
      << "CSI as one character";
  EXPECT_EQ(printable("\x9b"
                      "2J \xff\xc3"),
            "\\x9b2J \\xff\\xc3")
      << "and as a byte, as other encodings have it";
  EXPECT_EQ(printable("\xe2\x80\xae"
                      "txt.exe"),
            "\\u202etxt.exe")
      << "from right to left";
  EXPECT_EQ(printable("a\xe2\x80\xa8"
                      "b\xe2\x81\xa6\xe2\x80\x8b\xef\xbb\xbf"),
            "a\\u2028b\\u2066\\u200b\\ufeff");
  EXPECT_EQ(printable("\xf3\xa0\x81\x81"), "\\udb40\\udc41") << "a tag";
}

TEST(Printable, LinesStayLines) { EXPECT_EQ(printable_lines("a\n\tb\x1b"), "a\n\\x09b\\x1b"); }

/// "\x" is nothing in JSON, and the document's own line ends and escapes stay.
TEST(Printable, JsonStaysJson) {
  EXPECT_EQ(printable_json("{\n  \"a\\u001b\": \"\xc2\x9b\xe2\x80\xae\x7f\"\n}"),
            "{\n  \"a\\u001b\": \"\\u009b\\u202e\\u007f\"\n}");
}

TEST(Shortened, CutsBetweenCharacters) {
  EXPECT_EQ(shortened("abc", 3), "abc");
  EXPECT_EQ(shortened("abcdefgh", 6), "abc...");
  EXPECT_EQ(shortened("ab\u00fc\u00fc\u00fc", 6), "ab...");
  EXPECT_EQ(shortened("abcdef", 2), "...");
  EXPECT_EQ(shortened(std::string(100, '\x80'), 50).size(), 47U) << "no character is longer than four bytes";
}

}  // namespace
}  // namespace netherd::lab
