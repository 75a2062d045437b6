#include "private_mounts.hpp"

#include <dirent.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <initializer_list>
#include <memory>

#include "netherd/ops/netns_path.hpp"
#include "system_error.hpp"

namespace netherd::ops {

namespace {

constexpr std::string_view etc_directory = "/etc/netns/";

/// A line on standard error, without allocating.
void complain(std::initializer_list<std::string_view> words) noexcept {
  for (const std::string_view word : words) static_cast<void>(!::write(STDERR_FILENO, word.data(), word.size()));
}

/// A /sys of this network namespace's. Where the old one cannot be unmounted it is covered, and a read-only one only by
/// another that is so.
int mount_sys(const char* source) noexcept {
  unsigned long flags = 0;
  struct statvfs old{};
  if (::umount2("/sys", MNT_DETACH) < 0 && ::statvfs("/sys", &old) == 0 && (old.f_flag & ST_RDONLY) != 0) {
    flags = MS_RDONLY;
  }
  return ::mount(source, "/sys", "sysfs", flags, nullptr);
}

}  // namespace

boost::system::result<PrivateMounts> PrivateMounts::prepare(std::string_view name) {
  if (!is_valid_netns_name(name)) return boost::system::errc::make_error_code(boost::system::errc::invalid_argument);
  PrivateMounts mounts;
  mounts.name_ = name;
  const std::string folder = std::string{etc_directory} + mounts.name_;
  const std::unique_ptr<DIR, int (*)(DIR*)> entries{::opendir(folder.c_str()), ::closedir};
  if (!entries && errno != ENOENT) return last_error();
  while (const dirent* entry = entries ? ::readdir(entries.get()) : nullptr) {
    const std::string_view file{static_cast<const char*>(entry->d_name)};
    if (file == "." || file == "..") continue;
    mounts.binds_.push_back({folder + '/' + std::string{file}, "/etc/" + std::string{file}});
  }
  return mounts;
}

int PrivateMounts::enter() const noexcept {
  if (::unshare(CLONE_NEWNS) < 0) return -1;
  // What is unmounted outside must go here as well, but nothing of ours may get out.
  if (::mount("", "/", "none", MS_SLAVE | MS_REC, nullptr) < 0) return -1;
  if (mount_sys(name_.c_str()) < 0) return -1;
  for (const Bind& bind : binds_) {
    if (::mount(bind.source.c_str(), bind.target.c_str(), "none", MS_BIND, nullptr) == 0) continue;
    complain({"Bind ", bind.source, " -> ", bind.target, " failed: ", ::strerrordesc_np(errno), "\n"});
  }
  return 0;
}

}  // namespace netherd::ops
