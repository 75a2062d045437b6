#pragma once

#include <chrono>
#include <functional>
#include <stdexcept>

namespace netherd::test {

/// Why a test cannot run on this machine, in words for its user.
class Unsupported : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Whether a function ends in time; a child of this process runs it. A kernel in which somebody else holds RTNL for
/// good (a task that died of a fault in the kernel, for one) lets nobody make a network namespace or ask for a link any
/// more, and what has asked cannot even be killed: so only the child waits. It keeps none of our standard streams open.
[[nodiscard]] bool ends_within(std::chrono::milliseconds limit, const std::function<void()>& function);

/// For ends_within(): what a healthy kernel needs microseconds for, or a second under the heaviest load.
constexpr std::chrono::seconds kernel_patience{30};

/// Moves the calling process into network and mount namespaces of its own, so that a test can build and mount what it
/// likes without touching the machine: mounts are private, /run is a fresh tmpfs with an empty /run/netns, and the
/// loopback device is up. Everything disappears with the last process of the test.
///
/// Call it first in main, before any thread exists: only the calling thread moves.
///
/// Throws Unsupported when the process lacks the privileges, or the kernel does not answer, std::system_error when a
/// later step fails.
void enter_isolated_namespace();

}  // namespace netherd::test
