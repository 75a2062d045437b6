#pragma once

#include <linux/if_link.h>
#include <linux/rtnetlink.h>

#include <cstdint>
#include <span>
#include <string_view>

#include "netherd/engine/message.hpp"

namespace netherd::ops {

/// The payload of IFLA_LINKINFO's parts: a kind, and its settings.
struct KindInfo {
  std::string_view kind{};
  std::span<const std::byte> data{};
};

/// Of the link itself (IFLA_INFO_KIND, IFLA_INFO_DATA) or of what it is to its master (IFLA_INFO_SLAVE_...).
inline KindInfo kind_info(const engine::MessageView& message, std::uint16_t kind_type, std::uint16_t data_type) {
  KindInfo info;
  if (message.type() != RTM_NEWLINK) return info;
  for (const engine::AttributeView attribute : message.attributes<ifinfomsg>()) {
    if (attribute.type() != IFLA_LINKINFO) continue;
    for (const engine::AttributeView part : engine::Attributes{attribute.payload()}) {
      if (part.type() == kind_type) info.kind = part.text();
      if (part.type() == data_type) info.data = part.payload();
    }
  }
  return info;
}

}  // namespace netherd::ops
