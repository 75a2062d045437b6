#include "netherd/ops/link/macvlan.hpp"

#include "kind.hpp"

namespace netherd::ops {

template <>
struct Words<MacvlanMode> {
  static constexpr std::array words{std::pair{MacvlanMode::private_, std::string_view{"private"}},
                                    std::pair{MacvlanMode::vepa, std::string_view{"vepa"}},
                                    std::pair{MacvlanMode::bridge, std::string_view{"bridge"}},
                                    std::pair{MacvlanMode::passthru, std::string_view{"passthru"}},
                                    std::pair{MacvlanMode::source, std::string_view{"source"}}};
};

namespace {

using engine::AttributeView;
using engine::MessageWriter;

/// Mode and flags: two attributes, of which the second is only sent with the first, as `ip` does.
struct ModeAndFlags {
  static void put(MessageWriter& writer, const Macvlan& link) noexcept {
    if (link.mode) writer.put_u32(IFLA_MACVLAN_MODE, static_cast<std::uint32_t>(*link.mode));
    const unsigned flags = (link.nopromisc ? MACVLAN_FLAG_NOPROMISC : 0U) | (link.nodst ? MACVLAN_FLAG_NODST : 0U);
    if (flags != 0) writer.put_u16(IFLA_MACVLAN_FLAGS, static_cast<std::uint16_t>(flags));
  }
  static void describe(CommandText& command, const Macvlan& link, const Macvlan&) {
    if (link.mode) command.option("mode", word_of(*link.mode));
    command.flag("nopromisc", link.nopromisc).flag("nodst", link.nodst);
  }
  static void read(Macvlan& link, const AttributeView& attribute) noexcept {
    if (attribute.type() == IFLA_MACVLAN_MODE) link.mode = Number<std::uint32_t>::read<MacvlanMode>(attribute);
    if (attribute.type() != IFLA_MACVLAN_FLAGS) return;
    const unsigned flags = attribute.as<std::uint16_t>().value_or(0);
    link.nopromisc = (flags & MACVLAN_FLAG_NOPROMISC) != 0;
    link.nodst = (flags & MACVLAN_FLAG_NODST) != 0;
  }
};

/// All allowed sources at once (MACVLAN_MACADDR_SET), or none any more (MACVLAN_MACADDR_FLUSH).
struct SourceAddresses {
  using Addresses = std::vector<MacAddress>;
  static void put(MessageWriter& writer, std::uint16_t attribute, const Addresses& addresses) noexcept {
    writer.put_u32(IFLA_MACVLAN_MACADDR_MODE, addresses.empty() ? MACVLAN_MACADDR_FLUSH : MACVLAN_MACADDR_SET);
    if (addresses.empty()) return;
    const auto nest = writer.begin_plain_nest(attribute);
    for (const MacAddress& address : addresses) Mac::put(writer, IFLA_MACVLAN_MACADDR, address);
    writer.end_nest(nest);
  }
  static void describe(CommandText& command, std::string_view keyword, const Addresses& addresses) {
    command.word(keyword).word(addresses.empty() ? "flush" : "set");
    for (const MacAddress& address : addresses) command.word(address.to_string());
  }
  template <typename T>
  static std::optional<Addresses> read(const AttributeView& attribute) {
    Addresses addresses;
    for (const AttributeView part : engine::Attributes{attribute.payload()}) {
      if (const auto address = Mac::read<MacAddress>(part)) addresses.push_back(*address);
    }
    return addresses;
  }
};

constexpr std::tuple macvlan_rows{
    ModeAndFlags{},
    setting<SourceAddresses>(&Macvlan::source_addresses, IFLA_MACVLAN_MACADDR_DATA, "macaddr"),
    setting(&Macvlan::bcqueuelen, IFLA_MACVLAN_BC_QUEUE_LEN, "bcqueuelen"),
};

}  // namespace

template <>
struct KindRows<Macvlan> {
  static constexpr auto rows = macvlan_rows;
};
template <>
struct KindRows<Macvtap> {
  static constexpr auto rows = macvlan_rows;
};

NETHERD_INSTANTIATE_KIND(Macvlan);
NETHERD_INSTANTIATE_KIND(Macvtap);

}  // namespace netherd::ops
