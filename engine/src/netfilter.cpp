#include "netherd/engine/netfilter.hpp"

#include <arpa/inet.h>
#include <linux/netfilter/nfnetlink.h>
#include <sys/socket.h>

namespace netherd::engine {

namespace {

struct Boundary {
  static constexpr std::string_view operation = NetfilterTransaction::operation;
  std::uint16_t type = NFNL_MSG_BATCH_BEGIN;
  std::uint16_t subsystem = 0;
  std::optional<std::uint32_t> generation{};

  void encode(MessageWriter& writer) const noexcept {
    writer.begin(type, 0);
    writer.put_family_header(nfgenmsg{AF_UNSPEC, NFNETLINK_V0, htons(subsystem)});
    if (generation) writer.put_u32(NFNL_BATCH_GENID, htonl(*generation));
  }
};

}  // namespace

NetfilterTransaction::NetfilterTransaction(std::uint16_t subsystem, std::optional<std::uint32_t> generation)
    : subsystem_{subsystem}, generation_{generation} {
  begin();
}

void NetfilterTransaction::begin() { messages_.add(Boundary{NFNL_MSG_BATCH_BEGIN, subsystem_, generation_}); }

void NetfilterTransaction::reopen() noexcept {
  if (finished_) messages_.remove_last();
  finished_ = false;
}

void NetfilterTransaction::clear() noexcept {
  messages_.clear();
  finished_ = false;
  begin();
}

std::span<const std::byte> NetfilterTransaction::finish() {
  if (size() == 0) return {};
  if (!finished_) messages_.add(Boundary{NFNL_MSG_BATCH_END, subsystem_});
  finished_ = true;
  return messages_.all_messages();
}

}  // namespace netherd::engine
