#include "run_directories.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace netherd::tools {

namespace {

/// The directory itself, or the nearest one above it that is there.
std::string nearest_existing(std::string path) {
  while (path.size() > 1 && ::access(path.c_str(), F_OK) != 0 && errno == ENOENT) {
    const std::size_t slash = path.rfind('/');
    path.erase(slash == 0 ? 1 : slash);
  }
  return path;
}

}  // namespace

std::vector<lab::Shortage> find_unwritable(const lab::RegistryPaths& paths) {
  std::vector<lab::Shortage> found;
  for (const std::string& wanted : {paths.labs, paths.netns}) {
    const std::string directory = nearest_existing(wanted);
    if (::faccessat(AT_FDCWD, directory.c_str(), W_OK | X_OK, AT_EACCESS) == 0) continue;
    const int error = errno;
    const std::string_view remedy = error == EROFS ? "remount it: mount -o remount,rw "
                                                   : "its owner has to run this command; it belongs to root on a usual "
                                                     "system: ls -ld ";
    found.push_back(
        {fmt::format("{} cannot be written to: {}", directory, std::strerror(error)), std::string{remedy} + directory});
  }
  if (found.size() == 2 && found[0].what == found[1].what) found.pop_back();
  return found;
}

}  // namespace netherd::tools
