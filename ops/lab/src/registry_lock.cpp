#include "registry_lock.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <optional>
#include <thread>

#include "files.hpp"
#include "mount_namespace.hpp"
#include "number.hpp"
#include "text_lines.hpp"

namespace netherd::lab {

namespace {

namespace errc = boost::system::errc;
using boost::system::error_code;
using engine::FileDescriptor;
using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr mode_t lock_mode = 0600;
// The wait looks again and again, because a blocked fcntl() would lose a signal that comes just before it.
constexpr auto first_pause = 200us;
constexpr auto longest_pause = 20ms;
constexpr auto pause_before_report = 1s;

error_code last_lock_error() { return {errno, boost::system::system_category()}; }

/// Who holds a lock writes its number into the file, for those who wait.
void sign(int file) {
  const std::string text = fmt::format("{}\n", ::getpid());
  if (::ftruncate(file, 0) == 0) static_cast<void>(!::pwrite(file, text.data(), text.size(), 0));
}

std::string holder_of(int directory, const std::string& name) {
  const auto text = read_plain_file(directory, name);
  const std::string number = text ? text->substr(0, text->find('\n')) : std::string{};
  return number.empty() ? "another process" : fmt::format("process {}", describe_process(number));
}

error_code take_lock(int file) {
  struct flock lock{};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  if (::fcntl(file, F_OFD_SETLK, &lock) == 0) return {};
  if (errno == EACCES) return errc::make_error_code(errc::resource_unavailable_try_again);
  return last_lock_error();
}

/// Whether the file that is open still has the name: somebody may have replaced it meanwhile.
bool has_name(int file, int directory, const std::string& name) {
  struct stat open_file{};
  struct stat named{};
  return ::fstat(file, &open_file) == 0 && ::fstatat(directory, name.c_str(), &named, AT_SYMLINK_NOFOLLOW) == 0 &&
         open_file.st_dev == named.st_dev && open_file.st_ino == named.st_ino;
}

boost::system::result<FileDescriptor> open_lock(int directory, const std::string& name) {
  constexpr int flags = O_RDWR | O_CREAT;
  auto file = open_plain_file(directory, name, flags, lock_mode);
  if (file || file.error() != errc::invalid_argument) return file;
  if (const auto error = remove_entry(directory, name)) return error;
  return open_plain_file(directory, name, flags, lock_mode);
}

}  // namespace

boost::system::result<FileDescriptor> try_lock(int directory, const std::string& name) {
  auto file = open_lock(directory, name);
  if (!file) return file;
  struct stat status{};
  if (::fstat(file->get(), &status) != 0) return last_lock_error();
  if (status.st_uid != 0) return errc::make_error_code(errc::operation_not_permitted);
  if (const auto error = take_lock(file->get())) return error;
  if (!has_name(file->get(), directory, name)) return errc::make_error_code(errc::resource_unavailable_try_again);
  sign(file->get());
  return file;
}

LabResult<FileDescriptor> wait_for_lock(int directory, const std::string& name, const LockPatience& patience) {
  const auto start = Clock::now();
  bool reported = false;
  for (std::chrono::microseconds pause = first_pause;;
       pause = std::min<std::chrono::microseconds>(2 * pause, longest_pause)) {
    auto lock = try_lock(directory, name);
    if (lock) return std::move(*lock);
    if (lock.error() != errc::resource_unavailable_try_again) return LabError{lock.error(), "open the file"};
    const auto waited = Clock::now() - start;
    if (patience.is_cancelled && patience.is_cancelled()) {
      return LabError{errc::make_error_code(errc::operation_canceled), "wait for " + holder_of(directory, name)};
    }
    if (waited >= patience.most) {
      return LabError{errc::make_error_code(errc::timed_out),
                      fmt::format("{} holds it, and has not ended its work", holder_of(directory, name)), true};
    }
    if (!reported && patience.on_wait && waited >= pause_before_report) {
      reported = true;
      patience.on_wait(holder_of(directory, name));
    }
    std::this_thread::sleep_for(pause);
  }
}

// /proc/locks: "1: OFDLCK ADVISORY  WRITE -1 00:2e:3 0 EOF", with the file's device in hexadecimal and its inode.
bool is_locked(int directory, const std::string& name) {
  struct stat status{};
  if (::fstatat(directory, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) return false;
  const auto locks = read_file("/proc/locks");
  if (!locks) return false;
  const std::string file = fmt::format(" {:02x}:{:02x}:{} ", major(status.st_dev), minor(status.st_dev), status.st_ino);
  TextLines lines{*locks};
  while (const auto line = lines.next()) {
    if (line->text.find(file) != std::string_view::npos && line->text.find("OFDLCK") != std::string_view::npos)
      return true;
  }
  return false;
}

}  // namespace netherd::lab
