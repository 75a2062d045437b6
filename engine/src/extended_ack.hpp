#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "netherd/engine/error.hpp"
#include "netherd/engine/pipeline.hpp"

namespace netherd::engine {

/// What was asked.
struct FailedRequest {
  SequenceNumber sequence{};
  std::span<const std::byte> message{};
  int protocol = 0;                    ///< NETLINK_ROUTE ...
  std::optional<std::uint32_t> place;  ///< of the message in its transaction
};

/// What is known about a request that failed. `answer` is the kernel's NLMSG_ERROR or NLMSG_DONE, or null if there was
/// none.
[[nodiscard]] std::shared_ptr<const Diagnostic> make_diagnostic(const AnswerSink& sink, std::uint32_t position,
                                                                const FailedRequest& request,
                                                                const MessageView* answer);

}  // namespace netherd::engine
