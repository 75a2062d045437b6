#include "node_descriptors.hpp"

#include <algorithm>
#include <utility>

#include "netherd/lab/builder.hpp"
#include "netherd/ops/descriptor_limit.hpp"
#include "netherd/ops/netns_path.hpp"

namespace netherd::lab {

namespace {

/// Descriptors that the process may have open already in the ordinary case: standard streams, ring, epoll, timers,
/// locks, signals, the factory's own.
constexpr std::size_t usually_open = 16;
/// Those that building opens for other things than nodes: the anchor, the ring, and for each thread of the factory a
/// procfs and a setting in it.
constexpr std::size_t reserved_descriptors = 16;
/// Without room for these nothing can be built at all: a chunk of links holds one more than it has links.
constexpr std::size_t fewest_descriptors = 24;
/// About a tenth of a millisecond of closing.
constexpr std::size_t discarded_at_once = 32;
static_assert(usually_open + reserved_descriptors + fewest_descriptors == min_open_files);

std::size_t budget_for(std::size_t most) {
  const std::size_t unused = ops::unused_descriptors();
  const std::size_t available = unused > reserved_descriptors ? unused - reserved_descriptors : 0;
  return std::max(fewest_descriptors, most != 0 ? std::min(most, available) : available);
}

}  // namespace

NodeDescriptors::NodeDescriptors(ops::NamespaceFactory& factory, std::size_t nodes, std::size_t most,
                                 MakeOnRoom make_on_room)
    : factory_{factory}, held_(nodes), make_on_room_{std::move(make_on_room)}, budget_{budget_for(most)} {}

void NodeDescriptors::note(int descriptor) noexcept {
  most_open_in_process_ = std::max(most_open_in_process_, static_cast<std::size_t>(descriptor + 1));
}

void NodeDescriptors::keep(NodeId node, engine::FileDescriptor netns, engine::NetlinkSocket socket) {
  note(netns.get());
  note(socket.descriptor());
  at(node).netns = std::move(netns);
  at(node).socket = std::move(socket);
  queue_if_idle(node);
}

void NodeDescriptors::queue_if_idle(NodeId node) {
  Held& held = at(node);
  if (held.users > 0 || held.idle_queued || !(held.netns || held.socket)) return;
  held.idle_queued = true;
  idle_.push_back(node);
}

bool NodeDescriptors::make_room(std::size_t count) {
  if (open_ + count > budget_) close_discarded();
  while (open_ + count > budget_ && !idle_.empty()) {
    const NodeId node = idle_.front();
    idle_.pop_front();
    at(node).idle_queued = false;
    if (at(node).users > 0) continue;
    close(node);
    close_discarded();
  }
  return open_ + count <= budget_;
}

boost::system::result<int> NodeDescriptors::use_netns(NodeId node, const std::string& path) {
  Held& held = at(node);
  if (!held.netns) {
    auto opened = ops::open_namespace(path);
    if (!opened) return opened.error();
    held.netns = std::move(*opened);
    note(held.netns.get());
    ++open_;
  }
  ++held.users;
  return held.netns.get();
}

void NodeDescriptors::end_use(NodeId node) {
  --at(node).users;
  queue_if_idle(node);
}

std::optional<engine::NetlinkSocket> NodeDescriptors::take_socket(NodeId node) noexcept {
  return std::exchange(at(node).socket, std::nullopt);
}

void NodeDescriptors::give_back_socket(NodeId node, engine::NetlinkSocket socket) {
  note(socket.descriptor());
  at(node).socket = std::move(socket);
  queue_if_idle(node);
}

/// The loop, which everything waits for, has the factory's threads close it, some at a time; not where room is so
/// little that those which are closed late would be missed.
void NodeDescriptors::discard(engine::FileDescriptor descriptor) {
  if (!descriptor) return;
  discarded_.push_back(std::move(descriptor));
  if (open_ + 4 * discarded_at_once > budget_) return close_discarded();
  if (discarded_.size() == discarded_at_once) hand_over_discarded();
}

void NodeDescriptors::hand_over_discarded() {
  ++batches_closing_;
  factory_.close(std::exchange(discarded_, {}), [this, on_room = make_on_room_()] {
    --batches_closing_;
    open_ -= discarded_at_once;
    on_room();
  });
}

void NodeDescriptors::close_discarded() noexcept {
  open_ -= discarded_.size();
  discarded_.clear();
}

void NodeDescriptors::close_netns(NodeId node) { discard(std::move(at(node).netns)); }

void NodeDescriptors::close(NodeId node) {
  Held& held = at(node);
  discard(std::move(held.netns));
  if (held.socket) discard((*std::exchange(held.socket, {})).release());
}

}  // namespace netherd::lab
