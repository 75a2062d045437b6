// What the kernel itself says about attributes that it refuses.

#include <gtest/gtest.h>
#include <linux/netlink.h>
#include <linux/veth.h>

#include "channel_fixture.hpp"

namespace {

using namespace netherd::engine;
using namespace netherd::test;

class DiagnosticKernel : public ChannelTest {};
NETHERD_IN_BOTH_SUBMISSION_MODES(DiagnosticKernel);

struct AddLinkWithLongName {
  static constexpr std::string_view operation = "add link";
  void encode(MessageWriter& writer) const noexcept {
    writer.begin(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
    writer.put_family_header(ifinfomsg{});
    writer.put_string(IFLA_IFNAME, "far too long for an interface");
  }
};

TEST_P(DiagnosticKernel, PolicyOfAnAttribute) {
  const Outcome outcome = execute(AddLinkWithLongName{});
  ASSERT_NE(outcome.diagnostic, nullptr);
  EXPECT_EQ(outcome.diagnostic->attribute, "IFLA_IFNAME");
  EXPECT_FALSE(outcome.diagnostic->attribute_missing);
  ASSERT_TRUE(outcome.diagnostic->policy.has_value());
  EXPECT_EQ(outcome.diagnostic->policy->type, static_cast<std::uint32_t>(NL_ATTR_TYPE_STRING));
  EXPECT_EQ(outcome.diagnostic->policy->most_bytes, IFNAMSIZ - 1);
  EXPECT_NE(outcome.to_string().find("at IFLA_IFNAME: string, at most 15 bytes"), std::string::npos)
      << outcome.to_string();
}

struct AddVethWithBadPeer {
  static constexpr std::string_view operation = "add veth";
  void encode(MessageWriter& writer) const noexcept {
    writer.begin(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
    writer.put_family_header(ifinfomsg{});
    const auto information = writer.begin_nest(IFLA_LINKINFO);
    writer.put_string(IFLA_INFO_KIND, "veth");
    const auto data = writer.begin_nest(IFLA_INFO_DATA);
    const auto peer = writer.begin_nest(VETH_INFO_PEER);
    writer.put_raw(ifinfomsg{});
    writer.put_u8(IFLA_MTU, 1);  // four bytes are due
    writer.end_nest(peer);
    writer.end_nest(data);
    writer.end_nest(information);
  }
};

TEST_P(DiagnosticKernel, AttributeDeepDown) {
  const Outcome outcome = execute(AddVethWithBadPeer{});
  ASSERT_NE(outcome.diagnostic, nullptr) << outcome.to_string();
  EXPECT_EQ(outcome.diagnostic->attribute, "IFLA_LINKINFO.IFLA_INFO_DATA.VETH_INFO_PEER.IFLA_MTU");
  ASSERT_TRUE(outcome.diagnostic->policy.has_value());
  EXPECT_EQ(outcome.diagnostic->policy->type, static_cast<std::uint32_t>(NL_ATTR_TYPE_U32));
}

TEST_P(DiagnosticKernel, NoAttributeToBlame) {
  const Outcome outcome = execute(TouchLink{1'000'000});
  ASSERT_NE(outcome.diagnostic, nullptr);
  EXPECT_EQ(outcome.diagnostic->attribute, "");
  EXPECT_FALSE(outcome.diagnostic->policy.has_value());
  EXPECT_EQ(outcome.to_string(), "touch link: No such device");
}

}  // namespace
