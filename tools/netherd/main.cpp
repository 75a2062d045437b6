#include <fmt/core.h>

#include <exception>
#include <span>
#include <string_view>
#include <vector>

#include "command_line.hpp"
#include "netherd/ip/run.hpp"

int main(int argc, char** argv) {
  try {
    const std::span all{argv, static_cast<std::size_t>(argc)};
    // Its grammar is that of `ip`, and none for CLI11.
    if (all.size() > 1 && std::string_view{all[1]} == "ip") {
      const std::vector<std::string_view> words{all.begin() + 2, all.end()};
      return netherd::ip::run(words);
    }
    netherd::tools::Session session;
    return netherd::tools::run_command_line({all.begin() + 1, all.end()}, session);
  } catch (const std::exception& error) {
    fmt::print(stderr, "netherd: {}\n", error.what());
    return netherd::tools::ExitStatus::failed;
  }
}
