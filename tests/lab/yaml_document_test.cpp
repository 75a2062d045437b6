#include "yaml_document.hpp"

#include "lab_support.hpp"

namespace netherd::lab {
namespace {

using Kind = YamlDocument::Kind;

std::vector<Finding> errors_of(std::string_view text) {
  YamlDocument document;
  return document.parse(text);
}

/// A document written back in one line.
std::string flow(const YamlDocument& document, YamlDocument::NodeId node) {
  std::string text;
  switch (document.kind(node)) {
    case Kind::null:
      return "null";
    case Kind::scalar:
      return std::string{document.text(node)};
    case Kind::sequence:
      for (const auto& item : document.entries(node)) text += (text.empty() ? "" : ", ") + flow(document, item.value);
      return '[' + text + ']';
    case Kind::mapping:
      for (const auto& entry : document.entries(node)) {
        text += (text.empty() ? "" : ", ") + std::string{entry.key} + ": " + flow(document, entry.value);
      }
      return '{' + text + '}';
  }
  return text;
}

std::string flow(std::string_view text) {
  YamlDocument document;
  const auto errors = document.parse(text);
  return errors.empty() ? flow(document, document.root()) : to_text(errors);
}

TEST(YamlDocument, ReadsYamlAndJson) {
  EXPECT_EQ(flow("a: 1\nb: [x, 'y', \"z\"]\nc: {d: e}\nf:\ng: ~\nh: ''\n"),
            "{a: 1, b: [x, y, z], c: {d: e}, f: null, g: null, h: }");
  EXPECT_EQ(flow(R"({"a": {"b": [1, null, "null"]}})"), "{a: {b: [1, null, null]}}");
  EXPECT_EQ(flow("- a\n- - b\n  - c\n"), "[a, [b, c]]");
}

TEST(YamlDocument, KnowsLines) {
  YamlDocument document;
  ASSERT_TRUE(document.parse("# comment\na:\n  - b\n\n  - c: d\n").empty());
  const auto& a = document.entries(document.root())[0];
  EXPECT_EQ(a.line, SourceLine{2});
  EXPECT_EQ(document.entries(a.value)[0].line, SourceLine{3});
  EXPECT_EQ(document.entries(a.value)[1].line, SourceLine{5});
  EXPECT_EQ(document.line(document.entries(a.value)[1].value), SourceLine{5});
}

TEST(YamlDocument, TakesWindowsLineEndsAndAByteOrderMark) {
  YamlDocument document;
  ASSERT_TRUE(document
                  .parse("\xef\xbb\xbf"
                         "a: b\r\nc:\r\n  - d\r\n")
                  .empty());
  EXPECT_EQ(flow(document, document.root()), "{a: b, c: [d]}");
  EXPECT_EQ(document.entries(document.root())[1].line, SourceLine{2});
}

TEST(YamlDocument, SharesWhatAliasesReferTo) {
  EXPECT_EQ(flow("a: &x [1, 2]\nb: *x\nc: [*x]\n"), "{a: [1, 2], b: [1, 2], c: [[1, 2]]}");
  EXPECT_EQ(flow("a: &x 1\nb: &x 2\nc: *x\n"), "{a: 1, b: 2, c: 2}");
}

TEST(YamlDocument, MergesMappings) {
  EXPECT_EQ(flow("a: &a {x: 1, y: 2}\nb: {<<: *a, y: 3, z: 4}\n"), "{a: {x: 1, y: 2}, b: {y: 3, z: 4, x: 1}}");
  EXPECT_EQ(flow("a: &a {x: 1}\nb: &b {x: 2, y: 2}\nc: {<<: [*a, *b]}\n"),
            "{a: {x: 1}, b: {x: 2, y: 2}, c: {x: 1, y: 2}}");
  EXPECT_EQ(flow("a: {<<: {x: 1}}\n"), "{a: {x: 1}}");
  EXPECT_TRUE(has_only(errors_of("a: 1\nb:\n  <<: [1]\n"), 3, "merge key"));
}

TEST(YamlDocument, RefusesAKeyThatOccursTwice) {
  EXPECT_TRUE(has_only(errors_of("a: 1\nb: 2\na: 3\n"), 3, "key 'a'"));
  std::string many;
  for (int i = 0; i < 50; ++i) many += "k" + std::to_string(i) + ": v\n";
  EXPECT_TRUE(is_clean(errors_of(many)));
  EXPECT_TRUE(has_only(errors_of(many + "k7: w\n"), 51, "key 'k7'"));
}

TEST(YamlDocument, RefusesWhatIsNoText) {
  EXPECT_TRUE(has_only(errors_of("a: \xff\xfe\n"), 1, "not plain UTF-8"));
  EXPECT_TRUE(has_only(errors_of("a: 1\nb: \xc3(\n"), 2, "not plain UTF-8"));
  EXPECT_TRUE(has_only(errors_of("a: 1\nb: \x01\n"), 2, "not plain UTF-8"));
  EXPECT_TRUE(has_only(errors_of(std::string_view{"a: 1\n\0", 6}), 2, "not plain UTF-8"));
}

TEST(YamlDocument, RefusesBrokenSyntax) {
  EXPECT_TRUE(has_only(errors_of("a: [1, 2\nb: c\n"), 2, "YAML syntax"));
  EXPECT_TRUE(has_only(errors_of("a: 'open\n"), 1, "YAML syntax"));
  EXPECT_TRUE(has_only(errors_of("a:\n\t- b\n"), 2, "YAML syntax"));
  EXPECT_TRUE(has_only(errors_of(R"({"a": 1)"), 1, "YAML syntax"));
  EXPECT_TRUE(has_only(errors_of("a: b: c\n"), 1, "YAML syntax"));
}

TEST(YamlDocument, RefusesKeysThatAreNotText) {
  EXPECT_TRUE(has_only(errors_of("? [a, b]\n: c\n"), 1, "a key must be text"));
  EXPECT_TRUE(has_only(errors_of("a: {{ b }}\n"), 1, "a key must be text"));
  EXPECT_TRUE(has_only(errors_of("a: &x y\n*x : z\n"), 2, "a key must be text"));
}

TEST(YamlDocument, RefusesASecondDocumentAndNone) {
  EXPECT_TRUE(has_only(errors_of("a: 1\n---\nb: 2\n"), 2, "second document"));
  EXPECT_TRUE(has_only(errors_of(""), 0, "nothing in it"));
  EXPECT_TRUE(has_only(errors_of("# only a comment\n"), 0, "nothing in it"));
  EXPECT_TRUE(is_clean(errors_of("---\na: 1\n...\n")));
}

TEST(YamlDocument, RefusesBadAliases) {
  EXPECT_TRUE(has_only(errors_of("a: *x\n"), 1, "there is no such anchor"));
  EXPECT_TRUE(has_only(errors_of("a: &x\n  b: *x\n"), 2, "refers to what it is in"));
}

TEST(YamlDocument, RefusesDeepNesting) {
  EXPECT_TRUE(is_clean(errors_of(std::string(64, '[') + std::string(64, ']'))));
  EXPECT_TRUE(has_only(errors_of(std::string(65, '[') + std::string(65, ']')), 1, "nested more than 64"));
  EXPECT_TRUE(has_only(errors_of(std::string(1'000'000, '[')), 1, "nested more than 64"));
}

TEST(YamlDocument, RefusesAnAliasBomb) {
  std::string bomb = "l0: &l0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 20; ++i) {
    const std::string alias = "*l" + std::to_string(i - 1);
    bomb += "l" + std::to_string(i) + ": &l" + std::to_string(i) + " [" + alias;
    for (int j = 1; j < 10; ++j) bomb += ", " + alias;
    bomb += "]\n";
  }
  EXPECT_TRUE(has_only(errors_of(bomb), 6, "aliases stand for more than 1000000 values"));
}

TEST(YamlDocument, RefusesMoreValuesThanMemoryHasRoomFor) {
  YamlDocument document;
  EXPECT_TRUE(is_clean(document.parse("[a, b,\n c]", 4)));
  YamlDocument refusing;
  EXPECT_TRUE(has_only(refusing.parse("[a, b,\n c]", 3), 2, "there are more than 3 values"));
}

TEST(YamlDocument, RefusesAFileOfNothingButErrors) {
  std::string text;
  for (int i = 0; i < 20'000; ++i) text += "a: b\n";
  const auto errors = errors_of(text);
  EXPECT_EQ(errors.size(), 1'001U);
  EXPECT_EQ(errors.back().text, "too many errors: the rest is not looked at");
}

TEST(YamlDocument, RefusesAMergeBomb) {
  std::string bomb = "a: &a\n";
  for (int i = 0; i < 2000; ++i) bomb += "  k" + std::to_string(i) + ": v\n";
  for (int i = 0; i < 2000; ++i) bomb += "m" + std::to_string(i) + ": {<<: *a}\n";
  const auto errors = errors_of(bomb);
  ASSERT_EQ(errors.size(), 1U);
  EXPECT_NE(errors[0].text.find("aliases stand for more than"), std::string::npos);
}

}  // namespace
}  // namespace netherd::lab
