#include <fmt/core.h>

#include <boost/asio/io_context.hpp>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "commands.hpp"
#include "lab_error.hpp"
#include "netherd/ops/quiescence.hpp"
#include "privileges.hpp"
#include "suggest.hpp"

namespace netherd::tools {

namespace {

struct Removed {
  std::string lab;
  std::uint64_t nodes = 0;
};

/// Waits until the kernel has finished with the namespaces of labs that are removed meanwhile.
class Cleanup {
 public:
  Cleanup() : watch_{context_.get_executor(), {}} {}

  [[nodiscard]] boost::system::error_code wait() {
    boost::system::error_code result;
    watch_.async_wait([&result](boost::system::error_code error) { result = error; });
    context_.run();
    return result;
  }

 private:
  boost::asio::io_context context_{1};
  ops::QuiescenceWatch watch_;
};

std::vector<std::string> running_labs(const Session& session) {
  std::vector<std::string> names;
  if (const auto labs = session.registry.list()) {
    for (const lab::LabSummary& lab : *labs) names.push_back(lab.name);
  }
  return names;
}

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
  session.console.error(to_string(opened.error()) + (unknown ? suggest(name, running_labs(session)) : ""));
  return std::nullopt;
}

std::optional<Removed> remove_lab(lab::LabDirectory directory, Session& session) {
  Removed removed{.lab = directory.lab()};
  const auto nodes = session.registry.remove(std::move(directory));
  if (!nodes) {
    session.console.error(fmt::format("{}: {}", removed.lab, to_string(nodes.error())));
    return std::nullopt;
  }
  removed.nodes = *nodes;
  return removed;
}

/// Removes every lab that no other process works on; what is left has been said.
std::vector<Removed> remove_all(Session& session, int& status) {
  std::vector<Removed> all;
  for (const std::string& name : running_labs(session)) {
    auto opened = session.registry.open(name);
    if (!opened && opened.error().code == boost::system::errc::no_such_file_or_directory) continue;  // just removed
    if (!opened) session.console.error(to_string(opened.error()));
    auto removed = opened ? remove_lab(std::move(*opened), session) : std::nullopt;
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
  auto removed = remove_lab(*std::move(directory), session);
  if (removed) return {*std::move(removed)};
  status = ExitStatus::failed;
  return {};
}

nlohmann::ordered_json seconds_json(double returned, std::optional<double> quiesced) {
  nlohmann::ordered_json seconds{{"return", returned}, {"quiesced", nullptr}};
  if (quiesced) seconds["quiesced"] = *quiesced;
  return seconds;
}

void report(const std::vector<Removed>& labs, bool all, const nlohmann::ordered_json& seconds, Console& console) {
  auto list = nlohmann::ordered_json::array();
  for (const Removed& lab : labs) {
    list.push_back({{"lab", lab.lab}, {"nodes", lab.nodes}});
    console.print(fmt::format("{} is down: {} removed in {:.3f} s", lab.lab, counted(lab.nodes, "node"),
                              seconds["return"].get<double>()));
  }
  if (all && labs.empty()) console.print("no labs");
  if (const auto& quiesced = seconds["quiesced"]; !quiesced.is_null()) {
    console.print(fmt::format("the kernel has finished after {:.3f} s", quiesced.get<double>()));
  }
  if (all) {
    console.print_document(nlohmann::ordered_json{{"labs", std::move(list)}, {"seconds", seconds}});
  } else {
    nlohmann::ordered_json document = list.at(0);
    document["seconds"] = seconds;
    console.print_document(document);
  }
}

}  // namespace

int down(const DownOptions& options, Session& session) {
  Console& console = session.console;
  if (options.all != options.input.file.empty()) {
    console.error("down: give either a LAB, a FILE, or --all");
    return ExitStatus::invalid;
  }
  if (!check_privileges(console, "down")) return ExitStatus::failed;
  std::unique_ptr<Cleanup> cleanup;
  if (options.wait) cleanup = std::make_unique<Cleanup>();
  int status = ExitStatus::done;
  const std::vector<Removed> labs = options.all ? remove_all(session, status) : remove_one(options, session, status);
  const double returned = session.since_start.seconds();
  if (labs.empty() && !options.all) return status;
  std::optional<double> quiesced;
  if (cleanup) {
    if (const auto error = cleanup->wait()) {
      console.error(fmt::format("wait for the kernel's own cleanup: {}", error.message()));
      status = ExitStatus::failed;
    } else {
      quiesced = session.since_start.seconds();
    }
  }
  report(labs, options.all, seconds_json(returned, quiesced), console);
  return status;
}

}  // namespace netherd::tools
