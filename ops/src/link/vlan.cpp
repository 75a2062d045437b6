#include "netherd/ops/link/vlan.hpp"

#include <linux/if_vlan.h>

#include "kind.hpp"
#include "vlan_protocol.hpp"

namespace netherd::ops {

namespace {

using engine::Attributes;
using engine::AttributeView;
using engine::MessageWriter;

struct Flags {
  struct Flag {
    std::optional<bool> VlanFlags::* member;
    std::uint32_t bit;
    std::string_view keyword;
  };
  static constexpr std::array flags{Flag{&VlanFlags::reorder_hdr, VLAN_FLAG_REORDER_HDR, "reorder_hdr"},
                                    Flag{&VlanFlags::gvrp, VLAN_FLAG_GVRP, "gvrp"},
                                    Flag{&VlanFlags::mvrp, VLAN_FLAG_MVRP, "mvrp"},
                                    Flag{&VlanFlags::loose_binding, VLAN_FLAG_LOOSE_BINDING, "loose_binding"},
                                    Flag{&VlanFlags::bridge_binding, VLAN_FLAG_BRIDGE_BINDING, "bridge_binding"}};

  static void put(MessageWriter& writer, std::uint16_t attribute, const VlanFlags& wanted) noexcept {
    ifla_vlan_flags value{};
    for (const Flag& flag : flags) {
      const auto on = wanted.*flag.member;
      if (on) value.mask |= flag.bit;
      if (on.value_or(false)) value.flags |= flag.bit;
    }
    if (value.mask != 0) writer.put_struct(attribute, value);
  }
  static void describe(CommandText& command, std::string_view, const VlanFlags& wanted) {
    for (const Flag& flag : flags) {
      if (const auto on = wanted.*flag.member) OnOff<>::describe(command, flag.keyword, *on);
    }
  }
  template <typename T>
  static std::optional<VlanFlags> read(const AttributeView& attribute) noexcept {
    const auto value = attribute.as<ifla_vlan_flags>();
    if (!value) return std::nullopt;
    VlanFlags found;
    for (const Flag& flag : flags) found.*flag.member = (value->flags & flag.bit) != 0;
    return found;
  }
};

struct QosMap {
  using Mappings = std::vector<QosMapping>;
  static void put(MessageWriter& writer, std::uint16_t attribute, const Mappings& mappings) noexcept {
    if (mappings.empty()) return;
    const auto nest = writer.begin_plain_nest(attribute);
    for (const QosMapping& mapping : mappings) {
      writer.put_struct(IFLA_VLAN_QOS_MAPPING, ifla_vlan_qos_mapping{mapping.from, mapping.to});
    }
    writer.end_nest(nest);
  }
  static void describe(CommandText& command, std::string_view keyword, const Mappings& mappings) {
    command.word(keyword);
    for (const auto& [from, to] : mappings) command.word(std::to_string(from) + ':' + std::to_string(to));
  }
  template <typename T>
  static std::optional<Mappings> read(const AttributeView& attribute) {
    Mappings mappings;
    for (const AttributeView part : Attributes{attribute.payload()}) {
      const auto mapping = part.as<ifla_vlan_qos_mapping>();
      if (part.type() == IFLA_VLAN_QOS_MAPPING && mapping) mappings.push_back({mapping->from, mapping->to});
    }
    return mappings;
  }
};

}  // namespace

template <>
struct KindRows<Vlan> {
  static constexpr std::tuple rows{
      setting<BigEndian<std::uint16_t>>(&Vlan::protocol, IFLA_VLAN_PROTOCOL, "protocol"),
      setting(&Vlan::id, IFLA_VLAN_ID, "id"),
      setting<Flags>(&Vlan::flags, IFLA_VLAN_FLAGS, {}),
      setting<QosMap>(&Vlan::ingress_qos_map, IFLA_VLAN_INGRESS_QOS, "ingress-qos-map"),
      setting<QosMap>(&Vlan::egress_qos_map, IFLA_VLAN_EGRESS_QOS, "egress-qos-map"),
  };
};

NETHERD_INSTANTIATE_KIND(Vlan);

}  // namespace netherd::ops
