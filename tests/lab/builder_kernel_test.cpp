#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <thread>

#include "kernel_lab.hpp"
#include "lab_support.hpp"
#include "netherd/lab/generate.hpp"

namespace netherd::lab {
namespace {

Topology generated(std::string_view kind, std::uint32_t nodes) {
  Topology topology = generate(kind, {.nodes = nodes}).value();
  topology.options.ipv4_pool = prefix("10.0.0.0/8");
  return topology;
}

/// Samples the number of open descriptors on a thread of its own.
class DescriptorSampler {
 public:
  DescriptorSampler() : at_start_{open_descriptors()} {}
  ~DescriptorSampler() {
    ended_ = true;
    thread_.join();
  }
  [[nodiscard]] std::size_t most() const { return most_; }
  [[nodiscard]] std::size_t at_start() const { return at_start_; }

 private:
  void sample() {
    while (!ended_) {
      most_ = std::max(most_.load(), open_descriptors());
      std::this_thread::sleep_for(std::chrono::microseconds{500});
    }
  }
  std::size_t at_start_;
  std::atomic<std::size_t> most_ = 0;
  std::atomic<bool> ended_ = false;
  std::thread thread_{[this] { sample(); }};
};

class DescriptorLimit {
 public:
  explicit DescriptorLimit(rlim_t limit) {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    const rlimit lowered{limit, before_.rlim_max};
    EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &lowered), 0);
  }
  ~DescriptorLimit() { ::setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_{};
};

struct BoundedCase {
  std::string_view name;
  std::string_view kind;
  std::uint32_t nodes;
};

class BoundedDescriptors : public testing::TestWithParam<BoundedCase> {};

TEST_P(BoundedDescriptors, BuildTheWholeLabUnderALowLimitOfTheProcess) {
  const KernelLab lab{generated(GetParam().kind, GetParam().nodes)};
  {
    const DescriptorLimit limit{160};
    EXPECT_EQ(to_text(lab.build({.factory_threads = 2}).failure), "");
  }
  expect_complete(lab.topology(), lab.directory());
}

TEST_P(BoundedDescriptors, AreNeverMoreThanTheBuilderMayHold) {
  constexpr std::size_t may_hold = 80;
  constexpr std::size_t for_other_things = 48;
  const KernelLab lab{generated(GetParam().kind, GetParam().nodes)};
  const DescriptorSampler sampler;
  EXPECT_EQ(to_text(lab.build({.most_descriptors = may_hold}).failure), "");
  EXPECT_LE(sampler.most(), sampler.at_start() + may_hold + for_other_things);
  expect_complete(lab.topology(), lab.directory());
}

INSTANTIATE_TEST_SUITE_P(Shapes, BoundedDescriptors,
                         testing::Values(BoundedCase{"ScaleFree", "scale-free", 400}, BoundedCase{"Star", "star", 301},
                                         BoundedCase{"Grid", "grid", 196}),
                         [](const auto& instance) { return std::string{instance.param.name}; });

/// Bridges with more links than one chunk takes, to nodes before them and to nodes after them.
TEST(Builder, BuildsABridgeWhoseLinksTakeSeveralChunks) {
  TopologyBuilder builder;
  builder.topology.options.ipv4_pool = prefix("10.0.0.0/8");
  std::vector<NodeId> bridges;
  for (const char* name : {"s1", "s2", "s3"}) bridges.push_back(builder.bridge(name));
  for (int host = 0; host < 100; ++host) {
    const NodeId node = builder.host("h" + std::to_string(host));
    for (const NodeId bridge : bridges) builder.link(node, bridge);
  }
  const KernelLab lab{std::move(builder.topology)};
  EXPECT_EQ(to_text(lab.build().failure), "");
  expect_complete(lab.topology(), lab.directory());
}

/// g++ 12 destroys some objects twice that are captured within an operand of co_await: the builder's parts went with
/// the end of the build, and the builder itself, which can still be stopped, had nothing left but memory.
TEST(Builder, IsStillThereWhenItsBuildHasEnded) {
  const KernelLab lab{Topology{.name = "lab", .source = {}, .nodes = {}, .links = {}, .options = {}}};
  const auto part = std::make_shared<int>();
  {
    boost::asio::io_context context{1};
    const Plan plan{lab.topology()};
    Builder builder{context, plan, lab.directory(), {.on_progress = [part](std::uint64_t) {}}};
    boost::asio::co_spawn(context, builder.async_build(), boost::asio::detached);
    context.run();
    EXPECT_EQ(part.use_count(), 2);
    builder.stop();
  }
  EXPECT_EQ(part.use_count(), 1);
}

TEST(Builder, BuildsNothingOfNothing) {
  const KernelLab lab{Topology{.name = "lab", .source = {}, .nodes = {}, .links = {}, .options = {}}};
  const BuildReport report = lab.build();
  EXPECT_EQ(to_text(report.failure), "");
  EXPECT_EQ(report.requests, 0U);
}

/// Its node may exist before the namespace that links are sent from, and no link ends that would tell the builder to go
/// on.
TEST(Builder, BuildsANodeWithoutLinksInWhateverOrderThreadsCreate) {
  for (int attempt = 0; attempt < 40; ++attempt) {
    TopologyBuilder builder;
    builder.host("alone");
    KernelLab lab{builder.topology};
    ASSERT_EQ(to_text(lab.build({.factory_threads = 4}).failure), "");
    expect_complete(lab.topology(), lab.directory());
  }
}

TEST(Builder, ReportsProgressAndWhatWasSent) {
  const KernelLab lab{generated("ring", 30)};
  std::vector<std::uint64_t> progress;
  const BuildReport report = lab.build({.on_progress = [&](std::uint64_t done) { progress.push_back(done); }});
  EXPECT_TRUE(std::ranges::is_sorted(progress));
  ASSERT_FALSE(progress.empty());
  EXPECT_EQ(progress.back(), 30U);
  const Plan::Counts planned = lab.plan().counts();
  EXPECT_EQ(report.requests, planned.requests);
  EXPECT_EQ(report.addresses, planned.addresses);
  EXPECT_EQ(report.routes, planned.routes);
}

TEST(Builder, ReportsHowLongRequestsTookAndDescriptors) {
  const KernelLab lab{generated("ring", 100)};
  const BuildReport report = lab.build({.most_descriptors = 60});
  EXPECT_EQ(to_text(report.failure), "");
  EXPECT_GT(report.latency.p50.count(), 0);
  EXPECT_GE(report.latency.p90, report.latency.p50);
  EXPECT_GE(report.latency.p99, report.latency.p90);
  EXPECT_GE(report.latency.max, report.latency.p99);
  EXPECT_GT(report.descriptors, 30U);
  EXPECT_LE(report.descriptors, 60U + 32U) << "its own, and what the process has besides";
}

}  // namespace
}  // namespace netherd::lab
