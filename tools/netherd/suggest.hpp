#pragma once

#include <span>
#include <string>
#include <string_view>

namespace netherd::tools {

/// "; did you mean n1, n2 or n3?" with the names that are nearest to a mistyped one; empty if none is near.
[[nodiscard]] std::string suggest(std::string_view mistyped, std::span<const std::string> names);

/// The same for a command, where words of other tools are answered with netherd's own for them: `deploy` with `up`.
[[nodiscard]] std::string suggest_command(std::string_view mistyped, std::span<const std::string> names);

}  // namespace netherd::tools
