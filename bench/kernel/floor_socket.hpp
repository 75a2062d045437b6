#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "netherd/engine/batch.hpp"
#include "netherd/engine/file_descriptor.hpp"

namespace netherd::bench {

/// Datagrams as the floor sends them: encoded before the clock starts, of at most 16 KiB, and only the last request of
/// each asks for an acknowledgement.
class Datagrams {
 public:
  explicit Datagrams(const engine::Batch& batch, std::size_t most_bytes = 16384);
  [[nodiscard]] std::span<const std::vector<std::byte>> all() const noexcept { return datagrams_; }

 private:
  std::vector<std::vector<std::byte>> datagrams_;
};

/// A blocking netlink socket, and nothing else: how the floor talks to the kernel.
class FloorSocket {
 public:
  FloorSocket();
  /// Sends a datagram and waits for its acknowledgement; false if a request failed.
  [[nodiscard]] bool execute(std::span<const std::byte> datagram);
  /// Sends a dump request and counts the messages of its answer; SIZE_MAX if it failed.
  [[nodiscard]] std::size_t dump(std::span<const std::byte> message);
  void close() noexcept { descriptor_.reset(); }

 private:
  engine::FileDescriptor descriptor_;
  std::vector<std::byte> buffer_;
};

}  // namespace netherd::bench
