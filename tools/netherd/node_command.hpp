#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/system/error_code.hpp>
#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "guardian.hpp"
#include "netherd/ops/process.hpp"
#include "session.hpp"

namespace netherd::tools {

/// A node of a lab in which commands are run.
struct CommandPlace {
  std::string lab;
  std::string node;
  std::string namespace_path;
};

/// How a command in a node has ended.
struct NodeCommandResult {
  boost::system::error_code error;  ///< it could not be run, or was stopped
  ops::ProcessResult process;

  /// As shells have it: 127 for a command that is not there, 126 for one that cannot be run.
  [[nodiscard]] int status() const noexcept;
  /// Why it could not be run; empty if it was.
  [[nodiscard]] std::string why_not_run() const;
};

/// Where a command writes to.
struct CommandOutput {
  int output = -1;  ///< a descriptor; -1: both streams into the result
  int error_output = -1;
  std::function<void()> on_started{};  ///< the command has its own copies of the descriptors now
};

/// Descriptors that a command takes while it runs, at most: the namespace, both ends of two pipes, the process, its
/// input, and what its output goes to.
inline constexpr std::size_t descriptors_per_command = 10;

/// Between SIGTERM and SIGKILL for commands of a netherd that is interrupted: the clean-up comes after it, and all of
/// that must be over within interruption's deadline.
inline constexpr std::chrono::milliseconds command_grace{800};

/// Runs commands in the nodes of labs, beside this process. They have no input, the signals and limits that netherd was
/// started with, NETHERD_LAB and NETHERD_NODE in their environment, and do not outlive it.
class CommandRunner {
 public:
  explicit CommandRunner(const Session& session) : settings_{session.started_with} {}

  [[nodiscard]] boost::asio::awaitable<NodeCommandResult> async_run(CommandPlace place,
                                                                    std::vector<std::string> arguments,
                                                                    CommandOutput output = {});

 private:
  const ops::ProcessSettings& settings_;
  Guardian guardian_;
};

/// Becomes a command in a node: it keeps our terminal and standard streams, and gets the signals, limits and
/// environment that CommandRunner gives. Returns only if that fails: reports the failure and returns the exit status.
[[nodiscard]] int become_command(const CommandPlace& place, const std::vector<std::string>& command, Session& session);

/// Puts "LABEL: " before each line.
[[nodiscard]] std::string label_lines(std::string_view label, std::string_view text);

}  // namespace netherd::tools
