#pragma once

#include <span>
#include <string_view>

namespace netherd::ops {
struct ProcessSettings;
}

namespace netherd::ip {

/// Does what `ip ARGUMENTS` does, and gives its exit status: 0; 1 for names and values that do not fit; 2 if the kernel
/// has refused; 255 for words that make no command; that of the program with `netns exec`.
///
/// Output goes to standard output, what is wrong to standard error, both in the words of iproute2 6.1. Nothing of `ip`
/// is started. `netns exec` of a program may replace this process; the program gets the signals and limits of
/// `started_with`, if that is given. Preconditions: one thread; SIGCHLD is not ignored (else the exit status of
/// programs is an error); SIGPIPE is ignored where output that nobody reads is to be an error (status 1), not the end.
[[nodiscard]] int run(std::span<const std::string_view> arguments, const ops::ProcessSettings* started_with = nullptr);

}  // namespace netherd::ip
