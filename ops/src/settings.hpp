#pragma once

#include <endian.h>

#include <array>
#include <bit>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include "command_text.hpp"
#include "netherd/engine/message.hpp"
#include "netherd/ops/ip_prefix.hpp"
#include "netherd/ops/link_reference.hpp"
#include "netherd/ops/mac_address.hpp"
#include "wire_address.hpp"

/// Tables of settings. A row names a member of a struct, the attribute that carries it and the word that `ip` has for
/// it; from the table follow encoding, description and decoding.
///
///     constexpr std::tuple vlan_settings{setting(&Vlan::id, IFLA_VLAN_ID, "id"), ...};
///
/// A member that is std::optional is left out where it has no value. Any other is always sent, and described where it
/// differs from its default.

namespace netherd::ops {

template <typename T>
struct OptionalValue : std::false_type {
  using type = T;
};
template <typename T>
struct OptionalValue<std::optional<T>> : std::true_type {
  using type = T;
};
template <typename T>
inline constexpr bool is_optional = OptionalValue<T>::value;

template <typename T>
inline constexpr bool is_duration = false;
template <typename Count, typename Period>
inline constexpr bool is_duration<std::chrono::duration<Count, Period>> = true;

/// Words of `ip` for the values of an enumeration, to be specialised: a std::array of pairs.
template <typename Enumeration>
struct Words;

template <typename Enumeration>
constexpr std::string_view word_of(Enumeration value) noexcept {
  for (const auto& [candidate, word] : Words<Enumeration>::words) {
    if (candidate == value) return word;
  }
  return "?";
}

// ---- formats: how a value is written into an attribute and into a command, and read from an attribute ----

/// A number, an enumeration or a duration as number of type `Wire`, in host byte order.
template <typename Wire>
struct Number {
  template <typename T>
  static Wire wire(const T& value) noexcept {
    if constexpr (is_duration<T>) {
      return static_cast<Wire>(value.count());
    } else {
      return static_cast<Wire>(value);
    }
  }
  template <typename T>
  static void put(engine::MessageWriter& writer, std::uint16_t attribute, const T& value) noexcept {
    writer.put_struct(attribute, wire(value));
  }
  template <typename T>
  static void describe(CommandText& command, std::string_view keyword, const T& value) {
    if constexpr (requires { Words<T>::words; }) {
      command.option(keyword, word_of(value));
    } else {
      command.number(keyword, wire(value));
    }
  }
  template <typename T>
  static std::optional<T> read(const engine::AttributeView& attribute) noexcept {
    const auto value = attribute.as<Wire>();
    return value ? std::optional{static_cast<T>(*value)} : std::nullopt;
  }
};

/// A byte that is described in hexadecimal: a TOS.
struct Hexadecimal : Number<std::uint8_t> {
  static void describe(CommandText& command, std::string_view keyword, std::uint8_t value) {
    command.hexadecimal(keyword, value);
  }
};

/// The same in network byte order.
template <typename Wire>
struct BigEndian : Number<Wire> {
  static Wire swapped(Wire value) noexcept {
    if constexpr (std::endian::native == std::endian::big) return value;
    return sizeof(Wire) == 2 ? static_cast<Wire>(__builtin_bswap16(static_cast<std::uint16_t>(value)))
                             : static_cast<Wire>(__builtin_bswap32(static_cast<std::uint32_t>(value)));
  }
  template <typename T>
  static void put(engine::MessageWriter& writer, std::uint16_t attribute, const T& value) noexcept {
    writer.put_struct(attribute, swapped(static_cast<Wire>(value)));
  }
  template <typename T>
  static std::optional<T> read(const engine::AttributeView& attribute) noexcept {
    const auto value = attribute.as<Wire>();
    return value ? std::optional{static_cast<T>(swapped(*value))} : std::nullopt;
  }
};

/// A switch of type `Wire`, described as "keyword on|off".
template <typename Wire = std::uint8_t>
struct OnOff {
  static void put(engine::MessageWriter& writer, std::uint16_t attribute, bool value) noexcept {
    writer.put_struct(attribute, static_cast<Wire>(value));
  }
  static void describe(CommandText& command, std::string_view keyword, bool value) {
    command.word(keyword).word(value ? "on" : "off");
  }
  template <typename T>
  static std::optional<bool> read(const engine::AttributeView& attribute) noexcept {
    const auto value = attribute.as<Wire>();
    return value ? std::optional{*value != 0} : std::nullopt;
  }
};

/// Described as "keyword 1|0".
template <typename Wire = std::uint8_t>
struct OneZero : OnOff<Wire> {
  static void describe(CommandText& command, std::string_view keyword, bool value) {
    command.word(keyword).word(value ? "1" : "0");
  }
};

/// Described as "keyword" or "nokeyword".
template <typename Wire = std::uint8_t>
struct YesNo : OnOff<Wire> {
  static void describe(CommandText& command, std::string_view keyword, bool value) {
    command.word(value ? std::string{keyword} : "no" + std::string{keyword});
  }
};

/// An attribute without value, there or not.
struct Presence {
  static void put(engine::MessageWriter& writer, std::uint16_t attribute, bool value) noexcept {
    if (value) writer.put_flag(attribute);
  }
  static void describe(CommandText& command, std::string_view keyword, bool value) { command.flag(keyword, value); }
  template <typename T>
  static std::optional<bool> read(const engine::AttributeView&) noexcept {
    return true;
  }
};

/// The index of another link.
struct Device {
  static void put(engine::MessageWriter& writer, std::uint16_t attribute, const LinkReference& link) noexcept {
    writer.put_index(attribute, link.index);
  }
  static void describe(CommandText& command, std::string_view keyword, const LinkReference& link) {
    if (link.index == engine::InterfaceIndex::none) {
      command.word("no" + std::string{keyword});
    } else {
      command.word(keyword).word(link.name);
    }
  }
  template <typename T>
  static std::optional<LinkReference> read(const engine::AttributeView& attribute) noexcept {
    const auto index = attribute.as<std::int32_t>();
    return index ? std::optional{LinkReference{engine::InterfaceIndex{*index}, {}}} : std::nullopt;
  }
};

struct Mac {
  static void put(engine::MessageWriter& writer, std::uint16_t attribute, const MacAddress& address) noexcept {
    writer.put_struct(attribute, address.bytes);
  }
  static void describe(CommandText& command, std::string_view keyword, const MacAddress& address) {
    command.word(keyword).word(address.to_string());
  }
  template <typename T>
  static std::optional<MacAddress> read(const engine::AttributeView& attribute) noexcept {
    if (attribute.payload().size() != sizeof(MacAddress)) return std::nullopt;
    return attribute.as<MacAddress>();
  }
};

/// An address whose family its size tells.
struct Ip {
  static void put(engine::MessageWriter& writer, std::uint16_t attribute, const IpAddress& address) noexcept {
    writer.put_bytes(attribute, WireAddress{address}.bytes());
  }
  static void describe(CommandText& command, std::string_view keyword, const IpAddress& address) {
    command.word(keyword).word(address.to_string());
  }
  template <typename T>
  static std::optional<IpAddress> read(const engine::AttributeView& attribute) noexcept {
    return read_wire_address(attribute.payload().size() == 4 ? AF_INET : AF_INET6, attribute.payload());
  }
};

/// The usual format of a type.
template <typename T>
constexpr auto usual_format() noexcept {
  if constexpr (std::is_same_v<T, bool>) {
    return OnOff<>{};
  } else if constexpr (std::is_same_v<T, LinkReference>) {
    return Device{};
  } else if constexpr (std::is_same_v<T, MacAddress>) {
    return Mac{};
  } else if constexpr (std::is_same_v<T, IpAddress>) {
    return Ip{};
  } else if constexpr (std::is_enum_v<T>) {
    return Number<std::underlying_type_t<T>>{};
  } else if constexpr (is_duration<T>) {
    return Number<typename T::rep>{};
  } else {
    static_assert(std::is_integral_v<T>, "name the format");
    return Number<T>{};
  }
}

// ---- rows ----

template <typename Format, typename Object, typename Member>
struct Setting {
  using Value = typename OptionalValue<Member>::type;
  Member Object::* member;
  std::uint16_t attribute;
  std::string_view keyword;

  void put(engine::MessageWriter& writer, const Object& object) const noexcept {
    if constexpr (is_optional<Member>) {
      if (object.*member) Format::put(writer, attribute, *(object.*member));
    } else {
      Format::put(writer, attribute, object.*member);
    }
  }
  void describe(CommandText& command, const Object& object, const Object& defaults) const {
    if constexpr (is_optional<Member>) {
      if (object.*member) Format::describe(command, keyword, *(object.*member));
    } else {
      if (object.*member != defaults.*member) Format::describe(command, keyword, object.*member);
    }
  }
  void read(Object& object, const engine::AttributeView& view) const {
    if (view.type() != attribute) return;
    auto value = Format::template read<Value>(view);
    if (!value) return;
    if constexpr (is_optional<Member>) {
      object.*member = std::move(value);
    } else {
      object.*member = *std::move(value);
    }
  }
};

/// A row in the usual format of its type.
template <typename Object, typename Member>
constexpr auto setting(Member Object::* member, std::uint16_t attribute, std::string_view keyword) noexcept {
  using Format = decltype(usual_format<typename OptionalValue<Member>::type>());
  return Setting<Format, Object, Member>{member, attribute, keyword};
}

/// A row in the format that is named.
template <typename Format, typename Object, typename Member>
constexpr auto setting(Member Object::* member, std::uint16_t attribute, std::string_view keyword) noexcept {
  return Setting<Format, Object, Member>{member, attribute, keyword};
}

/// An address that is in one attribute if it is of IPv4 and in another if it is of IPv6.
template <typename Object>
struct AddressSetting {
  std::optional<IpAddress> Object::* member;
  std::uint16_t attribute_v4;
  std::uint16_t attribute_v6;
  std::string_view keyword;
  std::string_view multicast_keyword;

  void put(engine::MessageWriter& writer, const Object& object) const noexcept {
    const auto& address = object.*member;
    if (address) Ip::put(writer, address->is_v4() ? attribute_v4 : attribute_v6, *address);
  }
  void describe(CommandText& command, const Object& object, const Object&) const {
    const auto& address = object.*member;
    if (address) Ip::describe(command, address->is_multicast() ? multicast_keyword : keyword, *address);
  }
  void read(Object& object, const engine::AttributeView& view) const noexcept {
    if (view.type() != attribute_v4 && view.type() != attribute_v6) return;
    object.*member = Ip::read<IpAddress>(view);
  }
};

template <typename Object, typename Rows>
void put_settings(engine::MessageWriter& writer, const Object& object, const Rows& rows) noexcept {
  std::apply([&](const auto&... row) { (row.put(writer, object), ...); }, rows);
}

template <typename Object, typename Rows>
void describe_settings(CommandText& command, const Object& object, const Rows& rows) {
  const Object defaults{};
  std::apply([&](const auto&... row) { (row.describe(command, object, defaults), ...); }, rows);
}

template <typename Object, typename Rows>
void read_setting(Object& object, const engine::AttributeView& attribute, const Rows& rows) {
  std::apply([&](const auto&... row) { (row.read(object, attribute), ...); }, rows);
}

}  // namespace netherd::ops
