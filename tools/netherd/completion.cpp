#include "commands.hpp"
#include "completion_scripts.hpp"

namespace netherd::tools {

int completion(const CompletionOptions& options, Session& session) {
  const bool fish = options.shell == "fish";
  session.console.write(fish ? fish_completion : options.shell == "bash" ? bash_completion : zsh_completion);
  return ExitStatus::done;
}

}  // namespace netherd::tools
