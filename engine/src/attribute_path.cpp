#include "attribute_path.hpp"

#include <linux/netlink.h>

#include <algorithm>
#include <optional>

namespace netherd::engine {

namespace {

using Bytes = std::span<const std::byte>;

std::size_t distance(Bytes from, Bytes to) noexcept { return static_cast<std::size_t>(to.data() - from.data()); }

/// The attribute among `bytes` that holds the byte at `offset` of the request.
std::optional<AttributeView> attribute_at(Bytes request, Bytes bytes, std::size_t offset) noexcept {
  for (const AttributeView attribute : Attributes{bytes}) {
    const std::size_t payload = distance(request, attribute.payload());
    if (offset >= payload - sizeof(nlattr) && offset < payload + attribute.payload().size()) return attribute;
  }
  return std::nullopt;
}

Bytes behind(Bytes bytes, std::size_t header_bytes) noexcept {
  return bytes.subspan(std::min(header_bytes, bytes.size()));
}

}  // namespace

std::string path_of_member(const AttributePath& path, std::uint16_t type) {
  const AttributeName* name = find_name(path.inside, type);
  const std::string last = name != nullptr ? name->name : std::to_string(type);
  return path.path.empty() ? last : path.path + '.' + last;
}

AttributePath attribute_path(int protocol, std::span<const std::byte> request, std::uint32_t offset) {
  if (request.size() < sizeof(nlmsghdr)) return {};
  const MessageLayout layout = message_layout(protocol, MessageView{request}.type());
  AttributePath result{{}, layout.attributes};
  Bytes bytes = behind(request, sizeof(nlmsghdr) + layout.header_bytes);
  while (const auto attribute = attribute_at(request, bytes, offset)) {
    const AttributeName* name = find_name(result.inside, attribute->type());
    result.path = path_of_member(result, attribute->type());
    result.inside = name != nullptr ? nested_table(*name, Attributes{bytes}) : nullptr;
    if (offset < distance(request, attribute->payload())) break;  // it starts here: the path is complete
    bytes = behind(attribute->payload(), name != nullptr ? name->header_bytes : 0U);
  }
  return result;
}

}  // namespace netherd::engine
