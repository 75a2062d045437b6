#pragma once

#include <boost/circular_buffer.hpp>
#include <chrono>
#include <cstddef>

#include "netherd/engine/latencies.hpp"

namespace netherd::engine {

/// When the requests of a channel that are on their way were sent, and from that how long they took. Requests end in
/// the order in which they were sent. Not part of the public interface.
///
/// Allocates only when more datagrams are on their way than ever before.
class SendTimes {
 public:
  using Clock = std::chrono::steady_clock;

  /// Null: nothing is recorded, and all of this does nothing.
  explicit SendTimes(Latencies* latencies) noexcept : latencies_{latencies} {}

  /// A datagram with so many requests is handed to the kernel now.
  void on_sent(std::size_t requests);
  /// The kernel has refused the last datagram as a whole, with so many requests: none if it was a dump alone.
  void on_send_failed(std::size_t requests) noexcept;
  /// The oldest requests have got their outcomes now.
  void on_ended(std::size_t requests) noexcept;

 private:
  struct Datagram {
    Clock::time_point sent;
    std::size_t requests;
  };

  Latencies* latencies_;
  boost::circular_buffer<Datagram> datagrams_;
};

}  // namespace netherd::engine
