#include "netherd/ops/link/geneve.hpp"

#include "kind.hpp"

namespace netherd::ops {

template <>
struct Words<GeneveDf> {
  static constexpr std::array words{std::pair{GeneveDf::unset, std::string_view{"unset"}},
                                    std::pair{GeneveDf::set, std::string_view{"set"}},
                                    std::pair{GeneveDf::inherit, std::string_view{"inherit"}}};
};

namespace {

/// `ttl inherit`, left out where it does not.
struct TtlInherit {
  static void put(engine::MessageWriter& writer, std::uint16_t attribute, bool value) noexcept {
    if (value) writer.put_u8(attribute, 1);
  }
  static void describe(CommandText& command, std::string_view, bool value) { command.flag("ttl inherit", value); }
  template <typename T>
  static std::optional<bool> read(const engine::AttributeView& attribute) noexcept {
    return attribute.as<std::uint8_t>().value_or(0) != 0;
  }
};

}  // namespace

template <>
struct KindRows<Geneve> {
  static constexpr std::tuple rows{
      setting(&Geneve::id, IFLA_GENEVE_ID, "id"),
      AddressSetting<Geneve>{&Geneve::remote, IFLA_GENEVE_REMOTE, IFLA_GENEVE_REMOTE6, "remote", "remote"},
      setting(&Geneve::ttl, IFLA_GENEVE_TTL, "ttl"),
      setting<TtlInherit>(&Geneve::ttl_inherit, IFLA_GENEVE_TTL_INHERIT, {}),
      setting<Hexadecimal>(&Geneve::tos, IFLA_GENEVE_TOS, "tos"),
      setting(&Geneve::df, IFLA_GENEVE_DF, "df"),
      setting<BigEndian<std::uint32_t>>(&Geneve::flowlabel, IFLA_GENEVE_LABEL, "flowlabel"),
      setting<BigEndian<std::uint16_t>>(&Geneve::dstport, IFLA_GENEVE_PORT, "dstport"),
      setting<Presence>(&Geneve::external, IFLA_GENEVE_COLLECT_METADATA, "external"),
      setting<YesNo<>>(&Geneve::udpcsum, IFLA_GENEVE_UDP_CSUM, "udpcsum"),
      setting<YesNo<>>(&Geneve::udp6zerocsumtx, IFLA_GENEVE_UDP_ZERO_CSUM6_TX, "udp6zerocsumtx"),
      setting<YesNo<>>(&Geneve::udp6zerocsumrx, IFLA_GENEVE_UDP_ZERO_CSUM6_RX, "udp6zerocsumrx"),
      setting<Presence>(&Geneve::innerprotoinherit, IFLA_GENEVE_INNER_PROTO_INHERIT, "innerprotoinherit"),
  };
};

NETHERD_INSTANTIATE_KIND(Geneve);

}  // namespace netherd::ops
