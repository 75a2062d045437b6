#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "netherd/engine/channel_options.hpp"
#include "netherd/engine/error.hpp"
#include "netherd/lab/plan.hpp"
#include "netherd/lab/registry.hpp"

namespace netherd::lab {

/// What the process's limit of open files (`ulimit -n`) has to be at least for building a lab, of whatever size, if the
/// process has no more than 16 open already.
inline constexpr std::size_t min_open_files = 56;

struct BuildOptions {
  /// Threads that create namespaces beside the event loop. A second one fills the time in which the first waits for the
  /// kernel; more gain nothing.
  std::size_t factory_threads = 2;
  /// Who executes requests. Nothing: what is fastest for each (docs/benchmarks.md), that is the event loop, but for
  /// the routes of nodes that have many.
  std::optional<engine::Submission> submission{};
  /// Descriptors the builder may hold open for nodes at a time; it needs 24 at least. 0: as many as the process's limit
  /// leaves.
  std::size_t most_descriptors = 0;
  /// Where the settings of namespaces are, instead of below /proc/sys. For tests.
  std::string settings_directory{};
  /// Called now and then with how much of the work is done, in nodes: all of them when the lab is up.
  std::function<void(std::uint64_t done)> on_progress{};
};

/// Why a lab could not be built.
struct BuildFailure {
  SourceLine line = SourceLine::none;  ///< of the topology file
  std::string command;                 ///< what was asked, as the equivalent `ip` command
  engine::Outcome outcome;             ///< the kernel's answer; error operation_aborted: build_lab() was stopped
};

/// How long netlink requests took, from being handed to the kernel to their outcome. Those of one datagram get their
/// outcomes together, with the last of them; those that wait for the worker that executes a node's many routes wait
/// within it.
struct RequestLatency {
  std::chrono::nanoseconds p50{};
  std::chrono::nanoseconds p90{};
  std::chrono::nanoseconds p99{};
  std::chrono::nanoseconds max{};
};

struct BuildReport {
  std::uint64_t requests = 0;   ///< netlink requests executed
  std::uint64_t addresses = 0;  ///< sent, of these
  std::uint64_t routes = 0;     ///< sent, of these
  RequestLatency latency;
  std::size_t descriptors = 0;  ///< that the process had open at a time, at most, while it held some of nodes
  std::optional<BuildFailure> failure;
};

/// Builds a lab by its plan: `netherd up` without the files.
///
///     BuildReport report = co_await builder.async_build();
///
/// Pins each namespace in the lab's directory, and links it into /run/netns. The first failure stops the building; what
/// was made stays, and Registry::remove() removes it.
///
/// Lifetimes: plan and directory must live until async_build() has ended. Destroying the builder stops it. An
/// io_context that is destroyed while it builds takes the coroutines along; what was made stays.
///
/// Thread safety: none; the io_context is to be run by one thread.
class Builder {
 public:
  Builder(boost::asio::io_context& context, const Plan& plan, const LabDirectory& directory, BuildOptions options = {});
  ~Builder();

  [[nodiscard]] boost::asio::awaitable<BuildReport> async_build();
  /// Stops: async_build() ends soon, with operation_aborted. Does nothing if it is not under way.
  void stop();

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace netherd::lab
