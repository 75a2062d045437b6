#include "loop_monitor.hpp"

#include <algorithm>

namespace netherd::tools {

namespace {

using namespace std::chrono_literals;
constexpr auto interval = 2ms;

}  // namespace

void LoopMonitor::start() {
  running_ = true;
  beat();
}

void LoopMonitor::stop() {
  if (!running_) return;
  note_lateness();
  running_ = false;
  timer_.cancel();
}

void LoopMonitor::beat() {
  timer_.expires_after(interval);
  timer_.async_wait([this](boost::system::error_code error) {
    if (error || !running_) return;
    note_lateness();
    beat();
  });
}

void LoopMonitor::note_lateness() { longest_ = std::max(longest_, Clock::now() - timer_.expiry()); }

}  // namespace netherd::tools
