#pragma once

#include <sys/types.h>

#include "netherd/engine/file_descriptor.hpp"

namespace netherd::tools {

/// Kills the commands that this process has started and not finished with, when it dies: by `kill -9`, a crash, or at
/// the end of interruption's deadline. A small process of its own waits for that, which no signal to the terminal's
/// process group reaches. It knows commands by their process groups, so that what they have started goes with them;
/// what a command that has ended left in the background is none of its business.
class Guardian {
 public:
  /// Where the process cannot be started, commands are only killed by the kernel, without what they have started.
  Guardian();
  ~Guardian();
  Guardian(const Guardian&) = delete;
  Guardian& operator=(const Guardian&) = delete;

  void watch(pid_t group) noexcept { send(group); }
  void forget(pid_t group) noexcept { send(-group); }

 private:
  void send(pid_t message) noexcept;

  engine::FileDescriptor pipe_;
  pid_t process_ = -1;
};

/// A group that is watched as long as this object lives.
class GuardedGroup {
 public:
  GuardedGroup(Guardian& guardian, pid_t group) noexcept : guardian_{guardian}, group_{group} {
    guardian_.watch(group);
  }
  ~GuardedGroup() { guardian_.forget(group_); }
  GuardedGroup(const GuardedGroup&) = delete;
  GuardedGroup& operator=(const GuardedGroup&) = delete;

 private:
  Guardian& guardian_;
  pid_t group_;
};

}  // namespace netherd::tools
