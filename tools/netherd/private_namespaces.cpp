#include "private_namespaces.hpp"

#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>

namespace netherd::tools {

namespace {

std::string failure(const char* step) { return std::string{step} + ": " + std::strerror(errno); }

}  // namespace

std::optional<std::string> enter_private_namespaces() {
  if (::unshare(CLONE_NEWNET | CLONE_NEWNS) != 0) return failure("make network and mount namespaces");
  if (::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return failure("make all mounts private");
  if (::mount("tmpfs", "/run", "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755") != 0)
    return failure("mount a tmpfs on /run");
  if (::mkdir("/run/netns", 0755) != 0) return failure("make /run/netns");
  return std::nullopt;
}

}  // namespace netherd::tools
