#pragma once

#include <linux/netlink.h>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string_view>
#include <type_traits>

#include "netherd/engine/types.hpp"

namespace netherd::engine {

/// Bytes to which netlink messages and attributes are padded (NLMSG_ALIGNTO, NLA_ALIGNTO: linux/netlink.h).
inline constexpr std::size_t message_alignment = 4;

/// A request that does not fit into so many bytes is not encoded at all; a datagram can never be that long.
inline constexpr std::size_t largest_request_bytes = std::size_t{1} << 20U;

/// A plain structure of the kernel's ABI that can be copied byte by byte (ifinfomsg, ifaddrmsg, rtmsg ...).
template <typename T>
concept WireStruct = std::is_trivially_copyable_v<T> && std::is_standard_layout_v<T>;

/// Writes one netlink message into a buffer of the caller's.
///
/// A writer never writes past the buffer: what does not fit is left out and `overflowed()` becomes true, so that the
/// caller can grow the buffer and encode again. Attributes keep the order in which they were put.
///
/// Lifetime: the buffer must outlive the writer, and must be aligned to 4 bytes. Not thread safe. Allocates nothing.
class MessageWriter {
 public:
  explicit MessageWriter(std::span<std::byte> buffer) noexcept;

  /// Starts the message. `flags` are NLM_F_* flags; NLM_F_REQUEST is always added, NLM_F_ACK is the pipeline's choice.
  void begin(std::uint16_t type, std::uint16_t flags) noexcept;

  /// Takes over a whole message that was encoded elsewhere, in place of begin() and all that follows it.
  void put_message(std::span<const std::byte> message) noexcept { append(message.data(), message.size()); }

  /// Appends the fixed header of the message's family. Precondition: called once, straight after begin().
  template <WireStruct Header>
  void put_family_header(const Header& header) noexcept {
    append(&header, sizeof header);
  }

  void put_flag(std::uint16_t type) noexcept { put_bytes(type, {}); }
  void put_u8(std::uint16_t type, std::uint8_t value) noexcept { put_struct(type, value); }
  void put_u16(std::uint16_t type, std::uint16_t value) noexcept { put_struct(type, value); }
  void put_u32(std::uint16_t type, std::uint32_t value) noexcept { put_struct(type, value); }
  void put_u64(std::uint16_t type, std::uint64_t value) noexcept { put_struct(type, value); }
  void put_index(std::uint16_t type, InterfaceIndex index) noexcept { put_struct(type, value_of(index)); }
  /// A string with its terminating zero, as the kernel's NLA_NUL_STRING policy wants it.
  void put_string(std::uint16_t type, std::string_view text) noexcept;
  void put_bytes(std::uint16_t type, std::span<const std::byte> payload) noexcept;
  template <WireStruct T>
  void put_struct(std::uint16_t type, const T& value) noexcept {
    put_bytes(type, std::as_bytes(std::span{&value, 1}));
  }

  /// Position of an open nested attribute, to be handed to end_nest().
  enum class Nest : std::uint32_t {};
  /// Opens a nested attribute (NLA_F_NESTED is set, as strict validation asks for).
  [[nodiscard]] Nest begin_nest(std::uint16_t type) noexcept;
  /// The same without NLA_F_NESTED, for the old attributes whose nesting the flag does not mark in iproute2's requests.
  [[nodiscard]] Nest begin_plain_nest(std::uint16_t type) noexcept;
  void end_nest(Nest nest) noexcept;
  /// Appends a plain structure inside the current nest without an attribute header (VETH_INFO_PEER's ifinfomsg).
  template <WireStruct T>
  void put_raw(const T& value) noexcept {
    append(&value, sizeof value);
  }

  /// Something did not fit; the message is unusable.
  [[nodiscard]] bool overflowed() const noexcept { return overflowed_; }
  /// The message as it stands, padded to message_alignment. Precondition: begin() was called.
  [[nodiscard]] std::span<std::byte> message() const noexcept;

 private:
  void append(const void* data, std::size_t size) noexcept;
  [[nodiscard]] std::byte* reserve(std::size_t size) noexcept;

  std::span<std::byte> buffer_;
  std::size_t used_ = 0;
  bool overflowed_ = false;
};

/// One attribute of a received message: a view, valid as long as the message's bytes.
///
/// The accessors check the size of the payload: what is too short or malformed gives `std::nullopt` or an empty view,
/// never a read past the end.
class AttributeView {
 public:
  AttributeView(std::uint16_t type, std::span<const std::byte> payload) noexcept : type_{type}, payload_{payload} {}

  /// Type without the NLA_F_NESTED and NLA_F_NET_BYTEORDER bits.
  [[nodiscard]] std::uint16_t type() const noexcept { return type_; }
  [[nodiscard]] std::span<const std::byte> payload() const noexcept { return payload_; }
  template <WireStruct T>
  [[nodiscard]] std::optional<T> as() const noexcept {
    if (payload_.size() < sizeof(T)) return std::nullopt;
    T value;
    std::memcpy(&value, payload_.data(), sizeof value);
    return value;
  }
  /// Text up to the first zero, or to the end.
  [[nodiscard]] std::string_view text() const noexcept;

 private:
  std::uint16_t type_;
  std::span<const std::byte> payload_;
};

/// Walks the attributes in a range of bytes, and stops at the first malformed one.
///
///     for (AttributeView attribute : Attributes{message.attributes<ifinfomsg>()}) ...
class Attributes {
 public:
  explicit Attributes(std::span<const std::byte> bytes) noexcept : bytes_{bytes} {}

  class Iterator {
   public:
    explicit Iterator(std::span<const std::byte> rest) noexcept : rest_{rest} {}
    [[nodiscard]] AttributeView operator*() const noexcept;
    Iterator& operator++() noexcept;
    [[nodiscard]] bool operator==(std::default_sentinel_t) const noexcept;

   private:
    std::span<const std::byte> rest_;
  };
  [[nodiscard]] Iterator begin() const noexcept { return Iterator{bytes_}; }
  [[nodiscard]] std::default_sentinel_t end() const noexcept { return {}; }

 private:
  std::span<const std::byte> bytes_;
};

/// One received netlink message: a view, valid as long as the bytes it was made from.
class MessageView {
 public:
  /// Precondition: `bytes` holds a whole message whose header was checked (see MessageStream).
  explicit MessageView(std::span<const std::byte> bytes) noexcept : bytes_{bytes} {}

  [[nodiscard]] nlmsghdr header() const noexcept;
  [[nodiscard]] std::uint16_t type() const noexcept { return header().nlmsg_type; }
  [[nodiscard]] std::uint16_t flags() const noexcept { return header().nlmsg_flags; }
  [[nodiscard]] SequenceNumber sequence() const noexcept { return SequenceNumber{header().nlmsg_seq}; }
  [[nodiscard]] std::span<const std::byte> bytes() const noexcept { return bytes_; }
  /// What follows the netlink header.
  [[nodiscard]] std::span<const std::byte> payload() const noexcept { return bytes_.subspan(sizeof(nlmsghdr)); }
  /// The family's fixed header, or nothing if the message is too short for it.
  template <WireStruct Header>
  [[nodiscard]] std::optional<Header> family_header() const noexcept {
    return AttributeView{0, payload()}.as<Header>();
  }
  /// The attributes behind the family's fixed header; empty if there is no room for one.
  template <WireStruct Header>
  [[nodiscard]] Attributes attributes() const noexcept {
    constexpr std::size_t offset = (sizeof(Header) + message_alignment - 1) & ~(message_alignment - 1);
    return Attributes{payload().size() > offset ? payload().subspan(offset) : std::span<const std::byte>{}};
  }

 private:
  std::span<const std::byte> bytes_;
};

/// Splits a received datagram into its messages. `next()` gives nothing at the end or at the first malformed header;
/// `malformed()` tells the two apart.
class MessageStream {
 public:
  explicit MessageStream(std::span<const std::byte> datagram) noexcept : rest_{datagram} {}
  [[nodiscard]] std::optional<MessageView> next() noexcept;
  [[nodiscard]] bool malformed() const noexcept { return malformed_; }
  /// What has not been split yet: from the malformed header on, if there is one.
  [[nodiscard]] std::span<const std::byte> rest() const noexcept { return rest_; }

 private:
  std::span<const std::byte> rest_;
  bool malformed_ = false;
};

/// A request: a plain value that encodes itself and says in words what it asks for.
///
/// `operation` is a short verb phrase ("add address") with static lifetime, for diagnostics.
template <typename T>
concept Request = requires(const T& request, MessageWriter& writer) {
  { request.encode(writer) } noexcept;
  { T::operation } -> std::convertible_to<std::string_view>;
};

}  // namespace netherd::engine
