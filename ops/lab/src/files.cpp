#include "files.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>

#include "netherd/engine/file_descriptor.hpp"

namespace netherd::lab {

namespace {

boost::system::error_code last_error() { return {errno, boost::system::system_category()}; }

}  // namespace

std::optional<std::string> read_file(const std::string& path) {
  const engine::FileDescriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (!file) return std::nullopt;
  std::string content;
  std::array<char, 65'536> part{};
  for (;;) {
    const ssize_t size = ::read(file.get(), part.data(), part.size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return std::nullopt;
    if (size == 0) return content;
    content.append(part.data(), static_cast<std::size_t>(size));
  }
}

boost::system::error_code replace_file(const std::string& path, std::string_view content) {
  const std::string temporary = path + ".new";
  engine::FileDescriptor file{::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644)};
  if (!file) return last_error();
  while (!content.empty()) {
    const ssize_t written = ::write(file.get(), content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      const auto error = last_error();
      ::unlink(temporary.c_str());
      return error;
    }
    content.remove_prefix(static_cast<std::size_t>(written));
  }
  file.reset();
  return std::rename(temporary.c_str(), path.c_str()) == 0 ? boost::system::error_code{} : last_error();
}

}  // namespace netherd::lab
