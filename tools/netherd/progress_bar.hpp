#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "console.hpp"

namespace netherd::tools {

/// One line on standard error that shows how far long work has got; nothing if that is no terminal. Removed when the
/// bar is destroyed.
class ProgressBar {
 public:
  ProgressBar(const Console& console, std::string what, std::uint64_t total);
  ~ProgressBar() { clear(); }
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  /// Cheap: redraws a few times per second at most.
  void show(std::uint64_t done);
  void clear();

 private:
  using Clock = std::chrono::steady_clock;
  void draw(std::uint64_t done) const;

  std::string what_;
  std::uint64_t total_;
  bool enabled_;
  bool colours_;
  bool drawn_ = false;
  Clock::time_point start_ = Clock::now();
  Clock::time_point next_draw_;
};

}  // namespace netherd::tools
