#pragma once

namespace netherd::test {

/// Names the descriptor of the file that a request is written to (see captured_request.cpp).
inline constexpr const char* capture_variable = "NETHERD_CAPTURED_REQUEST";
/// Of a process that would have changed something.
inline constexpr int status_captured = 120;

}  // namespace netherd::test
