#pragma once

#include <string>

namespace CLI {
class App;
class ParseError;
}  // namespace CLI

namespace netherd::tools {

/// What is wrong with the command line, in one line, with the command or option that was probably meant:
/// "up: there is no option --wiat; did you mean --wait? (see `netherd up --help`)".
[[nodiscard]] std::string explain_usage(const CLI::App& app, const CLI::ParseError& error);

}  // namespace netherd::tools
