#pragma once

#include <boost/system/error_code.hpp>
#include <boost/system/result.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "netherd/engine/file_descriptor.hpp"
#include "netherd/lab/topology.hpp"

namespace netherd::lab {

/// Where labs keep what they own. Tests use directories of their own.
struct RegistryPaths {
  std::string labs = "/run/netherd";  ///< one directory per lab
  std::string netns = "/run/netns";   ///< where `ip netns` looks; gets a symbolic link LAB-NODE per node
};

enum class LabPhase : std::uint8_t { building, up, tearing_down };

/// "building", "up", "tearing down".
[[nodiscard]] std::string_view to_string(LabPhase phase) noexcept;

/// Name of a node's namespace for `ip`: "LAB-NODE".
[[nodiscard]] std::string netns_link_name(std::string_view lab, std::string_view node);

/// A failure with what was being done, for people: "mount /run/netherd/lab: File exists".
struct LabError {
  boost::system::error_code code;
  std::string what;
};

/// Either a value or a LabError.
template <typename T>
using LabResult = boost::system::result<T, LabError>;

/// A lab that exists, or is being made: its directory, and the lock on it for as long as this object lives.
///
/// `/run/netherd/LAB/` is a shared tmpfs of the lab's own that holds `ns/NODE` (the pinned namespaces), `topology` (in
/// the native format, addresses assigned), `phase` and `lock`. Everything that a lab owns can be found from it, without
/// the process that built it: an interrupted `up` or `down` leaves nothing that remove() does not find.
class LabDirectory {
 public:
  [[nodiscard]] const std::string& lab() const noexcept { return lab_; }
  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  /// Where the namespace of a node is pinned.
  [[nodiscard]] std::string namespace_path(std::string_view node) const;
  /// The symbolic link to it for `ip netns`.
  [[nodiscard]] std::string symlink_path(std::string_view node) const;

  /// Stores the topology for other processes. Errors: no_space_on_device.
  [[nodiscard]] boost::system::error_code write_topology_file(const Topology& topology) const;
  [[nodiscard]] boost::system::error_code set_phase(LabPhase phase) const;
  /// Nothing if there is no lab in the directory: debris of an early crash.
  [[nodiscard]] std::optional<LabPhase> phase() const;

 private:
  friend class Registry;
  std::string lab_;
  std::string path_;
  std::string netns_directory_;
  engine::FileDescriptor lock_;
};

/// What `netherd ls` shows of a lab.
struct LabSummary {
  std::string name;
  std::optional<LabPhase> phase;  ///< none: the directory is there, but no lab in it (debris of an early crash)
  bool locked = false;            ///< a process is building it or tearing it down
  std::uint64_t nodes = 0;        ///< namespaces pinned right now
};

/// The labs of this machine. Blocking, but quick; every function may be called from any thread, and by several
/// processes at a time: an exclusive lock on RegistryPaths::labs guards each change.
class Registry {
 public:
  explicit Registry(RegistryPaths paths = {}) : paths_{std::move(paths)} {}

  /// Whether a lab of this name is there, or being made or removed. Needs no privileges.
  [[nodiscard]] bool exists(std::string_view lab) const;
  /// Everything of another's that is called like a new lab or its nodes: the lab itself, or else each LAB-NODE in
  /// /run/netns. claim() fails with the first of these. Needs no privileges.
  [[nodiscard]] std::vector<LabError> conflicts(const Topology& topology) const;
  /// Makes the directory of a new lab, mounts its tmpfs and locks it. Nothing of another's is touched: errors:
  /// file_exists (there is such a lab, or something called LAB-NODE in /run/netns; `what` says which),
  /// operation_not_permitted (CAP_SYS_ADMIN is needed).
  [[nodiscard]] LabResult<LabDirectory> claim(const Topology& topology) const;
  /// Opens and locks an existing lab. Errors: no_such_file_or_directory, resource_unavailable_try_again (another
  /// process works on it).
  [[nodiscard]] LabResult<LabDirectory> open(std::string_view lab) const;
  /// All labs, by name. A registry that was never used has none.
  [[nodiscard]] LabResult<std::vector<LabSummary>> list() const;
  /// The topology of a running lab as it was built. Errors: no_such_file_or_directory.
  [[nodiscard]] LabResult<Topology> read_topology_file(std::string_view lab) const;
  /// Removes a lab: its links to the namespace that netherd was started in, the symbolic links that are its own, then
  /// its tmpfs with all namespaces in one unmount, then its directory. Can be interrupted anywhere and done again. On
  /// return no name refers to a namespace of the lab; the kernel destroys them soon after, unless processes still run
  /// in them. Gives the number of nodes removed.
  [[nodiscard]] LabResult<std::uint64_t> remove(LabDirectory directory) const;

  /// Removes symbolic links in /run/netns that were made for labs and whose lab is gone: somebody has unmounted it.
  /// Gives their number.
  std::uint64_t remove_stray_symlinks() const;

  [[nodiscard]] const RegistryPaths& paths() const noexcept { return paths_; }
  [[nodiscard]] std::string namespace_path(std::string_view lab, std::string_view node) const;

 private:
  [[nodiscard]] std::string lab_path(std::string_view lab) const;
  [[nodiscard]] bool is_symlink_of_lab(std::string_view name, std::string_view target) const;
  RegistryPaths paths_;
};

}  // namespace netherd::lab
