#pragma once

#include <boost/system/error_code.hpp>
#include <cerrno>

namespace netherd::ops {

/// The error of the system call that has just failed.
[[nodiscard]] inline boost::system::error_code last_error() noexcept {
  return {errno, boost::system::system_category()};
}

/// The outcome of a system call that answers with -1 on failure.
[[nodiscard]] inline boost::system::error_code error_of(long outcome) noexcept {
  return outcome < 0 ? last_error() : boost::system::error_code{};
}

}  // namespace netherd::ops
