#pragma once

#include <boost/system/error_code.hpp>
#include <boost/system/result.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "netherd/engine/file_descriptor.hpp"
#include "netherd/lab/topology.hpp"

namespace netherd::lab {

/// Where labs keep what they own. Tests use directories of their own.
struct RegistryPaths {
  /// One directory per lab. Beside it, with ".lock" appended, lies the file that those lock who change the set of labs.
  std::string labs = "/run/netherd";
  std::string netns = "/run/netns";  ///< where `ip netns` looks; gets a symbolic link LAB-NODE per node
};

enum class LabPhase : std::uint8_t { building, up, tearing_down };

/// What is behind an entry of RegistryPaths::labs.
enum class LabState : std::uint8_t {
  mounted,    ///< a lab that is here; its phase says more
  unmounted,  ///< a lab's directory without the lab: `up` was killed at its start, or somebody has unmounted the lab
  elsewhere,  ///< the directory of a lab that was mounted in another mount namespace, and may still be there
  foreign,    ///< nothing of netherd's: somebody's file, symbolic link, directory or mount
};

/// "building", "up", "tearing down".
[[nodiscard]] std::string_view to_string(LabPhase phase) noexcept;

/// Name of a node's namespace for `ip`: "LAB-NODE".
[[nodiscard]] std::string netns_link_name(std::string_view lab, std::string_view node);

/// A failure with what was being done, for people: "mount /run/netherd/lab: File exists".
struct LabError {
  boost::system::error_code code;
  std::string what;
  bool explained = false;  ///< `what` gives the reason as well, and the code's own words would add nothing
};

/// "mount /run/netherd/lab: File exists", or only `what` if that explains it.
[[nodiscard]] std::string to_string(const LabError& error);

/// Either a value or a LabError.
template <typename T>
using LabResult = boost::system::result<T, LabError>;

/// How long a Registry waits for another process that changes the set of labs, and what it does meanwhile.
struct LockPatience {
  std::chrono::milliseconds most{30'000};  ///< then the operation fails with timed_out, and says who it waited for
  /// Asked again and again during the wait; true ends it with operation_canceled. May be empty.
  std::function<bool()> is_cancelled{};
  /// Called once if the wait takes longer than a second, with "process 123 (netherd)". May be empty.
  std::function<void(const std::string& holder)> on_wait{};
};

/// A lab that exists, or is being made: its directory, and the lock on it for as long as this object lives.
///
/// `/run/netherd/LAB/` is a shared tmpfs of the lab's own that holds `ns/NODE` (the pinned namespaces), `topology` (in
/// the native format, addresses assigned), `phase`, `lock` and `claim`. Everything that a lab owns can be found from
/// it, without the process that built it: an interrupted `up` or `down` leaves nothing that remove() does not find.
class LabDirectory {
 public:
  [[nodiscard]] const std::string& lab() const noexcept { return lab_; }
  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  /// Where the namespace of a node is pinned.
  [[nodiscard]] std::string namespace_path(std::string_view node) const;
  /// The symbolic link to it for `ip netns`.
  [[nodiscard]] std::string symlink_path(std::string_view node) const;

  /// Stores the topology for other processes of root's; nobody else can read it. Errors: no_space_on_device.
  [[nodiscard]] boost::system::error_code write_topology_file(const Topology& topology) const;
  [[nodiscard]] boost::system::error_code set_phase(LabPhase phase) const;
  /// Nothing if there is no lab in the directory (LabState::unmounted), or if somebody has spoilt the file.
  [[nodiscard]] LabResult<std::optional<LabPhase>> phase() const;
  /// The lab's directory itself, held open: the root of its tmpfs.
  [[nodiscard]] int descriptor() const noexcept { return directory_.get(); }

 private:
  friend class Registry;
  LabDirectory(std::string_view lab, const RegistryPaths& paths);
  std::string lab_;
  std::string path_;
  std::string netns_directory_;
  engine::FileDescriptor directory_;
  engine::FileDescriptor lock_;
};

/// What `netherd ls` shows of a lab.
struct LabSummary {
  std::string name;
  LabState state = LabState::mounted;
  std::optional<LabPhase> phase;  ///< of a lab that is mounted; nothing if somebody has spoilt the file that tells it
  bool locked = false;            ///< a process is building it or tearing it down
  std::uint64_t nodes = 0;        ///< namespaces pinned right now
};

/// The labs of this machine. Blocking, but quick; every function may be called from any thread, and by several
/// processes at a time: a lock guards each change (RegistryPaths::labs). Only root can open the file that is locked.
///
/// Nothing is followed, entered or removed that is not netherd's own. RegistryPaths::labs must belong to root, and
/// nobody else may write into it: otherwise every function fails with operation_not_permitted.
class Registry {
 public:
  explicit Registry(RegistryPaths paths = {}, LockPatience patience = {})
      : paths_{std::move(paths)}, patience_{std::move(patience)} {}

  /// Replaces the way in which later calls wait for other processes.
  void set_patience(LockPatience patience) { patience_ = std::move(patience); }

  /// Whether a lab of this name is mounted here. Needs no privileges.
  [[nodiscard]] bool exists(std::string_view lab) const;
  /// Looks for a lab that can be used: it is mounted here. LabSummary::nodes is left out. Needs no privileges. Errors:
  /// no_such_file_or_directory (there is none); otherwise `what` says in which state it is, and what to do.
  [[nodiscard]] LabResult<LabSummary> find(std::string_view lab) const;
  /// Everything that is in the way of a new lab: the lab itself, or else each LAB-NODE of another's in /run/netns; or
  /// that nobody else would see the lab, because this process has a mount namespace of its own. claim() fails with the
  /// first of these. Needs no privileges.
  [[nodiscard]] std::vector<LabError> conflicts(const Topology& topology) const;
  /// Makes the directory of a new lab, mounts its tmpfs and locks it: whole or not at all, whenever the process ends.
  /// Nothing of another's is touched. Errors: file_exists (there is such a lab, or something called LAB-NODE in
  /// /run/netns; `what` says which), operation_not_permitted (CAP_SYS_ADMIN is needed; or nobody else would see the
  /// lab, as `what` says), invalid_argument (not a name for a lab), timed_out, operation_canceled (LockPatience).
  [[nodiscard]] LabResult<LabDirectory> claim(const Topology& topology) const;
  /// Opens and locks an existing lab, or what is left of one. Errors: no_such_file_or_directory,
  /// resource_unavailable_try_again (another process works on it), timed_out, operation_canceled; invalid_argument (it
  /// is not netherd's, or in another mount namespace; `what` says what to do).
  [[nodiscard]] LabResult<LabDirectory> open(std::string_view lab) const;
  /// All labs, by name, and what else is among them. A registry that was never used has none. Waits for nobody; needs
  /// no privileges.
  [[nodiscard]] LabResult<std::vector<LabSummary>> list() const;
  /// The names of a lab's nodes, in no order; a node is among them even if somebody has deleted its namespace. Errors:
  /// those of find().
  [[nodiscard]] LabResult<std::vector<std::string>> node_names(std::string_view lab) const;
  /// The topology of a running lab as it was built. Errors: those of find().
  [[nodiscard]] LabResult<Topology> read_topology_file(std::string_view lab) const;
  /// Removes a lab: the symbolic links that are its own, its links to the namespace that netherd was started in, then
  /// its tmpfs with all namespaces in one unmount, then its directory. Can be interrupted anywhere and done again; what
  /// fails leaves the tmpfs mounted, so that everything can still be found. On return no name refers to a namespace of
  /// the lab; the kernel destroys them soon after, unless processes still run in them. Gives the number of nodes
  /// removed.
  [[nodiscard]] LabResult<std::uint64_t> remove(LabDirectory directory) const;

  /// Removes symbolic links in /run/netns that were made for labs and whose lab is gone: somebody has unmounted it.
  /// Gives their number.
  [[nodiscard]] LabResult<std::uint64_t> remove_stray_symlinks() const;

  [[nodiscard]] const RegistryPaths& paths() const noexcept { return paths_; }
  [[nodiscard]] std::string namespace_path(std::string_view lab, std::string_view node) const;

 private:
  [[nodiscard]] LabResult<engine::FileDescriptor> lock() const;
  [[nodiscard]] std::string lab_path(std::string_view lab) const;
  RegistryPaths paths_;
  LockPatience patience_;
};

}  // namespace netherd::lab
