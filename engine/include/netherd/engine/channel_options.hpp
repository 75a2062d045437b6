#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

namespace netherd::engine {

class Latencies;
class SendQueue;

/// Who executes a request. The kernel executes it within the send, so that a send takes as long as its requests do.
enum class Submission : std::uint8_t {
  in_loop,  ///< the thread that runs the event loop: most throughput; the loop stands still meanwhile
  worker,   ///< a kernel thread of the ring (IOSQE_ASYNC), one send at a time per channel: the loop stays responsive
};

struct ChannelOptions {
  Submission submission = Submission::in_loop;
  /// Largest datagram in bytes; the socket's send buffer limits it further.
  std::size_t datagram_bytes = 32 * 1024;
  /// Requests in one datagram: bounds how long one send takes, and so how long the loop stands still.
  std::size_t datagram_requests = SIZE_MAX;
  /// Requests waiting and in flight together. One more ends with queue_full.
  std::size_t queue_requests = 1U << 20U;
  /// In worker mode: executes the sends of several channels one after the other. Null: each for itself.
  std::shared_ptr<SendQueue> send_queue{};
  /// Where it is recorded how long requests take: from handing their datagram over to their outcomes, which come
  /// together for all of a datagram. Without dumps, and what the kernel refused to take. Must outlive the channel;
  /// several channels may share it. Null: nowhere.
  Latencies* latencies = nullptr;
};

}  // namespace netherd::engine
