#include "netherd/lab/plan.hpp"

#include <fmt/core.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "commands.hpp"

namespace netherd::tools {

namespace {

/// The commands of a plan, one entry each.
nlohmann::ordered_json list_commands(const lab::Plan& plan) {
  std::stringstream text;
  lab::print_plan(plan, text);
  auto commands = nlohmann::ordered_json::array();
  for (std::string line; std::getline(text, line);) commands.push_back(line);
  return commands;
}

}  // namespace

int plan(const TopologyInput& input, Session& session) {
  Console& console = session.console;
  auto topology = load_topology(input, console);
  if (!topology || !assign_addresses(*topology, console)) return ExitStatus::invalid;
  const lab::Plan plan{*topology};
  if (!console.json) {
    lab::print_plan(plan, console.stream());
    return ExitStatus::done;
  }
  const lab::Plan::Counts counts = plan.counts();
  console.print_document(nlohmann::ordered_json{{"lab", topology->name},
                                                {"nodes", counts.nodes},
                                                {"links", counts.links},
                                                {"addresses", counts.addresses},
                                                {"routes", counts.routes},
                                                {"requests", counts.requests},
                                                {"commands", list_commands(plan)}});
  return ExitStatus::done;
}

}  // namespace netherd::tools
