#include "usage.hpp"

#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <vector>

#include "suggest.hpp"

namespace netherd::tools {

namespace {

bool is_option(const std::string& argument) { return argument.size() > 1 && argument.starts_with('-'); }

std::string explain_command(const CLI::App& app, const std::string& name) {
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands({})) names.push_back(command->get_name());
  return fmt::format("there is no command called '{}'{}", name, suggest_command(name, names));
}

std::string explain_option(const CLI::App& command, const std::string& argument) {
  const std::string name = argument.substr(0, argument.find('='));
  std::vector<std::string> names;
  for (const CLI::Option* option : command.get_options()) {
    for (const std::string& known : option->get_lnames()) names.push_back("--" + known);
  }
  return fmt::format("there is no option {}{}", name, suggest(name, names));
}

/// Nothing was found that is a command.
std::string explain_missing_command(const CLI::App& app) {
  const std::vector<std::string> arguments = app.remaining();
  const auto word = std::ranges::find_if_not(arguments, is_option);
  if (word != arguments.end()) return explain_command(app, *word);
  return arguments.empty() ? "a command is missing" : explain_option(app, arguments.front());
}

std::string explain_extras(const CLI::App& command) {
  const std::vector<std::string> arguments = command.remaining();
  const auto option = std::ranges::find_if(arguments, is_option);
  if (option != arguments.end()) return explain_option(command, *option);
  return fmt::format("'{}' is one argument too many", arguments.front());
}

}  // namespace

std::string explain_usage(const CLI::App& app, const CLI::ParseError& error) {
  const std::vector<const CLI::App*> chosen =
      app.get_subcommands([](const CLI::App* command) { return command->parsed(); });
  if (chosen.empty()) return explain_missing_command(app) + " (see `netherd --help`)";
  const CLI::App& command = *chosen.front();
  const std::string& name = command.get_name();
  if (!app.remaining().empty()) {
    const std::string option = app.remaining().front();
    return fmt::format("{}: options stand behind the command: netherd {} {} (see `netherd {} --help`)", option, name,
                       option, name);
  }
  const std::string what = command.remaining().empty() ? error.what() : explain_extras(command);
  return fmt::format("{}: {} (see `netherd {} --help`)", name, what, name);
}

}  // namespace netherd::tools
