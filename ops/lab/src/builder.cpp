#include "netherd/lab/builder.hpp"

#include <netinet/in.h>
#include <sys/resource.h>

#include <algorithm>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cassert>
#include <deque>
#include <optional>
#include <utility>
#include <vector>

#include "netherd/engine/batch.hpp"
#include "netherd/engine/channel.hpp"
#include "netherd/engine/socket.hpp"
#include "netherd/ops/namespace_factory.hpp"

namespace netherd::lab {

namespace {

/// Descriptors that the process needs for other things than nodes: standard streams, ring, epoll, timers, lock, /proc,
/// the factory's own, the anchor and what is on its way between threads.
constexpr std::size_t reserved_descriptors = 64;
constexpr std::size_t fewest_descriptors = 32;
/// Namespaces asked for and not yet made: enough to keep the factory's threads busy while the loop executes a datagram.
constexpr std::size_t most_creations_under_way = 32;
/// Links in one datagram: the loop stands still for about half a millisecond per link.
constexpr std::size_t links_per_datagram = 8;

std::size_t descriptor_budget(std::size_t asked_for) {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  const std::size_t available = limit.rlim_cur > reserved_descriptors ? limit.rlim_cur - reserved_descriptors : 0;
  return std::max(fewest_descriptors, asked_for != 0 ? std::min(asked_for, available) : available);
}

/// Fills batches with a plan's requests, tagged with the line they come from.
class BatchFiller final : public RequestSink {
 public:
  explicit BatchFiller(engine::Batch& batch) : batch_{batch} {}
  void request(const ops::AddBridge& request, SourceLine line) override { add(request, line); }
  void request(const ops::SetLink& request, SourceLine line) override { add(request, line); }
  void request(const ops::AddAddress& request, SourceLine line) override { add(request, line); }
  void request(const ops::AddRoute& request, SourceLine line) override { add(request, line); }

 private:
  template <typename Request>
  void add(const Request& request, SourceLine line) {
    batch_.add(request, engine::value_of(line));
  }
  engine::Batch& batch_;
};

/// Finds the request at one position of what a plan gives, to say in words what has failed.
class CommandFinder final : public RequestSink {
 public:
  explicit CommandFinder(std::size_t position) : remaining_{position} {}
  void request(const ops::AddBridge& request, SourceLine) override { look_at(request); }
  void request(const ops::SetLink& request, SourceLine) override { look_at(request); }
  void request(const ops::AddAddress& request, SourceLine) override { look_at(request); }
  void request(const ops::AddRoute& request, SourceLine) override { look_at(request); }
  [[nodiscard]] std::string command() && { return std::move(command_); }

 private:
  template <typename Request>
  void look_at(const Request& request) {
    if (remaining_-- == 0) command_ = request.describe();
  }
  std::size_t remaining_;
  std::string command_;
};

}  // namespace

// The order of work. Namespaces are created in the plan's order, some ahead of the links. When those of a step are
// there, its links are sent on the anchor: a socket in a namespace without devices, where neither names nor indexes can
// collide with those of the links (Linux 6.1 checks both there as well). When all links of a node exist, the node's
// configuration is sent on a socket of its own. A node holds descriptors (its namespace's, its socket's) only between
// these points, and where the budget is short it gives them up early: they can be had again from its pinned name.
class Builder::Impl : public std::enable_shared_from_this<Builder::Impl> {
 public:
  Impl(boost::asio::io_context& context, const Plan& plan, const LabDirectory& directory, BuildOptions options)
      : context_{context},
        plan_{plan},
        directory_{directory},
        options_{std::move(options)},
        factory_{context.get_executor(), {.threads = options_.factory_threads}},
        budget_{descriptor_budget(options_.most_descriptors)},
        nodes_(plan.topology().nodes.size()) {
    for (std::size_t index = 0; index < nodes_.size(); ++index) {
      nodes_[index].links_missing = plan.link_count(NodeId{static_cast<std::uint32_t>(index)});
    }
  }

  void start(boost::asio::any_completion_handler<void(BuildReport)> finished) {
    finished_.swap(finished);  // assignment recurses without end in Boost 1.81
    open_anchor();
  }

  void stop() { fail({.command = {}, .outcome = {boost::asio::error::operation_aborted, {}, nullptr}}); }

 private:
  struct NodeState {
    engine::FileDescriptor netns;
    engine::FileDescriptor socket;
    std::uint32_t links_missing = 0;
    std::uint16_t users = 0;  ///< steps under way that need the namespace's descriptor
    bool created = false;
    bool opening = false;
  };
  /// One position of the plan's order: the links to the nodes before it.
  struct Step {
    std::size_t position = 0;
    engine::Batch batch;
    std::size_t bridge_requests = 0;
  };
  struct Configuration {
    NodeId node{};
    std::optional<engine::Channel> channel;
    engine::Batch batch;
  };

  // Namespaces

  void open_anchor() {
    ++pending_;
    factory_.async_create({}, [self = shared_from_this()](boost::system::error_code error, ops::CreatedNamespace made) {
      self->on_anchor(error, std::move(made));
      self->finish_if_idle();
    });
    create_ahead();
  }

  void on_anchor(boost::system::error_code error, ops::CreatedNamespace made) {
    --pending_;
    if (error) return fail_step("ip netns add (anchor)", SourceLine::none, error, made.failed_step);
    auto socket = engine::NetlinkSocket::adopt(std::move(made.socket));
    if (!socket) return fail_step("ip netns add (anchor)", SourceLine::none, socket.error(), "set socket options");
    anchor_.emplace(context_, std::move(*socket),
                    engine::ChannelOptions{.submission = options_.submission, .datagram_requests = links_per_datagram});
    advance();
  }

  void create_ahead() {
    const auto order = plan_.node_order();
    while (!failure_ && next_creation_ < order.size() && creations_under_way_ < most_creations_under_way &&
           open_descriptors_ + 2 <= budget_) {
      const NodeId node = order[next_creation_++];
      const std::string& name = plan_.topology().node(node).name;
      ops::CreateNamespace request{.pin_path = directory_.namespace_path(name),
                                   .symlink_path = directory_.symlink_path(name)};
      if (plan_.forwards_ipv6(node)) request.settings.push_back({"net/ipv6/conf/all/forwarding", "1"});
      ++creations_under_way_;
      ++pending_;
      open_descriptors_ += 2;
      factory_.async_create(std::move(request), [self = shared_from_this(), node](boost::system::error_code error,
                                                                                  ops::CreatedNamespace made) {
        self->on_created(node, error, std::move(made));
        self->finish_if_idle();
      });
    }
  }

  void on_created(NodeId node, boost::system::error_code error, ops::CreatedNamespace made) {
    --pending_;
    --creations_under_way_;
    if (error) {
      return fail_step("ip netns add " + std::string{plan_.netns_name(node)}, plan_.topology().node(node).line, error,
                       made.failed_step);
    }
    NodeState& state = at(node);
    state.netns = std::move(made.netns);
    state.socket = std::move(made.socket);
    state.created = true;
    if (failure_) return;
    if (state.links_missing == 0) configure(node);
    advance();
    create_ahead();
  }

  /// Gets a node's descriptors again, from its pinned name.
  void open_again(NodeId node) {
    NodeState& state = at(node);
    state.opening = true;
    ++pending_;
    open_descriptors_ += 2;
    factory_.async_enter({.path = directory_.namespace_path(plan_.topology().node(node).name)},
                         [self = shared_from_this(), node](boost::system::error_code error, ops::CreatedNamespace made) {
                           self->on_opened_again(node, error, std::move(made));
                           self->finish_if_idle();
                         });
  }

  void on_opened_again(NodeId node, boost::system::error_code error, ops::CreatedNamespace made) {
    --pending_;
    NodeState& state = at(node);
    state.opening = false;
    if (error) {
      return fail_step("ip netns exec " + std::string{plan_.netns_name(node)}, plan_.topology().node(node).line, error,
                       made.failed_step);
    }
    state.netns = std::move(made.netns);
    state.socket = std::move(made.socket);
    if (failure_) return;
    if (state.links_missing == 0) configure(node);
    advance();
  }

  // Links

  /// Sends the links of all steps whose namespaces are there, in order.
  void advance() {
    const auto order = plan_.node_order();
    while (!failure_ && anchor_ && next_step_ < order.size()) {
      if (!at(order[next_step_]).created || !namespaces_open(next_step_)) return;
      send_step(next_step_++);
    }
  }

  /// The namespaces at both ends of a step's links are open; where they are not, starts opening them.
  bool namespaces_open(std::size_t position) {
    bool open = true;
    for_each_node_of(position, [&](NodeId node) {
      NodeState& state = at(node);
      if (state.netns) return;
      open = false;
      if (!state.opening) open_again(node);
    });
    return open;
  }

  template <typename Visit>
  void for_each_node_of(std::size_t position, Visit visit) {
    visit(plan_.node_order()[position]);
    for (const LinkId link : plan_.links_of_step(position)) {
      for (const Endpoint& end : plan_.topology().link(link).ends) visit(end.node);
    }
  }

  void send_step(std::size_t position) {
    const NodeId node = plan_.node_order()[position];
    std::unique_ptr<Step> step = take_step();
    step->position = position;
    add_bridge_requests(node, *step);
    for (const LinkId link : plan_.links_of_step(position)) {
      Plan::PlannedLink planned = plan_.link_request(link);
      planned.request.main.netns.descriptor = at(planned.main_node).netns.get();
      planned.request.peer.netns.descriptor = at(planned.peer_node).netns.get();
      step->batch.add(planned.request, engine::value_of(plan_.topology().link(link).line));
    }
    if (step->batch.empty()) return give_back(std::move(step));
    for_each_node_of(position, [this](NodeId user) { ++at(user).users; });
    ++pending_;
    engine::Batch& batch = step->batch;
    anchor_->async_execute(batch, [self = shared_from_this(), done = std::move(step)](std::size_t failures) mutable {
      self->on_step_done(std::move(done), failures);
      self->finish_if_idle();
    });
  }

  void add_bridge_requests(NodeId node, Step& step) {
    class InNamespace final : public RequestSink {
     public:
      InNamespace(engine::Batch& batch, int netns) : filler_{batch}, netns_{netns} {}
      void request(const ops::AddBridge& request, SourceLine line) override {
        ops::AddBridge placed = request;
        placed.link.netns.descriptor = netns_;
        filler_.request(placed, line);
      }
      void request(const ops::SetLink&, SourceLine) override { assert(false && "not a bridge's request"); }
      void request(const ops::AddAddress&, SourceLine) override { assert(false && "not a bridge's request"); }
      void request(const ops::AddRoute&, SourceLine) override { assert(false && "not a bridge's request"); }

     private:
      BatchFiller filler_;
      int netns_;
    };
    InNamespace sink{step.batch, at(node).netns.get()};
    plan_.bridge_requests(node, sink);
    step.bridge_requests = step.batch.size();
  }

  void on_step_done(std::unique_ptr<Step> step, std::size_t failures) {
    --pending_;
    report_.requests += step->batch.size();
    if (failures > 0) return fail_at(step->batch, [&](std::size_t position) { return command_of(*step, position); });
    for_each_node_of(step->position, [this](NodeId node) { --at(node).users; });
    for (const LinkId link : plan_.links_of_step(step->position)) {
      for (const Endpoint& end : plan_.topology().link(link).ends) --at(end.node).links_missing;
    }
    for_each_node_of(step->position, [this](NodeId node) { configure_if_linked(node); });
    give_back(std::move(step));
    make_room();
    create_ahead();
  }

  std::string command_of(const Step& step, std::size_t position) const {
    if (position < step.bridge_requests) {
      CommandFinder finder{position};
      plan_.bridge_requests(plan_.node_order()[step.position], finder);
      return std::move(finder).command();
    }
    const LinkId link = plan_.links_of_step(step.position)[position - step.bridge_requests];
    return plan_.link_request(link).request.describe();
  }

  std::unique_ptr<Step> take_step() {
    if (idle_steps_.empty()) return std::make_unique<Step>();
    std::unique_ptr<Step> step = std::move(idle_steps_.back());
    idle_steps_.pop_back();
    return step;
  }

  void give_back(std::unique_ptr<Step> step) {
    step->batch.clear();
    idle_steps_.push_back(std::move(step));
  }

  // Configuration

  void configure_if_linked(NodeId node) {
    NodeState& state = at(node);
    if (failure_ || state.links_missing > 0 || state.users > 0 || !state.created || state.opening) return;
    if (!state.socket && !state.netns) return open_again(node);
    configure(node);
  }

  void configure(NodeId node) {
    NodeState& state = at(node);
    if (!state.socket) return;  // it is being configured already
    auto socket = engine::NetlinkSocket::adopt(std::move(state.socket));
    if (!socket) {
      return fail_step("ip -n " + std::string{plan_.netns_name(node)}, plan_.topology().node(node).line, socket.error(),
                       "set socket options");
    }
    std::unique_ptr<Configuration> work = take_configuration();
    work->node = node;
    work->channel.emplace(context_, std::move(*socket), engine::ChannelOptions{.submission = options_.submission});
    BatchFiller filler{work->batch};
    plan_.configuration_requests(node, filler);
    ++pending_;
    engine::Channel& channel = *work->channel;
    engine::Batch& batch = work->batch;
    channel.async_execute(batch, [self = shared_from_this(), done = std::move(work)](std::size_t failures) mutable {
      self->on_configured(std::move(done), failures);
      self->finish_if_idle();
    });
  }

  void on_configured(std::unique_ptr<Configuration> work, std::size_t failures) {
    --pending_;
    report_.requests += work->batch.size();
    work->channel.reset();
    at(work->node).netns.reset();
    open_descriptors_ -= 2;
    if (failures > 0) {
      return fail_at(work->batch, [&](std::size_t position) {
        CommandFinder finder{position};
        plan_.configuration_requests(work->node, finder);
        return std::move(finder).command();
      });
    }
    work->batch.clear();
    idle_configurations_.push_back(std::move(work));
    ++nodes_done_;
    if (options_.on_progress) options_.on_progress(nodes_done_);
    create_ahead();
  }

  std::unique_ptr<Configuration> take_configuration() {
    if (idle_configurations_.empty()) return std::make_unique<Configuration>();
    std::unique_ptr<Configuration> work = std::move(idle_configurations_.back());
    idle_configurations_.pop_back();
    return work;
  }

  // Descriptors

  /// Where no namespace can be created for want of descriptors, those of the nodes that are unfinished but not in use
  /// are closed, oldest first.
  void make_room() {
    const auto order = plan_.node_order();
    while (!failure_ && open_descriptors_ + 2 * fewest_descriptors / 4 > budget_ && next_eviction_ < next_step_) {
      NodeState& state = at(order[next_eviction_++]);
      if (state.users > 0 || state.links_missing == 0 || !state.netns) continue;
      state.netns.reset();
      state.socket.reset();
      open_descriptors_ -= 2;
    }
  }

  // Ending

  void fail_step(std::string command, SourceLine line, boost::system::error_code error, std::string_view step) {
    auto diagnostic = std::make_shared<engine::Diagnostic>();
    diagnostic->operation = step;
    fail({line, std::move(command), {error, engine::RequestState::waiting, std::move(diagnostic)}});
  }

  template <typename CommandOf>
  void fail_at(const engine::Batch& batch, CommandOf command_of_position) {
    if (failure_) return;  // what fails after the first failure says nothing new
    const engine::Outcome* outcome = batch.first_failure();
    const auto position = static_cast<std::size_t>(outcome - batch.outcomes().data());
    const SourceLine line{outcome->diagnostic ? static_cast<std::uint32_t>(outcome->diagnostic->tag) : 0};
    fail({line, command_of_position(position), *outcome});
  }

  void fail(BuildFailure failure) {
    if (failure_ || !finished_) return;
    failure_ = std::move(failure);
    if (anchor_) anchor_->close();
    boost::asio::post(context_, [self = shared_from_this()] { self->finish_if_idle(); });
  }

  void finish_if_idle() {
    if (pending_ > 0 || !finished_) return;
    report_.failure = std::move(failure_);
    anchor_.reset();
    for (NodeState& state : nodes_) state = {};
    auto finished = std::move(finished_);
    finished_ = nullptr;
    std::move(finished)(std::move(report_));
  }

  [[nodiscard]] NodeState& at(NodeId node) noexcept { return nodes_[engine::value_of(node)]; }

  boost::asio::io_context& context_;
  const Plan& plan_;
  const LabDirectory& directory_;
  BuildOptions options_;
  ops::NamespaceFactory factory_;
  std::optional<engine::Channel> anchor_;
  std::size_t budget_;
  std::size_t open_descriptors_ = 0;  // of nodes: counted when they are asked for
  std::vector<NodeState> nodes_;
  std::vector<std::unique_ptr<Step>> idle_steps_;
  std::vector<std::unique_ptr<Configuration>> idle_configurations_;
  std::size_t next_creation_ = 0;
  std::size_t creations_under_way_ = 0;
  std::size_t next_step_ = 0;
  std::size_t next_eviction_ = 0;
  std::size_t pending_ = 0;
  std::uint64_t nodes_done_ = 0;
  std::optional<BuildFailure> failure_;
  BuildReport report_;
  boost::asio::any_completion_handler<void(BuildReport)> finished_;
};

Builder::Builder(boost::asio::io_context& context, const Plan& plan, const LabDirectory& directory,
                 BuildOptions options)
    : impl_{std::make_shared<Impl>(context, plan, directory, std::move(options))} {}

Builder::~Builder() = default;

void Builder::stop() { impl_->stop(); }

boost::asio::awaitable<BuildReport> Builder::async_build() {
  co_return co_await boost::asio::async_initiate<const boost::asio::use_awaitable_t<>, void(BuildReport)>(
      [impl = impl_](auto handler) { impl->start(std::move(handler)); }, boost::asio::use_awaitable);
}

}  // namespace netherd::lab
