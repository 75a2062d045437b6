#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "netherd/engine/error.hpp"
#include "netherd/engine/message.hpp"
#include "netherd/engine/message_list.hpp"
#include "netherd/engine/pipeline.hpp"
#include "netherd/engine/socket.hpp"
#include "netherd/ip/request.hpp"

namespace netherd::ip {

/// Requests on one netlink socket, one at a time: the engine's pipeline without an event loop. A command that stands
/// alone, or whose effect the next one needs, has nothing to do meanwhile; a loop, a ring and a coroutine would only
/// cost. Not thread safe.
class Connection {
 public:
  using Visitor = std::function<void(const engine::MessageView&)>;

  explicit Connection(engine::NetlinkSocket socket);

  [[nodiscard]] engine::Outcome execute(Request& request);
  /// Asks for one object, which the visitor sees afterwards: it may use the connection.
  [[nodiscard]] engine::Outcome get(Request& request, const Visitor& visit);
  /// Lists objects; asks again if they changed meanwhile.
  [[nodiscard]] engine::Outcome list(Request& request, engine::MessageList& found);

  [[nodiscard]] const engine::NetlinkSocket& socket() const noexcept { return socket_; }
  /// What execute() does, without waiting: see Channel.
  [[nodiscard]] engine::NetlinkSocket take_socket() noexcept { return std::move(socket_); }

 private:
  class Sink;

  [[nodiscard]] engine::Outcome talk(Request& request, engine::RequestKind kind, const Visitor* visit);
  void send(std::span<const std::byte> datagram);
  void receive();

  engine::NetlinkSocket socket_;
  engine::Pipeline pipeline_;
  std::vector<std::byte> buffer_;
};

}  // namespace netherd::ip
