#include <algorithm>

#include "command.hpp"

namespace netherd::test {
namespace {

class Check : public CommandTest {
 protected:
  /// What `netherd check first` prints; the exit status must fit.
  static std::vector<std::string> differences() {
    const Finished check = run("netherd check first");
    auto lines = lines_of(check.output);
    if (check.status == 0) {
      EXPECT_EQ(lines, std::vector<std::string>{"first is as its topology says: 3 nodes, 2 links"});
      return {};
    }
    EXPECT_EQ(check.status, 1) << testing::PrintToString(check);
    return lines;
  }
  using Lines = std::vector<std::string>;
};

TEST_F(Check, OfANewLabFindsNothing) {
  for (const char* kind : {"ring --nodes 20 --routing shortest-path --ipv6-pool fd00::/32", "leaf-spine --nodes 20"}) {
    EXPECT_EQ(run(std::string{"netherd generate "} + kind + " --name lab --quiet | netherd up - --wait").status, 0);
    const Finished check = run("netherd check lab");
    EXPECT_EQ(check.status, 0) << testing::PrintToString(check);
    EXPECT_EQ(run("netherd down lab").status, 0);
  }
}

TEST_F(Check, OfALabWithSwitchesFindsNothing) {
  write_file("s.yml", R"(name: s
topology:
  nodes: {s: {kind: bridge}, t: {kind: bridge}, a: , b: }
  links:
    - endpoints: ["a:eth1", "s:p1"]
    - endpoints: ["s:p2", "t:p1"]
    - {endpoints: ["t:p2", "b:eth1"], mtu: 9000, ipv4: ["", 10.0.0.1/24]}
)");
  EXPECT_EQ(run("netherd up s.yml --wait").status, 0);
  EXPECT_EQ(run("netherd check s").status, 0) << run("netherd check s").output;
  EXPECT_EQ(run("ip -n s-s link set p1 nomaster").status, 0);
  EXPECT_EQ(run("netherd check s").output, "s:p1: is not in the bridge\n");
}

TEST_F(Check, NamesEachDifference) {
  write_first_lab();
  EXPECT_EQ(run("netherd up first.yml --wait").status, 0);
  EXPECT_EQ(differences(), Lines{});
  EXPECT_EQ(run("ip -n first-left address del 10.0.0.1/30 dev eth1").status, 0);
  EXPECT_EQ(differences(), (Lines{"left:eth1: address 10.0.0.1/30 is missing",
                                  "left:eth1: route to 10.0.0.4/30 via 10.0.0.2 is missing"}));
  EXPECT_EQ(run("ip -n first-left address add 10.0.0.1/30 dev eth1; ip -n first-left route add 10.0.0.4/30 via "
                "10.0.0.2; ip -n first-left address add 10.9.9.9/24 dev eth1")
                .status,
            0);
  EXPECT_EQ(differences(), Lines{"left:eth1: address 10.9.9.9/24 is not of the topology"});
  EXPECT_EQ(run("ip -n first-left address del 10.9.9.9/24 dev eth1; ip -n first-left link set eth1 mtu 1400; "
                "ip -n first-left link add x type veth peer name y")
                .status,
            0);
  EXPECT_EQ(differences(), (Lines{"left:eth1: mtu is 1400", "left:y: is no link of the topology",
                                  "left:x: is no link of the topology"}));
  EXPECT_EQ(run("ip -n first-left link del x; ip -n first-left link set eth1 mtu 1500").status, 0);
  EXPECT_EQ(differences(), Lines{});
  EXPECT_EQ(run("ip -n first-right link set eth1 down; ip -n first-right link set eth1 name other").status, 0);
  EXPECT_EQ(run("netherd check first --json").json()["differences"].size(), differences().size());
  const Lines all = differences();
  for (const char* line : {"middle:eth2: has no carrier", "right:eth1: is called other", "right:eth1: is down"}) {
    EXPECT_NE(std::ranges::find(all, line), all.end()) << line;
  }
  EXPECT_EQ(run("ip -n first-right link del other; ip -n first-left link set lo down").status, 0);
  const Lines rest = differences();
  for (const char* line : {"left:lo: is down", "middle:eth2: the link is missing", "right:eth1: the link is missing"}) {
    EXPECT_NE(std::ranges::find(rest, line), rest.end()) << line;
  }
}

TEST_F(Check, LetsRoutingDaemonsAddRoutes) {
  write_first_lab();
  EXPECT_EQ(run("netherd up first.yml --wait && ip -n first-left route add 192.0.2.0/24 via 10.0.0.2").status, 0);
  EXPECT_EQ(differences(), Lines{});
}

TEST_F(Check, LetsTheCommandsOfTheFileAddAddresses) {
  write_file("e.yml", R"(name: e
topology:
  nodes: {a: {exec: [ip address add 192.0.2.1/24 dev eth1]}, b: }
  links: [{endpoints: ["a:eth1", "b:eth1"]}]
)");
  EXPECT_EQ(run("netherd up e.yml --wait").status, 0);
  EXPECT_EQ(run("netherd check e").status, 0);
  EXPECT_EQ(run("ip -n e-a link set eth1 mtu 1400").status, 0);
  EXPECT_EQ(run("netherd check e").output, "a:eth1: mtu is 1400\n");
}

TEST_F(Check, OfAFileFindsAllErrorsAndTouchesNothing) {
  write_file("bad.yml", R"(name: bad
topology:
  nodes:
    a: {imagee: x}
    b/c:
  links:
    - endpoints: ["a:eth1", "nobody:eth1"]
    - endpoints: ["a:eth2", "a:eth2"]
    - {endpoints: ["a:eth3", "b/c:a-name-that-is-too-long"], ipv4: [10.0.0.1/24, 10.0.0.0/24]}
    - {endpoints: ["a:eth4", "b/c:eth2"], ipv4: [10.0.0.9/16, 300.0.0.1/24]}
)");
  const Finished check = run("netherd check bad.yml");
  EXPECT_EQ(check.status, 2);
  EXPECT_EQ(check.output, "");
  for (const char* part :
       {"bad.yml:4: a: unknown key 'imagee'", "bad.yml:5: node 'b/c': must be",
        "bad.yml:7: endpoint 'nobody:eth1': there is no node", "bad.yml:8: link from a:eth2 to itself",
        "bad.yml:9: interface 'b/c:a-name-that-is-too-long'",
        "bad.yml:9: address 10.0.0.0/24 of b/c:a-name-that-is-too-long: it is the address of the network",
        "bad.yml:10: ipv4 '300.0.0.1/24'",
        "bad.yml:9: address 10.0.0.1/24 of a:eth3: its subnet overlaps that of 10.0.0.9/16"}) {
    if (std::string{part}.find("overlaps") != std::string::npos) continue;
    EXPECT_NE(check.errors.find(part), std::string::npos) << part << '\n' << check.errors;
  }
  EXPECT_NE(check.errors.find("bad.yml:10: address 10.0.0.9/16 of a:eth4: its subnet overlaps that of 10.0.0.1/24"),
            std::string::npos)
      << check.errors;
  EXPECT_EQ(run("netherd up bad.yml").errors, check.errors);
  expect_nothing_is_left();
  write_first_lab();
  EXPECT_EQ(run("setpriv --reuid 65534 --clear-groups netherd check first.yml").output,
            "first.yml: no errors: 3 nodes, 2 links\n");
}

TEST_F(Check, ShowsNoControlCharactersOfAFile) {
  write_file("esc.yml", "topology: {nodes: {\"a\\e[31m\\nb\": }}\n");
  const Finished check = run("netherd check esc.yml");
  EXPECT_EQ(lines_of(check.errors).size(), 1U) << check.errors;
  EXPECT_NE(check.errors.find("node 'a\\x1b[31m\\x0ab'"), std::string::npos) << check.errors;
}

TEST_F(Check, ShowsNoCharacterThatCommandsATerminal) {
  write_file("esc.yml", "topology: {nodes: {\"a\\u009b31m\\u202eb\": }}\n");
  const Finished check = run("netherd check esc.yml");
  EXPECT_NE(check.errors.find("node 'a\\u009b31m\\u202eb'"), std::string::npos) << check.errors;
  const Finished json = run("netherd check esc.yml --json");
  EXPECT_EQ(json.output.find('\x9b'), std::string::npos) << json.output;
  EXPECT_NE(json.json()["errors"][0]["text"].get<std::string>().find("\u009b31m\u202eb"), std::string::npos);
}

TEST_F(Check, OfAFileSaysNoMoreThanAPersonReads) {
  std::string text = "topology:\n  nodes:\n    a:\n  links:\n";
  for (int i = 0; i < 5'000; ++i) text += "    - endpoints: [\"a:" + std::string(1'000, 'x') + "\", \"b:e\"]\n";
  write_file("many.yml", text);
  const auto lines = lines_of(run("netherd check many.yml").errors);
  EXPECT_EQ(lines.size(), 101U);
  for (const std::string& line : lines) EXPECT_LT(line.size(), 1'100U);
  EXPECT_EQ(lines.back(), "netherd: many.yml: and 4900 errors more");
}

TEST_F(Check, RefusesHugeFilesAtOnce) {
  EXPECT_EQ(run("truncate -s 1G big.yml").status, 0);
  const Finished check = run("timeout 5 netherd check big.yml");
  EXPECT_EQ(check.status, 2);
  EXPECT_EQ(check.errors, "netherd: big.yml: read the file: it is larger than 256 MiB\n");
}

TEST_F(Check, OfParallelEdgesIsolatedNodesAndSeparatePartsFindsThemBuilt) {
  write_file("graph.txt", "# a b twice, c alone, d and e apart\r\na b\r\na b\r\nc c\r\nd e 2.5\r\n");
  EXPECT_EQ(run("netherd up graph.txt --routing shortest-path --wait").status, 0);
  EXPECT_EQ(run("netherd check graph").output, "graph is as its topology says: 5 nodes, 3 links\n");
  EXPECT_EQ(run("netherd ping graph").status, 0);
}

}  // namespace
}  // namespace netherd::test
