#include "lab_support.hpp"
#include "netherd/lab/reader.hpp"

namespace netherd::lab {
namespace {

TEST(Format, HasNames) {
  EXPECT_EQ(parse_format("containerlab"), Format::containerlab);
  EXPECT_EQ(parse_format("graphml"), Format::graphml);
  EXPECT_EQ(parse_format("edges"), Format::edges);
  EXPECT_EQ(parse_format("dot"), std::nullopt);
}

TEST(Format, IsRecognisedByContent) {
  EXPECT_EQ(recognise_format("name: x\n"), Format::containerlab);
  EXPECT_EQ(recognise_format("{\"name\": \"x\"}"), Format::containerlab);
  EXPECT_EQ(recognise_format("<?xml version=\"1.0\"?><graphml/>"), Format::graphml);
  EXPECT_EQ(recognise_format("\xef\xbb\xbf \n <graphml/>"), Format::graphml);
  EXPECT_EQ(recognise_format(""), Format::containerlab);
  EXPECT_EQ(recognise_format("# SNAP\r\n0\t1\r\n0\t2\r\n"), Format::edges);
  EXPECT_EQ(recognise_format("San+Jose,+CA4062 Anaheim,+CA4101 2.5\nRelay,+MD4110 Anaheim,+CA4101 1\n"), Format::edges);
  EXPECT_EQ(recognise_format("\xef\xbb\xbf"
                             "a b\nb c"),
            Format::edges);
  for (const char* const other :
       {"a b\n", "a b\nc: d\n", "a b c\na b c\n", "- a\n", "name: x\n", "a\n", "{a b}\n{a b}\n", "a b\nc\n"}) {
    EXPECT_EQ(recognise_format(other), Format::containerlab) << other;
  }
}

TEST(Format, CanBeGiven) {
  EXPECT_FALSE(read_topology("<graphml/>", "x", Format::containerlab).errors.empty());
  EXPECT_FALSE(read_topology("topology: {nodes: {a: }}", "x", Format::graphml).errors.empty());
}

TEST(Format, EmptyFileIsAnError) { EXPECT_TRUE(has_only(read_topology("", "x").errors, 0, "nothing in it")); }

TEST(Format, FilesOfOtherToolsAreRefusedWithTheReason) {
  const auto errors_of = [](std::string_view text) { return read_topology(text, "x").errors; };
  EXPECT_TRUE(has_only(errors_of("\nLAB_NAME=\"x\"\n"), 2, "lab.conf of Kathara"));
  EXPECT_TRUE(has_only(errors_of("# x\npc1[0]=A\n"), 2, "lab.conf of Kathara"));
  EXPECT_TRUE(has_only(errors_of("pc1[image]=\"kathara/base\"\n"), 1, "lab.conf of Kathara"));
  EXPECT_TRUE(has_only(errors_of("node n1 {\n    type router\n}\n"), 1, "configuration file of CORE"));
  EXPECT_TRUE(has_only(errors_of("<scenario name=\"x\"/>"), 1, "scenario of CORE"));
  EXPECT_TRUE(has_only(errors_of("provider: clab\nnodes: [a, b]\nlinks: [a-b]\n"), 1, "looks like one of netlab"));
}

}  // namespace
}  // namespace netherd::lab
