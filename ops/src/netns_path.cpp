#include "netherd/ops/netns_path.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/nsfs.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include <algorithm>
#include <climits>
#include <cstdio>
#include <memory>

#include "system_error.hpp"

namespace netherd::ops {

namespace {

using boost::system::error_code;
using engine::FileDescriptor;

error_code not_a_namespace() noexcept {
  return boost::system::errc::make_error_code(boost::system::errc::invalid_argument);
}

/// Also tells network namespaces from the other kinds.
bool is_network_namespace(int descriptor) noexcept {
  struct statfs file_system{};
  return ::fstatfs(descriptor, &file_system) == 0 && file_system.f_type == NSFS_MAGIC &&
         ::ioctl(descriptor, NS_GET_NSTYPE) == CLONE_NEWNET;
}

boost::system::result<FileDescriptor> open_namespace_at(int directory, const char* path) noexcept {
  // O_NONBLOCK: so that a FIFO at the path cannot hold us up.
  FileDescriptor netns{::openat(directory, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  if (!netns) return last_error();
  if (!is_network_namespace(netns.get())) return not_a_namespace();
  return netns;
}

}  // namespace

bool is_valid_netns_name(std::string_view name) noexcept {
  const auto refused = [](char character) { return character == '/' || character == '\0'; };
  return !name.empty() && name.size() <= NAME_MAX && name != "." && name != ".." && std::ranges::none_of(name, refused);
}

error_code pin_namespace(const std::string& path, int netns) noexcept {
  char source[sizeof "/proc/self/fd/" + 11];
  std::snprintf(source, sizeof source, "/proc/self/fd/%d", netns);
  if (const auto error = error_of(::mknod(path.c_str(), S_IFREG | 0444, 0))) return error;
  const auto error = error_of(::mount(source, path.c_str(), nullptr, MS_BIND, nullptr));
  if (error) ::unlink(path.c_str());
  return error;
}

error_code unpin_namespace(const std::string& path) noexcept {
  if (const auto error = error_of(::umount2(path.c_str(), MNT_DETACH | UMOUNT_NOFOLLOW))) return error;
  return error_of(::unlink(path.c_str()));
}

boost::system::result<FileDescriptor> open_namespace(const std::string& path) noexcept {
  return open_namespace_at(AT_FDCWD, path.c_str());
}

bool is_namespace_gone(error_code error) noexcept {
  namespace errc = boost::system::errc;
  return error == errc::invalid_argument || error == errc::no_such_file_or_directory ||
         error == errc::not_a_directory || error == errc::too_many_symbolic_link_levels ||
         error == errc::no_such_device_or_address;
}

boost::system::result<FileDescriptor> open_current_namespace() noexcept {
  return open_namespace_at(AT_FDCWD, "/proc/thread-self/ns/net");
}

boost::system::result<std::vector<std::string>> list_namespaces(const std::string& directory) {
  std::vector<std::string> names;
  const std::unique_ptr<DIR, int (*)(DIR*)> stream{::opendir(directory.c_str()), ::closedir};
  if (!stream && errno == ENOENT) return names;
  if (!stream) return last_error();
  while (const dirent* entry = ::readdir(stream.get())) {
    if (open_namespace_at(::dirfd(stream.get()), entry->d_name)) names.emplace_back(entry->d_name);
  }
  std::ranges::sort(names);
  return names;
}

boost::system::result<NamespaceIdentity> identify_namespace(int netns) noexcept {
  struct stat status{};
  if (!is_network_namespace(netns)) return not_a_namespace();
  if (::fstat(netns, &status) < 0) return last_error();
  return NamespaceIdentity{status.st_dev, status.st_ino};
}

}  // namespace netherd::ops
