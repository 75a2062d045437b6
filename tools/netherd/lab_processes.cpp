#include "lab_processes.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "interruption.hpp"

namespace netherd::tools {

namespace {

constexpr std::size_t most_processes_named = 20;

}  // namespace

RemovalWitness::RemovalWitness(const lab::LabDirectory& directory, Session& session)
    : lab_{directory.lab()}, session_{session} {
  auto namespaces = lab::LabNamespaces::look(session.registry, directory);
  if (namespaces) {
    namespaces_ = std::move(*namespaces);
  } else {
    session.console.warning(fmt::format("{}: look for its processes: {}", lab_, to_string(namespaces.error())));
  }
}

bool RemovalWitness::kill() {
  if (!namespaces_) return false;
  const ops::Termination termination =
      namespaces_->terminate({.is_cancelled = [] { return interruption::signal() != 0; }});
  killed_ = termination.processes;
  if (!termination.error) return true;
  report("end its processes", termination.error);
  return false;
}

void RemovalWitness::look() {
  if (!namespaces_) return;
  if (const auto error = namespaces_->find_holders()) report("look for its processes", error);
}

std::vector<lab::LabProcess> RemovalWitness::remaining() const {
  return namespaces_ ? namespaces_->remaining_holders() : std::vector<lab::LabProcess>{};
}

void RemovalWitness::report(std::string_view what, const boost::system::error_code& error) {
  session_.console.error(fmt::format("{}: {}: {}", lab_, what, error.message()));
}

void warn_of_holders(const std::vector<lab::LabProcess>& processes, Console& console) {
  if (processes.empty()) return;
  std::set<pid_t> ids;
  for (const lab::LabProcess& process : processes) ids.insert(process.holder.process);
  const std::size_t namespaces = count_namespaces(processes);
  console.warning(
      fmt::format("{} {} {} alive:", counted(ids.size(), "process", "processes"), ids.size() == 1 ? "keeps" : "keep",
                  counted(namespaces, "namespace of a lab that is removed", "namespaces of labs that are removed")));
  for (std::size_t i = 0; i < std::min(processes.size(), most_processes_named); ++i) {
    const auto& [lab, node, holder] = processes[i];
    console.warning(fmt::format("{}: {}: process {} {}: {}", lab, node, holder.process, ops::to_string(holder.kind),
                                holder.command));
  }
  if (processes.size() > most_processes_named) {
    console.warning(fmt::format("and {} more", processes.size() - most_processes_named));
  }
}

std::size_t count_namespaces(const std::vector<lab::LabProcess>& processes) {
  std::set<std::pair<std::string, std::string>> namespaces;
  for (const lab::LabProcess& process : processes) namespaces.emplace(process.lab, process.node);
  return namespaces.size();
}

nlohmann::ordered_json to_json(const std::vector<lab::LabProcess>& processes) {
  auto list = nlohmann::ordered_json::array();
  for (const auto& [lab, node, holder] : processes) {
    const bool inside = holder.kind != ops::HoldKind::descriptor;
    list.push_back({{"lab", lab},
                    {"node", node},
                    {"pid", holder.process},
                    {"command", holder.command},
                    {"holds", inside ? (holder.kind == ops::HoldKind::inside ? "inside" : "thread") : "descriptor"}});
  }
  return list;
}

}  // namespace netherd::tools
