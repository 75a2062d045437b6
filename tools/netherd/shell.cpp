#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <memory>

#include "node_command.hpp"
#include "nodes_of_lab.hpp"
#include "privileges.hpp"
#include "session.hpp"

namespace netherd::tools {

namespace {

struct Options {
  std::string lab;
  std::string node;
};

/// The user's own shell, as login(1) sets it.
std::string users_shell() {
  const char* const shell = std::getenv("SHELL");
  return shell != nullptr && *shell != '\0' ? shell : "/bin/sh";
}

int shell(const Options& options, Session& session) {
  const auto nodes = find_nodes(options.lab, {options.node}, session);
  if (!nodes) return ExitStatus::invalid;
  if (!check_privileges(session.console, "shell")) return ExitStatus::failed;
  ::setenv("NETHERD_LAB", options.lab.c_str(), 1);
  ::setenv("NETHERD_NODE", options.node.c_str(), 1);
  return become_command(session.registry.namespace_path(options.lab, options.node), {users_shell()}, session.console);
}

}  // namespace

void add_shell(CLI::App& app, Session& session) {
  CLI::App& command = *app.add_subcommand("shell", "Start an interactive shell in a node");
  auto options = std::make_shared<Options>();
  command.add_option("LAB", options->lab, "Name of the lab")->required();
  command.add_option("NODE", options->node, "Name of the node")->required();
  add_output_options(command, session, Reports::no);
  command.footer(
      "The shell is $SHELL; NETHERD_LAB and NETHERD_NODE tell it where it is.\n"
      "Example:\n  netherd shell ring n1");
  command.callback([&session, options] { session.run = [&session, options] { return shell(*options, session); }; });
}

}  // namespace netherd::tools
