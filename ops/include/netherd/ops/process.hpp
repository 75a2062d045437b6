#pragma once

#include <signal.h>
#include <sys/resource.h>
#include <sys/types.h>

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/system/error_code.hpp>
#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace netherd::ops {

/// Where a process reads from.
enum class ProcessInput {
  none,     ///< /dev/null
  inherit,  ///< our own standard input
};

/// Where a process writes to.
enum class ProcessOutput {
  inherit,      ///< our own
  discard,      ///< /dev/null
  capture,      ///< into the result
  with_output,  ///< standard error only: to wherever standard output goes (`2>&1`)
  descriptor,   ///< to a descriptor of the caller's
};

/// What a program was started with, to be passed on to the commands that it starts, whatever it has changed for itself
/// since (as `env --default-signal`, `nohup` and `ulimit -n` set it for their commands).
struct ProcessSettings {
  sigset_t ignored_signals{};  ///< `nohup` ignores SIGHUP, a shell SIGINT and SIGQUIT of what runs in the background
  sigset_t blocked_signals{};
  std::optional<rlimit> open_files{};  ///< RLIMIT_NOFILE

  /// Those of this process and the calling thread, now. Takes about 70 system calls.
  [[nodiscard]] static ProcessSettings current() noexcept;
  /// Puts them into force for this process and the calling thread, for what becomes another program by itself.
  /// Async-signal-safe. What is not allowed is left out.
  void apply() const noexcept;
};

/// Asks for a process inside a namespace: `ip netns exec NAME COMMAND`. Without `mounts_of` it has no mount namespace
/// of its own: /sys and /etc are those of the caller.
struct RunInNamespace {
  int netns = -1;  ///< must stay open until the initiating function has returned
  /// NAME: the process gets a mount namespace of its own, in which /sys shows the interfaces of its network namespace
  /// and each entry of /etc/netns/NAME lies over the one in /etc, as ip-netns(8) describes it. An entry that has no
  /// counterpart in /etc is reported on standard error and left out, as `ip` does it. Empty: none; a mount namespace
  /// takes time that grows with the number of mounts.
  std::string mounts_of{};
  std::vector<std::string> arguments{};                   ///< the command, looked up in PATH, and its arguments
  std::optional<std::vector<std::string>> environment{};  ///< "NAME=VALUE" each; nothing: our own
  ProcessInput input = ProcessInput::none;
  ProcessOutput output = ProcessOutput::inherit;
  ProcessOutput error_output = ProcessOutput::inherit;
  int output_descriptor = -1;        ///< for ProcessOutput::descriptor; as `netns`, open until the initiation is over
  int error_output_descriptor = -1;  ///< likewise
  std::size_t capture_limit_bytes = 16U << 20U;  ///< of each stream; what is beyond is read and dropped
  std::chrono::milliseconds kill_grace{2'000};   ///< between SIGTERM and SIGKILL when the operation is cancelled
  std::optional<ProcessSettings> settings{};     ///< nothing: see async_run()
  /// The kernel kills the process when the thread that calls async_run() ends, `kill -9` of its process included
  /// (PR_SET_PDEATHSIG). For threads that live as long as their process only. Does not reach what the process has
  /// started itself.
  bool ends_with_thread = false;
  /// Called once the command runs, inside the initiating function, with its process id, which is also that of its
  /// group if it leads one. The id is the command's until the operation completes.
  std::function<void(pid_t)> on_started{};
};

/// How a process has ended.
struct ProcessResult {
  int exit_code = 0;           ///< what it has returned; 128 + `signal` if a signal ended it, as shells have it
  int signal = 0;              ///< the signal that ended it, or 0
  std::string output{};        ///< captured standard output
  std::string error_output{};  ///< captured standard error
  bool truncated = false;      ///< there was more than capture_limit_bytes
  /// What could not be done before the command ran ("run the command"), with static lifetime; empty otherwise.
  std::string_view failed_step{};
};

namespace detail {
using ProcessSignature = void(boost::system::error_code, ProcessResult);
void start_process(const boost::asio::any_io_executor& executor, const RunInNamespace& request,
                   boost::asio::any_completion_handler<ProcessSignature> handler);
}  // namespace detail

/// Runs a command inside a namespace and completes when it has ended.
///
/// The process is started inside the initiating function, which returns once the kernel has loaded the command (about
/// 1 ms; longer only if the command's file is on a file system that does not answer, or with `mounts_of`, where mounts
/// are made first). Nothing else blocks the executor's thread. Unless it inherits our standard input it is the leader
/// of a process group of its own, which a Ctrl-C at the terminal does not reach. Without `settings` it starts with our
/// signal mask, it ignores the signals that we ignore except SIGPIPE, and has our limit of open files.
///
/// Completion: when the process has ended, with all that it had written until then. What its own children go on to
/// write is not waited for. No error means that the command was run, whatever its exit code. Errors: those of what
/// could not be done, ProcessResult::failed_step says what: no_such_file_or_directory and permission_denied (the
/// command), invalid_argument (not a namespace, or `mounts_of` is no name), operation_not_permitted (CAP_SYS_ADMIN is
/// needed), too_many_files_open, no_child_process (SIGCHLD is ignored, see below).
///
/// Cancellation (terminal or partial): the process, or its whole group if it leads one, gets SIGTERM, and after
/// `kill_grace` SIGKILL; the operation completes with operation_aborted when the process has ended, and with what it
/// had written. If the execution context is destroyed first, the process is killed at once.
///
/// In a co_await expression give the request a name of its own: g++ 12 destroys a braced temporary twice there.
///
/// Nobody else may wait for the process, and the program must not ignore SIGCHLD (neither SIG_IGN nor SA_NOCLDWAIT):
/// the kernel then forgets how processes end (wait(2)). A process inherits an ignored SIGCHLD, so a program that uses
/// this function calls `signal(SIGCHLD, SIG_DFL)` at its start; the library leaves the program's signals alone, and
/// starts nothing but completes with no_child_process where SIGCHLD is ignored.
///
/// Thread safety: the executor's context is run by
/// one thread, or the executor is a strand.
template <boost::asio::completion_token_for<detail::ProcessSignature> Token>
auto async_run(boost::asio::any_io_executor executor, const RunInNamespace& request, Token&& token) {
  return boost::asio::async_initiate<Token, detail::ProcessSignature>(
      [](auto handler, const boost::asio::any_io_executor& own_executor, const RunInNamespace& asked) {
        detail::start_process(own_executor, asked, std::move(handler));
      },
      token, std::move(executor), request);
}

/// Replaces this process by a command inside a namespace, for a single command in the foreground. Returns only if that
/// is not possible; the calling thread may then be in the namespace already, and `settings`, if given, are in force.
/// Errors: as async_run(). `mounts_of`: as in RunInNamespace.
[[nodiscard]] boost::system::error_code exec_in_namespace(int netns, std::span<const std::string> arguments,
                                                          std::string_view mounts_of = {},
                                                          const ProcessSettings* settings = nullptr);

}  // namespace netherd::ops
