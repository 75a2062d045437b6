#pragma once

#include "netherd/ip/command.hpp"

namespace netherd::ip {

/// `ip rule show SELECTORS` and `ip rule flush SELECTORS`.
[[nodiscard]] Command parse_rule_show(Words words, const Options& options, bool flush);

}  // namespace netherd::ip
