#pragma once

#include "../settings.hpp"
#include "netherd/ops/link/bridge.hpp"

namespace netherd::ops {

template <>
struct Words<VlanProtocol> {
  static constexpr std::array words{std::pair{VlanProtocol::dot1q, std::string_view{"802.1Q"}},
                                    std::pair{VlanProtocol::dot1ad, std::string_view{"802.1ad"}}};
};

}  // namespace netherd::ops
