#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "completion_scripts.hpp"
#include "session.hpp"

namespace netherd::tools {

void add_completion(CLI::App& app, Session& session) {
  CLI::App& command = *app.add_subcommand("completion", "Print a completion script for a shell");
  auto shell = std::make_shared<std::string>();
  command.add_option("SHELL", *shell, "bash or zsh")->required()->check(CLI::IsMember({"bash", "zsh"}));
  command.footer("Example:\n  source <(netherd completion bash)");
  command.callback([&session, shell] {
    session.run = [shell] {
      fmt::print("{}", *shell == "bash" ? bash_completion : zsh_completion);
      return ExitStatus::done;
    };
  });
}

}  // namespace netherd::tools
