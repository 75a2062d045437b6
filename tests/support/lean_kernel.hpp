#pragma once

#include <linux/netlink.h>

#include <array>
#include <cstddef>
#include <cstring>
#include <span>

#include "netherd/engine/pipeline.hpp"

namespace netherd::test {

/// A kernel that takes no time and no memory, for measuring what the engine itself takes: every request succeeds, or
/// every one fails with the same errno, and answers are handed in at once, each in a datagram of its own as the kernel
/// sends them. FakeKernel is the one that behaves like the kernel.
class LeanKernel {
 public:
  explicit LeanKernel(int error_number = 0) : error_number_{error_number} {}

  /// Moves everything that is queued through the pipeline.
  void run(engine::Pipeline& pipeline) {
    for (auto datagram = pipeline.next_datagram(); !datagram.empty(); datagram = pipeline.next_datagram()) {
      pipeline.on_sent();
      execute(pipeline, datagram);
    }
  }

 private:
  void execute(engine::Pipeline& pipeline, std::span<const std::byte> datagram) {
    engine::MessageStream messages{datagram};
    while (const auto message = messages.next()) {
      const nlmsghdr header = message->header();
      if (error_number_ == 0 && (header.nlmsg_flags & NLM_F_ACK) == 0) continue;
      answer(pipeline, header);
    }
  }

  void answer(engine::Pipeline& pipeline, const nlmsghdr& request) {
    nlmsghdr header = request;
    header.nlmsg_len = answer_bytes;
    header.nlmsg_type = NLMSG_ERROR;
    header.nlmsg_flags = NLM_F_CAPPED;
    const nlmsgerr error{-error_number_, request};
    std::memcpy(answer_.data(), &header, sizeof header);
    std::memcpy(answer_.data() + sizeof header, &error, sizeof error);
    pipeline.on_received(answer_, false);
  }

  static constexpr std::size_t answer_bytes = sizeof(nlmsghdr) + sizeof(nlmsgerr);

  int error_number_;
  alignas(engine::message_alignment) std::array<std::byte, answer_bytes> answer_{};
};

}  // namespace netherd::test
