#include "netherd/ip/batch_lines.hpp"

#include <algorithm>

namespace netherd::ip {

namespace {
constexpr std::size_t buffer_bytes = 64 * 1024;
}

bool BatchLines::refill() {
  buffer_.resize(buffer_bytes);
  at_ = 0;
  const std::size_t size = read_(buffer_);
  buffer_.resize(size);
  return size > 0;
}

/// Up to the next end of a line. False at the end of the file, if nothing came before it.
bool BatchLines::append_piece(std::string& line) {
  bool any = false;
  while (at_ < buffer_.size() || refill()) {
    any = true;
    const std::size_t end = buffer_.find('\n', at_);
    const std::size_t stop = std::min(end, buffer_.size());
    if (line.size() + (stop - at_) > most_bytes) {
      flaw_ = "Line is too long";
      line.clear();
    }
    if (flaw_.empty()) line.append(buffer_, at_, stop - at_);
    at_ = stop;
    if (end == std::string::npos) continue;
    ++at_;
    break;
  }
  if (any) ++number_;
  return any;
}

bool BatchLines::next(std::string& line) {
  line.clear();
  flaw_ = {};
  if (!append_piece(line)) return false;
  while (line.ends_with('\\')) {
    line.pop_back();
    if (!append_piece(line)) break;
  }
  if (flaw_.empty() && line.find('\0') != std::string::npos) flaw_ = "Line has a zero byte";
  return true;
}

}  // namespace netherd::ip
