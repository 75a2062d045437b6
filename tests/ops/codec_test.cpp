// Requests encode into what our own decoders read back; decoders survive messages that are cut short or garbage. Run
// under AddressSanitizer to be sure that nothing is read past the end: every message is in a block of exactly its size.
#include <gtest/gtest.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <cstring>
#include <memory>
#include <random>
#include <vector>

#include "netherd/ops/address.hpp"
#include "netherd/ops/link.hpp"
#include "netherd/ops/route.hpp"

namespace netherd::ops {
namespace {

using engine::MessageView;
using engine::MessageWriter;

constexpr InterfaceIndex index_of(int number) { return InterfaceIndex{number}; }
IpPrefix prefix(std::string_view text) { return parse_ip_prefix(text).value(); }
IpAddress ip_address(std::string_view text) { return prefix(text).address; }

using Bytes = std::vector<std::byte>;

Bytes encode(const engine::Request auto& request) {
  alignas(4) std::array<std::byte, 1024> buffer{};
  MessageWriter writer{buffer};
  request.encode(writer);
  EXPECT_FALSE(writer.overflowed());
  const auto message = writer.message();
  return {message.begin(), message.end()};
}

template <typename Header>
Header header_of(const Bytes& message) {
  return MessageView{message}.family_header<Header>().value();
}

AddVeth veth() {
  AddVeth request;
  request.main = {.name = "eth1",
                  .index = index_of(11),
                  .netns = {"a", 5},
                  .mtu = 9000,
                  .address = parse_mac_address("02:00:00:00:00:01").value()};
  request.peer = {.name = "eth2", .index = index_of(12), .netns = {"b", 6}};
  request.main_up = true;
  request.main_bridge = index_of(3);
  return request;
}

TEST(Codec, NewLinkCarriesWhatWasAsked) {
  const Bytes message = encode(veth());
  EXPECT_EQ(MessageView{message}.type(), RTM_NEWLINK);
  EXPECT_EQ(MessageView{message}.flags(), NLM_F_REQUEST | NLM_F_CREATE | NLM_F_EXCL);
  const auto link = decode_link(MessageView{message});
  ASSERT_TRUE(link);
  EXPECT_EQ(link->name, "eth1");
  EXPECT_EQ(link->index, index_of(11));
  EXPECT_EQ(link->mtu, 9000U);
  EXPECT_EQ(link->bridge, index_of(3));
  EXPECT_EQ(link->kind, "veth");
  EXPECT_TRUE(link->up());
  EXPECT_FALSE(link->carrier());
  EXPECT_EQ(link->address, veth().main.address);
}

TEST(Codec, SetLinkChangesOnlyWhatWasAsked) {
  const Bytes message = encode(SetLink{.index = index_of(4), .ipv4_forwarding = true});
  EXPECT_EQ(header_of<ifinfomsg>(message).ifi_change, 0U);
  EXPECT_EQ(MessageView{message}.flags(), NLM_F_REQUEST);
  const Bytes down = encode(SetLink{.index = index_of(4), .up = false});
  EXPECT_EQ(header_of<ifinfomsg>(down).ifi_change, 1U);
  EXPECT_EQ(header_of<ifinfomsg>(down).ifi_flags, 0U);
}

Bytes with_type(Bytes message, std::uint16_t type) {
  std::memcpy(message.data() + offsetof(nlmsghdr, nlmsg_type), &type, sizeof type);
  return message;
}

TEST(Codec, AddressesAreReadBack) {
  for (const char* text : {"10.0.0.1/30", "2001:db8::1/64", "192.0.2.1/32"}) {
    const Bytes message = encode(AddAddress{.index = index_of(4), .address = prefix(text)});
    const auto address = decode_address(MessageView{message});
    ASSERT_TRUE(address) << text;
    EXPECT_EQ(address->address, prefix(text));
    EXPECT_EQ(address->index, index_of(4));
    EXPECT_EQ(address->flags, address->address.is_v4() ? 0U : IFA_F_NODAD);
  }
}

TEST(Codec, RoutesAreReadBack) {
  for (const auto& [destination, gateway] : {std::pair{"10.9.0.0/16", "10.0.0.2"}, std::pair{"0.0.0.0/0", "10.0.0.2"},
                                             std::pair{"2001:db8:9::/48", "fe80::1"}, std::pair{"::/0", "fe80::1"}}) {
    const Bytes message =
        encode(AddRoute{.destination = prefix(destination), .gateway = ip_address(gateway), .index = index_of(4)});
    const auto route = decode_route(MessageView{message});
    ASSERT_TRUE(route) << destination;
    EXPECT_EQ(route->destination, prefix(destination));
    EXPECT_EQ(route->gateway, ip_address(gateway));
    EXPECT_EQ(route->index, index_of(4));
    EXPECT_EQ(route->table, std::uint32_t{RT_TABLE_MAIN});
    EXPECT_EQ(route->type, RTN_UNICAST);
    EXPECT_EQ(route->protocol, RTPROT_BOOT);
  }
}

TEST(Codec, OtherMessagesAreNotDecoded) {
  const Bytes link = encode(veth());
  const Bytes address = encode(AddAddress{.index = index_of(4), .address = prefix("10.0.0.1/30")});
  EXPECT_FALSE(decode_link(MessageView{address}));
  EXPECT_FALSE(decode_address(MessageView{link}));
  EXPECT_FALSE(decode_route(MessageView{link}));
  EXPECT_FALSE(decode_link(MessageView{with_type(link, RTM_DELLINK)}));
}

TEST(Codec, ImpossiblePrefixLengthsAreMalformed) {
  Bytes address = encode(AddAddress{.index = index_of(4), .address = prefix("10.0.0.1/30")});
  address[sizeof(nlmsghdr) + offsetof(ifaddrmsg, ifa_prefixlen)] = std::byte{33};
  EXPECT_FALSE(decode_address(MessageView{address}));
  Bytes route = encode(AddRoute{.destination = prefix("10.0.0.0/8"), .gateway = ip_address("10.0.0.2")});
  route[sizeof(nlmsghdr) + offsetof(rtmsg, rtm_dst_len)] = std::byte{33};
  EXPECT_FALSE(decode_route(MessageView{route}));
}

/// In a block of exactly its size, so that AddressSanitizer sees every byte beyond it.
void decode_everything(const Bytes& message, std::size_t size) {
  const auto exact = std::make_unique<std::byte[]>(size);
  std::memcpy(exact.get(), message.data(), size);
  const MessageView view{{exact.get(), size}};
  static_cast<void>(decode_link(view));
  static_cast<void>(decode_address(view));
  static_cast<void>(decode_route(view));
}

std::vector<Bytes> sample_messages() {
  return {encode(veth()), encode(SetLink{.index = index_of(4), .ipv4_forwarding = true}),
          encode(AddAddress{.index = index_of(4), .address = prefix("2001:db8::1/64")}),
          encode(AddRoute{.destination = prefix("10.9.0.0/16"), .gateway = ip_address("10.0.0.2")}),
          encode(AddRoute{.destination = prefix("2001:db8::/64"), .gateway = ip_address("fe80::1")})};
}

TEST(Codec, TruncatedMessagesAreSurvived) {
  for (const Bytes& message : sample_messages()) {
    for (std::size_t size = sizeof(nlmsghdr); size <= message.size(); ++size) decode_everything(message, size);
  }
}

TEST(Codec, GarbageIsSurvived) {
  std::mt19937 random{20261123};
  std::uniform_int_distribution<unsigned> byte{0, 255};
  const std::array<std::uint16_t, 3> types{RTM_NEWLINK, RTM_NEWADDR, RTM_NEWROUTE};
  for (const Bytes& message : sample_messages()) {
    for (int round = 0; round < 20'000; ++round) {
      Bytes damaged = with_type(message, types[static_cast<std::size_t>(round) % types.size()]);
      for (int change = 0; change < 4; ++change) {
        const std::size_t place = sizeof(nlmsghdr) + random() % (damaged.size() - sizeof(nlmsghdr));
        damaged[place] = static_cast<std::byte>(byte(random));
      }
      decode_everything(damaged, damaged.size());
    }
  }
}

TEST(Codec, WriterTooSmallIsNoticed) {
  const auto check = [](const auto& request) {
    const std::size_t needed = encode(request).size();
    for (std::size_t size = 0; size < needed; size += 4) {
      const auto buffer = std::make_unique<std::byte[]>(size);
      MessageWriter writer{{buffer.get(), size}};
      request.encode(writer);
      EXPECT_TRUE(writer.overflowed()) << size;
    }
  };
  check(veth());
  check(SetLink{.index = index_of(4), .ipv4_forwarding = true});
  check(AddAddress{.index = index_of(4), .address = prefix("10.0.0.1/30")});
  check(AddRoute{.destination = prefix("10.9.0.0/16"), .gateway = ip_address("10.0.0.2")});
}

}  // namespace
}  // namespace netherd::ops
