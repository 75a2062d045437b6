#include <csignal>
#include <exception>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "command_line.hpp"
#include "netherd/ip/run.hpp"
#include "standard_streams.hpp"

namespace netherd::tools {
namespace {

/// Makes this process what the command relies on, and gives what it was before.
ops::ProcessSettings prepare_process() {
  open_standard_streams();
  const ops::ProcessSettings started_with = ops::ProcessSettings::current();
  // A reader that goes away is an error of the write, by which the command ends in good order.
  std::signal(SIGPIPE, SIG_IGN);
  // Ignored, it would hide how commands end.
  std::signal(SIGCHLD, SIG_DFL);
  return started_with;
}

int run(std::span<char*> arguments) {
  const ops::ProcessSettings started_with = prepare_process();
  // Its grammar is that of `ip`, and none for CLI11.
  if (!arguments.empty() && std::string_view{arguments.front()} == "ip") {
    const std::vector<std::string_view> words{arguments.begin() + 1, arguments.end()};
    return ip::run(words, &started_with);
  }
  Session session;
  session.started_with = started_with;
  return run_command_line({arguments.begin(), arguments.end()}, session);
}

}  // namespace
}  // namespace netherd::tools

int main(int argc, char** argv) {
  try {
    const std::span all{argv, static_cast<std::size_t>(argc)};
    return netherd::tools::run(all.subspan(all.empty() ? 0 : 1));
  } catch (const std::exception& error) {
    netherd::tools::write_message(std::string{"netherd: "} + error.what() + "\n");
    return netherd::tools::ExitStatus::failed;
  }
}
