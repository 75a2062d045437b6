#include "extended_ack.hpp"

#include <linux/netlink.h>

#include <cstring>

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

std::optional<std::uint16_t> attribute_type_at(std::span<const std::byte> request, std::uint32_t offset) noexcept {
  nlattr attribute;
  if (request.size() < sizeof attribute || offset > request.size() - sizeof attribute) return std::nullopt;
  std::memcpy(&attribute, request.data() + offset, sizeof attribute);
  return static_cast<std::uint16_t>(attribute.nla_type & NLA_TYPE_MASK);
}

}  // namespace

std::shared_ptr<const Diagnostic> make_diagnostic(const AnswerSink& sink, std::uint32_t position,
                                                  SequenceNumber sequence, const MessageView* answer,
                                                  std::span<const std::byte> request) {
  auto diagnostic = std::make_shared<Diagnostic>();
  diagnostic->operation = sink.operation(position);
  diagnostic->tag = sink.tag(position);
  diagnostic->sequence = sequence;
  if (answer == nullptr) return diagnostic;
  for (const AttributeView attribute : extended_attributes(*answer)) {
    if (attribute.type() == NLMSGERR_ATTR_MSG) diagnostic->kernel_message = attribute.text();
    if (attribute.type() == NLMSGERR_ATTR_OFFS) diagnostic->attribute_offset = attribute.as<std::uint32_t>();
  }
  if (diagnostic->attribute_offset) {
    diagnostic->attribute_type = attribute_type_at(request, *diagnostic->attribute_offset);
  }
  return diagnostic;
}

}  // namespace netherd::engine
