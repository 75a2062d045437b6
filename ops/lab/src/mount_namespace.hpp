#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace netherd::lab {

/// Inode number of a process's mount namespace; nothing if it cannot be seen. `process` is its entry in /proc: "self",
/// or its number.
[[nodiscard]] std::optional<std::uint64_t> mount_namespace_of(const std::string& process);

/// A process in a mount namespace, the one with the lowest number, as "1 (systemd)". Nothing if none is seen there.
[[nodiscard]] std::optional<std::string> process_in_mount_namespace(std::uint64_t mount_namespace);

/// "123 (netherd)": a process by number and name, for messages.
[[nodiscard]] std::string describe_process(std::string_view process);

/// Groups of mounts that pass on what is mounted below them (Documentation/filesystems/sharedsubtree.rst); 0: none.
struct PeerGroups {
  std::uint64_t shared = 0;  ///< "shared:N": passes mounts on to this group, and gets its
  std::uint64_t master = 0;  ///< "master:N": only gets that group's
};

/// Finds a mount in the text of a /proc/PID/mountinfo.
[[nodiscard]] std::optional<PeerGroups> find_peer_groups(std::string_view mountinfo, std::uint64_t mount_id);

/// Whether the text of a /proc/PID/mountinfo has a mount of this device ("0:53") on a directory of this name.
[[nodiscard]] bool has_mount(std::string_view mountinfo, std::string_view device, std::string_view directory_name);

/// Whether what is mounted below the one mount appears below the other.
[[nodiscard]] bool passes_mounts_on(PeerGroups from, PeerGroups to) noexcept;

/// Finds out whether what this process mounts below a directory would be seen by it alone.
///
/// The directory's home is the mount namespace of process 1, if that has the same directory, or else of the outermost
/// ancestor that has: of a sandbox with a /run of its own, that of the sandbox. Mounts made here must reach the home,
/// as they do not after `unshare -m` or `ip netns exec`. Gives the home process, as "1 (systemd)", if they would not;
/// nothing if they would, or if it cannot be told.
[[nodiscard]] std::optional<std::string> home_that_sees_no_mounts(const std::string& directory);

}  // namespace netherd::lab
