#pragma once

#include <array>
#include <boost/asio/io_context.hpp>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "netherd/engine/batch.hpp"
#include "netherd/engine/channel.hpp"
#include "netherd/engine/latencies.hpp"
#include "netherd/engine/send_queue.hpp"
#include "netherd/lab/builder.hpp"
#include "netherd/ops/namespace_factory.hpp"
#include "node_descriptors.hpp"

namespace netherd::lab {

/// Configures the nodes of a lab whose links exist, each on a socket of its own inside its namespace.
///
/// The stages of a configuration wait in lanes, one behind the other:
///
/// - preparation, as soon as a node's links exist: it fills the time in which others create namespaces;
/// - activation, when all links of the lab exist or descriptors are scarce; few routes go with it;
/// - what is left of a node of many links whose IPv6 starts behind its activation (Plan::late_settings());
/// - many IPv4 routes, by one kernel worker, because they take the kernel's RTNL mutex (net/ipv4/fib_frontend.c);
/// - many IPv6 routes, which do not take it (net/ipv6/route.c, Linux 6.16 and newer), by another at the same time.
class NodeConfigurator {
 public:
  /// Whom it belongs to, and who is told.
  class Owner {
   public:
    [[nodiscard]] virtual std::shared_ptr<Owner> keep_alive() = 0;
    /// All stages of one more node are done.
    virtual void on_configured() = 0;
    virtual void fail(BuildFailure failure) = 0;
    [[nodiscard]] virtual bool has_failed() const = 0;
    /// Called last whenever something has ended: time to go on, or to finish.
    virtual void on_step_ended() = 0;

   protected:
    ~Owner() = default;
  };

  /// Everything referred to must outlive it. `submission`: see BuildOptions.
  NodeConfigurator(boost::asio::io_context& context, const Plan& plan, const LabDirectory& directory,
                   ops::NamespaceFactory& factory, NodeDescriptors& descriptors,
                   std::optional<engine::Submission> submission, engine::Latencies& latencies, Owner& owner);

  /// The links of this node exist.
  void add(NodeId node) { lanes_[preparation].waiting.push_back(node); }
  /// Starts what can be started.
  void go_on(bool all_links_exist);
  /// Operations under way.
  [[nodiscard]] std::size_t running() const noexcept { return running_.size(); }
  /// Lets go of all handlers, because the io_context goes.
  void abandon();

  [[nodiscard]] const BuildReport& sent() const noexcept { return sent_; }

 private:
  // Small batches: one node's is filled while the kernel works on another's.
  static constexpr std::size_t most_at_a_time = 4;

  enum LaneName : std::uint8_t { preparation, activation, late_ipv6, ipv4_routes, ipv6_routes, lane_count };
  struct Work {
    LaneName lane{};
    NodeId node{};
    std::optional<engine::Channel> channel;
    engine::Batch batch;
    std::uint64_t questions = 0;  ///< requests of the batch that change nothing
  };
  struct Lane {
    std::span<const Stage> stages;
    std::shared_ptr<engine::SendQueue> queue{};
    engine::Submission submission = engine::Submission::in_loop;
    std::size_t datagram_bytes = engine::ChannelOptions{}.datagram_bytes;
    std::size_t most = 0;                      ///< nodes at a time
    std::size_t most_starts = most_at_a_time;  ///< nodes in one turn of the loop
    bool from_the_back = false;                ///< so that two lanes seldom want the same node
    std::deque<NodeId> waiting{};
    std::unique_ptr<Work> next{};  ///< filled while the kernel works, so that it need not wait
    bool fill_scheduled = false;
    std::size_t running = 0;
  };
  struct NodeState {
    bool busy = false;             ///< in one lane or the other: it has one socket
    std::uint8_t routes_left = 0;  ///< lanes of routes
  };

  void go_on(LaneName name);
  void schedule_fill(LaneName name);
  [[nodiscard]] std::span<const Stage> stages_of(LaneName lane, NodeId node) const;
  [[nodiscard]] std::optional<NodeId> take_next(Lane& lane);
  /// Fills the requests of the next node that has any; null if none waits.
  [[nodiscard]] std::unique_ptr<Work> fill_next(LaneName name);
  /// Takes the work over, unless there is no descriptor left for it now.
  void start(std::unique_ptr<Work>& filled);
  void open_socket_again(Work& work);
  void send(Work& work, engine::NetlinkSocket socket);
  void on_sent(Work& work, std::size_t failures);
  void on_done(LaneName lane, NodeId node);
  void fail_batch(const Work& work);
  void fail_step(Work& work, boost::system::error_code error, std::string_view step);
  /// Takes it out of those that run.
  [[nodiscard]] std::unique_ptr<Work> end(const Work& work);
  [[nodiscard]] std::unique_ptr<Work> take_idle();
  void give_back(std::unique_ptr<Work> work);

  boost::asio::io_context& context_;
  const Plan& plan_;
  const LabDirectory& directory_;
  ops::NamespaceFactory& factory_;
  NodeDescriptors& descriptors_;
  engine::Latencies& latencies_;
  Owner& owner_;
  std::array<Lane, lane_count> lanes_;
  std::vector<NodeState> nodes_;
  std::vector<std::unique_ptr<Work>> running_;
  std::vector<std::unique_ptr<Work>> idle_;  // kept with the memory that they have grown
  BuildReport sent_;
};

}  // namespace netherd::lab
