#include "carrier.hpp"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstdint>
#include <optional>
#include <unordered_set>

#include "netherd/lab/plan.hpp"
#include "netherd/ops/link.hpp"
#include "node_channel.hpp"
#include "side_by_side.hpp"

namespace netherd::tools {

namespace {

namespace asio = boost::asio;
using Clock = std::chrono::steady_clock;
using engine::InterfaceIndex;

constexpr std::chrono::milliseconds interval{2};
/// Before this a small lab is ready by itself.
constexpr std::chrono::milliseconds time_without_pushing{10};

/// A veth pair for nothing but to make the kernel look at the links that wait for it. The two ends have different
/// indexes: only of such links linkwatch_urgent_event() says that they cannot wait.
class Pusher {
 public:
  Pusher(asio::io_context& context, ops::NamespaceFactory& factory) : context_{context}, factory_{factory} {}

  asio::awaitable<void> async_push() {
    if (!channel_) co_await async_make();
    if (!channel_) co_return;
    for (const bool up : {false, true}) {
      const ops::SetLink request{.index = second, .up = up};
      co_await channel_->async_execute(request, asio::use_awaitable);
    }
  }

 private:
  static constexpr InterfaceIndex first = lab::first_chosen_index;
  static constexpr InterfaceIndex second{engine::value_of(first) + 1};

  /// What cannot be made is done without: it is only slower then.
  asio::awaitable<void> async_make() {
    ops::CreateNamespace create;
    auto [error, created] = co_await factory_.async_create(std::move(create), asio::as_tuple(asio::use_awaitable));
    if (error) co_return;
    netns_ = std::move(created.netns);
    channel_.emplace(context_, *std::move(created.socket));
    const ops::AddVeth pair{
        .main = {.name = "push0", .index = first}, .peer = {.name = "push1", .index = second}, .main_up = true};
    co_await channel_->async_execute(pair, asio::use_awaitable);
  }

  asio::io_context& context_;
  ops::NamespaceFactory& factory_;
  engine::FileDescriptor netns_;
  std::optional<engine::Channel> channel_;
};

}  // namespace

class CarrierWait::Impl {
 public:
  Impl(asio::io_context& context, const lab::Topology& topology, const lab::LabDirectory& directory)
      : context_{context}, topology_{topology}, directory_{directory} {
    for (const lab::Link& link : topology.links) {
      for (const lab::Endpoint& end : link.ends) {
        if (topology.node(end.node).adopted) on_host_.insert(end.interface);
      }
    }
  }

  asio::awaitable<std::vector<const lab::Node*>> async_wait(std::chrono::milliseconds patience) {
    patience_ = patience;
    last_progress_ = Clock::now();
    waiting_ = topology_.nodes.size();
    ops::NamespaceFactory factory{context_.get_executor(), {.threads = 1}};
    // The first task pushes, beside the others.
    const std::size_t at_once = std::max<std::size_t>(2, nodes_at_once());
    co_await tasks_.async_run(topology_.nodes.size() + 1, at_once, [&](std::size_t i) {
      return i == 0 ? async_push(factory) : async_wait_for(factory, topology_.nodes[i - 1]);
    });
    co_return std::move(without_);
  }

  void stop() { tasks_.stop(); }

 private:
  asio::awaitable<void> async_push(ops::NamespaceFactory& factory) {
    Pusher pusher{context_, factory};
    co_await async_sleep(time_without_pushing);
    while (waiting_ > 0) {
      co_await pusher.async_push();
      co_await async_sleep(interval);
    }
  }

  asio::awaitable<void> async_wait_for(ops::NamespaceFactory& factory, const lab::Node& node) {
    engine::Channel channel = co_await async_open_channel(context_, factory, directory_.namespace_path(node.name));
    std::size_t missing = SIZE_MAX;
    while (missing > 0) {
      const std::size_t still_missing = co_await async_count_missing(channel, node);
      if (still_missing < missing) last_progress_ = Clock::now();
      missing = still_missing;
      if (missing > 0 && Clock::now() - last_progress_ >= patience_) {
        without_.push_back(&node);
        break;
      }
      if (missing > 0) co_await async_sleep(interval);
    }
    --waiting_;
  }

  /// Carrier itself comes first; the operational state, by which the kernel and other programs go, follows.
  asio::awaitable<std::size_t> async_count_missing(engine::Channel& channel, const lab::Node& node) const {
    const auto links = co_await async_list(channel, ops::DumpLinks{}, ops::decode_link);
    co_return static_cast<std::size_t>(std::ranges::count_if(
        links, [&](const ops::Link& link) { return is_of_lab(link, node) && !link.operational(); }));
  }

  /// The host has links that are not the lab's; a bridge without ports need not have carrier.
  [[nodiscard]] bool is_of_lab(const ops::Link& link, const lab::Node& node) const {
    return link.kind == "veth" && (!node.adopted || on_host_.contains(link.name));
  }

  asio::awaitable<void> async_sleep(std::chrono::milliseconds time) const {
    asio::steady_timer timer{context_, time};
    co_await timer.async_wait(asio::use_awaitable);
  }

  asio::io_context& context_;
  const lab::Topology& topology_;
  const lab::LabDirectory& directory_;
  std::unordered_set<std::string> on_host_;  ///< names of the lab's links there
  std::chrono::milliseconds patience_{};
  Clock::time_point last_progress_;
  std::size_t waiting_ = 0;
  std::vector<const lab::Node*> without_;
  SideBySide tasks_;
};

CarrierWait::CarrierWait(asio::io_context& context, const lab::Topology& topology, const lab::LabDirectory& directory)
    : impl_{std::make_unique<Impl>(context, topology, directory)} {}
CarrierWait::~CarrierWait() = default;

asio::awaitable<std::vector<const lab::Node*>> CarrierWait::async_wait(std::chrono::milliseconds patience) {
  return impl_->async_wait(patience);
}

void CarrierWait::stop() { impl_->stop(); }

}  // namespace netherd::tools
