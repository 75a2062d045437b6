#pragma once

#include <boost/system/error_code.hpp>
#include <boost/system/result.hpp>
#include <cstdint>

#include "netherd/engine/file_descriptor.hpp"

namespace netherd::lab {

/// Makes a tmpfs that is mounted nowhere yet: what is put into it appears together with it. Nothing of it is left if
/// the descriptor is closed before attach_tmpfs(). Errors: operation_not_permitted (needs CAP_SYS_ADMIN), those of
/// fsopen(2), fsconfig(2) and fsmount(2).
[[nodiscard]] boost::system::result<engine::FileDescriptor> make_tmpfs() noexcept;

/// Mounts it on an open directory, and makes the mount shared: unmounting it then also takes the copies away that other
/// mount namespaces have got of it. Those would keep the network namespaces alive. Errors: no_space_on_device (the
/// limit fs.mount-max), those of move_mount(2) and mount_setattr(2).
[[nodiscard]] boost::system::error_code attach_tmpfs(int tmpfs, int directory) noexcept;

/// Unmounts what an open directory is the root of, with all mounts below it, whatever has become of its name.
[[nodiscard]] boost::system::error_code detach_mount(int directory) noexcept;

/// What an open directory is.
struct DirectoryStatus {
  bool is_mount_root = false;   ///< something is mounted there, and the directory is its root
  bool is_roots_alone = false;  ///< it belongs to root, and nobody else may write into it
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
};
[[nodiscard]] boost::system::result<DirectoryStatus> examine_directory(int directory) noexcept;

}  // namespace netherd::lab
