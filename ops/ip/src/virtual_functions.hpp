#pragma once

#include <linux/rtnetlink.h>

#include <cstddef>
#include <span>
#include <string_view>

#include "netherd/ip/command.hpp"
#include "session.hpp"

/// Virtual functions of network cards (SR-IOV), which are settings of the card's link.
namespace netherd::ip {

/// `vf NUMBER SETTING...` of `ip link set DEVICE`, behind the number: puts IFLA_VF_INFO. `device` is the card's link.
void parse_virtual_function(Words& words, std::uint32_t number, std::string_view device, Request& request,
                            Environment& environment);

/// The lines of a link's virtual functions: those of IFLA_VFINFO_LIST. Gives how many there are.
std::size_t print_virtual_functions(Session& session, const ifinfomsg& link, std::span<const std::byte> list);

}  // namespace netherd::ip
