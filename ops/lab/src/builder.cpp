#include "netherd/lab/builder.hpp"

#include <unistd.h>

#include <algorithm>
#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "adopted_links.hpp"
#include "build_failure.hpp"
#include "netherd/engine/batch.hpp"
#include "netherd/engine/channel.hpp"
#include "netherd/engine/latencies.hpp"
#include "netherd/engine/socket.hpp"
#include "netherd/ops/namespace_factory.hpp"
#include "netherd/ops/netns_path.hpp"
#include "node_configurator.hpp"
#include "node_descriptors.hpp"
#include "request_sinks.hpp"

namespace netherd::lab {

namespace {

using engine::value_of;

/// Namespaces asked for and not yet made: enough to keep the factory busy while the loop executes a datagram.
constexpr std::size_t most_creations = 32;
/// Links in one datagram: a loop that sends them itself stands still for about half a millisecond per link.
constexpr std::size_t links_per_datagram = 8;
/// Links sent together: each needs the descriptors of its two namespaces until the kernel has answered.
constexpr std::size_t links_per_chunk = 16;
/// Chunks under way: enough to keep the kernel busy, and few enough that a build that is stopped ends soon.
constexpr std::size_t most_chunks = 4;

}  // namespace

// The order of work. Namespaces are created in the plan's order, some ahead of the links. When those of a step are
// there, its links are sent on the anchor: a socket in a namespace without devices, where neither names nor indexes can
// collide with those of the links (Linux 6.1 checks both there as well). When all links of a node exist, the node is
// the configurator's.
class Builder::Impl final : public std::enable_shared_from_this<Builder::Impl>, public NodeConfigurator::Owner {
 public:
  class Running;

  Impl(boost::asio::io_context& context, const Plan& plan, const LabDirectory& directory, BuildOptions options)
      : context_{context},
        plan_{plan},
        directory_{directory},
        options_{std::move(options)},
        factory_{std::in_place, context.get_executor(),
                 ops::NamespaceFactory::Options{.threads = options_.factory_threads,
                                                .settings_directory = options_.settings_directory}},
        descriptors_{*factory_, plan.topology().nodes.size(), options_.most_descriptors,
                     [this] { return [self = shared_from_this()] { self->on_step_ended(); }; }},
        nodes_(plan.topology().nodes.size()) {
    for (std::size_t index = 0; index < nodes_.size(); ++index) {
      nodes_[index].links_missing = plan.link_count(NodeId{static_cast<std::uint32_t>(index)});
    }
    configurator_.emplace(context_, plan_, directory_, *factory_, descriptors_, options_.submission, latencies_, *this);
  }

  void start(boost::asio::any_completion_handler<void(BuildReport)> finished);

  void stop() { fail({.command = {}, .outcome = {boost::asio::error::operation_aborted, {}, nullptr}}); }

  /// Lets go of everything, because the context goes and no handler will be called any more. Handlers own this object,
  /// and this object, by the factory and the channels, owns handlers: somebody has to begin.
  void abandon() {
    const auto self = shared_from_this();
    factory_.reset();  // its threads must not hand anything to a context that is gone
    anchor_.reset();
    configurator_->abandon();
    boost::asio::any_completion_handler<void(BuildReport)> finished;
    finished.swap(finished_);
  }

 private:
  struct NodeState {
    std::uint32_t links_missing = 0;
    bool created = false;
  };
  /// Some of the links of one step, on their way.
  struct Chunk {
    std::size_t step = 0;
    std::span<const LinkId> links;
    std::size_t bridge_requests = 0;
    engine::Batch batch;
  };

  /// Starts whatever can be started. What ends frees descriptors or completes nodes, and so calls this again.
  void go_on() {
    const bool had_all_links = links_done();
    if (!failure_) configurator_->go_on(had_all_links);
    send_links();
    // The last nodes may have no links of their own to send, and then nothing ends that would call this again.
    if (!failure_ && !had_all_links && links_done()) configurator_->go_on(true);
    create_namespaces();
  }

  // Namespaces

  void on_anchor(boost::system::error_code error, ops::CreatedNamespace made) {
    --pending_;
    if (error) return fail_step("ip netns add", SourceLine::none, error, made.failed_step);
    made.netns.reset();  // the socket keeps it
    anchor_.emplace(context_, *std::move(made.socket),
                    engine::ChannelOptions{.submission = options_.submission.value_or(engine::Submission::in_loop),
                                           .datagram_requests = links_per_datagram,
                                           .latencies = &latencies_});
    go_on();
  }

  void create_namespaces() {
    const auto order = plan_.node_order();
    const std::size_t most = std::min(most_creations, descriptors_.budget() / 8);
    while (!failure_ && next_creation_ < order.size() && creations_ < most && descriptors_.make_room(2)) {
      const NodeId node = order[next_creation_++];
      const std::string& name = plan_.topology().node(node).name;
      if (plan_.topology().node(node).adopted) {
        adopt_namespace(node);
        continue;
      }
      ops::CreateNamespace request{.pin_path = directory_.namespace_path(name),
                                   .symlink_path = directory_.symlink_path(name),
                                   .reset_inherited_settings = true,
                                   .settings = plan_.settings(node),
                                   .socket = socket_options(node)};
      descriptors_.reserve(2);
      ++creations_;
      ++pending_;
      factory_->async_create(std::move(request), [self = shared_from_this(), node](boost::system::error_code error,
                                                                                   ops::CreatedNamespace made) {
        self->on_created(node, error, std::move(made));
        self->finish_if_idle();
      });
    }
  }

  /// The kernel's own buffers have room for all requests of most nodes, and their answers.
  engine::SocketOptions socket_options(NodeId node) const {
    constexpr std::uint32_t few_links = 16;
    if (plan_.has_many_routes() || plan_.link_count(node) > few_links) return {.strict = false};
    return {.receive_buffer_bytes = 0, .send_buffer_bytes = 0, .strict = false};
  }

  /// Gives our own namespace the names that the others are made with, and a socket as well.
  void adopt_namespace(NodeId node) {
    const Node& described = plan_.topology().node(node);
    const std::string path = directory_.namespace_path(described.name);
    descriptors_.reserve(2);
    ++creations_;
    ++pending_;
    std::string_view step = "open the current namespace";
    boost::system::error_code error;
    if (const auto netns = ops::open_current_namespace(); netns) {
      step = "pin the namespace";
      error = ops::pin_namespace(path, netns->get());
      if (!error && ::symlink(path.c_str(), directory_.symlink_path(described.name).c_str()) != 0) {
        step = "link the name of the namespace";
        error.assign(errno, boost::system::system_category());
      }
    } else {
      error = netns.error();
    }
    if (error) return on_created(node, error, {.failed_step = step});
    factory_->async_enter(
        {.path = path}, [self = shared_from_this(), node](boost::system::error_code problem, ops::CreatedNamespace in) {
          self->on_created(node, problem, std::move(in));
          self->finish_if_idle();
        });
  }

  void on_created(NodeId node, boost::system::error_code error, ops::CreatedNamespace made) {
    --pending_;
    --creations_;
    if (error) {
      descriptors_.cancel_reservation(2);
      return fail_step("ip netns add " + std::string{plan_.netns_name(node)}, plan_.topology().node(node).line, error,
                       made.failed_step);
    }
    descriptors_.keep(node, std::move(made.netns), *std::move(made.socket));
    nodes_[value_of(node)].created = true;
    ++nodes_created_;
    report_progress();
    const bool complete = nodes_[value_of(node)].links_missing == 0;
    if (complete && plan_.topology().node(node).kind == NodeKind::host) on_links_complete(node);
    go_on();
  }

  // Links

  [[nodiscard]] bool links_done() const { return next_step_ == nodes_.size() && chunks_ == 0; }

  /// Sends the links of all steps whose namespaces are there, in order, as long as there are descriptors for them.
  void send_links() {
    const auto order = plan_.node_order();
    while (!failure_ && anchor_ && chunks_ < most_chunks && next_step_ < order.size() &&
           nodes_[value_of(order[next_step_])].created) {
      const auto rest = plan_.links_of_step(next_step_).subspan(next_link_);
      const auto links = rest.first(std::min(rest.size(), links_per_chunk));
      if (!descriptors_.make_room(links.size() + 1)) return;
      send_chunk(links);
      if (failure_) return;
      next_link_ += links.size();
      if (links.size() == rest.size()) {
        ++next_step_;
        next_link_ = 0;
      }
    }
  }

  void send_chunk(std::span<const LinkId> links) {
    std::unique_ptr<Chunk> chunk = take_chunk();
    chunk->step = next_step_;
    chunk->links = links;
    chunk->bridge_requests = 0;  // it may be a chunk that is used again
    if (next_link_ == 0 && !add_bridge(*chunk)) return;
    for (const LinkId link : links) {
      if (!add_link(link, chunk->batch)) return;
    }
    if (chunk->batch.empty()) return give_back(std::move(chunk));
    ++chunks_;
    ++pending_;
    engine::Batch& batch = chunk->batch;
    anchor_->async_execute(batch, [self = shared_from_this(), done = std::move(chunk)](std::size_t failures) mutable {
      self->on_chunk_done(std::move(done), failures);
      self->finish_if_idle();
    });
  }

  bool add_bridge(Chunk& chunk) {
    const NodeId node = plan_.node_order()[chunk.step];
    if (plan_.topology().node(node).kind != NodeKind::bridge) return true;
    const auto netns = use_netns(node);
    if (!netns) return false;
    BatchFiller filler{chunk.batch, *netns};
    plan_.bridge_requests(node, filler);
    chunk.bridge_requests = chunk.batch.size();
    return true;
  }

  bool add_link(LinkId link, engine::Batch& batch) {
    Plan::PlannedLink planned = plan_.link_request(link);
    const auto main = use_netns(planned.main_node);
    const auto peer = use_netns(planned.peer_node);
    if (!main || !peer) return false;
    planned.request.main.netns.descriptor = *main;
    planned.request.peer.netns.descriptor = *peer;
    batch.add(planned.request, value_of(plan_.topology().link(link).line));
    return true;
  }

  /// A descriptor of the node's namespace, which stays open until end_use().
  std::optional<int> use_netns(NodeId node) {
    const Node& described = plan_.topology().node(node);
    const auto netns = descriptors_.use_netns(node, directory_.namespace_path(described.name));
    if (netns) return *netns;
    fail_step("ip netns exec " + std::string{plan_.netns_name(node)}, described.line, netns.error(),
              "open the namespace");
    return std::nullopt;
  }

  void on_chunk_done(std::unique_ptr<Chunk> chunk, std::size_t failures) {
    --pending_;
    --chunks_;
    report_.requests += chunk->batch.size();
    if (failures > 0) {
      return fail(failure_in(chunk->batch, [&](std::size_t position) { return command_of(*chunk, position); }));
    }
    const NodeId first = plan_.node_order()[chunk->step];
    if (chunk->bridge_requests > 0) {
      descriptors_.end_use(first);
      if (nodes_[value_of(first)].links_missing == 0) on_links_complete(first);
    }
    for (const LinkId link : chunk->links) {
      for (const Endpoint& end : plan_.topology().link(link).ends) {
        descriptors_.end_use(end.node);
        if (--nodes_[value_of(end.node)].links_missing == 0) on_links_complete(end.node);
      }
    }
    give_back(std::move(chunk));
    go_on();
  }

  std::string command_of(const Chunk& chunk, std::size_t position) const {
    if (position >= chunk.bridge_requests) {
      return plan_.link_request(chunk.links[position - chunk.bridge_requests]).request.describe();
    }
    RequestDescriber describer{position};
    plan_.bridge_requests(plan_.node_order()[chunk.step], describer);
    return describer.command();
  }

  // Configuration

  std::shared_ptr<NodeConfigurator::Owner> keep_alive() override { return shared_from_this(); }

  void on_configured() override {
    ++nodes_done_;
    report_progress();
  }

  [[nodiscard]] bool has_failed() const override { return failure_.has_value(); }

  void on_step_ended() override {
    go_on();
    finish_if_idle();
  }

  void on_links_complete(NodeId node) {
    descriptors_.close_netns(node);
    configurator_->add(node);
  }

  /// To be made is half of a node's work, to be configured the other.
  void report_progress() const {
    if (options_.on_progress) options_.on_progress((nodes_created_ + nodes_done_) / 2);
  }

  std::unique_ptr<Chunk> take_chunk() {
    if (idle_chunks_.empty()) return std::make_unique<Chunk>();
    std::unique_ptr<Chunk> chunk = std::move(idle_chunks_.back());
    idle_chunks_.pop_back();
    return chunk;
  }

  void give_back(std::unique_ptr<Chunk> chunk) {
    chunk->batch.clear();
    idle_chunks_.push_back(std::move(chunk));
  }

  // Ending

  void fail_step(std::string command, SourceLine line, boost::system::error_code error, std::string_view step) {
    fail(failed_step(std::move(command), line, error, step));
  }

  /// What fails after the first failure says nothing new.
  void fail(BuildFailure failure) override {
    if (failure_ || !finished_) return;
    failure_ = std::move(failure);
    if (factory_) factory_->cancel();
    boost::asio::post(context_, [self = shared_from_this()] { self->finish_if_idle(); });
  }

  /// Ends when nothing is under way any more, so that nothing is made behind the caller's back afterwards.
  void finish_if_idle() {
    if (pending_ > 0 || configurator_->running() > 0 || !finished_) return;
    if (!failure_ && nodes_done_ < nodes_.size()) {
      if (descriptors_.is_closing()) return;
      // Nothing is under way and nothing could be started: no descriptor is left that could be given up.
      return fail_step("ip netns exec", SourceLine::none, make_error_code(boost::system::errc::too_many_files_open),
                       "open descriptors for the next node");
    }
    report_.requests += configurator_->sent().requests;
    report_.addresses = configurator_->sent().addresses;
    report_.routes = configurator_->sent().routes;
    report_.latency = {.p50 = latencies_.quantile(0.5),
                       .p90 = latencies_.quantile(0.9),
                       .p99 = latencies_.quantile(0.99),
                       .max = latencies_.max()};
    report_.descriptors = descriptors_.most_open_in_process();
    report_.failure = std::move(failure_);
    anchor_.reset();
    boost::asio::any_completion_handler<void(BuildReport)> finished;
    finished.swap(finished_);
    std::move(finished)(std::move(report_));
  }

  boost::asio::io_context& context_;
  const Plan& plan_;
  const LabDirectory& directory_;
  BuildOptions options_;
  std::optional<ops::NamespaceFactory> factory_;
  engine::Latencies latencies_;
  std::optional<engine::Channel> anchor_;
  NodeDescriptors descriptors_;
  std::optional<NodeConfigurator> configurator_;
  std::vector<NodeState> nodes_;
  std::vector<std::unique_ptr<Chunk>> idle_chunks_;
  std::size_t next_creation_ = 0;  // position in the plan's order
  std::size_t next_step_ = 0;      // position in the plan's order
  std::size_t next_link_ = 0;      // of the links of that step
  std::size_t creations_ = 0;      // under way
  std::size_t chunks_ = 0;         // under way
  std::size_t pending_ = 0;        // operations under way, all kinds
  std::uint64_t nodes_created_ = 0;
  std::uint64_t nodes_done_ = 0;
  std::optional<BuildFailure> failure_;
  BuildReport report_;
  boost::asio::any_completion_handler<void(BuildReport)> finished_;
};

/// The builds of a context that have not ended: they are abandoned when it goes.
class Builder::Impl::Running : public boost::asio::execution_context::service {
 public:
  using key_type = Running;
  static inline boost::asio::execution_context::id id;

  explicit Running(boost::asio::execution_context& context) : service{context} {}

  void add(const std::shared_ptr<Impl>& build) {
    std::erase_if(builds_, [](const std::weak_ptr<Impl>& other) { return other.expired(); });
    builds_.push_back(build);
  }

 private:
  void shutdown() override {
    for (const std::weak_ptr<Impl>& build : builds_) {
      if (const auto running = build.lock()) running->abandon();
    }
  }

  std::vector<std::weak_ptr<Impl>> builds_;
};

void Builder::Impl::start(boost::asio::any_completion_handler<void(BuildReport)> finished) {
  finished_.swap(finished);  // assignment recurses without end in Boost 1.81
  boost::asio::use_service<Running>(context_).add(shared_from_this());
  ++pending_;
  if (const auto error = record_adopted_links(directory_, plan_)) {
    fail_step("ip netns attach", SourceLine::none, error, "record the links to the host");
  }
  factory_->async_create({}, [self = shared_from_this()](boost::system::error_code error, ops::CreatedNamespace made) {
    self->on_anchor(error, std::move(made));
    self->finish_if_idle();
  });
  go_on();
}

Builder::Builder(boost::asio::io_context& context, const Plan& plan, const LabDirectory& directory,
                 BuildOptions options)
    : impl_{std::make_shared<Impl>(context, plan, directory, std::move(options))} {}

Builder::~Builder() { stop(); }

void Builder::stop() { impl_->stop(); }

boost::asio::awaitable<BuildReport> Builder::async_build() {
  return boost::asio::async_initiate<const boost::asio::use_awaitable_t<>, void(BuildReport)>(
      [impl = impl_](auto handler) { impl->start(std::move(handler)); }, boost::asio::use_awaitable);
}

}  // namespace netherd::lab
