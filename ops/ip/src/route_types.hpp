#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "netherd/ip/command.hpp"

namespace netherd::ip {

/// RTN_* by the words of `ip route`, or as a number; `throw`, `prohibit` ...
[[nodiscard]] std::optional<std::uint8_t> read_route_type(std::string_view word);
[[nodiscard]] std::string route_type_text(std::uint8_t type);
/// The table of a VRF; 0 if there is no VRF of this name.
[[nodiscard]] std::uint32_t table_of_vrf(Environment& environment, std::string_view name);

}  // namespace netherd::ip
