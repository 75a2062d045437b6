#include "neighbour_tables.hpp"

#include <linux/netlink.h>

#include <boost/asio/use_awaitable.hpp>

#include "netherd/engine/channel.hpp"
#include "netherd/ops/neighbour_table.hpp"

namespace netherd::lab {

namespace asio = boost::asio;

asio::awaitable<NeighbourTables> async_read_neighbour_tables(asio::io_context& context) {
  constexpr std::size_t default_entries = 1024;  // net/ipv4/arp.c, net/ipv6/ndisc.c, Linux 6.18
  const auto share_of = [](std::size_t entries) { return entries / 4 * 3; };
  NeighbourTables tables{{share_of(default_entries), share_of(default_entries)}};
  auto socket = engine::NetlinkSocket::open(NETLINK_ROUTE);
  if (!socket) co_return tables;
  engine::Channel channel{context, *std::move(socket)};
  const auto collect = [&](const engine::MessageView& message) {
    const auto table = ops::decode_neighbour_table(message);
    if (!table) return;
    (table->ipv4 ? tables.budget.ipv4 : tables.budget.ipv6) = share_of(table->most_entries);
    tables.fulls += table->fulls;
  };
  const ops::DumpNeighbourTables dump;
  co_await channel.async_dump(dump, collect, asio::use_awaitable);
  co_return tables;
}

}  // namespace netherd::lab
