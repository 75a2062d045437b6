#include <fmt/core.h>

#include <algorithm>
#include <cstring>
#include <iterator>
#include <nlohmann/json.hpp>

#include "commands.hpp"
#include "interruption.hpp"
#include "lab_processes.hpp"
#include "nodes_of_lab.hpp"
#include "privileges.hpp"

namespace netherd::tools {

namespace {

namespace errc = boost::system::errc;

struct Collected {
  nlohmann::ordered_json labs = nlohmann::ordered_json::array();
  std::vector<RemovalWitness> witnesses;
  std::uint64_t symlinks = 0;
  int status = ExitStatus::done;
};

void report_failure(const std::string& name, const lab::LabError& error, Session& session, Collected& collected) {
  session.console.error(fmt::format("{}: {}", name, to_string(error)));
  collected.status = ExitStatus::failed;
}

/// Removes a lab that no process works on and that is not up.
void collect(const std::string& name, Session& session, Collected& collected) {
  auto opened = session.registry.open(name);
  if (!opened) {
    const lab::LabError error = opened.error();
    const bool under_way =
        error.code == errc::no_such_file_or_directory || error.code == errc::resource_unavailable_try_again;
    if (!under_way) report_failure(name, error, session, collected);
    return;
  }
  const auto phase = opened->phase();
  if (!phase) return report_failure(name, phase.error(), session, collected);
  if (*phase == lab::LabPhase::up) return;  // it came up a moment ago
  RemovalWitness witness{*opened, session};
  witness.look();
  const auto nodes = session.registry.remove(std::move(*opened));
  if (!nodes) return report_failure(name, nodes.error(), session, collected);
  collected.witnesses.push_back(std::move(witness));
  session.console.print(fmt::format("lab {}: removed, with {}", name, counted(*nodes, "node")));
  collected.labs.push_back({{"lab", name}, {"nodes", *nodes}});
}

/// Looks at one of the labs. What may be up in another mount namespace is left alone: only its user can tell.
void examine(const lab::LabSummary& lab, Session& session, Collected& collected) {
  switch (lab.state) {
    case lab::LabState::mounted:
      if (!lab.phase) {
        session.console.warning(fmt::format("lab {}: its phase is unknown, left alone", lab.name));
      } else if (*lab.phase != lab::LabPhase::up && !lab.locked) {
        collect(lab.name, session, collected);
      }
      break;
    case lab::LabState::unmounted:
      collect(lab.name, session, collected);
      break;
    case lab::LabState::elsewhere:
      session.console.warning(fmt::format(
          "lab {}: may be up in another mount namespace, left alone; `netherd down {}` says more", lab.name, lab.name));
      break;
    case lab::LabState::foreign:
      warn_of_foreign(lab, session);
      break;
  }
}

/// Processes whose labs are gone: those of the labs that were removed here, and those that earlier removals have left.
std::vector<lab::LabProcess> find_processes(const Collected& collected, Session& session) {
  std::vector<lab::LabProcess> processes;
  for (const RemovalWitness& witness : collected.witnesses) {
    std::ranges::move(witness.remaining(), std::back_inserter(processes));
  }
  const auto strays = lab::find_stray_processes(session.registry);
  if (!strays) session.console.warning(fmt::format("look for processes of labs: {}", strays.error().message()));
  for (const lab::LabProcess& stray : strays ? *strays : std::vector<lab::LabProcess>{}) {
    const bool known = std::ranges::any_of(
        processes, [&](const lab::LabProcess& other) { return other.holder.process == stray.holder.process; });
    if (!known) processes.push_back(stray);
  }
  return processes;
}

}  // namespace

int gc(Session& session) {
  Console& console = session.console;
  if (!check_privileges(console, "gc")) return ExitStatus::failed;
  report_waiting(session);
  const auto labs = session.registry.list();
  if (!labs) {
    console.error(to_string(labs.error()));
    return ExitStatus::failed;
  }
  Collected collected;
  interruption::arm("netherd: interrupted, and a removal has not ended in time: `netherd gc` removes what is left\n");
  for (const lab::LabSummary& lab : *labs) {
    if (interruption::signal() != 0) break;
    examine(lab, session, collected);
  }
  if (const auto symlinks = session.registry.remove_stray_symlinks()) {
    collected.symlinks = *symlinks;
  } else {
    console.error(to_string(symlinks.error()));
    collected.status = ExitStatus::failed;
  }
  if (collected.symlinks > 0) {
    console.print(fmt::format("{} removed that led nowhere",
                              counted(collected.symlinks, "name of a namespace", "names of namespaces")));
  }
  const std::vector<lab::LabProcess> processes = find_processes(collected, session);
  warn_of_holders(processes, console);
  const bool nothing_found = collected.labs.empty() && collected.symlinks == 0 && processes.empty();
  if (nothing_found && collected.status == ExitStatus::done) console.print("nothing is left over");
  console.print_document(nlohmann::ordered_json{
      {"labs", collected.labs}, {"symlinks", collected.symlinks}, {"processes", to_json(processes)}});
  if (const int signal = interruption::signal(); signal != 0) {
    console.error(fmt::format("interrupted ({}); `netherd gc` removes what is left", ::strsignal(signal)));
    return ExitStatus::failed;
  }
  return collected.status;
}

}  // namespace netherd::tools
