#include "nodes_of_lab.hpp"

#include <fmt/core.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "interruption.hpp"
#include "natural_order.hpp"
#include "netherd/lab/topology.hpp"
#include "suggest.hpp"

namespace netherd::tools {

namespace {

/// Names that are near to one that there is not; none if they cannot be listed either.
std::string suggest_node(const std::string& lab, const std::string& name, const Session& session) {
  const auto nodes = session.registry.node_names(lab);
  return nodes ? suggest(name, *nodes) : std::string{};
}

/// Whether a lab has a node; sets the exit status if it has not, or if that cannot be found out.
bool has_node(const std::string& lab, const std::string& name, Session& session, int& status) {
  const std::string path = session.registry.namespace_path(lab, name);
  struct stat unused{};
  const bool valid = lab::is_valid_node_name(name);
  if (valid && ::lstat(path.c_str(), &unused) == 0) return true;
  if (valid && errno != ENOENT) {
    session.console.error(fmt::format("{}: {}", path, std::strerror(errno)));
    status = ExitStatus::failed;
    return false;
  }
  session.console.error(fmt::format("lab {} has no node called '{}'{}", lab, name, suggest_node(lab, name, session)));
  status = ExitStatus::invalid;
  return false;
}

}  // namespace

std::optional<lab::LabSummary> find_lab(const std::string& lab, Session& session, int& status) {
  auto found = session.registry.find(lab);
  if (found) return std::move(*found);
  const lab::LabError error = found.error();
  const bool unknown = error.explained && error.code == boost::system::errc::no_such_file_or_directory;
  status = unknown ? ExitStatus::invalid : ExitStatus::failed;
  if (unknown) {
    report_unknown_lab(lab, session);
  } else {
    session.console.error(to_string(error));
  }
  return std::nullopt;
}

bool is_up(const std::string& lab, Session& session, int& status) {
  const auto found = find_lab(lab, session, status);
  if (!found) return false;
  if (found->phase == lab::LabPhase::up) return true;
  status = ExitStatus::failed;
  const std::string phase = found->phase ? fmt::format("{}, interrupted", to_string(*found->phase)) : "phase unknown";
  session.console.error(found->locked
                            ? fmt::format("another netherd is working on lab '{}'", lab)
                            : fmt::format("lab '{0}' is not whole ({1}); `netherd down {0}` removes it", lab, phase));
  return false;
}

void warn_of_foreign(const lab::LabSummary& lab, Session& session) {
  session.console.warning(fmt::format("{}/{}: is not netherd's, left alone", session.registry.paths().labs, lab.name));
}

void report_waiting(Session& session) {
  session.registry.set_patience(
      {.is_cancelled = [] { return interruption::signal() != 0; },
       .on_wait = [&session](const std::string& holder) { session.console.note("waiting for " + holder); }});
}

void report_unknown_lab(const std::string& lab, Session& session) {
  std::vector<std::string> names;
  if (const auto labs = session.registry.list()) {
    for (const lab::LabSummary& summary : *labs) {
      if (summary.state != lab::LabState::foreign) names.push_back(summary.name);
    }
  }
  session.console.error(fmt::format("there is no lab called '{}'{}", lab, suggest(lab, names)));
}

std::optional<std::vector<std::string>> all_nodes(const std::string& lab, Session& session, int& status) {
  if (!find_lab(lab, session, status)) return std::nullopt;
  auto nodes = session.registry.node_names(lab);
  if (!nodes) {
    session.console.error(to_string(nodes.error()));
    status = ExitStatus::failed;
    return std::nullopt;
  }
  std::ranges::sort(*nodes, counts_before);
  return std::move(*nodes);
}

std::optional<std::vector<std::string>> find_nodes(const std::string& lab, const std::vector<std::string>& names,
                                                   Session& session, int& status) {
  if (!find_lab(lab, session, status)) return std::nullopt;
  std::vector<std::string> found;
  bool all_found = true;
  for (const std::string& name : names) {
    if (std::ranges::find(found, name) != found.end()) continue;
    found.push_back(name);
    all_found = has_node(lab, name, session, status) && all_found;
  }
  return all_found ? std::optional{std::move(found)} : std::nullopt;
}

}  // namespace netherd::tools
