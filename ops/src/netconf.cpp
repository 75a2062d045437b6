#include "netherd/ops/netconf.hpp"

#include <linux/netconf.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

namespace netherd::ops {

void GetNetconf::encode(engine::MessageWriter& writer) const noexcept {
  writer.begin(RTM_GETNETCONF, 0);
  writer.put_family_header(netconfmsg{static_cast<__u8>(ipv4 ? AF_INET : AF_INET6)});
  writer.put_struct(NETCONFA_IFINDEX, std::int32_t{NETCONFA_IFINDEX_ALL});
}

std::optional<Netconf> decode_netconf(const engine::MessageView& message) noexcept {
  if (message.type() != RTM_NEWNETCONF) return std::nullopt;
  const auto header = message.family_header<netconfmsg>();
  if (!header || (header->ncm_family != AF_INET && header->ncm_family != AF_INET6)) return std::nullopt;
  Netconf settings{.ipv4 = header->ncm_family == AF_INET};
  bool is_of_all = false;
  for (const engine::AttributeView attribute : message.attributes<netconfmsg>()) {
    if (attribute.type() == NETCONFA_IFINDEX) is_of_all = attribute.as<std::int32_t>() == NETCONFA_IFINDEX_ALL;
    if (attribute.type() == NETCONFA_FORWARDING) settings.forwarding = attribute.as<std::uint32_t>();
    if (attribute.type() == NETCONFA_RP_FILTER) settings.rp_filter = attribute.as<std::uint32_t>();
  }
  return is_of_all ? std::optional{settings} : std::nullopt;
}

}  // namespace netherd::ops
