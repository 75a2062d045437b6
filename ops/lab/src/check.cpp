#include "netherd/lab/check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <tuple>
#include <utility>

#include "link_ends.hpp"
#include "netherd/lab/automatic_device.hpp"

namespace netherd::lab {

namespace {

using engine::InterfaceIndex;
using ops::IpPrefix;

bool is_link_local(const IpPrefix& address) { return !address.is_v4() && address.address.to_v6().is_link_local(); }

/// By which a route is told from others.
struct RouteKey {
  IpPrefix destination;
  ops::IpAddress gateway;
  InterfaceIndex index = InterfaceIndex::none;
  [[nodiscard]] auto rank() const {
    return std::tuple{destination.address, destination.length, gateway, engine::value_of(index)};
  }
  friend bool operator<(const RouteKey& left, const RouteKey& right) { return left.rank() < right.rank(); }
};

std::vector<RouteKey> keys_of(const std::vector<ops::Route>& routes) {
  std::vector<RouteKey> keys;
  for (const ops::Route& route : routes) {
    if (route.table == ops::main_table && route.gateway)
      keys.push_back({route.destination, *route.gateway, route.index});
  }
  std::ranges::sort(keys, std::less<>{});
  return keys;
}

}  // namespace

/// Takes the requests of a node's plan as what has to be there.
class NodeCheck::Impl final : public RequestSink {
 public:
  explicit Impl(const Plan& plan) : plan_{plan}, ends_{plan.topology()} {}

  std::vector<Difference> compare(NodeId node, const NodeState& state) {
    node_ = node;
    state_ = &state;
    expected_addresses_.clear();
    forwarding_.clear();
    routes_ = keys_of(state.routes);
    index_links();
    for (const LinkEnd at : ends_.of(node)) compare_link(at);
    plan_.configuration_requests(node, *this);
    if (!described().adopted) {
      if (described().exec.empty()) compare_settings();
      look_for_others();
    }
    return std::exchange(differences_, {});
  }

  void request(const ops::AddBridge&, SourceLine) override {}
  void request(const ops::SetLink& request, SourceLine) override {  // for the rest see compare_link()
    if (request.ipv4_forwarding.value_or(false)) forwarding_.push_back(request.index);
  }
  void request(const ops::GetLink&, SourceLine) override {}
  void request(const ops::AddAddress& request, SourceLine line) override {
    expected_addresses_.emplace_back(request.index, request.address);
    const bool is_there = std::ranges::any_of(state_->addresses, [&](const ops::Address& address) {
      return address.index == request.index && address.address == request.address;
    });
    if (!is_there) report(line, request.name, fmt::format("address {} is missing", request.address.to_string()));
  }
  void request(const ops::AddRoute& request, SourceLine line) override {
    const RouteKey key{request.destination, request.gateway, request.index};
    if (std::ranges::binary_search(routes_, key, std::less<>{})) return;
    report(line, request.name,
           fmt::format("route to {} via {} is missing", request.destination.to_string(), request.gateway.to_string()));
  }

 private:
  const Node& described() const { return plan_.topology().node(node_); }
  bool is_bridge() const { return described().kind == NodeKind::bridge; }

  void report(SourceLine line, std::string_view interface, std::string text) {
    differences_.push_back(
        {line, fmt::format("{}{}{}: {}", described().name, interface.empty() ? "" : ":", interface, std::move(text))});
  }

  void index_links() {
    links_.clear();
    for (const ops::Link& link : state_->links) links_.push_back(&link);
    std::ranges::sort(links_, {}, &ops::Link::index);
  }
  const ops::Link* find_link(InterfaceIndex index) const {
    const auto found = std::ranges::lower_bound(links_, index, {}, &ops::Link::index);
    return found == links_.end() || (*found)->index != index ? nullptr : *found;
  }

  void compare_link(LinkEnd at) {
    const Endpoint& end = plan_.topology().endpoint(at);
    const auto differs = [&](std::string text) { report(end.line, end.interface, std::move(text)); };
    const ops::Link* link = find_link(plan_.interface_index(at.link, at.end));
    if (!link || link->kind != "veth") return differs("the link is missing");
    if (link->name != end.interface) differs(fmt::format("is called {}", link->name));
    if (link->peer != plan_.interface_index(at.link, static_cast<std::uint8_t>(1 - at.end))) {
      differs("the other end is another link");
    }
    const std::uint32_t mtu = plan_.topology().link(at.link).mtu;
    if (link->mtu != (mtu != 0 ? mtu : default_mtu)) differs(fmt::format("mtu is {}", link->mtu));
    if (end.mac && link->address != end.mac) {
      differs(fmt::format("Ethernet address is {}", link->address ? link->address->to_string() : "none"));
    }
    if (is_bridge() && (!find_bridge() || link->bridge != find_bridge()->index)) differs("is not in the bridge");
    if (!link->up()) {
      differs("is down");
    } else if (!link->carrier()) {
      differs("has no carrier");
    }
  }

  void compare_settings() {
    const Node& node = described();
    std::ranges::sort(forwarding_);
    for (const ops::Netconf& settings : state_->settings) compare_settings_of_all(settings);
    for (const LinkEnd at : ends_.of(node_)) {
      const ops::Link* link = find_link(plan_.interface_index(at.link, at.end));
      if (!link) continue;
      const bool forwards = std::ranges::binary_search(forwarding_, link->index);
      if (link->ipv4_forwarding && *link->ipv4_forwarding != forwards) {
        report(node.line, link->name, forwards ? "does not forward IPv4" : "forwards IPv4, and no route needs it");
      }
      for (const auto& [name, member] : settings_that_are_zero) {
        const std::uint32_t value = (link->ipv4.*member).value_or(0);
        if (value != 0) report(node.line, link->name, fmt::format("{} is {} instead of 0", name, value));
      }
    }
  }

  /// IPv4 forwarding of a node is set at its links; writing that of `all` would only copy it there.
  void compare_settings_of_all(const ops::Netconf& settings) {
    const SourceLine line = described().line;
    const bool has_forwarding = settings.forwarding.value_or(0) != 0;
    if (settings.ipv4 && has_forwarding) report(line, "", "net.ipv4.conf.all.forwarding is 1 instead of 0");
    const bool forwards_ipv6 = forwards_ipv6_by_plan();
    if (!settings.ipv4 && settings.forwarding && has_forwarding != forwards_ipv6) {
      report(line, "", forwards_ipv6 ? "does not forward IPv6" : "forwards IPv6, and no route needs it");
    }
    if (const std::uint32_t filter = settings.rp_filter.value_or(0); filter != 0) {
      report(line, "", fmt::format("net.ipv4.conf.all.rp_filter is {} instead of 0", filter));
    }
  }

  bool forwards_ipv6_by_plan() const {
    return std::ranges::any_of(plan_.settings(node_), [](const ops::KernelSetting& setting) {
      return setting.key == "net/ipv6/conf/all/forwarding" && setting.value != "0";
    });
  }

  const ops::Link* find_bridge() const {
    const auto found = std::ranges::find_if(state_->links, [](const ops::Link& link) {
      return link.kind == "bridge" && link.name == bridge_interface_name;
    });
    return found == state_->links.end() ? nullptr : &*found;
  }

  void look_for_others() {
    const ops::Link* bridge = is_bridge() ? find_bridge() : nullptr;
    if (is_bridge() && !bridge) report(described().line, bridge_interface_name, "the bridge is missing");
    if (bridge && !bridge->up()) report(described().line, bridge_interface_name, "is down");
    const ops::Link* loopback = find_link(InterfaceIndex::loopback);
    if (loopback && !loopback->up()) report(described().line, "lo", "is down");
    if (!described().exec.empty()) return;  // what the file's own commands have added is wanted
    std::vector<InterfaceIndex> own;
    for (const LinkEnd at : ends_.of(node_)) own.push_back(plan_.interface_index(at.link, at.end));
    std::ranges::sort(own);
    for (const ops::Link* link : links_) {
      const bool expected = link == bridge || link == loopback || is_automatic_device(*link) ||
                            std::ranges::binary_search(own, link->index);
      if (!expected) report(described().line, link->name, "is no link of the topology");
    }
    std::ranges::sort(expected_addresses_);
    for (const ops::Address& address : state_->addresses) look_at_address(address);
  }

  void look_at_address(const ops::Address& address) {
    if (address.index == InterfaceIndex::loopback) return;
    if (is_link_local(address.address) && plan_.topology().options.ipv6) return;
    if (std::ranges::binary_search(expected_addresses_, std::pair{address.index, address.address})) return;
    const ops::Link* link = find_link(address.index);
    report(described().line, link ? std::string_view{link->name} : "?",
           fmt::format("address {} is not of the topology", address.address.to_string()));
  }

  static constexpr std::uint32_t default_mtu = 1500;
  /// Settings that decide what becomes of a packet.
  struct Setting {
    std::string_view name;
    std::optional<std::uint32_t> ops::Ipv4Settings::* member;
  };
  static constexpr std::array settings_that_are_zero{
      Setting{"rp_filter", &ops::Ipv4Settings::rp_filter},
      Setting{"accept_local", &ops::Ipv4Settings::accept_local},
      Setting{"arp_announce", &ops::Ipv4Settings::arp_announce},
      Setting{"arp_filter", &ops::Ipv4Settings::arp_filter},
      Setting{"arp_ignore", &ops::Ipv4Settings::arp_ignore},
      Setting{"ignore_routes_with_linkdown", &ops::Ipv4Settings::ignore_routes_with_linkdown},
      Setting{"proxy_arp", &ops::Ipv4Settings::proxy_arp},
      Setting{"proxy_arp_pvlan", &ops::Ipv4Settings::proxy_arp_pvlan},
      Setting{"route_localnet", &ops::Ipv4Settings::route_localnet},
      Setting{"src_valid_mark", &ops::Ipv4Settings::src_valid_mark},
  };

  const Plan& plan_;
  LinkEnds ends_;
  NodeId node_{};
  const NodeState* state_ = nullptr;
  std::vector<const ops::Link*> links_;  ///< by index
  std::vector<RouteKey> routes_;         ///< those that are there, sorted
  std::vector<std::pair<InterfaceIndex, IpPrefix>> expected_addresses_;
  std::vector<InterfaceIndex> forwarding_;  ///< links that are to forward IPv4
  std::vector<Difference> differences_;
};

NodeCheck::NodeCheck(const Plan& plan) : impl_{std::make_unique<Impl>(plan)} {}
NodeCheck::~NodeCheck() = default;

std::vector<Difference> NodeCheck::compare(NodeId node, const NodeState& state) { return impl_->compare(node, state); }

}  // namespace netherd::lab
