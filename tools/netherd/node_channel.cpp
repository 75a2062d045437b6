#include "node_channel.hpp"

#include <fmt/core.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <stdexcept>

#include "netherd/ops/netns_path.hpp"
#include "privileges.hpp"

namespace netherd::tools {

std::size_t nodes_at_once() {
  constexpr std::size_t most = 32;
  constexpr std::size_t descriptors_per_node = 2;  // the namespace, until the socket in it is open; the socket
  return affordable_tasks(most, descriptors_per_node);
}

boost::asio::awaitable<engine::Channel> async_open_channel(boost::asio::io_context& context,
                                                           ops::NamespaceFactory& factory, std::string path) {
  auto channel = co_await async_open_channel_if_there(context, factory, path);
  if (!channel) throw std::runtime_error{fmt::format("{}: {}", path, namespace_is_gone)};
  co_return *std::move(channel);
}

boost::asio::awaitable<std::optional<engine::Channel>> async_open_channel_if_there(boost::asio::io_context& context,
                                                                                   ops::NamespaceFactory& factory,
                                                                                   std::string path) {
  ops::OpenNamespace request{.path = path};  // a temporary in the co_await would be destroyed twice (GCC 12)
  auto [error, entered] =
      co_await factory.async_enter(std::move(request), boost::asio::as_tuple(boost::asio::use_awaitable));
  // Only the step that looks the name up says so by these errors.
  if (error && entered.failed_step == "open the namespace" && ops::is_namespace_gone(error)) co_return std::nullopt;
  if (error) throw std::system_error{error, fmt::format("{}: {}", path, entered.failed_step)};
  co_return engine::Channel{context, *std::move(entered.socket)};
}

}  // namespace netherd::tools
