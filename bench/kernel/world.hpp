#pragma once

#include <boost/asio/io_context.hpp>
#include <cstddef>
#include <functional>
#include <optional>

#include "floor_socket.hpp"
#include "netherd/engine/batch.hpp"
#include "netherd/engine/channel.hpp"

namespace netherd::bench {

/// A fresh network namespace for one round of a benchmark, with a channel and a socket of the floor's in it. The
/// calling thread is inside. When a world ends, the thread goes on in another namespace, and the kernel has finished
/// destroying this one: what one round leaves behind does not slow down the next.
class World {
 public:
  World();
  ~World();
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  [[nodiscard]] engine::Channel& channel() noexcept { return *channel_; }
  [[nodiscard]] FloorSocket& floor() noexcept { return floor_; }
  /// Until all handlers have been called.
  void run();
  /// Executes a batch by the engine; true if all of it succeeded.
  [[nodiscard]] bool execute(engine::Batch& batch);
  /// Lists objects, and counts those for which `counts` is true.
  template <typename Dump>
  [[nodiscard]] std::size_t count(const Dump& request, const std::function<bool(const engine::MessageView&)>& counts) {
    std::size_t found = 0;
    bool whole = false;
    channel_->async_dump(
        request,
        [&](const engine::MessageView& message) {
          if (counts(message)) ++found;
        },
        [&](const engine::Outcome& outcome) { whole = outcome.ok(); });
    run();
    return whole ? found : SIZE_MAX;
  }

 private:
  boost::asio::io_context context_{1};
  std::optional<engine::Channel> channel_;
  FloorSocket floor_;
};

/// Puts the thread into a new namespace; returns when the kernel has finished with what was dropped.
void leave_namespace(boost::asio::io_context& context, const std::function<void()>& drop);

}  // namespace netherd::bench
