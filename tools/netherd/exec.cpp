#include <fmt/core.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <memory>
#include <nlohmann/json.hpp>
#include <thread>

#include "commands.hpp"
#include "interruption.hpp"
#include "node_command.hpp"
#include "nodes_of_lab.hpp"
#include "privileges.hpp"
#include "progress_bar.hpp"
#include "side_by_side.hpp"

namespace netherd::tools {

namespace {

namespace asio = boost::asio;

/// Runs the command in several nodes, a few at a time.
class ExecInNodes {
 public:
  ExecInNodes(const ExecOptions& options, Session& session, std::vector<std::string> nodes)
      : options_{options}, session_{session}, nodes_{std::move(nodes)}, results_(nodes_.size()) {}

  int run() {
    asio::co_spawn(context_, async_run_all(), [this](const std::exception_ptr& error) {
      interruption_.stop_waiting();
      if (error) std::rethrow_exception(error);
    });
    context_.run();
    if (interruption_.signal() != 0) {
      session_.console.error(fmt::format("interrupted ({})", ::strsignal(interruption_.signal())));
    }
    session_.console.print_document(to_json());
    return status();
  }

 private:
  asio::awaitable<void> async_run_all() {
    const std::size_t jobs = affordable_tasks(options_.jobs, descriptors_per_command);
    co_await tasks_.async_run(nodes_.size(), jobs, [this](std::size_t i) { return async_run_one(i); });
  }

  asio::awaitable<void> async_run_one(std::size_t i) {
    results_[i] =
        co_await async_run_in_node(session_.registry.namespace_path(options_.lab, nodes_[i]), session_.command);
    ran_.push_back(i);
    if (!session_.console.json) show(i);
    progress_.show(ran_.size());
  }

  /// What one node's command wrote, where it wrote it, each line with the node's name.
  void show(std::size_t i) {
    const NodeCommandResult& result = results_[i];
    const std::string error_output = label_lines(nodes_[i], result.process.error_output);
    const std::string output = label_lines(nodes_[i], result.process.output);
    if (!error_output.empty() || !output.empty()) progress_.clear();
    fmt::print(stderr, "{}", error_output);
    fmt::print("{}", output);
    std::fflush(stdout);
    if (const std::string reason = result.why_not_run(); !reason.empty()) {
      session_.console.error(fmt::format("{}: {}: {}", nodes_[i], session_.command.front(), reason));
    }
    results_[i].process.output.clear();
    results_[i].process.error_output.clear();
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
  std::vector<std::size_t> ran_;
  ProgressBar progress_{session_.console, "exec", nodes_.size()};
  asio::io_context context_{1};
  SideBySide tasks_;
  Interruption interruption_{context_, [this] { tasks_.stop(); }};
};

}  // namespace

int exec(const ExecOptions& options, Session& session) {
  Console& console = session.console;
  if (session.command.empty() || options.all != options.nodes.empty()) {
    console.error("exec: give NODE... or --all, then -- and a command: netherd exec LAB NODE -- ip address");
    return ExitStatus::invalid;
  }
  const auto nodes = options.all ? all_nodes(options.lab, session) : find_nodes(options.lab, options.nodes, session);
  if (!nodes) return ExitStatus::invalid;
  if (!check_privileges(console, "exec")) return ExitStatus::failed;
  if (nodes->size() == 1 && !console.json) {
    return become_command(session.registry.namespace_path(options.lab, nodes->front()), session.command, console);
  }
  raise_descriptor_limit();
  return ExecInNodes{options, session, *nodes}.run();
}

}  // namespace netherd::tools
