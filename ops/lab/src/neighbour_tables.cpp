#include "neighbour_tables.hpp"

#include <linux/netlink.h>

#include <boost/asio/use_awaitable.hpp>

#include "netherd/engine/channel.hpp"
#include "netherd/engine/message_list.hpp"
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
  engine::MessageList list;
  const ops::DumpNeighbourTables dump;
  co_await channel.async_list(dump, list, asio::use_awaitable);
  for (const engine::MessageView message : list) {
    const auto table = ops::decode_neighbour_table(message);
    if (!table) continue;
    (table->ipv4 ? tables.budget.ipv4 : tables.budget.ipv6) = share_of(table->most_entries);
    tables.fulls += table->fulls;
  }
  co_return tables;
}

}  // namespace netherd::lab
