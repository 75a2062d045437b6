#include <fmt/core.h>

#include <algorithm>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/io_context.hpp>
#include <cstring>
#include <iterator>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "commands.hpp"
#include "interruption.hpp"
#include "lab_processes.hpp"
#include "netherd/ops/quiescence.hpp"
#include "nodes_of_lab.hpp"
#include "privileges.hpp"

namespace netherd::tools {

namespace {

struct Removed {
  std::string lab;
  std::uint64_t nodes = 0;
  std::unique_ptr<RemovalWitness> witness{};  ///< with --wait and --kill
};

/// Waits until the kernel has finished with the namespaces of labs that are removed meanwhile.
class Cleanup {
 public:
  Cleanup() : watch_{context_.get_executor(), {}} {}

  [[nodiscard]] boost::system::error_code wait() {
    boost::system::error_code result;
    boost::asio::cancellation_signal cancellation;
    InterruptionWatch interruption{context_,
                                   [&cancellation] { cancellation.emit(boost::asio::cancellation_type::terminal); }};
    watch_.async_wait(boost::asio::bind_cancellation_slot(cancellation.slot(),
                                                          [&result, &interruption](boost::system::error_code error) {
                                                            result = error;
                                                            interruption.stop();
                                                          }));
    context_.run();
    return result;
  }

 private:
  boost::asio::io_context context_{1};
  ops::QuiescenceWatch watch_;
};

/// The lab that LAB or FILE means: a running lab of that name comes first, so that no file has to be read.
std::optional<lab::LabDirectory> open_lab(const DownOptions& options, Session& session, int& status) {
  const std::string& name = options.input.file;
  auto opened = session.registry.open(name);
  const bool unknown = !opened && opened.error().code == boost::system::errc::no_such_file_or_directory;
  if (unknown && is_file(name)) {
    const auto topology = load_topology(options.input, session.console);
    if (!topology) {
      status = ExitStatus::invalid;
      return std::nullopt;
    }
    opened = session.registry.open(topology->name);
  }
  if (opened) return std::move(*opened);
  status = unknown ? ExitStatus::invalid : ExitStatus::failed;
  if (unknown) {
    report_unknown_lab(name, session);
  } else {
    session.console.error(to_string(opened.error()));
  }
  return std::nullopt;
}

std::optional<Removed> remove_lab(lab::LabDirectory directory, const DownOptions& options, Session& session,
                                  int& status) {
  Removed removed{.lab = directory.lab()};
  if (options.wait || options.kill) removed.witness = std::make_unique<RemovalWitness>(directory, session);
  if (options.kill && !removed.witness->kill()) status = ExitStatus::failed;
  if (interruption::signal() != 0) return std::nullopt;
  if (removed.witness) removed.witness->look();
  const auto nodes = session.registry.remove(std::move(directory));
  if (!nodes) {
    session.console.error(fmt::format("{}: {}", removed.lab, to_string(nodes.error())));
    return std::nullopt;
  }
  removed.nodes = *nodes;
  return removed;
}

/// Removes every lab that no other process works on, and reports what is left.
std::vector<Removed> remove_all(const DownOptions& options, Session& session, int& status) {
  std::vector<Removed> all;
  const auto labs = session.registry.list();
  if (!labs) {
    session.console.error(to_string(labs.error()));
    status = ExitStatus::failed;
    return all;
  }
  for (const lab::LabSummary& lab : *labs) {
    if (interruption::signal() != 0) break;
    if (lab.state == lab::LabState::foreign) {
      warn_of_foreign(lab, session);
      continue;
    }
    auto opened = session.registry.open(lab.name);
    if (!opened && opened.error().code == boost::system::errc::no_such_file_or_directory) continue;  // just removed
    if (!opened) session.console.error(to_string(opened.error()));
    auto removed = opened ? remove_lab(std::move(*opened), options, session, status) : std::nullopt;
    if (removed) {
      all.push_back(*std::move(removed));
    } else {
      status = ExitStatus::failed;
    }
  }
  return all;
}

std::vector<Removed> remove_one(const DownOptions& options, Session& session, int& status) {
  auto directory = open_lab(options, session, status);
  if (!directory) return {};
  auto removed = remove_lab(*std::move(directory), options, session, status);
  std::vector<Removed> labs;
  if (removed) {
    labs.push_back(*std::move(removed));
  } else {
    status = ExitStatus::failed;
  }
  return labs;
}

nlohmann::ordered_json seconds_json(double returned, std::optional<double> quiesced) {
  nlohmann::ordered_json seconds{{"return", returned}, {"quiesced", nullptr}};
  if (quiesced) seconds["quiesced"] = *quiesced;
  return seconds;
}

std::vector<lab::LabProcess> remaining_processes(const std::vector<Removed>& labs) {
  std::vector<lab::LabProcess> all;
  for (const Removed& lab : labs) {
    if (lab.witness) std::ranges::move(lab.witness->remaining(), std::back_inserter(all));
  }
  return all;
}

void report_quiescence(double seconds, std::size_t held, Console& console) {
  const std::string rest =
      held == 0 ? "" : fmt::format(" with all but {} that processes keep alive", counted(held, "namespace"));
  console.print(fmt::format("the kernel has finished{} after {:.3f} s", rest, seconds));
}

void report(const std::vector<Removed>& labs, const DownOptions& options, const nlohmann::ordered_json& seconds,
            Console& console) {
  const std::vector<lab::LabProcess> processes = remaining_processes(labs);
  auto list = nlohmann::ordered_json::array();
  std::uint64_t killed = 0;
  for (const Removed& lab : labs) {
    list.push_back({{"lab", lab.lab}, {"nodes", lab.nodes}});
    if (lab.witness) killed += lab.witness->killed();
    console.print(fmt::format("{} is down: {} removed in {:.3f} s", lab.lab, counted(lab.nodes, "node"),
                              seconds["return"].get<double>()));
  }
  if (options.all && labs.empty()) console.print("no labs");
  if (options.kill) console.print(fmt::format("{} ended", counted(killed, "process", "processes")));
  if (const auto& quiesced = seconds["quiesced"]; !quiesced.is_null()) {
    report_quiescence(quiesced.get<double>(), count_namespaces(processes), console);
  }
  warn_of_holders(processes, console);
  nlohmann::ordered_json document =
      options.all ? nlohmann::ordered_json{{"labs", std::move(list)}} : nlohmann::ordered_json{list.at(0)};
  document["seconds"] = seconds;
  if (options.kill) document["killed"] = killed;
  if (options.wait || options.kill) document["processes"] = to_json(processes);
  console.print_document(document);
}

/// True if a signal has ended the work early, which is then reported.
bool report_interruption(const DownOptions& options, Console& console) {
  const int signal = interruption::signal();
  if (signal == 0) return false;
  console.error(fmt::format("interrupted ({}); `netherd down {}` removes what is left", ::strsignal(signal),
                            options.all ? "--all" : options.input.file));
  return true;
}

}  // namespace

int down(const DownOptions& options, Session& session) {
  Console& console = session.console;
  if (options.all != options.input.file.empty()) {
    console.error("down: give either a LAB, a FILE, or --all");
    return ExitStatus::invalid;
  }
  if (!check_privileges(console, "down")) return ExitStatus::failed;
  interruption::arm(
      fmt::format("netherd: interrupted, and the removal has not ended in time: `netherd down {}` removes "
                  "what is left\n",
                  options.all ? "--all" : options.input.file));
  report_waiting(session);
  std::unique_ptr<Cleanup> cleanup;
  if (options.wait) cleanup = std::make_unique<Cleanup>();
  int status = ExitStatus::done;
  const std::vector<Removed> labs =
      options.all ? remove_all(options, session, status) : remove_one(options, session, status);
  const double returned = session.since_start.seconds();
  if (labs.empty() && report_interruption(options, console)) return ExitStatus::failed;
  if (labs.empty() && (!options.all || status != ExitStatus::done)) return status;
  std::optional<double> quiesced;
  if (cleanup) {
    if (const auto error = cleanup->wait()) {
      const bool interrupted = interruption::signal() != 0;
      console.error(fmt::format("wait for the kernel's own cleanup: {}",
                                interrupted ? "interrupted, it goes on by itself" : error.message()));
      status = ExitStatus::failed;
    } else {
      quiesced = session.since_start.seconds();
    }
  }
  report(labs, options, seconds_json(returned, quiesced), console);
  return options.all && report_interruption(options, console) ? ExitStatus::failed : status;
}

}  // namespace netherd::tools
