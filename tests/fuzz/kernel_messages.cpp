// A datagram from the kernel through every decoder of engine and ops.
#include "fuzz_target.hpp"
#include "netherd/engine/generic.hpp"
#include "netherd/engine/message.hpp"
#include "netherd/engine/message_list.hpp"
#include "netherd/ops/address.hpp"
#include "netherd/ops/bridge_vlan.hpp"
#include "netherd/ops/fdb.hpp"
#include "netherd/ops/link.hpp"
#include "netherd/ops/link/bond.hpp"
#include "netherd/ops/link/geneve.hpp"
#include "netherd/ops/link/ipvlan.hpp"
#include "netherd/ops/link/macvlan.hpp"
#include "netherd/ops/link/netkit.hpp"
#include "netherd/ops/link/plain.hpp"
#include "netherd/ops/link/tunnel.hpp"
#include "netherd/ops/link/vlan.hpp"
#include "netherd/ops/link/vxlan.hpp"
#include "netherd/ops/neighbour.hpp"
#include "netherd/ops/netns_id.hpp"
#include "netherd/ops/nexthop.hpp"
#include "netherd/ops/qdisc.hpp"
#include "netherd/ops/route.hpp"
#include "netherd/ops/rule.hpp"

namespace {

using namespace netherd::ops;
using netherd::engine::MessageView;
using netherd::engine::MessageWriter;

/// What was decoded can be asked for again: encoding takes any value.
template <netherd::engine::Request Request>
void encode(const Request& request) {
  alignas(4) std::array<std::byte, 16384> buffer;
  MessageWriter writer{buffer};
  request.encode(writer);
  static_cast<void>(request.describe());
}

template <typename... Kinds>
void decode_kinds(const MessageView& message) {
  const auto decode = [&]<typename Kind>(const std::optional<Kind>& kind) {
    if (kind) encode(AddLink<Kind>{.link = {.name = "x"}, .kind = *kind});
  };
  (decode(decode_kind<Kinds>(message)), ...);
}

template <typename... Ports>
void decode_ports(const MessageView& message) {
  const auto decode = [&]<typename Port>(const std::optional<Port>& port) {
    if (port) encode(SetPort<Port>{.port = *port});
  };
  (decode(decode_port<Ports>(message)), ...);
}

template <typename... Kinds>
void decode_qdiscs(const MessageView& message) {
  const auto decode = [&]<typename Kind>(const std::optional<Kind>& kind) {
    if (kind) encode(AddQdisc<Kind>{.kind = *kind});
  };
  (decode(decode_tc_kind<Kinds>(message)), ...);
}

void decode_traffic_control(const MessageView& message) {
  static_cast<void>(decode_qdisc(message));
  static_cast<void>(decode_class(message));
  decode_qdiscs<Tbf, Htb, Netem, FqCodel, Pfifo, Bfifo, Ingress, Clsact>(message);
  if (const auto kind = decode_tc_kind<HtbClass>(message)) encode(AddHtbClass{.kind = *kind});
}

void decode(const MessageView& message) {
  static_cast<void>(decode_link(message));
  decode_kinds<Dummy, Ifb, Nlmon, Wireguard, Vrf, Vlan, Bridge, Vxlan, Macvlan, Macvtap, Ipvlan, Ipvtap, Bond, Gre,
               Gretap, Ip6gre, Ip6gretap, Ipip, Sit, Ip6tnl, Geneve, Vti, Vti6>(message);
  static_cast<void>(decode_kind<Netkit>(message));
  decode_ports<BridgePort, BondPort>(message);
  static_cast<void>(decode_address(message));
  if (const auto neighbour = decode_neighbour(message)) encode(AddNeighbour{.neighbour = *neighbour});
  if (const auto entry = decode_fdb_entry(message)) encode(AddFdbEntry{.entry = *entry});
  static_cast<void>(decode_route(message));
  static_cast<void>(decode_nexthop(message));
  static_cast<void>(decode_rule(message));
  static_cast<void>(decode_bridge_vlans(message));
  static_cast<void>(decode_netns_id(message));
  static_cast<void>(netherd::engine::decode_generic_family(message));
  decode_traffic_control(message);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const netherd::fuzz::Block datagram{{data, size}};
  netherd::engine::MessageStream stream{datagram.bytes()};
  netherd::engine::MessageList list;
  while (const auto message = stream.next()) {
    decode(*message);
    list.add(*message);
  }
  std::size_t count = 0;
  for (const MessageView message : list) count += message.bytes().size() >= sizeof(nlmsghdr) ? 1U : 0U;
  netherd::fuzz::require(count == list.size(), "a list gives back the messages that were added");
  return 0;
}
