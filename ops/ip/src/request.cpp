#include "netherd/ip/request.hpp"

#include <string>

#include "netherd/ip/words.hpp"

namespace netherd::ip {

namespace {

std::uint16_t check_length(std::size_t size) {
  if (size > UINT16_MAX) fail("The request is too long: an attribute of " + std::to_string(size) + " bytes");
  return static_cast<std::uint16_t>(size);
}

}  // namespace

Request Request::again(const engine::MessageView& message, std::uint16_t type) {
  Request request;
  request.append(message.bytes().data(), message.bytes().size());
  auto& header = request.at<nlmsghdr>(0);
  header.nlmsg_type = type;
  header.nlmsg_flags = NLM_F_REQUEST;
  header.nlmsg_pid = 0;
  return request;
}

void Request::append(const void* data, std::size_t size) {
  const std::size_t offset = bytes_.size();
  bytes_.resize(offset + NLMSG_ALIGN(size));
  if (size > 0) std::memcpy(bytes_.data() + offset, data, size);
}

void Request::put(int type, std::span<const std::byte> payload) {
  const nlattr header{check_length(sizeof(nlattr) + payload.size()), static_cast<std::uint16_t>(type)};
  append(&header, sizeof header);
  append(payload.data(), payload.size());
}

void Request::put_string(int type, std::string_view text) {
  const std::string terminated{text};
  put(type, std::as_bytes(std::span{terminated.c_str(), terminated.size() + 1}));
}

Request::Nest Request::begin_nest(int type) {
  const auto nest = Nest{bytes_.size()};
  put(type, {});
  return nest;
}

void Request::end_nest(Nest nest) {
  const auto offset = static_cast<std::size_t>(nest);
  at<nlattr>(offset).nla_len = length_from(offset);
}

std::uint16_t Request::length_from(std::size_t offset) const { return check_length(bytes_.size() - offset); }

std::span<const std::byte> Request::message() noexcept {
  at<nlmsghdr>(0).nlmsg_len = static_cast<std::uint32_t>(bytes_.size());
  return bytes_;
}

}  // namespace netherd::ip
