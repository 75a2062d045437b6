#include "node_descriptors.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <utility>

#include "netherd/lab/builder.hpp"
#include "netherd/ops/netns_path.hpp"

namespace netherd::lab {

namespace {

/// Descriptors that the process needs for other things than nodes: standard streams, ring, epoll, timers, locks, /proc,
/// the factory's own, the anchor.
constexpr std::size_t reserved_descriptors = 32;
/// Without room for these nothing can be built at all: a chunk of links holds one more than it has links.
constexpr std::size_t fewest_descriptors = 24;
/// About a tenth of a millisecond of closing.
constexpr std::size_t discarded_at_once = 32;
static_assert(reserved_descriptors + fewest_descriptors == min_open_files);

std::size_t budget_for(std::size_t most) {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  const std::size_t available = limit.rlim_cur > reserved_descriptors ? limit.rlim_cur - reserved_descriptors : 0;
  return std::max(fewest_descriptors, most != 0 ? std::min(most, available) : available);
}

}  // namespace

NodeDescriptors::NodeDescriptors(ops::NamespaceFactory& factory, std::size_t nodes, std::size_t most)
    : factory_{factory}, held_(nodes), budget_{budget_for(most)} {}

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
  while (open_ + count > budget_ && !idle_.empty()) {
    const NodeId node = idle_.front();
    idle_.pop_front();
    at(node).idle_queued = false;
    if (at(node).users == 0) close(node);
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
  --open_;
  if (open_ + 4 * discarded_at_once > budget_) return;
  discarded_.push_back(std::move(descriptor));
  if (discarded_.size() == discarded_at_once) factory_.close(std::exchange(discarded_, {}));
}

void NodeDescriptors::close_netns(NodeId node) { discard(std::move(at(node).netns)); }

void NodeDescriptors::close(NodeId node) {
  Held& held = at(node);
  discard(std::move(held.netns));
  if (held.socket) discard((*std::exchange(held.socket, {})).release());
}

}  // namespace netherd::lab
