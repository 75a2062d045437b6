#pragma once

#include "namespaces.hpp"
#include "netherd/ip/command.hpp"

namespace netherd::ip {

/// Runs a command that may begin with options of its own, and gives its exit status. Throws CommandError.
int run_command(Words words, Options options, Namespaces& namespaces);

/// What is posted is known by a number.
struct Posting {
  std::size_t number = 0;
  const Connection::Refused* refused = nullptr;  ///< must stay where it is until everything posted is settled
  bool shared = false;                           ///< touches further namespaces
};
/// The same, but what the kernel is asked to do is executed later, together with other requests: see Session::post().
void post_command(Words words, Options options, Namespaces& namespaces, const Posting& posting);

/// `-batch FILE`: gives the exit status; what goes wrong is written to standard error.
int run_batch(const Options& options, Namespaces& namespaces);

/// Command failed FILE:LINE
void report_line(const Options& options, std::size_t number);

/// Writes what is wrong with a command to standard error.
void report(const CommandError& error);

}  // namespace netherd::ip
