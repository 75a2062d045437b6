#pragma once

#include <boost/system/result.hpp>
#include <cstddef>
#include <functional>
#include <string>

#include "bench_trial.hpp"
#include "netherd/lab/plan.hpp"

namespace netherd::tools {

/// What each object of a lab takes on this machine.
struct Costs {
  double namespace_seconds = 0;  ///< with `lo` up
  double link_seconds = 0;       ///< a veth pair, both ends up
  double address_seconds = 0;
  double route_seconds = 0;
  double namespace_bytes = 0;
  double link_bytes = 0;
  double route_bytes = 0;
};

struct Prediction {
  double seconds = 0;
  double bytes = 0;
};

/// What a lab of these counts will take: linear in them. Hubs of thousands of links take longer than that, since a
/// namespace with many neighbours takes longer for each (docs/benchmarks.md).
[[nodiscard]] Prediction predict(const Costs& costs, const lab::Plan::Counts& counts) noexcept;

/// Measures four labs in turn, each with one kind of object more than the one before, so many rounds, and takes the
/// medians of the differences. `progress` is told the lab that is about to be built. Errors: the first failure, in
/// words.
[[nodiscard]] boost::system::result<Costs, std::string> measure_costs(
    std::size_t rounds, const std::function<void(const std::string&)>& progress);

}  // namespace netherd::tools
