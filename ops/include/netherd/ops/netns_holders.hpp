#pragma once

#include <sys/types.h>

#include <boost/system/error_code.hpp>
#include <boost/system/result.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "netherd/ops/netns_path.hpp"

/// What keeps network namespaces alive when their names are gone: `lsns -t net` shows a part of it. All blocking: a
/// call takes time linear in the machine's processes and threads (about 10 microseconds each), and in their
/// descriptors. Needs CAP_SYS_PTRACE for other users' processes, and a /proc that shows all processes.
///
/// A namespace is compared by its identity, which the kernel gives out again once the namespace is gone: look for
/// holders before the last name goes, and afterwards ask whether they still hold.

namespace netherd::ops {

enum class HoldKind : std::uint8_t {
  inside,         ///< the process runs in it
  thread_inside,  ///< a thread of a process that runs elsewhere does
  descriptor,     ///< the process has it open; a socket in it holds it as well, and is not seen
};

/// "runs in it", "a thread of it runs in it", "has it open".
[[nodiscard]] std::string_view to_string(HoldKind kind) noexcept;

/// A process that holds a namespace, by one of these, the first that applies.
struct NamespaceHolder {
  pid_t process = -1;
  std::size_t place = 0;  ///< of the namespace in the list that was asked for
  HoldKind kind = HoldKind::inside;
  std::string command{};  ///< command_line_of() it
};

/// The processes that hold one of these namespaces, by process id: a process is listed once for each that it holds.
/// This process is never among them. What starts or ends meanwhile may be missing. Errors: those of opendir(3) of
/// /proc.
[[nodiscard]] boost::system::result<std::vector<NamespaceHolder>> find_namespace_holders(
    std::span<const NamespaceIdentity> namespaces);

/// The command line of a process, the first 100 bytes; "[name]" of one without.
[[nodiscard]] std::string command_line_of(pid_t process);

/// Whether a process that was found still holds the namespace.
[[nodiscard]] bool still_holds(const NamespaceHolder& holder, const NamespaceIdentity& netns);

struct TerminateOptions {
  std::chrono::milliseconds grace{2'000};     ///< between SIGTERM and SIGKILL
  std::chrono::milliseconds patience{1'000};  ///< after SIGKILL
  std::function<bool()> is_cancelled{};       ///< asked every 20 ms; true ends the wait
};

/// Ends all processes that run inside these namespaces, those that start meanwhile included: SIGTERM to all, SIGKILL to
/// those that are still there after the grace. Signals go through pidfds, and only to a process whose namespace has
/// been looked at while its pidfd was open: never to another that has got its id. Neither this process nor its
/// ancestors get one, nor those that only have a thread or a descriptor there. Gives the number of processes that got a
/// signal. Errors: timed_out (some are still there), operation_canceled; those of opendir(3) of /proc.
struct Termination {
  std::size_t processes = 0;
  boost::system::error_code error{};
};
[[nodiscard]] Termination terminate_processes_in(std::span<const NamespaceIdentity> namespaces,
                                                 const TerminateOptions& options = {});

}  // namespace netherd::ops
