#pragma once

#include <boost/system/result.hpp>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "netherd/engine/file_descriptor.hpp"
#include "netherd/engine/socket.hpp"
#include "netherd/lab/topology.hpp"
#include "netherd/ops/namespace_factory.hpp"

namespace netherd::lab {

/// The descriptors that a builder holds for its nodes: of their namespaces and of sockets inside them.
///
/// Their number is bounded, whatever the size of the lab; a descriptor counts until it is closed. A node that is in
/// nobody's use can be made to give its descriptors up; they can be had again from the name that its namespace is
/// pinned under.
class NodeDescriptors {
 public:
  /// Called when descriptors were closed by another thread, so that there is room again.
  using OnRoom = std::function<void()>;
  /// Gives an OnRoom that keeps alive whatever it needs until it has been called or dropped.
  using MakeOnRoom = std::function<OnRoom()>;

  /// `most`: the bound; 0: what the process's limit leaves. The factory closes what is finished, and must outlive this.
  NodeDescriptors(ops::NamespaceFactory& factory, std::size_t nodes, std::size_t most, MakeOnRoom make_on_room);

  /// What the factory handed over for a node. The room for it was reserved before.
  void keep(NodeId node, engine::FileDescriptor netns, engine::NetlinkSocket socket);

  /// Makes room for `count` more descriptors by closing those of idle nodes; false if there is not enough. Where
  /// is_closing(), OnRoom will be called.
  [[nodiscard]] bool make_room(std::size_t count);
  /// Counts descriptors that are about to come (keep(), or take_socket() of one opened elsewhere).
  void reserve(std::size_t count) noexcept { open_ += count; }
  void cancel_reservation(std::size_t count) noexcept { open_ -= count; }

  /// The descriptor of a node's namespace, opened by `path` if it is not open. It stays open until end_use().
  [[nodiscard]] boost::system::result<int> use_netns(NodeId node, const std::string& path);
  void end_use(NodeId node);
  [[nodiscard]] bool is_open(NodeId node) const noexcept { return static_cast<bool>(at(node).netns); }

  /// Hands the node's socket out, if it has one; it goes on counting until it is given back, or with
  /// cancel_reservation(1) if it is closed.
  [[nodiscard]] std::optional<engine::NetlinkSocket> take_socket(NodeId node) noexcept;
  void give_back_socket(NodeId node, engine::NetlinkSocket socket);
  /// The node's links exist: its namespace is entered no more, but by the socket.
  void close_netns(NodeId node);
  /// Closes what is left of a node that is finished.
  void close(NodeId node);

  /// The most descriptors that the process had open at a time, as seen by those that came here: the kernel hands out
  /// the lowest free number.
  [[nodiscard]] std::size_t most_open_in_process() const noexcept { return most_open_in_process_; }
  [[nodiscard]] std::size_t budget() const noexcept { return budget_; }
  /// The factory has been given some to close, and has not closed all of them yet.
  [[nodiscard]] bool is_closing() const noexcept { return batches_closing_ > 0; }
  /// More than three quarters of the budget are open: time to finish nodes rather than to begin others.
  [[nodiscard]] bool scarce() const noexcept { return open_ > budget_ - budget_ / 4; }

 private:
  struct Held {
    engine::FileDescriptor netns;
    std::optional<engine::NetlinkSocket> socket;
    std::uint32_t users = 0;
    bool idle_queued = false;
  };
  [[nodiscard]] Held& at(NodeId node) noexcept { return held_[static_cast<std::size_t>(node)]; }
  [[nodiscard]] const Held& at(NodeId node) const noexcept { return held_[static_cast<std::size_t>(node)]; }
  void queue_if_idle(NodeId node);
  void note(int descriptor) noexcept;
  void discard(engine::FileDescriptor descriptor);
  void hand_over_discarded();
  void close_discarded() noexcept;

  ops::NamespaceFactory& factory_;
  std::vector<Held> held_;
  MakeOnRoom make_on_room_;
  std::vector<engine::FileDescriptor> discarded_;  // about to be closed
  std::deque<NodeId> idle_;                        // may name nodes that are in use again, or closed
  std::size_t budget_;
  std::size_t open_ = 0;
  std::size_t batches_closing_ = 0;
  std::size_t most_open_in_process_ = 0;
};

}  // namespace netherd::lab
