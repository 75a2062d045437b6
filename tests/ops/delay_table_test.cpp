#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "netherd/ops/qdisc.hpp"

namespace netherd::ops {
namespace {

namespace errc = boost::system::errc;

TEST(DelayTable, NumbersBetweenWhiteSpaceAndComments) {
  const auto table = parse_delay_table("mine", "# of mine\n 1 -2\t3\r\n#4\n32767 -32768");
  ASSERT_TRUE(table);
  EXPECT_EQ(table->name, "mine");
  EXPECT_EQ(table->values, (std::vector<std::int16_t>{1, -2, 3, 32767, -32768}));
}

TEST(DelayTable, OtherThingsAreNoTable) {
  for (const char* text : {"", " \n", "# only\n# comments", "1 2 x", "1.5", "32768", "0x10", "1#"}) {
    EXPECT_EQ(parse_delay_table("mine", text).error(), errc::invalid_argument) << text;
  }
}

TEST(DelayTable, TheKernelTakesSoManyValues) {
  std::string text;
  for (int i = 0; i < 16384; ++i) text += "1 ";
  EXPECT_EQ(parse_delay_table("mine", text)->values.size(), 16384U);
  EXPECT_EQ(parse_delay_table("mine", text + "1").error(), errc::file_too_large);
}

TEST(DelayTable, IsLookedUpAsTcDoes) {
  const std::string folder = testing::TempDir() + "netherd-delay-table";
  std::filesystem::create_directories(folder);
  std::ofstream{folder + "/mine.dist"} << "5 6";
  ::setenv("TC_LIB_DIR", folder.c_str(), 1);
  EXPECT_EQ(read_delay_table("mine")->values, (std::vector<std::int16_t>{5, 6}));
  ::unsetenv("TC_LIB_DIR");
  std::filesystem::remove_all(folder);
  EXPECT_EQ(read_delay_table("mine").error(), errc::no_such_file_or_directory);
  for (const char* name : {"", "../mine", "/etc/passwd"}) {
    EXPECT_EQ(read_delay_table(name).error(), errc::invalid_argument) << name;
  }
}

}  // namespace
}  // namespace netherd::ops
