#include "command.hpp"

namespace netherd::test {
namespace {

using Json = nlohmann::ordered_json;
using Strings = std::vector<std::string>;

class Show : public CommandTest {};

Strings names_of(const Json& list) {
  Strings names;
  for (const Json& entry : list) names.push_back(entry["name"]);
  return names;
}

TEST_F(Show, AgreesWithIp) {
  write_file("mixed.yml", R"(name: mixed
netherd: {routing: shortest-path}
topology:
  nodes: {a: , b: , c: , sw: {kind: bridge}}
  links:
    - {endpoints: ["a:eth1", "sw:p1"], mtu: 1400}
    - endpoints: ["b:eth1", "sw:p2"]
    - endpoints: ["b:eth2", "c:eth1"]
)");
  EXPECT_EQ(run("netherd up mixed.yml --wait").status, 0);
  EXPECT_EQ(run("ip -n mixed-c link set eth1 down").status, 0);
  const Json shown = run_for_json("netherd show mixed --json");
  EXPECT_EQ(shown["lab"], "mixed");
  ASSERT_EQ(names_of(shown["nodes"]), (Strings{"a", "b", "c", "sw"}));
  for (const Json& node : shown["nodes"]) {
    const std::string netns = "mixed-" + node["name"].get<std::string>();
    const Json links = run_for_json("ip -json -n " + netns + " address show");
    ASSERT_EQ(node["interfaces"].size(), links.size()) << netns;
    for (std::size_t i = 0; i < links.size(); ++i) {
      const Json& interface = node["interfaces"][i];
      EXPECT_EQ(interface["name"], links[i]["ifname"]);
      EXPECT_EQ(interface["index"], links[i]["ifindex"]);
      EXPECT_EQ(interface["mtu"], links[i]["mtu"]);
      Strings addresses;
      for (const Json& address : links[i]["addr_info"]) {
        addresses.push_back(address["local"].get<std::string>() + '/' + address["prefixlen"].dump());
      }
      EXPECT_EQ(interface["addresses"].get<Strings>(), addresses) << netns << ' ' << interface["name"];
      if (interface["kind"] == "loopback") continue;
      EXPECT_EQ(interface["mac"], links[i]["address"]);
    }
    const std::size_t routes = run_for_json("ip -json -n " + netns + " route").size() +
                               run_for_json("ip -json -n " + netns + " -6 route").size();
    EXPECT_EQ(node["routes"], routes) << netns;
  }
}

TEST_F(Show, TellsStateAndPeer) {
  write_first_lab();
  EXPECT_EQ(run("netherd up first.yml --wait && ip -n first-right link set eth1 down").status, 0);
  const Finished middle = run("netherd show first middle");
  EXPECT_EQ(middle.status, 0);
  const auto lines = lines_of(middle.output);
  ASSERT_EQ(lines.size(), 3U) << middle.output;
  EXPECT_TRUE(lines[0].starts_with("middle (host, ")) << lines[0];
  EXPECT_TRUE(lines[1].starts_with("  eth1            up         -> left:eth1  10.0.0.2/30  ")) << lines[1];
  EXPECT_TRUE(lines[2].starts_with("  eth2            no carrier -> right:eth1  10.0.0.5/30  ")) << lines[2];
  const Json right = run_for_json("netherd show first right --json")["nodes"][0]["interfaces"][1];
  EXPECT_EQ(right["state"], "down");
  EXPECT_EQ(right["peer"], "middle:eth2");
}

TEST_F(Show, RefusesUnknownNodes) {
  write_first_lab();
  EXPECT_EQ(run("netherd up first.yml").status, 0);
  const Finished show = run("netherd show first midle");
  EXPECT_EQ(show.status, 2);
  EXPECT_EQ(show.errors, "netherd: lab first has no node called 'midle'; did you mean middle?\n");
  EXPECT_EQ(run("netherd show first ../first").status, 2);
}

TEST_F(Show, CountsAsPeopleDo) {
  EXPECT_EQ(run("netherd generate ring --nodes 11 --name lab10 | netherd up -").status, 0);
  EXPECT_EQ(run("netherd generate ring --nodes 11 --name lab9 | netherd up -").status, 0);
  EXPECT_EQ(lines_of(run("netherd ls --names").output), (Strings{"lab9", "lab10"}));
  const Strings counted{"n1", "n2", "n3", "n4", "n5", "n6", "n7", "n8", "n9", "n10", "n11"};
  EXPECT_EQ(lines_of(run("netherd show lab9 --names").output), counted);
  EXPECT_EQ(names_of(run_for_json("netherd show lab9 --json")["nodes"]), counted);
}

TEST_F(Show, LsListsLabs) {
  EXPECT_EQ(run("netherd ls").output, "no labs\n");
  EXPECT_EQ(run_for_json("netherd ls --json"), Json::parse(R"({"labs": []})"));
  write_first_lab();
  EXPECT_EQ(run("netherd up first.yml").status, 0);
  EXPECT_EQ(lines_of(run("netherd ls").output), (Strings{"LAB    PHASE    NODES", "first  up           3"}));
  EXPECT_EQ(run_for_json("netherd ls --json"),
            Json::parse(R"({"labs": [{"name": "first", "phase": "up", "locked": false, "nodes": 3}]})"));
}

}  // namespace
}  // namespace netherd::test
