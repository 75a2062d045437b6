#pragma once

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>
#include <boost/system/error_code.hpp>
#include <cstddef>
#include <functional>
#include <vector>

#include "netherd/engine/file_descriptor.hpp"
#include "netherd/engine/message.hpp"

namespace netherd::test {

/// A blocking netlink client of one request at a time, for tests of what requests encode: they shall not depend on the
/// engine's channels.
class NetlinkClient {
 public:
  /// Of the namespace that the calling thread is in.
  NetlinkClient()
      : NetlinkClient{engine::FileDescriptor{::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE)}} {}
  explicit NetlinkClient(engine::FileDescriptor socket) : socket_{std::move(socket)} {
    const int on = 1;  // as the engine has it
    ::setsockopt(socket_.get(), SOL_NETLINK, NETLINK_GET_STRICT_CHK, &on, sizeof on);
  }

  [[nodiscard]] int descriptor() const { return socket_.get(); }

  /// Sends a request and gives the kernel's answer.
  boost::system::error_code execute(const engine::Request auto& request) {
    send(request, NLM_F_ACK);
    return receive([](const engine::MessageView&) {});
  }

  /// Sends a request that is answered by a message, and shows it to the visitor.
  boost::system::error_code ask(const engine::Request auto& request,
                                const std::function<void(const engine::MessageView&)>& visitor) {
    send(request, NLM_F_ACK);
    return receive(visitor);
  }

  /// Decodes all messages of a dump.
  template <typename Decode>
  auto dump(const engine::Request auto& request, Decode decode) {
    std::vector<typename std::invoke_result_t<Decode, engine::MessageView>::value_type> objects;
    send(request, 0);
    const auto error = receive([&](const engine::MessageView& message) {
      if (auto object = decode(message)) objects.push_back(std::move(*object));
    });
    EXPECT_FALSE(error) << error.message();
    return objects;
  }

 private:
  void send(const engine::Request auto& request, std::uint16_t flags) {
    alignas(4) std::array<std::byte, 16384> buffer{};
    engine::MessageWriter writer{buffer};
    request.encode(writer);
    const auto message = writer.message();
    nlmsghdr header{};
    std::memcpy(&header, message.data(), sizeof header);
    header.nlmsg_flags = static_cast<std::uint16_t>(header.nlmsg_flags | flags);
    header.nlmsg_seq = ++sequence_;
    std::memcpy(message.data(), &header, sizeof header);
    ::send(socket_.get(), message.data(), message.size(), 0);
  }

  boost::system::error_code receive(const std::function<void(const engine::MessageView&)>& visitor) {
    for (;;) {
      alignas(4) std::array<std::byte, 65536> buffer;
      const auto size = ::recv(socket_.get(), buffer.data(), buffer.size(), 0);
      if (size < 0) return {errno, boost::system::system_category()};
      engine::MessageStream stream{std::span{buffer}.first(static_cast<std::size_t>(size))};
      while (const auto message = stream.next()) {
        if (message->type() == NLMSG_DONE) return {};
        if (message->type() == NLMSG_ERROR) {
          return {-message->family_header<nlmsgerr>().value().error, boost::system::system_category()};
        }
        visitor(*message);
      }
    }
  }

  engine::FileDescriptor socket_;
  std::uint32_t sequence_ = 0;
};

}  // namespace netherd::test
