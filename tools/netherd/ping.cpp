#include "netherd/lab/ping.hpp"

#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <memory>
#include <nlohmann/json.hpp>

#include "lab_error.hpp"
#include "nodes_of_lab.hpp"
#include "privileges.hpp"
#include "session.hpp"

namespace netherd::tools {

namespace {

namespace asio = boost::asio;

struct Options {
  std::string lab;
  std::uint32_t count = 1;
  double timeout_seconds = 1;
};

std::string name_of(const lab::Topology& topology, const lab::Endpoint& end) {
  return topology.node(end.node).name + ':' + end.interface;
}

double milliseconds(std::chrono::nanoseconds time) { return std::chrono::duration<double, std::milli>{time}.count(); }

/// "n1:eth1 -> n2:eth1: no answer"
std::string describe(const lab::Topology& topology, const lab::PingResult& result) {
  const lab::Link& link = topology.link(result.from.link);
  std::string reason = result.error;
  if (reason.empty()) {
    reason = result.sent == 1 ? "no answer" : fmt::format("{} of {} answered", result.answered, result.sent);
  }
  return fmt::format("{} -> {}: {} ({})", name_of(topology, link.ends[result.from.end]),
                     name_of(topology, link.ends[1 - result.from.end]), reason, lab::to_string(result.method));
}

nlohmann::ordered_json to_json(const lab::Topology& topology, const lab::PingResult& result) {
  const lab::Link& link = topology.link(result.from.link);
  nlohmann::ordered_json entry{{"from", name_of(topology, link.ends[result.from.end])},
                               {"to", name_of(topology, link.ends[1 - result.from.end])},
                               {"method", lab::to_string(result.method)},
                               {"sent", result.sent},
                               {"answered", result.answered},
                               {"fastest_ms", nullptr},
                               {"error", nullptr}};
  if (result.answered > 0) entry["fastest_ms"] = milliseconds(result.fastest);
  if (!result.error.empty()) entry["error"] = result.error;
  return entry;
}

int report(const lab::Topology& topology, const std::vector<lab::PingResult>& results, Session& session) {
  Console& console = session.console;
  auto directions = nlohmann::ordered_json::array();
  std::uint64_t failures = 0;
  for (const lab::PingResult& result : results) {
    if (console.json) directions.push_back(to_json(topology, result));
    if (result.ok()) continue;
    ++failures;
    console.print(describe(topology, result));
  }
  const auto frames =
      static_cast<std::uint64_t>(std::ranges::count(results, lab::PingMethod::frame, &lab::PingResult::method)) / 2;
  console.print(fmt::format("{}: {} by ICMP, {} by Ethernet frames; {} of {} directions answer", topology.name,
                            counted(topology.links.size() - frames, "link"), grouped(frames),
                            grouped(results.size() - failures), grouped(results.size())));
  console.print_document(nlohmann::ordered_json{{"lab", topology.name},
                                                {"links", topology.links.size()},
                                                {"directions", results.size()},
                                                {"failed", failures},
                                                {"seconds", session.since_start.seconds()},
                                                {"results", std::move(directions)}});
  return failures == 0 ? ExitStatus::done : ExitStatus::failed;
}

int ping(const Options& options, Session& session) {
  if (!all_nodes(options.lab, session)) return ExitStatus::invalid;
  if (!check_privileges(session.console, "ping")) return ExitStatus::failed;
  const auto topology = session.registry.read_topology_file(options.lab);
  if (!topology) {
    session.console.error(to_string(topology.error()));
    return ExitStatus::failed;
  }
  raise_descriptor_limit();
  lab::PingOptions ping_options;
  ping_options.count = options.count;
  ping_options.timeout = std::chrono::milliseconds{static_cast<std::int64_t>(options.timeout_seconds * 1'000)};
  const auto path_of = [&](const lab::Node& node) { return session.registry.namespace_path(options.lab, node.name); };
  std::vector<lab::PingResult> results;
  asio::io_context context{1};
  asio::co_spawn(context, lab::async_ping(context, *topology, path_of, ping_options),
                 [&](const std::exception_ptr& error, std::vector<lab::PingResult> collected) {
                   if (error) std::rethrow_exception(error);
                   results = std::move(collected);
                 });
  context.run();
  return report(*topology, results, session);
}

}  // namespace

void add_ping(CLI::App& app, Session& session) {
  CLI::App& command = *app.add_subcommand("ping", "Send a packet over every link of a lab, in both directions");
  auto options = std::make_shared<Options>();
  command.add_option("LAB", options->lab, "Name of the lab")->required();
  command.add_option("--count", options->count, "Packets over each link in each direction")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  command.add_option("--timeout", options->timeout_seconds, "Seconds to wait for each answer")
      ->check(CLI::Range(0.001, 3'600.0))
      ->capture_default_str();
  add_output_options(command, session, Reports::yes);
  command.footer(
      "Links with addresses at both ends are probed by ICMP, others by Ethernet frames. Lists the directions that do\n"
      "not answer; the exit status is then 1.\n"
      "Example:\n  netherd ping ring\n  netherd ping ring --count 5 --timeout 0.2 --json");
  command.callback([&session, options] { session.run = [&session, options] { return ping(*options, session); }; });
}

}  // namespace netherd::tools
