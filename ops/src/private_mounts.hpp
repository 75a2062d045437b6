#pragma once

#include <boost/system/result.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace netherd::ops {

/// The mounts that `ip netns exec NAME` gives its command (netns_switch() in iproute2's lib/namespace.c): a mount
/// namespace in which /sys shows the interfaces of the network namespace, and what is in /etc/netns/NAME lies over
/// /etc.
///
/// What needs memory is done by prepare(): enter() is for children that share ours.
class PrivateMounts {
 public:
  /// Looks up what is to be bound. Errors: invalid_argument (no name that `ip netns` takes); what opendir(3) gives, but
  /// a folder that is not there is an empty one.
  [[nodiscard]] static boost::system::result<PrivateMounts> prepare(std::string_view name);

  /// Moves the calling thread into such a mount namespace. Precondition: it is in the network namespace, and shares
  /// root and working directory with no other thread. Makes system calls only. -1: see errno.
  [[nodiscard]] int enter() const noexcept;

 private:
  struct Bind {
    std::string source;
    std::string target;
  };

  std::string name_;
  std::vector<Bind> binds_;
};

}  // namespace netherd::ops
