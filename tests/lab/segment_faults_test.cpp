#include "segment_faults.hpp"

#include "lab_support.hpp"

namespace netherd::lab {
namespace {

struct Faults {
  std::vector<Finding> errors;
  std::vector<Finding> warnings;
};

Faults faults_of(const Topology& topology) {
  FindingList errors;
  FindingList warnings;
  find_segment_faults(topology, errors, warnings);
  return {std::move(errors).take(100, "errors"), std::move(warnings).take(100, "warnings")};
}

/// A link of two hosts with these addresses at its ends.
Topology pair(std::initializer_list<std::string_view> left, std::initializer_list<std::string_view> right) {
  TopologyBuilder builder;
  Link& link = builder.link(builder.host("a"), builder.host("b"));
  for (const std::string_view address : left) link.ends[0].addresses.push_back(prefix(address));
  for (const std::string_view address : right) link.ends[1].addresses.push_back(prefix(address));
  link.ends[0].line = SourceLine{5};
  link.ends[1].line = SourceLine{6};
  return builder.topology;
}

TEST(SegmentFaults, AddressesOfALinkInDifferentSubnetsAreAnError) {
  const Faults faults = faults_of(pair({"10.0.0.1/30"}, {"10.0.1.1/30"}));
  EXPECT_TRUE(
      has_only(faults.errors, 6,
               "address 10.0.1.1/30 of b:eth1: it is in no subnet of the others on its link, such as 10.0.0.1/30 of "
               "a:eth1 (line 5)"));
  EXPECT_TRUE(is_clean(faults.warnings));
  EXPECT_TRUE(has_only(faults_of(pair({"fd00::1/64"}, {"fd01::1/64"})).errors, 6, "address fd01::1/64 of b:eth1"));
  EXPECT_TRUE(has_only(faults_of(pair({"10.0.0.1/24"}, {"10.0.0.130/25"})).errors, 6, "no subnet of the others"))
      << "the answer would find no way";
}

TEST(SegmentFaults, WhatCanWorkIsNone) {
  for (const Topology& topology :
       {pair({"10.0.0.1/30"}, {"10.0.0.2/30"}), pair({"10.0.0.1/24"}, {"10.0.0.2/25"}), pair({"10.0.0.1/30"}, {}),
        pair({"10.0.0.1/32"}, {"10.0.1.1/32"}), pair({"10.0.0.1/30"}, {"fd00::1/64"}),
        pair({"fe80::1/64"}, {"fe81::1/64"}), pair({"10.0.0.1/30", "10.9.0.1/30"}, {"10.8.0.1/30", "10.9.0.2/30"}),
        pair({"10.0.0.0/31"}, {"10.0.0.1/31"})}) {
    const Faults faults = faults_of(topology);
    EXPECT_TRUE(is_clean(faults.errors));
    EXPECT_TRUE(is_clean(faults.warnings));
  }
}

TEST(SegmentFaults, CommandsMayAddTheRoutesThatAreMissing) {
  Topology topology = pair({"10.0.0.1/30"}, {"10.0.1.1/30"});
  topology.nodes[0].exec = {"ip route add 10.0.1.1 dev eth1"};
  const Faults faults = faults_of(topology);
  EXPECT_TRUE(is_clean(faults.errors));
  EXPECT_TRUE(has_only(faults.warnings, 6, "it is in no subnet of the others"));
}

TEST(SegmentFaults, OnASwitchThereMayBeSeveralNetworks) {
  TopologyBuilder builder;
  const NodeId bridge = builder.bridge("br");
  for (const char* const address : {"10.0.0.1/24", "10.0.0.2/24", "10.1.0.1/24"}) {
    builder.link(builder.host("n" + std::string{address}.substr(3, 4)), address, bridge, "");
  }
  const Faults faults = faults_of(builder.topology);
  EXPECT_TRUE(is_clean(faults.errors));
  EXPECT_TRUE(has_only(faults.warnings, 0, "address 10.1.0.1/24"));
}

TEST(SegmentFaults, ABroadcastAddressOfTheOtherEndIsAnError) {
  const Faults faults = faults_of(pair({"10.0.0.1/28", "10.0.0.14/31"}, {"10.0.0.15/31"}));
  EXPECT_TRUE(has_only(faults.errors, 6, "address 10.0.0.15/31 of b:eth1: it is the broadcast address of 10.0.0.0/28"));
  EXPECT_TRUE(has_only(faults_of(pair({"10.0.0.1/24", "10.0.0.9/29"}, {"10.0.0.15/24"})).warnings, 6,
                       "it is the broadcast address of 10.0.0.8/29"));
  EXPECT_TRUE(
      has_only(faults_of(pair({"10.0.0.1/28", "10.0.0.1/31"}, {"10.0.0.0/31"})).errors, 6, "the network address"));
}

TEST(SegmentFaults, OneMacAddressTwiceOnASegmentIsAnError) {
  TopologyBuilder builder;
  const NodeId a = builder.host("a");
  const NodeId b = builder.host("b");
  const NodeId left = builder.bridge("left");
  const NodeId right = builder.bridge("right");
  builder.link(a, left).ends[0].mac = ops::MacAddress{{2, 0, 0, 0, 0, 1}};
  builder.link(left, right);
  builder.link(right, b).ends[1].mac = ops::MacAddress{{2, 0, 0, 0, 0, 1}};
  builder.topology.links[0].ends[0].line = SourceLine{7};
  builder.topology.links[2].ends[1].line = SourceLine{9};
  EXPECT_TRUE(has_only(faults_of(builder.topology).errors, 9,
                       "MAC address 02:00:00:00:00:01 of b:eth1: a:eth1 on the same segment has it already (line 7)"));
  builder.topology.links[2].ends = {builder.topology.links[2].ends[1], builder.topology.links[0].ends[0]};
  builder.topology.links[2].ends[1].mac.reset();
  builder.topology.links[2].ends[1].interface = "eth2";
  EXPECT_TRUE(is_clean(faults_of(builder.topology).errors)) << "on another segment";
}

TEST(SegmentFaults, AreFoundFastOnALargeSegment) {
  TopologyBuilder builder;
  const NodeId bridge = builder.bridge("br");
  for (std::uint32_t i = 0; i < 20'000; ++i) {
    Link& link = builder.link(builder.host("n" + std::to_string(i)), bridge);
    link.ends[0].addresses.push_back({boost::asio::ip::address_v4{0x0a000001U + i * 256}, 8});
    link.ends[0].mac = ops::MacAddress{{2, 0, 0, 0, static_cast<std::uint8_t>(i >> 8U), static_cast<std::uint8_t>(i)}};
  }
  const Faults faults = faults_of(builder.topology);
  EXPECT_TRUE(is_clean(faults.errors));
  EXPECT_TRUE(is_clean(faults.warnings));
}

}  // namespace
}  // namespace netherd::lab
