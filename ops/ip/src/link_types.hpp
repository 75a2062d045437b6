#pragma once

#include <string>

namespace netherd::ip {

/// The name that `ip` has for a type of link-layer address (ARPHRD_*), as in "link/ether"; "[826]" if it has none, and
/// for all with `-N`.
[[nodiscard]] std::string link_type_text(unsigned type);

}  // namespace netherd::ip
