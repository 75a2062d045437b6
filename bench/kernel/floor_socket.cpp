#include "floor_socket.hpp"

#include <linux/netlink.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <system_error>

namespace netherd::bench {

namespace {

constexpr std::size_t receive_bytes = 65536;

nlmsghdr header_at(std::span<const std::byte> bytes) {
  nlmsghdr header{};
  std::memcpy(&header, bytes.data(), sizeof header);
  return header;
}

/// The errno of an acknowledgement; 0 is success.
int error_in(std::span<const std::byte> message) {
  int error = 0;
  std::memcpy(&error, message.data() + sizeof(nlmsghdr), sizeof error);
  return -error;
}

void set_flags(std::span<std::byte> message, std::uint16_t flags) {
  nlmsghdr header = header_at(message);
  header.nlmsg_flags = static_cast<std::uint16_t>(header.nlmsg_flags | flags);
  header.nlmsg_seq = 1;
  std::memcpy(message.data(), &header, sizeof header);
}

}  // namespace

Datagrams::Datagrams(const engine::Batch& batch, std::size_t most_bytes) {
  std::size_t last = 0;
  const auto ask_for_acknowledgement = [&] {
    if (!datagrams_.empty()) set_flags(std::span{datagrams_.back()}.subspan(last), NLM_F_ACK);
  };
  for (std::size_t position = 0; position < batch.size(); ++position) {
    const auto message = batch.message(position);
    if (datagrams_.empty() || datagrams_.back().size() + message.size() > most_bytes) {
      ask_for_acknowledgement();
      datagrams_.emplace_back();
    }
    last = datagrams_.back().size();
    datagrams_.back().insert(datagrams_.back().end(), message.begin(), message.end());
    set_flags(std::span{datagrams_.back()}.subspan(last), NLM_F_REQUEST);
  }
  ask_for_acknowledgement();
}

FloorSocket::FloorSocket()
    : descriptor_{::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE)}, buffer_(receive_bytes) {
  if (!descriptor_) throw std::system_error{errno, std::generic_category(), "open a netlink socket"};
  const int on = 1;
  ::setsockopt(descriptor_.get(), SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof on);
}

bool FloorSocket::execute(std::span<const std::byte> datagram) {
  if (::send(descriptor_.get(), datagram.data(), datagram.size(), 0) < 0) return false;
  const ssize_t size = ::recv(descriptor_.get(), buffer_.data(), buffer_.size(), 0);
  // Errors come before the acknowledgement.
  return size >= 0 && header_at(buffer_).nlmsg_type == NLMSG_ERROR && error_in(buffer_) == 0;
}

std::size_t FloorSocket::dump(std::span<const std::byte> message) {
  if (::send(descriptor_.get(), message.data(), message.size(), 0) < 0) return SIZE_MAX;
  for (std::size_t count = 0;;) {
    const ssize_t size = ::recv(descriptor_.get(), buffer_.data(), buffer_.size(), 0);
    if (size < 0) return SIZE_MAX;
    std::span<const std::byte> rest{buffer_.data(), static_cast<std::size_t>(size)};
    while (rest.size() >= sizeof(nlmsghdr)) {
      const nlmsghdr header = header_at(rest);
      if (header.nlmsg_type == NLMSG_DONE) return count;
      if (header.nlmsg_type == NLMSG_ERROR) return SIZE_MAX;
      ++count;
      rest = rest.subspan(std::min<std::size_t>(rest.size(), NLMSG_ALIGN(header.nlmsg_len)));
    }
  }
}

}  // namespace netherd::bench
