#pragma once

#include <linux/netlink.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <type_traits>
#include <vector>

#include "netherd/engine/message.hpp"

namespace netherd::ip {

/// A request as the words of a command make it: a header whose fields words still change while attributes are added.
///
/// It exists beside the typed requests of netherd/ops because a command line is a list of attributes already: any
/// attribute that `ip` can name may stand in it, in any combination, and it says what was not mentioned by leaving it
/// out. Satisfies engine::Request. Nested attributes have no NLA_F_NESTED unless asked for, as in `ip`'s requests.
///
/// The length of an attribute has 16 bits: what puts one, or ends a nest, throws CommandError where it does not fit.
class Request {
 public:
  static constexpr std::string_view operation{};

  template <engine::WireStruct Header>
  Request(std::uint16_t type, std::uint16_t flags, const Header& header) {
    const nlmsghdr start{0, type, static_cast<std::uint16_t>(flags | NLM_F_REQUEST), 0, 0};
    append(&start, sizeof start);
    append(&header, sizeof header);
  }

  /// A message of the kernel's sent back as a request of another type: a listed object is deleted that way.
  [[nodiscard]] static Request again(const engine::MessageView& message, std::uint16_t type);

  [[nodiscard]] std::uint16_t type() const noexcept { return netlink_header().nlmsg_type; }
  [[nodiscard]] std::uint16_t flags() const noexcept { return netlink_header().nlmsg_flags; }
  /// The family's header. Precondition: the type that the request was made with.
  template <engine::WireStruct Header>
  [[nodiscard]] Header& header() noexcept {
    return *reinterpret_cast<Header*>(bytes_.data() + sizeof(nlmsghdr));
  }

  void put(int type, std::span<const std::byte> payload);
  template <engine::WireStruct T>
    requires(!std::is_same_v<T, bool>)
  void put_value(int type, const T& value) {
    put(type, std::as_bytes(std::span{&value, 1}));
  }
  void put_u8(int type, std::uint8_t value) { put_value(type, value); }
  void put_u16(int type, std::uint16_t value) { put_value(type, value); }
  void put_u32(int type, std::uint32_t value) { put_value(type, value); }
  void put_flag(int type) { put(type, {}); }
  /// Text with its terminating zero.
  void put_string(int type, std::string_view text);
  /// Text without a zero behind it, as `ip` sends some names.
  void put_text(int type, std::string_view text) { put(type, std::as_bytes(std::span{text})); }

  /// Position of an open nested attribute.
  enum class Nest : std::size_t {};
  [[nodiscard]] Nest begin_nest(int type);
  void end_nest(Nest nest);
  /// Takes an open nested attribute back, with all that is in it.
  void drop_nest(Nest nest) noexcept { bytes_.resize(static_cast<std::size_t>(nest)); }
  /// Appends plain bytes within a nest (struct rtnexthop, the ifinfomsg of a peer), padded; gives their offset.
  template <engine::WireStruct T>
  std::size_t put_raw(const T& value) {
    const std::size_t offset = bytes_.size();
    append(&value, sizeof value);
    return offset;
  }
  template <engine::WireStruct T>
  [[nodiscard]] T& at(std::size_t offset) noexcept {
    return *reinterpret_cast<T*>(bytes_.data() + offset);
  }
  [[nodiscard]] std::size_t size() const noexcept { return bytes_.size(); }
  /// Bytes from `offset` to the end, which go into a length field.
  [[nodiscard]] std::uint16_t length_from(std::size_t offset) const;

  /// The whole message.
  [[nodiscard]] std::span<const std::byte> message() noexcept;
  void encode(engine::MessageWriter& writer) const noexcept { writer.put_message(bytes_); }

 private:
  Request() = default;
  void append(const void* data, std::size_t size);
  [[nodiscard]] const nlmsghdr& netlink_header() const noexcept {
    return *reinterpret_cast<const nlmsghdr*>(bytes_.data());
  }

  std::vector<std::byte> bytes_;
};

}  // namespace netherd::ip
