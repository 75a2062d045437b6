// Uses every layer of an installed netherd, Asio included, without setting a macro or naming a dependency.
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <iostream>

#include "netherd/engine/ring.hpp"
#include "netherd/lab/topology.hpp"
#include "netherd/ops/ip_prefix.hpp"

int main() {
  boost::asio::io_context context;
  const bool has_ring = !netherd::engine::Ring::of(context).unavailable();
  bool ran = false;
  boost::asio::co_spawn(
      context,
      [&ran]() -> boost::asio::awaitable<void> {
        co_await boost::asio::post(boost::asio::use_awaitable);
        ran = true;
      },
      boost::asio::detached);
  context.run();

  const auto prefix = netherd::ops::parse_ip_prefix("192.0.2.1/24");
  const netherd::lab::Topology topology;
  std::cout << "ring: " << (has_ring ? "yes" : "no") << ", prefix: " << (prefix ? "yes" : "no")
            << ", nodes: " << topology.nodes.size() << '\n';
  return ran && prefix ? 0 : 1;
}
