#include "probe_ports.hpp"

#include <sched.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <thread>

#include "netherd/ops/netns_path.hpp"

namespace netherd::lab {

namespace {

constexpr std::size_t most_closing_threads = 32;

void open_port(ProbePort& port) {
  const auto netns = ops::open_namespace(port.namespace_path);
  if (!netns && ops::is_namespace_gone(netns.error())) {
    port.error = "the namespace is gone";
  } else if (!netns) {
    port.error = "open the namespace: " + netns.error().message();
  } else if (::setns(netns->get(), CLONE_NEWNET) != 0) {
    port.error = std::string{"enter the namespace: "} + std::strerror(errno);
  } else if (port.socket = open_probe_socket(port.kind); !port.socket) {
    port.error = std::string{"open a socket: "} + std::strerror(errno);
  }
}

}  // namespace

void open_ports(std::vector<ProbePort>& ports) {
  const auto home = ops::open_current_namespace();
  for (ProbePort& port : ports) open_port(port);
  // A thread that stayed there would keep the last namespace alive.
  if (home) ::setns(home->get(), CLONE_NEWNET);
}

void close_sockets(std::vector<engine::FileDescriptor> sockets) {
  const std::size_t threads = std::min(sockets.size(), most_closing_threads);
  std::vector<std::jthread> closing;
  closing.reserve(threads);
  for (std::size_t first = 0; first < threads; ++first) {
    closing.emplace_back([&sockets, first, threads] {
      for (std::size_t i = first; i < sockets.size(); i += threads) sockets[i].reset();
    });
  }
  closing.clear();  // joins; the descriptors must still be there
}

}  // namespace netherd::lab
