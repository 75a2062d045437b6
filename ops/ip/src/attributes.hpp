#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "netherd/engine/message.hpp"

namespace netherd::ip {

/// The attributes of a received message by their types, those above `Most` left out. A missing attribute reads as 0 or
/// as empty text, and so does one that is too short. Lifetime: that of the message.
template <std::size_t Most>
class AttributeTable {
 public:
  AttributeTable() = default;
  explicit AttributeTable(engine::Attributes attributes) noexcept {
    for (const engine::AttributeView attribute : attributes) {
      if (attribute.type() > Most) continue;
      payloads_[attribute.type()] = attribute.payload();
      present_[attribute.type()] = true;
    }
  }
  explicit AttributeTable(std::span<const std::byte> nest) noexcept : AttributeTable{engine::Attributes{nest}} {}

  [[nodiscard]] bool has(std::size_t type) const noexcept { return present_[type]; }
  [[nodiscard]] std::span<const std::byte> bytes(std::size_t type) const noexcept { return payloads_[type]; }
  template <engine::WireStruct T>
  [[nodiscard]] T as(std::size_t type) const noexcept {
    return engine::AttributeView{0, payloads_[type]}.template as<T>().value_or(T{});
  }
  [[nodiscard]] std::uint8_t u8(std::size_t type) const noexcept { return as<std::uint8_t>(type); }
  [[nodiscard]] std::uint16_t u16(std::size_t type) const noexcept { return as<std::uint16_t>(type); }
  [[nodiscard]] std::uint32_t u32(std::size_t type) const noexcept { return as<std::uint32_t>(type); }
  [[nodiscard]] std::uint64_t u64(std::size_t type) const noexcept { return as<std::uint64_t>(type); }
  [[nodiscard]] int index(std::size_t type) const noexcept { return as<int>(type); }
  [[nodiscard]] std::string_view text(std::size_t type) const noexcept {
    return engine::AttributeView{0, payloads_[type]}.text();
  }

 private:
  std::array<std::span<const std::byte>, Most + 1> payloads_{};
  std::array<bool, Most + 1> present_{};
};

}  // namespace netherd::ip
