#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <string_view>

namespace netherd::tools {

/// Ctrl-C and its like (SIGINT, SIGTERM, SIGHUP) while a command has something to clean up. Before arm() they end the
/// process at once, as by default; those that it was started to ignore (`nohup`, a shell's background jobs) stay
/// ignored.
namespace interruption {

/// From now on, for as long as the process lives, the first signal is only recorded: the command has until `deadline`
/// to clean up. Then the process exits, whatever it waits for, with status 1 and these words on standard error: they
/// say what may be left.
///
/// System calls that wait are interrupted (EINTR), at the signal and every few milliseconds thereafter, so that no wait
/// that began a moment later is missed. Call it in the main thread.
void arm(std::string_view last_words);

/// Number of the signal that came, or 0.
[[nodiscard]] int signal() noexcept;

}  // namespace interruption

/// Calls a function on an event loop, once, when a signal comes or has come since interruption::arm(). Keeps the loop
/// running until stop() or the signal.
class InterruptionWatch {
 public:
  InterruptionWatch(boost::asio::io_context& context, std::function<void()> on_signal);
  ~InterruptionWatch();
  InterruptionWatch(const InterruptionWatch&) = delete;
  InterruptionWatch& operator=(const InterruptionWatch&) = delete;

  /// Lets the loop end. Signals are still recorded.
  void stop();

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace netherd::tools
