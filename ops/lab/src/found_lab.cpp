#include "found_lab.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <utility>

#include "files.hpp"
#include "mount_namespace.hpp"

namespace netherd::lab {

namespace {

namespace errc = boost::system::errc;
using engine::FileDescriptor;

constexpr mode_t lab_directory_mode = 0755;
/// A lab's directory has this mode before the claim is in it, and again before the claim is taken out of it. So an
/// empty directory that a killed process leaves can be told from any other, which proves nothing: a lab may be mounted
/// on it elsewhere.
constexpr mode_t unclaimed_mode = S_ISVTX | S_IRWXU;

LabError error_here(std::string what, int error = errno) {
  return {{error, boost::system::system_category()}, std::move(what)};
}

bool is_unclaimed(int directory) {
  struct stat status{};
  return ::fstat(directory, &status) == 0 && (status.st_mode & 07777U) == unclaimed_mode;
}

/// What the claim in an open directory says of it.
LabResult<LabState> read_state(const std::string& lab, FoundLab& found) {
  if (!found.status.is_roots_alone) return LabState::foreign;
  if (!found.status.is_mount_root && is_unclaimed(found.directory.get())) return LabState::unmounted;
  const auto text = read_plain_file(found.directory.get(), claim_file);
  const bool none =
      !text && (text.error() == errc::no_such_file_or_directory || text.error() == errc::invalid_argument);
  if (none) return LabState::foreign;
  if (!text) return LabError{text.error(), fmt::format("read the claim of lab {}", lab)};
  auto claim = LabClaim::parse(*text);
  if (!claim || claim->lab != lab) return LabState::foreign;
  found.claim = *std::move(claim);
  if (found.status.is_mount_root) return LabState::mounted;
  return found.claim.is_of_vanished_lab() ? LabState::unmounted : LabState::elsewhere;
}

}  // namespace

LabResult<FileDescriptor> open_labs_directory(const std::string& path) {
  auto directory = open_directory(AT_FDCWD, path);
  if (!directory) return LabError{directory.error(), "open the directory " + path};
  const auto status = examine_directory(directory->get());
  if (!status) return LabError{status.error(), "examine the directory " + path};
  if (status->is_roots_alone) return std::move(*directory);
  return LabError{
      errc::make_error_code(errc::operation_not_permitted),
      fmt::format("{0} is not root's alone: remove it, or `chown root {0} && chmod go-w {0}` if you trust what "
                  "is in it",
                  path),
      true};
}

LabResult<FileDescriptor> make_labs_directory(const std::string& path) {
  const bool is_new = ::mkdir(path.c_str(), lab_directory_mode) == 0;
  if (!is_new && errno != EEXIST) return error_here("make the directory " + path);
  auto directory = open_labs_directory(path);
  // The caller's umask must not keep others from listing the labs.
  if (directory && is_new && ::fchmod(directory->get(), lab_directory_mode) != 0) return error_here("chmod " + path);
  return directory;
}

LabResult<std::optional<FoundLab>> look_at_lab(int labs, const std::string& lab) {
  auto directory = open_directory(labs, lab);
  if (!directory && directory.error() == errc::no_such_file_or_directory) return std::nullopt;
  FoundLab found;
  if (!directory && (directory.error() == errc::not_a_directory || directory.error() == errc::permission_denied)) {
    return found;
  }
  if (!directory) return LabError{directory.error(), "open the directory of lab " + lab};
  found.directory = std::move(*directory);
  const auto status = examine_directory(found.directory.get());
  if (!status) return LabError{status.error(), "examine the directory of lab " + lab};
  found.status = *status;
  auto state = read_state(lab, found);
  if (!state) return state.error();
  found.state = *state;
  return found;
}

LabResult<FileDescriptor> make_lab_directory(int labs, const LabClaim& claim) {
  if (::mkdirat(labs, claim.lab.c_str(), unclaimed_mode) != 0)
    return error_here("make the directory of lab " + claim.lab);
  auto directory = open_directory(labs, claim.lab);
  auto error = directory ? replace_file(directory->get(), claim_file, claim.to_text(), 0644) : directory.error();
  if (!error && ::fchmod(directory->get(), lab_directory_mode) != 0)
    error.assign(errno, boost::system::system_category());
  if (!error) return std::move(*directory);
  static_cast<void>(discard_lab_directory(labs, claim.lab));
  return LabError{error, "write the claim of the lab"};
}

std::optional<LabError> discard_lab_directory(int labs, const std::string& lab) {
  const std::string what = "remove the directory of lab " + lab;
  const auto directory = open_directory(labs, lab);
  if (!directory && directory.error() == errc::no_such_file_or_directory) return std::nullopt;
  if (!directory) return LabError{directory.error(), what};
  const auto entries = entries_of(directory->get());
  if (!entries) return LabError{entries.error(), what};
  const auto is_ours = [](const std::string& name) { return name.starts_with(claim_file); };
  if (!std::ranges::all_of(*entries, is_ours)) return error_here(what, ENOTEMPTY);
  if (::fchmod(directory->get(), unclaimed_mode) != 0) return error_here(what);
  for (const std::string& entry : *entries) {
    if (const auto error = remove_entry(directory->get(), entry)) return LabError{error, what};
  }
  if (::unlinkat(labs, lab.c_str(), AT_REMOVEDIR) != 0 && errno != ENOENT) return error_here(what);
  return std::nullopt;
}

LabError explain_unusable(const FoundLab& found, const std::string& lab, const std::string& path) {
  const auto code = errc::make_error_code(errc::invalid_argument);
  switch (found.state) {
    case LabState::mounted:
      break;
    case LabState::unmounted:
      return {
          code,
          fmt::format("lab '{0}' is not mounted: its namespaces are gone, because somebody has unmounted {1} or `up` "
                      "was killed; `netherd down {0}` removes what is left",
                      lab, path),
          true};
    case LabState::elsewhere: {
      if (found.claim.mount_namespace == mount_namespace_of("self")) {
        return {code, fmt::format("lab '{}' is hidden: something else is mounted over {}", lab, path), true};
      }
      const auto process = process_in_mount_namespace(found.claim.mount_namespace);
      const std::string remedy =
          process ? fmt::format("that of process {0}: `nsenter -t {1} -m netherd ...` reaches it", *process,
                                process->substr(0, process->find(' ')))
                  : fmt::format("in which no process is seen: `netherd down {}` removes it if it is of no use", lab);
      return {code, fmt::format("lab '{}' was mounted in another mount namespace, {}", lab, remedy), true};
    }
    case LabState::foreign:
      return {code, fmt::format("{} is not netherd's: remove it, or choose another name for the lab", path), true};
  }
  return {code, path, false};
}

}  // namespace netherd::lab
