#include "bench_trial.hpp"

#include <fmt/core.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>
#include <utility>

#include "netherd/lab/builder.hpp"
#include "netherd/lab/registry.hpp"
#include "netherd/ops/quiescence.hpp"
#include "session.hpp"

namespace netherd::tools {

namespace {

namespace asio = boost::asio;

/// Bytes of objects in use in the kernel's slab caches; 0 where they cannot be read.
///
/// Nearly all that namespaces and links take is there. The pages of a cache are no measure: a lab that was removed
/// leaves them behind, and the next one uses them again.
double kernel_bytes_in_use() {
  std::ifstream file{"/proc/slabinfo"};
  double bytes = 0;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("slabinfo") || line.starts_with('#')) continue;
    std::istringstream fields{line};
    std::string cache;
    double objects_in_use = 0;
    double objects = 0;
    double object_bytes = 0;
    if (fields >> cache >> objects_in_use >> objects >> object_bytes) bytes += objects_in_use * object_bytes;
  }
  return bytes;
}

lab::BuildReport build(const lab::Plan& plan, const lab::LabDirectory& directory) {
  asio::io_context context{1};
  lab::Builder builder{context, plan, directory};
  lab::BuildReport report;
  asio::co_spawn(context, builder.async_build(), [&report](const std::exception_ptr& error, lab::BuildReport result) {
    if (error) std::rethrow_exception(error);
    report = std::move(result);
  });
  context.run();
  return report;
}

/// Drops the lab and waits for the kernel.
void remove(const lab::Registry& registry, lab::LabDirectory directory, Trial& trial) {
  asio::io_context context{1};
  ops::QuiescenceWatch watch{context.get_executor(), {.sockets_were_closed = true}};
  const Stopwatch time;
  const auto removed = registry.remove(std::move(directory));
  trial.return_seconds = time.seconds();
  if (!removed) trial.failure = to_string(removed.error());
  watch.async_wait([&](boost::system::error_code error) {
    trial.quiesced_seconds = time.seconds();
    if (error) trial.failure = "wait for the kernel's own cleanup: " + error.message();
  });
  context.run();
}

}  // namespace

Trial try_lab(const lab::Topology& topology) {
  Trial trial;
  const lab::Plan plan{topology};
  trial.counts = plan.counts();
  const lab::Registry registry;
  const double bytes_before = kernel_bytes_in_use();
  auto directory = registry.claim(topology);
  if (!directory) {
    trial.failure = to_string(directory.error());
    return trial;
  }
  const Stopwatch time;
  const lab::BuildReport report = build(plan, *directory);
  trial.build_seconds = time.seconds();
  trial.kernel_bytes = kernel_bytes_in_use() - bytes_before;
  remove(registry, std::move(*directory), trial);
  if (report.failure) {
    trial.failure = fmt::format("{}: {}", report.failure->command, report.failure->outcome.error.message());
  }
  return trial;
}

}  // namespace netherd::tools
