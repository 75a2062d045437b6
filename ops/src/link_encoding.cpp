#include "link_encoding.hpp"

#include <net/if.h>
// After net/if.h, whose definitions it then leaves alone.
#include <linux/if.h>
#include <linux/if_link.h>

#include <algorithm>

#include "settings.hpp"

namespace netherd::ops {

template <>
struct Words<LinkMode> {
  static constexpr std::array words{std::pair{LinkMode::automatic, std::string_view{"default"}},
                                    std::pair{LinkMode::dormant, std::string_view{"dormant"}}};
};
template <>
struct Words<OperationalState> {
  static constexpr std::array words{
      std::pair{OperationalState::unknown, std::string_view{"unknown"}},
      std::pair{OperationalState::not_present, std::string_view{"notpresent"}},
      std::pair{OperationalState::down, std::string_view{"down"}},
      std::pair{OperationalState::lower_layer_down, std::string_view{"lowerlayerdown"}},
      std::pair{OperationalState::testing, std::string_view{"testing"}},
      std::pair{OperationalState::dormant, std::string_view{"dormant"}},
      std::pair{OperationalState::up, std::string_view{"up"}},
  };
};

namespace {

using engine::MessageWriter;
using engine::value_of;

/// The alias may be empty, to take it away.
struct AliasText {
  static void put(MessageWriter& writer, std::uint16_t attribute, std::string_view text) noexcept {
    // Without the terminating zero: an alias of no bytes is how the kernel is told to drop it.
    writer.put_bytes(attribute, std::as_bytes(std::span{text}));
  }
  static void describe(CommandText& command, std::string_view keyword, std::string_view text) {
    command.word(keyword).word(text);
  }
  template <typename T>
  static std::optional<T> read(const engine::AttributeView&) noexcept {
    return std::nullopt;
  }
};

constexpr std::tuple link_settings{
    setting(&LinkSettings::txqueuelen, IFLA_TXQLEN, "txqueuelen"),
    setting(&LinkSettings::numtxqueues, IFLA_NUM_TX_QUEUES, "numtxqueues"),
    setting(&LinkSettings::numrxqueues, IFLA_NUM_RX_QUEUES, "numrxqueues"),
    setting(&LinkSettings::group, IFLA_GROUP, "group"),
    setting(&LinkSettings::gso_max_size, IFLA_GSO_MAX_SIZE, "gso_max_size"),
    setting(&LinkSettings::gso_max_segs, IFLA_GSO_MAX_SEGS, "gso_max_segs"),
    setting(&LinkSettings::gro_max_size, IFLA_GRO_MAX_SIZE, "gro_max_size"),
    setting(&LinkSettings::broadcast, IFLA_BROADCAST, "broadcast"),
    setting<AliasText>(&LinkSettings::alias, IFLA_IFALIAS, "alias"),
    setting(&LinkSettings::carrier, IFLA_CARRIER, "carrier"),
    setting(&LinkSettings::protodown, IFLA_PROTO_DOWN, "protodown"),
    setting(&LinkSettings::mode, IFLA_LINKMODE, "mode"),
    setting(&LinkSettings::operational_state, IFLA_OPERSTATE, "state"),
};

struct FlagSetting {
  std::optional<bool> LinkSettings::* member;
  std::uint32_t flag;
  std::string_view keyword;
  bool inverted = false;
};

constexpr std::array flag_settings{
    FlagSetting{&LinkSettings::arp, IFF_NOARP, "arp", true},
    FlagSetting{&LinkSettings::dynamic, IFF_DYNAMIC, "dynamic"},
    FlagSetting{&LinkSettings::multicast, IFF_MULTICAST, "multicast"},
    FlagSetting{&LinkSettings::allmulticast, IFF_ALLMULTI, "allmulticast"},
    FlagSetting{&LinkSettings::promisc, IFF_PROMISC, "promisc"},
};

void put_flag(ifinfomsg& header, std::uint32_t flag, bool on) noexcept {
  header.ifi_change |= flag;
  if (on) header.ifi_flags |= flag;
}

}  // namespace

bool is_valid_interface_name(std::string_view name) noexcept {
  const auto refused = [](char character) {
    return character <= ' ' || character > '~' || character == '/' || character == ':' || character == '%';
  };
  return !name.empty() && name.size() <= max_interface_name_bytes && name != "." && name != ".." &&
         std::ranges::none_of(name, refused);
}

ifinfomsg link_header(InterfaceIndex index, std::optional<bool> up, const LinkSettings* settings) noexcept {
  ifinfomsg header{};
  header.ifi_index = value_of(index);
  if (up) put_flag(header, IFF_UP, *up);
  if (settings == nullptr) return header;
  for (const FlagSetting& row : flag_settings) {
    if (const auto value = settings->*row.member) put_flag(header, row.flag, *value != row.inverted);
  }
  return header;
}

void put_new_link(MessageWriter& writer, const NewLink& link) noexcept {
  if (!link.name.empty()) writer.put_string(IFLA_IFNAME, link.name);
  if (link.mtu != 0) writer.put_u32(IFLA_MTU, link.mtu);
  if (link.address) writer.put_struct(IFLA_ADDRESS, link.address->bytes);
  if (link.netns.descriptor >= 0) writer.put_struct(IFLA_NET_NS_FD, link.netns.descriptor);
}

void put_kind(MessageWriter& writer, std::uint16_t attribute, std::string_view kind) noexcept {
  writer.put_bytes(attribute, std::as_bytes(std::span{kind}));
}

void put_link_settings(MessageWriter& writer, const LinkSettings& settings) noexcept {
  put_settings(writer, settings, link_settings);
  if (settings.netns_pid != 0) writer.put_u32(IFLA_NET_NS_PID, static_cast<std::uint32_t>(settings.netns_pid));
}

void describe_index(CommandText& command, InterfaceIndex index) {
  if (index != InterfaceIndex::none) command.number("index", value_of(index));
}

void describe_mtu_and_address(CommandText& command, std::uint32_t mtu, const std::optional<MacAddress>& address) {
  if (mtu != 0) command.number("mtu", mtu);
  if (address) command.option("address", address->to_string());
}

void describe_link_settings(CommandText& command, const LinkSettings& settings) {
  describe_settings(command, settings, link_settings);
  for (const FlagSetting& row : flag_settings) {
    if (const auto value = settings.*row.member) command.word(row.keyword).word(*value ? "on" : "off");
  }
  if (settings.netns_pid != 0) command.number("netns", settings.netns_pid);
}

InterfaceIndex index_in(const engine::AttributeView& attribute) noexcept {
  return InterfaceIndex{attribute.as<std::int32_t>().value_or(0)};
}

std::optional<MacAddress> mac_address_in(const engine::AttributeView& attribute) noexcept {
  return Mac::read<MacAddress>(attribute);
}

}  // namespace netherd::ops
