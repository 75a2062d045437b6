#pragma once

#include <string_view>

namespace netherd::ops {

/// A network namespace as a request names it: an open descriptor for the kernel, a name for people.
///
/// Lifetime: both must stay valid until the request has been encoded (descriptor) or described (name). The descriptor
/// is resolved when the kernel executes the request, so it must stay open until the request's outcome is there.
struct NetnsReference {
  std::string_view name{};
  int descriptor = -1;  ///< -1: the namespace of the socket that the request is sent on
  friend bool operator==(const NetnsReference&, const NetnsReference&) = default;
};

}  // namespace netherd::ops
