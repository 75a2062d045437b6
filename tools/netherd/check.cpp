#include "netherd/lab/check.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include "commands.hpp"
#include "netherd/lab/host_indexes.hpp"
#include "netherd/lab/plan.hpp"
#include "node_channel.hpp"
#include "nodes_of_lab.hpp"
#include "preflight.hpp"
#include "privileges.hpp"
#include "side_by_side.hpp"

namespace netherd::tools {

namespace {

namespace asio = boost::asio;

/// Asks every node of a running lab and compares what it has with the plan.
class LabCheck {
 public:
  LabCheck(const lab::Topology& topology, const Session& session)
      : topology_{topology},
        session_{session},
        plan_{topology, lab::first_host_index(session.registry.paths().labs + '/' + topology.name)},
        check_{plan_},
        found_(topology.nodes.size()) {}

  /// The differences, in the order of the nodes.
  std::vector<lab::Difference> run() {
    asio::co_spawn(context_, async_ask_all(), [](const std::exception_ptr& error) {
      if (error) std::rethrow_exception(error);
    });
    context_.run();
    std::vector<lab::Difference> all;
    for (auto& of_node : found_) std::ranges::move(of_node, std::back_inserter(all));
    return all;
  }

 private:
  /// `ip netns delete` removes the symbolic link as well; without it `ip -n LAB-NODE` does not find the namespace.
  void check_name(const lab::Node& node, const std::string& path, std::vector<lab::Difference>& found) const {
    const std::string link =
        fmt::format("{}/{}", session_.registry.paths().netns, lab::netns_link_name(topology_.name, node.name));
    std::error_code error;
    if (std::filesystem::read_symlink(link, error) == path) return;
    found.push_back({node.line, fmt::format("{}: the name {} does not lead to the namespace", node.name, link)});
  }

  asio::awaitable<void> async_ask_all() {
    ops::NamespaceFactory factory{context_.get_executor(), {.threads = 1}};
    SideBySide tasks;
    co_await tasks.async_run(found_.size(), nodes_at_once(),
                             [&](std::size_t i) -> asio::awaitable<void> { co_await async_ask(factory, i); });
  }

  asio::awaitable<void> async_ask(ops::NamespaceFactory& factory, std::size_t i) {
    const lab::Node& node = topology_.nodes[i];
    const std::string path = session_.registry.namespace_path(topology_.name, node.name);
    auto channel = co_await async_open_channel_if_there(context_, factory, path);
    if (!channel) {
      found_[i].push_back({node.line, fmt::format("{}: {}", node.name, namespace_is_gone)});
      co_return;
    }
    lab::NodeState state;
    bool inconsistent = false;
    state.links = co_await async_list(*channel, ops::DumpLinks{}, ops::decode_link, &inconsistent);
    state.addresses = co_await async_list(*channel, ops::DumpAddresses{}, ops::decode_address, &inconsistent);
    if (topology_.options.routing != lab::Routing::none) {
      state.routes = co_await async_list(*channel, ops::DumpRoutes{}, ops::decode_route, &inconsistent);
    }
    for (const bool ipv4 : {true, false}) co_await async_add_settings(*channel, ipv4, state);
    found_[i] = check_.compare(lab::NodeId{static_cast<std::uint32_t>(i)}, state);
    check_name(node, path, found_[i]);
    if (inconsistent && !found_[i].empty()) {
      found_[i].push_back(
          {node.line, node.name + ": changed each time that it was listed, so the above may be untrue"});
    }
  }

  /// A kernel without IPv6 has none of its settings.
  static asio::awaitable<void> async_add_settings(engine::Channel& channel, bool ipv4, lab::NodeState& state) {
    const ops::GetNetconf request{.ipv4 = ipv4};
    const auto add = [&state](const engine::MessageView& message) {
      if (const auto settings = ops::decode_netconf(message)) state.settings.push_back(*settings);
    };
    co_await channel.async_execute(request, engine::Channel::Deadline{}, add, asio::use_awaitable);
  }

  const lab::Topology& topology_;
  const Session& session_;
  lab::Plan plan_;
  lab::NodeCheck check_;
  std::vector<std::vector<lab::Difference>> found_;
  asio::io_context context_{1};
};

nlohmann::ordered_json to_json(const std::string& lab, const std::vector<lab::Difference>& differences) {
  auto list = nlohmann::ordered_json::array();
  for (const lab::Difference& difference : differences) list.push_back(difference.text);
  return {{"lab", lab}, {"differences", std::move(list)}};
}

int check_lab(const std::string& lab, Session& session) {
  Console& console = session.console;
  int status = ExitStatus::done;
  if (!is_up(lab, session, status)) return status;
  if (!check_privileges(console, "check")) return ExitStatus::failed;
  const auto topology = session.registry.read_topology_file(lab);
  if (!topology) {
    console.error(to_string(topology.error()));
    return ExitStatus::failed;
  }
  raise_descriptor_limit();
  const std::vector<lab::Difference> differences = LabCheck{*topology, session}.run();
  for (const lab::Difference& difference : differences) console.print(difference.text);
  if (differences.empty()) {
    console.print(fmt::format("{} is as its topology says: {}, {}", lab, counted(topology->nodes.size(), "node"),
                              counted(topology->links.size(), "link")));
  }
  console.print_document(to_json(lab, differences));
  return differences.empty() ? ExitStatus::done : ExitStatus::failed;
}

/// All that is wrong with a file, found as `up` would find it; nothing is asked of this machine.
int check_file(const TopologyInput& input, Session& session) {
  auto topology = load_topology(input, session.console);
  if (!topology || !assign_addresses(*topology, session.console)) return ExitStatus::invalid;
  const std::string summary =
      fmt::format("{}, {}", counted(topology->nodes.size(), "node"), counted(topology->links.size(), "link"));
  session.console.print(fmt::format("{}: no errors: {}", input.file, summary));
  session.console.print_document(nlohmann::ordered_json{{"lab", topology->name},
                                                        {"nodes", topology->nodes.size()},
                                                        {"links", topology->links.size()},
                                                        {"errors", nlohmann::ordered_json::array()}});
  return ExitStatus::done;
}

}  // namespace

/// A running lab of that name comes first, as with `down`.
int check(const TopologyInput& input, Session& session) {
  const bool is_lab = session.registry.exists(input.file);
  const bool means_file = is_file(input.file) || looks_like_file(input.file);
  return !is_lab && means_file ? check_file(input, session) : check_lab(input.file, session);
}

}  // namespace netherd::tools
