#pragma once

#include <string_view>

#include "netherd/lab/plan.hpp"
#include "session.hpp"

namespace netherd::tools {

/// Everything that can be known before a lab is built: privileges, limits, memory, kinds of links, names and addresses
/// that are taken. All findings are said at once, each with what helps; true if there are none.
[[nodiscard]] bool preflight(const lab::Plan& plan, Session& session, std::string_view command);

}  // namespace netherd::tools
