#include <fmt/core.h>

#include <nlohmann/json.hpp>

#include "commands.hpp"
#include "lab_error.hpp"
#include "privileges.hpp"

namespace netherd::tools {

namespace {

namespace errc = boost::system::errc;

struct Collected {
  nlohmann::ordered_json labs = nlohmann::ordered_json::array();
  std::uint64_t symlinks = 0;
  int status = ExitStatus::done;
};

/// What no process works on and what is not up.
bool is_debris(std::optional<lab::LabPhase> phase) { return phase != lab::LabPhase::up; }

void collect(const std::string& name, Session& session, Collected& collected) {
  auto opened = session.registry.open(name);
  if (!opened) return;                      // somebody works on it by now
  if (!is_debris(opened->phase())) return;  // it came up a moment ago
  const auto nodes = session.registry.remove(std::move(*opened));
  if (nodes) {
    session.console.print(fmt::format("lab {}: removed, with {}", name, counted(*nodes, "node")));
    collected.labs.push_back({{"lab", name}, {"nodes", *nodes}});
  } else if (nodes.error().code == errc::directory_not_empty || nodes.error().code == errc::not_a_directory) {
    session.console.warning(fmt::format("{}/{}: is not netherd's, left alone", session.registry.paths().labs, name));
  } else {
    session.console.error(fmt::format("{}: {}", name, to_string(nodes.error())));
    collected.status = ExitStatus::failed;
  }
}

}  // namespace

int gc(Session& session) {
  Console& console = session.console;
  if (!check_privileges(console, "gc")) return ExitStatus::failed;
  const auto labs = session.registry.list();
  if (!labs) {
    console.error(to_string(labs.error()));
    return ExitStatus::failed;
  }
  Collected collected;
  for (const lab::LabSummary& lab : *labs) {
    if (is_debris(lab.phase) && !lab.locked) collect(lab.name, session, collected);
  }
  collected.symlinks = session.registry.remove_stray_symlinks();
  if (collected.symlinks > 0) {
    console.print(fmt::format("{} removed that led nowhere",
                              counted(collected.symlinks, "name of a namespace", "names of namespaces")));
  }
  if (collected.labs.empty() && collected.symlinks == 0) console.print("nothing is left over");
  console.print_document(nlohmann::ordered_json{{"labs", collected.labs}, {"symlinks", collected.symlinks}});
  return collected.status;
}

}  // namespace netherd::tools
