#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "messages.hpp"
#include "netherd/engine/error.hpp"
#include "netherd/engine/message.hpp"
#include "netherd/engine/pipeline.hpp"
#include "netherd/engine/socket.hpp"
#include "netherd/ip/request.hpp"

namespace netherd::ip {

/// Requests on one netlink socket, one at a time: the engine's pipeline without an event loop. A command that stands
/// alone, or whose effect the next one needs, has nothing to do meanwhile; a loop, a ring and a coroutine would only
/// cost. Requests that need not be waited for can be posted. Not thread safe.
class Connection {
 public:
  using Visitor = std::function<void(const engine::MessageView&)>;

  /// Is told what became of a posted request that has failed, and the number that it was posted with: on the thread
  /// that settles the connection.
  using Refused = std::function<void(std::size_t, const engine::Outcome&)>;

  /// Has a buffer of `datagram_bytes`, which no request may exceed.
  Connection(engine::NetlinkSocket socket, std::size_t datagram_bytes);

  [[nodiscard]] engine::Outcome execute(Request& request);
  /// Asks for one object, which the visitor sees afterwards: it may use the connection.
  [[nodiscard]] engine::Outcome get(Request& request, const Visitor& visit);
  /// Lists objects, as engine::DumpAttempts has it: asks again if they changed meanwhile. What was delivered is in
  /// `found`.
  [[nodiscard]] engine::Outcome list(Request& request, Messages& found);

  /// Queues a request, which is sent together with others: when there are many, by settle(), or before anything else
  /// is sent.
  void post(Request request, std::size_t number, const Refused& refused);
  /// Waits until everything posted was executed. Connections can do so on several threads at a time.
  void settle();
  [[nodiscard]] bool has_posted() const noexcept { return !posted_.empty(); }

  [[nodiscard]] const engine::NetlinkSocket& socket() const noexcept { return socket_; }

 private:
  class Sink;

  struct Posted {
    Request request;
    std::size_t number;
    const Refused* refused;
  };
  class PostedSink;

  [[nodiscard]] engine::Outcome collect(Request& request, engine::RequestKind kind, Messages& found);
  [[nodiscard]] engine::Outcome talk(Request& request, engine::RequestKind kind, const Visitor* visit);
  void exchange();
  void send(std::span<const std::byte> datagram);
  void receive();
  void on_receive_failed(boost::system::error_code error);

  engine::NetlinkSocket socket_;
  engine::Pipeline pipeline_;
  std::vector<Posted> posted_;
  std::size_t posted_bytes_ = 0;
  std::size_t answered_ = 0;    // of those
  int fruitless_receives_ = 0;  // since the last send or datagram
  bool talks_quietly_ = false;  // what is in flight is answered by errors only
};

}  // namespace netherd::ip
