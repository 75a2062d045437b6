#include "netherd/ops/address.hpp"

#include <linux/if_addr.h>
#include <linux/rtnetlink.h>

#include "command_text.hpp"
#include "wire_address.hpp"

namespace netherd::ops {

namespace {

using engine::AttributeView;
using engine::MessageView;
using engine::MessageWriter;
using engine::value_of;

ifaddrmsg address_header(InterfaceIndex index, const IpPrefix& address) noexcept {
  ifaddrmsg header{};
  header.ifa_family = family_of(address.address);
  header.ifa_prefixlen = address.length;
  header.ifa_index = static_cast<std::uint32_t>(value_of(index));
  return header;
}

/// Both attributes, the same address twice: what distinguishes the two is a point-to-point peer.
void put_local_address(MessageWriter& writer, const IpAddress& address) noexcept {
  const WireAddress wire{address};
  writer.put_bytes(IFA_LOCAL, wire.bytes());
  writer.put_bytes(IFA_ADDRESS, wire.bytes());
}

std::string describe_address(std::string_view netns, std::string_view verb, const IpPrefix& address,
                             std::string_view name, bool no_detection) {
  CommandText command{netns};
  command.word("address").word(verb).word(address.to_string()).word("dev").word(name).flag("nodad", no_detection);
  return std::move(command).text();
}

}  // namespace

void AddAddress::encode(MessageWriter& writer) const noexcept {
  ifaddrmsg header = address_header(index, address);
  const bool is_loopback_v4 = address.is_v4() && address.address.is_loopback();
  header.ifa_scope = is_loopback_v4 ? RT_SCOPE_HOST : RT_SCOPE_UNIVERSE;  // what `ip address add` chooses
  if (!address.is_v4() && !duplicate_address_detection) header.ifa_flags = IFA_F_NODAD;
  writer.begin(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL);
  writer.put_family_header(header);
  put_local_address(writer, address.address);
}

std::string AddAddress::describe() const {
  return describe_address(netns, "add", address, name, !address.is_v4() && !duplicate_address_detection);
}

void DeleteAddress::encode(MessageWriter& writer) const noexcept {
  writer.begin(RTM_DELADDR, 0);
  writer.put_family_header(address_header(index, address));
  put_local_address(writer, address.address);
}

std::string DeleteAddress::describe() const { return describe_address(netns, "delete", address, name, false); }

void DumpAddresses::encode(MessageWriter& writer) const noexcept {
  writer.begin(RTM_GETADDR, NLM_F_DUMP);
  writer.put_family_header(ifaddrmsg{});
}

std::optional<Address> decode_address(const MessageView& message) {
  if (message.type() != RTM_NEWADDR) return std::nullopt;
  const auto header = message.family_header<ifaddrmsg>();
  if (!header) return std::nullopt;

  std::optional<IpAddress> local;
  std::optional<IpAddress> peer;
  std::uint32_t flags = header->ifa_flags;
  for (const AttributeView attribute : message.attributes<ifaddrmsg>()) {
    if (attribute.type() == IFA_LOCAL) local = read_wire_address(header->ifa_family, attribute.payload());
    if (attribute.type() == IFA_ADDRESS) peer = read_wire_address(header->ifa_family, attribute.payload());
    if (attribute.type() == IFA_FLAGS) flags = attribute.as<std::uint32_t>().value_or(flags);
  }
  if (!local) local = peer;  // IPv6 leaves IFA_LOCAL out where there is no peer
  if (!local || header->ifa_prefixlen > address_bits(*local)) return std::nullopt;
  return Address{.index = InterfaceIndex{static_cast<std::int32_t>(header->ifa_index)},
                 .address = {*local, header->ifa_prefixlen},
                 .flags = flags,
                 .scope = header->ifa_scope};
}

}  // namespace netherd::ops
