#include "node_channel.hpp"

#include <fmt/core.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "privileges.hpp"

namespace netherd::tools {

std::size_t nodes_at_once() noexcept {
  constexpr std::size_t most = 32;
  constexpr std::size_t descriptors_per_node = 2;  // the namespace, until the socket in it is open; the socket
  return affordable_tasks(most, descriptors_per_node);
}

boost::asio::awaitable<engine::Channel> async_open_channel(boost::asio::io_context& context,
                                                           ops::NamespaceFactory& factory, std::string path) {
  ops::OpenNamespace request{.path = path};  // a temporary in the co_await would be destroyed twice (GCC 12)
  auto [error, entered] =
      co_await factory.async_enter(std::move(request), boost::asio::as_tuple(boost::asio::use_awaitable));
  if (error) throw std::system_error{error, fmt::format("{}: {}", path, entered.failed_step)};
  co_return engine::Channel{context, *std::move(entered.socket)};
}

}  // namespace netherd::tools
