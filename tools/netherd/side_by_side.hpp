#pragma once

#include <algorithm>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstddef>
#include <deque>
#include <exception>

namespace netherd::tools {

/// Does a number of tasks on one event loop, a few of them at a time, so that what they hold open stays bounded.
///
///     SideBySide tasks;
///     co_await tasks.async_run(nodes.size(), 64, [&](std::size_t i) -> asio::awaitable<void> { ... });
///
/// Must outlive async_run(). Not thread safe.
class SideBySide {
 public:
  /// Starts `task(i)` for each i below `count`, at most `at_once` of them at a time, and completes when all have ended.
  /// A task that throws ends the others as stop() does, and its exception is thrown here.
  template <typename Task>
  boost::asio::awaitable<void> async_run(std::size_t count, std::size_t at_once, Task task) {
    const auto executor = co_await boost::asio::this_coro::executor;
    boost::asio::steady_timer all_ended{executor, boost::asio::steady_timer::time_point::max()};
    running_ = std::min(count, at_once);
    signals_ = std::deque<boost::asio::cancellation_signal>(running_);
    const auto ended = [this, &all_ended](const std::exception_ptr& error) {
      if (error && !stopped_) {
        error_ = error;
        stop();
      }
      if (--running_ == 0) all_ended.cancel();
    };
    for (boost::asio::cancellation_signal& signal : signals_) {
      boost::asio::co_spawn(executor, take_turns(count, task),
                            boost::asio::bind_cancellation_slot(signal.slot(), ended));
    }
    boost::system::error_code cancelled;
    while (running_ > 0) {
      co_await all_ended.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, cancelled));
    }
    if (error_) std::rethrow_exception(error_);
  }

  /// Cancels what is running (terminally) and starts nothing more.
  void stop() {
    stopped_ = true;
    for (boost::asio::cancellation_signal& signal : signals_) signal.emit(boost::asio::cancellation_type::terminal);
  }
  [[nodiscard]] bool stopped() const noexcept { return stopped_; }

 private:
  template <typename Task>
  boost::asio::awaitable<void> take_turns(std::size_t count, Task& task) {
    while (!stopped_ && next_ < count) co_await task(next_++);
  }

  std::size_t next_ = 0;
  std::size_t running_ = 0;
  bool stopped_ = false;
  std::exception_ptr error_;
  std::deque<boost::asio::cancellation_signal> signals_;
};

}  // namespace netherd::tools
