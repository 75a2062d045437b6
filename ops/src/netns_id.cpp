#include "netherd/ops/netns_id.hpp"

#include <linux/net_namespace.h>
#include <linux/rtnetlink.h>

#include "command_text.hpp"

namespace netherd::ops {

namespace {

using engine::AttributeView;
using engine::MessageView;
using engine::MessageWriter;

void put_header(MessageWriter& writer, std::uint16_t type, std::uint16_t flags) noexcept {
  writer.begin(type, flags);
  writer.put_family_header(rtgenmsg{});
}

}  // namespace

void AddNetnsId::encode(MessageWriter& writer) const noexcept {
  put_header(writer, RTM_NEWNSID, 0);
  writer.put_struct(NETNSA_NSID, id);
  writer.put_struct(NETNSA_FD, netns.descriptor);
}

std::string AddNetnsId::describe() const {
  CommandText command{{}};
  command.word("netns set").word(netns.name).word(id < 0 ? "auto" : std::to_string(id));
  return std::move(command).text();
}

void GetNetnsId::encode(MessageWriter& writer) const noexcept {
  put_header(writer, RTM_GETNSID, 0);
  writer.put_struct(NETNSA_FD, descriptor);
}

void DumpNetnsIds::encode(MessageWriter& writer) const noexcept { put_header(writer, RTM_GETNSID, NLM_F_DUMP); }

std::optional<std::int32_t> decode_netns_id(const MessageView& message) noexcept {
  if (message.type() != RTM_NEWNSID) return std::nullopt;
  for (const AttributeView attribute : message.attributes<rtgenmsg>()) {
    const auto id = attribute.as<std::int32_t>();
    if (attribute.type() == NETNSA_NSID && id && *id >= 0) return id;
  }
  return std::nullopt;
}

}  // namespace netherd::ops
