#include "netherd/ops/netns_process.hpp"

#include <dirent.h>
#include <sys/stat.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <memory>
#include <optional>

#include "netherd/ops/netns_path.hpp"
#include "system_error.hpp"

namespace netherd::ops {

namespace {

/// The number that a folder of /proc is called by; nothing for other entries.
std::optional<pid_t> process_of(const char* name) noexcept {
  pid_t process = 0;
  const char* const end = name + std::strlen(name);
  const auto [rest, error] = std::from_chars(name, end, process);
  return error == std::errc{} && rest == end && process > 0 ? std::optional{process} : std::nullopt;
}

}  // namespace

boost::system::result<engine::FileDescriptor> open_namespace_of(pid_t process) {
  auto netns = open_namespace("/proc/" + std::to_string(process) + "/ns/net");
  if (netns || netns.error() != boost::system::errc::no_such_file_or_directory) return netns;
  return boost::system::errc::make_error_code(boost::system::errc::no_such_process);
}

boost::system::result<std::vector<pid_t>> processes_in(int netns) {
  const auto wanted = identify_namespace(netns);
  if (!wanted) return wanted.error();
  const std::unique_ptr<DIR, int (*)(DIR*)> entries{::opendir("/proc"), ::closedir};
  if (!entries) return last_error();
  std::vector<pid_t> processes;
  while (const dirent* entry = ::readdir(entries.get())) {
    const auto process = process_of(entry->d_name);
    if (!process) continue;
    const std::string path = std::to_string(*process) + "/ns/net";
    struct stat status{};
    if (::fstatat(::dirfd(entries.get()), path.c_str(), &status, 0) < 0) continue;  // it has ended, or is not ours
    if (NamespaceIdentity{status.st_dev, status.st_ino} == *wanted) processes.push_back(*process);
  }
  std::ranges::sort(processes);
  return processes;
}

boost::system::result<std::vector<std::string>> names_of_namespace(const std::string& directory, int netns) {
  const auto wanted = identify_namespace(netns);
  if (!wanted) return wanted.error();
  auto names = list_namespaces(directory);
  if (!names) return names;
  std::erase_if(*names, [&](const std::string& name) {
    const auto other = open_namespace(directory + '/' + name);
    return !other || identify_namespace(other->get()) != wanted;
  });
  return names;
}

}  // namespace netherd::ops
