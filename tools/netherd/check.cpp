#include "netherd/lab/check.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <memory>
#include <nlohmann/json.hpp>

#include "commands.hpp"
#include "lab_error.hpp"
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
      : topology_{topology}, session_{session}, plan_{topology}, check_{plan_}, found_(topology.nodes.size()) {}

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
  asio::awaitable<void> async_ask_all() {
    ops::NamespaceFactory factory{context_.get_executor(), {.threads = 1}};
    SideBySide tasks;
    co_await tasks.async_run(found_.size(), nodes_at_once(),
                             [&](std::size_t i) -> asio::awaitable<void> { co_await async_ask(factory, i); });
  }

  asio::awaitable<void> async_ask(ops::NamespaceFactory& factory, std::size_t i) {
    const lab::Node& node = topology_.nodes[i];
    const std::string path = session_.registry.namespace_path(topology_.name, node.name);
    struct stat status{};
    if (::stat(path.c_str(), &status) != 0) {
      found_[i].push_back({node.line, node.name + ": the namespace is missing"});
      co_return;
    }
    engine::Channel channel = co_await async_open_channel(context_, factory, path);
    lab::NodeState state;
    state.links = co_await async_list(channel, ops::DumpLinks{}, ops::decode_link);
    state.addresses = co_await async_list(channel, ops::DumpAddresses{}, ops::decode_address);
    if (topology_.options.routing != lab::Routing::none) {
      state.routes = co_await async_list(channel, ops::DumpRoutes{}, ops::decode_route);
    }
    found_[i] = check_.compare(lab::NodeId{static_cast<std::uint32_t>(i)}, state);
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

/// What is half made differs from its topology without anything being wrong.
bool is_being_changed(const std::string& lab, const Session& session) {
  const auto labs = session.registry.list();
  return labs && std::ranges::any_of(
                     *labs, [&](const lab::LabSummary& summary) { return summary.name == lab && summary.locked; });
}

int check_lab(const std::string& lab, Session& session) {
  Console& console = session.console;
  if (!check_privileges(console, "check")) return ExitStatus::failed;
  if (is_being_changed(lab, session)) {
    console.error(fmt::format("another netherd is working on lab '{}'", lab));
    return ExitStatus::failed;
  }
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
  const bool runs = is_running(input.file, session);
  return !runs && is_file(input.file) ? check_file(input, session)
         : runs                       ? check_lab(input.file, session)
                                      : (report_unknown_lab(input.file, session), ExitStatus::invalid);
}

}  // namespace netherd::tools
