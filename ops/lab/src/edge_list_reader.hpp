#pragma once

#include <string_view>

namespace netherd::lab {

/// True if the text's first lines of content are edges, two names and perhaps a number each, and look like nothing else
/// that netherd reads.
[[nodiscard]] bool looks_like_edge_list(std::string_view text) noexcept;

}  // namespace netherd::lab
