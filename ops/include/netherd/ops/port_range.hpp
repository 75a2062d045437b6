#pragma once

#include <cstdint>

namespace netherd::ops {

/// UDP or TCP ports, both ends included.
struct PortRange {
  std::uint16_t first = 0;
  std::uint16_t last = 0;
  friend bool operator==(const PortRange&, const PortRange&) = default;
};

}  // namespace netherd::ops
