#pragma once

#include <string>

#include "netherd/ops/scope.hpp"

namespace netherd::ops {

/// The name of the scope, or its number.
[[nodiscard]] inline std::string describe_scope(Scope scope) {
  switch (scope) {
    case Scope::global:
      return "global";
    case Scope::site:
      return "site";
    case Scope::link:
      return "link";
    case Scope::host:
      return "host";
    case Scope::nowhere:
      return "nowhere";
  }
  return std::to_string(static_cast<unsigned>(scope));
}

}  // namespace netherd::ops
