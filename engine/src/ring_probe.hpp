#pragma once

#include <liburing.h>

#include <boost/system/error_code.hpp>
#include <string_view>

namespace netherd::engine {

/// What keeps a ring from being used. No error: nothing does.
struct RingFlaw {
  boost::system::error_code error;
  std::string_view step;
};

/// Sends a no-operation, and one operation of each kind that channels need, through a new ring and back. Of the system
/// calls of io_uring a seccomp filter may let any pass and refuse the others, and a kernel may know the ring but not
/// the operations (SEND: from Linux 5.6 on). One system call.
[[nodiscard]] RingFlaw try_round_trip(io_uring& ring) noexcept;

}  // namespace netherd::engine
