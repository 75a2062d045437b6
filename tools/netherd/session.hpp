#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "console.hpp"
#include "exit_status.hpp"
#include "netherd/lab/registry.hpp"
#include "netherd/ops/process.hpp"

namespace netherd::tools {

/// Seconds since a point in time, for the `seconds` fields of reports.
class Stopwatch {
 public:
  [[nodiscard]] double seconds() const {
    return std::chrono::duration<double>{std::chrono::steady_clock::now() - start_}.count();
  }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

/// What every command can use, for as long as the process runs.
struct Session {
  ops::ProcessSettings started_with;  ///< for the commands that it starts
  Stopwatch since_start;
  Console console;
  lab::Registry registry;
  std::vector<std::string> command;  ///< what follows `--`: the command that `exec` runs
};

}  // namespace netherd::tools
