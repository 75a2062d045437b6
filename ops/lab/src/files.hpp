#pragma once

#include <sys/types.h>

#include <boost/system/error_code.hpp>
#include <boost/system/result.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "netherd/engine/file_descriptor.hpp"

namespace netherd::lab {

/// Reads a whole file of the kernel's or of the caller's, such as /proc/meminfo.
[[nodiscard]] boost::system::result<std::string> read_file(const std::string& path);

// What follows works in a directory that the caller holds open. It follows no symbolic link and never blocks, whatever
// has been put in a file's place.

/// Opens a plain file; with O_CREAT in `flags` it is made, with exactly this mode. Errors: no_such_file_or_directory,
/// invalid_argument (a directory, a symbolic link, a FIFO, a device), those of openat(2).
[[nodiscard]] boost::system::result<engine::FileDescriptor> open_plain_file(int directory, const std::string& name,
                                                                            int flags, mode_t mode = 0);

/// Reads the whole of a plain file. Errors: those of open_plain_file() and read(2).
[[nodiscard]] boost::system::result<std::string> read_plain_file(int directory, const std::string& name);

/// Writes a file so that a reader finds either the old or the new content, whole. Its mode is exactly this one.
[[nodiscard]] boost::system::error_code replace_file(int directory, const std::string& name, std::string_view content,
                                                     mode_t mode);

/// Opens a directory. Errors: not_a_directory (a symbolic link included), those of openat(2).
[[nodiscard]] boost::system::result<engine::FileDescriptor> open_directory(int parent, const std::string& name);

/// Removes whatever has this name: a file, a link, an empty directory. That nothing is there is no error.
[[nodiscard]] boost::system::error_code remove_entry(int directory, const std::string& name);

/// Names of the entries of an open directory, without "." and "..".
[[nodiscard]] boost::system::result<std::vector<std::string>> entries_of(int directory);

}  // namespace netherd::lab
