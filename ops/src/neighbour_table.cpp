#include "netherd/ops/neighbour_table.hpp"

#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

namespace netherd::ops {

using engine::AttributeView;
using engine::MessageView;
using engine::MessageWriter;

void DumpNeighbourTables::encode(MessageWriter& writer) const noexcept {
  writer.begin(RTM_GETNEIGHTBL, NLM_F_DUMP);
  writer.put_family_header(ndtmsg{});
}

std::optional<NeighbourTable> decode_neighbour_table(const MessageView& message) noexcept {
  if (message.type() != RTM_NEWNEIGHTBL) return std::nullopt;
  const auto header = message.family_header<ndtmsg>();
  if (!header || (header->ndtm_family != AF_INET && header->ndtm_family != AF_INET6)) return std::nullopt;
  std::optional<std::uint32_t> most_entries;
  std::optional<ndt_stats> statistics;  // neither is there in a message about one interface
  for (const AttributeView attribute : message.attributes<ndtmsg>()) {
    if (attribute.type() == NDTA_THRESH3) most_entries = attribute.as<std::uint32_t>();
    if (attribute.type() == NDTA_STATS) statistics = attribute.as<ndt_stats>();
  }
  if (!most_entries || !statistics) return std::nullopt;
  return NeighbourTable{header->ndtm_family == AF_INET, *most_entries, statistics->ndts_table_fulls};
}

}  // namespace netherd::ops
