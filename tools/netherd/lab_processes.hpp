#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "netherd/lab/processes.hpp"
#include "session.hpp"

namespace netherd::tools {

/// Looks at the processes that hold a lab's namespaces while the lab is removed: `down --wait`, `down --kill`, `gc`.
class RemovalWitness {
 public:
  /// To be made before the removal. What cannot be looked at is reported.
  RemovalWitness(const lab::LabDirectory& directory, Session& session);

  /// Ends the processes that run in the namespaces. False if some are still there, or nobody can tell: the reason was
  /// reported.
  [[nodiscard]] bool kill();
  /// The last look before the removal.
  void look();
  /// Those that hold the namespaces still.
  [[nodiscard]] std::vector<lab::LabProcess> remaining() const;
  /// Processes that kill() has sent a signal.
  [[nodiscard]] std::uint64_t killed() const noexcept { return killed_; }

 private:
  void report(std::string_view what, const boost::system::error_code& error);

  std::string lab_;
  Session& session_;
  std::optional<lab::LabNamespaces> namespaces_;
  std::uint64_t killed_ = 0;
};

/// Warns of processes that keep namespaces alive which nothing else holds any more: their number, and each with its
/// node, id and command line.
void warn_of_holders(const std::vector<lab::LabProcess>& processes, Console& console);

/// The number of namespaces that they hold.
[[nodiscard]] std::size_t count_namespaces(const std::vector<lab::LabProcess>& processes);

[[nodiscard]] nlohmann::ordered_json to_json(const std::vector<lab::LabProcess>& processes);

}  // namespace netherd::tools
