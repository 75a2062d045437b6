#include <cstdlib>

#include "commands.hpp"
#include "node_command.hpp"
#include "nodes_of_lab.hpp"
#include "privileges.hpp"

namespace netherd::tools {

namespace {

/// The user's own shell, as login(1) sets it.
std::string users_shell() {
  const char* const shell = std::getenv("SHELL");
  return shell != nullptr && *shell != '\0' ? shell : "/bin/sh";
}

}  // namespace

int shell(const ShellOptions& options, Session& session) {
  int status = ExitStatus::done;
  const auto nodes = find_nodes(options.lab, {options.node}, session, status);
  if (!nodes) return status;
  if (!check_privileges(session.console, "shell")) return ExitStatus::failed;
  return become_command({options.lab, options.node, session.registry.namespace_path(options.lab, options.node)},
                        {users_shell()}, session);
}

}  // namespace netherd::tools
