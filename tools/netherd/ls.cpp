#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "commands.hpp"
#include "natural_order.hpp"

namespace netherd::tools {

namespace {

std::string phase_text(const lab::LabSummary& lab) {
  if (lab.state == lab::LabState::foreign) return "not a lab";
  if (lab.state == lab::LabState::elsewhere) return "in another mount namespace";
  if (lab.state == lab::LabState::unmounted) return "debris";
  if (!lab.phase) return "unknown";
  const std::string phase{lab::to_string(*lab.phase)};
  // Nobody works on it: the process that did has died.
  const bool interrupted = *lab.phase != lab::LabPhase::up && !lab.locked;
  return interrupted ? phase + ", interrupted" : phase;
}

nlohmann::ordered_json to_json(const lab::LabSummary& lab) {
  constexpr std::array states{"mounted", "unmounted", "elsewhere", "foreign"};
  nlohmann::ordered_json phase;
  if (lab.phase) phase = lab::to_string(*lab.phase);
  nlohmann::ordered_json entry{
      {"name", lab.name}, {"phase", std::move(phase)}, {"locked", lab.locked}, {"nodes", lab.nodes}};
  if (lab.state != lab::LabState::mounted) entry["state"] = states.at(static_cast<std::size_t>(lab.state));
  return entry;
}

void print_table(const std::vector<lab::LabSummary>& labs, Console& console) {
  std::size_t name_width = 3;
  std::size_t phase_width = 5;
  for (const lab::LabSummary& lab : labs) {
    name_width = std::max(name_width, lab.name.size());
    phase_width = std::max(phase_width, phase_text(lab).size());
  }
  console.print(fmt::format("{:<{}}  {:<{}}  {:>7}", "LAB", name_width, "PHASE", phase_width, "NODES"));
  for (const lab::LabSummary& lab : labs) {
    console.print(
        fmt::format("{:<{}}  {:<{}}  {:>7}", lab.name, name_width, phase_text(lab), phase_width, grouped(lab.nodes)));
  }
}

}  // namespace

int ls(const LsOptions& options, Session& session) {
  auto labs = session.registry.list();
  if (!labs) {
    session.console.error(to_string(labs.error()));
    return ExitStatus::failed;
  }
  std::ranges::sort(*labs, counts_before, &lab::LabSummary::name);
  auto list = nlohmann::ordered_json::array();
  for (const lab::LabSummary& lab : *labs) list.push_back(to_json(lab));
  session.console.print_document(nlohmann::ordered_json{{"labs", std::move(list)}});
  if (options.names_only) {
    for (const lab::LabSummary& lab : *labs) {
      if (lab.state != lab::LabState::foreign) session.console.print(lab.name);
    }
  } else if (labs->empty()) {
    session.console.print("no labs");
  } else {
    print_table(*labs, session.console);
  }
  return ExitStatus::done;
}

}  // namespace netherd::tools
