#include "node_configurator.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <ranges>
#include <string>
#include <utility>

#include "build_failure.hpp"
#include "netherd/engine/socket.hpp"
#include "request_sinks.hpp"

namespace netherd::lab {

namespace {

using engine::Submission;
using engine::value_of;

// The routes of many nodes are handed over together, so that the kernel need not wait for the loop. A node is in one
// lane at a time, and both lanes shall find some.
constexpr std::size_t least_with_routes = 2;
constexpr std::size_t most_with_routes = 32;
/// More than a thousand routes, so that a worker is woken for some milliseconds of work.
constexpr std::size_t routes_datagram_bytes = 128 * 1024;

constexpr std::array preparation_stages{Stage::preparation};
constexpr std::array activation_stages{Stage::activation};
constexpr std::array activation_and_routes_stages{Stage::activation, Stage::ipv4_routes, Stage::ipv6_routes};
constexpr std::array late_ipv6_stages{Stage::late_ipv6};
constexpr std::array late_ipv6_and_routes_stages{Stage::late_ipv6, Stage::ipv4_routes, Stage::ipv6_routes};
constexpr std::array ipv4_routes_stages{Stage::ipv4_routes};
constexpr std::array ipv6_routes_stages{Stage::ipv6_routes};

}  // namespace

NodeConfigurator::NodeConfigurator(boost::asio::io_context& context, const Plan& plan, const LabDirectory& directory,
                                   ops::NamespaceFactory& factory, NodeDescriptors& descriptors,
                                   std::optional<Submission> submission, engine::Latencies& latencies, Owner& owner)
    : context_{context},
      plan_{plan},
      directory_{directory},
      factory_{factory},
      descriptors_{descriptors},
      latencies_{latencies},
      owner_{owner},
      nodes_(plan.topology().nodes.size()) {
  const Submission for_few = submission.value_or(Submission::in_loop);
  const Submission for_many = submission.value_or(Submission::worker);
  lanes_[preparation] = {.stages = preparation_stages, .submission = for_few, .most = most_at_a_time};
  lanes_[activation] = {.stages = activation_and_routes_stages, .submission = for_few, .most = most_at_a_time};
  lanes_[late_ipv6] = {.stages = late_ipv6_and_routes_stages, .submission = for_few, .most = most_at_a_time};
  if (plan.has_many_routes()) {
    lanes_[activation].stages = activation_stages;
    lanes_[late_ipv6].stages = late_ipv6_stages;
  }
  const std::size_t with_routes = std::clamp(nodes_.size() / 4, least_with_routes, most_with_routes);
  for (const LaneName name : {ipv4_routes, ipv6_routes}) {
    Lane& lane = lanes_[name];
    lane.stages = name == ipv4_routes ? std::span{ipv4_routes_stages} : std::span{ipv6_routes_stages};
    lane.queue = engine::SendQueue::make(context);
    lane.submission = for_many;
    lane.datagram_bytes = routes_datagram_bytes;
    lane.most = with_routes;
    lane.most_starts = 1;  // each is some tenths of a millisecond of computing
    lane.from_the_back = name == ipv6_routes;
  }
}

void NodeConfigurator::go_on(bool all_links_exist) {
  go_on(ipv4_routes);
  go_on(ipv6_routes);
  go_on(late_ipv6);
  if (all_links_exist || descriptors_.scarce()) go_on(activation);
  go_on(preparation);
}

void NodeConfigurator::go_on(LaneName name) {
  Lane& lane = lanes_[name];
  for (std::size_t starts = 0; lane.running < lane.most && starts < lane.most_starts; ++starts) {
    if (!lane.next) lane.next = fill_next(name);
    if (!lane.next) return;
    start(lane.next);
    if (lane.next) return;
  }
  if ((!lane.next || lane.running < lane.most) && !lane.waiting.empty() && !lane.fill_scheduled) schedule_fill(name);
}

/// Two turns of the loop later, when what was started just now has been handed to the kernel.
void NodeConfigurator::schedule_fill(LaneName name) {
  lanes_[name].fill_scheduled = true;
  boost::asio::post(context_, [this, name, owner = owner_.keep_alive()]() mutable {
    boost::asio::post(context_, [this, name, owner = std::move(owner)] {
      Lane& lane = lanes_[name];
      lane.fill_scheduled = false;
      if (!lane.next && !owner->has_failed()) lane.next = fill_next(name);
      owner->on_step_ended();
    });
  });
}

/// A node whose IPv6 starts late gets no routes with its activation.
std::span<const Stage> NodeConfigurator::stages_of(LaneName lane, NodeId node) const {
  if (lane == activation && !plan_.late_settings(node).empty()) return activation_stages;
  return lanes_[lane].stages;
}

std::optional<NodeId> NodeConfigurator::take_next(Lane& lane) {
  auto& waiting = lane.waiting;
  const auto is_free = [this](NodeId node) { return !nodes_[value_of(node)].busy; };
  auto place = waiting.end();
  if (lane.from_the_back) {
    const auto from_back = std::ranges::find_if(std::views::reverse(waiting), is_free);
    if (from_back != waiting.rend()) place = std::prev(from_back.base());
  } else {
    place = std::ranges::find_if(waiting, is_free);
  }
  if (place == waiting.end()) return std::nullopt;
  const NodeId node = *place;
  waiting.erase(place);
  return node;
}

std::unique_ptr<NodeConfigurator::Work> NodeConfigurator::fill_next(LaneName name) {
  while (const auto node = take_next(lanes_[name])) {
    std::unique_ptr<Work> work = take_idle();
    work->lane = name;
    work->node = *node;
    BatchFiller filler{work->batch};
    for (const Stage stage : stages_of(name, *node)) plan_.configuration_requests(*node, stage, filler);
    sent_.addresses += filler.addresses();
    sent_.routes += filler.routes();
    work->questions = filler.questions();
    if (!work->batch.empty() || name == late_ipv6) {  // to start its IPv6 is work as well
      nodes_[value_of(*node)].busy = true;
      return work;
    }
    give_back(std::move(work));
    on_done(name, *node);
  }
  return nullptr;
}

void NodeConfigurator::start(std::unique_ptr<Work>& filled) {
  auto socket = descriptors_.take_socket(filled->node);
  if (!socket && !descriptors_.make_room(2)) return;
  Work& work = *running_.emplace_back(std::move(filled));
  ++lanes_[work.lane].running;
  if (socket) {
    send(work, *std::move(socket));
  } else {
    open_socket_again(work);
  }
}

/// For a node that had to give its descriptors up, or whose IPv6 is to start.
void NodeConfigurator::open_socket_again(Work& work) {
  descriptors_.reserve(2);
  factory_.async_enter(
      {.path = directory_.namespace_path(plan_.topology().node(work.node).name),
       .settings = work.lane == late_ipv6 ? plan_.late_settings(work.node) : std::vector<ops::KernelSetting>{}},
      [this, &work, owner = owner_.keep_alive()](boost::system::error_code error, ops::CreatedNamespace made) {
        made.netns.reset();  // before it is counted no more
        descriptors_.cancel_reservation(error ? 2 : 1);
        if (error) {
          fail_step(work, error, made.failed_step);
        } else {
          send(work, *std::move(made.socket));
        }
        owner->on_step_ended();
      });
}

void NodeConfigurator::send(Work& work, engine::NetlinkSocket socket) {
  work.channel.emplace(context_, std::move(socket),
                       engine::ChannelOptions{.submission = lanes_[work.lane].submission,
                                              .datagram_bytes = lanes_[work.lane].datagram_bytes,
                                              .send_queue = lanes_[work.lane].queue,
                                              .latencies = &latencies_});
  work.channel->async_execute(work.batch, [this, &work, owner = owner_.keep_alive()](std::size_t failures) {
    on_sent(work, failures);
    owner->on_step_ended();
  });
}

void NodeConfigurator::on_sent(Work& work, std::size_t failures) {
  std::unique_ptr<Work> done = end(work);
  sent_.requests += done->batch.size() - done->questions;
  descriptors_.give_back_socket(done->node, done->channel->release());
  done->channel.reset();
  if (failures > 0) return fail_batch(*done);
  const LaneName lane = done->lane;
  const NodeId node = done->node;
  give_back(std::move(done));
  on_done(lane, node);
}

/// One lane is done with a node: on to the next.
void NodeConfigurator::on_done(LaneName lane, NodeId node) {
  if (lane == preparation) return lanes_[activation].waiting.push_back(node);
  if (lane == activation && !plan_.late_settings(node).empty()) {
    descriptors_.close(node);  // the thread that starts its IPv6 opens a socket anew
    return lanes_[late_ipv6].waiting.push_back(node);
  }
  std::uint8_t& routes_left = nodes_[value_of(node)].routes_left;
  if ((lane == activation || lane == late_ipv6) && plan_.has_many_routes()) {
    lanes_[ipv4_routes].waiting.push_back(node);
    lanes_[ipv6_routes].waiting.push_back(node);
    routes_left = 2;
    return;
  }
  if (routes_left > 0) --routes_left;
  if (routes_left > 0) return;
  descriptors_.close(node);
  owner_.on_configured();
}

void NodeConfigurator::fail_batch(const Work& work) {
  const auto describe = [&](std::size_t position) {
    RequestDescriber describer{position};
    for (const Stage stage : stages_of(work.lane, work.node)) plan_.configuration_requests(work.node, stage, describer);
    return describer.command();
  };
  owner_.fail(failure_in(work.batch, describe));
}

void NodeConfigurator::fail_step(Work& work, boost::system::error_code error, std::string_view step) {
  const std::unique_ptr<Work> failed = end(work);
  const std::string netns{plan_.netns_name(failed->node)};
  const std::string command = failed->lane == late_ipv6 ? "ip netns exec " + netns + " sysctl" : "ip -n " + netns;
  owner_.fail(failed_step(command, plan_.topology().node(failed->node).line, error, step));
}

std::unique_ptr<NodeConfigurator::Work> NodeConfigurator::end(const Work& work) {
  const auto place = std::ranges::find(running_, &work, &std::unique_ptr<Work>::get);
  std::unique_ptr<Work> ended = std::move(*place);
  running_.erase(place);
  --lanes_[ended->lane].running;
  nodes_[value_of(ended->node)].busy = false;
  return ended;
}

std::unique_ptr<NodeConfigurator::Work> NodeConfigurator::take_idle() {
  if (idle_.empty()) return std::make_unique<Work>();
  std::unique_ptr<Work> work = std::move(idle_.back());
  idle_.pop_back();
  return work;
}

void NodeConfigurator::give_back(std::unique_ptr<Work> work) {
  work->batch.clear();
  idle_.push_back(std::move(work));
}

void NodeConfigurator::abandon() {
  for (const auto& work : running_) work->channel.reset();
}

}  // namespace netherd::lab
