#include "world.hpp"

#include <sched.h>

#include <cerrno>
#include <system_error>

#include "netherd/engine/socket.hpp"
#include "netherd/ops/quiescence.hpp"

namespace netherd::bench {

World::World() { channel_.emplace(context_, engine::NetlinkSocket::open(NETLINK_ROUTE).value()); }

World::~World() {
  leave_namespace(context_, [this] {
    channel_.reset();
    floor_.close();
  });
}

void World::run() {
  context_.restart();
  context_.run();
}

bool World::execute(engine::Batch& batch) {
  bool done = false;
  channel_->async_execute(batch, [&done](std::size_t failures) { done = failures == 0; });
  run();
  return done;
}

void leave_namespace(boost::asio::io_context& context, const std::function<void()>& drop) {
  ops::QuiescenceWatch watch{context.get_executor(), {.sockets_were_closed = true}};
  drop();
  if (::unshare(CLONE_NEWNET) != 0) throw std::system_error{errno, std::generic_category(), "make a namespace"};
  watch.async_wait([](boost::system::error_code error) {
    if (error) throw boost::system::system_error{error, "wait for the kernel's cleanup"};
  });
  context.restart();
  context.run();
}

}  // namespace netherd::bench
