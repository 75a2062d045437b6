#include "netherd/lab/ping.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstring>
#include <map>
#include <memory>
#include <numeric>
#include <random>
#include <span>
#include <utility>

#include "neighbour_tables.hpp"
#include "netherd/ops/descriptor_limit.hpp"
#include "ping_routes.hpp"
#include "probe_ports.hpp"

namespace netherd::lab {

namespace {

namespace asio = boost::asio;
using Clock = std::chrono::steady_clock;

constexpr std::size_t most_ports_at_once = 512;
constexpr std::size_t fewest_ports_at_once = 8;
constexpr std::size_t most_links_at_once = 2'048;
/// The loop gets its turn after so many packets.
constexpr std::size_t packets_per_turn = 64;

std::size_t port_budget(std::size_t asked_for) {
  const std::size_t half = ops::unused_descriptors() / 2;
  const std::size_t wanted = asked_for != 0 ? asked_for : most_ports_at_once;
  return std::max(fewest_ports_at_once, std::min(wanted, half));
}

/// A socket that is listened on. Shared with the handlers, which may run once more after it was closed.
struct OpenPort {
  OpenPort(asio::io_context& context, ProbePort opened) : port{std::move(opened)}, stream{context} {
    if (port.socket) stream.assign(port.socket.get());
  }
  ~OpenPort() { stop(); }
  void stop() {
    stopped = true;
    if (stream.is_open()) stream.release();
  }

  ProbePort port;
  asio::posix::stream_descriptor stream;  // waits only; the socket belongs to the port
  bool stopped = false;
};

/// One direction of a link while its group is under way.
struct Direction {
  std::size_t result = 0;  ///< position of its result
  OpenPort* sender = nullptr;
  OpenPort* receiver = nullptr;  ///< where the answer arrives
  engine::InterfaceIndex out = engine::InterfaceIndex::none;
  engine::InterfaceIndex in = engine::InterfaceIndex::none;  ///< where a frame has to arrive
  ops::IpAddress source;
  ops::IpAddress destination;
  Clock::time_point sent_at;
  bool waiting = false;
};

class Pinger {
 public:
  Pinger(asio::io_context& context, const Topology& topology, std::function<std::string(const Node&)> namespace_path,
         const PingOptions& options)
      : context_{context},
        topology_{topology},
        namespace_path_{std::move(namespace_path)},
        options_{options},
        port_budget_{port_budget(options.most_descriptors)},
        results_(2 * topology.links.size()),
        timer_{context} {}

  ~Pinger() { stop_ports(); }

  asio::awaitable<std::vector<PingResult>> async_run() {
    const NeighbourTables before = co_await async_read_neighbour_tables(context_);
    routes_ = choose_ping_routes(topology_, before.budget);
    links_.resize(topology_.links.size());
    std::iota(links_.begin(), links_.end(), std::size_t{0});
    co_await async_run_links();
    const NeighbourTables after = co_await async_read_neighbour_tables(context_);
    if (after.fulls > before.fulls) {
      choose_frames_instead();
      co_await async_run_links();
    }
    co_return std::move(results_);
  }

 private:
  using PortKey = std::pair<NodeId, ProbeSocketKind>;

  /// Leaves the links that had no answer by ICMP, for another try.
  void choose_frames_instead() {
    std::erase_if(links_, [this](std::size_t link) {
      const bool answered = results_[2 * link].ok() && results_[2 * link + 1].ok();
      return answered || routes_[link].kind == ProbeSocketKind::frame;
    });
    for (const std::size_t link : links_) {
      routes_[link].kind = ProbeSocketKind::frame;
      results_[2 * link] = results_[2 * link + 1] = {};
    }
  }

  asio::awaitable<void> async_run_links() {
    for (std::size_t next = 0; next < links_.size();) {
      const std::size_t first = next;
      next = collect_group(first);
      co_await async_run_group(first, next);
    }
  }

  /// Takes links from `first` on as long as their sockets fit; gives the first one that does not belong to the group.
  std::size_t collect_group(std::size_t first) {
    keys_.clear();
    std::size_t next = first;
    while (next < links_.size() && next - first < most_links_at_once) {
      const std::size_t link = links_[next];
      const std::size_t fitting = keys_.size();
      for (const Endpoint& end : topology_.links[link].ends) {
        keys_.try_emplace({end.node, routes_[link].kind}, keys_.size());
      }
      ++next;
      if (fitting + 4 > port_budget_) break;
    }
    return next;
  }

  asio::awaitable<void> async_run_group(std::size_t first, std::size_t end) {
    co_await async_open_ports();
    std::vector<Direction> directions;
    for (const std::size_t link : std::span{links_}.subspan(first, end - first)) {
      for (const std::uint8_t from : {std::uint8_t{0}, std::uint8_t{1}}) add_direction(link, from, directions);
    }
    directions_ = std::move(directions);
    for (std::uint32_t round = 0; round < options_.count; ++round) co_await async_round();
    co_await async_close_ports();
  }

  asio::awaitable<void> async_open_ports() {
    std::vector<ProbePort> opening(keys_.size());
    for (const auto& [key, position] : keys_) {
      opening[position].node = key.first;
      opening[position].kind = key.second;
      opening[position].namespace_path = namespace_path_(topology_.node(key.first));
    }
    co_await asio::co_spawn(helper_, open_there(opening), asio::use_awaitable);
    for (ProbePort& port : opening) {
      ports_.push_back(std::make_shared<OpenPort>(context_, std::move(port)));
      if (ports_.back()->port.socket) listen(ports_.back());
    }
  }

  static asio::awaitable<void> open_there(std::vector<ProbePort>& ports) {
    open_ports(ports);
    co_return;
  }
  static asio::awaitable<void> close_there(std::vector<engine::FileDescriptor>& sockets) {
    close_sockets(std::move(sockets));
    co_return;
  }

  asio::awaitable<void> async_close_ports() {
    stop_ports();
    std::vector<engine::FileDescriptor> sockets;
    sockets.reserve(ports_.size());
    for (const auto& port : ports_) sockets.push_back(std::move(port->port.socket));
    ports_.clear();
    directions_.clear();
    co_await asio::co_spawn(helper_, close_there(sockets), asio::use_awaitable);
  }

  void stop_ports() {
    for (const auto& port : ports_) port->stop();
  }

  OpenPort* port_of(const Endpoint& end, ProbeSocketKind kind) { return ports_[keys_.at({end.node, kind})].get(); }

  void add_direction(std::size_t link, std::uint8_t from, std::vector<Direction>& directions) {
    const PingRoute& route = routes_[link];
    const Endpoint& own = topology_.links[link].ends[from];
    const Endpoint& other = topology_.links[link].ends[1 - from];
    Direction direction;
    direction.result = 2 * link + from;
    direction.sender = port_of(own, route.kind);
    PingResult& result = results_[direction.result];
    result.from = {static_cast<LinkId>(link), from};
    result.method = route.kind == ProbeSocketKind::frame ? PingMethod::frame : PingMethod::icmp;
    direction.receiver = route.kind == ProbeSocketKind::frame ? port_of(other, route.kind) : direction.sender;
    direction.source = route.addresses[from];
    direction.destination = route.addresses[1 - from];
    direction.out = find_interface(*direction.sender, own, result);
    if (route.kind == ProbeSocketKind::frame) direction.in = find_interface(*direction.receiver, other, result);
    directions.push_back(std::move(direction));
  }

  static engine::InterfaceIndex find_interface(const OpenPort& open, const Endpoint& end, PingResult& result) {
    if (!open.port.error.empty()) result.error = open.port.error;
    if (!result.error.empty()) return engine::InterfaceIndex::none;
    const engine::InterfaceIndex index = index_of_interface(open.port.socket.get(), end.interface);
    if (index == engine::InterfaceIndex::none) result.error = end.interface + ": " + std::strerror(errno);
    return index;
  }

  /// Sends one packet in each direction, and waits for the answers.
  asio::awaitable<void> async_round() {
    ++round_;
    waiting_ = 0;
    for (std::size_t i = 0; i < directions_.size(); ++i) {
      send(i);
      if (i % packets_per_turn == packets_per_turn - 1) co_await asio::post(context_, asio::use_awaitable);
    }
    timer_.expires_after(options_.timeout);
    boost::system::error_code ended;
    if (waiting_ > 0) co_await timer_.async_wait(asio::redirect_error(asio::use_awaitable, ended));
  }

  void send(std::size_t slot) {
    Direction& direction = directions_[slot];
    direction.waiting = false;
    PingResult& result = results_[direction.result];
    if (!result.error.empty()) return;
    const ProbeId id{run_, static_cast<std::uint32_t>(slot), round_};
    const int socket = direction.sender->port.socket.get();
    direction.sent_at = Clock::now();
    direction.waiting = true;
    ++waiting_;
    const int error = direction.sender->port.kind == ProbeSocketKind::frame
                          ? send_frame(socket, direction.out, id)
                          : send_echo_request(socket, direction.out, direction.source, direction.destination, id);
    ++result.sent;
    if (error == 0) return;
    result.error = std::strerror(error);
    direction.waiting = false;
    --waiting_;
  }

  void listen(const std::shared_ptr<OpenPort>& open) {
    open->stream.async_wait(asio::posix::stream_descriptor::wait_read, [this, open](boost::system::error_code error) {
      if (error || open->stopped) return;
      ReceivedProbe probe;
      for (Receive received;
           (received = receive_probe(open->port.socket.get(), open->port.kind, probe)) != Receive::nothing;) {
        if (received == Receive::probe) on_probe(*open, probe);
      }
      listen(open);
    });
  }

  void on_probe(const OpenPort& port, const ReceivedProbe& probe) {
    if (probe.id.run != run_ || probe.id.round != round_) return;
    if (probe.id.slot >= directions_.size()) return;
    Direction& direction = directions_[probe.id.slot];
    if (!direction.waiting || direction.receiver != &port) return;
    if (port.port.kind == ProbeSocketKind::frame && probe.interface != direction.in) return;
    const auto elapsed = Clock::now() - direction.sent_at;
    direction.waiting = false;
    PingResult& result = results_[direction.result];
    result.fastest = ++result.answered == 1 ? elapsed : std::min<std::chrono::nanoseconds>(result.fastest, elapsed);
    if (--waiting_ == 0) timer_.cancel();
  }

  asio::io_context& context_;
  const Topology& topology_;
  std::function<std::string(const Node&)> namespace_path_;
  PingOptions options_;
  std::size_t port_budget_;
  std::vector<PingRoute> routes_;   ///< of all links
  std::vector<std::size_t> links_;  ///< those to be tried
  std::vector<PingResult> results_;

  asio::steady_timer timer_;
  std::map<PortKey, std::size_t> keys_;
  std::vector<std::shared_ptr<OpenPort>> ports_;
  std::vector<Direction> directions_;
  std::size_t waiting_ = 0;
  std::uint32_t run_ = std::random_device{}();
  std::uint32_t round_ = 0;
  asio::thread_pool helper_{1};  // last: its thread ends before what it works on
};

}  // namespace

std::string_view to_string(PingMethod method) noexcept { return method == PingMethod::icmp ? "icmp" : "frame"; }

asio::awaitable<std::vector<PingResult>> async_ping(asio::io_context& context, const Topology& topology,
                                                    std::function<std::string(const Node&)> namespace_path,
                                                    PingOptions options) {
  Pinger pinger{context, topology, std::move(namespace_path), options};
  co_return co_await pinger.async_run();
}

}  // namespace netherd::lab
