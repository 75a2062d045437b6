#pragma once

#include <linux/rtnetlink.h>

#include <cstdint>
#include <optional>

#include "command_text.hpp"
#include "netherd/engine/message.hpp"
#include "netherd/ops/link_settings.hpp"

/// What all requests about links encode and describe in the same way.

namespace netherd::ops {

/// The header; `settings` may be null.
[[nodiscard]] ifinfomsg link_header(InterfaceIndex index, std::optional<bool> up = std::nullopt,
                                    const LinkSettings* settings = nullptr) noexcept;

/// What was asked of a new link; the header before it carries its index.
void put_new_link(engine::MessageWriter& writer, const NewLink& link) noexcept;
/// IFLA_INFO_KIND, without a terminating zero as `ip` has it.
void put_kind(engine::MessageWriter& writer, std::uint16_t attribute, std::string_view kind) noexcept;
void put_link_settings(engine::MessageWriter& writer, const LinkSettings& settings) noexcept;

void describe_index(CommandText& command, InterfaceIndex index);
void describe_mtu_and_address(CommandText& command, std::uint32_t mtu, const std::optional<MacAddress>& address);
void describe_link_settings(CommandText& command, const LinkSettings& settings);

[[nodiscard]] InterfaceIndex index_in(const engine::AttributeView& attribute) noexcept;
[[nodiscard]] std::optional<MacAddress> mac_address_in(const engine::AttributeView& attribute) noexcept;

}  // namespace netherd::ops
