#include "lab_support.hpp"
#include "netherd/lab/addressing.hpp"

namespace netherd::lab {
namespace {

/// Subnets of one host that are on different links.
class Overlaps : public testing::Test {
 protected:
  Overlaps() : a_{builder_.host("a")}, b_{builder_.host("b")}, c_{builder_.host("c")} {}

  std::vector<Finding> of_links(std::string_view first, std::string_view second) {
    builder_.topology.links.clear();
    add(b_, first, 1);
    add(c_, second, 2);
    return validate(builder_.topology);
  }
  void add(NodeId to, std::string_view address, unsigned line) {
    Link& link = builder_.link(a_, address, to, "");
    link.line = link.ends[0].line = link.ends[1].line = SourceLine{line};
  }

  TopologyBuilder builder_;
  NodeId a_, b_, c_;
};

TEST_F(Overlaps, AreErrors) {
  for (const auto& [first, second] :
       {std::pair{"10.0.0.1/24", "10.0.0.2/24"}, std::pair{"10.0.0.1/8", "10.9.0.1/30"},
        std::pair{"10.9.0.1/30", "10.0.0.1/8"}, std::pair{"10.0.0.0/31", "10.0.0.1/31"},
        std::pair{"fd00::1/64", "fd00::2/64"}, std::pair{"fd00::1/32", "fd00:0:1::1/64"}}) {
    EXPECT_TRUE(
        has_only(of_links(first, second), 2, "its subnet overlaps that of " + std::string{first} + ", which a:"))
        << first << ' ' << second;
  }
}

TEST_F(Overlaps, AreNotWhatDoesNotOverlap) {
  for (const auto& [first, second] :
       {std::pair{"10.0.0.1/24", "10.0.1.1/24"}, std::pair{"10.0.0.1/32", "10.0.0.2/32"},
        std::pair{"10.0.0.1/24", "10.0.0.2/32"}, std::pair{"fe80::1/64", "fe80::2/64"},
        std::pair{"fd00::1/128", "fd00::2/64"}, std::pair{"10.0.0.1/24", "fd00::1/8"}, std::pair{"10.0.0.1/24", ""}}) {
    EXPECT_TRUE(is_clean(of_links(first, second))) << first << ' ' << second;
  }
}

TEST_F(Overlaps, OnOneSegmentAreFine) {
  const NodeId bridge = builder_.bridge("s");
  builder_.link(a_, "10.0.0.1/24", bridge, "");
  builder_.link(a_, "10.0.0.2/24", bridge, "");
  builder_.link(b_, "10.0.0.3/24", bridge, "").ends[0].addresses.push_back(prefix("10.0.0.4/28"));
  EXPECT_TRUE(is_clean(validate(builder_.topology)));
}

TEST_F(Overlaps, OnDifferentHostsAreFine) {
  builder_.link(a_, "10.0.0.1/24", b_, "10.0.0.2/24");
  builder_.link(c_, "10.0.0.3/24", builder_.host("d"), "10.0.0.4/24");
  EXPECT_TRUE(is_clean(validate(builder_.topology)));
}

TEST_F(Overlaps, AreReportedForEachAddress) {
  for (int i = 1; i <= 5; ++i) add(b_, "10.0.0." + std::to_string(i) + "/24", static_cast<unsigned>(i));
  const auto findings = validate(builder_.topology);
  EXPECT_EQ(findings.size(), 4U) << to_text(findings);
}

TEST_F(Overlaps, ThatAPoolWouldMakeAreErrors) {
  builder_.topology.options.ipv4_pool = prefix("10.0.0.0/8");
  builder_.link(a_, "192.168.0.1/24", b_, "192.168.0.2/24");
  builder_.link(a_, "", c_, "192.168.0.3/24");
  EXPECT_TRUE(is_clean(validate(builder_.topology)));
  EXPECT_TRUE(has_only(assign_addresses(builder_.topology), 0,
                       "address 192.168.0.4/24 of a:eth2: its subnet overlaps that of 192.168.0.1/24, which a:eth1"));
}

TEST_F(Overlaps, OfManyInterfacesAreFoundFast) {
  const NodeId hub = builder_.host("hub");
  for (unsigned i = 0; i < 50'000; ++i) {
    builder_.link(hub, "10.0." + std::to_string(i / 256) + '.' + std::to_string(i % 256) + "/16", b_, "");
  }
  const auto findings = validate(builder_.topology);
  ASSERT_EQ(findings.size(), 1'001U);
  EXPECT_TRUE(findings.back().text.starts_with("and 4")) << findings.back().text;
}

}  // namespace
}  // namespace netherd::lab
