#include "line_relay.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <climits>

namespace netherd::tools {

namespace {

namespace asio = boost::asio;
using asio::posix::stream_descriptor;
using boost::system::error_code;

constexpr std::size_t most_bytes_queued = 256U << 10U;

asio::awaitable<void> async_wait(asio::steady_timer& timer) {
  error_code cancelled;
  co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
}

}  // namespace

Outlet::Outlet(asio::io_context& context, int descriptor)
    : descriptor_{descriptor},
      stream_{context, ::fcntl(descriptor, F_DUPFD_CLOEXEC, STDERR_FILENO + 1)},
      work_{context, asio::steady_timer::time_point::max()},
      room_{context, asio::steady_timer::time_point::max()} {}

asio::awaitable<void> Outlet::async_put(std::string text) {
  if (text.empty()) co_return;
  while (!drops() && !has_room()) co_await async_wait(room_);
  if (drops()) co_return;
  queue_ += text;
  work_.cancel();
  // Those who have waited for room come before whoever can put more at once.
  co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
}

asio::awaitable<void> Outlet::async_pump() {
  while (!drops() && !(finished_ && is_empty())) {
    if (is_empty()) {
      co_await async_wait(work_);
    } else if (can_write()) {
      write_some();
    } else {
      error_code cancelled;
      co_await stream_.async_wait(stream_descriptor::wait_write, asio::redirect_error(asio::use_awaitable, cancelled));
    }
  }
  room_.cancel();
}

bool Outlet::has_room() const noexcept { return queue_.size() - written_ < most_bytes_queued; }

/// Files and devices that cannot be waited for can always be written.
bool Outlet::can_write() const noexcept {
  pollfd room{.fd = descriptor_, .events = POLLOUT, .revents = 0};
  return ::poll(&room, 1, 0) == 1;
}

/// A pipe that has room at all has room for PIPE_BUF bytes: more would wait inside the system call.
void Outlet::write_some() {
  const std::string_view next = std::string_view{queue_}.substr(written_, PIPE_BUF);
  const ssize_t size = ::write(descriptor_, next.data(), next.size());
  if (size < 0 && errno != EINTR && errno != EAGAIN) error_ = errno;
  if (size > 0) written_ += static_cast<std::size_t>(size);
  if (is_empty() || written_ >= most_bytes_queued) {
    queue_.erase(0, written_);
    written_ = 0;
  }
  if (has_room()) room_.cancel();
}

void Outlet::finish() {
  finished_ = true;
  work_.cancel();
}

void Outlet::abandon() {
  while (!drops() && !is_empty() && can_write()) write_some();
  abandoned_ = true;
  work_.cancel();
  room_.cancel();
  error_code ignored;
  stream_.cancel(ignored);
}

std::string LineLabeller::feed(std::string_view piece) {
  std::string out;
  while (!piece.empty()) {
    const std::string_view line = piece.substr(0, std::min(piece.find('\n'), most_line_bytes - line_.size()));
    line_ += line;
    piece.remove_prefix(line.size());
    const bool ends = !piece.empty() && piece.front() == '\n';
    if (ends) piece.remove_prefix(1);
    if (ends || line_.size() == most_line_bytes) end_line(out);
  }
  return out;
}

std::string LineLabeller::finish() {
  std::string out;
  if (!line_.empty()) end_line(out);
  return out;
}

void LineLabeller::end_line(std::string& out) {
  out.append(label_).append(line_) += '\n';
  line_.clear();
}

LineRelay::LineRelay(asio::io_context& context, engine::FileDescriptor pipe, std::string_view label, Outlet& outlet)
    : pipe_{context, pipe.release()}, lines_{label}, outlet_{outlet} {}

asio::awaitable<void> LineRelay::async_run() {
  std::array<char, 16384> buffer;
  bool ended = false;
  while (!ended && bytes_left_ > 0) {
    const ssize_t size = ::read(pipe_.native_handle(), buffer.data(), std::min(buffer.size(), bytes_left_));
    if (size > 0) {
      if (command_ended_) bytes_left_ -= static_cast<std::size_t>(size);
      co_await outlet_.async_put(lines_.feed({buffer.data(), static_cast<std::size_t>(size)}));
    } else if (size < 0 && errno == EAGAIN && !command_ended_) {
      error_code cancelled;
      co_await pipe_.async_wait(stream_descriptor::wait_read, asio::redirect_error(asio::use_awaitable, cancelled));
    } else if (size == 0 || errno != EINTR) {
      left_open_ = size < 0 && errno == EAGAIN;
      ended = true;
    }
  }
  if (!ended) left_open_ = true;  // there was more than the command itself has written
  co_await outlet_.async_put(lines_.finish());
}

void LineRelay::end_with_command() {
  int bytes = 0;
  ::ioctl(pipe_.native_handle(), FIONREAD, &bytes);
  command_ended_ = true;
  bytes_left_ = static_cast<std::size_t>(std::max(bytes, 0)) + 1;  // one more: the read that finds the end
  error_code ignored;
  pipe_.cancel(ignored);
}

}  // namespace netherd::tools
