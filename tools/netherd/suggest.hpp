#pragma once

#include <span>
#include <string>
#include <string_view>

namespace netherd::tools {

/// "; did you mean n1, n2 or n3?" with the names that are nearest to a mistyped one; empty if none is near.
[[nodiscard]] std::string suggest(std::string_view mistyped, std::span<const std::string> names);

}  // namespace netherd::tools
