#pragma once

#include <string>
#include <vector>

#include "session.hpp"

namespace netherd::tools {

/// Does what the arguments ask for, the program's name not among them, and gives the exit status.
int run_command_line(std::vector<std::string> arguments, Session& session);

}  // namespace netherd::tools
