#include "netherd/lab/automatic_device.hpp"

#include <net/if.h>
#include <sched.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <thread>

#include "netherd/lab/plan.hpp"

namespace netherd::lab {

namespace {

struct AutomaticDevice {
  std::string_view name;
  std::string_view kind;
  std::string_view module;
};

constexpr std::array automatic_devices{
    AutomaticDevice{"tunl0", "ipip", "ipip"},           AutomaticDevice{"gre0", "gre", "ip_gre"},
    AutomaticDevice{"gretap0", "gretap", "ip_gre"},     AutomaticDevice{"erspan0", "erspan", "ip_gre"},
    AutomaticDevice{"ip_vti0", "vti", "ip_vti"},        AutomaticDevice{"sit0", "sit", "sit"},
    AutomaticDevice{"ip6tnl0", "ip6tnl", "ip6_tunnel"}, AutomaticDevice{"ip6gre0", "ip6gre", "ip6_gre"},
    AutomaticDevice{"ip6_vti0", "vti6", "ip6_vti"},
};

boost::system::result<std::vector<std::string>> move_into_new_namespace() {
  if (::unshare(CLONE_NEWNET) != 0) return boost::system::error_code{errno, boost::system::system_category()};
  std::vector<std::string> names;
  const std::unique_ptr<struct if_nameindex[], void (*)(struct if_nameindex*)> all{::if_nameindex(),
                                                                                   ::if_freenameindex};
  for (std::size_t i = 0; all && all[i].if_index != 0; ++i) {
    if (std::string_view{all[i].if_name} != "lo") names.emplace_back(all[i].if_name);
  }
  return names;
}

}  // namespace

std::string_view module_of_automatic_device(std::string_view interface) noexcept {
  const auto found = std::ranges::find(automatic_devices, interface, &AutomaticDevice::name);
  return found == automatic_devices.end() ? std::string_view{} : found->module;
}

bool is_automatic_device(const ops::Link& link) noexcept {
  return link.index < first_chosen_index &&
         std::ranges::any_of(
             automatic_devices,
             [&](const AutomaticDevice& device) { return link.name == device.name && link.kind == device.kind; });
}

boost::system::result<std::vector<std::string>> look_at_new_namespace() {
  boost::system::result<std::vector<std::string>> names{std::vector<std::string>{}};
  std::thread{[&names] { names = move_into_new_namespace(); }}.join();
  return names;
}

}  // namespace netherd::lab
