#pragma once

#include <boost/asio/signal_set.hpp>
#include <functional>

namespace netherd::tools {

/// Ctrl-C and its like (SIGINT, SIGTERM, SIGHUP) as an event, as long as this object lives. The first one is acted on,
/// later ones change nothing.
class Interruption {
 public:
  /// Blocks nothing: signals that come before the loop runs are seen when it does.
  Interruption(boost::asio::io_context& context, std::function<void()> on_signal)
      : signals_{context, SIGINT, SIGTERM, SIGHUP}, on_signal_{std::move(on_signal)} {
    wait();
  }

  /// Number of the signal that came, or 0.
  [[nodiscard]] int signal() const noexcept { return signal_; }
  /// Lets the loop end; signals are still caught.
  void stop_waiting() { signals_.cancel(); }

 private:
  void wait() {
    signals_.async_wait([this](boost::system::error_code error, int signal) {
      if (error) return;
      if (signal_ == 0) {
        signal_ = signal;
        on_signal_();
      }
      wait();
    });
  }

  boost::asio::signal_set signals_;
  std::function<void()> on_signal_;
  int signal_ = 0;
};

}  // namespace netherd::tools
