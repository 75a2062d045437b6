#include "netherd/ops/address.hpp"

#include <linux/if_addr.h>
#include <linux/rtnetlink.h>

#include <array>

#include "change_flags.hpp"
#include "command_text.hpp"
#include "scope_words.hpp"
#include "wire_address.hpp"

namespace netherd::ops {

namespace {

using engine::AttributeView;
using engine::MessageView;
using engine::MessageWriter;
using engine::value_of;

/// INFINITY_LIFE_TIME of net/addrconf.h.
constexpr std::uint32_t forever = UINT32_MAX;

ifaddrmsg address_header(InterfaceIndex index, const IpPrefix& address, const std::optional<IpPrefix>& peer) noexcept {
  ifaddrmsg header{};
  header.ifa_family = family_of(address.address);
  header.ifa_prefixlen = peer ? peer->length : address.length;
  header.ifa_index = static_cast<std::uint32_t>(value_of(index));
  return header;
}

/// Both attributes, the same address twice unless there is a point-to-point peer.
void put_local_address(MessageWriter& writer, const IpAddress& address, const std::optional<IpPrefix>& peer) noexcept {
  const WireAddress wire{address};
  writer.put_bytes(IFA_LOCAL, wire.bytes());
  writer.put_bytes(IFA_ADDRESS, peer ? WireAddress{peer->address}.bytes() : wire.bytes());
}

template <typename Request>
struct Flag {
  bool Request::* member;
  std::uint32_t bit;
  std::string_view keyword;
};
template <typename Request>
constexpr std::array address_flags{
    Flag<Request>{&Request::home, IFA_F_HOMEADDRESS, "home"},
    Flag<Request>{&Request::mngtmpaddr, IFA_F_MANAGETEMPADDR, "mngtmpaddr"},
    Flag<Request>{&Request::noprefixroute, IFA_F_NOPREFIXROUTE, "noprefixroute"},
    Flag<Request>{&Request::autojoin, IFA_F_MCAUTOJOIN, "autojoin"},
    Flag<Request>{&Request::optimistic, IFA_F_OPTIMISTIC, "optimistic"},
};

template <typename Request>
bool without_detection(const Request& request) noexcept {
  return !request.address.is_v4() && !request.duplicate_address_detection;
}

template <typename Request>
std::uint32_t flags_asked_for(const Request& request) noexcept {
  std::uint32_t flags = without_detection(request) ? IFA_F_NODAD : 0;
  for (const auto& flag : address_flags<Request>) {
    if (request.*flag.member) flags |= flag.bit;
  }
  return flags;
}

std::uint8_t usual_scope(const IpAddress& address) noexcept {
  const bool is_loopback_v4 = address.is_v4() && address.is_loopback();
  return is_loopback_v4 ? RT_SCOPE_HOST : RT_SCOPE_UNIVERSE;  // what `ip address add` chooses
}

void put_lifetimes(MessageWriter& writer, const Lifetime& valid, const Lifetime& preferred) noexcept {
  if (!valid && !preferred) return;
  ifa_cacheinfo lifetimes{};
  lifetimes.ifa_valid = valid ? valid->count() : forever;
  lifetimes.ifa_prefered = preferred ? preferred->count() : forever;
  writer.put_struct(IFA_CACHEINFO, lifetimes);
}

void describe_prefix(CommandText& command, const IpPrefix& address, const std::optional<IpPrefix>& peer) {
  command.word(peer ? address.address.to_string() : address.to_string());
  if (peer) command.option("peer", peer->to_string());
}

void describe_lifetime(CommandText& command, std::string_view keyword, const Lifetime& lifetime) {
  if (lifetime) command.number(keyword, lifetime->count());
}

Lifetime lifetime_from(std::uint32_t seconds) noexcept {
  if (seconds == forever) return std::nullopt;
  return Lifetime::value_type{seconds};
}

void decode_address_attribute(Address& address, std::uint8_t family, const AttributeView& attribute) {
  switch (attribute.type()) {
    case IFA_FLAGS:
      address.flags = attribute.as<std::uint32_t>().value_or(address.flags);
      break;
    case IFA_BROADCAST:
      address.broadcast = read_wire_address(family, attribute.payload());
      break;
    case IFA_ANYCAST:
      address.anycast = read_wire_address(family, attribute.payload());
      break;
    case IFA_LABEL:
      address.label = attribute.text();
      break;
    case IFA_RT_PRIORITY:
      address.metric = attribute.as<std::uint32_t>();
      break;
    case IFA_PROTO:
      address.protocol = attribute.as<std::uint8_t>();
      break;
    case IFA_CACHEINFO:
      if (const auto lifetimes = attribute.as<ifa_cacheinfo>()) {
        address.valid = lifetime_from(lifetimes->ifa_valid);
        address.preferred = lifetime_from(lifetimes->ifa_prefered);
      }
      break;
    default:
      break;
  }
}

}  // namespace

template <Change change>
void WriteAddress<change>::encode(MessageWriter& writer) const noexcept {
  const std::uint32_t flags = flags_asked_for(*this);
  ifaddrmsg header = address_header(index, address, peer);
  header.ifa_scope = scope ? static_cast<std::uint8_t>(*scope) : usual_scope(address.address);
  if (flags <= UINT8_MAX) header.ifa_flags = static_cast<std::uint8_t>(flags);
  writer.begin(RTM_NEWADDR, flags_of(change));
  writer.put_family_header(header);
  put_local_address(writer, address.address, peer);
  if (flags > UINT8_MAX) writer.put_u32(IFA_FLAGS, flags);
  if (broadcast) writer.put_bytes(IFA_BROADCAST, WireAddress{*broadcast}.bytes());
  if (anycast) writer.put_bytes(IFA_ANYCAST, WireAddress{*anycast}.bytes());
  if (!label.empty()) writer.put_string(IFA_LABEL, label);
  if (metric) writer.put_u32(IFA_RT_PRIORITY, *metric);
  if (protocol) writer.put_u8(IFA_PROTO, *protocol);
  put_lifetimes(writer, valid, preferred);
}

template <Change change>
std::string WriteAddress<change>::describe() const {
  CommandText command{netns};
  command.word("address").word(verb_of(change));
  describe_prefix(command, address, peer);
  if (broadcast) command.option("broadcast", broadcast->to_string());
  if (anycast) command.option("anycast", anycast->to_string());
  command.option("label", label);
  if (scope) command.option("scope", describe_scope(*scope));
  command.word("dev").word(name).flag("nodad", without_detection(*this));
  for (const auto& flag : address_flags<WriteAddress>) command.flag(flag.keyword, this->*flag.member);
  if (metric) command.number("metric", *metric);
  if (protocol) command.number("proto", *protocol);
  describe_lifetime(command, "valid_lft", valid);
  describe_lifetime(command, "preferred_lft", preferred);
  return std::move(command).text();
}

template struct WriteAddress<Change::add>;
template struct WriteAddress<Change::change>;
template struct WriteAddress<Change::replace>;

void DeleteAddress::encode(MessageWriter& writer) const noexcept {
  writer.begin(RTM_DELADDR, 0);
  writer.put_family_header(address_header(index, address, peer));
  put_local_address(writer, address.address, peer);
}

std::string DeleteAddress::describe() const {
  CommandText command{netns};
  command.word("address delete");
  describe_prefix(command, address, peer);
  command.word("dev").word(name);
  return std::move(command).text();
}

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
  Address address{.index = InterfaceIndex{static_cast<std::int32_t>(header->ifa_index)},
                  .flags = header->ifa_flags,
                  .scope = header->ifa_scope};
  for (const AttributeView attribute : message.attributes<ifaddrmsg>()) {
    if (attribute.type() == IFA_LOCAL) local = read_wire_address(header->ifa_family, attribute.payload());
    if (attribute.type() == IFA_ADDRESS) peer = read_wire_address(header->ifa_family, attribute.payload());
    decode_address_attribute(address, header->ifa_family, attribute);
  }
  if (!local) local = peer;  // IPv6 leaves IFA_LOCAL out where there is no peer
  if (!local || header->ifa_prefixlen > address_bits(*local)) return std::nullopt;
  address.address = {*local, header->ifa_prefixlen};
  if (peer && *peer != *local) address.peer = peer;
  return address;
}

}  // namespace netherd::ops
