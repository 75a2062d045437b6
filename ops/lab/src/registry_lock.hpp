#pragma once

#include <boost/system/error_code.hpp>
#include <boost/system/result.hpp>
#include <string>

#include "netherd/engine/file_descriptor.hpp"
#include "netherd/lab/registry.hpp"

namespace netherd::lab {

// Locks are held on files that only root can open, so that nobody else can stop root's netherd. They belong to the
// open file (F_OFD_SETLK, fcntl(2)), and go with the process.

/// Opens a lock's file, makes it if it is missing, and locks it if nobody holds the lock. Errors:
/// resource_unavailable_try_again (somebody does), those of open_plain_file(). Something else in the file's place is
/// replaced: the caller keeps others from doing the same at the same time.
[[nodiscard]] boost::system::result<engine::FileDescriptor> try_lock(int directory, const std::string& name);

/// As try_lock(), but waits. Errors: timed_out, operation_canceled; `what` says who holds the lock.
[[nodiscard]] LabResult<engine::FileDescriptor> wait_for_lock(int directory, const std::string& name,
                                                              const LockPatience& patience);

/// Whether a process holds the lock. Needs no privileges, takes no lock, and gives false where it cannot be told.
[[nodiscard]] bool is_locked(int directory, const std::string& name);

}  // namespace netherd::lab
