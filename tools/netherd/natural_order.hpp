#pragma once

#include <cstring>
#include <string>

namespace netherd::tools {

/// Order of names as people count: n2 comes before n10.
[[nodiscard]] inline bool counts_before(const std::string& left, const std::string& right) {
  return ::strverscmp(left.c_str(), right.c_str()) < 0;
}

}  // namespace netherd::tools
