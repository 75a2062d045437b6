#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "netherd/engine/file_descriptor.hpp"
#include "netherd/engine/types.hpp"
#include "netherd/ops/ip_prefix.hpp"

namespace netherd::lab {

/// The kinds of sockets that probes are sent and received on.
enum class ProbeSocketKind : std::uint8_t { icmp, icmpv6, frame };
inline constexpr std::size_t probe_socket_kinds = 3;

/// What a probe carries, so that its answer is known.
struct ProbeId {
  std::uint32_t run = 0;   ///< tells our probes from those of another netherd
  std::uint32_t slot = 0;  ///< which link and direction
  std::uint32_t round = 0;
  friend bool operator==(const ProbeId&, const ProbeId&) = default;
};

/// A probe that has arrived: an echo reply, or the frame itself.
struct ReceivedProbe {
  ProbeId id;
  engine::InterfaceIndex interface = engine::InterfaceIndex::none;  ///< where it came in; known of frames only
};

/// Opens a socket in the namespace of the calling thread. Non-blocking. Empty on failure, with errno set.
[[nodiscard]] engine::FileDescriptor open_probe_socket(ProbeSocketKind kind) noexcept;

/// Index of an interface in the socket's namespace; none if there is no such interface.
[[nodiscard]] engine::InterfaceIndex index_of_interface(int socket, const std::string& name) noexcept;

/// Sends an echo request out of one interface. Returns 0 or an errno.
[[nodiscard]] int send_echo_request(int socket, engine::InterfaceIndex interface, const ops::IpAddress& source,
                                    const ops::IpAddress& destination, const ProbeId& id) noexcept;
/// Sends a frame out of one interface. Returns 0 or an errno.
[[nodiscard]] int send_frame(int socket, engine::InterfaceIndex interface, const ProbeId& id) noexcept;

enum class Receive : std::uint8_t { probe, other, nothing };
/// Receives one packet: a probe, something else, or nothing (none is there).
[[nodiscard]] Receive receive_probe(int socket, ProbeSocketKind kind, ReceivedProbe& probe) noexcept;

}  // namespace netherd::lab
