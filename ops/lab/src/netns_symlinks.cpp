#include "netns_symlinks.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <unordered_set>
#include <utility>

#include "files.hpp"
#include "found_lab.hpp"

namespace netherd::lab {

namespace {

LabError symlink_error(std::string what) { return {{errno, boost::system::system_category()}, std::move(what)}; }

struct LabAndNode {
  std::string lab;
  std::string node;
};

/// Takes LABS/LAB/ns/NODE apart, if the link that leads there is called LAB-NODE.
std::optional<LabAndNode> split_target(std::string_view name, std::string_view target, std::string_view labs) {
  if (!target.starts_with(labs) || target.substr(labs.size(), 1) != "/") return std::nullopt;
  target.remove_prefix(labs.size() + 1);
  const std::string middle = fmt::format("/{}/", namespaces_subdirectory);
  const std::size_t at = target.find(middle);
  if (at == std::string_view::npos) return std::nullopt;
  LabAndNode parts{std::string{target.substr(0, at)}, std::string{target.substr(at + middle.size())}};
  const bool named_so = is_valid_lab_name(parts.lab) && name == netns_link_name(parts.lab, parts.node);
  return named_so ? std::optional{std::move(parts)} : std::nullopt;
}

}  // namespace

LabResult<NetnsSymlinks> NetnsSymlinks::open(const RegistryPaths& paths) {
  NetnsSymlinks links{paths};
  links.directory_.reset(::open(paths.netns.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!links.directory_ && errno != ENOENT) return symlink_error("open the directory " + paths.netns);
  return links;
}

LabResult<std::vector<std::string>> NetnsSymlinks::names() const {
  if (!directory_) return std::vector<std::string>{};
  auto entries = entries_of(directory_.get());
  if (!entries) return LabError{entries.error(), "list the directory " + paths_.netns};
  return std::move(*entries);
}

LabResult<std::string> NetnsSymlinks::target_of(const std::string& name) const {
  std::array<char, 4096> target{};
  const ssize_t length = ::readlinkat(directory_.get(), name.c_str(), target.data(), target.size());
  if (length >= 0) return std::string{target.data(), static_cast<std::size_t>(length)};
  const bool is_none = errno == ENOENT || errno == EINVAL;  // EINVAL: no symbolic link
  if (is_none) return std::string{};
  return symlink_error(fmt::format("read the symbolic link {}/{}", paths_.netns, name));
}

std::optional<LabError> NetnsSymlinks::remove_link(const std::string& name) const {
  if (::unlinkat(directory_.get(), name.c_str(), 0) == 0 || errno == ENOENT) return std::nullopt;
  return symlink_error(fmt::format("remove {}/{}", paths_.netns, name));
}

// The directory is read, and not asked for each name: it seldom has any that begin like the lab's.
LabResult<std::vector<std::string>> NetnsSymlinks::find_clashes(const Topology& topology) const {
  auto present = names();
  if (!present) return present;
  const std::string beginning = netns_link_name(topology.name, {});
  std::unordered_set<std::string> alike;
  for (std::string& name : *present) {
    if (name.starts_with(beginning)) alike.insert(std::move(name));
  }
  std::vector<std::string> clashes;
  for (std::size_t i = 0; i < topology.nodes.size() && !alike.empty(); ++i) {
    std::string name = netns_link_name(topology.name, topology.nodes[i].name);
    if (alike.contains(name)) clashes.push_back(std::move(name));
  }
  return clashes;
}

std::optional<LabError> NetnsSymlinks::find_write_protection() const {
  if (!directory_ || ::faccessat(directory_.get(), ".", W_OK, AT_EACCESS) == 0) return std::nullopt;
  return symlink_error("write into the directory " + paths_.netns);
}

std::optional<LabError> NetnsSymlinks::remove_all_of(const std::string& lab) const {
  const auto present = names();
  if (!present) return present.error();
  const std::string beginning = netns_link_name(lab, {});
  const std::string namespaces = fmt::format("{}/{}/{}/", paths_.labs, lab, namespaces_subdirectory);
  for (const std::string& name : *present) {
    if (!name.starts_with(beginning)) continue;
    const auto target = target_of(name);
    if (!target) return target.error();
    if (*target != namespaces + name.substr(beginning.size())) continue;
    if (auto error = remove_link(name)) return error;
  }
  return std::nullopt;
}

LabResult<std::uint64_t> NetnsSymlinks::remove_strays(
    const std::function<LabResult<bool>(const std::string& lab, const std::string& node)>& is_gone) const {
  auto present = names();
  if (!present) return present.error();
  std::uint64_t removed = 0;
  for (const std::string& name : *present) {
    auto target = target_of(name);
    if (!target) return target.error();
    const auto parts = split_target(name, *target, paths_.labs);
    if (!parts) continue;
    auto gone = is_gone(parts->lab, parts->node);
    if (!gone) return gone.error();
    if (!*gone) continue;
    if (auto error = remove_link(name)) return *std::move(error);
    ++removed;
  }
  return removed;
}

}  // namespace netherd::lab
