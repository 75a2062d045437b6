#include "netherd/ops/mac_address.hpp"

#include <gtest/gtest.h>

namespace netherd::ops {
namespace {

TEST(MacAddress, TextIsReadAndWritten) {
  EXPECT_EQ(parse_mac_address("02:00:00:ab:cd:EF").value().to_string(), "02:00:00:ab:cd:ef");
  EXPECT_EQ(parse_mac_address("ff:ff:ff:ff:ff:ff").value().to_string(), "ff:ff:ff:ff:ff:ff");
}

TEST(MacAddress, AnythingElseIsInvalid) {
  for (const char* text : {"", "02", "02:00:00:00:00", "02:00:00:00:00:0", "02:00:00:00:00:001", "02:00:00:00:00:0g",
                           "02-00-00-00-00-01", "02:00:00:00:0:001", " 2:00:00:00:00:01", "02:00:00:00:00:01 ",
                           "+2:00:00:00:00:01", "-2:00:00:00:00:01", "0x:00:00:00:00:01", "02:00:00:00:00:01:02"}) {
    EXPECT_EQ(parse_mac_address(text).error(), boost::system::errc::invalid_argument) << text;
  }
}

TEST(MacAddress, GroupBitMeansMulticast) {
  EXPECT_TRUE(parse_mac_address("01:00:5e:00:00:01").value().is_multicast());
  EXPECT_FALSE(parse_mac_address("02:00:00:00:00:01").value().is_multicast());
}

}  // namespace
}  // namespace netherd::ops
