#pragma once

#include <stdexcept>

namespace netherd::test {

/// Why a test cannot run on this machine, in words for its user.
class Unsupported : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Moves the calling process into network and mount namespaces of its own, so that a test can build and mount what it
/// likes without touching the machine: mounts are private, /run is a fresh tmpfs with an empty /run/netns, and the
/// loopback device is up. Everything disappears with the last process of the test.
///
/// Call it first in main, before any thread exists: only the calling thread moves.
///
/// Throws Unsupported when the process lacks the privileges, std::system_error when a later step fails.
void enter_isolated_namespace();

}  // namespace netherd::test
