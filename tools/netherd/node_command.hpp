#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/system/error_code.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "console.hpp"
#include "netherd/ops/process.hpp"

namespace netherd::tools {

/// How a command in a node has ended.
struct NodeCommandResult {
  boost::system::error_code error;  ///< it could not be run, or was stopped
  ops::ProcessResult process;

  /// As shells have it: 127 for a command that is not there, 126 for one that cannot be run.
  [[nodiscard]] int status() const noexcept;
  /// Why it could not be run; empty if it was.
  [[nodiscard]] std::string why_not_run() const;
};

/// Descriptors that a command takes while it runs, at most: the namespace, both ends of two pipes, the process, its
/// input.
inline constexpr std::size_t descriptors_per_command = 8;

/// Runs a command in a pinned namespace, without input, and captures what it writes.
[[nodiscard]] boost::asio::awaitable<NodeCommandResult> async_run_in_node(std::string namespace_path,
                                                                          std::vector<std::string> arguments);

/// Becomes a command in a pinned namespace: it has our terminal, our standard streams and our signals. Returns only if
/// that is not possible, which has then been said, with the exit status.
[[nodiscard]] int become_command(const std::string& namespace_path, const std::vector<std::string>& command,
                                 Console& console);

/// Puts "LABEL: " before each line.
[[nodiscard]] std::string label_lines(std::string_view label, std::string_view text);

}  // namespace netherd::tools
