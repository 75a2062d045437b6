#include "version.hpp"

#include <fmt/core.h>
#include <sys/utsname.h>

#include <boost/version.hpp>

namespace netherd::tools {

std::string version_text() {
  utsname system{};
  ::uname(&system);
  return fmt::format("netherd {}\n{} {}\nliburing {}\nlibmnl {}\nBoost {}.{}.{}", NETHERD_VERSION, system.sysname,
                     system.release, NETHERD_LIBURING_VERSION, NETHERD_LIBMNL_VERSION, BOOST_VERSION / 100'000,
                     BOOST_VERSION / 100 % 1'000, BOOST_VERSION % 100);
}

}  // namespace netherd::tools
