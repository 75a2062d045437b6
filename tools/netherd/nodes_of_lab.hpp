#pragma once

#include <optional>
#include <string>
#include <vector>

#include "session.hpp"

namespace netherd::tools {

/// There is a lab of that name, whole or not.
[[nodiscard]] bool is_running(const std::string& lab, const Session& session);
/// Says that there is no such lab, with the names that are nearest.
void report_unknown_lab(const std::string& lab, Session& session);

/// The names of all nodes that a lab has right now, sorted as people count (n2 before n10). If there is no such lab
/// that is said, with the names that are nearest, and nothing is returned: the exit status is ExitStatus::invalid.
[[nodiscard]] std::optional<std::vector<std::string>> all_nodes(const std::string& lab, Session& session);

/// The nodes of these names, once each; the same if there is no such lab or node. Quick: looks at no other node.
[[nodiscard]] std::optional<std::vector<std::string>> find_nodes(const std::string& lab,
                                                                 const std::vector<std::string>& names,
                                                                 Session& session);

}  // namespace netherd::tools
