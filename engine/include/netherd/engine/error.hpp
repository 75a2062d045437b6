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
  answer_lost = 1,     ///< the receive buffer overran: the request was sent, its outcome is unknown
  deadline_passed,     ///< no answer before the deadline; if it was sent, its outcome is unknown
  queue_full,          ///< more requests queued than the channel takes; not sent
  request_too_large,   ///< the request does not fit into a datagram, or could not be encoded; not sent
  malformed_answer,    ///< the kernel's bytes make no sense
  dump_interrupted,    ///< the objects changed while they were listed: the list may be inconsistent
  channel_closed,      ///< the channel was closed before the request was answered
  notifications_lost,  ///< the receive buffer overran: ask for the state of all objects again
};

[[nodiscard]] const boost::system::error_category& engine_category() noexcept;
[[nodiscard]] boost::system::error_code make_error_code(EngineError error) noexcept;

}  // namespace netherd::engine

template <>
struct boost::system::is_error_code_enum<netherd::engine::EngineError> : std::true_type {};

namespace netherd::engine {

/// What became of a request.
enum class RequestState : std::uint8_t {
  waiting,   ///< not sent
  sent,      ///< handed to the kernel, not answered yet
  answered,  ///< the kernel has executed it, successfully or not
  unknown,   ///< it was sent, and whether it was executed cannot be known from its answer
};

/// What the kernel would have taken for an attribute that it refused (NLMSGERR_ATTR_POLICY). Limits that it did not
/// name are left out; which of them there are depends on the type.
struct AttributePolicy {
  std::uint32_t type = 0;               ///< NL_ATTR_TYPE_* (linux/netlink.h)
  std::optional<std::int64_t> least{};  ///< of a signed number
  std::optional<std::int64_t> most{};   ///< the same
  std::optional<std::uint64_t> least_unsigned{};
  std::optional<std::uint64_t> most_unsigned{};
  std::optional<std::uint32_t> least_bytes{};  ///< of text or binary data
  std::optional<std::uint32_t> most_bytes{};   ///< the same
  std::optional<std::uint64_t> mask{};         ///< the bits that may be set

  /// "u32, 68 to 65535"
  [[nodiscard]] std::string to_string() const;
};

/// The story behind a failure. The kernel's words are kept apart from ours.
struct Diagnostic {
  std::string_view operation;  ///< what was asked, in words: "add address" (static lifetime)
  std::uint64_t tag = 0;       ///< the caller's own mark, handed in with the request
  SequenceNumber sequence{};
  /// Which message of a transaction is to blame: 0 is its begin, 1 the first request.
  std::optional<std::uint32_t> place;
  std::string kernel_message;                     ///< the kernel's extended acknowledgement; empty if it gave none
  std::optional<std::uint32_t> attribute_offset;  ///< of the offending attribute, in bytes from the message's start
  std::optional<std::uint16_t> attribute_type;    ///< its type, as the request had it (innermost nest only)
  /// Where it is in the request, by the names of the kernel's headers: "IFLA_LINKINFO.IFLA_INFO_DATA.IFLA_VLAN_ID". A
  /// number stands where no name is known. Empty: the kernel named no attribute.
  std::string attribute;
  bool attribute_missing = false;         ///< the request should have had it (NLMSGERR_ATTR_MISS_TYPE)
  std::optional<AttributePolicy> policy;  ///< what the kernel would have taken, where it says so
};

/// How one request ended.
struct Outcome {
  boost::system::error_code error;
  RequestState state = RequestState::waiting;
  std::shared_ptr<const Diagnostic> diagnostic;  ///< only where there is an error; may be null even then

  [[nodiscard]] bool ok() const noexcept { return state == RequestState::answered && !error; }
  /// The objects that were asked for have come. Without ok() they are those of an inconsistent list (see DumpAttempts).
  [[nodiscard]] bool delivered() const noexcept {
    return state == RequestState::answered && (!error || error == EngineError::dump_interrupted);
  }
  /// "add address: File exists (the kernel's words; at IFA_LOCAL: u32, 1 to 5)", as far as that is known; without a
  /// diagnostic the error's message alone.
  [[nodiscard]] std::string to_string() const;
};

/// Name of an errno as programs spell it ("EEXIST"); a number where it has none.
[[nodiscard]] std::string errno_name(int error);

}  // namespace netherd::engine
