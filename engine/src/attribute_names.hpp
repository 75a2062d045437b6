#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "netherd/engine/message.hpp"

namespace netherd::engine {

struct AttributeTable;

/// An attribute's name in the kernel's headers, and what is in it.
struct AttributeName {
  std::uint16_t type = 0;
  const char* name = nullptr;
  const AttributeTable* nested = nullptr;  ///< null: nothing, or not known
  std::uint16_t header_bytes = 0;          ///< before the attributes in it
};

/// The attributes that stand beside each other.
struct AttributeTable {
  std::span<const AttributeName> names;
};

/// What the messages of one type have in common.
struct MessageLayout {
  std::size_t header_bytes = 0;                ///< of the family, between the netlink header and the attributes
  const AttributeTable* attributes = nullptr;  ///< null: not known
};

/// Layout of a request of a netlink protocol (NETLINK_ROUTE ...).
[[nodiscard]] MessageLayout message_layout(int protocol, std::uint16_t type) noexcept;
/// Null: the name is not known.
[[nodiscard]] const AttributeName* find_name(const AttributeTable* table, std::uint16_t type) noexcept;
/// What is in an attribute, which may depend on what stands beside it: IFLA_INFO_DATA depends on IFLA_INFO_KIND.
[[nodiscard]] const AttributeTable* nested_table(const AttributeName& name, Attributes neighbours) noexcept;

}  // namespace netherd::engine
