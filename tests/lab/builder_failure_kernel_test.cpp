#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/resource.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <memory>
#include <random>

#include "kernel_lab.hpp"
#include "lab_support.hpp"
#include "netherd/lab/generate.hpp"
#include "netherd/ops/netns_path.hpp"
#include "ops/iproute2.hpp"

namespace netherd::lab {
namespace {

namespace asio = boost::asio;
namespace fs = std::filesystem;
using std::chrono::microseconds;

/// Settings that are not those of the kernel: none at all, or some that nobody may write.
class OtherSettings : public testing::Test {
 protected:
  OtherSettings() {
    fs::create_directories(directory_ + "/net/ipv6/conf/all");
    fs::create_directories(directory_ + "/net/core");
    std::ofstream{directory_ + "/net/core/devconf_inherit_init_net"} << "0\n";  // namespaces copy no IPv6 settings
  }
  ~OtherSettings() override {
    ::umount(directory_.c_str());
    fs::remove_all(directory_);
  }
  void make_read_only(const std::string& disable_ipv6) const {
    std::ofstream{directory_ + "/net/ipv6/conf/all/disable_ipv6"} << disable_ipv6 << '\n';
    ASSERT_EQ(::mount(directory_.c_str(), directory_.c_str(), nullptr, MS_BIND, nullptr), 0);
    ASSERT_EQ(::mount(nullptr, directory_.c_str(), nullptr, MS_REMOUNT | MS_BIND | MS_RDONLY, nullptr), 0);
  }
  [[nodiscard]] std::string build(Topology topology) const {
    KernelLab lab{std::move(topology)};
    return to_text(lab.build({.settings_directory = directory_}).failure);
  }
  static Topology star(std::uint32_t nodes, bool ipv6) {
    Topology topology = generate("star", {.nodes = nodes}).value();
    topology.options.ipv6 = ipv6;
    return topology;
  }
  static constexpr std::uint32_t hub_ = 258;

  const std::string directory_ = "/run/settings";
};

TEST_F(OtherSettings, WithoutIpv6ItIsOffAlready) {
  EXPECT_EQ(build(star(3, false)), "");
  EXPECT_EQ(build(star(hub_, true)), "");
}

TEST_F(OtherSettings, ThatAreReadOnlyHoldUpOnlyWhatNeedsThem) {
  make_read_only("0");
  EXPECT_EQ(build(star(hub_, true)), "") << "its IPv6 starts late only to save time";
  const std::string failure = build(star(3, false));
  EXPECT_NE(failure.find("change a setting of the namespace"), std::string::npos) << failure;
  EXPECT_NE(failure.find("Read-only file system"), std::string::npos) << failure;
}

TEST_F(OtherSettings, ThatAreReadOnlyAndAsWantedHoldUpNothing) {
  make_read_only("1");
  EXPECT_EQ(build(star(3, false)), "");
}

/// The limit of descriptors as it may be, with some of them open already.
class DescriptorLimits : public testing::TestWithParam<std::size_t> {
 protected:
  DescriptorLimits() {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    for (int i = 0; i < 7; ++i) inherited_.emplace_back(::open("/", O_PATH | O_CLOEXEC));
    rlimit low = before_;
    low.rlim_cur = open_descriptors() + GetParam();
    EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &low), 0);
  }
  ~DescriptorLimits() override { ::setrlimit(RLIMIT_NOFILE, &before_); }

  std::vector<engine::FileDescriptor> inherited_;
  rlimit before_{};
};

TEST_P(DescriptorLimits, AreNeverMet) {
  for (const auto& [kind, nodes] : {std::pair{"ring", 150U}, {"star", 60U}, {"full-mesh", 16U}}) {
    Topology topology = generate(kind, {.nodes = nodes}).value();
    topology.options.ipv6 = false;  // so that settings are written as well
    KernelLab lab{std::move(topology)};
    EXPECT_EQ(to_text(lab.build().failure), "") << kind;
  }
}

INSTANTIATE_TEST_SUITE_P(Free, DescriptorLimits, testing::Values(45, 60, 90, 150, 190, 240, 320),
                         testing::PrintToStringParamName());

/// A ring of hosts with one mistake, at line 7.
class Mistaken : public testing::TestWithParam<engine::Submission> {
 protected:
  Mistaken() {
    for (const char* name : {"n1", "n2", "n3", "n4", "n5"}) nodes_.push_back(builder_.host(name));
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      const std::string net = "10.0." + std::to_string(i);
      builder_.link(nodes_[i], net + ".1/30", nodes_[(i + 1) % nodes_.size()], net + ".2/30");
    }
  }
  Link& mistaken_link() { return builder_.topology.links[2]; }

  /// The failure to build what was made of the topology. Nothing is left of it afterwards.
  BuildFailure failure() const {
    KernelLab lab{builder_.topology};
    const BuildReport report = lab.build({.submission = GetParam()});
    lab.remove();
    EXPECT_TRUE(report.failure) << "it was built";
    return report.failure.value_or(BuildFailure{});
  }
  static std::string kernel_text(const BuildFailure& failure) {
    return failure.outcome.diagnostic ? failure.outcome.diagnostic->kernel_message : "";
  }
  static int error_number(const BuildFailure& failure) {
    EXPECT_EQ(failure.outcome.error.category(), boost::system::system_category());
    return failure.outcome.error.value();
  }
  static constexpr SourceLine line_{7};

  TopologyBuilder builder_;
  std::vector<NodeId> nodes_;
};

TEST_P(Mistaken, InterfaceNameIsReportedWithItsLine) {
  mistaken_link().line = line_;
  mistaken_link().ends[0].interface = "eth1";  // as the node's other one
  const BuildFailure failed = failure();
  EXPECT_EQ(failed.line, line_);
  EXPECT_EQ(error_number(failed), EEXIST);
  EXPECT_EQ(failed.outcome.state, engine::RequestState::answered);
  EXPECT_TRUE(failed.command.starts_with("ip link add eth")) << failed.command;
  EXPECT_NE(failed.command.find("eth1 netns lab-n3"), std::string::npos) << failed.command;
}

TEST_P(Mistaken, MtuIsReportedWithItsLine) {
  mistaken_link().line = line_;
  mistaken_link().mtu = 20;
  const BuildFailure failed = failure();
  EXPECT_EQ(failed.line, line_);
  EXPECT_EQ(error_number(failed), EINVAL);
  EXPECT_NE(failed.command.find("mtu 20"), std::string::npos) << failed.command;
}

TEST_P(Mistaken, AddressIsReportedWithItsLine) {
  Endpoint& end = mistaken_link().ends[0];
  end.line = line_;
  end.addresses.push_back(end.addresses.front());
  const BuildFailure failed = failure();
  EXPECT_EQ(failed.line, line_);
  EXPECT_EQ(error_number(failed), EEXIST);
  EXPECT_EQ(failed.command, "ip -n lab-n3 address add 10.0.2.1/30 dev eth2") << "as `netherd plan` has it";
  // Some kernels give no reason: Linux 6.1.
  const auto by_ip =
      test::run_command("unshare --net sh -c 'for i in 1 2; do ip address add 192.0.2.1/32 dev lo; done'");
  const bool kernel_gives_reason = by_ip.text.find("Error: ") != std::string::npos;
  EXPECT_EQ(!kernel_text(failed).empty(), kernel_gives_reason) << to_text(failed) << '\n' << by_ip.text;
}

TEST_P(Mistaken, RouteIsReportedWithItsLine) {
  builder_.topology.options.routing = Routing::default_route;
  Endpoint& near = builder_.topology.links[0].ends[0];
  near.line = line_;
  builder_.topology.links[0].ends[1].addresses = {prefix("10.0.0.3/30")};  // a broadcast address is no gateway
  const BuildFailure failed = failure();
  EXPECT_EQ(failed.line, line_);
  EXPECT_EQ(error_number(failed), EINVAL);
  EXPECT_TRUE(failed.command.starts_with("ip -n lab-n1 route add default via 10.0.0.3 dev eth1")) << failed.command;
  EXPECT_NE(kernel_text(failed), "") << to_text(failed);
}

INSTANTIATE_TEST_SUITE_P(Submissions, Mistaken,
                         testing::Values(engine::Submission::in_loop, engine::Submission::worker),
                         [](const auto& instance) {
                           return std::string{instance.param == engine::Submission::worker ? "Worker" : "InLoop"};
                         });

Topology ring(std::uint32_t nodes) {
  Topology topology = generate("ring", {.nodes = nodes}).value();
  topology.name = "lab";
  topology.options.ipv4_pool = prefix("10.0.0.0/8");
  return topology;
}

/// A step that is no request failed, for what stands at line 7.
void expect_failed_step(const BuildReport& report, std::string_view command, boost::system::errc::errc_t error,
                        std::string_view step) {
  ASSERT_TRUE(report.failure);
  EXPECT_EQ(report.failure->line, SourceLine{7});
  EXPECT_EQ(report.failure->command, command);
  EXPECT_EQ(report.failure->outcome.error, error);
  ASSERT_TRUE(report.failure->outcome.diagnostic);
  EXPECT_EQ(report.failure->outcome.diagnostic->operation, step);
}

TEST(BuilderFailure, APinInTheWayIsReportedAndNotOverwritten) {
  Topology topology = ring(5);
  topology.nodes[2].line = SourceLine{7};
  KernelLab lab{std::move(topology)};
  std::ofstream{lab.directory().namespace_path("n3")} << "in the way";
  const BuildReport report = lab.build();
  expect_failed_step(report, "ip netns add lab-n3", boost::system::errc::file_exists, "pin the namespace");
}

/// Somebody takes the name of the hub's namespace while the lab is built: its IPv6 cannot be started any more.
TEST(BuilderFailure, AHubWhoseIpv6CannotBeStartedIsReported) {
  Topology star = generate("star", {.nodes = 300}).value();
  star.name = "lab";
  star.options.ipv4_pool = prefix("10.0.0.0/8");
  star.nodes[0].line = SourceLine{7};
  KernelLab lab{std::move(star)};
  const std::string hub = lab.directory().namespace_path("n1");
  const BuildReport report = lab.build({.on_progress = [&](std::uint64_t done) {
    if (done < 150 || ops::unpin_namespace(hub)) return;  // all were made by then
    std::ofstream{hub} << "in the way";
  }});
  expect_failed_step(report, "ip netns exec lab-n1 sysctl", boost::system::errc::invalid_argument,
                     "open the namespace");
}

TEST(BuilderFailure, ASymbolicLinkThatAppearsMeanwhileIsReportedAndStays) {
  const fs::path theirs = "/run/netns/lab-n3";
  const Topology topology = addressed(ring(5));
  const Plan plan{topology};
  auto directory = Registry{}.claim(topology);
  ASSERT_TRUE(directory);
  fs::create_symlink("/run/netns/somewhere", theirs);
  const BuildReport report = run_builder(plan, *directory);
  ASSERT_TRUE(report.failure);
  EXPECT_EQ(report.failure->command, "ip netns add lab-n3");
  EXPECT_EQ(report.failure->outcome.error, boost::system::errc::file_exists);
  ASSERT_TRUE(Registry{}.remove(std::move(*directory)));
  EXPECT_EQ(traces_of("lab"), std::vector<std::string>{theirs});
  fs::remove(theirs);
}

struct StopCase {
  std::string_view name;
  engine::Submission submission;
  std::uint32_t nodes;
};

class StoppedBuilder : public testing::TestWithParam<StopCase> {};

/// Ends soon, and what has ended makes nothing any more: else there would be traces of the lab.
TEST_P(StoppedBuilder, LeavesNothingUnderWay) {
  const Topology topology = addressed(ring(GetParam().nodes));
  const Plan plan{topology};
  std::mt19937 random{4};
  int stopped = 0;
  for (int round = 0; round < 20; ++round) {
    auto directory = Registry{}.claim(topology);
    ASSERT_TRUE(directory) << directory.error().what;
    asio::io_context context{1};
    Builder builder{context, plan, *directory, {.submission = GetParam().submission}};
    asio::steady_timer timer{context, microseconds{random() % 60'000}};
    std::chrono::steady_clock::time_point stopped_at;
    timer.async_wait([&](boost::system::error_code) {
      stopped_at = std::chrono::steady_clock::now();
      builder.stop();
      builder.stop();
    });
    BuildReport report;
    asio::co_spawn(context, builder.async_build(), [&](const std::exception_ptr&, BuildReport result) {
      report = std::move(result);
      if (report.failure) {
        EXPECT_LT(std::chrono::steady_clock::now() - stopped_at, std::chrono::seconds{2});
      }
    });
    context.run();
    if (report.failure) {
      ++stopped;
      EXPECT_EQ(report.failure->outcome.error, asio::error::operation_aborted) << to_text(report.failure);
    }
    builder.stop();  // does nothing any more
    ASSERT_TRUE(Registry{}.remove(std::move(*directory)));
    ASSERT_EQ(traces_of("lab"), std::vector<std::string>{});
  }
  EXPECT_GT(stopped, 5) << "the moments were too late";
}

INSTANTIATE_TEST_SUITE_P(Modes, StoppedBuilder,
                         testing::Values(StopCase{"InLoop", engine::Submission::in_loop, 80},
                                         StopCase{"Worker", engine::Submission::worker, 80}),
                         [](const auto& instance) { return std::string{instance.param.name}; });

/// A program that ends while a lab is built: the context goes with everything that waits in it.
class AbandonedBuilder : public testing::TestWithParam<engine::Submission> {
 protected:
  template <typename Start>
  void abandon_at_random_moments(Start start) {
    const Topology topology = addressed(ring(60));
    const Plan plan{topology};
    std::mt19937 random{5};
    const std::size_t descriptors = open_descriptors();
    for (int round = 0; round < 15; ++round) {
      auto directory = Registry{}.claim(topology);
      ASSERT_TRUE(directory) << directory.error().what;
      {
        asio::io_context context{1};
        start(context, plan, *directory);
        context.run_for(microseconds{random() % 40'000});
      }
      ASSERT_TRUE(Registry{}.remove(std::move(*directory)));
      ASSERT_EQ(traces_of("lab"), std::vector<std::string>{});
      EXPECT_EQ(open_descriptors(), descriptors);
    }
  }
};

TEST_P(AbandonedBuilder, InACoroutineGoesWithIt) {
  abandon_at_random_moments([](asio::io_context& context, const Plan& plan, const LabDirectory& directory) {
    asio::co_spawn(
        context,
        [](asio::io_context& on, const Plan& by, const LabDirectory& in) -> asio::awaitable<void> {
          Builder builder{on, by, in, {.factory_threads = 2, .submission = GetParam()}};
          co_await builder.async_build();
        }(context, plan, directory),
        asio::detached);
  });
}

TEST_P(AbandonedBuilder, ThatGoesFirstStopsMakingNamespaces) {
  std::unique_ptr<Builder> builder;
  abandon_at_random_moments([&](asio::io_context& context, const Plan& plan, const LabDirectory& directory) {
    builder = std::make_unique<Builder>(context, plan, directory, BuildOptions{.submission = GetParam()});
    asio::co_spawn(context, builder->async_build(), asio::detached);
    context.run_for(microseconds{500});
    builder.reset();
  });
}

INSTANTIATE_TEST_SUITE_P(Submissions, AbandonedBuilder,
                         testing::Values(engine::Submission::in_loop, engine::Submission::worker),
                         [](const auto& instance) {
                           return std::string{instance.param == engine::Submission::worker ? "Worker" : "InLoop"};
                         });

}  // namespace
}  // namespace netherd::lab
