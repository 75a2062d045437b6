#pragma once

#include <memory>

#include "netherd/engine/error.hpp"
#include "netherd/engine/pipeline.hpp"

namespace netherd::engine {

/// What is known about a request that failed. `answer` is the kernel's NLMSG_ERROR or NLMSG_DONE, or null if there was
/// none; `request` is what was asked.
[[nodiscard]] std::shared_ptr<const Diagnostic> make_diagnostic(const AnswerSink& sink, std::uint32_t position,
                                                                SequenceNumber sequence, const MessageView* answer,
                                                                std::span<const std::byte> request);

}  // namespace netherd::engine
