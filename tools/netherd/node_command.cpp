#include "node_command.hpp"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <csignal>
#include <cstdlib>
#include <optional>

#include "netherd/ops/netns_path.hpp"
#include "node_channel.hpp"

namespace netherd::tools {

namespace {

namespace asio = boost::asio;
namespace errc = boost::system::errc;

constexpr int status_not_found = 127;
constexpr int status_cannot_run = 126;
constexpr std::string_view open_step = "open the namespace";
constexpr const char* lab_variable = "NETHERD_LAB";
constexpr const char* node_variable = "NETHERD_NODE";

/// Ours, and where the command is.
std::vector<std::string> environment_of(const CommandPlace& place) {
  const std::string lab = std::string{lab_variable} + '=';
  const std::string node = std::string{node_variable} + '=';
  std::vector<std::string> environment;
  for (char** entry = ::environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view variable{*entry};
    if (!variable.starts_with(lab) && !variable.starts_with(node)) environment.emplace_back(variable);
  }
  environment.push_back(lab + place.lab);
  environment.push_back(node + place.node);
  return environment;
}

}  // namespace

int NodeCommandResult::status() const noexcept {
  if (process.failed_step.empty()) return process.exit_code;
  const bool no_such_command = process.failed_step != open_step && error == errc::no_such_file_or_directory;
  return no_such_command ? status_not_found : status_cannot_run;
}

std::string NodeCommandResult::why_not_run() const {
  if (process.failed_step.empty()) return {};
  if (process.failed_step == open_step && ops::is_namespace_gone(error)) return namespace_is_gone;
  return fmt::format("{}: {}", process.failed_step, error.message());
}

asio::awaitable<NodeCommandResult> CommandRunner::async_run(CommandPlace place, std::vector<std::string> arguments,
                                                            CommandOutput output) {
  NodeCommandResult result;
  const auto netns = ops::open_namespace(place.namespace_path);
  if (!netns) {
    result.error = netns.error();
    result.process.failed_step = open_step;
    co_return result;
  }
  const bool captured = output.output < 0;
  const auto kind = captured ? ops::ProcessOutput::capture : ops::ProcessOutput::descriptor;
  std::optional<GuardedGroup> guarded;
  const ops::RunInNamespace request{.netns = netns->get(),
                                    .arguments = std::move(arguments),
                                    .environment = environment_of(place),
                                    .output = kind,
                                    .error_output = kind,
                                    .output_descriptor = output.output,
                                    .error_output_descriptor = output.error_output,
                                    .kill_grace = command_grace,
                                    .settings = settings_,
                                    .ends_with_thread = true,
                                    .on_started = [&](pid_t process) {
                                      guarded.emplace(guardian_, process);
                                      if (output.on_started) output.on_started();
                                    }};
  auto [error, process] =
      co_await ops::async_run(co_await asio::this_coro::executor, request, asio::as_tuple(asio::use_awaitable));
  result.error = error;
  result.process = std::move(process);
  co_return result;
}

int become_command(const CommandPlace& place, const std::vector<std::string>& command, Session& session) {
  ::setenv(lab_variable, place.lab.c_str(), 1);
  ::setenv(node_variable, place.node.c_str(), 1);
  const auto netns = ops::open_namespace(place.namespace_path);
  NodeCommandResult result;
  result.error = netns ? ops::exec_in_namespace(netns->get(), command, {}, &session.started_with) : netns.error();
  std::signal(SIGPIPE, SIG_IGN);  // what was to be the command's is ours again
  result.process.failed_step = netns ? "run the command" : open_step;
  session.console.error(fmt::format("{}: {}", command.front(), result.why_not_run()));
  return result.status();
}

std::string label_lines(std::string_view label, std::string_view text) {
  std::string labelled;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    labelled.append(label).append(": ").append(line).append("\n");
    text.remove_prefix(std::min(text.size(), line.size() + 1));
  }
  return labelled;
}

}  // namespace netherd::tools
