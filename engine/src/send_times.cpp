#include "netherd/engine/impl/send_times.hpp"

#include <algorithm>

namespace netherd::engine {

void SendTimes::on_sent(std::size_t requests) {
  constexpr std::size_t first_places = 4;
  if (latencies_ == nullptr || requests == 0) return;
  if (datagrams_.full()) datagrams_.set_capacity(std::max(first_places, 2 * datagrams_.capacity()));
  datagrams_.push_back({Clock::now(), requests});
}

void SendTimes::on_send_failed(std::size_t requests) noexcept {
  if (requests > 0 && !datagrams_.empty()) datagrams_.pop_back();
}

void SendTimes::on_ended(std::size_t requests) noexcept {
  if (latencies_ == nullptr || requests == 0) return;
  const Clock::time_point now = Clock::now();
  while (requests > 0 && !datagrams_.empty()) {
    Datagram& oldest = datagrams_.front();
    const std::size_t ended = std::min(requests, oldest.requests);
    latencies_->record(now - oldest.sent, ended);
    requests -= ended;
    oldest.requests -= ended;
    if (oldest.requests == 0) datagrams_.pop_front();
  }
}

}  // namespace netherd::engine
