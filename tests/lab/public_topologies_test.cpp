#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "lab_support.hpp"
#include "netherd/lab/plan.hpp"
#include "netherd/lab/reader.hpp"

namespace netherd::lab {
namespace {

/// Files that others have published, read where the environment variable NETHERD_TOPOLOGIES says they are, and the
/// examples of our own documentation.

namespace fs = std::filesystem;

std::string contents(const fs::path& file) {
  std::ifstream in{file, std::ios::binary};
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

ReadResult read_file(const fs::path& file) { return read_topology(contents(file), file.string()); }

class PublicTopologies : public testing::Test {
 protected:
  void SetUp() override {
    const char* const folder = std::getenv("NETHERD_TOPOLOGIES");
    if (!folder || !fs::is_directory(folder)) GTEST_SKIP() << "NETHERD_TOPOLOGIES does not name a folder";
    folder_ = folder;
  }
  fs::path folder_;
};

/// Reads, numbers and plans it with routes in both families.
void expect_buildable(ReadResult& result) {
  ASSERT_TRUE(is_clean(result.errors));
  result.topology.options = {
      .routing = Routing::shortest_path, .ipv4_pool = prefix("10.0.0.0/8"), .ipv6_pool = prefix("fd00::/32")};
  ASSERT_TRUE(is_clean(assign_addresses(result.topology)));
  ASSERT_TRUE(is_clean(validate(result.topology)));
  EXPECT_EQ(Plan{result.topology}.counts().nodes, result.topology.nodes.size());
}

/// It gives 192.168.0.3/24 to the far end of a link whose near end is on a host that has 192.168.0.1/24 elsewhere. As
/// it is that works, since the near end has no address; a pool would number it from that subnet.
void expect_overlap_from_the_pool(ReadResult& result) {
  ASSERT_TRUE(is_clean(result.errors));
  EXPECT_TRUE(is_clean(assign_addresses(result.topology)));
  result.topology.options.ipv4_pool = prefix("10.0.0.0/8");
  const auto findings = assign_addresses(result.topology);
  EXPECT_TRUE(has_only(findings, 31, "address 192.168.0.4/24 of n1:e1-4: its subnet overlaps that of 192.168.0.1/24"));
}

TEST_F(PublicTopologies, OfTheTopologyZooHaveTheirKnownSizes) {
  std::ifstream facts{folder_ / "zoo" / "FACTS.tsv"};
  std::size_t files = 0;
  for (std::string line; std::getline(facts, line);) {
    std::istringstream columns{line};
    std::string name;
    std::size_t bytes = 0, nodes = 0, edges = 0, parallel = 0, self_loops = 0;
    if (!(columns >> name >> bytes >> nodes >> edges >> parallel >> self_loops)) continue;
    SCOPED_TRACE(name);
    ReadResult result = read_file(folder_ / "zoo" / (name + ".graphml"));
    EXPECT_EQ(result.topology.name, name);
    EXPECT_EQ(result.topology.nodes.size(), nodes);
    EXPECT_EQ(result.topology.links.size(), edges - self_loops);
    expect_buildable(result);
    ++files;
  }
  EXPECT_GE(files, 10U);
}

TEST_F(PublicTopologies, OfYedHaveTheSameShape) {
  ReadResult result = read_file(folder_ / "other" / "zoo-yed-Abilene.graphml");
  EXPECT_EQ(result.topology.nodes.size(), 11U);
  EXPECT_EQ(result.topology.links.size(), 14U);
  EXPECT_EQ(result.topology.nodes.at(0).name, "Seattle");
  expect_buildable(result);
}

TEST_F(PublicTopologies, OfContainerlabAreBuiltOrRefusedWithTheReason) {
  const std::map<std::string, std::vector<std::pair<unsigned, std::string>>> refused{
      {"01-linux-nodes.clab.yml", {{77, "links of type 'mgmt-net'"}, {84, "links of type 'dummy'"}}},
  };
  std::size_t files = 0;
  for (const auto& entry : fs::directory_iterator{folder_ / "containerlab"}) {
    const std::string extension = entry.path().extension();
    if (extension != ".yml" && extension != ".yaml") continue;
    SCOPED_TRACE(entry.path());
    ReadResult result = read_file(entry.path());
    const auto reasons = refused.find(entry.path().filename());
    if (entry.path().filename() == "25-link-vars-ip.clab.yml") {
      expect_overlap_from_the_pool(result);
    } else if (reasons == refused.end()) {
      expect_buildable(result);
    } else {
      EXPECT_EQ(result.errors.size(), reasons->second.size()) << to_text(result.errors);
      for (const auto& [line, reason] : reasons->second) EXPECT_TRUE(has_finding(result.errors, line, reason));
    }
    ++files;
  }
  EXPECT_GE(files, 8U);
}

TEST_F(PublicTopologies, OfEdgesHaveTheirKnownSizes) {
  const std::tuple<const char*, std::size_t, std::size_t> files[]{{"as20000102.txt", 6474, 12572},
                                                                  {"rocketfuel-1239.weights.intra", 315, 972},
                                                                  {"rocketfuel-1239.latencies.intra", 315, 972}};
  for (const auto& [name, nodes, links] : files) {
    SCOPED_TRACE(name);
    ReadResult result = read_file(folder_ / "large" / name);
    ASSERT_TRUE(is_clean(result.errors));
    EXPECT_EQ(result.topology.nodes.size(), nodes);
    EXPECT_EQ(result.topology.links.size(), links);
    result.topology.options = {
        .routing = Routing::default_route, .ipv4_pool = prefix("10.0.0.0/8"), .ipv6_pool = prefix("fd00::/32")};
    EXPECT_TRUE(is_clean(assign_addresses(result.topology)));
    EXPECT_TRUE(is_clean(validate(result.topology)));
    EXPECT_EQ(Plan{result.topology}.counts().addresses, links * 4);
  }
}

TEST_F(PublicTopologies, OfOtherToolsAreRefusedWithTheReason) {
  const std::pair<std::string_view, std::string_view> reasons[]{
      {"core-", "CORE"}, {"kathara-", "Kathara"}, {"netlab-", "netlab"}};
  for (const auto& entry : fs::directory_iterator{folder_ / "other"}) {
    const std::string name = entry.path().filename();
    for (const auto& [start, reason] : reasons) {
      if (!name.starts_with(start)) continue;
      const ReadResult result = read_file(entry.path());
      ASSERT_EQ(result.errors.size(), 1U) << name << '\n' << to_text(result.errors);
      EXPECT_NE(result.errors[0].text.find(reason), std::string::npos) << name << '\n' << to_text(result.errors);
    }
  }
}

/// The blocks of YAML in our documentation that are whole files.
std::vector<std::string> documented_files() {
  const std::string text = contents(fs::path{NETHERD_EXAMPLES}.parent_path() / "topology.md");
  constexpr std::string_view start = "```yaml\n";
  std::vector<std::string> files;
  for (std::size_t at = text.find(start); at != std::string::npos; at = text.find(start, at)) {
    at += start.size();
    const std::string block = text.substr(at, text.find("```", at) - at);
    if (block.starts_with("name:")) files.push_back(block);
  }
  return files;
}

TEST(Documentation, ShowsFilesThatWork) {
  std::size_t good = 0;
  for (const std::string& file : documented_files()) {
    ReadResult result = read_topology(file, "x");
    if (result.topology.name != "mistakes") {
      EXPECT_TRUE(is_clean(result.errors)) << file;
      EXPECT_TRUE(is_clean(result.warnings)) << file;
      EXPECT_TRUE(is_clean(assign_addresses(result.topology)));
      ++good;
      continue;
    }
    EXPECT_EQ(result.errors.size(), 3U);
    EXPECT_TRUE(has_finding(result.errors, 4, "a: unknown key 'imagee', did you mean 'image'?"));
    EXPECT_TRUE(has_finding(result.errors, 7, "endpoint 'c:eth1': there is no node of that name"));
    EXPECT_TRUE(has_finding(result.errors, 9, "mtu '9k': must be a number of bytes"));
  }
  EXPECT_EQ(good, 2U);
}

class Examples : public testing::TestWithParam<std::tuple<std::string_view, std::size_t, std::size_t>> {};

TEST_P(Examples, CanBeBuiltWithRoutesInBothFamilies) {
  const auto& [name, nodes, links] = GetParam();
  ReadResult result = read_file(fs::path{NETHERD_EXAMPLES} / (std::string{name} + ".clab.yml"));
  ASSERT_TRUE(is_clean(result.errors));
  EXPECT_TRUE(is_clean(result.warnings));
  EXPECT_EQ(result.topology.name, name);
  EXPECT_EQ(result.topology.nodes.size(), nodes);
  EXPECT_EQ(result.topology.links.size(), links);
  EXPECT_EQ(result.topology.options.routing, Routing::shortest_path);
  ASSERT_TRUE(is_clean(assign_addresses(result.topology)));
  const Plan::Counts counts = Plan{result.topology}.counts();
  EXPECT_EQ(counts.addresses, links * 4);
  EXPECT_EQ(counts.routes, (nodes * links - links * 2) * 2) << "every node reaches every subnet but its own";
}

INSTANTIATE_TEST_SUITE_P(Docs, Examples,
                         testing::Values(std::tuple{"abilene", 11U, 14U}, std::tuple{"geant", 40U, 61U}),
                         [](const auto& of) { return std::string{std::get<0>(of.param)}; });

/// What stands between two texts.
std::string between(const std::string& text, const std::string& before, const std::string& after) {
  const std::size_t start = text.find(before);
  if (start == std::string::npos) return {};
  const std::size_t first = start + before.size();
  return text.substr(first, text.find(after, first) - first);
}

/// The plan of the first lab, as tutorial and reference show it, is the one that is printed.
TEST(Documentation, ShowsThePlanAsItIs) {
  const fs::path docs = fs::path{NETHERD_EXAMPLES}.parent_path();
  const std::string tutorial = contents(docs / "tutorial.md");
  ReadResult first = read_topology(between(tutorial, "```yaml\n", "```"), "first.clab.yml");
  ASSERT_TRUE(is_clean(first.errors));
  ASSERT_TRUE(is_clean(assign_addresses(first.topology)));
  std::ostringstream printed;
  print_plan(Plan{first.topology}, printed);
  for (const std::string& page : {tutorial, contents(docs / "cli.md")}) {
    const std::string shown = between(page, "$ netherd plan first.clab.yml\n", "...");
    EXPECT_FALSE(shown.empty());
    EXPECT_TRUE(printed.str().starts_with(shown)) << shown;
  }
}

}  // namespace
}  // namespace netherd::lab
