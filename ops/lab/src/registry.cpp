#include "netherd/lab/registry.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <utility>

#include "adopted_links.hpp"
#include "files.hpp"
#include "found_lab.hpp"
#include "mount_namespace.hpp"
#include "netherd/lab/reader.hpp"
#include "netns_symlinks.hpp"
#include "registry_lock.hpp"

namespace netherd::lab {

namespace {

namespace errc = boost::system::errc;
using engine::FileDescriptor;

constexpr const char* topology_file = "topology";
constexpr const char* phase_file = "phase";
constexpr const char* lock_file = "lock";
// A topology may hold what is nobody else's business, such as keys in `exec` lines, wherever it came from.
constexpr mode_t private_mode = 0600;
// `netherd ls` needs no privileges.
constexpr mode_t public_mode = 0644;
constexpr std::array phases{LabPhase::building, LabPhase::up, LabPhase::tearing_down};

LabError failure(std::string what, int error = errno) {
  return {{error, boost::system::system_category()}, std::move(what)};
}

LabError explained(std::string what, int error) {
  return {{error, boost::system::system_category()}, std::move(what), true};
}

LabError unknown_lab(std::string_view lab) {
  return explained(fmt::format("there is no lab called '{}'", lab), ENOENT);
}

std::optional<LabPhase> parse_phase(std::string_view text) {
  const auto* const phase =
      std::ranges::find_if(phases, [&](LabPhase candidate) { return to_string(candidate) == text; });
  return phase != phases.end() ? std::optional{*phase} : std::nullopt;
}

LabResult<std::optional<LabPhase>> read_phase(int directory) {
  const auto text = read_plain_file(directory, phase_file);
  if (text) return parse_phase(*text);
  const bool is_spoilt = text.error() == errc::no_such_file_or_directory || text.error() == errc::invalid_argument;
  if (is_spoilt) return std::optional<LabPhase>{};
  return LabError{text.error(), "read the phase of the lab"};
}

/// Opens the directory of the pinned namespaces; nothing if somebody has put something else in its place.
LabResult<std::optional<FileDescriptor>> open_namespaces(const FoundLab& found) {
  auto directory = open_directory(found.directory.get(), namespaces_subdirectory);
  if (directory) return std::optional{std::move(*directory)};
  const bool is_none =
      directory.error() == errc::not_a_directory || directory.error() == errc::no_such_file_or_directory;
  if (is_none) return std::optional<FileDescriptor>{};
  return LabError{directory.error(), "open the directory of the namespaces of lab " + found.claim.lab};
}

/// The names under which namespaces are pinned; nothing if they are not known any more.
LabResult<std::optional<std::vector<std::string>>> list_pinned(const FoundLab& found) {
  auto directory = open_namespaces(found);
  if (!directory) return directory.error();
  if (!*directory) return std::optional<std::vector<std::string>>{};
  auto names = entries_of((*directory)->get());
  if (names) return std::optional{std::move(*names)};
  return LabError{names.error(), "list the namespaces of lab " + found.claim.lab};
}

/// Those that are there: what is mounted on a name belongs to another file system than the name.
LabResult<std::uint64_t> count_namespaces(const FoundLab& found) {
  const auto directory = open_namespaces(found);
  if (!directory) return directory.error();
  if (!*directory) return std::uint64_t{0};
  const auto names = entries_of((*directory)->get());
  if (!names) return LabError{names.error(), "list the namespaces of lab " + found.claim.lab};
  return static_cast<std::uint64_t>(std::ranges::count_if(*names, [&](const std::string& name) {
    struct stat status{};
    return ::fstatat((*directory)->get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 &&
           status.st_dev != found.status.device;
  }));
}

/// What of a lab can be seen without counting its namespaces.
LabResult<LabSummary> summarise(std::string name, const FoundLab& found) {
  LabSummary summary{.name = std::move(name), .state = found.state, .phase = std::nullopt};
  if (found.state != LabState::mounted) return summary;
  const auto phase = read_phase(found.directory.get());
  if (!phase) return phase.error();
  summary.phase = *phase;
  summary.locked = is_locked(found.directory.get(), lock_file);
  return summary;
}

/// Why what this process mounts below a directory is of no use to anybody else.
std::optional<LabError> find_lonely_mounts(const std::string& directory) {
  const auto home = home_that_sees_no_mounts(directory);
  if (!home) return std::nullopt;
  return explained(
      fmt::format(
          "nobody else would see the lab: this process has a mount namespace of its own, and what it mounts below "
          "{} does not reach that of process {}: run netherd there (`nsenter -t {} -m netherd ...`), or give this "
          "one a /run of its own (`mount -t tmpfs tmpfs /run && mkdir /run/netns`)",
          directory, *home, home->substr(0, home->find(' '))),
      EPERM);
}

/// A lab that can be used. Errors: those of Registry::find().
LabResult<FoundLab> open_mounted(const std::string& labs_path, std::string_view lab) {
  if (!is_valid_lab_name(lab)) return unknown_lab(lab);
  auto labs = open_labs_directory(labs_path);
  if (!labs && labs.error().code == errc::no_such_file_or_directory) return unknown_lab(lab);
  if (!labs) return labs.error();
  const std::string name{lab};
  auto found = look_at_lab(labs->get(), name);
  if (!found) return found.error();
  if (!*found) return unknown_lab(lab);
  if ((*found)->state == LabState::mounted) return **std::move(found);
  return explain_unusable(**found, name, fmt::format("{}/{}", labs_path, lab));
}

/// Why no lab of this name can be made; what an `up` that was killed has left is no hindrance.
std::optional<LabError> find_hindrance(const std::string& labs_path, const std::string& lab) {
  const auto labs = open_labs_directory(labs_path);
  const bool is_missing = !labs && labs.error().code == errc::no_such_file_or_directory;
  if (!labs && !is_missing) return labs.error();
  auto found = labs ? look_at_lab(labs->get(), lab) : std::optional<FoundLab>{};
  if (!found) return found.error();
  if (*found && (*found)->state == LabState::mounted) {
    const bool is_under_way = is_locked((*found)->directory.get(), lock_file);
    return explained(is_under_way ? fmt::format("a lab called '{}' exists, and another netherd is at work on it", lab)
                                  : fmt::format("a lab called '{0}' exists; 'netherd down {0}' removes it", lab),
                     EEXIST);
  }
  if (*found && (*found)->state != LabState::unmounted) {
    LabError error = explain_unusable(**found, lab, fmt::format("{}/{}", labs_path, lab));
    error.code = errc::make_error_code(errc::file_exists);
    return error;
  }
  return find_lonely_mounts(is_missing ? std::filesystem::path{labs_path}.parent_path().string() : labs_path);
}

/// Puts into a new lab's tmpfs what makes it a lab, and locks it.
LabResult<FileDescriptor> furnish(int tmpfs, const LabClaim& claim) {
  auto error = replace_file(tmpfs, claim_file, claim.to_text(), public_mode);
  if (!error) error = replace_file(tmpfs, phase_file, to_string(LabPhase::building), public_mode);
  if (error) return LabError{error, "write into the tmpfs of the lab"};
  if (::mkdirat(tmpfs, namespaces_subdirectory, 0755) != 0) return failure("make a directory in the tmpfs of the lab");
  // The caller's umask must not keep others from listing the nodes.
  if (::fchmodat(tmpfs, namespaces_subdirectory, 0755, 0) != 0) return failure("chmod in the tmpfs of the lab");
  auto lock = try_lock(tmpfs, lock_file);
  if (!lock) return LabError{lock.error(), "lock the lab"};
  return std::move(*lock);
}

/// Makes the directory of a new lab and mounts its tmpfs there.
std::optional<LabError> mount_lab(int labs, const LabClaim& claim, int tmpfs) {
  const auto mount_point = make_lab_directory(labs, claim);
  if (!mount_point) return mount_point.error();
  const auto error = attach_tmpfs(tmpfs, mount_point->get());
  if (!error) return std::nullopt;
  static_cast<void>(discard_lab_directory(labs, claim.lab));
  return LabError{error, "mount the tmpfs of lab " + claim.lab};
}

/// Removes a lab that is mounted, but for its directory. Everything that can fail comes before the unmount, and reading
/// before removing.
LabResult<std::uint64_t> take_down(const LabDirectory& directory, const FoundLab& found,
                                   const NetnsSymlinks& symlinks) {
  auto nodes = list_pinned(found);
  if (!nodes) return nodes.error();
  auto links = read_adopted_links(directory);
  if (!links) return links.error();
  auto error = symlinks.find_write_protection();
  if (error) return *std::move(error);
  static_cast<void>(directory.set_phase(LabPhase::tearing_down));  // a full tmpfs must not stop a teardown
  error = symlinks.remove_all_of(directory.lab());
  if (!error) error = delete_adopted_links(*links);
  if (error) return *std::move(error);
  if (const auto failed = detach_mount(found.directory.get())) return LabError{failed, "unmount " + directory.path()};
  return *nodes ? (*nodes)->size() : 0;
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

std::string to_string(const LabError& error) {
  return error.explained ? error.what : fmt::format("{}: {}", error.what, error.code.message());
}

std::string netns_link_name(std::string_view lab, std::string_view node) { return fmt::format("{}-{}", lab, node); }

LabDirectory::LabDirectory(std::string_view lab, const RegistryPaths& paths)
    : lab_{lab}, path_{fmt::format("{}/{}", paths.labs, lab)}, netns_directory_{paths.netns} {}

std::string LabDirectory::namespace_path(std::string_view node) const {
  return fmt::format("{}/{}/{}", path_, namespaces_subdirectory, node);
}

std::string LabDirectory::symlink_path(std::string_view node) const {
  return fmt::format("{}/{}", netns_directory_, netns_link_name(lab_, node));
}

boost::system::error_code LabDirectory::write_topology_file(const Topology& topology) const {
  return replace_file(directory_.get(), topology_file, write_topology(topology), private_mode);
}

boost::system::error_code LabDirectory::set_phase(LabPhase phase) const {
  return replace_file(directory_.get(), phase_file, to_string(phase), public_mode);
}

LabResult<std::optional<LabPhase>> LabDirectory::phase() const {
  if (!lock_) return std::optional<LabPhase>{};
  return read_phase(directory_.get());
}

std::string Registry::lab_path(std::string_view lab) const { return fmt::format("{}/{}", paths_.labs, lab); }

std::string Registry::namespace_path(std::string_view lab, std::string_view node) const {
  return fmt::format("{}/{}/{}", lab_path(lab), namespaces_subdirectory, node);
}

LabResult<FileDescriptor> Registry::lock() const {
  const std::filesystem::path file = paths_.labs + ".lock";
  const std::string folder = file.parent_path();
  const FileDescriptor parent{::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)};
  if (!parent) return failure("open the directory " + folder);
  auto locked = wait_for_lock(parent.get(), file.filename(), patience_);
  if (locked) return std::move(*locked);
  LabError error = locked.error();
  error.what = fmt::format("lock {}: {}", file.string(), error.what);
  return error;
}

bool Registry::exists(std::string_view lab) const { return find(lab).has_value(); }

LabResult<LabSummary> Registry::find(std::string_view lab) const {
  auto found = open_mounted(paths_.labs, lab);
  if (!found) return found.error();
  return summarise(std::string{lab}, *found);
}

std::vector<LabError> Registry::conflicts(const Topology& topology) const {
  if (auto error = find_hindrance(paths_.labs, topology.name)) return {*std::move(error)};
  const auto symlinks = NetnsSymlinks::open(paths_);
  if (!symlinks) return {symlinks.error()};
  const auto clashes = symlinks->find_clashes(topology);
  if (!clashes) return {clashes.error()};
  // They may be those of a lab of this name that has just come.
  if (auto error = clashes->empty() ? std::nullopt : find_hindrance(paths_.labs, topology.name)) {
    return {*std::move(error)};
  }
  std::vector<LabError> errors;
  for (const std::string& clash : *clashes) {
    errors.push_back(explained(fmt::format("there is a '{}' in {} already", clash, paths_.netns), EEXIST));
  }
  return errors;
}

LabResult<LabDirectory> Registry::claim(const Topology& topology) const {
  const std::string& lab = topology.name;
  if (!is_valid_lab_name(lab)) return explained(fmt::format("'{}' is no name for a lab", lab), EINVAL);
  auto lock = this->lock();
  if (!lock) return lock.error();
  if (std::vector<LabError> in_the_way = conflicts(topology); !in_the_way.empty()) return std::move(in_the_way.front());
  auto labs = make_labs_directory(paths_.labs);
  if (!labs) return labs.error();
  if (::mkdir(paths_.netns.c_str(), 0755) != 0 && errno != EEXIST) return failure("make the directory " + paths_.netns);
  if (auto error = discard_lab_directory(labs->get(), lab)) return *std::move(error);  // what a killed process has left

  LabDirectory directory{lab, paths_};
  const auto tmpfs = make_tmpfs();
  if (!tmpfs) return LabError{tmpfs.error(), "make a tmpfs for " + directory.path_};
  const auto status = examine_directory(tmpfs->get());
  if (!status) return LabError{status.error(), "examine the tmpfs for " + directory.path_};
  const LabClaim claim =
      LabClaim::of_this_process(lab, fmt::format("{}:{}", major(status->device), minor(status->device)));
  auto lab_lock = furnish(tmpfs->get(), claim);
  if (!lab_lock) return lab_lock.error();
  directory.lock_ = std::move(*lab_lock);
  auto opened = open_directory(tmpfs->get(), ".");
  if (!opened) return LabError{opened.error(), "open the tmpfs for " + directory.path_};
  directory.directory_ = std::move(*opened);
  if (auto error = mount_lab(labs->get(), claim, tmpfs->get())) return *std::move(error);
  return directory;
}

LabResult<LabDirectory> Registry::open(std::string_view lab) const {
  if (!is_valid_lab_name(lab)) return unknown_lab(lab);
  const std::string name{lab};
  auto labs = open_labs_directory(paths_.labs);
  if (!labs && labs.error().code == errc::no_such_file_or_directory) return unknown_lab(lab);
  if (!labs) return labs.error();
  if (const auto found = look_at_lab(labs->get(), name); found && !*found) return unknown_lab(lab);
  auto lock = this->lock();
  if (!lock) return lock.error();
  auto found = look_at_lab(labs->get(), name);
  if (!found) return found.error();
  if (!*found) return unknown_lab(lab);  // another has removed it while we waited for the lock
  FoundLab& there = **found;
  const bool nobody_there =
      there.state == LabState::elsewhere && !process_in_mount_namespace(there.claim.mount_namespace);
  if (there.state == LabState::foreign || (there.state == LabState::elsewhere && !nobody_there)) {
    return explain_unusable(there, name, lab_path(lab));
  }
  LabDirectory directory{lab, paths_};
  if (there.state == LabState::mounted) {
    auto locked = try_lock(there.directory.get(), lock_file);
    if (!locked && locked.error() == errc::resource_unavailable_try_again) {
      return explained(fmt::format("another netherd is working on lab '{}'", lab), EAGAIN);
    }
    if (!locked) return LabError{locked.error(), fmt::format("lock lab '{}'", lab)};
    directory.lock_ = std::move(*locked);
  }
  directory.directory_ = std::move(there.directory);
  return directory;
}

LabResult<std::vector<LabSummary>> Registry::list() const {
  std::vector<LabSummary> labs;
  auto directory = open_labs_directory(paths_.labs);
  if (!directory && directory.error().code == errc::no_such_file_or_directory) return labs;
  if (!directory) return directory.error();
  auto names = entries_of(directory->get());
  if (!names) return LabError{names.error(), "list the directory " + paths_.labs};
  for (std::string& name : *names) {
    auto found = look_at_lab(directory->get(), name);
    if (!found) return found.error();
    if (!*found) continue;  // another removes it just now
    auto summary = summarise(std::move(name), **found);
    if (!summary) return summary.error();
    if (summary->state == LabState::mounted) {
      const auto nodes = count_namespaces(**found);
      if (!nodes) return nodes.error();
      summary->nodes = *nodes;
    }
    labs.push_back(std::move(*summary));
  }
  std::ranges::sort(labs, {}, &LabSummary::name);
  return labs;
}

LabResult<std::vector<std::string>> Registry::node_names(std::string_view lab) const {
  auto found = open_mounted(paths_.labs, lab);
  if (!found) return found.error();
  auto names = list_pinned(*found);
  if (!names) return names.error();
  if (!*names) return explained(fmt::format("{}/{} is no directory", lab_path(lab), namespaces_subdirectory), EINVAL);
  return **std::move(names);
}

LabResult<Topology> Registry::read_topology_file(std::string_view lab) const {
  auto found = open_mounted(paths_.labs, lab);
  if (!found) return found.error();
  const std::string path = fmt::format("{}/{}", lab_path(lab), topology_file);
  const auto text = read_plain_file(found->directory.get(), topology_file);
  if (!text) return LabError{text.error(), "read " + path};
  ReadResult read = read_topology(*text, path, Format::containerlab);
  if (!read.errors.empty()) return explained(path + ": " + read.errors.front().text, EINVAL);
  return std::move(read.topology);
}

LabResult<std::uint64_t> Registry::remove(LabDirectory directory) const {
  auto lock = this->lock();
  if (!lock) return lock.error();
  auto labs = open_labs_directory(paths_.labs);
  if (!labs) return labs.error();
  // After the unmount nothing must fail that could have been known before.
  if (::faccessat(labs->get(), ".", W_OK, AT_EACCESS) != 0) return failure("write into the directory " + paths_.labs);
  auto symlinks = NetnsSymlinks::open(paths_);
  if (!symlinks) return symlinks.error();
  auto found = look_at_lab(labs->get(), directory.lab_);
  if (!found) return found.error();
  if (!*found) return std::uint64_t{0};
  FoundLab& there = **found;
  std::uint64_t nodes_removed = 0;
  if (there.state == LabState::mounted) {
    const auto ours = examine_directory(directory.directory_.get());
    const bool is_ours = ours && directory.lock_ && ours->device == there.status.device;
    if (!is_ours) return explained(fmt::format("another lab called '{}' is there now", directory.lab_), EAGAIN);
    auto taken_down = take_down(directory, there, *symlinks);
    if (!taken_down) return taken_down;
    nodes_removed = *taken_down;
  } else if (there.state == LabState::foreign) {
    return explain_unusable(there, directory.lab_, directory.path_);
  } else if (auto error = symlinks->remove_all_of(directory.lab_)) {
    return *std::move(error);
  }
  if (auto error = discard_lab_directory(labs->get(), directory.lab_)) return *std::move(error);
  return nodes_removed;
}

LabResult<std::uint64_t> Registry::remove_stray_symlinks() const {
  auto lock = this->lock();
  if (!lock) return lock.error();
  const auto labs = open_labs_directory(paths_.labs);
  if (!labs && labs.error().code != errc::no_such_file_or_directory) return labs.error();
  const auto symlinks = NetnsSymlinks::open(paths_);
  if (!symlinks) return symlinks.error();
  return symlinks->remove_strays([&](const std::string& lab, const std::string& node) -> LabResult<bool> {
    struct stat unused{};
    if (::lstat(namespace_path(lab, node).c_str(), &unused) == 0) return false;
    if (errno != ENOENT) return failure("examine " + namespace_path(lab, node));
    if (!labs) return true;
    const auto found = look_at_lab(labs->get(), lab);
    if (!found) return found.error();
    // A lab that is mounted elsewhere may well have this node.
    return !*found || (*found)->state == LabState::mounted || (*found)->state == LabState::unmounted;
  });
}

}  // namespace netherd::lab
