#pragma once

#include <boost/system/error_code.hpp>
#include <boost/system/result.hpp>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "netherd/engine/file_descriptor.hpp"

namespace netherd::ops {

/// The directory in which `ip netns` keeps and looks up names.
inline constexpr std::string_view netns_directory = "/run/netns";

/// True for a name that `ip netns add` takes: 1 to 255 bytes, no '/' and no zero, neither "." nor "..".
[[nodiscard]] bool is_valid_netns_name(std::string_view name) noexcept;

/// Gives a namespace a name: creates the file `path` and binds the namespace onto it. The namespace then lives until
/// it is unpinned, or the file system that holds the name is unmounted.
///
/// `ip netns attach NAME PID` does the same with /run/netns/NAME. Leaves nothing behind when it fails. Needs
/// CAP_SYS_ADMIN. Errors: file_exists (there is something at the path, which is not touched),
/// no_such_file_or_directory, invalid_argument (the descriptor is not that of a namespace), no_space_on_device (the
/// mount limit fs.mount-max), operation_not_permitted. Thread safe.
[[nodiscard]] boost::system::error_code pin_namespace(const std::string& path, int netns) noexcept;

/// Takes the name back: `ip netns delete NAME`. The namespace goes when nothing else refers to it.
///
/// Only a name made by pin_namespace() or `ip netns` is removed: errors: invalid_argument (not a mount point, a
/// symbolic link included), no_such_file_or_directory. Thread safe.
[[nodiscard]] boost::system::error_code unpin_namespace(const std::string& path) noexcept;

/// Opens a pinned namespace, through symbolic links if need be. Errors: invalid_argument (there is something else at
/// the path, such as the plain file that an interrupted pin_namespace() leaves), no_such_file_or_directory.
[[nodiscard]] boost::system::result<engine::FileDescriptor> open_namespace(const std::string& path) noexcept;

/// Whether an error of open_namespace() means that no namespace is pinned there, or none any more: `ip netns delete`
/// and umount(8) leave a plain file or nothing. Something else may be in the place of the name, or of its directory.
[[nodiscard]] bool is_namespace_gone(boost::system::error_code error) noexcept;

/// Opens the namespace that the calling thread is in: what `ip netns identify` and `lsns` name.
[[nodiscard]] boost::system::result<engine::FileDescriptor> open_current_namespace() noexcept;

/// Names of the namespaces in a directory, sorted: `ip netns list`. Symbolic links to namespaces count, what is not a
/// namespace does not. A directory that is not there holds none.
[[nodiscard]] boost::system::result<std::vector<std::string>> list_namespaces(const std::string& directory);

/// Tells namespaces apart: two descriptors are of one namespace if their identities are equal. A number is given out
/// again once its namespace is gone.
struct NamespaceIdentity {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  friend auto operator<=>(const NamespaceIdentity&, const NamespaceIdentity&) = default;
};

/// Identity of an open namespace: `stat -L /run/netns/NAME`. Errors: invalid_argument (not a namespace).
[[nodiscard]] boost::system::result<NamespaceIdentity> identify_namespace(int netns) noexcept;

}  // namespace netherd::ops
