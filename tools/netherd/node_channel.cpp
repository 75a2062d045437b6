#include "node_channel.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>

namespace netherd::tools {

boost::asio::awaitable<engine::Channel> async_open_channel(boost::asio::io_context& context,
                                                           ops::NamespaceFactory& factory, std::string path) {
  ops::OpenNamespace request{.path = std::move(path)};  // a temporary in the co_await would be destroyed twice (GCC 12)
  auto [error, entered] =
      co_await factory.async_enter(std::move(request), boost::asio::as_tuple(boost::asio::use_awaitable));
  if (error) throw boost::system::system_error{error, std::string{entered.failed_step}};
  auto socket = engine::NetlinkSocket::adopt(std::move(entered.socket));
  if (!socket) throw boost::system::system_error{socket.error(), "set socket options"};
  co_return engine::Channel{context, std::move(*socket)};
}

}  // namespace netherd::tools
