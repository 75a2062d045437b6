#include "netherd/engine/message.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <random>
#include <string>
#include <vector>

namespace {

using namespace netherd::engine;

struct Family {
  std::uint32_t first = 0;
  std::uint16_t second = 0;  // six bytes: the attributes behind it must be padded to eight
} __attribute__((packed));

/// A buffer of exactly `size` bytes, so that the address sanitizer sees the first byte written or read behind it.
class ExactBuffer {
 public:
  explicit ExactBuffer(std::size_t size) : bytes_(size) {}
  explicit ExactBuffer(std::span<const std::byte> bytes) : bytes_{bytes.begin(), bytes.end()} {
    bytes_.shrink_to_fit();
  }
  operator std::span<std::byte>() { return bytes_; }

 private:
  std::vector<std::byte> bytes_;
};

std::vector<std::byte> bytes_of(std::initializer_list<unsigned> values) {
  std::vector<std::byte> bytes;
  for (const unsigned value : values) bytes.push_back(static_cast<std::byte>(value));
  bytes.shrink_to_fit();
  return bytes;
}

void encode_everything(MessageWriter& writer) {
  writer.begin(20, NLM_F_CREATE);
  writer.put_family_header(Family{7, 9});
  writer.put_flag(1);
  writer.put_u8(2, 0x12);
  writer.put_u16(3, 0x1234);
  writer.put_u32(4, 0x12345678);
  writer.put_u64(5, 0x123456789abcdef0);
  writer.put_index(6, InterfaceIndex{77});
  writer.put_string(7, "veth0");
  const auto outer = writer.begin_nest(8);
  writer.put_string(1, "peer");
  const auto inner = writer.begin_plain_nest(2);
  writer.put_raw(std::uint32_t{5});
  writer.put_u8(1, 1);
  writer.end_nest(inner);
  writer.end_nest(outer);
  writer.put_bytes(9, bytes_of({1, 2, 3}));
}

std::size_t size_of_everything() {
  std::array<std::byte, 1024> buffer;
  MessageWriter writer{buffer};
  encode_everything(writer);
  return writer.message().size();
}

TEST(MessageWriter, WritesHeaderAndFlags) {
  ExactBuffer buffer{64};
  MessageWriter writer{buffer};
  writer.begin(16, NLM_F_CREATE);
  const MessageView message{writer.message()};
  EXPECT_EQ(message.header().nlmsg_len, sizeof(nlmsghdr));
  EXPECT_EQ(message.type(), 16);
  EXPECT_EQ(message.flags(), NLM_F_REQUEST | NLM_F_CREATE);
}

TEST(MessageWriter, WhatIsWrittenIsRead) {
  ExactBuffer buffer{size_of_everything()};
  MessageWriter writer{buffer};
  encode_everything(writer);
  ASSERT_FALSE(writer.overflowed());
  const MessageView message{writer.message()};
  EXPECT_EQ(message.header().nlmsg_len, message.bytes().size());
  EXPECT_EQ(message.family_header<Family>()->first, 7U);

  std::vector<std::uint16_t> types;
  for (const AttributeView attribute : message.attributes<Family>()) {
    types.push_back(attribute.type());
    switch (attribute.type()) {
      case 1:
        EXPECT_TRUE(attribute.payload().empty());
        break;
      case 2:
        EXPECT_EQ(attribute.as<std::uint8_t>(), 0x12);
        EXPECT_EQ(attribute.as<std::uint16_t>(), std::nullopt) << "padding is no payload";
        break;
      case 5:
        EXPECT_EQ(attribute.as<std::uint64_t>(), 0x123456789abcdef0U);
        break;
      case 6:
        EXPECT_EQ(attribute.as<InterfaceIndex>(), InterfaceIndex{77});
        break;
      case 7:
        EXPECT_EQ(attribute.text(), "veth0");
        EXPECT_EQ(attribute.payload().size(), 6U) << "the terminating zero counts";
        break;
      case 8: {
        std::vector<std::uint16_t> nested;
        for (const AttributeView inner : Attributes{attribute.payload()}) nested.push_back(inner.type());
        EXPECT_EQ(nested, (std::vector<std::uint16_t>{1, 2}));
        break;
      }
      default:
        break;
    }
  }
  EXPECT_EQ(types, (std::vector<std::uint16_t>{1, 2, 3, 4, 5, 6, 7, 8, 9}));
}

TEST(MessageWriter, MarksNestsUnlessTheyArePlain) {
  ExactBuffer buffer{64};
  MessageWriter writer{buffer};
  writer.begin(16, 0);
  writer.end_nest(writer.begin_nest(3));
  writer.end_nest(writer.begin_plain_nest(4));
  nlattr header;
  std::memcpy(&header, writer.message().data() + sizeof(nlmsghdr), sizeof header);
  EXPECT_EQ(header.nla_type, 3 | NLA_F_NESTED);
  EXPECT_EQ(header.nla_len, sizeof header);
  std::memcpy(&header, writer.message().data() + sizeof(nlmsghdr) + sizeof header, sizeof header);
  EXPECT_EQ(header.nla_type, 4);
}

TEST(MessageWriter, PadsWithZeros) {
  std::array<std::byte, 64> buffer;
  buffer.fill(std::byte{0xff});
  MessageWriter writer{buffer};
  writer.begin(16, 0);
  writer.put_u8(1, 1);
  writer.put_string(2, "abcd");
  const auto message = writer.message();
  EXPECT_EQ(message.size() % message_alignment, 0U);
  EXPECT_TRUE(std::ranges::all_of(message.subspan(21, 3), [](std::byte b) { return b == std::byte{0}; }));
  EXPECT_TRUE(std::ranges::all_of(message.subspan(32, 4), [](std::byte b) { return b == std::byte{0}; }));
}

TEST(MessageWriter, OverflowsAtEverySizeThatIsTooSmall) {
  const std::size_t whole = size_of_everything();
  for (std::size_t size = 0; size < whole; ++size) {
    ExactBuffer buffer{size};
    MessageWriter writer{buffer};
    encode_everything(writer);
    EXPECT_TRUE(writer.overflowed()) << size;
    EXPECT_TRUE(writer.message().empty()) << size;
  }
}

TEST(MessageWriter, CanBeginAgainAfterAnOverflow) {
  ExactBuffer buffer{24};
  MessageWriter writer{buffer};
  writer.begin(16, 0);
  writer.put_u64(1, 1);
  ASSERT_TRUE(writer.overflowed());
  writer.begin(16, 0);
  writer.put_u32(1, 1);
  EXPECT_FALSE(writer.overflowed());
  EXPECT_EQ(writer.message().size(), 24U);
}

TEST(MessageWriter, LongestAttribute) {
  constexpr std::size_t longest = UINT16_MAX - sizeof(nlattr);
  ExactBuffer buffer{1U << 17U};
  MessageWriter writer{buffer};
  writer.begin(16, 0);
  writer.put_bytes(1, std::vector<std::byte>(longest));
  EXPECT_FALSE(writer.overflowed());
  writer.put_bytes(1, std::vector<std::byte>(longest + 1));
  EXPECT_TRUE(writer.overflowed());
  writer.begin(16, 0);
  writer.put_string(1, std::string(longest - 1, 'x'));
  EXPECT_FALSE(writer.overflowed());
  writer.put_string(1, std::string(longest, 'x'));
  EXPECT_TRUE(writer.overflowed());
}

TEST(MessageWriter, LongestNest) {
  ExactBuffer buffer{1U << 18U};
  MessageWriter writer{buffer};
  writer.begin(16, 0);
  const auto nest = writer.begin_nest(1);
  writer.put_bytes(1, std::vector<std::byte>(32 * 1024));
  writer.put_bytes(2, std::vector<std::byte>(32 * 1024));
  writer.end_nest(nest);
  EXPECT_TRUE(writer.overflowed());
  EXPECT_TRUE(writer.message().empty());
}

TEST(AttributeView, TextWithAndWithoutZero) {
  const auto with = bytes_of({'a', 'b', 0, 'c'});
  const auto without = bytes_of({'a', 'b'});
  EXPECT_EQ((AttributeView{1, with}.text()), "ab");
  EXPECT_EQ((AttributeView{1, without}.text()), "ab");
  EXPECT_EQ((AttributeView{1, {}}.text()), "");
}

TEST(Attributes, StopsAtTheFirstMalformedOne) {
  const auto count = [](std::vector<std::byte> bytes) {
    bytes.shrink_to_fit();
    std::size_t attributes = 0;
    for (const AttributeView attribute : Attributes{bytes}) {
      static_cast<void>(attribute.text());
      ++attributes;
    }
    return attributes;
  };
  EXPECT_EQ(count({}), 0U);
  EXPECT_EQ(count(bytes_of({4, 0, 1})), 0U) << "header cut off";
  EXPECT_EQ(count(bytes_of({0, 0, 1, 0, 4, 0, 1, 0})), 0U) << "zero length must not loop for ever";
  EXPECT_EQ(count(bytes_of({3, 0, 1, 0, 4, 0, 1, 0})), 0U) << "shorter than its header";
  EXPECT_EQ(count(bytes_of({4, 0, 1, 0})), 1U);
  EXPECT_EQ(count(bytes_of({5, 0, 1, 0, 9})), 1U) << "padding of the last one may be missing";
  EXPECT_EQ(count(bytes_of({4, 0, 1, 0, 9, 0, 1, 0, 1, 2, 3, 4})), 1U) << "second one longer than what is left";
  EXPECT_EQ(count(bytes_of({0xff, 0xff, 1, 0, 1, 2, 3, 4})), 0U);
}

TEST(MessageView, ShortMessagesHaveNoFamilyHeader) {
  ExactBuffer buffer{20};
  MessageWriter writer{buffer};
  writer.begin(16, 0);
  writer.put_raw(std::uint32_t{1});
  const MessageView message{writer.message()};
  EXPECT_FALSE(message.family_header<Family>().has_value());
  EXPECT_TRUE(message.attributes<Family>().begin() == message.attributes<Family>().end());
}

/// A datagram of one message whose header claims `length` bytes.
std::vector<std::byte> message_claiming(std::uint32_t length, std::size_t size) {
  std::vector<std::byte> bytes(size);
  nlmsghdr header{};
  header.nlmsg_len = length;
  std::memcpy(bytes.data(), &header, std::min(size, sizeof header));
  return bytes;
}

TEST(MessageStream, TellsTheEndFromMalformedBytes) {
  MessageStream nothing{{}};
  EXPECT_FALSE(nothing.next().has_value());
  EXPECT_FALSE(nothing.malformed());

  const auto whole = message_claiming(16, 16);
  MessageStream one{whole};
  EXPECT_TRUE(one.next().has_value());
  EXPECT_FALSE(one.next().has_value());
  EXPECT_FALSE(one.malformed());
}

TEST(MessageStream, LastMessageMayLackItsPadding) {
  const auto bytes = message_claiming(17, 17);
  MessageStream stream{bytes};
  ASSERT_TRUE(stream.next().has_value());
  EXPECT_FALSE(stream.next().has_value());
  EXPECT_FALSE(stream.malformed());
}

TEST(MessageStream, RefusesImpossibleLengths) {
  for (const std::uint32_t length : {0U, 1U, 15U, 21U, 0x7fffffffU, 0x80000000U, 0xfffffff0U, 0xffffffffU}) {
    const auto bytes = message_claiming(length, 20);
    MessageStream stream{bytes};
    EXPECT_FALSE(stream.next().has_value()) << length;
    EXPECT_TRUE(stream.malformed()) << length;
    EXPECT_FALSE(stream.next().has_value()) << length;
  }
  for (std::size_t size = 1; size < sizeof(nlmsghdr); ++size) {
    const auto bytes = message_claiming(16, size);
    MessageStream stream{bytes};
    EXPECT_FALSE(stream.next().has_value()) << size;
    EXPECT_TRUE(stream.malformed()) << size;
  }
}

void walk(std::span<const std::byte> bytes, int depth, std::size_t& seen) {
  for (const AttributeView attribute : Attributes{bytes}) {
    seen += attribute.text().size() + attribute.payload().size();
    if (depth > 0) walk(attribute.payload(), depth - 1, seen);
  }
}

/// Reads everything there is to read; the sanitizers judge.
void read_all(std::span<const std::byte> datagram) {
  std::size_t seen = 0;
  MessageStream stream{datagram};
  while (const auto message = stream.next()) {
    seen += message->payload().size() + message->family_header<nlmsgerr>().has_value();
    for (const AttributeView attribute : message->attributes<Family>()) walk(attribute.payload(), 4, seen);
  }
}

TEST(MessageStream, SurvivesDamagedMessages) {
  std::mt19937 random{1};
  std::array<std::byte, 1024> buffer;
  MessageWriter writer{buffer};
  encode_everything(writer);
  const std::vector<std::byte> whole{writer.message().begin(), writer.message().end()};
  for (int round = 0; round < 20'000; ++round) {
    auto damaged = whole;
    for (int count = static_cast<int>(random() % 8); count >= 0; --count) {
      damaged[random() % damaged.size()] = static_cast<std::byte>(random());
    }
    damaged.resize(random() % (damaged.size() + 1));
    damaged.shrink_to_fit();
    read_all(damaged);
  }
}

TEST(MessageStream, SurvivesNoise) {
  std::mt19937 random{2};
  for (int round = 0; round < 20'000; ++round) {
    std::vector<std::byte> noise(random() % 64);
    // Small bytes make lengths that are nearly right, which is where mistakes would be.
    for (std::byte& byte : noise) byte = static_cast<std::byte>(random() % (round % 2 == 0 ? 256 : 20));
    noise.shrink_to_fit();
    read_all(noise);
  }
}

}  // namespace
