#pragma once

#include <sys/types.h>

#include <boost/system/result.hpp>
#include <string>
#include <vector>

#include "netherd/engine/file_descriptor.hpp"

/// Namespaces and the processes in them. All blocking, but quick, and thread safe. Other users' processes are seen with
/// CAP_SYS_PTRACE only.

namespace netherd::ops {

/// Opens the namespace that a process is in. With pin_namespace() it gets a name: `ip netns attach NAME PID`.
///
/// The namespace is the one at the moment of the call, and stays open when the process has gone. Errors:
/// no_such_process (there is none, or it has just ended), permission_denied.
[[nodiscard]] boost::system::result<engine::FileDescriptor> open_namespace_of(pid_t process);

/// The processes in a namespace, in ascending order: `ip netns pids NAME`. One that enters or leaves meanwhile may or
/// may not be among them; one that only has a descriptor or a socket of the namespace is not. Takes time linear in the
/// machine's processes. Errors: invalid_argument (not a namespace); what opendir(3) of /proc gives.
[[nodiscard]] boost::system::result<std::vector<pid_t>> processes_in(int netns);

/// The names that a namespace has in a directory, sorted: `ip netns identify`, with open_namespace_of() `ip netns
/// identify PID`. Errors: invalid_argument (not a namespace); those of list_namespaces().
[[nodiscard]] boost::system::result<std::vector<std::string>> names_of_namespace(const std::string& directory,
                                                                                 int netns);

}  // namespace netherd::ops
