#include "lab_mount.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <cerrno>

namespace netherd::lab {

namespace {

using boost::system::error_code;
using engine::FileDescriptor;

error_code last_mount_error() noexcept { return {errno, boost::system::system_category()}; }

bool set_option(int context, const char* key, const char* value) noexcept {
  return ::fsconfig(context, FSCONFIG_SET_STRING, key, value, 0) == 0;
}

}  // namespace

boost::system::result<FileDescriptor> make_tmpfs() noexcept {
  const FileDescriptor context{::fsopen("tmpfs", FSOPEN_CLOEXEC)};
  if (!context) return last_mount_error();
  const bool configured = set_option(context.get(), "source", "netherd") && set_option(context.get(), "mode", "0755") &&
                          ::fsconfig(context.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) == 0;
  if (!configured) return last_mount_error();
  constexpr unsigned attributes = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;
  FileDescriptor tmpfs{::fsmount(context.get(), FSMOUNT_CLOEXEC, attributes)};
  if (!tmpfs) return last_mount_error();
  return tmpfs;
}

error_code attach_tmpfs(int tmpfs, int directory) noexcept {
  constexpr unsigned by_descriptors = MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH;
  if (::move_mount(tmpfs, "", directory, "", by_descriptors) != 0) return last_mount_error();
  mount_attr attributes{};
  attributes.propagation = MS_SHARED;
  if (::mount_setattr(tmpfs, "", AT_EMPTY_PATH, &attributes, sizeof attributes) == 0) return {};
  const error_code error = last_mount_error();
  static_cast<void>(detach_mount(tmpfs));
  return error;
}

error_code detach_mount(int directory) noexcept {
  // umount2(2) takes no descriptor. This path leads to the mount that the descriptor has open, and to no other.
  char path[sizeof "/proc/self/fd/" + 11];
  *fmt::format_to(static_cast<char*>(path), "/proc/self/fd/{}", directory) = '\0';
  return ::umount2(path, MNT_DETACH) == 0 ? error_code{} : last_mount_error();
}

boost::system::result<DirectoryStatus> examine_directory(int directory) noexcept {
  struct statx status{};
  if (::statx(directory, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &status) != 0) return last_mount_error();
  return DirectoryStatus{.is_mount_root = (status.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0,
                         .is_roots_alone = status.stx_uid == 0 && (status.stx_mode & (S_IWGRP | S_IWOTH)) == 0,
                         .device = ::makedev(status.stx_dev_major, status.stx_dev_minor),
                         .inode = status.stx_ino};
}

}  // namespace netherd::lab
