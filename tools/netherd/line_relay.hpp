#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstddef>
#include <string>
#include <string_view>

#include "netherd/engine/file_descriptor.hpp"

namespace netherd::tools {

/// A standard stream that many write to at a time, on an event loop. Whoever reads it may be slow: the loop never
/// waits, writers do, so that little is held in memory. Not thread safe.
class Outlet {
 public:
  Outlet(boost::asio::io_context& context, int descriptor);

  /// Puts text behind what others have put there; completes when there is room for more. Each gets its turn.
  [[nodiscard]] boost::asio::awaitable<void> async_put(std::string text);
  /// Writes what is put; completes after finish(), when all is written or nothing can be.
  [[nodiscard]] boost::asio::awaitable<void> async_pump();
  /// Nothing more will be put.
  void finish();
  /// What cannot be written at once is dropped from now on.
  void abandon();
  /// The number of the error of a write; what is put thereafter is dropped. 0: none.
  [[nodiscard]] int error() const noexcept { return error_; }

 private:
  void write_some();
  [[nodiscard]] bool has_room() const noexcept;
  [[nodiscard]] bool is_empty() const noexcept { return written_ == queue_.size(); }
  [[nodiscard]] bool can_write() const noexcept;
  [[nodiscard]] bool drops() const noexcept { return abandoned_ || error_ != 0; }

  int descriptor_;
  boost::asio::posix::stream_descriptor stream_;
  boost::asio::steady_timer work_;  // cancelled when there is something to write
  boost::asio::steady_timer room_;  // cancelled when there is room
  std::string queue_;
  std::size_t written_ = 0;  // of the queue
  bool finished_ = false;
  bool abandoned_ = false;
  int error_ = 0;
};

/// Cuts a stream into lines and puts a label before each. A line without end is cut where it reaches a bound.
class LineLabeller {
 public:
  static constexpr std::size_t most_line_bytes = 64U << 10U;

  explicit LineLabeller(std::string_view label) : label_{std::string{label} + ": "} {}

  /// The lines that this piece of the stream completes.
  [[nodiscard]] std::string feed(std::string_view piece);
  /// The last line, if nothing has ended it.
  [[nodiscard]] std::string finish();

 private:
  void end_line(std::string& out);

  std::string label_;
  std::string line_;
};

/// Passes what a command writes into a pipe on to an outlet, line by line as it comes.
class LineRelay {
 public:
  LineRelay(boost::asio::io_context& context, engine::FileDescriptor pipe, std::string_view label, Outlet& outlet);

  /// Completes at the end of the stream, or when the command has ended and all that was in the pipe is passed on.
  [[nodiscard]] boost::asio::awaitable<void> async_run();
  /// The command has ended: what others go on to write is not waited for.
  void end_with_command();
  /// Somebody else has the pipe open after the command's end.
  [[nodiscard]] bool left_open() const noexcept { return left_open_; }

 private:
  boost::asio::posix::stream_descriptor pipe_;
  LineLabeller lines_;
  Outlet& outlet_;
  std::size_t bytes_left_ = SIZE_MAX;
  bool command_ended_ = false;
  bool left_open_ = false;
};

}  // namespace netherd::tools
