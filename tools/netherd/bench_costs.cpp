#include "bench_costs.hpp"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "netherd/lab/addressing.hpp"
#include "netherd/lab/generate.hpp"

namespace netherd::tools {

namespace {

constexpr std::uint32_t nodes = 200;
/// Every node of a ring gets a route to nearly every link of it.
constexpr std::uint32_t routed_nodes = 64;

/// The steps from lab to lab.
enum class Step : std::uint8_t { namespaces, links, addresses, routes };
constexpr std::array steps{Step::namespaces, Step::links, Step::addresses, Step::routes};

lab::Topology ring(std::uint32_t size) { return lab::generate("ring", {.nodes = size}).value(); }

lab::Topology with_addresses(lab::Topology topology, lab::Routing routing) {
  topology.options.ipv4_pool = ops::parse_ip_prefix("10.0.0.0/8").value();
  topology.options.routing = routing;
  // Cannot fail: the pool has room for many more.
  static_cast<void>(lab::assign_addresses(topology));
  return topology;
}

lab::Topology topology_of(Step step) {
  switch (step) {
    case Step::namespaces: {
      lab::Topology topology = ring(nodes);
      topology.links.clear();
      return topology;
    }
    case Step::links:
      return ring(nodes);
    case Step::addresses:
      return with_addresses(ring(nodes), lab::Routing::none);
    case Step::routes:
      break;
  }
  return with_addresses(ring(routed_nodes), lab::Routing::shortest_path);
}

std::string name_of(Step step) {
  constexpr std::array names{"namespaces", "links", "addresses", "routes"};
  return names.at(static_cast<std::size_t>(step));
}

/// What is left of a lab after the parts that are known already, for each object of the new kind; never below 0.
double each(double whole, double known, std::uint64_t count) {
  return std::max(0.0, whole - known) / static_cast<double>(std::max<std::uint64_t>(1, count));
}

/// Works out the new kind of object from a lab that has it.
void learn(Costs& costs, Step step, const Trial& trial) {
  const Prediction known = predict(costs, trial.counts);
  const lab::Plan::Counts& counts = trial.counts;
  switch (step) {
    case Step::namespaces:
      costs.namespace_seconds = each(trial.build_seconds, 0, counts.nodes);
      costs.namespace_bytes = each(trial.kernel_bytes, 0, counts.nodes);
      break;
    case Step::links:
      costs.link_seconds = each(trial.build_seconds, known.seconds, counts.links);
      costs.link_bytes = each(trial.kernel_bytes, known.bytes, counts.links);
      break;
    case Step::addresses:
      costs.address_seconds = each(trial.build_seconds, known.seconds, counts.addresses);
      break;
    case Step::routes:
      costs.route_seconds = each(trial.build_seconds, known.seconds, counts.routes);
      costs.route_bytes = each(trial.kernel_bytes, known.bytes, counts.routes);
      break;
  }
}

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::ranges::nth_element(values, middle);
  return *middle;
}

/// The median of each part by itself.
Costs median(const std::vector<Costs>& rounds) {
  Costs result;
  for (const auto part : {&Costs::namespace_seconds, &Costs::link_seconds, &Costs::address_seconds,
                          &Costs::route_seconds, &Costs::namespace_bytes, &Costs::link_bytes, &Costs::route_bytes}) {
    std::vector<double> values;
    values.reserve(rounds.size());
    for (const Costs& round : rounds) values.push_back(round.*part);
    result.*part = median(std::move(values));
  }
  return result;
}

}  // namespace

Prediction predict(const Costs& costs, const lab::Plan::Counts& counts) noexcept {
  const auto number = [](std::uint64_t count) { return static_cast<double>(count); };
  return {.seconds = costs.namespace_seconds * number(counts.nodes) + costs.link_seconds * number(counts.links) +
                     costs.address_seconds * number(counts.addresses) + costs.route_seconds * number(counts.routes),
          .bytes = costs.namespace_bytes * number(counts.nodes) + costs.link_bytes * number(counts.links) +
                   costs.route_bytes * number(counts.routes)};
}

boost::system::result<Costs, std::string> measure_costs(std::size_t rounds,
                                                        const std::function<void(const std::string&)>& progress) {
  std::vector<Costs> measured;
  for (std::size_t round = 0; round < rounds; ++round) {
    Costs costs;
    for (const Step step : steps) {
      progress(name_of(step));
      const Trial trial = try_lab(topology_of(step));
      if (!trial.failure.empty()) return trial.failure;
      learn(costs, step, trial);
    }
    measured.push_back(costs);
  }
  return median(measured);
}

}  // namespace netherd::tools
