#include "node_command.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "netherd/ops/netns_path.hpp"

namespace netherd::tools {

namespace {

namespace asio = boost::asio;
namespace errc = boost::system::errc;

constexpr int status_not_found = 127;
constexpr int status_cannot_run = 126;

}  // namespace

int NodeCommandResult::status() const noexcept {
  if (process.failed_step.empty()) return process.exit_code;
  return error == errc::no_such_file_or_directory ? status_not_found : status_cannot_run;
}

std::string NodeCommandResult::why_not_run() const {
  if (process.failed_step.empty()) return {};
  return fmt::format("{}: {}", process.failed_step, error.message());
}

asio::awaitable<NodeCommandResult> async_run_in_node(std::string namespace_path, std::vector<std::string> arguments) {
  NodeCommandResult result;
  const auto netns = ops::open_namespace(namespace_path);
  if (!netns) {
    result.error = netns.error();
    result.process.failed_step = "open the namespace";
    co_return result;
  }
  const ops::RunInNamespace request{.netns = netns->get(),
                                    .arguments = std::move(arguments),
                                    .output = ops::ProcessOutput::capture,
                                    .error_output = ops::ProcessOutput::capture};
  auto [error, process] =
      co_await ops::async_run(co_await asio::this_coro::executor, request, asio::as_tuple(asio::use_awaitable));
  result.error = error;
  result.process = std::move(process);
  co_return result;
}

int become_command(const std::string& namespace_path, const std::vector<std::string>& command, Console& console) {
  const auto netns = ops::open_namespace(namespace_path);
  NodeCommandResult result;
  result.error = netns ? ops::exec_in_namespace(netns->get(), command) : netns.error();
  result.process.failed_step = netns ? "run the command" : "open the namespace";
  console.error(fmt::format("{}: {}: {}", command.front(), result.process.failed_step, result.error.message()));
  return result.status();
}

std::string label_lines(std::string_view label, std::string_view text) {
  std::string labelled;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    labelled += fmt::format("{}: {}\n", label, line);
    text.remove_prefix(std::min(text.size(), line.size() + 1));
  }
  return labelled;
}

}  // namespace netherd::tools
