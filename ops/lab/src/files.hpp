#pragma once

#include <boost/system/error_code.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace netherd::lab {

/// The whole of a file; nothing if it cannot be read.
[[nodiscard]] std::optional<std::string> read_file(const std::string& path);

/// Writes a file so that a reader finds either the old or the new content, whole.
[[nodiscard]] boost::system::error_code replace_file(const std::string& path, std::string_view content);

}  // namespace netherd::lab
