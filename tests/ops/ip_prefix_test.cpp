#include "netherd/ops/ip_prefix.hpp"

#include <gtest/gtest.h>

namespace netherd::ops {
namespace {

namespace errc = boost::system::errc;

IpPrefix prefix(std::string_view text) { return parse_ip_prefix(text).value(); }
IpAddress ip_address(std::string_view text) { return prefix(text).address; }

TEST(IpPrefix, TextIsReadAndWritten) {
  for (const char* text : {"10.0.0.1/30", "0.0.0.0/0", "255.255.255.255/32", "2001:db8::1/64", "::/0", "fe80::1/128"}) {
    EXPECT_EQ(prefix(text).to_string(), text);
  }
  EXPECT_EQ(prefix("2001:DB8:0:0::1/64").to_string(), "2001:db8::1/64");
}

TEST(IpPrefix, MissingLengthMeansAHost) {
  EXPECT_EQ(prefix("10.0.0.1").length, 32);
  EXPECT_EQ(prefix("2001:db8::1").length, 128);
}

TEST(IpPrefix, AnythingElseIsInvalid) {
  using namespace std::string_view_literals;
  for (const std::string_view text : {""sv,
                                      "/"sv,
                                      "/24"sv,
                                      "10.0.0.1/"sv,
                                      "10.0.0.1/33"sv,
                                      "10.0.0.1/256"sv,
                                      "10.0.0.1/-1"sv,
                                      "10.0.0.1/+8"sv,
                                      "10.0.0.1/08"sv,
                                      "10.0.0.1/8 "sv,
                                      " 10.0.0.1/8"sv,
                                      "10.0.0.1/8/8"sv,
                                      "10.0.0/8"sv,
                                      "10/8"sv,
                                      "10.0.0.256/8"sv,
                                      "10.0.0.1\0/8"sv,
                                      "10.0.0.1/8\0"sv,
                                      "10.0.0.1\0"sv,
                                      "2001:db8::1/129"sv,
                                      "2001:db8::1::/64"sv,
                                      "fe80::1%eth0/64"sv,
                                      "fe80::1%1"sv,
                                      "node/8"sv,
                                      "10.0.0.1/x"sv,
                                      "0x0a.0.0.1/8"sv}) {
    EXPECT_EQ(parse_ip_prefix(text).error(), errc::invalid_argument) << text;
  }
}

TEST(IpPrefix, NetworkHasNoHostBits) {
  EXPECT_EQ(prefix("10.1.2.3/8").network(), prefix("10.0.0.0/8"));
  EXPECT_EQ(prefix("10.1.2.3/30").network(), prefix("10.1.2.0/30"));
  EXPECT_EQ(prefix("10.1.2.3/32").network(), prefix("10.1.2.3/32"));
  EXPECT_EQ(prefix("255.255.255.255/0").network(), prefix("0.0.0.0/0"));
  EXPECT_EQ(prefix("255.255.255.255/17").network(), prefix("255.255.128.0/17"));
  EXPECT_EQ(prefix("2001:db8:ffff::1/47").network(), prefix("2001:db8:fffe::/47"));
  EXPECT_EQ(prefix("2001:db8::1/128").network(), prefix("2001:db8::1/128"));
}

TEST(IpPrefix, ContainsItsOwnFamilyOnly) {
  EXPECT_TRUE(prefix("10.0.0.1/30").contains(ip_address("10.0.0.2")));
  EXPECT_FALSE(prefix("10.0.0.1/30").contains(ip_address("10.0.0.4")));
  EXPECT_TRUE(prefix("0.0.0.0/0").contains(ip_address("192.0.2.1")));
  EXPECT_FALSE(prefix("0.0.0.0/0").contains(ip_address("::1")));
  EXPECT_TRUE(prefix("2001:db8::/64").contains(ip_address("2001:db8::ffff")));
  EXPECT_FALSE(prefix("2001:db8::/64").contains(ip_address("2001:db8:0:1::")));
}

TEST(IpPrefix, OverlapIsSymmetric) {
  const auto overlap = [](std::string_view one, std::string_view other) {
    EXPECT_EQ(prefix(one).overlaps(prefix(other)), prefix(other).overlaps(prefix(one)));
    return prefix(one).overlaps(prefix(other));
  };
  EXPECT_TRUE(overlap("10.0.0.0/8", "10.1.0.0/16"));
  EXPECT_TRUE(overlap("10.0.0.1/30", "10.0.0.2/30"));
  EXPECT_FALSE(overlap("10.0.0.0/30", "10.0.0.4/30"));
  EXPECT_TRUE(overlap("0.0.0.0/0", "10.0.0.1/32"));
  EXPECT_FALSE(overlap("0.0.0.0/0", "::/0"));
}

TEST(IpPrefix, OrderIsByAddressThenLength) {
  EXPECT_LT(prefix("10.0.0.0/8"), prefix("10.0.0.0/16"));
  EXPECT_LT(prefix("10.0.0.0/16"), prefix("10.0.0.1/8"));
  EXPECT_LT(prefix("255.0.0.0/8"), prefix("::/0"));
}

}  // namespace
}  // namespace netherd::ops
