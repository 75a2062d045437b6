#include "netherd/ops/neighbour.hpp"

#include <linux/neighbour.h>
#include <linux/rtnetlink.h>

#include "change_flags.hpp"
#include "command_text.hpp"
#include "settings.hpp"

namespace netherd::ops {

template <>
struct Words<NeighbourState> {
  static constexpr std::array words{
      std::pair{NeighbourState::none, std::string_view{"none"}},
      std::pair{NeighbourState::incomplete, std::string_view{"incomplete"}},
      std::pair{NeighbourState::reachable, std::string_view{"reachable"}},
      std::pair{NeighbourState::stale, std::string_view{"stale"}},
      std::pair{NeighbourState::delay, std::string_view{"delay"}},
      std::pair{NeighbourState::probe, std::string_view{"probe"}},
      std::pair{NeighbourState::failed, std::string_view{"failed"}},
      std::pair{NeighbourState::noarp, std::string_view{"noarp"}},
      std::pair{NeighbourState::permanent, std::string_view{"permanent"}},
  };
};

namespace {

using engine::AttributeView;
using engine::MessageView;
using engine::MessageWriter;
using engine::value_of;

struct Flag {
  bool Neighbour::* member;
  std::uint8_t bit;
  std::string_view keyword;
};
constexpr std::array neighbour_flags{Flag{&Neighbour::router, NTF_ROUTER, "router"},
                                     Flag{&Neighbour::extern_learn, NTF_EXT_LEARNED, "extern_learn"},
                                     Flag{&Neighbour::use, NTF_USE, "use"}};

ndmsg neighbour_header(InterfaceIndex index, const IpAddress& address, bool proxy) noexcept {
  ndmsg header{};
  header.ndm_family = family_of(address);
  header.ndm_ifindex = value_of(index);
  header.ndm_flags = proxy ? NTF_PROXY : 0;
  header.ndm_state = NUD_PERMANENT;
  return header;
}

ndmsg neighbour_header(const Neighbour& neighbour) noexcept {
  ndmsg header = neighbour_header(neighbour.index, neighbour.address, neighbour.proxy);
  if (!neighbour.proxy) header.ndm_state = static_cast<std::uint16_t>(neighbour.state);
  for (const Flag& flag : neighbour_flags) {
    if (neighbour.*flag.member) header.ndm_flags = static_cast<std::uint8_t>(header.ndm_flags | flag.bit);
  }
  return header;
}

/// False if the attribute is malformed.
bool decode_neighbour_attribute(Neighbour& neighbour, std::uint8_t family, const AttributeView& attribute) noexcept {
  switch (attribute.type()) {
    case NDA_DST: {
      const auto address = read_wire_address(family, attribute.payload());
      if (address) neighbour.address = *address;
      return address.has_value();
    }
    case NDA_LLADDR:
      neighbour.lladdr = Mac::read<MacAddress>(attribute);
      return true;
    case NDA_PROTOCOL:
      neighbour.protocol = attribute.as<std::uint8_t>().value_or(0);
      return true;
    case NDA_VNI:
      neighbour.vni = attribute.as<std::uint32_t>();
      return true;
    case NDA_PROBES:
      neighbour.probes = attribute.as<std::uint32_t>();
      return true;
    case NDA_FLAGS_EXT:
      neighbour.managed = (attribute.as<std::uint32_t>().value_or(0) & NTF_EXT_MANAGED) != 0;
      return true;
    default:
      return true;
  }
}

}  // namespace

template <Change change>
void WriteNeighbour<change>::encode(MessageWriter& writer) const noexcept {
  writer.begin(RTM_NEWNEIGH, flags_of(change));
  writer.put_family_header(neighbour_header(neighbour));
  Ip::put(writer, NDA_DST, neighbour.address);
  if (neighbour.lladdr) Mac::put(writer, NDA_LLADDR, *neighbour.lladdr);
  if (neighbour.managed) writer.put_u32(NDA_FLAGS_EXT, NTF_EXT_MANAGED);
  if (neighbour.protocol != 0) writer.put_u8(NDA_PROTOCOL, neighbour.protocol);
}

template <Change change>
std::string WriteNeighbour<change>::describe() const {
  CommandText command{netns};
  command.word("neighbour").word(verb_of(change)).flag("proxy", neighbour.proxy).word(neighbour.address.to_string());
  if (neighbour.lladdr) command.option("lladdr", neighbour.lladdr->to_string());
  command.word("dev").word(name);
  const bool usual_state = neighbour.proxy || neighbour.state == NeighbourState::permanent;
  if (!usual_state) command.option("nud", word_of(neighbour.state));
  for (const Flag& flag : neighbour_flags) command.flag(flag.keyword, neighbour.*flag.member);
  command.flag("managed", neighbour.managed);
  if (neighbour.protocol != 0) command.number("protocol", neighbour.protocol);
  return std::move(command).text();
}

template struct WriteNeighbour<Change::add>;
template struct WriteNeighbour<Change::change>;
template struct WriteNeighbour<Change::replace>;

void DeleteNeighbour::encode(MessageWriter& writer) const noexcept {
  writer.begin(RTM_DELNEIGH, 0);
  writer.put_family_header(neighbour_header(index, address, proxy));
  Ip::put(writer, NDA_DST, address);
}

std::string DeleteNeighbour::describe() const {
  CommandText command{netns};
  command.word("neighbour delete").flag("proxy", proxy).word(address.to_string()).word("dev").word(name);
  return std::move(command).text();
}

void DumpNeighbours::encode(MessageWriter& writer) const noexcept {
  ndmsg header{};
  if (proxy) header.ndm_flags = NTF_PROXY;
  writer.begin(RTM_GETNEIGH, NLM_F_DUMP);
  writer.put_family_header(header);
}

std::optional<Neighbour> decode_neighbour(const MessageView& message) {
  if (message.type() != RTM_NEWNEIGH) return std::nullopt;
  const auto header = message.family_header<ndmsg>();
  if (!header || (header->ndm_family != AF_INET && header->ndm_family != AF_INET6)) return std::nullopt;
  Neighbour neighbour;
  neighbour.index = InterfaceIndex{header->ndm_ifindex};
  neighbour.state = NeighbourState{header->ndm_state};
  neighbour.proxy = (header->ndm_flags & NTF_PROXY) != 0;
  for (const Flag& flag : neighbour_flags) neighbour.*flag.member = (header->ndm_flags & flag.bit) != 0;
  for (const AttributeView attribute : message.attributes<ndmsg>()) {
    if (!decode_neighbour_attribute(neighbour, header->ndm_family, attribute)) return std::nullopt;
  }
  return neighbour;
}

}  // namespace netherd::ops
