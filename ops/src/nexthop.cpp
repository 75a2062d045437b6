#include "netherd/ops/nexthop.hpp"

#include <linux/nexthop.h>
#include <linux/rtnetlink.h>

#include "change_flags.hpp"
#include "command_text.hpp"
#include "settings.hpp"

namespace netherd::ops {

namespace {

using engine::Attributes;
using engine::AttributeView;
using engine::MessageView;
using engine::MessageWriter;

using Seconds = std::chrono::duration<std::uint32_t>;

/// Seconds to `ip`, hundredths of a second (USER_HZ) to the kernel.
struct Timer : Number<std::uint32_t> {
  static void put(MessageWriter& writer, std::uint16_t attribute, Seconds timer) noexcept {
    writer.put_u32(attribute, timer.count() * 100);
  }
  template <typename T>
  static std::optional<Seconds> read(const AttributeView& attribute) noexcept {
    const auto hundredths = attribute.as<std::uint32_t>();
    return hundredths ? std::optional{Seconds{*hundredths / 100}} : std::nullopt;
  }
};

/// Of a resilient group.
constexpr std::tuple bucket_rows{
    setting(&Nexthop::buckets, NHA_RES_GROUP_BUCKETS, "buckets"),
    setting<Timer>(&Nexthop::idle_timer, NHA_RES_GROUP_IDLE_TIMER, "idle_timer"),
    setting<Timer>(&Nexthop::unbalanced_timer, NHA_RES_GROUP_UNBALANCED_TIMER, "unbalanced_timer"),
};

/// struct nexthop_grp: its third member is called resvd1 or weight_high depending on the age of the kernel's headers.
struct GroupEntry {
  std::uint32_t id;
  std::uint8_t weight;
  std::uint8_t weight_high;
  std::uint16_t reserved;
};
static_assert(sizeof(GroupEntry) == sizeof(nexthop_grp));

/// A group has no family; anything else has its gateway's.
std::uint8_t family_of(const Nexthop& nexthop) noexcept {
  if (nexthop.gateway) return ops::family_of(*nexthop.gateway);
  if (!nexthop.group.empty()) return AF_UNSPEC;
  return nexthop.ipv6 ? AF_INET6 : AF_INET;
}

void put_group(MessageWriter& writer, const std::vector<NexthopMember>& group) noexcept {
  const auto members = writer.begin_plain_nest(NHA_GROUP);
  for (const NexthopMember& member : group) {
    const unsigned less_one = static_cast<std::uint16_t>(member.weight - 1);
    writer.put_raw(GroupEntry{member.id, static_cast<std::uint8_t>(less_one & 0xffU),
                              static_cast<std::uint8_t>(less_one >> 8U), 0});
  }
  writer.end_nest(members);
}

void put_resilient(MessageWriter& writer, const Nexthop& nexthop) noexcept {
  if (nexthop.type != NexthopGroupType::resilient) return;
  Number<std::uint16_t>::put(writer, NHA_GROUP_TYPE, nexthop.type);
  if (!nexthop.buckets && !nexthop.idle_timer && !nexthop.unbalanced_timer) return;
  const auto nest = writer.begin_nest(NHA_RES_GROUP);
  put_settings(writer, nexthop, bucket_rows);
  writer.end_nest(nest);
}

std::string describe_group(const std::vector<NexthopMember>& group) {
  std::string text;
  for (const auto& [id, weight] : group) {
    if (!text.empty()) text += '/';
    text += std::to_string(id);
    if (weight != 1) text += ',' + std::to_string(weight);
  }
  return text;
}

std::optional<std::vector<NexthopMember>> read_group(const AttributeView& attribute) {
  std::vector<NexthopMember> group;
  for (auto rest = attribute.payload(); !rest.empty(); rest = rest.subspan(sizeof(GroupEntry))) {
    const auto entry = AttributeView{0, rest}.as<GroupEntry>();
    if (!entry) return std::nullopt;
    group.push_back({entry->id, static_cast<std::uint16_t>((entry->weight_high << 8U) + entry->weight + 1)});
  }
  return group;
}

/// False if the attribute is malformed.
bool decode_nexthop_attribute(Nexthop& nexthop, std::uint8_t family, const AttributeView& attribute) {
  switch (attribute.type()) {
    case NHA_ID:
      nexthop.id = attribute.as<std::uint32_t>().value_or(0);
      return true;
    case NHA_BLACKHOLE:
      nexthop.blackhole = true;
      return true;
    case NHA_FDB:
      nexthop.fdb = true;
      return true;
    case NHA_OIF:
      nexthop.link.index = InterfaceIndex{attribute.as<std::int32_t>().value_or(0)};
      return true;
    case NHA_GATEWAY:
      nexthop.gateway = read_wire_address(family, attribute.payload());
      return nexthop.gateway.has_value();
    case NHA_GROUP:
      if (auto group = read_group(attribute)) {
        nexthop.group = std::move(*group);
        return true;
      }
      return false;
    case NHA_GROUP_TYPE:
      nexthop.type = static_cast<NexthopGroupType>(attribute.as<std::uint16_t>().value_or(0));
      return true;
    case NHA_RES_GROUP:
      for (const AttributeView part : Attributes{attribute.payload()}) read_setting(nexthop, part, bucket_rows);
      return true;
    default:
      return true;
  }
}

}  // namespace

template <Change change>
void WriteNexthop<change>::encode(MessageWriter& writer) const noexcept {
  nhmsg header{};
  header.nh_family = family_of(nexthop);
  header.nh_protocol = nexthop.protocol;
  header.nh_flags = nexthop.onlink ? RTNH_F_ONLINK : 0;
  writer.begin(RTM_NEWNEXTHOP, flags_of(change));
  writer.put_family_header(header);
  if (nexthop.id != 0) writer.put_u32(NHA_ID, nexthop.id);
  if (nexthop.blackhole) writer.put_flag(NHA_BLACKHOLE);
  if (nexthop.fdb) writer.put_flag(NHA_FDB);
  if (nexthop.gateway) Ip::put(writer, NHA_GATEWAY, *nexthop.gateway);
  if (nexthop.link.index != InterfaceIndex::none) writer.put_index(NHA_OIF, nexthop.link.index);
  if (!nexthop.group.empty()) put_group(writer, nexthop.group);
  put_resilient(writer, nexthop);
}

template <Change change>
std::string WriteNexthop<change>::describe() const {
  CommandText command{netns};
  const bool has_gateway_or_group = nexthop.gateway || !nexthop.group.empty();
  command.flag("-6", nexthop.ipv6 && !has_gateway_or_group).word("nexthop").word(verb_of(change));
  if (nexthop.id != 0) command.number("id", nexthop.id);
  if (nexthop.gateway) command.option("via", nexthop.gateway->to_string());
  command.option("dev", nexthop.link.name).flag("onlink", nexthop.onlink).flag("blackhole", nexthop.blackhole);
  if (!nexthop.group.empty()) command.option("group", describe_group(nexthop.group));
  if (nexthop.type == NexthopGroupType::resilient) {
    command.word("type resilient");
    describe_settings(command, nexthop, bucket_rows);
  }
  command.flag("fdb", nexthop.fdb);
  if (nexthop.protocol != 0) command.number("proto", nexthop.protocol);
  return std::move(command).text();
}

template struct WriteNexthop<Change::add>;
template struct WriteNexthop<Change::replace>;

void DeleteNexthop::encode(MessageWriter& writer) const noexcept {
  writer.begin(RTM_DELNEXTHOP, 0);
  writer.put_family_header(nhmsg{});
  writer.put_u32(NHA_ID, id);
}

std::string DeleteNexthop::describe() const {
  CommandText command{netns};
  command.word("nexthop delete").number("id", id);
  return std::move(command).text();
}

void DumpNexthops::encode(MessageWriter& writer) const noexcept {
  writer.begin(RTM_GETNEXTHOP, NLM_F_DUMP);
  writer.put_family_header(nhmsg{});
}

std::optional<Nexthop> decode_nexthop(const MessageView& message) {
  if (message.type() != RTM_NEWNEXTHOP) return std::nullopt;
  const auto header = message.family_header<nhmsg>();
  if (!header) return std::nullopt;
  Nexthop nexthop;
  nexthop.ipv6 = header->nh_family == AF_INET6;
  nexthop.protocol = header->nh_protocol;
  nexthop.onlink = (header->nh_flags & RTNH_F_ONLINK) != 0;
  for (const AttributeView attribute : message.attributes<nhmsg>()) {
    if (!decode_nexthop_attribute(nexthop, header->nh_family, attribute)) return std::nullopt;
  }
  return nexthop;
}

}  // namespace netherd::ops
