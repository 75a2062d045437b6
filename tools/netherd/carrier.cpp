#include "carrier.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "netherd/ops/link.hpp"
#include "node_channel.hpp"
#include "side_by_side.hpp"

namespace netherd::tools {

namespace {

namespace asio = boost::asio;
using Clock = std::chrono::steady_clock;
constexpr std::chrono::milliseconds interval{2};

/// Whether all links between nodes are operational here. Carrier itself comes first; the operational state,
/// by which other programs go, follows. Other devices (a bridge without ports) need not have any.
asio::awaitable<bool> async_has_carrier(engine::Channel& channel) {
  const auto links = co_await async_list(channel, ops::DumpLinks{}, ops::decode_link);
  co_return std::all_of(links.begin(), links.end(),
                        [](const ops::Link& link) { return link.kind != "veth" || link.operational(); });
}

asio::awaitable<bool> async_wait_in(engine::Channel& channel, Clock::time_point deadline) {
  asio::steady_timer timer{channel.get_executor()};
  for (;;) {
    const bool carrier = co_await async_has_carrier(channel);
    if (carrier || Clock::now() >= deadline) co_return carrier;
    timer.expires_after(interval);
    co_await timer.async_wait(asio::use_awaitable);
  }
}

}  // namespace

asio::awaitable<std::vector<std::string>> async_wait_for_carrier(asio::io_context& context,
                                                                 std::vector<std::string> namespace_paths,
                                                                 std::chrono::milliseconds timeout) {
  const Clock::time_point deadline = Clock::now() + timeout;
  ops::NamespaceFactory factory{context.get_executor(), {.threads = 1}};
  std::vector<std::string> without;
  SideBySide tasks;
  co_await tasks.async_run(namespace_paths.size(), nodes_at_once(), [&](std::size_t i) -> asio::awaitable<void> {
    engine::Channel channel = co_await async_open_channel(context, factory, namespace_paths[i]);
    const bool carrier = co_await async_wait_in(channel, deadline);
    if (!carrier) without.push_back(namespace_paths[i]);
  });
  co_return without;
}

}  // namespace netherd::tools
