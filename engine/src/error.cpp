#include "netherd/engine/error.hpp"

#include <cstring>

namespace netherd::engine {

namespace {

class EngineCategory final : public boost::system::error_category {
 public:
  [[nodiscard]] const char* name() const noexcept override { return "netherd.engine"; }
  [[nodiscard]] std::string message(int value) const override {
    switch (static_cast<EngineError>(value)) {
      case EngineError::answer_lost:
        return "the answer was lost (receive buffer overrun); the outcome is unknown";
      case EngineError::deadline_passed:
        return "no answer before the deadline";
      case EngineError::queue_full:
        return "too many requests are queued";
      case EngineError::request_too_large:
        return "the request is too large for a datagram";
      case EngineError::malformed_answer:
        return "the kernel's answer is malformed";
      case EngineError::dump_interrupted:
        return "the dump was interrupted by a change";
      case EngineError::channel_closed:
        return "the channel was closed";
    }
    return "unknown engine error";
  }
};

}  // namespace

const boost::system::error_category& engine_category() noexcept {
  static const EngineCategory category;
  return category;
}

boost::system::error_code make_error_code(EngineError error) noexcept {
  return {static_cast<int>(error), engine_category()};
}

std::string Outcome::to_string() const {
  std::string text;
  if (diagnostic) text.append(diagnostic->operation).append(": ");
  text += error ? error.message() : "done";
  if (diagnostic && !diagnostic->kernel_message.empty())
    text.append(" (").append(diagnostic->kernel_message).append(")");
  return text;
}

std::string errno_name(int error) {
  const char* name = ::strerrorname_np(error);
  return name != nullptr ? name : std::to_string(error);
}

}  // namespace netherd::engine
