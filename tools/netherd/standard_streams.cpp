#include "standard_streams.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>

#include "interruption.hpp"

namespace netherd::tools {

namespace {

/// How long an interrupted command waits for room in a pipe or a terminal.
constexpr int last_patience_ms = 100;

/// Waits until something can be written; false if a reader does not read and the command was interrupted.
bool wait_for_room(int descriptor) noexcept {
  pollfd room{.fd = descriptor, .events = POLLOUT, .revents = 0};
  for (;;) {
    const bool interrupted = interruption::signal() != 0;
    const int ready = ::poll(&room, 1, interrupted ? last_patience_ms : -1);
    if (ready > 0) return true;
    if (interrupted) return false;
    if (ready < 0 && errno != EINTR) return true;  // the write itself says what is wrong
  }
}

}  // namespace

void open_standard_streams() noexcept {
  // The other direction than that of the stream: whoever uses it gets the same error (EBADF) as from a closed one.
  constexpr std::array modes{O_WRONLY, O_RDONLY, O_WRONLY};
  for (int descriptor = STDIN_FILENO; descriptor <= STDERR_FILENO; ++descriptor) {
    if (::fcntl(descriptor, F_GETFD) >= 0) continue;
    // The lowest number that is free is this one.
    static_cast<void>(::open("/dev/null", modes.at(static_cast<std::size_t>(descriptor))));
  }
}

int write_fully(int descriptor, std::string_view text) noexcept {
  while (!text.empty()) {
    // A pipe that has room at all has room for PIPE_BUF bytes.
    const bool interrupted = interruption::signal() != 0;
    if (interrupted && !wait_for_room(descriptor)) return EINTR;
    const std::size_t size = interrupted ? std::min<std::size_t>(text.size(), PIPE_BUF) : text.size();
    const ssize_t written = ::write(descriptor, text.data(), size);
    if (written >= 0) {
      text.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno == EAGAIN) {
      if (!wait_for_room(descriptor)) return EAGAIN;
    } else if (errno != EINTR) {
      return errno;
    }
  }
  return 0;
}

void write_progress(std::string_view text) noexcept {
  pollfd room{.fd = STDERR_FILENO, .events = POLLOUT, .revents = 0};
  if (::poll(&room, 1, 0) == 1) write_message(text);
}

void write_message(std::string_view text) noexcept { static_cast<void>(write_fully(STDERR_FILENO, text)); }

}  // namespace netherd::tools
