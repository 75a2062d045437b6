#include "netherd/ops/link/vxlan.hpp"

#include "kind.hpp"

namespace netherd::ops {

template <>
struct Words<VxlanDf> {
  static constexpr std::array words{std::pair{VxlanDf::unset, std::string_view{"unset"}},
                                    std::pair{VxlanDf::set, std::string_view{"set"}},
                                    std::pair{VxlanDf::inherit, std::string_view{"inherit"}}};
};

namespace {

using Port = BigEndian<std::uint16_t>;

struct SourcePorts {
  static void put(engine::MessageWriter& writer, std::uint16_t attribute, const PortRange& ports) noexcept {
    writer.put_struct(attribute, ifla_vxlan_port_range{Port::swapped(ports.first), Port::swapped(ports.last)});
  }
  static void describe(CommandText& command, std::string_view keyword, const PortRange& ports) {
    command.number(keyword, ports.first).word(std::to_string(ports.last));
  }
  template <typename T>
  static std::optional<PortRange> read(const engine::AttributeView& attribute) noexcept {
    const auto range = attribute.as<ifla_vxlan_port_range>();
    if (!range) return std::nullopt;
    return PortRange{Port::swapped(range->low), Port::swapped(range->high)};
  }
};

/// `ttl inherit`: an attribute without value in a request, a switch in what the kernel reports.
struct TtlInherit : Presence {
  static void describe(CommandText& command, std::string_view, bool value) { command.flag("ttl inherit", value); }
  template <typename T>
  static std::optional<bool> read(const engine::AttributeView& attribute) noexcept {
    return attribute.as<std::uint8_t>().value_or(1) != 0;
  }
};

}  // namespace

template <>
struct KindRows<Vxlan> {
  static constexpr std::tuple rows{
      setting(&Vxlan::id, IFLA_VXLAN_ID, "id"),
      AddressSetting<Vxlan>{&Vxlan::remote, IFLA_VXLAN_GROUP, IFLA_VXLAN_GROUP6, "remote", "group"},
      AddressSetting<Vxlan>{&Vxlan::local, IFLA_VXLAN_LOCAL, IFLA_VXLAN_LOCAL6, "local", "local"},
      setting(&Vxlan::dev, IFLA_VXLAN_LINK, "dev"),
      setting(&Vxlan::ttl, IFLA_VXLAN_TTL, "ttl"),
      setting<TtlInherit>(&Vxlan::ttl_inherit, IFLA_VXLAN_TTL_INHERIT, {}),
      setting<Hexadecimal>(&Vxlan::tos, IFLA_VXLAN_TOS, "tos"),
      setting(&Vxlan::df, IFLA_VXLAN_DF, "df"),
      setting<BigEndian<std::uint32_t>>(&Vxlan::flowlabel, IFLA_VXLAN_LABEL, "flowlabel"),
      setting<Port>(&Vxlan::dstport, IFLA_VXLAN_PORT, "dstport"),
      setting<SourcePorts>(&Vxlan::srcport, IFLA_VXLAN_PORT_RANGE, "srcport"),
      setting<YesNo<>>(&Vxlan::learning, IFLA_VXLAN_LEARNING, "learning"),
      setting<YesNo<>>(&Vxlan::proxy, IFLA_VXLAN_PROXY, "proxy"),
      setting<YesNo<>>(&Vxlan::rsc, IFLA_VXLAN_RSC, "rsc"),
      setting<YesNo<>>(&Vxlan::l2miss, IFLA_VXLAN_L2MISS, "l2miss"),
      setting<YesNo<>>(&Vxlan::l3miss, IFLA_VXLAN_L3MISS, "l3miss"),
      setting<YesNo<>>(&Vxlan::udpcsum, IFLA_VXLAN_UDP_CSUM, "udpcsum"),
      setting<YesNo<>>(&Vxlan::udp6zerocsumtx, IFLA_VXLAN_UDP_ZERO_CSUM6_TX, "udp6zerocsumtx"),
      setting<YesNo<>>(&Vxlan::udp6zerocsumrx, IFLA_VXLAN_UDP_ZERO_CSUM6_RX, "udp6zerocsumrx"),
      setting<YesNo<>>(&Vxlan::remcsumtx, IFLA_VXLAN_REMCSUM_TX, "remcsumtx"),
      setting<YesNo<>>(&Vxlan::remcsumrx, IFLA_VXLAN_REMCSUM_RX, "remcsumrx"),
      setting<YesNo<>>(&Vxlan::external, IFLA_VXLAN_COLLECT_METADATA, "external"),
      setting<YesNo<>>(&Vxlan::vnifilter, IFLA_VXLAN_VNIFILTER, "vnifilter"),
      setting<Presence>(&Vxlan::gbp, IFLA_VXLAN_GBP, "gbp"),
      setting<Presence>(&Vxlan::gpe, IFLA_VXLAN_GPE, "gpe"),
      setting(&Vxlan::ageing, IFLA_VXLAN_AGEING, "ageing"),
      setting(&Vxlan::maxaddress, IFLA_VXLAN_LIMIT, "maxaddress"),
  };
};

NETHERD_INSTANTIATE_KIND(Vxlan);

}  // namespace netherd::ops
