#include "netherd/ops/link/tunnel.hpp"

// Before linux/if_tunnel.h, whose copies of struct iphdr then give way.
#include <netinet/in.h>
// This comment keeps the kernel's headers behind.
#include <linux/if_tunnel.h>
#include <linux/ip6_tunnel.h>

#include "kind.hpp"

namespace netherd::ops {

namespace {

/// net/ipv6.h; has no effect under IP6_TNL_F_IGN_ENCAP_LIMIT, and is sent by `ip` all the same.
constexpr std::uint8_t default_encap_limit = 4;

using engine::AttributeView;
using engine::MessageWriter;
using BigEndian16 = BigEndian<std::uint16_t>;
using BigEndian32 = BigEndian<std::uint32_t>;

struct EncapsulationFlag {
  bool TunnelEncapsulation::* member;
  std::uint16_t bit;
  std::string_view keyword;
};
constexpr std::array encapsulation_flags{
    EncapsulationFlag{&TunnelEncapsulation::csum, TUNNEL_ENCAP_FLAG_CSUM, "encap-csum"},
    EncapsulationFlag{&TunnelEncapsulation::csum6, TUNNEL_ENCAP_FLAG_CSUM6, "encap-udp6-csum"},
    EncapsulationFlag{&TunnelEncapsulation::remcsum, TUNNEL_ENCAP_FLAG_REMCSUM, "encap-remcsum"}};

/// UDP around the tunnel's packets, in four attributes of which the first one is named: type, flags and ports.
template <typename Kind>
struct EncapsulationRow {
  std::uint16_t first_attribute;

  void put(MessageWriter& writer, const Kind& kind) const noexcept {
    const TunnelEncapsulation& udp = kind.encapsulation;
    std::uint16_t flags = 0;
    for (const auto& flag : encapsulation_flags) {
      if (udp.*flag.member) flags = static_cast<std::uint16_t>(flags | flag.bit);
    }
    Number<std::uint16_t>::put(writer, first_attribute, udp.type);
    writer.put_u16(attribute(1), flags);
    BigEndian16::put(writer, attribute(2), udp.sport);
    BigEndian16::put(writer, attribute(3), udp.dport);
  }
  void describe(CommandText& command, const Kind& kind, const Kind&) const {
    const TunnelEncapsulation& udp = kind.encapsulation;
    if (udp.type == TunnelEncapsulation::Type::none) return;
    command.option("encap", udp.type == TunnelEncapsulation::Type::fou ? "fou" : "gue");
    command.option("encap-sport", udp.sport == 0 ? "auto" : std::to_string(udp.sport));
    command.number("encap-dport", udp.dport);
    for (const auto& flag : encapsulation_flags) YesNo<>::describe(command, flag.keyword, udp.*flag.member);
  }
  void read(Kind& kind, const AttributeView& view) const noexcept {
    TunnelEncapsulation& udp = kind.encapsulation;
    const std::uint16_t value = view.as<std::uint16_t>().value_or(0);
    if (view.type() == first_attribute) udp.type = static_cast<TunnelEncapsulation::Type>(value);
    if (view.type() == attribute(2)) udp.sport = BigEndian16::swapped(value);
    if (view.type() == attribute(3)) udp.dport = BigEndian16::swapped(value);
    if (view.type() != attribute(1)) return;
    for (const auto& flag : encapsulation_flags) udp.*flag.member = (value & flag.bit) != 0;
  }

 private:
  [[nodiscard]] std::uint16_t attribute(int offset) const noexcept {
    return static_cast<std::uint16_t>(first_attribute + offset);
  }
};

/// Keys, sequence numbers and checksums: for each direction a key, and flags that say what the header contains.
template <typename Kind>
struct GreFlagsRow {
  static std::uint16_t wire(const std::optional<std::uint32_t>& key, bool seq, bool csum) noexcept {
    return static_cast<std::uint16_t>((key ? GRE_KEY : 0) | (seq ? GRE_SEQ : 0) | (csum ? GRE_CSUM : 0));
  }
  static void put(MessageWriter& writer, const Kind& kind) noexcept {
    const GreFlags& flags = kind.flags;
    writer.put_u16(IFLA_GRE_IFLAGS, wire(flags.ikey, flags.iseq, flags.icsum));
    writer.put_u16(IFLA_GRE_OFLAGS, wire(flags.okey, flags.oseq, flags.ocsum));
    BigEndian32::put(writer, IFLA_GRE_IKEY, flags.ikey.value_or(0));
    BigEndian32::put(writer, IFLA_GRE_OKEY, flags.okey.value_or(0));
  }
  static void describe(CommandText& command, const Kind& kind, const Kind&) {
    const GreFlags& flags = kind.flags;
    if (flags.ikey) command.number("ikey", *flags.ikey);
    if (flags.okey) command.number("okey", *flags.okey);
    command.flag("iseq", flags.iseq).flag("oseq", flags.oseq).flag("icsum", flags.icsum).flag("ocsum", flags.ocsum);
  }
  static void read(Kind& kind, const AttributeView& view) noexcept {
    GreFlags& flags = kind.flags;
    const auto take_flags = [&](auto& key, bool& seq, bool& csum) {
      const unsigned value = view.as<std::uint16_t>().value_or(0);
      if ((value & GRE_KEY) == 0) key.reset();
      if ((value & GRE_KEY) != 0 && !key) key = 0;
      seq = (value & GRE_SEQ) != 0;
      csum = (value & GRE_CSUM) != 0;
    };
    // The kernel reports the flags before the keys, and a key of 0 where the flags have none.
    const auto take_key = [&](auto& key) {
      if (key) key = BigEndian32::read<std::uint32_t>(view);
    };
    if (view.type() == IFLA_GRE_IFLAGS) take_flags(flags.ikey, flags.iseq, flags.icsum);
    if (view.type() == IFLA_GRE_OFLAGS) take_flags(flags.okey, flags.oseq, flags.ocsum);
    if (view.type() == IFLA_GRE_IKEY) take_key(flags.ikey);
    if (view.type() == IFLA_GRE_OKEY) take_key(flags.okey);
  }
};

/// What is particular to a tunnel over IPv6, in three attributes.
template <typename Kind>
struct Ip6SettingsRow {
  std::uint16_t encap_limit;
  std::uint16_t flowinfo;
  std::uint16_t flags;

  void put(MessageWriter& writer, const Kind& kind) const noexcept {
    const Ip6TunnelSettings& ipv6 = kind.ipv6;
    writer.put_u8(encap_limit, ipv6.encaplimit.value_or(default_encap_limit));
    BigEndian32::put(writer, flowinfo, (std::uint32_t{ipv6.tclass} << 20U) | (ipv6.flowlabel & 0xfffffU));
    writer.put_u32(flags, (ipv6.encaplimit ? 0 : IP6_TNL_F_IGN_ENCAP_LIMIT) |
                              (ipv6.tclass_inherit ? IP6_TNL_F_USE_ORIG_TCLASS : 0) |
                              (ipv6.flowlabel_inherit ? IP6_TNL_F_USE_ORIG_FLOWLABEL : 0) |
                              (ipv6.dscp_inherit ? IP6_TNL_F_RCV_DSCP_COPY : 0) |
                              (ipv6.allow_localremote ? IP6_TNL_F_ALLOW_LOCAL_REMOTE : 0) |
                              (ipv6.fwmark_inherit ? IP6_TNL_F_USE_ORIG_FWMARK : 0));
  }
  void describe(CommandText& command, const Kind& kind, const Kind&) const {
    const Ip6TunnelSettings& ipv6 = kind.ipv6;
    const Ip6TunnelSettings defaults;
    if (!ipv6.encaplimit) command.word("encaplimit none");
    if (ipv6.encaplimit && ipv6.encaplimit != defaults.encaplimit) command.number("encaplimit", *ipv6.encaplimit);
    if (ipv6.tclass != 0) command.hexadecimal("tclass", ipv6.tclass);
    if (ipv6.flowlabel != 0) command.hexadecimal("flowlabel", ipv6.flowlabel);
    command.flag("tclass inherit", ipv6.tclass_inherit).flag("flowlabel inherit", ipv6.flowlabel_inherit);
    command.flag("dscp inherit", ipv6.dscp_inherit).flag("allow-localremote", ipv6.allow_localremote);
    command.flag("fwmark inherit", ipv6.fwmark_inherit);
  }
  void read(Kind& kind, const AttributeView& view) const noexcept {
    if (view.type() == encap_limit && kind.ipv6.encaplimit) kind.ipv6.encaplimit = view.as<std::uint8_t>();
    if (view.type() == flowinfo) read_flowinfo(kind.ipv6, BigEndian32::read<std::uint32_t>(view).value_or(0));
    if (view.type() == flags) read_flags(kind.ipv6, view.as<std::uint32_t>().value_or(0));
  }

 private:
  static void read_flowinfo(Ip6TunnelSettings& ipv6, std::uint32_t value) noexcept {
    ipv6.tclass = static_cast<std::uint8_t>(value >> 20U);
    ipv6.flowlabel = value & 0xfffffU;
  }
  static void read_flags(Ip6TunnelSettings& ipv6, std::uint32_t value) noexcept {
    if ((value & IP6_TNL_F_IGN_ENCAP_LIMIT) != 0) ipv6.encaplimit.reset();
    ipv6.tclass_inherit = (value & IP6_TNL_F_USE_ORIG_TCLASS) != 0;
    ipv6.flowlabel_inherit = (value & IP6_TNL_F_USE_ORIG_FLOWLABEL) != 0;
    ipv6.dscp_inherit = (value & IP6_TNL_F_RCV_DSCP_COPY) != 0;
    ipv6.allow_localremote = (value & IP6_TNL_F_ALLOW_LOCAL_REMOTE) != 0;
    ipv6.fwmark_inherit = (value & IP6_TNL_F_USE_ORIG_FWMARK) != 0;
  }
};

/// Either `external` and what goes with it, as `ip` sends it, or the settings.
template <typename Kind, typename Rows, typename External>
struct UnlessExternal {
  std::uint16_t external;
  Rows rows;
  External with_external;

  void put(MessageWriter& writer, const Kind& kind) const noexcept {
    if (!kind.external) return put_settings(writer, kind, rows);
    writer.put_flag(external);
    put_settings(writer, kind, with_external);
  }
  void describe(CommandText& command, const Kind& kind, const Kind&) const {
    if (!kind.external) return describe_settings(command, kind, rows);
    command.word("external");
    describe_settings(command, kind, with_external);
  }
  void read(Kind& kind, const AttributeView& view) const {
    if (view.type() == external) kind.external = true;
    read_setting(kind, view, rows);
  }
};
template <typename Kind, typename Rows, typename External = std::tuple<>>
constexpr auto unless_external(std::uint16_t external, const Rows& rows, const External& with_external = {}) noexcept {
  return std::tuple{UnlessExternal<Kind, Rows, External>{external, rows, with_external}};
}

/// 0 and 1 are `inherit` to TTL and TOS respectively: `ip` takes the numbers as well.
template <typename Kind>
constexpr auto ends(std::uint16_t local, std::uint16_t remote, std::uint16_t link) noexcept {
  return std::tuple{setting(&Kind::local, local, "local"), setting(&Kind::remote, remote, "remote"),
                    setting(&Kind::dev, link, "dev")};
}

/// The words of `ip` for what a tunnel carries end with what carries it.
template <bool over_ipv6>
struct Mode : Number<std::uint8_t> {
  static void describe(CommandText& command, std::string_view keyword, TunnelMode mode) {
    switch (mode) {
      case TunnelMode::any:
        command.option(keyword, "any");
        break;
      case TunnelMode::ipip:
        command.option(keyword, over_ipv6 ? "ipip6" : "ipip");
        break;
      case TunnelMode::ip6ip:
        command.option(keyword, over_ipv6 ? "ip6ip6" : "ip6ip");
        break;
      case TunnelMode::mplsip:
        command.option(keyword, "mplsip");
        break;
    }
  }
};

constexpr auto gre_rows = std::tuple_cat(
    ends<Gre>(IFLA_GRE_LOCAL, IFLA_GRE_REMOTE, IFLA_GRE_LINK),
    std::tuple{setting(&Gre::ttl, IFLA_GRE_TTL, "ttl"), setting<Hexadecimal>(&Gre::tos, IFLA_GRE_TOS, "tos"),
               setting<YesNo<>>(&Gre::pmtudisc, IFLA_GRE_PMTUDISC, "pmtudisc"),
               setting<YesNo<>>(&Gre::ignore_df, IFLA_GRE_IGNORE_DF, "ignore-df"), GreFlagsRow<Gre>{},
               setting(&Gre::fwmark, IFLA_GRE_FWMARK, "fwmark"), EncapsulationRow<Gre>{IFLA_GRE_ENCAP_TYPE}});

/// The version decides which of the other attributes there are.
template <typename Kind>
struct ErspanRow {
  static void put(MessageWriter& writer, const Kind& kind) noexcept {
    const ErspanSettings& erspan = kind.erspan;
    writer.put_u8(IFLA_GRE_ERSPAN_VER, erspan.version);
    if (erspan.version == 1 && erspan.index != 0) writer.put_u32(IFLA_GRE_ERSPAN_INDEX, erspan.index);
    if (erspan.version != 2) return;
    writer.put_u8(IFLA_GRE_ERSPAN_DIR, erspan.egress ? 1 : 0);
    writer.put_u16(IFLA_GRE_ERSPAN_HWID, erspan.hardware_id);
  }
  static void describe(CommandText& command, const Kind& kind, const Kind&) {
    const ErspanSettings& erspan = kind.erspan;
    if (erspan.version != 1) command.number("erspan_ver", erspan.version);
    if (erspan.version == 1 && erspan.index != 0) command.number("erspan", erspan.index);
    if (erspan.version != 2) return;
    command.option("erspan_dir", erspan.egress ? "egress" : "ingress").number("erspan_hwid", erspan.hardware_id);
  }
  static void read(Kind& kind, const AttributeView& view) noexcept {
    ErspanSettings& erspan = kind.erspan;
    if (view.type() == IFLA_GRE_ERSPAN_VER) erspan.version = view.as<std::uint8_t>().value_or(1);
    if (view.type() == IFLA_GRE_ERSPAN_INDEX) erspan.index = view.as<std::uint32_t>().value_or(0);
    if (view.type() == IFLA_GRE_ERSPAN_DIR) erspan.egress = view.as<std::uint8_t>().value_or(0) != 0;
    if (view.type() == IFLA_GRE_ERSPAN_HWID) erspan.hardware_id = view.as<std::uint16_t>().value_or(0);
  }
};

constexpr auto ip6gre_rows = std::tuple_cat(
    ends<Ip6gre>(IFLA_GRE_LOCAL, IFLA_GRE_REMOTE, IFLA_GRE_LINK),
    std::tuple{setting(&Ip6gre::hoplimit, IFLA_GRE_TTL, "hoplimit"),
               Ip6SettingsRow<Ip6gre>{IFLA_GRE_ENCAP_LIMIT, IFLA_GRE_FLOWINFO, IFLA_GRE_FLAGS}, GreFlagsRow<Ip6gre>{},
               ErspanRow<Ip6gre>{}, setting(&Ip6gre::fwmark, IFLA_GRE_FWMARK, "fwmark"),
               EncapsulationRow<Ip6gre>{IFLA_GRE_ENCAP_TYPE}});

constexpr std::tuple ipip_mode{setting<Mode<false>>(&Ipip::mode, IFLA_IPTUN_PROTO, "mode")};
constexpr std::tuple ip6tnl_mode{setting<Mode<true>>(&Ip6tnl::mode, IFLA_IPTUN_PROTO, "mode")};

constexpr auto ipip_rows = std::tuple_cat(
    ends<Ipip>(IFLA_IPTUN_LOCAL, IFLA_IPTUN_REMOTE, IFLA_IPTUN_LINK),
    std::tuple{setting(&Ipip::ttl, IFLA_IPTUN_TTL, "ttl"), setting<Hexadecimal>(&Ipip::tos, IFLA_IPTUN_TOS, "tos"),
               setting<YesNo<>>(&Ipip::pmtudisc, IFLA_IPTUN_PMTUDISC, "pmtudisc"),
               setting<Mode<false>>(&Ipip::mode, IFLA_IPTUN_PROTO, "mode"),
               setting(&Ipip::fwmark, IFLA_IPTUN_FWMARK, "fwmark"), EncapsulationRow<Ipip>{IFLA_IPTUN_ENCAP_TYPE}});

constexpr auto vti_rows = std::tuple_cat(ends<Vti>(IFLA_VTI_LOCAL, IFLA_VTI_REMOTE, IFLA_VTI_LINK),
                                         std::tuple{setting<BigEndian32>(&Vti::ikey, IFLA_VTI_IKEY, "ikey"),
                                                    setting<BigEndian32>(&Vti::okey, IFLA_VTI_OKEY, "okey"),
                                                    setting(&Vti::fwmark, IFLA_VTI_FWMARK, "fwmark")});

/// `isatap`: SIT_ISATAP, which linux/if_tunnel.h has in network byte order or not depending on whom you ask; `ip` sends
/// the constant as it stands, and so does the kernel.
struct Isatap {
  static void put(MessageWriter& writer, std::uint16_t attribute, bool value) noexcept {
    writer.put_u16(attribute, value ? SIT_ISATAP : 0);
  }
  static void describe(CommandText& command, std::string_view keyword, bool value) { command.flag(keyword, value); }
  template <typename T>
  static std::optional<bool> read(const AttributeView& attribute) noexcept {
    return (attribute.as<std::uint16_t>().value_or(0) & SIT_ISATAP) != 0;
  }
};

}  // namespace

template <>
struct KindRows<Gre> {
  static constexpr auto rows = unless_external<Gre>(IFLA_GRE_COLLECT_METADATA, gre_rows);
};
template <>
struct KindRows<Gretap> {
  static constexpr auto rows = unless_external<Gre>(IFLA_GRE_COLLECT_METADATA, gre_rows);
};
template <>
struct KindRows<Erspan> {
  static constexpr auto rows =
      unless_external<Erspan>(IFLA_GRE_COLLECT_METADATA, std::tuple_cat(gre_rows, std::tuple{ErspanRow<Erspan>{}}));
};
template <>
struct KindRows<Ip6gre> {
  static constexpr auto rows = unless_external<Ip6gre>(IFLA_GRE_COLLECT_METADATA, ip6gre_rows);
};
template <>
struct KindRows<Ip6gretap> {
  static constexpr auto rows = unless_external<Ip6gre>(IFLA_GRE_COLLECT_METADATA, ip6gre_rows);
};
template <>
struct KindRows<Ip6erspan> {
  static constexpr auto rows = unless_external<Ip6gre>(IFLA_GRE_COLLECT_METADATA, ip6gre_rows);
};
template <>
struct KindRows<Ipip> {
  static constexpr auto rows = unless_external<Ipip>(IFLA_IPTUN_COLLECT_METADATA, ipip_rows, ipip_mode);
};
template <>
struct KindRows<Sit> {
  static constexpr auto rows = unless_external<Sit>(
      IFLA_IPTUN_COLLECT_METADATA,
      std::tuple_cat(ipip_rows, std::tuple{setting<Isatap>(&Sit::isatap, IFLA_IPTUN_FLAGS, "isatap")}), ipip_mode);
};
template <>
struct KindRows<Ip6tnl> {
  static constexpr auto rows = unless_external<Ip6tnl>(
      IFLA_IPTUN_COLLECT_METADATA,
      std::tuple_cat(ends<Ip6tnl>(IFLA_IPTUN_LOCAL, IFLA_IPTUN_REMOTE, IFLA_IPTUN_LINK),
                     std::tuple{setting(&Ip6tnl::hoplimit, IFLA_IPTUN_TTL, "hoplimit"),
                                Ip6SettingsRow<Ip6tnl>{IFLA_IPTUN_ENCAP_LIMIT, IFLA_IPTUN_FLOWINFO, IFLA_IPTUN_FLAGS},
                                setting<Mode<true>>(&Ip6tnl::mode, IFLA_IPTUN_PROTO, "mode"),
                                setting(&Ip6tnl::fwmark, IFLA_IPTUN_FWMARK, "fwmark"),
                                EncapsulationRow<Ip6tnl>{IFLA_IPTUN_ENCAP_TYPE}}),
      ip6tnl_mode);
};
template <>
struct KindRows<Vti> {
  static constexpr auto rows = vti_rows;
};
template <>
struct KindRows<Vti6> {
  static constexpr auto rows = vti_rows;
};

NETHERD_INSTANTIATE_KIND(Gre);
NETHERD_INSTANTIATE_KIND(Gretap);
NETHERD_INSTANTIATE_KIND(Erspan);
NETHERD_INSTANTIATE_KIND(Ip6gre);
NETHERD_INSTANTIATE_KIND(Ip6gretap);
NETHERD_INSTANTIATE_KIND(Ip6erspan);
NETHERD_INSTANTIATE_KIND(Ipip);
NETHERD_INSTANTIATE_KIND(Sit);
NETHERD_INSTANTIATE_KIND(Ip6tnl);
NETHERD_INSTANTIATE_KIND(Vti);
NETHERD_INSTANTIATE_KIND(Vti6);

}  // namespace netherd::ops
