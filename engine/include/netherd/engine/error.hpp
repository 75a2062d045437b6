#pragma once

#include <boost/system/error_code.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "netherd/engine/types.hpp"

namespace netherd::engine {

/// Failures that are the engine's own. What the kernel answers is in boost::system::system_category() with its errno.
enum class EngineError {
  answer_lost = 1,    ///< the receive buffer overran: the request was sent, its outcome is unknown
  deadline_passed,    ///< no answer before the deadline; if it was sent, its outcome is unknown
  queue_full,         ///< more requests queued than the channel takes; not sent
  request_too_large,  ///< the request does not fit into a datagram, or could not be encoded; not sent
  malformed_answer,   ///< the kernel's bytes make no sense
  dump_interrupted,   ///< the objects changed while they were listed: the result is inconsistent, ask again
  channel_closed,     ///< the channel was closed before the request was answered
};

[[nodiscard]] const boost::system::error_category& engine_category() noexcept;
[[nodiscard]] boost::system::error_code make_error_code(EngineError error) noexcept;

/// What became of a request.
enum class RequestState : std::uint8_t {
  waiting,   ///< not sent
  sent,      ///< handed to the kernel, not answered yet
  answered,  ///< the kernel has executed it, successfully or not
  unknown,   ///< it was sent, and whether it was executed cannot be known from its answer
};

/// The story behind a failure. The kernel's words are kept apart from ours.
struct Diagnostic {
  std::string_view operation;  ///< what was asked, in words: "add address" (static lifetime)
  std::uint64_t tag = 0;       ///< the caller's own mark, handed in with the request
  SequenceNumber sequence{};
  std::string kernel_message;                     ///< the kernel's extended acknowledgement; empty if it gave none
  std::optional<std::uint32_t> attribute_offset;  ///< of the offending attribute, in bytes from the message's start
  std::optional<std::uint16_t> attribute_type;    ///< its type, as the request had it (innermost nest only)
};

/// How one request ended.
struct Outcome {
  boost::system::error_code error;
  RequestState state = RequestState::waiting;
  std::shared_ptr<const Diagnostic> diagnostic;  ///< only where there is an error; may be null even then

  [[nodiscard]] bool ok() const noexcept { return state == RequestState::answered && !error; }
  /// "add address: File exists (the kernel's words)"; without a diagnostic the error's message alone.
  [[nodiscard]] std::string to_string() const;
};

/// Name of an errno as programs spell it ("EEXIST"); a number where it has none.
[[nodiscard]] std::string errno_name(int error);

}  // namespace netherd::engine

template <>
struct boost::system::is_error_code_enum<netherd::engine::EngineError> : std::true_type {};
