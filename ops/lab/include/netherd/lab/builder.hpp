#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "netherd/engine/channel_options.hpp"
#include "netherd/engine/error.hpp"
#include "netherd/lab/plan.hpp"
#include "netherd/lab/registry.hpp"

namespace netherd::lab {

struct BuildOptions {
  /// Threads that create namespaces beside the event loop.
  std::size_t factory_threads = 1;
  /// Who executes requests. The kernel's threads, so that creating namespaces, links and the loop's own work overlap;
  /// see docs/benchmarks.md for what each costs.
  engine::Submission submission = engine::Submission::worker;
  /// Descriptors the builder may hold open for nodes at a time. 0: as many as the process's limit leaves.
  std::size_t most_descriptors = 0;
  /// Called now and then with the number of nodes that are completely configured.
  std::function<void(std::uint64_t done)> on_progress{};
};

/// Why a lab could not be built.
struct BuildFailure {
  SourceLine line = SourceLine::none;  ///< of the topology file
  std::string command;                 ///< what was asked, as the equivalent `ip` command
  engine::Outcome outcome;             ///< the kernel's answer; error operation_aborted: build_lab() was stopped
};

struct BuildReport {
  std::uint64_t requests = 0;  ///< netlink requests executed
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
