// Whole labs from files: each comes up, answers on every link in both directions, and goes without a trace.

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <vector>

#include "kernel_lab.hpp"
#include "lab_support.hpp"
#include "netherd/lab/ping.hpp"
#include "netherd/lab/reader.hpp"

namespace netherd::lab {
namespace {

namespace fs = std::filesystem;

ReadResult read_file(const fs::path& file) {
  std::ifstream in{file, std::ios::binary};
  std::ostringstream text;
  text << in.rdbuf();
  return read_topology(text.str(), file.string());
}

bool is_topology(const fs::path& file) {
  const std::set<std::string> extensions{".graphml", ".yml", ".yaml", ".txt", ".intra"};
  return extensions.contains(file.extension());
}

bool has_addresses(const Topology& topology) {
  return std::ranges::any_of(topology.links, [](const Link& link) {
    return !link.ends[0].addresses.empty() || !link.ends[1].addresses.empty();
  });
}

/// Where a file gives no addresses, pools do. Routes to everywhere are for labs in which their number stays small.
LabOptions options_for(const Topology& topology) {
  LabOptions options = topology.options;
  constexpr std::size_t small_lab_nodes = 100;
  if (options.routing == Routing::none) {
    options.routing = topology.nodes.size() <= small_lab_nodes ? Routing::shortest_path : Routing::default_route;
  }
  if (has_addresses(topology)) return options;
  if (!options.ipv4_pool) options.ipv4_pool = prefix("10.0.0.0/8");
  if (!options.ipv6_pool) options.ipv6_pool = prefix("fd00::/32");
  return options;
}

std::vector<PingResult> ping(const KernelLab& lab) {
  boost::asio::io_context context{1};
  std::vector<PingResult> results;
  const auto path_of = [&](const Node& node) { return lab.directory().namespace_path(node.name); };
  // A link carries packets soon after it went up; what was sent before is asked again after a second.
  boost::asio::co_spawn(context, async_ping(context, lab.topology(), path_of, {.timeout = std::chrono::seconds{5}}),
                        [&](const std::exception_ptr& error, std::vector<PingResult> answers) {
                          if (error) std::rethrow_exception(error);
                          results = std::move(answers);
                        });
  context.run();
  return results;
}

void expect_answers(const KernelLab& lab) {
  // The kernel gives the links of a large lab their carriers bit by bit, 50 a second where many wait.
  constexpr int most_tries = 20;
  std::vector<PingResult> results = ping(lab);
  for (int tries = 1; tries < most_tries && !std::ranges::all_of(results, &PingResult::ok); ++tries)
    results = ping(lab);
  EXPECT_EQ(results.size(), lab.topology().links.size() * 2);
  for (const PingResult& result : results) {
    const Endpoint& from = lab.topology().link(result.from.link).ends[result.from.end];
    EXPECT_TRUE(result.ok()) << lab.topology().node(from.node).name << ':' << from.interface << ' ' << result.error;
  }
}

void expect_up_answering_and_down(Topology topology) {
  topology.options = options_for(topology);
  KernelLab lab{std::move(topology)};
  ASSERT_EQ(to_text(lab.build().failure), "");
  expect_complete(lab.topology(), lab.directory());
  expect_answers(lab);
  EXPECT_EQ(lab.remove(), lab.topology().nodes.size());
}

class PublicTopologies : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    const char* const folder = std::getenv("NETHERD_TOPOLOGIES");
    if (!folder || !fs::is_directory(folder)) GTEST_SKIP() << "NETHERD_TOPOLOGIES does not name a folder";
    folder_ = folder;
  }
  fs::path folder_;
};

TEST_P(PublicTopologies, ComeUpAnswerAndGo) {
  std::size_t built = 0;
  for (const auto& entry : fs::directory_iterator{folder_ / GetParam()}) {
    if (!is_topology(entry.path())) continue;
    SCOPED_TRACE(entry.path());
    ReadResult result = read_file(entry.path());
    if (!result.errors.empty()) continue;  // lab_public_topologies_test knows which these are, and the reasons
    expect_up_answering_and_down(std::move(result.topology));
    ++built;
  }
  EXPECT_GT(built, 0U);
}

INSTANTIATE_TEST_SUITE_P(Folders, PublicTopologies, testing::Values("zoo", "containerlab", "other", "large"),
                         [](const auto& folder) { return std::string{folder.param}; });

class Examples : public testing::TestWithParam<const char*> {};

TEST_P(Examples, ComeUpAnswerAndGo) {
  ReadResult result = read_file(fs::path{NETHERD_EXAMPLES} / (std::string{GetParam()} + ".clab.yml"));
  ASSERT_TRUE(is_clean(result.errors));
  expect_up_answering_and_down(std::move(result.topology));
}

INSTANTIATE_TEST_SUITE_P(Docs, Examples, testing::Values("abilene", "geant"),
                         [](const auto& name) { return std::string{name.param}; });

}  // namespace
}  // namespace netherd::lab
