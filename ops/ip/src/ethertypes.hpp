#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// The names that `ip` has for protocols above Ethernet (ETH_P_*, linux/if_ether.h). The protocols are in network byte
/// order, as the kernel's attributes have them.
namespace netherd::ip {

/// "802.1Q"; "[33024]" for one without a name, and for all with `-N`.
[[nodiscard]] std::string ethertype_text(std::uint16_t protocol);
/// A name in small letters or capitals, or a number.
[[nodiscard]] std::optional<std::uint16_t> read_ethertype(std::string_view word);

}  // namespace netherd::ip
