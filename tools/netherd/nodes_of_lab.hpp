#pragma once

#include <optional>
#include <string>
#include <vector>

#include "session.hpp"

namespace netherd::tools {

/// The names of all nodes that a lab has right now, sorted. If there is no such lab that is said, with the names that
/// are nearest, and nothing is returned: the exit status is ExitStatus::invalid.
[[nodiscard]] std::optional<std::vector<std::string>> all_nodes(const std::string& lab, Session& session);

/// The nodes of these names, once each; the same if there is no such lab or node. Quick: looks at no other node.
[[nodiscard]] std::optional<std::vector<std::string>> find_nodes(const std::string& lab,
                                                                 const std::vector<std::string>& names,
                                                                 Session& session);

}  // namespace netherd::tools
