#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace netherd::lab {

/// Position of the first byte of a text that is not UTF-8 (RFC 3629).
[[nodiscard]] std::optional<std::size_t> find_invalid_utf8(std::string_view text) noexcept;

}  // namespace netherd::lab
