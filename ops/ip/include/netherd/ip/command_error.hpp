#pragma once

#include <stdexcept>
#include <string>

namespace netherd::ip {

/// Exit statuses of `ip`, which scripts know.
inline constexpr int status_failed = 1;    ///< a name or an address that does not exist or make sense
inline constexpr int status_refused = 2;   ///< the kernel has refused
inline constexpr int status_invalid = 22;  ///< of a few keywords, whose values `ip` refuses by -EINVAL
inline constexpr int status_usage = 255;   ///< the words make no command

/// A command that cannot be done. Thrown by what reads words, and caught where commands are run; what() is for the
/// user's eyes, without a newline at its end.
class CommandError : public std::runtime_error {
 public:
  CommandError(int status, const std::string& text) : std::runtime_error{text}, status_{status} {}
  [[nodiscard]] int status() const noexcept { return status_; }

 private:
  int status_;
};

}  // namespace netherd::ip
