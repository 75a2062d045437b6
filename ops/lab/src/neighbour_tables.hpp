#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <cstddef>
#include <cstdint>

namespace netherd::lab {

/// Entries that probes may take of the kernel's tables of neighbours.
struct NeighbourBudget {
  std::size_t ipv4 = 0;
  std::size_t ipv6 = 0;
};

/// What the kernel tells of its tables of neighbours.
struct NeighbourTables {
  NeighbourBudget budget;   ///< three quarters of their room
  std::uint64_t fulls = 0;  ///< how often one of them was full, since the machine started
};

/// Asks the kernel. What it does not tell is taken for what it has by default, and for never full.
[[nodiscard]] boost::asio::awaitable<NeighbourTables> async_read_neighbour_tables(boost::asio::io_context& context);

}  // namespace netherd::lab
