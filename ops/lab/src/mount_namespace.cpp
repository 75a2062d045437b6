#include "mount_namespace.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <charconv>
#include <memory>
#include <vector>

#include "files.hpp"
#include "number.hpp"
#include "text_lines.hpp"

namespace netherd::lab {

namespace {

constexpr std::size_t most_ancestors = 1'000;

std::string proc_path(std::string_view process, std::string_view file) {
  return fmt::format("/proc/{}/{}", process, file);
}

/// A directory as it is seen by a process, and the mount that it is in.
struct SeenDirectory {
  std::uint32_t device_major = 0;
  std::uint32_t device_minor = 0;
  std::uint64_t inode = 0;
  std::uint64_t mount_id = 0;

  [[nodiscard]] bool is_same_directory(const SeenDirectory& other) const noexcept {
    return device_major == other.device_major && device_minor == other.device_minor && inode == other.inode;
  }
};

std::optional<SeenDirectory> look_at_directory(const std::string& path) {
  struct statx status{};
  constexpr unsigned wanted = STATX_INO | STATX_MNT_ID;
  if (::statx(AT_FDCWD, path.c_str(), AT_NO_AUTOMOUNT, wanted, &status) != 0) return std::nullopt;
  return SeenDirectory{status.stx_dev_major, status.stx_dev_minor, status.stx_ino, status.stx_mnt_id};
}

/// The process that started `process`; empty at the end of the line. /proc/PID/stat: "PID (NAME) STATE PARENT ...".
std::string parent_of(std::string_view process) {
  const auto text = read_file(proc_path(process, "stat"));
  if (!text) return {};
  const std::size_t name_end = text->rfind(") ");
  if (name_end == std::string::npos || text->size() < name_end + 4) return {};
  std::string_view rest = std::string_view{*text}.substr(name_end + 4);
  const std::string_view parent = rest.substr(0, rest.find(' '));
  return parent == "0" ? std::string{} : std::string{parent};
}

/// Process 1, then our ancestors, the outermost first.
std::vector<std::string> possible_homes() {
  std::vector<std::string> processes;
  for (std::string process = parent_of("self"); !process.empty() && processes.size() < most_ancestors;) {
    processes.push_back(process);
    process = parent_of(process);
  }
  processes.emplace_back("1");
  std::ranges::reverse(processes);
  return processes;
}

std::optional<PeerGroups> peer_groups_of(std::string_view process, std::uint64_t mount_id) {
  const auto mountinfo = read_file(proc_path(process, "mountinfo"));
  return mountinfo ? find_peer_groups(*mountinfo, mount_id) : std::nullopt;
}

std::string_view take_word(std::string_view& rest) {
  const std::string_view word = rest.substr(0, rest.find(' '));
  rest.remove_prefix(std::min(rest.size(), word.size() + 1));
  return word;
}

std::uint64_t number_after(std::string_view word, std::string_view prefix) {
  std::uint64_t number = 0;
  if (!word.starts_with(prefix) || !parse_number(word.substr(prefix.size()), number)) return 0;
  return number;
}

}  // namespace

std::optional<std::uint64_t> mount_namespace_of(const std::string& process) {
  struct stat status{};
  if (::stat(proc_path(process, "ns/mnt").c_str(), &status) != 0) return std::nullopt;
  return status.st_ino;
}

std::string describe_process(std::string_view process) {
  const auto name = read_file(proc_path(process, "comm"));
  if (!name) return std::string{process};
  return fmt::format("{} ({})", process, std::string_view{*name}.substr(0, name->find('\n')));
}

std::optional<std::string> process_in_mount_namespace(std::uint64_t mount_namespace) {
  const std::unique_ptr<DIR, int (*)(DIR*)> processes{::opendir("/proc"), ::closedir};
  if (!processes) return std::nullopt;
  while (const dirent* entry = ::readdir(processes.get())) {  // in the order of their numbers
    std::uint64_t number = 0;
    if (!parse_number(std::string_view{entry->d_name}, number)) continue;
    if (mount_namespace_of(entry->d_name) == mount_namespace) return describe_process(entry->d_name);
  }
  return std::nullopt;
}

// "36 35 98:0 /root /mount/point rw,noatime master:1 - ext3 /dev/root rw": see proc_pid_mountinfo(5).
std::optional<PeerGroups> find_peer_groups(std::string_view mountinfo, std::uint64_t mount_id) {
  constexpr int words_before_groups = 5;
  TextLines lines{mountinfo};
  while (const auto line = lines.next()) {
    std::string_view rest = line->text;
    std::uint64_t id = 0;
    if (!parse_number(take_word(rest), id) || id != mount_id) continue;
    for (int i = 0; i < words_before_groups; ++i) take_word(rest);
    PeerGroups groups;
    while (!rest.empty()) {
      const std::string_view word = take_word(rest);
      if (word == "-") break;
      groups.shared = std::max(groups.shared, number_after(word, "shared:"));
      groups.master = std::max(groups.master, number_after(word, "master:"));
    }
    return groups;
  }
  return std::nullopt;
}

bool has_mount(std::string_view mountinfo, std::string_view device, std::string_view directory_name) {
  TextLines lines{mountinfo};
  while (const auto line = lines.next()) {
    std::string_view rest = line->text;
    take_word(rest);  // the mount's number
    take_word(rest);  // its parent's
    if (take_word(rest) != device) continue;
    take_word(rest);  // what of the file system is mounted
    const std::string_view mount_point = take_word(rest);
    if (mount_point.substr(mount_point.rfind('/') + 1) == directory_name) return true;
  }
  return false;
}

bool passes_mounts_on(PeerGroups from, PeerGroups to) noexcept {
  return from.shared != 0 && (to.shared == from.shared || to.master == from.shared);
}

std::optional<std::string> home_that_sees_no_mounts(const std::string& directory) {
  const auto here = mount_namespace_of("self");
  const auto ours = look_at_directory(directory);
  if (!here || !ours) return std::nullopt;
  for (const std::string& process : possible_homes()) {
    const auto there = mount_namespace_of(process);
    if (!there) continue;
    if (*there == *here) return std::nullopt;
    const auto theirs = look_at_directory(proc_path(process, "root") + directory);
    if (!theirs || !theirs->is_same_directory(*ours)) continue;
    const auto from = peer_groups_of("self", ours->mount_id);
    const auto to = peer_groups_of(process, theirs->mount_id);
    if (!from || !to || passes_mounts_on(*from, *to)) return std::nullopt;
    return describe_process(process);
  }
  return std::nullopt;
}

}  // namespace netherd::lab
