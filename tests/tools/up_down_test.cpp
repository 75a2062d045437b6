#include <algorithm>

#include "command.hpp"

namespace netherd::test {
namespace {

using Json = nlohmann::ordered_json;
using Strings = std::vector<std::string>;

class UpAndDown : public CommandTest {};

Strings keys_of(const Json& object) {
  Strings keys;
  for (const auto& [key, value] : object.items()) keys.push_back(key);
  return keys;
}

/// The addresses of an interface as `ip` shows them, but for the link-local ones.
Strings addresses_in(const std::string& netns, const std::string& interface) {
  Strings addresses;
  std::string command = "ip -json -n ";
  command.append(netns).append(" address show dev ").append(interface);
  for (const Json& link : run_for_json(command)) {
    for (const Json& address : link.value("addr_info", Json::array())) {
      if (address["scope"] == "link") continue;
      addresses.push_back(address["local"].get<std::string>() + '/' + address["prefixlen"].dump());
    }
  }
  return addresses;
}

std::size_t default_routes_in(const std::string& netns) {
  return run_for_json("ip -json -n " + netns + " route show default").size();
}

TEST_F(UpAndDown, BuildWhatTheFileSaysAndRemoveIt) {
  write_first_lab();
  const Finished up = run("netherd up first.yml --wait");
  EXPECT_EQ(up.status, 0) << testing::PrintToString(up);
  EXPECT_EQ(up.errors, "");
  EXPECT_EQ(lines_of(up.output).at(0), "first is up: 3 nodes, 2 links, 8 addresses, 4 routes");
  EXPECT_EQ(files_in("/run/netns"), (Strings{"first-left", "first-middle", "first-right"}));
  EXPECT_EQ(addresses_in("first-left", "eth1"), (Strings{"10.0.0.1/30", "fd6e:6574::1/64"}));
  EXPECT_EQ(run("ip netns exec first-left ping -c 1 -W 2 10.0.0.6").status, 0) << "not routed";
  // A router asks for IPv6 neighbours from its link-local address, which the kernel first checks for duplicates.
  EXPECT_TRUE(becomes_true([] { return run("ip netns exec first-left ping -c 1 -W 2 fd6e:6574:0:1::2").status == 0; }))
      << "not routed";

  const Finished down = run("netherd down first");
  EXPECT_EQ(down.status, 0) << testing::PrintToString(down);
  EXPECT_EQ(down.errors, "");
  EXPECT_TRUE(down.output.starts_with("first is down: 3 nodes removed in ")) << down.output;
  expect_nothing_is_left();
}

TEST_F(UpAndDown, LeaveTheSurroundingNamespaceAsItWas) {
  write_first_lab();
  const std::string before = run("ip -json link; ip -json address; ip -json route; ip -json -6 route").output;
  EXPECT_EQ(run("netherd up first.yml && netherd down first").status, 0);
  EXPECT_EQ(run("ip -json link; ip -json address; ip -json route; ip -json -6 route").output, before);
}

TEST_F(UpAndDown, ReportInJson) {
  write_first_lab();
  const Json up = run_for_json("netherd up first.yml --json");
  for (const char* key : {"lab", "nodes", "links", "addresses", "routes", "requests", "seconds"}) {
    EXPECT_TRUE(up.contains(key)) << key;
  }
  EXPECT_EQ(keys_of(up["seconds"]), (Strings{"read", "plan", "build", "total"}));
  EXPECT_EQ(keys_of(up["latency_us"]), (Strings{"p50", "p90", "p99", "max"}));
  EXPECT_GT(up["latency_us"]["p50"], 0.0);
  EXPECT_GE(up["latency_us"]["max"], up["latency_us"]["p99"]);
  EXPECT_GT(up["descriptors"], 3);
  EXPECT_EQ(up["lab"], "first");
  EXPECT_EQ(up["nodes"], 3);
  EXPECT_EQ(up["links"], 2);
  EXPECT_EQ(up["addresses"], 8);
  EXPECT_EQ(up["routes"], 4);
  EXPECT_GT(up["seconds"]["build"], 0.0);
  EXPECT_GE(up["seconds"]["total"], up["seconds"]["build"]);

  const Json down = run_for_json("netherd down first --json");
  EXPECT_EQ(keys_of(down), (Strings{"lab", "nodes", "seconds"}));
  EXPECT_EQ(keys_of(down["seconds"]), (Strings{"return", "quiesced"}));
  EXPECT_EQ(down["lab"], "first");
  EXPECT_EQ(down["nodes"], 3);
  EXPECT_TRUE(down["seconds"]["quiesced"].is_null());
}

TEST_F(UpAndDown, WaitForTheKernel) {
  EXPECT_EQ(run("netherd generate ring --nodes 60 | netherd up - --wait").status, 0);
  std::size_t links = 0;
  for (const std::string& netns : files_in("/run/netns")) {
    for (const Json& link : run_for_json("ip -json -n " + netns + " link show type veth")) {
      EXPECT_EQ(link["operstate"], "UP") << netns << ' ' << link["ifname"];
      ++links;
    }
  }
  EXPECT_EQ(links, 120U);
  const Json down = run_for_json("netherd down ring --wait --json");
  EXPECT_GT(down["seconds"]["quiesced"], down["seconds"]["return"]);
}

TEST_F(UpAndDown, DownTakesTheFileThatUpTook) {
  write_first_lab();
  EXPECT_EQ(run("netherd up first.yml && netherd down first.yml").status, 0);
  EXPECT_EQ(run("netherd up - <first.yml && netherd down - <first.yml").status, 0);
}

TEST_F(UpAndDown, DownAllRemovesEveryLab) {
  EXPECT_EQ(run("netherd down --all").output, "no labs\n");
  write_first_lab();
  EXPECT_EQ(run("netherd up first.yml && netherd up first.yml --name second").status, 0);
  const Json down = run_for_json("netherd down --all --json --wait");
  ASSERT_EQ(down["labs"].size(), 2U);
  EXPECT_EQ(down["labs"][1]["lab"], "second");
  EXPECT_EQ(down["labs"][1]["nodes"], 3);
  EXPECT_GT(down["seconds"]["quiesced"], 0.0);
  expect_nothing_is_left();
}

TEST_F(UpAndDown, NamesTheLabAsAsked) {
  write_first_lab();
  EXPECT_EQ(run("netherd up first.yml --name other.1").status, 0);
  EXPECT_EQ(files_in("/run/netns").at(0), "other.1-left");
  EXPECT_EQ(run("netherd down first").status, 2);
  EXPECT_EQ(run("netherd down first.yml --name other.1").status, 0);
}

TEST_F(UpAndDown, ReadGraphMl) {
  write_file("triangle.graphml", R"(<?xml version="1.0"?>
<graphml xmlns="http://graphml.graphdrawing.org/xmlns"><graph edgedefault="undirected">
<node id="a"/><node id="b"/><node id="c"/>
<edge source="a" target="b"/><edge source="b" target="c"/><edge source="c" target="a"/>
</graph></graphml>
)");
  const Finished up = run("netherd up triangle.graphml --routing shortest-path");
  EXPECT_EQ(up.status, 0) << testing::PrintToString(up);
  EXPECT_EQ(addresses_in("triangle-a", "eth1"), (Strings{"10.0.0.1/30", "fd6e:6574::1/64"}));
  const Finished wrong = run("netherd up triangle.graphml --format containerlab --name wrong");
  EXPECT_EQ(wrong.status, 2);
  EXPECT_TRUE(wrong.errors.starts_with("netherd: triangle.graphml:")) << wrong.errors;
}

TEST_F(UpAndDown, TakeRoutingFromTheCommandLine) {
  write_first_lab();
  EXPECT_EQ(run_for_json("netherd up first.yml --name none --routing none --json")["addresses"], 0);
  EXPECT_EQ(run_for_json("netherd up first.yml --name default --routing default --json")["routes"], 6);
  EXPECT_EQ(run_for_json("netherd up first.yml --name paths --routing shortest-path --json")["routes"], 4);
  EXPECT_EQ(default_routes_in("none-left"), 0U);
  EXPECT_EQ(default_routes_in("default-left"), 1U);
  EXPECT_EQ(default_routes_in("paths-left"), 0U);
  EXPECT_EQ(run("ip -n paths-left route get 10.0.0.6").status, 0);
}

TEST_F(UpAndDown, TakeAddressesFromThePools) {
  write_first_lab();
  EXPECT_EQ(run("netherd up first.yml --ipv4-pool 192.168.8.0/24 --ipv6-pool 2001:db8::/48").status, 0);
  EXPECT_EQ(addresses_in("first-right", "eth1"), (Strings{"192.168.8.6/30", "2001:db8:0:1::2/64"}));
}

TEST_F(UpAndDown, MakeLabsWithoutIpv6) {
  write_first_lab();
  EXPECT_EQ(run("netherd up first.yml --name with --wait").status, 0);
  EXPECT_NE(run("ip -n with-left -6 address").output.find("fe80::"), std::string::npos);
  EXPECT_EQ(run("netherd up first.yml --name without --routing shortest-path --ipv6 off --wait").status, 0);
  EXPECT_EQ(run("ip -n without-left -6 address").output, "");
  EXPECT_EQ(run("netherd ping without").status, 0);
  EXPECT_EQ(run("netherd check without").status, 0);
}

TEST_F(UpAndDown, RunTheCommandsOfTheFileInTheirNodes) {
  write_file("exec.yml", R"(name: commands
topology:
  nodes:
    a: {exec: ["ip link add d0 type bridge", "echo $((40 + 2)) "]}
    b: {exec: ["echo oops >&2; exit 3"]}
)");
  const Finished up = run("netherd up exec.yml --json");
  EXPECT_EQ(up.status, 0);
  EXPECT_EQ(up.json()["exec"]["commands"], 3);
  EXPECT_EQ(up.json()["exec"]["failed"], 1);
  EXPECT_NE(up.errors.find("a: 42\n"), std::string::npos) << up.errors;
  EXPECT_NE(up.errors.find("b: oops\n"), std::string::npos) << up.errors;
  EXPECT_NE(up.errors.find("netherd: exec.yml:5: warning: b: echo oops >&2; exit 3: exit status 3\n"),
            std::string::npos)
      << up.errors;
  EXPECT_EQ(run("ip -n commands-a link show d0").status, 0);
}

TEST_F(UpAndDown, QuietIsQuiet) {
  write_file("warns.yml", "name: warns\ntopology: {nodes: {a: {image: alpine}}}\n");
  EXPECT_NE(run("netherd up warns.yml").errors.find("warns.yml:2: warning: "), std::string::npos);
  EXPECT_EQ(run("netherd down warns && netherd up warns.yml --quiet").errors, "");
}

}  // namespace
}  // namespace netherd::test
