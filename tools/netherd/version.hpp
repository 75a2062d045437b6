#pragma once

#include <string>

namespace netherd::tools {

/// Versions of netherd, of the running kernel, and of the libraries that netherd was built with, a line each.
[[nodiscard]] std::string version_text();

}  // namespace netherd::tools
