#include "extended_ack.hpp"

#include <linux/netlink.h>

#include <cstring>

#include "attribute_path.hpp"

namespace netherd::engine {

namespace {

/// The attributes of an extended acknowledgement. They stand behind the errno (NLMSG_DONE), or behind nlmsgerr and, if
/// the socket has no NETLINK_CAP_ACK, the echo of the request.
Attributes extended_attributes(const MessageView& answer) noexcept {
  if ((answer.flags() & NLM_F_ACK_TLVS) == 0) return Attributes{{}};
  if (answer.type() == NLMSG_DONE) return answer.attributes<int>();
  const auto error = answer.family_header<nlmsgerr>();
  if (!error) return Attributes{{}};
  std::size_t offset = sizeof(nlmsgerr);
  if ((answer.flags() & NLM_F_CAPPED) == 0) offset += NLMSG_ALIGN(error->msg.nlmsg_len) - sizeof(nlmsghdr);
  const auto payload = answer.payload();
  return Attributes{offset < payload.size() ? payload.subspan(offset) : std::span<const std::byte>{}};
}

AttributePolicy decode_policy(Attributes attributes) noexcept {
  AttributePolicy policy;
  for (const AttributeView attribute : attributes) {
    switch (attribute.type()) {
      case NL_POLICY_TYPE_ATTR_TYPE:
        policy.type = attribute.as<std::uint32_t>().value_or(NL_ATTR_TYPE_INVALID);
        break;
      case NL_POLICY_TYPE_ATTR_MIN_VALUE_S:
        policy.least = attribute.as<std::int64_t>();
        break;
      case NL_POLICY_TYPE_ATTR_MAX_VALUE_S:
        policy.most = attribute.as<std::int64_t>();
        break;
      case NL_POLICY_TYPE_ATTR_MIN_VALUE_U:
        policy.least_unsigned = attribute.as<std::uint64_t>();
        break;
      case NL_POLICY_TYPE_ATTR_MAX_VALUE_U:
        policy.most_unsigned = attribute.as<std::uint64_t>();
        break;
      case NL_POLICY_TYPE_ATTR_MIN_LENGTH:
        policy.least_bytes = attribute.as<std::uint32_t>();
        break;
      case NL_POLICY_TYPE_ATTR_MAX_LENGTH:
        policy.most_bytes = attribute.as<std::uint32_t>();
        break;
      case NL_POLICY_TYPE_ATTR_BITFIELD32_MASK:
        if (const auto mask = attribute.as<std::uint32_t>()) policy.mask = *mask;
        break;
      case NL_POLICY_TYPE_ATTR_MASK:
        policy.mask = attribute.as<std::uint64_t>();
        break;
      default:
        break;
    }
  }
  return policy;
}

std::optional<std::uint16_t> attribute_type_at(std::span<const std::byte> request, std::uint32_t offset) noexcept {
  nlattr attribute;
  if (request.size() < sizeof attribute || offset > request.size() - sizeof attribute) return std::nullopt;
  std::memcpy(&attribute, request.data() + offset, sizeof attribute);
  return static_cast<std::uint16_t>(attribute.nla_type & NLA_TYPE_MASK);
}

}  // namespace

std::shared_ptr<const Diagnostic> make_diagnostic(const AnswerSink& sink, std::uint32_t position,
                                                  const FailedRequest& request, const MessageView* answer) {
  auto diagnostic = std::make_shared<Diagnostic>();
  diagnostic->operation = sink.operation(position);
  diagnostic->tag = sink.tag(position);
  diagnostic->sequence = request.sequence;
  diagnostic->place = request.place;
  if (answer == nullptr) return diagnostic;
  std::optional<std::uint16_t> missing;
  std::uint32_t missing_from = 0;  // by default the message itself, which no attribute holds
  for (const AttributeView attribute : extended_attributes(*answer)) {
    if (attribute.type() == NLMSGERR_ATTR_MSG) diagnostic->kernel_message = attribute.text();
    if (attribute.type() == NLMSGERR_ATTR_OFFS) diagnostic->attribute_offset = attribute.as<std::uint32_t>();
    if (attribute.type() == NLMSGERR_ATTR_POLICY) diagnostic->policy = decode_policy(Attributes{attribute.payload()});
    if (attribute.type() == NLMSGERR_ATTR_MISS_TYPE) {
      if (const auto type = attribute.as<std::uint32_t>()) missing = static_cast<std::uint16_t>(*type);
    }
    if (attribute.type() == NLMSGERR_ATTR_MISS_NEST) missing_from = attribute.as<std::uint32_t>().value_or(0);
  }
  if (diagnostic->attribute_offset) {
    diagnostic->attribute_type = attribute_type_at(request.message, *diagnostic->attribute_offset);
    diagnostic->attribute = attribute_path(request.protocol, request.message, *diagnostic->attribute_offset).path;
  } else if (missing) {
    diagnostic->attribute = path_of_member(attribute_path(request.protocol, request.message, missing_from), *missing);
    diagnostic->attribute_missing = true;
  }
  return diagnostic;
}

}  // namespace netherd::engine
