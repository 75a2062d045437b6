#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "console.hpp"
#include "exit_status.hpp"
#include "netherd/lab/registry.hpp"

namespace CLI {
class App;
}

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
  Stopwatch since_start;
  Console console;
  lab::Registry registry;
  std::vector<std::string> command;  ///< what follows `--`: the command that `exec` runs
  std::function<int()> run;          ///< the chosen subcommand; gives the exit status
};

/// Each adds one subcommand with its options. What it chooses to do is left in Session::run.
void add_up(CLI::App& app, Session& session);
void add_down(CLI::App& app, Session& session);
void add_ls(CLI::App& app, Session& session);
void add_show(CLI::App& app, Session& session);
void add_exec(CLI::App& app, Session& session);
void add_shell(CLI::App& app, Session& session);
void add_check(CLI::App& app, Session& session);
void add_ping(CLI::App& app, Session& session);
void add_plan(CLI::App& app, Session& session);
void add_generate(CLI::App& app, Session& session);
void add_bench(CLI::App& app, Session& session);
void add_gc(CLI::App& app, Session& session);
void add_doctor(CLI::App& app, Session& session);
void add_completion(CLI::App& app, Session& session);

/// The options that commands have in common: --json (if the command reports something) and --quiet.
enum class Reports : bool { no, yes };
void add_output_options(CLI::App& command, Session& session, Reports reports);

}  // namespace netherd::tools
