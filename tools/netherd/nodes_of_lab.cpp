#include "nodes_of_lab.hpp"

#include <fmt/core.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>

#include "natural_order.hpp"
#include "netherd/lab/topology.hpp"
#include "suggest.hpp"

namespace netherd::tools {

namespace {

bool exists(const std::string& path) {
  struct stat status{};
  return ::stat(path.c_str(), &status) == 0;
}

bool check_lab(const std::string& lab, Session& session) {
  if (is_running(lab, session)) return true;
  report_unknown_lab(lab, session);
  return false;
}

/// Pinned namespaces are the only files there.
std::vector<std::string> list_nodes(const std::string& lab, const Session& session) {
  std::vector<std::string> nodes;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator{session.registry.namespace_path(lab, {}), ignored}) {
    nodes.push_back(entry.path().filename());
  }
  std::ranges::sort(nodes, counts_before);
  return nodes;
}

}  // namespace

bool is_running(const std::string& lab, const Session& session) {
  return lab::is_valid_lab_name(lab) && exists(session.registry.namespace_path(lab, {}));
}

void report_unknown_lab(const std::string& lab, Session& session) {
  std::vector<std::string> names;
  if (const auto labs = session.registry.list()) {
    for (const lab::LabSummary& summary : *labs) names.push_back(summary.name);
  }
  session.console.error(fmt::format("there is no lab called '{}'{}", lab, suggest(lab, names)));
}

std::optional<std::vector<std::string>> all_nodes(const std::string& lab, Session& session) {
  if (!check_lab(lab, session)) return std::nullopt;
  return list_nodes(lab, session);
}

std::optional<std::vector<std::string>> find_nodes(const std::string& lab, const std::vector<std::string>& names,
                                                   Session& session) {
  if (!check_lab(lab, session)) return std::nullopt;
  std::vector<std::string> found;
  bool all_found = true;
  for (const std::string& name : names) {
    if (std::ranges::find(found, name) != found.end()) continue;
    found.push_back(name);
    if (lab::is_valid_node_name(name) && exists(session.registry.namespace_path(lab, name))) continue;
    session.console.error(
        fmt::format("lab {} has no node called '{}'{}", lab, name, suggest(name, list_nodes(lab, session))));
    all_found = false;
  }
  return all_found ? std::optional{std::move(found)} : std::nullopt;
}

}  // namespace netherd::tools
