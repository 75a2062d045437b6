#pragma once

#include <boost/system/result.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "netherd/ops/link.hpp"

namespace netherd::lab {

/// The module that puts an interface of this name into every network namespace; empty if none does. Once the module is
/// loaded, namespaces that exist get theirs as well, and no other interface can have the name. They are the fallback
/// tunnels of ipip, ip_gre, ip_vti, sit, ip6_tunnel, ip6_gre and ip6_vti (net/ipv4 and net/ipv6, Linux 6.18), unless
/// net.core.fb_tunnels_only_for_init_net is set.
[[nodiscard]] std::string_view module_of_automatic_device(std::string_view interface) noexcept;

/// A device that the kernel has made by itself, and nobody can delete.
[[nodiscard]] bool is_automatic_device(const ops::Link& link) noexcept;

/// Names of the interfaces that a new namespace has from the start, but for `lo`. Makes a namespace in a thread of its
/// own, and lets go of it. Needs CAP_SYS_ADMIN.
[[nodiscard]] boost::system::result<std::vector<std::string>> look_at_new_namespace();

}  // namespace netherd::lab
