#pragma once

#include "namespaces.hpp"
#include "netherd/ip/command.hpp"

namespace netherd::ip {

/// Runs a command that may begin with options of its own, and gives its exit status. Throws CommandError.
int run_command(Words words, Options options, Namespaces& namespaces);

/// `-batch FILE`: gives the exit status; what goes wrong is written to standard error.
int run_batch(const Options& options, Namespaces& namespaces);

/// Writes what is wrong with a command to standard error.
void report(const CommandError& error);

}  // namespace netherd::ip
