#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <exception>
#include <span>
#include <string_view>
#include <vector>

#include "netherd/ip/run.hpp"
#include "session.hpp"
#include "usage.hpp"
#include "version.hpp"

namespace netherd::tools {
namespace {

constexpr const char* description =
    "Builds, checks and removes test-beds of thousands of Linux network namespaces.\n"
    "A lab comes from a topology file: containerlab's format, GraphML, or a list of edges.";
constexpr const char* footer =
    "Example:\n"
    "  netherd generate ring --nodes 1000 | netherd up -\n"
    "  netherd exec ring n1 -- ping -c 1 10.0.0.2\n"
    "  netherd down ring\n"
    "\n"
    "`netherd COMMAND --help` tells more about a command, with an example.\n"
    "Exit status: 0 done; 1 the operation failed; 2 wrong usage or invalid input, and nothing was touched.";

/// Splits `exec LAB NODE... -- CMD` at the first "--": what follows it is a command and no option of ours.
std::vector<std::string> take_command(std::vector<std::string>& arguments) {
  const auto is_option = [](const std::string& argument) { return argument.starts_with('-'); };
  const auto subcommand = std::find_if_not(arguments.begin(), arguments.end(), is_option);
  if (subcommand == arguments.end() || *subcommand != "exec") return {};
  const auto separator = std::find(subcommand, arguments.end(), "--");
  if (separator == arguments.end()) return {};
  std::vector<std::string> command{separator + 1, arguments.end()};
  arguments.erase(separator, arguments.end());
  return command;
}

/// Shows help or version on standard output; what is wrong with the usage as one line on standard error.
int report_usage(const CLI::App& app, const CLI::ParseError& error, Console& console) {
  if (error.get_exit_code() == 0) return app.exit(error);
  console.error(explain_usage(app, error));
  console.finish();
  return ExitStatus::invalid;
}

int run(std::vector<std::string> arguments) {
  Session session;
  session.command = take_command(arguments);
  CLI::App app{description, "netherd"};
  app.footer(footer);
  app.set_version_flag("--version", version_text, "Print the versions of netherd, kernel and libraries");
  app.require_subcommand(1);
  for (const auto add : {add_up, add_down, add_ls, add_show, add_exec, add_shell, add_check, add_ping, add_plan,
                         add_generate, add_bench, add_gc, add_doctor, add_completion}) {
    add(app, session);
  }
  try {
    std::reverse(arguments.begin(), arguments.end());  // CLI11 takes them from the back
    app.parse(std::move(arguments));
  } catch (const CLI::ParseError& error) {
    return report_usage(app, error, session.console);
  }
  const int status = session.run();
  session.console.finish();
  return status;
}

}  // namespace

void add_output_options(CLI::App& command, Session& session, Reports reports) {
  if (reports == Reports::yes) {
    command.add_flag("--json", session.console.json, "Write one JSON document to standard output, and nothing else");
  }
  command.add_flag("--quiet", session.console.quiet, "No progress, warnings and notes on standard error");
}

}  // namespace netherd::tools

int main(int argc, char** argv) {
  try {
    const std::span all{argv, static_cast<std::size_t>(argc)};
    // Its grammar is that of `ip`, and none for CLI11.
    if (all.size() > 1 && std::string_view{all[1]} == "ip") {
      const std::vector<std::string_view> words{all.begin() + 2, all.end()};
      return netherd::ip::run(words);
    }
    return netherd::tools::run({all.begin() + 1, all.end()});
  } catch (const std::exception& error) {
    fmt::print(stderr, "netherd: {}\n", error.what());
    return netherd::tools::ExitStatus::failed;
  }
}
