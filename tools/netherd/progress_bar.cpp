#include "progress_bar.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "standard_streams.hpp"

namespace netherd::tools {

namespace {

using namespace std::chrono_literals;

// What is done at once needs no bar.
constexpr auto first_draw = 150ms;
constexpr auto redraw_interval = 50ms;
constexpr std::uint64_t bar_columns = 30;

}  // namespace

ProgressBar::ProgressBar(const Console& console, std::string what, std::uint64_t total)
    : what_{std::move(what)},
      total_{std::max<std::uint64_t>(total, 1)},
      enabled_{console.shows_progress()},
      colours_{console.colours()},
      next_draw_{start_ + first_draw} {}

void ProgressBar::show(std::uint64_t done) {
  if (!enabled_) return;
  const auto now = Clock::now();
  if (now < next_draw_) return;
  next_draw_ = now + redraw_interval;
  draw(done);
  drawn_ = true;
}

void ProgressBar::draw(std::uint64_t done) const {
  const std::uint64_t filled = std::min(done, total_) * bar_columns / total_;
  const std::string bar = std::string(filled, '#') + std::string(bar_columns - filled, '.');
  const double seconds = std::chrono::duration<double>{Clock::now() - start_}.count();
  write_progress(fmt::format("\r{} {}{}{} {} of {}  {:.1f} s\x1b[K", what_, colours_ ? "\x1b[32m" : "", bar,
                             colours_ ? "\x1b[0m" : "", grouped(done), grouped(total_), seconds));
}

void ProgressBar::clear() {
  if (!drawn_) return;
  write_message("\r\x1b[K");
  drawn_ = false;
}

}  // namespace netherd::tools
