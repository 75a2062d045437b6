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

/// Up to the next end of a line, without a comment.
BatchLines::Piece BatchLines::append_piece(std::string& line) {
  const std::size_t start = line.size();
  bool any = false;
  bool whole = false;
  while (!whole && (at_ < buffer_.size() || refill())) {
    any = true;
    const std::size_t end = buffer_.find('\n', at_);
    const std::size_t stop = std::min(end, buffer_.size());
    if (line.size() + (stop - at_) > most_bytes) {
      flaw_ = "Line is too long";
      line.clear();
    }
    if (flaw_.empty()) line.append(buffer_, at_, stop - at_);
    whole = end != std::string::npos;
    at_ = whole ? stop + 1 : stop;
  }
  if (!any) return Piece::none;
  ++number_;
  if (const std::size_t comment = line.find('#', start); comment != std::string::npos) {
    line.resize(comment);
    return Piece::last;
  }
  return whole && line.size() > start && line.back() == '\\' ? Piece::continued : Piece::last;
}

/// The end of a comment is that of the line, even if it is a backslash: getcmdline() in iproute2's lib/utils.c.
bool BatchLines::next(std::string& line) {
  line.clear();
  flaw_ = {};
  Piece piece = append_piece(line);
  if (piece == Piece::none) return false;
  while (piece == Piece::continued) {
    line.pop_back();
    piece = append_piece(line);
    if (piece == Piece::none && flaw_.empty()) flaw_ = "Missing continuation line";
  }
  if (flaw_.empty() && line.find('\0') != std::string::npos) flaw_ = "Line has a zero byte";
  return true;
}

}  // namespace netherd::ip
