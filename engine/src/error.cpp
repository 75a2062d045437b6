#include "netherd/engine/error.hpp"

#include <linux/netlink.h>

#include <array>
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
      case EngineError::notifications_lost:
        return "notifications were lost (receive buffer overrun)";
    }
    return "unknown engine error";
  }
};

std::string name_of_attribute_type(std::uint32_t type) {
  static constexpr std::array<const char*, NL_ATTR_TYPE_BITFIELD32 + 1> names{
      "invalid", "flag", "u8",     "u16",    "u32",  "u64",    "s8",           "s16",
      "s32",     "s64",  "binary", "string", "text", "nested", "nested array", "bit field"};
  return type < names.size() ? names[type] : "type " + std::to_string(type);
}

std::string details_of(const Diagnostic& diagnostic) {
  std::string text = diagnostic.kernel_message;
  if (diagnostic.attribute.empty()) return text;
  if (!text.empty()) text += "; ";
  text.append(diagnostic.attribute_missing ? "without " : "at ").append(diagnostic.attribute);
  if (diagnostic.policy) text.append(": ").append(diagnostic.policy->to_string());
  return text;
}

}  // namespace

const boost::system::error_category& engine_category() noexcept {
  static const EngineCategory category;
  return category;
}

boost::system::error_code make_error_code(EngineError error) noexcept {
  return {static_cast<int>(error), engine_category()};
}

std::string AttributePolicy::to_string() const {
  std::string text = name_of_attribute_type(type);
  const auto add_range = [&text](const auto& from, const auto& to, std::string_view unit) {
    if (from && to) {
      text.append(", ").append(std::to_string(*from)).append(" to ").append(std::to_string(*to)).append(unit);
    } else if (from) {
      text.append(", at least ").append(std::to_string(*from)).append(unit);
    } else if (to) {
      text.append(", at most ").append(std::to_string(*to)).append(unit);
    }
  };
  add_range(least, most, "");
  add_range(least_unsigned, most_unsigned, "");
  add_range(least_bytes, most_bytes, " bytes");
  if (mask) text.append(", bits of ").append(std::to_string(*mask));
  return text;
}

std::string Outcome::to_string() const {
  std::string message = error ? error.message() : "done";
  if (!diagnostic) return message;
  const std::string details = details_of(*diagnostic);
  std::string text;
  text.append(diagnostic->operation).append(": ").append(message);
  if (!details.empty()) text.append(" (").append(details).append(")");
  return text;
}

std::string errno_name(int error) {
  const char* name = ::strerrorname_np(error);
  return name != nullptr ? name : std::to_string(error);
}

}  // namespace netherd::engine
