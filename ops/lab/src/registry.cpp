#include "netherd/lab/registry.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <unordered_set>
#include <utility>

#include "adopted_links.hpp"
#include "files.hpp"
#include "netherd/lab/reader.hpp"

namespace netherd::lab {

namespace {

constexpr const char* namespaces_subdirectory = "ns";
constexpr const char* topology_file = "topology";
constexpr const char* phase_file = "phase";
constexpr const char* lock_file = "lock";
constexpr long tmpfs_magic = 0x01021994;  // linux/magic.h
constexpr std::array phases{LabPhase::building, LabPhase::up, LabPhase::tearing_down};

LabError failure(std::string what, int error = errno) {
  return {{error, boost::system::system_category()}, std::move(what)};
}

/// Makes a directory if it is missing; true if it is there afterwards.
bool ensure_directory(const std::string& path) { return ::mkdir(path.c_str(), 0755) == 0 || errno == EEXIST; }

bool is_mounted_tmpfs(const std::string& path, const std::string& parent) {
  struct stat own{};
  struct stat above{};
  struct statfs file_system{};
  return ::stat(path.c_str(), &own) == 0 && ::stat(parent.c_str(), &above) == 0 && own.st_dev != above.st_dev &&
         ::statfs(path.c_str(), &file_system) == 0 && file_system.f_type == tmpfs_magic;
}

/// Keeps other processes from changing the set of labs while this object lives.
engine::FileDescriptor lock_directory(const std::string& path, int operation) {
  engine::FileDescriptor directory{::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (directory && ::flock(directory.get(), operation) != 0) directory.reset();
  return directory;
}

engine::FileDescriptor open_and_lock(const std::string& path, int flags) {
  engine::FileDescriptor file{::open(path.c_str(), flags | O_CLOEXEC | O_NOFOLLOW, 0644)};
  if (file && ::flock(file.get(), LOCK_EX | LOCK_NB) != 0) file.reset();
  return file;
}

/// Names of the entries of a directory, without "." and "..". A missing directory has none.
std::vector<std::string> entries_of(const std::string& path) {
  std::vector<std::string> names;
  const std::unique_ptr<DIR, int (*)(DIR*)> directory{::opendir(path.c_str()), ::closedir};
  if (!directory) return names;
  while (const dirent* entry = ::readdir(directory.get())) {
    if (entry->d_name[0] != '.' || (std::strcmp(entry->d_name, ".") != 0 && std::strcmp(entry->d_name, "..") != 0)) {
      names.emplace_back(entry->d_name);
    }
  }
  return names;
}

std::optional<LabPhase> read_phase(const std::string& path) {
  const auto text = read_file(path);
  if (!text) return std::nullopt;
  const auto* const phase =
      std::ranges::find_if(phases, [&](LabPhase candidate) { return to_string(candidate) == *text; });
  return phase != phases.end() ? std::optional{*phase} : std::nullopt;
}

/// Locks the file itself for a moment: the caller keeps those who want to lock it out.
bool is_locked(const std::string& path) {
  const engine::FileDescriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  return file && ::flock(file.get(), LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
}

/// Mounts the lab's own tmpfs. Shared, so that unmounting it also takes the copies away that other mount namespaces
/// have got of it; those would keep the network namespaces alive.
std::optional<LabError> mount_tmpfs(const std::string& path) {
  if (::mount("netherd", path.c_str(), "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=0755") != 0) {
    return failure("mount a tmpfs on " + path);
  }
  if (::mount(nullptr, path.c_str(), nullptr, MS_SHARED, nullptr) != 0) {
    const int error = errno;
    ::umount2(path.c_str(), MNT_DETACH);
    return failure("make the mount on " + path + " shared", error);
  }
  return std::nullopt;
}

/// What others have that is called like one of the new lab's symbolic links. The directory is read, and not asked for
/// each name: it seldom has any that begin like the lab's.
std::vector<std::string> find_clashes(const std::string& netns_directory, const Topology& topology) {
  std::vector<std::string> clashes;
  const std::string beginning = netns_link_name(topology.name, {});
  std::unordered_set<std::string> alike;
  for (std::string& name : entries_of(netns_directory)) {
    if (name.starts_with(beginning)) alike.insert(std::move(name));
  }
  for (std::size_t i = 0; i < topology.nodes.size() && !alike.empty(); ++i) {
    std::string name = netns_link_name(topology.name, topology.nodes[i].name);
    if (alike.contains(name)) clashes.push_back(std::move(name));
  }
  return clashes;
}

/// Removes the symbolic links of a lab's nodes, but only those that really point into the lab.
void remove_symlinks(const std::string& netns_directory, const std::string& lab, const std::string& namespaces,
                     const std::vector<std::string>& nodes) {
  const engine::FileDescriptor directory{::open(netns_directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)};
  if (!directory) return;
  std::array<char, 4096> target{};
  for (const std::string& node : nodes) {
    const std::string name = netns_link_name(lab, node);
    const ssize_t length = ::readlinkat(directory.get(), name.c_str(), target.data(), target.size());
    if (length <= 0) continue;
    const std::string_view points_to{target.data(), static_cast<std::size_t>(length)};
    if (points_to == fmt::format("{}/{}", namespaces, node)) ::unlinkat(directory.get(), name.c_str(), 0);
  }
}

}  // namespace

std::string_view to_string(LabPhase phase) noexcept {
  switch (phase) {
    case LabPhase::building:
      return "building";
    case LabPhase::up:
      return "up";
    case LabPhase::tearing_down:
      return "tearing down";
  }
  return "unknown";
}

std::string netns_link_name(std::string_view lab, std::string_view node) { return fmt::format("{}-{}", lab, node); }

std::string LabDirectory::namespace_path(std::string_view node) const {
  return fmt::format("{}/{}/{}", path_, namespaces_subdirectory, node);
}

std::string LabDirectory::symlink_path(std::string_view node) const {
  return fmt::format("{}/{}", netns_directory_, netns_link_name(lab_, node));
}

boost::system::error_code LabDirectory::write_topology_file(const Topology& topology) const {
  return replace_file(path_ + "/" + topology_file, write_topology(topology));
}

boost::system::error_code LabDirectory::set_phase(LabPhase phase) const {
  return replace_file(path_ + "/" + phase_file, to_string(phase));
}

std::optional<LabPhase> LabDirectory::phase() const {
  if (!lock_) return std::nullopt;
  return read_phase(path_ + "/" + phase_file).value_or(LabPhase::building);
}

std::string Registry::lab_path(std::string_view lab) const { return fmt::format("{}/{}", paths_.labs, lab); }

std::string Registry::namespace_path(std::string_view lab, std::string_view node) const {
  return fmt::format("{}/{}/{}", lab_path(lab), namespaces_subdirectory, node);
}

bool Registry::exists(std::string_view lab) const { return is_mounted_tmpfs(lab_path(lab), paths_.labs); }

std::vector<LabError> Registry::conflicts(const Topology& topology) const {
  if (exists(topology.name)) {
    const bool is_under_way = is_locked(lab_path(topology.name) + "/" + lock_file);
    return {failure(is_under_way
                        ? fmt::format("a lab called '{}' exists, and another netherd is at work on it", topology.name)
                        : fmt::format("a lab called '{0}' exists; 'netherd down {0}' removes it", topology.name),
                    EEXIST)};
  }
  std::vector<LabError> errors;
  for (const std::string& clash : find_clashes(paths_.netns, topology)) {
    errors.push_back(failure(fmt::format("there is a '{}' in {} already", clash, paths_.netns), EEXIST));
  }
  return errors;
}

LabResult<LabDirectory> Registry::claim(const Topology& topology) const {
  for (const std::string& path : {paths_.labs, paths_.netns}) {
    if (!ensure_directory(path)) return failure("make the directory " + path);
  }
  const engine::FileDescriptor lock = lock_directory(paths_.labs, LOCK_EX);
  if (!lock) return failure("lock " + paths_.labs);

  LabDirectory directory;
  directory.lab_ = topology.name;
  directory.path_ = lab_path(topology.name);
  directory.netns_directory_ = paths_.netns;
  if (std::vector<LabError> in_the_way = conflicts(topology); !in_the_way.empty()) return std::move(in_the_way.front());
  if (!ensure_directory(directory.path_)) return failure("make the directory " + directory.path_);
  if (auto error = mount_tmpfs(directory.path_)) {
    ::rmdir(directory.path_.c_str());
    return *std::move(error);
  }
  directory.lock_ = open_and_lock(directory.path_ + "/" + lock_file, O_RDWR | O_CREAT);
  const bool made = directory.lock_ && ensure_directory(directory.path_ + "/" + namespaces_subdirectory) &&
                    !directory.set_phase(LabPhase::building);
  if (made) return directory;
  LabError error = failure("set up " + directory.path_);
  ::umount2(directory.path_.c_str(), MNT_DETACH);
  ::rmdir(directory.path_.c_str());
  return error;
}

LabResult<LabDirectory> Registry::open(std::string_view lab) const {
  LabDirectory directory;
  directory.lab_ = lab;
  directory.path_ = lab_path(lab);
  directory.netns_directory_ = paths_.netns;
  const auto is_there = [&directory] {
    struct stat status{};
    return ::stat(directory.path_.c_str(), &status) == 0;
  };
  const auto unknown = [lab] { return failure(fmt::format("there is no lab called '{}'", lab), ENOENT); };
  if (!is_valid_lab_name(lab) || !is_there()) return unknown();
  const engine::FileDescriptor lock = lock_directory(paths_.labs, LOCK_EX);
  if (!lock) return failure("lock " + paths_.labs);
  if (!is_there()) return unknown();  // another has removed it while we waited for the lock
  if (!is_mounted_tmpfs(directory.path_, paths_.labs)) return directory;  // left by a crash before anything was made
  directory.lock_ = open_and_lock(directory.path_ + "/" + lock_file, O_RDWR | O_CREAT);
  if (!directory.lock_) return failure(fmt::format("another netherd is working on lab '{}'", lab));
  return directory;
}

LabResult<std::vector<LabSummary>> Registry::list() const {
  std::vector<LabSummary> labs;
  const engine::FileDescriptor lock = lock_directory(paths_.labs, LOCK_SH);
  if (!lock && errno == ENOENT) return labs;
  if (!lock) return failure("lock " + paths_.labs);
  for (std::string& name : entries_of(paths_.labs)) {
    const std::string path = lab_path(name);
    LabSummary summary{.name = std::move(name), .phase = std::nullopt};
    if (is_mounted_tmpfs(path, paths_.labs)) {
      summary.phase = read_phase(path + "/" + phase_file).value_or(LabPhase::building);
      summary.locked = is_locked(path + "/" + lock_file);
      summary.nodes = entries_of(path + "/" + namespaces_subdirectory).size();
    }
    labs.push_back(std::move(summary));
  }
  std::ranges::sort(labs, {}, &LabSummary::name);
  return labs;
}

LabResult<Topology> Registry::read_topology_file(std::string_view lab) const {
  const std::string path = lab_path(lab) + "/" + topology_file;
  const auto text = is_valid_lab_name(lab) ? read_file(path) : std::nullopt;
  if (!text) return failure(fmt::format("there is no lab called '{}'", lab), ENOENT);
  ReadResult read = read_topology(*text, path, Format::containerlab);
  if (!read.errors.empty()) return failure(path + ": " + read.errors.front().text, EINVAL);
  return std::move(read.topology);
}

LabResult<std::uint64_t> Registry::remove(LabDirectory directory) const {
  const engine::FileDescriptor lock = lock_directory(paths_.labs, LOCK_EX);
  if (!lock) return failure("lock " + paths_.labs);
  std::uint64_t nodes_removed = 0;
  if (is_mounted_tmpfs(directory.path_, paths_.labs)) {
    static_cast<void>(directory.set_phase(LabPhase::tearing_down));  // a full tmpfs must not stop a teardown
    const std::string namespaces = directory.path_ + "/" + namespaces_subdirectory;
    const std::vector<std::string> nodes = entries_of(namespaces);
    if (auto error = delete_adopted_links(directory.path_)) return *std::move(error);
    remove_symlinks(paths_.netns, directory.lab_, namespaces, nodes);
    nodes_removed = nodes.size();
    if (::umount2(directory.path_.c_str(), MNT_DETACH) != 0) return failure("unmount " + directory.path_);
  }
  if (::rmdir(directory.path_.c_str()) != 0 && errno != ENOENT) return failure("remove " + directory.path_);
  return nodes_removed;
}

std::uint64_t Registry::remove_stray_symlinks() const {
  const engine::FileDescriptor lock = lock_directory(paths_.labs, LOCK_EX);
  const engine::FileDescriptor directory{::open(paths_.netns.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)};
  if (!lock || !directory) return 0;
  std::uint64_t removed = 0;
  std::array<char, 4096> target{};
  struct stat unused{};
  for (const std::string& name : entries_of(paths_.netns)) {
    const ssize_t length = ::readlinkat(directory.get(), name.c_str(), target.data(), target.size() - 1);
    if (length <= 0) continue;
    const std::string path{target.data(), static_cast<std::size_t>(length)};
    if (!is_symlink_of_lab(name, path) || ::lstat(path.c_str(), &unused) == 0 || errno != ENOENT) continue;
    if (::unlinkat(directory.get(), name.c_str(), 0) == 0) ++removed;
  }
  return removed;
}

/// LAB-NODE leads to LABS/LAB/ns/NODE.
bool Registry::is_symlink_of_lab(std::string_view name, std::string_view target) const {
  if (!target.starts_with(paths_.labs + '/')) return false;
  target.remove_prefix(paths_.labs.size() + 1);
  const std::string middle = fmt::format("/{}/", namespaces_subdirectory);
  const std::size_t at = target.find(middle);
  if (at == std::string_view::npos) return false;
  return name == netns_link_name(target.substr(0, at), target.substr(at + middle.size()));
}

}  // namespace netherd::lab
