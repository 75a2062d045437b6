#include "netherd/ops/fdb.hpp"

#include <linux/neighbour.h>
#include <linux/rtnetlink.h>

#include "change_flags.hpp"
#include "command_text.hpp"
#include "settings.hpp"

namespace netherd::ops {

namespace {

using engine::AttributeView;
using engine::MessageView;
using engine::MessageWriter;
using engine::value_of;

/// A number, or the index of a link, that is left out if there is none.
struct NexthopId : Number<std::uint32_t> {
  static void put(MessageWriter& writer, std::uint16_t attribute, std::uint32_t id) noexcept {
    if (id != 0) writer.put_u32(attribute, id);
  }
};
struct Via : Device {
  static void put(MessageWriter& writer, std::uint16_t attribute, const LinkReference& link) noexcept {
    if (link.index != InterfaceIndex::none) Device::put(writer, attribute, link);
  }
};

constexpr std::tuple fdb_rows{
    setting(&FdbEntry::address, NDA_LLADDR, {}),
    setting(&FdbEntry::vlan, NDA_VLAN, "vlan"),
    setting(&FdbEntry::remote, NDA_DST, "dst"),
    setting<BigEndian<std::uint16_t>>(&FdbEntry::port, NDA_PORT, "port"),
    setting(&FdbEntry::vni, NDA_VNI, "vni"),
    setting(&FdbEntry::src_vni, NDA_SRC_VNI, "src_vni"),
    setting<Via>(&FdbEntry::via, NDA_IFINDEX, "via"),
    setting<NexthopId>(&FdbEntry::nexthop_id, NDA_NH_ID, "nhid"),
};

struct Flag {
  bool FdbEntry::* member;
  std::uint8_t bit;
  std::string_view keyword;
};
constexpr std::array fdb_flags{
    Flag{&FdbEntry::self, NTF_SELF, "self"},       Flag{&FdbEntry::master, NTF_MASTER, "master"},
    Flag{&FdbEntry::router, NTF_ROUTER, "router"}, Flag{&FdbEntry::use, NTF_USE, "use"},
    Flag{&FdbEntry::sticky, NTF_STICKY, "sticky"}, Flag{&FdbEntry::extern_learn, NTF_EXT_LEARNED, "extern_learn"},
};

std::uint16_t state_of(FdbLifetime lifetime) noexcept {
  switch (lifetime) {
    case FdbLifetime::permanent:
      return NUD_PERMANENT | NUD_NOARP;
    case FdbLifetime::static_entry:
      return NUD_REACHABLE | NUD_NOARP;
    case FdbLifetime::dynamic_entry:
      return NUD_REACHABLE;
  }
  return 0;
}

/// What the kernel reports: NUD_PERMANENT for local ones, NUD_NOARP for static ones (fdb_to_nud(),
/// net/bridge/br_fdb.c).
FdbLifetime lifetime_of(std::uint16_t state) noexcept {
  if ((state & NUD_PERMANENT) != 0) return FdbLifetime::permanent;
  return (state & NUD_NOARP) != 0 ? FdbLifetime::static_entry : FdbLifetime::dynamic_entry;
}

std::string_view word_of(FdbLifetime lifetime) noexcept {
  switch (lifetime) {
    case FdbLifetime::static_entry:
      return "static";
    case FdbLifetime::dynamic_entry:
      return "dynamic";
    default:
      return "permanent";
  }
}

void put_entry(MessageWriter& writer, const FdbEntry& entry) noexcept {
  ndmsg header{};
  header.ndm_family = AF_BRIDGE;
  header.ndm_ifindex = value_of(entry.index);
  header.ndm_state = state_of(entry.lifetime);
  for (const Flag& flag : fdb_flags) {
    if (entry.*flag.member) header.ndm_flags = static_cast<std::uint8_t>(header.ndm_flags | flag.bit);
  }
  if (!entry.self && !entry.master) header.ndm_flags |= NTF_SELF;
  writer.put_family_header(header);
  put_settings(writer, entry, fdb_rows);
}

std::string describe_entry(std::string_view netns, std::string_view verb, const FdbEntry& entry,
                           std::string_view name) {
  CommandText command{netns, "bridge"};
  command.word("fdb").word(verb).word(entry.address.to_string()).word("dev").word(name);
  for (const Flag& flag : fdb_flags) command.flag(flag.keyword, entry.*flag.member);
  if (entry.lifetime != FdbLifetime::permanent) command.word(word_of(entry.lifetime));
  FdbEntry rest = entry;
  rest.address = {};  // it is there already
  describe_settings(command, rest, fdb_rows);
  return std::move(command).text();
}

}  // namespace

template <Change change>
void WriteFdbEntry<change>::encode(MessageWriter& writer) const noexcept {
  writer.begin(RTM_NEWNEIGH, flags_of(change));
  put_entry(writer, entry);
}

template <Change change>
std::string WriteFdbEntry<change>::describe() const {
  return describe_entry(netns, verb_of(change), entry, name);
}

template struct WriteFdbEntry<Change::add>;
template struct WriteFdbEntry<Change::append>;
template struct WriteFdbEntry<Change::replace>;

void DeleteFdbEntry::encode(MessageWriter& writer) const noexcept {
  writer.begin(RTM_DELNEIGH, 0);
  put_entry(writer, entry);
}

std::string DeleteFdbEntry::describe() const { return describe_entry(netns, "delete", entry, name); }

void DumpFdb::encode(MessageWriter& writer) const noexcept {
  ndmsg header{};
  header.ndm_family = AF_BRIDGE;
  writer.begin(RTM_GETNEIGH, NLM_F_DUMP);
  writer.put_family_header(header);
}

std::optional<FdbEntry> decode_fdb_entry(const MessageView& message) {
  if (message.type() != RTM_NEWNEIGH) return std::nullopt;
  const auto header = message.family_header<ndmsg>();
  if (!header || header->ndm_family != AF_BRIDGE) return std::nullopt;
  FdbEntry entry;
  entry.index = InterfaceIndex{header->ndm_ifindex};
  entry.lifetime = lifetime_of(header->ndm_state);
  for (const Flag& flag : fdb_flags) entry.*flag.member = (header->ndm_flags & flag.bit) != 0;
  for (const AttributeView attribute : message.attributes<ndmsg>()) {
    read_setting(entry, attribute, fdb_rows);
    if (attribute.type() == NDA_MASTER) entry.bridge = InterfaceIndex{attribute.as<std::int32_t>().value_or(0)};
  }
  return entry;
}

}  // namespace netherd::ops
