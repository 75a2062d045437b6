#pragma once

#include <cstdint>

namespace netherd::ops {

/// How far an address or a route reaches (RT_SCOPE_*, linux/rtnetlink.h; /etc/iproute2/rt_scopes). Other values between
/// those are the user's own.
enum class Scope : std::uint8_t { global = 0, site = 200, link = 253, host = 254, nowhere = 255 };

}  // namespace netherd::ops
