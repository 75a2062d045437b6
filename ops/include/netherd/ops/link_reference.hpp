#pragma once

#include <string_view>

#include "netherd/engine/types.hpp"

namespace netherd::ops {

/// A link as a request names it: an index for the kernel, a name for people. The name is for describe() only; what was
/// decoded has none. Lifetime: the name must stay valid until the request has been described.
struct LinkReference {
  engine::InterfaceIndex index = engine::InterfaceIndex::none;
  std::string_view name{};
  friend bool operator==(const LinkReference&, const LinkReference&) = default;
};

}  // namespace netherd::ops
