#include "netherd/lab/plan.hpp"

#include <algorithm>
#include <numeric>

#include "link_ends.hpp"
#include "netherd/lab/host_indexes.hpp"
#include "netherd/lab/routing.hpp"
#include "node_order.hpp"

namespace netherd::lab {

namespace {

using engine::InterfaceIndex;

constexpr InterfaceIndex bridge_index = first_chosen_index;
constexpr const char* ipv6_off = "net/ipv6/conf/all/disable_ipv6";

/// FNV-1a
std::uint64_t hash_of(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (const char character : text) hash = (hash ^ static_cast<unsigned char>(character)) * 0x100000001b3U;
  return hash;
}

/// An address that is the same each time a lab is built, marked as locally administered.
ops::MacAddress bridge_mac_address(std::string_view netns_name) {
  std::uint64_t hash = hash_of(netns_name);
  ops::MacAddress address{{0x02}};
  for (std::size_t i = 1; i < address.bytes.size(); ++i, hash >>= 8U) {
    address.bytes[i] = static_cast<std::uint8_t>(hash);
  }
  return address;
}

class CountingSink final : public RequestSink {
 public:
  explicit CountingSink(Plan::Counts& counts) : counts_{counts} {}
  void request(const ops::AddBridge&, SourceLine) override { ++counts_.requests; }
  void request(const ops::SetLink&, SourceLine) override { ++counts_.requests; }
  void request(const ops::AddAddress&, SourceLine) override {
    ++counts_.requests;
    ++counts_.addresses;
  }
  void request(const ops::AddRoute&, SourceLine) override {
    ++counts_.requests;
    ++counts_.routes;
  }
  void request(const ops::GetLink&, SourceLine) override {}

 private:
  Plan::Counts& counts_;
};

}  // namespace

struct Plan::Impl {
  Impl(const Topology& of, engine::InterfaceIndex first_host_index);

  bool is_bridge(NodeId node) const { return topology->node(node).kind == NodeKind::bridge; }
  void name_namespaces();
  void number_interfaces(engine::InterfaceIndex first_host_index);
  void order_links();
  std::uint8_t choose_main_end(const Link& link) const;

  InterfaceIndex index(LinkEnd at) const { return indexes[position_of(at.link)][at.end]; }
  bool is_main_end(LinkEnd at) const { return main_ends[position_of(at.link)] == at.end; }
  ops::NewLink new_link(LinkEnd at) const;

  void activate_bridge(NodeId node, RequestSink& sink) const;
  void activate_loopback(NodeId node, RequestSink& sink) const;
  void prepare_host(NodeId node, RequestSink& sink) const;
  void activate_host(NodeId node, RequestSink& sink) const;
  void configure_late_ipv6(NodeId node, RequestSink& sink) const;
  bool starts_ipv6_late(NodeId node) const noexcept;
  void send_addresses(LinkEnd at, AddressFamily family, RequestSink& sink) const;
  void send_routes(NodeId node, AddressFamily family, RequestSink& sink) const;

  const Topology* topology;
  LinkEnds ends;
  std::unique_ptr<RouteComputer> routes;
  std::vector<std::string> netns_names;
  std::vector<NodeId> order;
  std::vector<std::uint32_t> order_positions;  ///< by node
  std::vector<std::array<InterfaceIndex, 2>> indexes;
  std::vector<std::uint8_t> main_ends;
  std::vector<std::uint32_t> step_starts;  ///< where each step's links start in step_links; one more than steps
  std::vector<LinkId> step_links;
};

Plan::Impl::Impl(const Topology& of, InterfaceIndex first_host_index)
    : topology{&of},
      ends{of},
      routes{std::make_unique<RouteComputer>(of, find_segments(of))},
      order{choose_node_order(of, ends)},
      order_positions(of.nodes.size()) {
  for (std::uint32_t position = 0; position < order.size(); ++position) {
    order_positions[position_of(order[position])] = position;
  }
  name_namespaces();
  number_interfaces(first_host_index);
  order_links();
}

void Plan::Impl::name_namespaces() {
  netns_names.reserve(topology->nodes.size());
  for (const Node& node : topology->nodes) netns_names.push_back(topology->name + '-' + node.name);
}

/// Counts the interfaces of each node, but gives the ends of a link different indexes. To the kernel a device with its
/// peer's index looks as if it were its own lower device, and its operational state is not urgent: up to a second late
/// (linkwatch_urgent_event(), net/core/link_watch.c, Linux 6.18).
void Plan::Impl::number_interfaces(InterfaceIndex first_host_index) {
  std::vector<std::int32_t> next;
  next.reserve(topology->nodes.size());
  for (const Node& node : topology->nodes) {
    const std::int32_t first = engine::value_of(first_chosen_index) + (node.kind == NodeKind::bridge ? 1 : 0);
    next.push_back(node.adopted ? engine::value_of(first_host_index) : first);
  }
  indexes.reserve(topology->links.size());
  for (const Link& link : topology->links) {
    const auto take = [&](std::size_t end) { return next[position_of(link.ends[end].node)]++; };
    const std::int32_t first = take(0);
    std::int32_t second = take(1);
    if (second == first) second = take(1);
    indexes.push_back({InterfaceIndex{first}, InterfaceIndex{second}});
  }
}

/// Only the main end can go up and join a bridge as it is created, which saves a request.
std::uint8_t Plan::Impl::choose_main_end(const Link& link) const {
  const bool first_is_bridge = is_bridge(link.ends[0].node);
  if (first_is_bridge != is_bridge(link.ends[1].node)) return first_is_bridge ? 0 : 1;
  const auto order_position = [&](std::size_t end) { return order_positions[position_of(link.ends[end].node)]; };
  return order_position(0) > order_position(1) ? 0 : 1;
}

void Plan::Impl::order_links() {
  const auto step_of = [this](const Link& link) {
    return std::max(order_positions[position_of(link.ends[0].node)], order_positions[position_of(link.ends[1].node)]);
  };
  main_ends.reserve(topology->links.size());
  step_starts.resize(order.size() + 1);
  for (const Link& link : topology->links) {
    main_ends.push_back(choose_main_end(link));
    ++step_starts[step_of(link) + 1];
  }
  std::partial_sum(step_starts.begin(), step_starts.end(), step_starts.begin());

  step_links.resize(topology->links.size());
  std::vector<std::uint32_t> next{step_starts.begin(), step_starts.end() - 1};
  for (std::uint32_t link = 0; link < topology->links.size(); ++link) {
    step_links[next[step_of(topology->links[link])]++] = LinkId{link};
  }
}

ops::NewLink Plan::Impl::new_link(LinkEnd at) const {
  const Endpoint& end = topology->endpoint(at);
  return {.name = end.interface,
          .index = index(at),
          .netns = {.name = netns_names[position_of(end.node)]},
          .mtu = topology->link(at.link).mtu,
          .address = end.mac};
}

/// The bridge itself goes up last: its ports join faster while it is down.
void Plan::Impl::activate_bridge(NodeId node, RequestSink& sink) const {
  const std::string_view netns = netns_names[position_of(node)];
  for (const LinkEnd at : ends.of(node)) {
    if (is_main_end(at)) continue;
    const Endpoint& end = topology->endpoint(at);
    sink.request(ops::SetLink{.index = index(at),
                              .name = end.interface,
                              .netns = netns,
                              .up = true,
                              .bridge = bridge_index,
                              .bridge_name = bridge_interface_name},
                 end.line);
  }
  sink.request(ops::SetLink{.index = bridge_index, .name = bridge_interface_name, .netns = netns, .up = true},
               topology->node(node).line);
}

void Plan::Impl::activate_loopback(NodeId node, RequestSink& sink) const {
  if (topology->node(node).adopted) return;
  const std::string_view netns = netns_names[position_of(node)];
  sink.request(ops::SetLink{.index = InterfaceIndex::loopback, .name = "lo", .netns = netns, .up = true},
               topology->node(node).line);
}

void Plan::Impl::prepare_host(NodeId node, RequestSink& sink) const {
  const std::string_view netns = netns_names[position_of(node)];
  for (const LinkEnd at : ends.of(node)) send_addresses(at, AddressFamily::ipv4, sink);
  for (const LinkEnd at : ends.of(node)) {
    if (is_main_end(at)) continue;
    const Endpoint& end = topology->endpoint(at);
    sink.request(ops::GetLink{.index = index(at), .name = end.interface, .netns = netns}, end.line);
  }
}

void Plan::Impl::activate_host(NodeId node, RequestSink& sink) const {
  const std::string_view netns = netns_names[position_of(node)];
  const bool forwards_ipv4 = routes->forwards_ipv4(node);
  for (const LinkEnd at : ends.of(node)) {
    const Endpoint& end = topology->endpoint(at);
    ops::SetLink request{.index = index(at), .name = end.interface, .netns = netns};
    if (!is_main_end(at)) request.up = true;
    if (forwards_ipv4) request.ipv4_forwarding = true;
    if (request.up || request.ipv4_forwarding) sink.request(request, end.line);
    if (!starts_ipv6_late(node)) send_addresses(at, AddressFamily::ipv6, sink);
  }
}

void Plan::Impl::configure_late_ipv6(NodeId node, RequestSink& sink) const {
  if (!starts_ipv6_late(node)) return;
  for (const LinkEnd at : ends.of(node)) send_addresses(at, AddressFamily::ipv6, sink);
}

bool Plan::Impl::starts_ipv6_late(NodeId node) const noexcept {
  constexpr std::size_t many_links = 256;
  return topology->options.ipv6 && !is_bridge(node) && !topology->node(node).adopted &&
         ends.of(node).size() >= many_links;
}

void Plan::Impl::send_addresses(LinkEnd at, AddressFamily family, RequestSink& sink) const {
  const Endpoint& end = topology->endpoint(at);
  for (const ops::IpPrefix& address : end.addresses) {
    if (address.address.is_v4() != (family == AddressFamily::ipv4)) continue;
    sink.request(
        ops::AddAddress{
            .index = index(at), .address = address, .name = end.interface, .netns = netns_names[position_of(end.node)]},
        end.line);
  }
}

void Plan::Impl::send_routes(NodeId node, AddressFamily family, RequestSink& sink) const {
  for (const PlannedRoute& route : routes->routes_of(node, family)) {
    const Endpoint& end = topology->endpoint(route.out);
    sink.request(ops::AddRoute{.destination = route.destination,
                               .gateway = route.gateway,
                               .index = index(route.out),
                               .name = end.interface,
                               .netns = netns_names[position_of(node)]},
                 end.line);
  }
}

Plan::Plan(const Topology& topology, std::optional<InterfaceIndex> first_host_index)
    : impl_{std::make_unique<Impl>(topology, first_host_index.value_or(first_host_index_of(1)))} {}
Plan::~Plan() = default;
Plan::Plan(Plan&&) noexcept = default;
Plan& Plan::operator=(Plan&&) noexcept = default;

const Topology& Plan::topology() const noexcept { return *impl_->topology; }

std::string_view Plan::netns_name(NodeId node) const noexcept { return impl_->netns_names[position_of(node)]; }

std::span<const NodeId> Plan::node_order() const noexcept { return impl_->order; }

std::span<const LinkId> Plan::links_of_step(std::size_t position) const noexcept {
  const auto& starts = impl_->step_starts;
  return std::span{impl_->step_links}.subspan(starts[position], starts[position + 1] - starts[position]);
}

std::uint32_t Plan::link_count(NodeId node) const noexcept {
  return static_cast<std::uint32_t>(impl_->ends.of(node).size());
}

engine::InterfaceIndex Plan::interface_index(LinkId link, std::uint8_t end) const noexcept {
  return impl_->index({link, end});
}

Plan::PlannedLink Plan::link_request(LinkId id) const {
  const Link& link = impl_->topology->link(id);
  const std::uint8_t main_end = impl_->main_ends[position_of(id)];
  const auto peer_end = static_cast<std::uint8_t>(1 - main_end);
  PlannedLink planned{.request = {.main = impl_->new_link({id, main_end}), .peer = impl_->new_link({id, peer_end})},
                      .main_node = link.ends[main_end].node,
                      .peer_node = link.ends[peer_end].node};
  planned.request.main_up = true;
  if (impl_->is_bridge(planned.main_node)) {
    planned.request.main_bridge = bridge_index;
    planned.request.main_bridge_name = bridge_interface_name;
  }
  return planned;
}

void Plan::bridge_requests(NodeId node, RequestSink& sink) const {
  if (!impl_->is_bridge(node)) return;
  const std::string_view netns = netns_name(node);
  sink.request(ops::AddBridge{.link = {.name = bridge_interface_name,
                                       .index = bridge_index,
                                       .netns = {.name = netns},
                                       .address = bridge_mac_address(netns)}},
               impl_->topology->node(node).line);
}

void Plan::configuration_requests(NodeId node, Stage stage, RequestSink& sink) const {
  const bool is_bridge = impl_->is_bridge(node);
  switch (stage) {
    case Stage::preparation:
      impl_->activate_loopback(node, sink);
      if (!is_bridge) impl_->prepare_host(node, sink);
      break;
    case Stage::activation:
      is_bridge ? impl_->activate_bridge(node, sink) : impl_->activate_host(node, sink);
      break;
    case Stage::late_ipv6:
      impl_->configure_late_ipv6(node, sink);
      break;
    case Stage::ipv4_routes:
      if (!is_bridge) impl_->send_routes(node, AddressFamily::ipv4, sink);
      break;
    case Stage::ipv6_routes:
      if (!is_bridge) impl_->send_routes(node, AddressFamily::ipv6, sink);
      break;
  }
}

void Plan::configuration_requests(NodeId node, RequestSink& sink) const {
  for (const Stage stage : all_stages) configuration_requests(node, stage, sink);
}

bool Plan::has_many_routes() const noexcept {
  constexpr std::size_t many = 8;
  return topology().options.routing == Routing::shortest_path && topology().links.size() > many;
}

std::vector<ops::KernelSetting> Plan::settings(NodeId node) const {
  std::vector<ops::KernelSetting> settings;
  if (topology().node(node).adopted) return settings;
  // Without IPv6 in the kernel it is off already; to start it late only saves time.
  if (!topology().options.ipv6) settings.push_back({ipv6_off, "1", ops::SettingNeed::unless_missing});
  if (impl_->starts_ipv6_late(node)) settings.push_back({ipv6_off, "1", ops::SettingNeed::welcome});
  if (impl_->routes->forwards_ipv6(node)) settings.push_back({"net/ipv6/conf/all/forwarding", "1"});
  return settings;
}

std::vector<ops::KernelSetting> Plan::late_settings(NodeId node) const {
  if (!impl_->starts_ipv6_late(node)) return {};
  return {{ipv6_off, "0", ops::SettingNeed::welcome}};
}

Plan::Counts Plan::counts() const {
  Counts counts{.nodes = topology().nodes.size(), .links = topology().links.size()};
  counts.requests = counts.links;
  CountingSink sink{counts};
  for (const NodeId node : node_order()) {
    bridge_requests(node, sink);
    configuration_requests(node, sink);
  }
  return counts;
}

}  // namespace netherd::lab
