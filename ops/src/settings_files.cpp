#include "settings_files.hpp"

#include <fcntl.h>
#include <linux/mount.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>

#include "system_error.hpp"

namespace netherd::ops {

namespace {

using boost::system::error_code;
using engine::FileDescriptor;

/// A new instance takes 80 µs, and a write in one that holds a hundred namespaces is hardly slower than in an empty
/// one.
constexpr std::size_t namespaces_per_instance = 100;

int open_procfs_context() noexcept { return static_cast<int>(::syscall(SYS_fsopen, "proc", FSOPEN_CLOEXEC)); }

/// The root of a procfs that is mounted nowhere; empty where the kernel refuses it.
FileDescriptor make_procfs_instance() noexcept {
  const FileDescriptor context{open_procfs_context()};
  if (!context) return {};
  if (::syscall(SYS_fsconfig, context.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) != 0) return {};
  constexpr unsigned attributes = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;
  return FileDescriptor{static_cast<int>(::syscall(SYS_fsmount, context.get(), FSMOUNT_CLOEXEC, attributes))};
}

/// Errors of a kernel that has the setting, but lets nobody write it here.
bool is_write_protection(const error_code& error) noexcept {
  namespace errc = boost::system::errc;
  return error == errc::read_only_file_system || error == errc::permission_denied ||
         error == errc::operation_not_permitted;
}

}  // namespace

void SettingsFiles::renew_instance() noexcept {
  if (!std::exchange(entered_, false)) return;
  if (namespaces_left_ > 0) {
    --namespaces_left_;
    return;
  }
  instance_.reset();  // first, so that there is never more than one
  instance_ = make_procfs_instance();
  namespaces_left_ = namespaces_per_instance - 1;
}

FileDescriptor SettingsFiles::open(const std::string& key, int flags) {
  flags |= O_CLOEXEC | O_NOCTTY;
  if (!directory_.empty()) return FileDescriptor{::open((directory_ + '/' + key).c_str(), flags)};
  renew_instance();
  if (instance_) return FileDescriptor{::openat(instance_.get(), ("sys/" + key).c_str(), flags)};
  return FileDescriptor{::open(("/proc/sys/" + key).c_str(), flags)};
}

error_code SettingsFiles::try_to_write(const KernelSetting& setting) {
  const FileDescriptor file = open(setting.key, O_WRONLY);
  return file ? error_of(::write(file.get(), setting.value.data(), setting.value.size())) : last_error();
}

error_code SettingsFiles::write(const KernelSetting& setting) {
  const error_code error = try_to_write(setting);
  if (!error) return {};
  const bool missing = error == boost::system::errc::no_such_file_or_directory;
  if (missing && setting.need != SettingNeed::required) return {};
  if (!is_write_protection(error)) return error;
  const bool suffices = setting.need == SettingNeed::welcome || read(setting.key) == setting.value;
  return suffices ? error_code{} : error;
}

bool SettingsFiles::is_writable() {
  struct statvfs file_system{};
  const FileDescriptor directory = open("", O_PATH | O_DIRECTORY);
  return directory && ::fstatvfs(directory.get(), &file_system) == 0 && (file_system.f_flag & ST_RDONLY) == 0;
}

std::optional<std::string> SettingsFiles::read(const std::string& key) {
  const FileDescriptor file = open(key, O_RDONLY);
  std::array<char, 64> text{};
  const ssize_t size = file ? ::read(file.get(), text.data(), text.size()) : -1;
  if (size < 0) return std::nullopt;
  const std::string_view content{text.data(), static_cast<std::size_t>(size)};
  return std::string{content.substr(0, content.find('\n'))};
}

bool can_write_settings() {
  struct statvfs file_system{};
  const bool writable = ::statvfs("/proc/sys", &file_system) == 0 && (file_system.f_flag & ST_RDONLY) == 0;
  return writable || SettingsFiles{}.is_writable();
}

}  // namespace netherd::ops
