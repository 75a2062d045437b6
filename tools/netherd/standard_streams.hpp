#pragma once

#include <string_view>

namespace netherd::tools {

/// Opens those of the descriptors 0 to 2 that this process was started without (`2>&-`), so that nothing that is opened
/// later becomes a standard stream by accident. What is written to a standard output that was closed still fails.
void open_standard_streams() noexcept;

/// Writes all of a text, however often the system call has to be made. Gives 0, or the number of the error. Once a
/// signal has interrupted the command (see interruption.hpp), it waits only for a moment for whoever does not read.
[[nodiscard]] int write_fully(int descriptor, std::string_view text) noexcept;

/// Writes a message to standard error. Never throws, and nobody learns whether it was read: what a command does must
/// not depend on it.
void write_message(std::string_view text) noexcept;

/// Writes what is not worth waiting for: nothing happens where a terminal is stopped or a pipe full.
void write_progress(std::string_view text) noexcept;

}  // namespace netherd::tools
