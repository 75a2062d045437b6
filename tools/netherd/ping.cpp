#include "netherd/lab/ping.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <memory>
#include <nlohmann/json.hpp>

#include "commands.hpp"
#include "nodes_of_lab.hpp"
#include "privileges.hpp"

namespace netherd::tools {

namespace {

namespace asio = boost::asio;

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

}  // namespace

int ping(const PingOptions& options, Session& session) {
  int status = ExitStatus::done;
  if (!is_up(options.lab, session, status)) return status;
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

}  // namespace netherd::tools
