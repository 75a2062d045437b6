#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <thread>

#include "carrier.hpp"
#include "commands.hpp"
#include "interruption.hpp"
#include "loop_monitor.hpp"
#include "netherd/lab/builder.hpp"
#include "netherd/lab/host_indexes.hpp"
#include "netherd/lab/plan.hpp"
#include "node_command.hpp"
#include "nodes_of_lab.hpp"
#include "preflight.hpp"
#include "privileges.hpp"
#include "progress_bar.hpp"
#include "scratch_output.hpp"
#include "side_by_side.hpp"
#include "standard_streams.hpp"

namespace netherd::tools {

namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

// Far longer than a link takes that is next.
constexpr auto carrier_patience = 10s;
constexpr std::size_t most_nodes_named = 20;

struct Seconds {
  double read = 0;
  double plan = 0;
  double build = 0;
  double exec = 0;  ///< the file's commands
  double total = 0;
};

double microseconds(std::chrono::nanoseconds duration) {
  return std::chrono::duration<double, std::micro>{duration}.count();
}

/// Builds one lab: from the claim to its name until it is up, or removed again.
class Up {
 public:
  Up(const UpOptions& options, Session& session, const lab::Topology& topology, lab::Plan& plan)
      : options_{options}, session_{session}, console_{session.console}, topology_{topology}, plan_{plan} {}

  int run(Seconds seconds);

 private:
  [[nodiscard]] bool claim();
  asio::awaitable<void> async_make();
  asio::awaitable<void> async_build();
  asio::awaitable<void> async_wait_for_links();
  asio::awaitable<void> async_run_commands();
  asio::awaitable<void> async_run_commands_of(const lab::Node& node);
  asio::awaitable<void> async_run_command(const lab::Node& node, const std::string& line);
  void report_command(const lab::Node& node, const std::string& line, const NodeCommandResult& result);
  void stop();
  void fail(std::string_view source, lab::SourceLine line, std::string_view text);
  void report_build_failure(const lab::BuildFailure& failure);
  int give_up();
  int report();
  [[nodiscard]] nlohmann::ordered_json to_json() const;

  const UpOptions& options_;
  Session& session_;
  Console& console_;
  const lab::Topology& topology_;
  lab::Plan& plan_;  ///< replaced once the lab has a directory, if it has links to the host

  std::optional<CommandRunner> runner_;  // before the context, whose operations use it
  asio::io_context context_{1};
  LoopMonitor monitor_{context_};
  std::optional<InterruptionWatch> interruption_;
  std::optional<lab::LabDirectory> directory_;
  std::optional<lab::Builder> builder_;
  std::optional<CarrierWait> carrier_;
  SideBySide commands_;
  bool failed_ = false;
  lab::BuildReport built_;
  std::uint64_t commands_run_ = 0;
  std::uint64_t commands_failed_ = 0;
  Stopwatch build_time_;
  Seconds seconds_;
};

int Up::run(Seconds seconds) {
  seconds_ = seconds;
  interruption::arm(
      fmt::format("netherd: interrupted, and lab {0} could not be removed in time: `netherd down {0}` "
                  "removes what is left\n",
                  topology_.name));
  if (!claim()) return ExitStatus::failed;
  interruption_.emplace(context_, [this] { stop(); });
  asio::co_spawn(context_, async_make(), [this](const std::exception_ptr& error) {
    monitor_.stop();
    interruption_->stop();
    if (error) std::rethrow_exception(error);
  });
  try {
    context_.run();
  } catch (const std::exception& error) {
    fail({}, lab::SourceLine::none, error.what());
  }
  if (failed_ || interruption::signal() != 0) return give_up();
  if (const auto error = directory_->set_phase(lab::LabPhase::up)) {
    fail({}, lab::SourceLine::none, fmt::format("{}: record that the lab is up: {}", topology_.name, error.message()));
    return give_up();
  }
  return report();
}

bool Up::claim() {
  report_waiting(session_);
  auto claimed = session_.registry.claim(topology_);
  session_.registry.set_patience({});  // what comes later is the removal, which a signal must not call off
  if (!claimed && interruption::signal() != 0) {
    console_.error(fmt::format("interrupted ({})", ::strsignal(interruption::signal())));
    return false;
  }
  if (!claimed) {
    console_.error(to_string(claimed.error()));
    return false;
  }
  directory_ = std::move(*claimed);
  if (std::ranges::any_of(topology_.nodes, &lab::Node::adopted)) {
    plan_ = lab::Plan{topology_, lab::first_host_index(directory_->path())};
  }
  if (const auto error = directory_->write_topology_file(topology_)) {
    fail({}, lab::SourceLine::none, fmt::format("{}: store the topology: {}", directory_->path(), error.message()));
    give_up();
    return false;
  }
  return true;
}

/// Each step is left out once the lab is given up.
asio::awaitable<void> Up::async_make() {
  monitor_.start();
  co_await async_build();
  seconds_.build = build_time_.seconds();
  monitor_.stop();
  if (options_.wait && !failed_) co_await async_wait_for_links();
  if (failed_) co_return;
  const Stopwatch exec_time;
  co_await async_run_commands();
  seconds_.exec = exec_time.seconds();
}

asio::awaitable<void> Up::async_build() {
  ProgressBar progress{console_, topology_.name, topology_.nodes.size()};
  lab::BuildOptions build;
  build.factory_threads = options_.factory_threads;
  if (options_.submission == "worker") build.submission = engine::Submission::worker;
  if (options_.submission == "in-loop") build.submission = engine::Submission::in_loop;
  if (console_.shows_progress()) build.on_progress = [&progress](std::uint64_t done) { progress.show(done); };
  builder_.emplace(context_, plan_, *directory_, std::move(build));
  const lab::BuildReport report = co_await builder_->async_build();
  built_ = report;
  progress.clear();
  if (report.failure && interruption::signal() == 0) report_build_failure(*report.failure);
  if (report.failure) failed_ = true;
}

asio::awaitable<void> Up::async_wait_for_links() {
  carrier_.emplace(context_, topology_, *directory_);
  const auto without = co_await carrier_->async_wait(carrier_patience);
  for (std::size_t i = 0; i < std::min(without.size(), most_nodes_named); ++i) {
    fail(topology_.source, without[i]->line,
         fmt::format("{}: a link has no carrier, and none has got any for {} s", without[i]->name,
                     carrier_patience.count()));
  }
  if (without.size() > most_nodes_named) {
    fail({}, lab::SourceLine::none, fmt::format("and {} more of such nodes", without.size() - most_nodes_named));
  }
}

/// The `exec` lists of the file: in each node in order, nodes side by side.
asio::awaitable<void> Up::async_run_commands() {
  std::vector<const lab::Node*> nodes;
  for (const lab::Node& node : topology_.nodes) {
    if (!node.exec.empty()) nodes.push_back(&node);
  }
  if (nodes.empty()) co_return;
  runner_.emplace(session_);
  const std::size_t jobs =
      affordable_tasks(2 * std::max(1U, std::thread::hardware_concurrency()), descriptors_per_command);
  co_await commands_.async_run(nodes.size(), jobs, [&](std::size_t i) { return async_run_commands_of(*nodes[i]); });
}

asio::awaitable<void> Up::async_run_commands_of(const lab::Node& node) {
  for (const std::string& line : node.exec) {
    if (commands_.stopped()) co_return;
    co_await async_run_command(node, line);
  }
}

asio::awaitable<void> Up::async_run_command(const lab::Node& node, const std::string& line) {
  const auto output = ScratchOutput::open(context_.get_executor());
  NodeCommandResult result;
  if (output) {
    CommandPlace place{topology_.name, node.name, directory_->namespace_path(node.name)};
    std::vector<std::string> command{"sh", "-c", lab::replace_variables(line, topology_, node)};
    CommandOutput streams{.output = output->descriptor(), .error_output = output->descriptor()};
    result = co_await runner_->async_run(std::move(place), std::move(command), std::move(streams));
  } else {
    result.error = output.error();
    result.process.failed_step = "open a file for the command's output";
  }
  if (interruption::signal() != 0) co_return;
  ++commands_run_;
  if (output && !console_.quiet) write_message(label_lines(node.name, output->read()));
  if (output && output->truncated()) {
    console_.warning(topology_.source, node.line,
                     fmt::format("{}: {}: it has written more than {} MiB, the rest is lost", node.name, line,
                                 ScratchOutput::most_bytes >> 20U));
  }
  report_command(node, line, result);
}

/// Once a command has failed with --strict, those that are then ended by us have nothing to report.
void Up::report_command(const lab::Node& node, const std::string& line, const NodeCommandResult& result) {
  if (result.status() == 0 || commands_.stopped()) return;
  ++commands_failed_;
  const std::string reason = result.why_not_run();
  const std::string text = fmt::format("{}: {}: {}", node.name, line,
                                       reason.empty() ? fmt::format("exit status {}", result.status()) : reason);
  if (!options_.strict) return console_.warning(topology_.source, node.line, text);
  fail(topology_.source, node.line, text);
  commands_.stop();
}

void Up::stop() {
  failed_ = true;
  if (builder_) builder_->stop();
  if (carrier_) carrier_->stop();
  commands_.stop();
}

void Up::fail(std::string_view source, lab::SourceLine line, std::string_view text) {
  console_.error(source, line, text);
  failed_ = true;
}

/// "FILE:LINE: ip link add ...: File exists [EEXIST] (the kernel's own words)"
void Up::report_build_failure(const lab::BuildFailure& failure) {
  const engine::Outcome& outcome = failure.outcome;
  std::string reason = outcome.error.message();
  if (outcome.error.category() == boost::system::system_category()) {
    reason += fmt::format(" [{}]", engine::errno_name(outcome.error.value()));
  }
  if (outcome.diagnostic && !outcome.diagnostic->kernel_message.empty()) {
    reason += fmt::format(" ({})", outcome.diagnostic->kernel_message);
  }
  // A step of making a namespace has no netlink request whose command would tell what was done.
  if (outcome.state == engine::RequestState::waiting && outcome.diagnostic) {
    reason = fmt::format("{}: {}", outcome.diagnostic->operation, reason);
  }
  fail(topology_.source, failure.line, fmt::format("{}: {}", failure.command, reason));
}

/// Removes what was made, unless it is wanted, and says what is left.
int Up::give_up() {
  builder_.reset();
  if (const int signal = interruption::signal(); signal != 0) {
    console_.error(fmt::format("interrupted ({})", ::strsignal(signal)));
  }
  const std::string& lab = topology_.name;
  if (options_.keep_on_failure) {
    console_.note(fmt::format("what was made of lab {0} is kept; `netherd down {0}` removes it", lab));
    return ExitStatus::failed;
  }
  const auto removed = session_.registry.remove(*std::move(directory_));
  if (removed) {
    console_.note(fmt::format("lab {} is removed, nothing is left of it", lab));
  } else {
    console_.error(fmt::format("{}; `netherd down {}` removes what is left", to_string(removed.error()), lab));
  }
  return ExitStatus::failed;
}

int Up::report() {
  seconds_.total = session_.since_start.seconds();
  console_.print_document(to_json());
  console_.print(fmt::format("{} is up: {}, {}, {}, {}", topology_.name, counted(topology_.nodes.size(), "node"),
                             counted(topology_.links.size(), "link"), counted(built_.addresses, "address", "addresses"),
                             counted(built_.routes, "route")));
  std::string commands;
  if (commands_run_ != 0) {
    commands = fmt::format("; {} of exec lists in {:.3f} s", counted(commands_run_, "command"), seconds_.exec);
  }
  console_.print(fmt::format("{} in {:.3f} s{}; the event loop stood still for {:.1f} ms at most",
                             counted(built_.requests, "request"), seconds_.total - seconds_.exec, commands,
                             monitor_.longest_stall_ms()));
  return ExitStatus::done;
}

nlohmann::ordered_json Up::to_json() const {
  return {{"lab", topology_.name},
          {"nodes", topology_.nodes.size()},
          {"links", topology_.links.size()},
          {"addresses", built_.addresses},
          {"routes", built_.routes},
          {"requests", built_.requests},
          {"seconds",
           {{"read", seconds_.read}, {"plan", seconds_.plan}, {"build", seconds_.build}, {"total", seconds_.total}}},
          {"longest_stall_ms", monitor_.longest_stall_ms()},
          {"latency_us",
           {{"p50", microseconds(built_.latency.p50)},
            {"p90", microseconds(built_.latency.p90)},
            {"p99", microseconds(built_.latency.p99)},
            {"max", microseconds(built_.latency.max)}}},
          {"descriptors", built_.descriptors},
          {"submission", options_.submission},
          {"exec", {{"commands", commands_run_}, {"failed", commands_failed_}, {"seconds", seconds_.exec}}}};
}

}  // namespace

int up(const UpOptions& options, Session& session) {
  Seconds seconds;
  const Stopwatch read_time;
  auto topology = load_topology(options.input, session.console);
  seconds.read = read_time.seconds();
  if (!topology) return ExitStatus::invalid;
  const Stopwatch plan_time;
  if (!assign_addresses(*topology, session.console)) return ExitStatus::invalid;
  lab::Plan plan{*topology};
  seconds.plan = plan_time.seconds();
  if (!preflight(plan, session, "up")) return ExitStatus::failed;
  return Up{options, session, *topology, plan}.run(seconds);
}

}  // namespace netherd::tools
