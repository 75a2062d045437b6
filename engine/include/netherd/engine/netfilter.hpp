#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "netherd/engine/batch.hpp"
#include "netherd/engine/message.hpp"

namespace netherd::engine {

/// Requests to a subsystem of nfnetlink (nftables, for one) that are executed together or not at all: `nft -f`.
///
///     NetfilterTransaction transaction{NFNL_SUBSYS_NFTABLES};
///     transaction.add(AddTable{...});
///     transaction.add(AddChain{...});
///     Outcome outcome = co_await channel.async_execute(transaction, use_awaitable);
///
/// To be used with a channel on a NETLINK_NETFILTER socket; all of it has to fit into one datagram
/// (ChannelOptions::datagram_bytes). The messages between begin and end are executed in order, and taken back if one of
/// them fails (nfnetlink_rcv_batch(), net/netfilter/nfnetlink.c, Linux 6.18).
///
/// Errors of the outcome: those of the requests; request_too_large (it fits into no datagram, one of its requests could
/// not be encoded, or it has none); ERESTART, if `generation` is no longer the ruleset's.
///
/// Lifetime and memory: as Batch. It can be cleared and filled again, and executed again as it is.
class NetfilterTransaction {
 public:
  static constexpr std::string_view operation = "execute netfilter transaction";

  /// `subsystem` is NFNL_SUBSYS_* (linux/netfilter/nfnetlink.h). With `generation` it is executed only if the ruleset
  /// has not changed since it had that number (NFT_MSG_GETGEN).
  explicit NetfilterTransaction(std::uint16_t subsystem, std::optional<std::uint32_t> generation = std::nullopt);

  /// Appends a request. Its place, counted from 1, is in the diagnostic, should it fail.
  template <Request R>
  void add(const R& request) {
    reopen();
    messages_.add(request);
  }
  /// Forgets all requests, keeping the memory.
  void clear() noexcept;
  /// Number of requests.
  [[nodiscard]] std::size_t size() const noexcept { return messages_.size() - (finished_ ? 2 : 1); }

 private:
  friend class Channel;

  void begin();
  void reopen() noexcept;
  /// All messages from begin to end; empty if one of them could not be encoded, or there is none.
  [[nodiscard]] std::span<const std::byte> finish();

  Batch messages_;
  std::uint16_t subsystem_;
  std::optional<std::uint32_t> generation_;
  bool finished_ = false;
};

}  // namespace netherd::engine
