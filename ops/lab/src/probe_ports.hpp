#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "netherd/engine/file_descriptor.hpp"
#include "netherd/lab/topology.hpp"
#include "probe_socket.hpp"

namespace netherd::lab {

/// A socket for probes in one node, or why there is none.
struct ProbePort {
  NodeId node{};
  ProbeSocketKind kind{};
  std::string namespace_path;
  engine::FileDescriptor socket;
  std::string error;
};

/// Opens the ports' sockets, each inside its namespace. Blocks, and changes the calling thread's namespace meanwhile:
/// to be run on a thread of its own.
void open_ports(std::vector<ProbePort>& ports);

/// Closes sockets. Each close of a packet socket waits for an RCU grace period (packet_release(), Linux 6.18), which
/// many of them at the same time have in common. Blocks.
void close_sockets(std::vector<engine::FileDescriptor> sockets);

}  // namespace netherd::lab
