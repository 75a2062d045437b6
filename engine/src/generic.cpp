#include "netherd/engine/generic.hpp"

#include <linux/genetlink.h>

namespace netherd::engine {

namespace {

constexpr std::uint8_t control_version = 2;

GenericMulticastGroup decode_group(Attributes attributes) {
  GenericMulticastGroup group;
  for (const AttributeView attribute : attributes) {
    if (attribute.type() == CTRL_ATTR_MCAST_GRP_NAME) group.name = attribute.text();
    if (attribute.type() == CTRL_ATTR_MCAST_GRP_ID) group.id = attribute.as<std::uint32_t>().value_or(0);
  }
  return group;
}

}  // namespace

void GetGenericFamily::encode(MessageWriter& writer) const noexcept {
  writer.begin(GENL_ID_CTRL, 0);
  writer.put_family_header(genlmsghdr{CTRL_CMD_GETFAMILY, control_version, 0});
  writer.put_string(CTRL_ATTR_FAMILY_NAME, name);
}

std::optional<GenericFamily> decode_generic_family(const MessageView& message) {
  const auto header = message.family_header<genlmsghdr>();
  if (message.type() != GENL_ID_CTRL || !header || header->cmd != CTRL_CMD_NEWFAMILY) return std::nullopt;
  GenericFamily family;
  for (const AttributeView attribute : message.attributes<genlmsghdr>()) {
    const auto number = [&attribute] { return attribute.as<std::uint32_t>().value_or(0); };
    switch (attribute.type()) {
      case CTRL_ATTR_FAMILY_ID:
        family.id = attribute.as<std::uint16_t>().value_or(0);
        break;
      case CTRL_ATTR_FAMILY_NAME:
        family.name = attribute.text();
        break;
      case CTRL_ATTR_VERSION:
        family.version = number();
        break;
      case CTRL_ATTR_HDRSIZE:
        family.header_bytes = number();
        break;
      case CTRL_ATTR_MAXATTR:
        family.most_attributes = number();
        break;
      case CTRL_ATTR_MCAST_GROUPS:
        for (const AttributeView group : Attributes{attribute.payload()}) {
          family.groups.push_back(decode_group(Attributes{group.payload()}));
        }
        break;
      default:
        break;
    }
  }
  if (family.id < NLMSG_MIN_TYPE) return std::nullopt;
  return family;
}

}  // namespace netherd::engine
