#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstring>
#include <memory>
#include <nlohmann/json.hpp>

#include "commands.hpp"
#include "interruption.hpp"
#include "line_relay.hpp"
#include "node_command.hpp"
#include "nodes_of_lab.hpp"
#include "privileges.hpp"
#include "progress_bar.hpp"
#include "side_by_side.hpp"

namespace netherd::tools {

namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

/// No command ends for so long while nodes wait for their turn: then the user learns which.
constexpr auto time_without_end = 3s;
constexpr std::size_t most_waiting_named = 5;

/// A pipe for a command's output: our end does not block, and its end is closed once it has a copy.
struct OutputPipe {
  engine::FileDescriptor ours;
  engine::FileDescriptor commands;

  [[nodiscard]] bool open() noexcept {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return false;
    ours.reset(ends[0]);
    commands.reset(ends[1]);
    return ::fcntl(ours.get(), F_SETFL, O_NONBLOCK) == 0;
  }
};

/// Runs the command in several nodes, a few at a time.
class ExecInNodes {
 public:
  ExecInNodes(const ExecOptions& options, Session& session, std::vector<std::string> nodes)
      : options_{options}, session_{session}, nodes_{std::move(nodes)}, results_(nodes_.size()) {}

  int run() {
    asio::co_spawn(context_, async_run_all(), [this](const std::exception_ptr& error) {
      interruption_.stop();
      if (error) std::rethrow_exception(error);
    });
    context_.run();
    if (const int signal = interruption::signal(); signal != 0) {
      session_.console.error(fmt::format("interrupted ({})", ::strsignal(signal)));
    }
    if (out_.error() != 0) session_.console.set_output_error(out_.error());
    session_.console.print_document(to_json());
    return out_.error() != 0 ? ExitStatus::failed : status();
  }

 private:
  asio::awaitable<void> async_run_all() {
    asio::co_spawn(context_, out_.async_pump(), [this](const std::exception_ptr&) { end_if_nobody_reads(); });
    asio::co_spawn(context_, errors_.async_pump(), [](const std::exception_ptr&) {});
    asio::co_spawn(context_, async_watch_progress(), [](const std::exception_ptr&) {});
    const std::size_t jobs = affordable_tasks(options_.jobs, descriptors_per_command);
    co_await tasks_.async_run(nodes_.size(), jobs, [this](std::size_t i) { return async_run_one(i); });
    progress_watch_.cancel();
    out_.finish();
    errors_.finish();
  }

  asio::awaitable<void> async_run_one(std::size_t i) {
    ++started_;
    const CommandPlace place{options_.lab, nodes_[i], session_.registry.namespace_path(options_.lab, nodes_[i])};
    results_[i] = co_await (session_.console.json ? runner_.async_run(place, session_.command) : async_stream(place));
    ran_.push_back(i);
    if (const std::string reason = results_[i].why_not_run(); !reason.empty() && !session_.console.json) {
      session_.console.error(fmt::format("{}: {}: {}", nodes_[i], session_.command.front(), reason));
    }
    if (session_.console.json) progress_.show(ran_.size());  // what the commands write shows it otherwise
  }

  /// What the command writes is shown as it comes, each line with the node's name.
  asio::awaitable<NodeCommandResult> async_stream(CommandPlace place) {
    OutputPipe output;
    OutputPipe error_output;
    NodeCommandResult result;
    if (!output.open() || !error_output.open()) {
      result.error.assign(errno, boost::system::system_category());
      result.process.failed_step = "open the command's standard streams";
      co_return result;
    }
    LineRelay relayed_output{context_, std::move(output.ours), place.node, out_};
    LineRelay relayed_errors{context_, std::move(error_output.ours), place.node, errors_};
    asio::steady_timer all_relayed{context_, asio::steady_timer::time_point::max()};
    int relaying = 0;
    for (LineRelay* relay : {&relayed_output, &relayed_errors}) {
      ++relaying;
      asio::co_spawn(context_, relay->async_run(), [&](const std::exception_ptr&) {
        if (--relaying == 0) all_relayed.cancel();
      });
    }
    const std::string node = place.node;
    CommandOutput streams{.output = output.commands.get(), .error_output = error_output.commands.get()};
    streams.on_started = [&] {
      output.commands.reset();
      error_output.commands.reset();
    };
    result = co_await runner_.async_run(std::move(place), session_.command, std::move(streams));
    output.commands.reset();  // it may not have been started
    error_output.commands.reset();
    relayed_output.end_with_command();
    relayed_errors.end_with_command();
    boost::system::error_code cancelled;
    while (relaying > 0) co_await all_relayed.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
    if (relayed_output.left_open() || relayed_errors.left_open()) warn_of_background(node);
    co_return result;
  }

  void warn_of_background(const std::string& node) {
    session_.console.warning(fmt::format(
        "{}: the command has ended, and a process that it has left in the background still holds its output "
        "open: SIGPIPE ends that process when it writes; redirect its output to a file or to /dev/null",
        node));
  }

  /// Endless commands must not keep the other nodes waiting without anybody knowing.
  asio::awaitable<void> async_watch_progress() {
    std::size_t ended_before = 0;
    boost::system::error_code cancelled;
    for (;;) {
      progress_watch_.expires_after(time_without_end);
      co_await progress_watch_.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
      if (cancelled || tasks_.stopped()) co_return;
      const std::size_t waiting = nodes_.size() - started_;
      if (ran_.size() == ended_before && waiting > 0) {
        warn_of_waiting(waiting);
        co_return;
      }
      ended_before = ran_.size();
    }
  }

  void warn_of_waiting(std::size_t waiting) {
    std::string names;
    for (std::size_t i = started_; i < nodes_.size() && i < started_ + most_waiting_named; ++i) {
      names += (names.empty() ? "" : ", ") + nodes_[i];
    }
    if (waiting > most_waiting_named) names += fmt::format(" and {} more", waiting - most_waiting_named);
    session_.console.warning(fmt::format(
        "{}, for no command has ended for {} s: {}; --jobs N runs N commands at a time",
        waiting == 1 ? "1 node waits for its turn" : fmt::format("{} nodes wait for their turn", grouped(waiting)),
        time_without_end / 1s, names));
  }

  /// As `COMMAND | head` ends COMMAND.
  void end_if_nobody_reads() {
    if (out_.error() == EPIPE) tasks_.stop();
  }

  void interrupt() {
    tasks_.stop();
    progress_watch_.cancel();
    out_.abandon();
    errors_.abandon();
  }

  /// The highest exit status; a command that was not run counts as failed.
  [[nodiscard]] int status() const {
    int highest = ran_.size() < nodes_.size() ? ExitStatus::failed : ExitStatus::done;
    for (const NodeCommandResult& result : results_) highest = std::max(highest, result.status());
    return highest;
  }

  [[nodiscard]] nlohmann::ordered_json to_json() const {
    if (!session_.console.json) return {};
    auto list = nlohmann::ordered_json::array();
    std::vector<std::size_t> in_order = ran_;
    std::ranges::sort(in_order);
    for (const std::size_t i : in_order) {
      const NodeCommandResult& result = results_[i];
      nlohmann::ordered_json entry{{"node", nodes_[i]},
                                   {"status", result.status()},
                                   {"output", result.process.output},
                                   {"error_output", result.process.error_output}};
      if (result.process.truncated) entry["truncated"] = true;
      if (const std::string reason = result.why_not_run(); !reason.empty()) entry["error"] = reason;
      list.push_back(std::move(entry));
    }
    return {{"lab", options_.lab}, {"command", session_.command}, {"nodes", std::move(list)}};
  }

  const ExecOptions& options_;
  Session& session_;
  std::vector<std::string> nodes_;
  std::vector<NodeCommandResult> results_;
  std::size_t started_ = 0;
  std::vector<std::size_t> ran_;
  ProgressBar progress_{session_.console, "exec", nodes_.size()};
  CommandRunner runner_{session_};  // before the context, whose operations use it
  asio::io_context context_{1};
  Outlet out_{context_, STDOUT_FILENO};
  Outlet errors_{context_, STDERR_FILENO};
  asio::steady_timer progress_watch_{context_};
  SideBySide tasks_;
  InterruptionWatch interruption_{context_, [this] { interrupt(); }};
};

}  // namespace

int exec(const ExecOptions& options, Session& session) {
  Console& console = session.console;
  if (session.command.empty() || options.all != options.nodes.empty()) {
    console.error("exec: give NODE... or --all, then -- and a command: netherd exec LAB NODE -- ip address");
    return ExitStatus::invalid;
  }
  int status = ExitStatus::done;
  const auto nodes =
      options.all ? all_nodes(options.lab, session, status) : find_nodes(options.lab, options.nodes, session, status);
  if (!nodes) return status;
  if (!check_privileges(console, "exec")) return ExitStatus::failed;
  if (nodes->size() == 1 && !console.json) {
    const std::string& node = nodes->front();
    return become_command({options.lab, node, session.registry.namespace_path(options.lab, node)}, session.command,
                          session);
  }
  interruption::arm("netherd: exec: interrupted: the commands that did not end by SIGTERM were killed\n");
  raise_descriptor_limit();
  return ExecInNodes{options, session, *nodes}.run();
}

}  // namespace netherd::tools
