#include "netherd/ip/run.hpp"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iostream>

#include "batch_reader.hpp"
#include "names.hpp"
#include "objects.hpp"
#include "run_command.hpp"
#include "usage.hpp"

namespace netherd::ip {

void report(const CommandError& error) { std::fprintf(stderr, "%s\n", error.what()); }

namespace {

struct Prepared {
  Session& session;
  Command command;
};

/// Reads the options of a command and then the command itself, in the session that they ask for.
Prepared prepare(Words words, Options& options, Namespaces& namespaces) {
  options = take_options(words, std::move(options));
  if (options.batch) fail("-batch is not possible within a batch", status_usage);
  names::show_numbers(options.numeric);
  names::use_netns(options.netns);
  Session& session = options.netns.empty() ? namespaces.home() : namespaces.enter(options.netns);
  session.use(options);
  return {session, parse_command(words, options, session)};
}

}  // namespace

int run_command(Words words, Options options, Namespaces& namespaces) {
  auto [session, command] = prepare(words, options, namespaces);
  if (!command.request) return command.action(session);
  session.execute(*command.request);
  return 0;
}

void post_command(Words words, Options options, Namespaces& namespaces, const Posting& posting) {
  options = take_inner_options(words, std::move(options));
  auto [session, command] = prepare(words, options, namespaces);
  if (!command.request) {
    namespaces.settle_all();
    static_cast<void>(command.action(session));
    return;
  }
  if (posting.shared) namespaces.share(session);
  session.post(std::move(command), posting.number, *posting.refused);
}

namespace {

int print_version() {
  const bool written = std::puts("netherd ip, grammar and output of iproute2 6.1") >= 0 && std::fflush(stdout) == 0;
  if (!written) fail(std::string{"Cannot write: "} + std::strerror(errno));
  return 0;
}

int run_arguments(std::span<const std::string_view> arguments, const ops::ProcessSettings* started_with) {
  Words words{arguments};
  Options options = take_options(words);
  if (options.version) return print_version();
  if (options.help) fail_with_usage(usage::ip);
  Namespaces namespaces{options};
  namespaces.set_settings(started_with);
  if (options.batch) return run_batch(options, namespaces);
  return run_command(words, options, namespaces);
}

}  // namespace

int run(std::span<const std::string_view> arguments, const ops::ProcessSettings* started_with) {
  try {
    return run_arguments(arguments, started_with);
  } catch (const CommandError& error) {
    report(error);
    return error.status();
  }
}

}  // namespace netherd::ip
