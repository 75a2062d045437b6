#include <algorithm>

#include "command.hpp"

namespace netherd::test {
namespace {

using Json = nlohmann::ordered_json;
using Strings = std::vector<std::string>;

class Plan : public CommandTest {};

/// What differs between two builds of the same lab: addresses that the kernel draws or derives from these.
void forget_random_parts(Json& link) {
  link.erase("address");
  link.erase("link_netnsid");  // the kernel counts in the order in which it needs them
  std::erase_if(link["addr_info"].get_ref<Json::array_t&>(),
                [](const Json& address) { return address["scope"] == "link" && address["family"] == "inet6"; });
}

/// What `ip` shows in every namespace.
Json state_of_all_namespaces() {
  Json state;
  for (const std::string& netns : files_in("/run/netns")) {
    const std::string ip = "ip -json -n " + netns;
    Json& own = state[netns];
    own["links"] = run_for_json(ip + " address show");
    for (Json& link : own["links"]) forget_random_parts(link);
    for (const char* family : {" -4", " -6"}) {
      Json& routes = own["routes"].emplace_back(run_for_json(ip + family + " route show"));
      std::ranges::sort(routes.get_ref<Json::array_t&>());  // those to one network are in no certain order
    }
    own["forwarding"] = run("ip netns exec " + netns + " sysctl -a --pattern 'conf\\..*\\.forwarding'").output;
  }
  return state;
}

bool links_are_up() {
  const Finished other =
      run("for n in $(ls /run/netns); do ip -br -n $n link show type veth; ip -br -n $n link show type bridge; done "
          "| grep -qv ' UP '");
  return other.status != 0;
}

TEST_F(Plan, PrintsTheCommandsThatBuildTheSameLab) {
  write_file("mixed.yml", R"(name: mixed
netherd: {routing: shortest-path}
topology:
  nodes: {a: , b: , c: , sw: {kind: bridge}}
  links:
    - {endpoints: ["a:eth1", "sw:p1"], mtu: 1400}
    - endpoints: ["b:eth1", "sw:p2"]
    - endpoints: ["b:eth2", "c:eth1"]
    - {endpoints: ["c:eth2", "a:eth2"], ipv4: [192.0.2.1/24, 192.0.2.2/24], netherd: {weight: 5}}
)");
  EXPECT_EQ(run("netherd up mixed.yml").status, 0);
  EXPECT_TRUE(becomes_true(links_are_up));
  const Json by_netherd = state_of_all_namespaces();
  EXPECT_EQ(run("netherd down mixed").status, 0);

  const Finished shell = run("netherd plan mixed.yml >plan && sh -e plan");
  EXPECT_EQ(shell.status, 0) << testing::PrintToString(shell);
  EXPECT_TRUE(becomes_true(links_are_up));
  const Json by_ip = state_of_all_namespaces();
  EXPECT_EQ(by_ip.size(), 4U);
  EXPECT_EQ(Json::diff(by_netherd, by_ip), Json::array());
  for (const auto& [netns, state] : by_ip.items()) EXPECT_EQ(run("ip netns delete " + netns).status, 0);
}

/// Names are words for a shell, whatever is in them: nothing is executed, and the lab is that of `up`.
TEST_F(Plan, NamesOfInterfacesAreNoCommands) {
  write_file("names.yml", R"yaml(name: names
netherd: {routing: shortest-path}
topology:
  nodes: {a: , b: , c: }
  links:
    - endpoints: ["a:;id>x;", "b:$(id>x)"]
    - endpoints: ["b:`id>x`&|", "c:-up"]
    - endpoints: ["a:type", "c:'\"*~#"]
)yaml");
  EXPECT_EQ(run("netherd up names.yml --wait").status, 0);
  const Json by_netherd = state_of_all_namespaces();
  EXPECT_EQ(run("netherd down names --wait").status, 0);
  const Finished shell = run("netherd plan names.yml >plan && sh -e plan");
  EXPECT_EQ(shell.status, 0) << testing::PrintToString(shell);
  EXPECT_EQ(shell.output, "");
  EXPECT_EQ(run("test -e x").status, 1) << "the name was executed";
  EXPECT_TRUE(becomes_true(links_are_up));
  const Json by_ip = state_of_all_namespaces();
  EXPECT_EQ(Json::diff(by_netherd, by_ip), Json::array());
  for (const auto& [netns, state] : by_ip.items()) EXPECT_EQ(run("ip netns delete " + netns).status, 0);
}

TEST_F(Plan, CountsWhatUpSends) {
  write_first_lab();
  const Json plan = run_for_json("netherd plan first.yml --json");
  const Json up = run_for_json("netherd up first.yml --json");
  for (const char* key : {"lab", "nodes", "links", "addresses", "routes", "requests"}) {
    EXPECT_EQ(plan[key], up[key]) << key;
  }
  EXPECT_EQ(plan["commands"].get<Strings>(), lines_of(run("netherd plan first.yml").output));
}

TEST_F(Plan, TouchesNothing) {
  write_first_lab();
  EXPECT_EQ(run("netherd plan - --name other --routing default --ipv4-pool 192.0.2.0/24 <first.yml >plan").status, 0);
  EXPECT_EQ(run("grep -c 'ip -n other-left route add default via 192.0.2.2 dev eth1' plan").output, "1\n");
  expect_nothing_is_left();
}

class Generate : public CommandTest, public testing::WithParamInterface<const char*> {};

TEST_P(Generate, MakesALabThatAnswers) {
  const std::string kind = GetParam();
  const Finished generate = run("netherd generate " + kind + " --nodes 10 --routing shortest-path -o lab.yml");
  EXPECT_EQ(generate.status, 0);
  EXPECT_EQ(generate.output, "");
  EXPECT_TRUE(generate.errors.starts_with("netherd: lab.yml: " + kind + " of ")) << generate.errors;
  const Finished up = run("netherd up lab.yml --wait --json");
  ASSERT_EQ(up.status, 0) << testing::PrintToString(up);
  EXPECT_GE(up.json()["nodes"], 10);
  EXPECT_EQ(up.json()["lab"], kind);
  EXPECT_EQ(run("netherd ping " + kind + " --timeout 5").status, 0);
}

INSTANTIATE_TEST_SUITE_P(Kinds, Generate,
                         testing::Values("line", "ring", "star", "grid", "torus", "full-mesh", "tree", "fat-tree",
                                         "leaf-spine", "random", "scale-free"),
                         [](const auto& kind) {
                           std::string name = kind.param;
                           std::erase(name, '-');
                           return name;
                         });

TEST_F(Plan, GeneratesTheSameAgain) {
  const std::string once = run("netherd generate random --nodes 50 --seed 7").output;
  EXPECT_EQ(run("netherd generate random --nodes 50 --seed 7").output, once);
  EXPECT_NE(run("netherd generate random --nodes 50 --seed 8").output, once);
}

TEST_F(Plan, OfAGeneratedLabCannotBeWrittenWhereNothingCanBe) {
  const Finished generate = run("netherd generate ring -o nosuch/ring.yml");
  EXPECT_EQ(generate.status, 1);
  EXPECT_EQ(generate.errors, "netherd: nosuch/ring.yml: write the file: No such file or directory\n");
}

}  // namespace
}  // namespace netherd::test
