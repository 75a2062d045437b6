#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "netherd/lab/topology.hpp"

namespace netherd::lab {

/// How a packet is sent over a link.
enum class PingMethod : std::uint8_t {
  icmp,   ///< an echo request from one end's address to the other's, which the other kernel answers
  frame,  ///< an Ethernet frame to the other end, where netherd itself waits for it
};

/// "icmp", "frame".
[[nodiscard]] std::string_view to_string(PingMethod method) noexcept;

struct PingOptions {
  std::uint32_t count = 1;                   ///< packets over each link in each direction, one after the other
  std::chrono::milliseconds timeout{1'000};  ///< for each packet
  /// Descriptors to have open at a time. 0: as many as are useful, and no more than half of those that
  /// the process may still open.
  std::size_t most_descriptors = 0;
};

/// What came of the packets over one link in one direction.
struct PingResult {
  LinkEnd from;  ///< the sender; the other end of the link is to answer
  PingMethod method = PingMethod::icmp;
  std::uint32_t sent = 0;
  std::uint32_t answered = 0;
  std::chrono::nanoseconds fastest{};  ///< from sending to the answer (a frame: to its arrival)
  std::string error;                   ///< why a packet could not be sent; empty if all were

  [[nodiscard]] bool ok() const noexcept { return error.empty() && sent > 0 && answered == sent; }
};

/// Sends packets over every link of a running lab in both directions: `ping -I INTERFACE ADDRESS` in each node.
///
///     std::vector<PingResult> results = co_await async_ping(context, topology, path_of, {});
///
/// Addresses of one subnet at both ends: ICMP, IPv4 before IPv6. Others, among them the ports of bridges: a frame of
/// Ethernet type 0x88B5 (local experiments, IEEE 802) to 01:80:C2:00:00:0E, which bridges do not pass on. Frames are
/// also taken where ICMP would fill the kernel's table of neighbours, which all namespaces share
/// (net.ipv4.neigh.default.gc_thresh3, 1,024 entries by default): full, it would keep the whole machine from talking to
/// new neighbours. Three quarters of it are used per family. Others may fill it all the same (the interfaces of a large
/// lab do, while they go up): where it was full meanwhile, links that did not answer by ICMP are tried again by frames.
///
/// `namespace_path` gives the path of a node's namespace. Sockets are opened inside the namespaces by a helper thread;
/// links are taken in groups, so that the number of descriptors stays bounded. Gives two results per link, in the order
/// of the links, first from end 0. Needs CAP_SYS_ADMIN and CAP_NET_RAW. A failure is a result; throws
/// boost::system::system_error only if no helper thread can be had. Cancellation (terminal): operation_aborted is
/// thrown.
[[nodiscard]] boost::asio::awaitable<std::vector<PingResult>> async_ping(
    boost::asio::io_context& context, const Topology& topology, std::function<std::string(const Node&)> namespace_path,
    PingOptions options);

}  // namespace netherd::lab
