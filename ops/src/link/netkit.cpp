#include "netherd/ops/link/netkit.hpp"

#include "kind.hpp"

namespace netherd::ops {

template <>
struct Words<NetkitMode> {
  static constexpr std::array words{std::pair{NetkitMode::l2, std::string_view{"l2"}},
                                    std::pair{NetkitMode::l3, std::string_view{"l3"}}};
};
template <>
struct Words<NetkitPolicy> {
  static constexpr std::array words{std::pair{NetkitPolicy::forward, std::string_view{"forward"}},
                                    std::pair{NetkitPolicy::blackhole, std::string_view{"blackhole"}}};
};
template <>
struct Words<NetkitScrub> {
  static constexpr std::array words{std::pair{NetkitScrub::none, std::string_view{"none"}},
                                    std::pair{NetkitScrub::standard, std::string_view{"default"}}};
};

namespace {

using engine::MessageWriter;

/// linux/if_link.h of Linux 6.18: the headers that netherd is built with may be older.
enum NetkitAttribute : std::uint16_t {
  netkit_peer_info = 1,
  netkit_primary = 2,
  netkit_policy = 3,
  netkit_peer_policy = 4,
  netkit_mode = 5,
  netkit_scrub = 6,
  netkit_peer_scrub = 7,
};

/// Described by its value alone.
struct Policy : Number<std::uint32_t> {
  static void describe(CommandText& command, std::string_view, NetkitPolicy value) { command.word(word_of(value)); }
};

/// The peer: in the request its settings are spread over several attributes, in the command they follow "peer".
struct Peer {
  static bool is_asked_for(const NewLink& peer) noexcept {
    return !peer.name.empty() || peer.index != InterfaceIndex::none || peer.netns.descriptor >= 0 || peer.mtu != 0 ||
           peer.address.has_value();
  }
  static void put(MessageWriter& writer, const Netkit& netkit) noexcept {
    Number<std::uint32_t> number;
    if (netkit.peer_policy) number.put(writer, netkit_peer_policy, *netkit.peer_policy);
    if (netkit.peer_scrub) number.put(writer, netkit_peer_scrub, *netkit.peer_scrub);
    if (!is_asked_for(netkit.peer)) return;
    const auto nest = writer.begin_plain_nest(netkit_peer_info);
    writer.put_raw(link_header(netkit.peer.index));
    put_new_link(writer, netkit.peer);
    writer.end_nest(nest);
  }
  static void describe(CommandText& command, const Netkit& netkit, const Netkit&) {
    const NewLink& peer = netkit.peer;
    if (!netkit.peer_policy && !netkit.peer_scrub && !is_asked_for(peer)) return;
    command.word("peer");
    if (netkit.peer_policy) command.word(word_of(*netkit.peer_policy));
    if (netkit.peer_scrub) command.option("scrub", word_of(*netkit.peer_scrub));
    command.option("name", peer.name);
    if (peer.netns.descriptor >= 0) command.option("netns", peer.netns.name);
    describe_index(command, peer.index);
    describe_mtu_and_address(command, peer.mtu, peer.address);
  }
  static void read(Netkit& netkit, const engine::AttributeView& attribute) noexcept {
    using Numbers = Number<std::uint32_t>;
    if (attribute.type() == netkit_peer_policy) netkit.peer_policy = Numbers::read<NetkitPolicy>(attribute);
    if (attribute.type() == netkit_peer_scrub) netkit.peer_scrub = Numbers::read<NetkitScrub>(attribute);
    if (attribute.type() == netkit_primary) netkit.primary = attribute.as<std::uint8_t>().value_or(0) != 0;
  }
};

}  // namespace

template <>
struct KindRows<Netkit> {
  static constexpr std::tuple rows{setting(&Netkit::mode, netkit_mode, "mode"),
                                   setting<Policy>(&Netkit::policy, netkit_policy, {}),
                                   setting(&Netkit::scrub, netkit_scrub, "scrub"), Peer{}};
};

NETHERD_INSTANTIATE_KIND(Netkit);

}  // namespace netherd::ops
