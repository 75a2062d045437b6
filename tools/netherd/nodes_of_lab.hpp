#pragma once

#include <optional>
#include <string>
#include <vector>

#include "session.hpp"

namespace netherd::tools {

/// The lab, if it is there and can be used. If not, says why, with the names that are nearest, and sets the exit
/// status: ExitStatus::invalid if there is no lab of that name, otherwise ExitStatus::failed.
[[nodiscard]] std::optional<lab::LabSummary> find_lab(const std::string& lab, Session& session, int& status);
/// The same for commands that need a lab that is up: what is half made differs from its topology without anything being
/// wrong.
[[nodiscard]] bool is_up(const std::string& lab, Session& session, int& status);
/// Warns of something among the labs that is not netherd's.
void warn_of_foreign(const lab::LabSummary& lab, Session& session);
/// Lets a command that has to wait for another netherd say so; a signal ends the wait.
void report_waiting(Session& session);
/// Says that there is no such lab, with the names that are nearest.
void report_unknown_lab(const std::string& lab, Session& session);

/// The names of all nodes of a lab, sorted as people count (n2 before n10), those included whose namespace somebody has
/// deleted. If they cannot be listed, says why, and sets the exit status as find_lab() does.
[[nodiscard]] std::optional<std::vector<std::string>> all_nodes(const std::string& lab, Session& session, int& status);

/// The nodes of these names, once each; the same if there is no such lab or node. Quick: looks at no other node.
[[nodiscard]] std::optional<std::vector<std::string>> find_nodes(const std::string& lab,
                                                                 const std::vector<std::string>& names,
                                                                 Session& session, int& status);

}  // namespace netherd::tools
