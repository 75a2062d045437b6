#include <fmt/core.h>
#include <linux/rtnetlink.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>

#include "commands.hpp"
#include "netherd/lab/automatic_device.hpp"
#include "netherd/ops/address.hpp"
#include "netherd/ops/link.hpp"
#include "netherd/ops/route.hpp"
#include "node_channel.hpp"
#include "nodes_of_lab.hpp"
#include "privileges.hpp"
#include "side_by_side.hpp"

namespace netherd::tools {

namespace {

namespace asio = boost::asio;

/// What the kernel has in a node.
struct NodeState {
  std::string name;
  std::vector<ops::Link> links;
  std::vector<ops::Address> addresses;
  bool gone = false;          ///< somebody has deleted the namespace
  bool inconsistent = false;  ///< they changed while they were listed
  std::uint64_t routes = 0;   ///< of the main table, both families: what `ip route` and `ip -6 route` list
};

/// What only the topology knows: which interface is at the other end ("n2:eth1"), and which nodes are switches.
class Wiring {
 public:
  explicit Wiring(const lab::Topology& topology) {
    for (const lab::Link& link : topology.links) {
      for (const std::size_t end : {0U, 1U}) {
        const lab::Endpoint& own = link.ends[end];
        const lab::Endpoint& other = link.ends[1 - end];
        peers_[key(topology.node(own.node).name, own.interface)] = key(topology.node(other.node).name, other.interface);
      }
    }
    for (const lab::Node& node : topology.nodes) bridges_[node.name] = node.kind == lab::NodeKind::bridge;
  }

  [[nodiscard]] std::string peer(const std::string& node, const std::string& interface) const {
    const auto found = peers_.find(key(node, interface));
    return found != peers_.end() ? found->second : std::string{};
  }
  [[nodiscard]] const char* kind(const std::string& node) const {
    const auto found = bridges_.find(node);
    return found != bridges_.end() && found->second ? "bridge" : "host";
  }

 private:
  static std::string key(const std::string& node, const std::string& interface) { return node + ':' + interface; }
  std::map<std::string, std::string> peers_;
  std::map<std::string, bool> bridges_;
};

asio::awaitable<NodeState> async_ask(asio::io_context& context, ops::NamespaceFactory& factory, std::string path) {
  NodeState state;
  auto channel = co_await async_open_channel_if_there(context, factory, std::move(path));
  state.gone = !channel;
  if (state.gone) co_return state;
  state.links = co_await async_list(*channel, ops::DumpLinks{}, ops::decode_link, &state.inconsistent);
  state.addresses = co_await async_list(*channel, ops::DumpAddresses{}, ops::decode_address, &state.inconsistent);
  const auto routes = co_await async_list(*channel, ops::DumpRoutes{}, ops::decode_route, &state.inconsistent);
  state.routes = static_cast<std::uint64_t>(
      std::ranges::count_if(routes, [](const ops::Route& route) { return route.table == RT_TABLE_MAIN; }));
  std::ranges::sort(state.links, {}, &ops::Link::index);
  co_return state;
}

asio::awaitable<void> async_ask_all(asio::io_context& context, const Session& session, const std::string& lab,
                                    std::vector<NodeState>& states) {
  ops::NamespaceFactory factory{context.get_executor(), {.threads = 1}};
  SideBySide tasks;
  co_await tasks.async_run(states.size(), nodes_at_once(), [&](std::size_t i) -> asio::awaitable<void> {
    std::string name = states[i].name;
    states[i] = co_await async_ask(context, factory, session.registry.namespace_path(lab, name));
    states[i].name = std::move(name);
  });
}

/// "up": packets can flow; "no carrier": the other end is down.
std::string state_text(const ops::Link& link) {
  if (!link.up()) return "down";
  return link.carrier() ? "up" : "no carrier";
}

std::vector<std::string> addresses_of(const NodeState& node, const ops::Link& link) {
  std::vector<std::string> texts;
  for (const ops::Address& address : node.addresses) {
    if (address.index == link.index) texts.push_back(address.address.to_string());
  }
  return texts;
}

nlohmann::ordered_json to_json(const NodeState& node, const ops::Link& link, const Wiring& wiring) {
  nlohmann::ordered_json entry{{"name", link.name},
                               {"index", engine::value_of(link.index)},
                               {"kind", link.kind.empty() ? "loopback" : link.kind},
                               {"state", state_text(link)},
                               {"mtu", link.mtu},
                               {"mac", nullptr},
                               {"addresses", addresses_of(node, link)},
                               {"peer", nullptr}};
  if (link.address && !link.kind.empty()) entry["mac"] = link.address->to_string();
  if (const std::string peer = wiring.peer(node.name, link.name); !peer.empty()) entry["peer"] = peer;
  return entry;
}

nlohmann::ordered_json to_json(const NodeState& node, const Wiring& wiring) {
  if (node.gone) return {{"name", node.name}, {"kind", wiring.kind(node.name)}, {"error", namespace_is_gone}};
  auto interfaces = nlohmann::ordered_json::array();
  for (const ops::Link& link : node.links) interfaces.push_back(to_json(node, link, wiring));
  return {{"name", node.name},
          {"kind", wiring.kind(node.name)},
          {"interfaces", std::move(interfaces)},
          {"routes", node.routes}};
}

/// One line per interface. `lo`, and what tunnel modules put into every namespace, are left out where they are as every
/// node has them.
void print(const NodeState& node, const Wiring& wiring, Console& console) {
  if (node.gone) return console.error(fmt::format("{}: {}", node.name, namespace_is_gone));
  console.print(fmt::format("{} ({}, {})", node.name, wiring.kind(node.name), counted(node.routes, "route")));
  for (const ops::Link& link : node.links) {
    const bool plain_loopback = link.index == engine::InterfaceIndex::loopback && link.up();
    if (plain_loopback || (lab::is_automatic_device(link) && !link.up())) continue;
    std::string line = fmt::format("  {:<15} {:<10}", link.name, state_text(link));
    if (const std::string peer = wiring.peer(node.name, link.name); !peer.empty()) line += " -> " + peer;
    for (const std::string& address : addresses_of(node, link)) line += "  " + address;
    console.print(line);
  }
}

int show_states(const ShowOptions& options, Session& session, std::vector<NodeState> states) {
  asio::io_context context{1};
  asio::co_spawn(context, async_ask_all(context, session, options.lab, states), [](const std::exception_ptr& error) {
    if (error) std::rethrow_exception(error);
  });
  context.run();
  const auto topology = session.registry.read_topology_file(options.lab);
  const Wiring wiring{topology ? *topology : lab::Topology{}};
  auto nodes = nlohmann::ordered_json::array();
  for (const NodeState& node : states) {
    if (session.console.json) nodes.push_back(to_json(node, wiring));
    if (!session.console.json) print(node, wiring, session.console);
    if (node.inconsistent) {
      session.console.warning(node.name + ": changed each time that it was listed, and may be shown inconsistently");
    }
  }
  session.console.print_document(nlohmann::ordered_json{{"lab", options.lab}, {"nodes", std::move(nodes)}});
  return std::ranges::any_of(states, &NodeState::gone) ? ExitStatus::failed : ExitStatus::done;
}

}  // namespace

int show(const ShowOptions& options, Session& session) {
  int status = ExitStatus::done;
  const auto names = options.node.empty() ? all_nodes(options.lab, session, status)
                                          : find_nodes(options.lab, {options.node}, session, status);
  if (!names) return status;
  if (options.names_only) {
    for (const std::string& name : *names) session.console.print(name);
    session.console.print_document(nlohmann::ordered_json{{"lab", options.lab}, {"nodes", *names}});
    return ExitStatus::done;
  }
  if (!check_privileges(session.console, "show")) return ExitStatus::failed;
  std::vector<NodeState> states(names->size());
  for (std::size_t i = 0; i < states.size(); ++i) states[i].name = (*names)[i];
  return show_states(options, session, std::move(states));
}

}  // namespace netherd::tools
