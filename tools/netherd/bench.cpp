#include <fmt/core.h>
#include <sys/utsname.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <thread>

#include "bench_costs.hpp"
#include "bench_hindrances.hpp"
#include "bench_trial.hpp"
#include "commands.hpp"
#include "preflight.hpp"
#include "private_namespaces.hpp"
#include "privileges.hpp"

namespace netherd::tools {

namespace {

constexpr double mib = 1024 * 1024;

/// A lab of the user's: what it should take, and what it took.
struct LabResult {
  std::string name;
  lab::Plan::Counts counts;
  Prediction predicted;
  std::optional<Trial> measured;
};

void show_rate(Console& console, std::string_view what, double seconds) {
  // What takes less than can be told apart from the rest has no rate.
  if (seconds <= 0) return console.print(fmt::format("  {:<11} too quick to be told", what));
  console.print(fmt::format("  {:<11} {:>9} per second  {:8.1f} µs each", what,
                            grouped(static_cast<std::uint64_t>(1 / seconds)), seconds * 1e6));
}

void show(Console& console, const Costs& costs) {
  utsname kernel{};
  ::uname(&kernel);
  console.print(fmt::format("Linux {}, {}", kernel.release, counted(std::thread::hardware_concurrency(), "processor")));
  show_rate(console, "namespaces", costs.namespace_seconds);
  show_rate(console, "links", costs.link_seconds);
  show_rate(console, "addresses", costs.address_seconds);
  show_rate(console, "routes", costs.route_seconds);
}

void show(Console& console, const LabResult& lab) {
  const lab::Plan::Counts& counts = lab.counts;
  console.print(fmt::format("{}: {}, {}, {}, {}", lab.name, counted(counts.nodes, "node"),
                            counted(counts.links, "link"), counted(counts.addresses, "address", "addresses"),
                            counted(counts.routes, "route")));
  console.print(fmt::format("  predicted  {:8.3f} s to build, {:6.0f} MiB of kernel memory", lab.predicted.seconds,
                            lab.predicted.bytes / mib));
  if (!lab.measured) return;
  console.print(fmt::format("  measured   {:8.3f} s to build, {:6.0f} MiB of kernel memory",
                            lab.measured->build_seconds, lab.measured->kernel_bytes / mib));
  console.print(fmt::format("  down       {:8.3f} s until it returns, {:.3f} s until the kernel has finished",
                            lab.measured->return_seconds, lab.measured->quiesced_seconds));
}

void show(Console& console, const std::vector<Hindrance>& hindrances) {
  if (hindrances.empty()) console.print("nothing was found that slows labs down here");
  for (const Hindrance& hindrance : hindrances) {
    console.print(fmt::format("slower: {}: {}{}{}", hindrance.what, hindrance.cost,
                              hindrance.remedy.empty() ? "" : "; ", hindrance.remedy));
  }
}

nlohmann::ordered_json rate_json(double seconds) {
  nlohmann::ordered_json rate{{"microseconds", seconds * 1e6}, {"per_second", nullptr}};
  if (seconds > 0) rate["per_second"] = 1 / seconds;
  return rate;
}

nlohmann::ordered_json to_json(const LabResult& lab) {
  nlohmann::ordered_json document{
      {"lab", lab.name},
      {"nodes", lab.counts.nodes},
      {"links", lab.counts.links},
      {"addresses", lab.counts.addresses},
      {"routes", lab.counts.routes},
      {"predicted", {{"build_seconds", lab.predicted.seconds}, {"bytes", lab.predicted.bytes}}},
      {"measured", nullptr}};
  if (lab.measured) {
    document["measured"] = {{"build_seconds", lab.measured->build_seconds},
                            {"bytes", lab.measured->kernel_bytes},
                            {"return_seconds", lab.measured->return_seconds},
                            {"quiesced_seconds", lab.measured->quiesced_seconds}};
  }
  return document;
}

nlohmann::ordered_json to_json(const Costs& costs, const std::optional<LabResult>& lab,
                               const std::vector<Hindrance>& hindrances) {
  auto list = nlohmann::ordered_json::array();
  for (const Hindrance& hindrance : hindrances) {
    list.push_back({{"what", hindrance.what}, {"cost", hindrance.cost}, {"remedy", hindrance.remedy}});
  }
  return {{"namespaces", rate_json(costs.namespace_seconds)},
          {"links", rate_json(costs.link_seconds)},
          {"addresses", rate_json(costs.address_seconds)},
          {"routes", rate_json(costs.route_seconds)},
          {"namespace_bytes", costs.namespace_bytes},
          {"link_bytes", costs.link_bytes},
          {"lab", lab ? to_json(*lab) : nlohmann::ordered_json{}},
          {"slower", std::move(list)}};
}

class Bench {
 public:
  Bench(const BenchOptions& options, Session& session)
      : options_{options}, session_{session}, console_{session.console} {}

  int run() {
    // The file may lie below /run, which is another one from then on.
    if (!options_.input.file.empty()) {
      topology_ = load_topology(options_.input, console_);
      if (!topology_ || !assign_addresses(*topology_, console_)) return ExitStatus::invalid;
    }
    if (!check_privileges(console_, "bench")) return ExitStatus::failed;
    raise_descriptor_limit();
    if (const auto failure = enter_private_namespaces()) return fail(*failure);
    // Here inside, so that labs that run are not in the way of one of the same name.
    const bool builds = topology_ && !options_.predict_only;
    if (builds && !preflight(lab::Plan{*topology_}, session_, "bench")) return ExitStatus::failed;
    return measure();
  }

 private:
  int measure() {
    const auto costs = measure_costs(options_.rounds, [this](const std::string& what) { say("measuring " + what); });
    if (!costs) return fail(costs.error());
    std::optional<LabResult> lab;
    if (topology_) {
      lab = result_of(*costs);
      if (lab->measured && !lab->measured->failure.empty()) return fail(lab->measured->failure);
    }
    const std::vector<Hindrance> hindrances = find_hindrances(*costs);
    show(console_, *costs);
    if (lab) show(console_, *lab);
    show(console_, hindrances);
    console_.print_document(to_json(*costs, lab, hindrances));
    return ExitStatus::done;
  }

  LabResult result_of(const Costs& costs) {
    LabResult lab{.name = topology_->name, .counts = lab::Plan{*topology_}.counts(), .predicted = {}, .measured = {}};
    lab.predicted = predict(costs, lab.counts);
    if (options_.predict_only) return lab;
    say(fmt::format("building {}", lab.name));
    lab.measured = try_lab(*topology_);
    return lab;
  }

  void say(const std::string& text) {
    if (!console_.quiet) console_.note(text);
  }

  int fail(const std::string& text) {
    console_.error(fmt::format("bench: {}", text));
    return ExitStatus::failed;
  }

  const BenchOptions& options_;
  Session& session_;
  Console& console_;
  std::optional<lab::Topology> topology_;
};

}  // namespace

int bench(const BenchOptions& options, Session& session) { return Bench{options, session}.run(); }

}  // namespace netherd::tools
