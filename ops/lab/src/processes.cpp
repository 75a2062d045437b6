#include "netherd/lab/processes.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <memory>
#include <optional>
#include <unordered_set>

#include "number.hpp"

namespace netherd::lab {

namespace {

using boost::system::error_code;
using ops::NamespaceIdentity;

error_code system_failure() { return {errno, boost::system::system_category()}; }

std::optional<NamespaceIdentity> identity_of(int folder, const char* path, int flags = 0) noexcept {
  struct stat status{};
  if (::fstatat(folder, path, &status, flags) < 0) return std::nullopt;
  return NamespaceIdentity{status.st_dev, status.st_ino};
}

std::optional<NamespaceIdentity> own_namespace() noexcept { return identity_of(AT_FDCWD, "/proc/self/ns/net"); }

/// No lab has made it, whatever a topology says.
bool is_of_process_1(const NamespaceIdentity& identity) noexcept {
  return identity_of(AT_FDCWD, "/proc/1/ns/net") == identity;
}

/// What a process was started with, the first part of it; empty if that is not ours to see.
std::string environment_of(const std::string& process) {
  constexpr std::size_t most_bytes = 128U << 10U;
  std::ifstream file{"/proc/" + process + "/environ", std::ios::binary};
  std::string environment(most_bytes, '\0');
  file.read(environment.data(), static_cast<std::streamsize>(environment.size()));
  environment.resize(static_cast<std::size_t>(file.gcount()));
  return environment;
}

/// The value of a variable in the environment that a process was started with.
std::string variable_of(const std::string& environment, std::string_view name) {
  const std::string key = std::string{name} + '=';
  for (std::size_t at = 0; at < environment.size();) {
    const std::size_t end = std::min(environment.find('\0', at), environment.size());
    const std::string_view entry{environment.data() + at, end - at};
    if (entry.starts_with(key)) return std::string{entry.substr(key.size())};
    at = end + 1;
  }
  return {};
}

/// The namespace of a node of a lab that is there.
std::optional<NamespaceIdentity> pinned_namespace(const Registry& registry, const LabProcess& process) {
  if (!is_valid_lab_name(process.lab) || !is_valid_node_name(process.node)) return std::nullopt;
  return identity_of(AT_FDCWD, registry.namespace_path(process.lab, process.node).c_str());
}

}  // namespace

LabResult<LabNamespaces> LabNamespaces::look(const Registry& registry, const LabDirectory& directory) {
  LabNamespaces namespaces;
  namespaces.lab_ = directory.lab();
  const std::string folder = directory.namespace_path({});
  const std::unique_ptr<DIR, int (*)(DIR*)> entries{::opendir(folder.c_str()), ::closedir};
  if (!entries && errno == ENOENT) return namespaces;
  if (!entries) return LabError{system_failure(), "open " + folder};
  std::unordered_set<std::string> adopted;
  const auto own = own_namespace();
  errno = 0;
  for (const dirent* entry = ::readdir(entries.get()); entry != nullptr; entry = ::readdir(entries.get())) {
    const auto identity = identity_of(::dirfd(entries.get()), entry->d_name, AT_SYMLINK_NOFOLLOW);
    // A plain file is what an interrupted pinning leaves; all namespaces are of one file system.
    if (!identity || !own || identity->device != own->device || is_of_process_1(*identity)) continue;
    namespaces.nodes_.emplace_back(static_cast<const char*>(entry->d_name));
    namespaces.identities_.push_back(*identity);
  }
  if (errno != 0) return LabError{system_failure(), "read " + folder};
  if (namespaces.nodes_.empty()) return namespaces;
  const auto topology = registry.read_topology_file(directory.lab());
  if (!topology) return topology.error();
  for (const Node& node : topology->nodes) {
    if (node.adopted) adopted.insert(node.name);
  }
  for (std::size_t i = namespaces.nodes_.size(); i-- > 0;) {
    if (!adopted.contains(namespaces.nodes_[i])) continue;
    namespaces.nodes_.erase(namespaces.nodes_.begin() + static_cast<std::ptrdiff_t>(i));
    namespaces.identities_.erase(namespaces.identities_.begin() + static_cast<std::ptrdiff_t>(i));
  }
  return namespaces;
}

error_code LabNamespaces::find_holders() {
  if (identities_.empty()) return {};
  auto found = ops::find_namespace_holders(identities_);
  if (!found) return found.error();
  holders_ = std::move(*found);
  return {};
}

std::vector<LabProcess> LabNamespaces::remaining_holders() const {
  std::vector<LabProcess> remaining;
  for (const ops::NamespaceHolder& holder : holders_) {
    if (ops::still_holds(holder, identities_[holder.place])) remaining.push_back({lab_, nodes_[holder.place], holder});
  }
  return remaining;
}

boost::system::result<std::vector<LabProcess>> find_stray_processes(const Registry& registry) {
  const std::unique_ptr<DIR, int (*)(DIR*)> entries{::opendir("/proc"), ::closedir};
  if (!entries) return system_failure();
  std::vector<LabProcess> strays;
  while (const dirent* entry = ::readdir(entries.get())) {
    pid_t pid = 0;
    const std::string name{static_cast<const char*>(entry->d_name)};
    if (!parse_number(name, pid)) continue;
    const auto identity = identity_of(::dirfd(entries.get()), (name + "/ns/net").c_str());
    if (!identity || identity == own_namespace() || is_of_process_1(*identity)) continue;
    const std::string environment = environment_of(name);
    LabProcess process{variable_of(environment, "NETHERD_LAB"), variable_of(environment, "NETHERD_NODE"), {}};
    if (process.lab.empty() || process.node.empty() || pinned_namespace(registry, process) == identity) continue;
    process.holder = {.process = pid, .command = ops::command_line_of(pid)};
    strays.push_back(std::move(process));
  }
  std::ranges::sort(strays, {}, [](const LabProcess& process) { return process.holder.process; });
  return strays;
}

}  // namespace netherd::lab
