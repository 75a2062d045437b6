#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>

namespace netherd::tools {

/// Measures for how long an event loop stands still at most: a heartbeat that is due every other millisecond, and how
/// late it came.
///
/// Costs about 5 microseconds a beat. Stops with stop(), so that the loop can end. Must outlive the loop's run() unless
/// it was stopped.
class LoopMonitor {
 public:
  explicit LoopMonitor(boost::asio::io_context& context) : timer_{context} {}

  void start();
  void stop();
  [[nodiscard]] double longest_stall_ms() const { return std::chrono::duration<double, std::milli>{longest_}.count(); }

 private:
  using Clock = std::chrono::steady_clock;
  void beat();
  void note_lateness();

  boost::asio::steady_timer timer_;
  Clock::duration longest_{};
  bool running_ = false;
};

}  // namespace netherd::tools
