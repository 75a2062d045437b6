#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <memory>
#include <vector>

#include "netherd/lab/registry.hpp"
#include "netherd/lab/topology.hpp"

namespace netherd::tools {

/// Waits until every link of a lab has carrier: both ends are up, packets flow, and `ip link` shows "state UP".
///
/// The kernel sees to that some tenths of a millisecond after the second end was set up, or, where it has many links to
/// see to, 50 a second (net/core/link_watch.c, Linux 6.18): it looks at 100 ends and then waits for a second, unless a
/// link turns up that cannot wait. Therefore one is made for the purpose, in a namespace of its own, and set down and
/// up.
class CarrierWait {
 public:
  CarrierWait(boost::asio::io_context& context, const lab::Topology& topology, const lab::LabDirectory& directory);
  ~CarrierWait();
  CarrierWait(const CarrierWait&) = delete;
  CarrierWait& operator=(const CarrierWait&) = delete;

  /// Gives the nodes in which a link has none, after no link has got any for the time of `patience`; empty: all have.
  /// Throws std::system_error if a node cannot be asked. To be called once.
  [[nodiscard]] boost::asio::awaitable<std::vector<const lab::Node*>> async_wait(std::chrono::milliseconds patience);
  /// Lets async_wait() end soon.
  void stop();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace netherd::tools
