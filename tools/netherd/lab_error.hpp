#pragma once

#include <fmt/core.h>

#include <boost/system/errc.hpp>
#include <string>

#include "netherd/lab/registry.hpp"

namespace netherd::tools {

/// "unmount /run/netherd/lab: Device or resource busy". Where the registry has a reason of its own ("there is no lab
/// called x") the errno says nothing more.
[[nodiscard]] inline std::string to_string(const lab::LabError& error) {
  namespace errc = boost::system::errc;
  const bool explained = error.code == errc::file_exists || error.code == errc::no_such_file_or_directory ||
                         error.code == errc::resource_unavailable_try_again || error.code == errc::invalid_argument;
  return explained ? error.what : fmt::format("{}: {}", error.what, error.code.message());
}

}  // namespace netherd::tools
