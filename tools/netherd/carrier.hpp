#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <span>
#include <string>
#include <vector>

namespace netherd::tools {

/// Waits until every link in these namespaces has carrier: both ends are up, packets flow, and `ip link` shows "state
/// UP". The kernel sees to that some tenths of a millisecond after the second end was set up.
///
/// Gives the paths of the namespaces in which a link has none when the time is over; empty: all have.
/// Throws std::system_error if a namespace cannot be asked.
[[nodiscard]] boost::asio::awaitable<std::vector<std::string>> async_wait_for_carrier(
    boost::asio::io_context& context, std::vector<std::string> namespace_paths, std::chrono::milliseconds timeout);

}  // namespace netherd::tools
