#include "files.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <optional>

namespace netherd::lab {

namespace {

namespace errc = boost::system::errc;
using boost::system::error_code;
using engine::FileDescriptor;
template <typename T>
using FileResult = boost::system::result<T>;

error_code last_error() { return {errno, boost::system::system_category()}; }

error_code no_plain_file() { return errc::make_error_code(errc::invalid_argument); }

FileResult<std::string> read_all(int file) {
  std::string content;
  std::array<char, 65'536> part{};
  for (;;) {
    const ssize_t size = ::read(file, part.data(), part.size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return last_error();
    if (size == 0) return content;
    content.append(part.data(), static_cast<std::size_t>(size));
  }
}

error_code write_all(int file, std::string_view content) {
  while (!content.empty()) {
    const ssize_t written = ::write(file, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return last_error();
    content.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

/// Whether something else than a plain file has this name.
bool is_something_else(int directory, const std::string& name) {
  struct stat status{};
  return ::fstatat(directory, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 && !S_ISREG(status.st_mode);
}

/// Makes a file that nobody else has open, whatever an earlier process has left in its place.
FileResult<FileDescriptor> make_file(int directory, const std::string& name, mode_t mode) {
  constexpr int flags = O_WRONLY | O_CREAT | O_EXCL;
  auto file = open_plain_file(directory, name, flags, mode);
  if (file || file.error() != errc::file_exists) return file;
  if (const auto error = remove_entry(directory, name)) return error;
  return open_plain_file(directory, name, flags, mode);
}

}  // namespace

FileResult<std::string> read_file(const std::string& path) {
  const FileDescriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (!file) return last_error();
  return read_all(file.get());
}

FileResult<FileDescriptor> open_plain_file(int directory, const std::string& name, int flags, mode_t mode) {
  // O_NONBLOCK: a FIFO must not hold us up. For a plain file it has no meaning.
  FileDescriptor file{::openat(directory, name.c_str(), flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, mode)};
  if (!file) {
    const error_code error = last_error();
    const bool is_other = error != errc::file_exists && is_something_else(directory, name);
    return is_other ? no_plain_file() : error;
  }
  struct stat status{};
  if (::fstat(file.get(), &status) != 0) return last_error();
  if (!S_ISREG(status.st_mode)) return no_plain_file();
  // The caller's umask must neither open nor close more than was asked for.
  const bool other_mode = (flags & O_CREAT) != 0 && (status.st_mode & 07777U) != mode;
  if (other_mode && ::fchmod(file.get(), mode) != 0) return last_error();
  return file;
}

FileResult<std::string> read_plain_file(int directory, const std::string& name) {
  const auto file = open_plain_file(directory, name, O_RDONLY);
  if (!file) return file.error();
  return read_all(file->get());
}

error_code replace_file(int directory, const std::string& name, std::string_view content, mode_t mode) {
  const std::string temporary = name + ".new";
  const auto file = make_file(directory, temporary, mode);
  if (!file) return file.error();
  error_code error = write_all(file->get(), content);
  if (!error && ::renameat(directory, temporary.c_str(), directory, name.c_str()) != 0) error = last_error();
  if (error) ::unlinkat(directory, temporary.c_str(), 0);
  return error;
}

FileResult<FileDescriptor> open_directory(int parent, const std::string& name) {
  FileDescriptor directory{::openat(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW)};
  if (directory) return directory;
  const error_code error = last_error();
  if (error == errc::too_many_symbolic_link_levels) return errc::make_error_code(errc::not_a_directory);
  return error;
}

error_code remove_entry(int directory, const std::string& name) {
  if (::unlinkat(directory, name.c_str(), 0) == 0 || errno == ENOENT) return {};
  if (errno != EISDIR) return last_error();
  return ::unlinkat(directory, name.c_str(), AT_REMOVEDIR) == 0 ? error_code{} : last_error();
}

FileResult<std::vector<std::string>> entries_of(int directory) {
  // A descriptor of its own: reading moves its position.
  FileDescriptor again{::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (!again) return last_error();
  const std::unique_ptr<DIR, int (*)(DIR*)> stream{::fdopendir(again.get()), ::closedir};
  if (!stream) return last_error();
  static_cast<void>(again.release());  // the stream's now
  std::vector<std::string> names;
  for (;;) {
    errno = 0;
    const dirent* const entry = ::readdir(stream.get());
    if (entry == nullptr && errno != 0) return last_error();
    if (entry == nullptr) return names;
    if (std::strcmp(entry->d_name, ".") != 0 && std::strcmp(entry->d_name, "..") != 0)
      names.emplace_back(entry->d_name);
  }
}

}  // namespace netherd::lab
