// The kernel's extended acknowledgements in words: which attribute, and what it would have taken.

#include <gtest/gtest.h>
#include <linux/genetlink.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>

#include <array>
#include <string>
#include <vector>

#include "netherd/engine/error.hpp"
#include "netherd/engine/message.hpp"
#include "netherd/engine/pipeline.hpp"
#include "support/fake_kernel.hpp"

namespace {

using namespace netherd::engine;
using namespace netherd::test;

/// What the kernel would point at: the offset of everything that was put into a request, by a word of the test's.
struct Request {
  alignas(message_alignment) std::array<std::byte, 1024> buffer{};
  MessageWriter writer{buffer};
  [[nodiscard]] std::uint32_t here() const { return static_cast<std::uint32_t>(writer.message().size()); }
  [[nodiscard]] std::span<const std::byte> bytes() const { return writer.message(); }
};

struct OneOutcome final : AnswerSink {
  void on_reply(std::uint32_t, const MessageView&) override { ADD_FAILURE(); }
  void on_outcome(std::uint32_t, Outcome result) override { outcome = std::move(result); }
  [[nodiscard]] std::string_view operation(std::uint32_t) const override { return "try"; }
  [[nodiscard]] std::uint64_t tag(std::uint32_t) const override { return 0; }
  Outcome outcome;
};

Outcome outcome_of(Request& request, const Reaction& reaction, int protocol = NETLINK_ROUTE) {
  FakeKernel kernel{[&](const MessageView&) { return reaction; }};
  Pipeline pipeline{{}, SequenceNumber{1}, protocol};
  OneOutcome sink;
  EXPECT_TRUE(pipeline.enqueue({request.bytes(), &sink}));
  kernel.send(pipeline.next_datagram());
  pipeline.on_sent();
  pipeline.on_received(kernel.receive().datagram, false);
  return sink.outcome;
}

std::string attribute_at(Request& request, std::uint32_t offset, int protocol = NETLINK_ROUTE) {
  const Outcome outcome = outcome_of(request, {.error = EINVAL, .attribute_offset = offset}, protocol);
  return outcome.diagnostic->attribute;
}

/// A link with what is nested deepest: a veth pair, whose peer is a link again.
struct Offsets {
  std::uint32_t name = 0;
  std::uint32_t information = 0;
  std::uint32_t data = 0;
  std::uint32_t peer = 0;
  std::uint32_t peer_mtu = 0;
  std::uint32_t unknown = 0;
};

Offsets write_link(Request& request, std::string_view kind) {
  Offsets offsets;
  MessageWriter& writer = request.writer;
  writer.begin(RTM_NEWLINK, 0);
  writer.put_family_header(ifinfomsg{});
  offsets.name = request.here();
  writer.put_string(IFLA_IFNAME, "odd");
  offsets.information = request.here();
  const auto information = writer.begin_nest(IFLA_LINKINFO);
  writer.put_string(IFLA_INFO_KIND, kind);
  offsets.data = request.here();
  const auto data = writer.begin_nest(IFLA_INFO_DATA);
  offsets.peer = request.here();
  const auto peer = writer.begin_nest(VETH_INFO_PEER);
  writer.put_raw(ifinfomsg{});
  offsets.peer_mtu = request.here();
  writer.put_u32(IFLA_MTU, 1);
  writer.end_nest(peer);
  writer.end_nest(data);
  writer.end_nest(information);
  offsets.unknown = request.here();
  writer.put_u32(999, 1);
  return offsets;
}

TEST(AttributePath, NamesWhatTheKernelPointsAt) {
  Request request;
  const Offsets offsets = write_link(request, "veth");
  EXPECT_EQ(attribute_at(request, offsets.name), "IFLA_IFNAME");
  EXPECT_EQ(attribute_at(request, offsets.information), "IFLA_LINKINFO");
  EXPECT_EQ(attribute_at(request, offsets.data), "IFLA_LINKINFO.IFLA_INFO_DATA");
  EXPECT_EQ(attribute_at(request, offsets.peer), "IFLA_LINKINFO.IFLA_INFO_DATA.VETH_INFO_PEER");
  EXPECT_EQ(attribute_at(request, offsets.peer_mtu), "IFLA_LINKINFO.IFLA_INFO_DATA.VETH_INFO_PEER.IFLA_MTU");
  EXPECT_EQ(attribute_at(request, offsets.unknown), "999");
}

TEST(AttributePath, GivesNumbersWhereTheKindIsUnknown) {
  Request request;
  const Offsets offsets = write_link(request, "tomorrow");
  EXPECT_EQ(attribute_at(request, offsets.data), "IFLA_LINKINFO.IFLA_INFO_DATA");
  EXPECT_EQ(attribute_at(request, offsets.peer), "IFLA_LINKINFO.IFLA_INFO_DATA.1");
}

TEST(AttributePath, DependsOnTheKind) {
  const std::pair<std::string_view, std::string_view> kinds[] = {{"bridge", "IFLA_BR_FORWARD_DELAY"},
                                                                 {"vlan", "IFLA_VLAN_ID"},
                                                                 {"vxlan", "IFLA_VXLAN_ID"},
                                                                 {"macvlan", "IFLA_MACVLAN_MODE"},
                                                                 {"vrf", "IFLA_VRF_TABLE"}};
  for (const auto& [kind, name] : kinds) {
    Request request;
    const Offsets offsets = write_link(request, kind);
    EXPECT_EQ(attribute_at(request, offsets.peer), "IFLA_LINKINFO.IFLA_INFO_DATA." + std::string{name});
  }
}

TEST(AttributePath, KnowsTheObjectsOfRtnetlink) {
  struct Case {
    std::uint16_t type;
    std::size_t header_bytes;
    std::string_view name;  // of attribute 1
  };
  const Case cases[] = {{RTM_SETLINK, 16, "IFLA_ADDRESS"}, {RTM_DELADDR, 8, "IFA_ADDRESS"},
                        {RTM_GETROUTE, 12, "RTA_DST"},     {RTM_NEWNEIGH, 12, "NDA_DST"},
                        {RTM_NEWRULE, 12, "FRA_DST"},      {RTM_NEWQDISC, 20, "TCA_KIND"},
                        {RTM_GETNSID, 4, "NETNSA_NSID"},   {RTM_NEWNEXTHOP, 8, "NHA_ID"}};
  for (const Case& one : cases) {
    Request request;
    request.writer.begin(one.type, 0);
    for (std::size_t size = 0; size < one.header_bytes; size += 4) request.writer.put_raw(std::uint32_t{0});
    const auto offset = request.here();
    request.writer.put_u32(1, 0);
    EXPECT_EQ(attribute_at(request, offset), one.name);
  }
}

TEST(AttributePath, DependsOnTheProtocol) {
  Request request;
  request.writer.begin(GENL_ID_CTRL, 0);
  request.writer.put_family_header(genlmsghdr{});
  const auto offset = request.here();
  request.writer.put_string(CTRL_ATTR_FAMILY_NAME, "x");
  EXPECT_EQ(attribute_at(request, offset, NETLINK_GENERIC), "CTRL_ATTR_FAMILY_NAME");
  EXPECT_EQ(attribute_at(request, offset, NETLINK_NETFILTER), "2");
}

TEST(AttributePath, SurvivesOffsetsThatPointNowhere) {
  Request request;
  write_link(request, "veth");
  EXPECT_EQ(attribute_at(request, 0), "");
  EXPECT_EQ(attribute_at(request, 17), "") << "in the header";
  EXPECT_EQ(attribute_at(request, request.here()), "");
  EXPECT_EQ(attribute_at(request, UINT32_MAX), "");
  for (std::uint32_t offset = 0; offset < request.here(); ++offset) static_cast<void>(attribute_at(request, offset));
}

TEST(Diagnostic, NamesWhatIsMissing) {
  Request request;
  const Offsets offsets = write_link(request, "vlan");
  Outcome outcome = outcome_of(request, {.error = EINVAL, .words = "odd", .missing_type = IFLA_MTU});
  EXPECT_TRUE(outcome.diagnostic->attribute_missing);
  EXPECT_EQ(outcome.diagnostic->attribute, "IFLA_MTU");
  EXPECT_EQ(outcome.to_string(), "try: Invalid argument (odd; without IFLA_MTU)");
  outcome = outcome_of(request, {.error = EINVAL, .missing_type = IFLA_VLAN_PROTOCOL, .missing_nest = offsets.data});
  EXPECT_EQ(outcome.diagnostic->attribute, "IFLA_LINKINFO.IFLA_INFO_DATA.IFLA_VLAN_PROTOCOL");
}

TEST(Diagnostic, PutsPoliciesIntoWords) {
  EXPECT_EQ((AttributePolicy{.type = NL_ATTR_TYPE_U32, .least_unsigned = 68, .most_unsigned = 65535}).to_string(),
            "u32, 68 to 65535");
  EXPECT_EQ((AttributePolicy{.type = NL_ATTR_TYPE_S8, .least = -1}).to_string(), "s8, at least -1");
  EXPECT_EQ((AttributePolicy{.type = NL_ATTR_TYPE_NUL_STRING, .most_bytes = 15}).to_string(), "text, at most 15 bytes");
  EXPECT_EQ((AttributePolicy{.type = NL_ATTR_TYPE_BINARY, .least_bytes = 6, .most_bytes = 6}).to_string(),
            "binary, 6 to 6 bytes");
  EXPECT_EQ((AttributePolicy{.type = NL_ATTR_TYPE_BITFIELD32, .mask = 3}).to_string(), "bit field, bits of 3");
  EXPECT_EQ((AttributePolicy{.type = 4711}).to_string(), "type 4711");
}

}  // namespace
