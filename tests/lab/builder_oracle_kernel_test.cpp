#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "kernel_lab.hpp"
#include "lab_support.hpp"
#include "netherd/lab/generate.hpp"
#include "ops/iproute2.hpp"

namespace netherd::lab {
namespace {

using nlohmann::json;
using test::run_command;
using test::run_for_json;

/// The builder against iproute2: what it builds must be what the commands of print_plan() make elsewhere.
///
/// Compared is all that `ip` shows of a node, but for what differs between any two labs: MAC addresses that the kernel
/// chose and what follows from them, numbers that namespaces have for each other, timers, and whether the kernel is
/// still looking for duplicates of an address.

/// One JSON document of several of `ip`'s.
constexpr const char* questions =
    "printf '['; ip -json -details link; printf ,; ip -json addr; printf ,; ip -json route; printf ,; ip -json -6 "
    "route;"
    "printf ,; ip -json netconf; printf ,; ip -json netns list-id; printf ']'";

void replace_all(std::string& text, const std::string& what, const std::string& by) {
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size())) {
    text.replace(at, what.size(), by);
  }
}

/// The interface identifier that the kernel makes of a MAC address, as it is written.
std::string link_local_of(const std::string& mac) {
  std::array<unsigned, 6> byte{};
  std::sscanf(mac.c_str(), "%x:%x:%x:%x:%x:%x", byte.data(), &byte[1], &byte[2], &byte[3], &byte[4], &byte[5]);
  char text[64];
  std::snprintf(text, sizeof text, "fe80::%02x%02x:%02xff:fe%02x:%02x%02x/64", byte[0] ^ 2U, byte[1], byte[2], byte[3],
                byte[4], byte[5]);
  const std::string address = prefix(text).to_string();
  return address.substr(0, address.find('/'));
}

bool is_volatile(const std::string& key) {
  return key.find("timer") != std::string::npos || key == "tentative" || key == "link_netnsid" || key == "root_id" ||
         key == "bridge_id" || key == "designated_bridge";
}

void drop_volatile(json& value) {
  if (value.is_array()) {
    for (json& element : value) drop_volatile(element);
  }
  if (!value.is_object()) return;
  for (auto entry = value.begin(); entry != value.end();) {
    if (is_volatile(entry.key())) {
      entry = value.erase(entry);
    } else {
      drop_volatile(entry.value());
      ++entry;
    }
  }
}

/// Names the namespaces that other ends are in, which the kernel numbers as it goes.
void name_peers(json& links, const json& ids, const std::string& lab) {
  for (json& link : links) {
    if (!link.contains("link_netnsid")) continue;
    for (const json& id : ids) {
      if (id.at("nsid") == link.at("link_netnsid")) link["peer"] = id.value("name", "?").substr(lab.size());
    }
  }
}

/// A node as `ip` sees it, one line per thing.
std::vector<std::string> state_of(const std::string& netns_path, const std::string& lab, const Topology& topology,
                                  NodeId node) {
  json documents;
  inside(netns_path, [&] { documents = run_for_json(questions); });
  name_peers(documents.at(0), documents.at(5), lab);
  std::vector<std::string> given;
  for (const Link& link : topology.links) {
    for (const Endpoint& end : link.ends) {
      if (end.node == node && end.mac) given.push_back(end.interface);
    }
  }
  std::map<std::string, std::string> generated;
  for (const json& link : documents.at(0)) {
    const std::string name = link.at("ifname");
    if (name == "lo" || std::ranges::count(given, name) > 0) continue;
    const std::string mac = link.at("address");
    generated[mac] = "MAC of " + name;
    generated[link_local_of(mac)] = "link-local address of " + name;
  }
  documents.erase(5);
  std::vector<std::string> lines;
  for (std::size_t kind = 0; kind < documents.size(); ++kind) {
    for (json& element : documents[kind]) {
      drop_volatile(element);
      lines.push_back(std::to_string(kind) + ' ' + element.dump());
      for (const auto& [what, by] : generated) replace_all(lines.back(), what, by);
    }
  }
  std::ranges::sort(lines);
  return lines;
}

/// A lab made by running the commands that the plan prints.
class Twin {
 public:
  explicit Twin(Topology topology) : topology_{std::move(topology)}, plan_{topology_} {
    std::ofstream script{script_path};
    script << "set -e\n";
    print_plan(plan_, script);
    script.close();
    const auto output = run_command(std::string{"sh "} + script_path);
    EXPECT_EQ(output.status, 0) << output.text;
    EXPECT_EQ(output.text, "");
  }
  ~Twin() {
    for (std::size_t node = 0; node < topology_.nodes.size(); ++node) {
      static_cast<void>(run_command("ip netns delete " + name_of(node)));
    }
  }
  Twin(const Twin&) = delete;
  Twin& operator=(const Twin&) = delete;

  [[nodiscard]] std::string path_of(std::size_t node) const { return "/run/netns/" + name_of(node); }

 private:
  static constexpr const char* script_path = "/run/twin.sh";
  [[nodiscard]] std::string name_of(std::size_t node) const {
    return std::string{plan_.netns_name(NodeId{static_cast<std::uint32_t>(node)})};
  }
  Topology topology_;
  Plan plan_;
};

Topology named(Topology topology, std::string name) {
  topology.name = std::move(name);
  return topology;
}

struct Variant {
  std::string name;
  engine::Submission submission;
  std::size_t factory_threads;
};

/// The states take a moment to settle: carriers, of which the kernel tells 50 in a second, those of other tests
/// included, and addresses that follow from them.
void expect_equal_soon(const Twin& twin, const KernelLab& lab, const Topology& topology) {
  const auto patience = std::chrono::steady_clock::now() + std::chrono::seconds{60};
  for (std::uint32_t node = 0; node < topology.nodes.size(); ++node) {
    const std::string& name = topology.nodes[node].name;
    SCOPED_TRACE(name);
    std::vector<std::string> expected;
    std::vector<std::string> built;
    do {
      expected = state_of(twin.path_of(node), "twin", topology, NodeId{node});
      built = state_of(lab.directory().namespace_path(name), lab.topology().name, topology, NodeId{node});
      if (expected == built) break;
      std::this_thread::sleep_for(std::chrono::milliseconds{250});
    } while (std::chrono::steady_clock::now() < patience);
    EXPECT_EQ(built, expected);
  }
}

void expect_built_as_by_iproute2(const Topology& topology) {
  const Topology with_addresses = addressed(topology);
  const Twin twin{named(with_addresses, "twin")};
  std::vector<std::unique_ptr<KernelLab>> labs;
  for (const Variant& variant :
       {Variant{"loop1", engine::Submission::in_loop, 1}, Variant{"loop2", engine::Submission::in_loop, 2},
        Variant{"work1", engine::Submission::worker, 1}, Variant{"work2", engine::Submission::worker, 2}}) {
    SCOPED_TRACE(variant.name);
    labs.push_back(std::make_unique<KernelLab>(named(with_addresses, variant.name)));
    const BuildReport report =
        labs.back()->build({.factory_threads = variant.factory_threads, .submission = variant.submission});
    ASSERT_EQ(to_text(report.failure), "");
  }
  for (const auto& lab : labs) {
    SCOPED_TRACE(lab->topology().name);
    expect_equal_soon(twin, *lab, with_addresses);
  }
}

/// Everything that a topology can have.
Topology mixed(Routing routing) {
  TopologyBuilder builder;
  const NodeId a = builder.host("a");
  const NodeId b = builder.host("b");
  const NodeId c = builder.host("c.1");
  const NodeId d = builder.host("d");
  builder.host("alone");
  const NodeId s1 = builder.bridge("s1");
  const NodeId s2 = builder.bridge("s2");
  const NodeId s3 = builder.bridge("s3");
  builder.bridge("alone-too");
  builder.link(a, "192.168.1.1/24", b, "192.168.1.2/24").ends[0].addresses.push_back(prefix("2001:db8::1/64"));
  builder.link(a, b).mtu = 9000;  // in parallel
  Link& third = builder.link(b, a);
  third.mtu = 1400;
  third.ends[0].mac = ops::parse_mac_address("02:00:00:00:00:0b").value();
  third.ends[1].mac = ops::parse_mac_address("02:00:00:00:00:0a").value();
  builder.link(c, c);  // two interfaces of one node
  builder.link(b, c).ends[1].interface = "ge-0.1";
  builder.link(s1, s2).mtu = 2000;
  builder.link(s3, s2);
  for (const NodeId host : {a, c, d}) builder.link(host, s1);
  builder.link(s3, d).ends[0].mac = ops::parse_mac_address("02:00:00:00:00:0d").value();
  builder.link(b, s3).weight = 3;
  builder.topology.options = {.routing = routing, .ipv4_pool = prefix("10.0.0.0/8"), .ipv6_pool = prefix("fd00::/32")};
  return std::move(builder.topology);
}

TEST(BuilderOracle, MixedTopologyWithoutRoutes) { expect_built_as_by_iproute2(mixed(Routing::none)); }

TEST(BuilderOracle, MixedTopologyWithDefaultRoutes) { expect_built_as_by_iproute2(mixed(Routing::default_route)); }

TEST(BuilderOracle, MixedTopologyWithShortestPaths) { expect_built_as_by_iproute2(mixed(Routing::shortest_path)); }

TEST(BuilderOracle, WithoutIpv6) {
  TopologyBuilder builder;
  const NodeId a = builder.host("a");
  const NodeId switch_node = builder.bridge("s");
  builder.link(a, builder.host("b"));
  builder.link(a, switch_node);
  builder.link(builder.host("c"), switch_node);
  builder.topology.options = {
      .routing = Routing::shortest_path, .ipv4_pool = prefix("10.0.0.0/8"), .ipv6_pool = {}, .ipv6 = false};
  expect_built_as_by_iproute2(builder.topology);
}

/// A hub whose IPv6 starts late, and a hub of one link less that has it from the beginning: nobody can tell them apart.
TEST(BuilderOracle, AHubOfManyLinksHasIpv6AsAnyOther) {
  const auto hub_of = [](std::uint32_t links) {
    Topology star = generate("star", {.nodes = links + 1}).value();
    star.options = {
        .routing = Routing::shortest_path, .ipv4_pool = prefix("10.0.0.0/8"), .ipv6_pool = prefix("fd00::/32")};
    const KernelLab lab{named(addressed(std::move(star)), "lab")};
    EXPECT_EQ(lab.plan().late_settings(NodeId{0}).empty(), links < 256);
    EXPECT_EQ(to_text(lab.build().failure), "");
    const std::string script =
        "cd /proc/sys/net/ipv6/conf; cat */disable_ipv6 */addr_gen_mode | sort | uniq -c;"
        "ip -6 -oneline address show dev eth7 | sed 's/fe80[^ ]*/fe80::/'; ip -6 address | grep -c inet6;"
        "ip -6 route show dev eth7 | sort; ip -6 route show table local dev eth7 | sed 's/fe80[^ ]*/fe80::/' | sort;"
        "ip -6 route | grep -c via";
    // Two for each link and that of lo, when all links have carrier, and one to two seconds of looking for duplicates
    // later.
    const std::string all = std::to_string(2 * links + 1) + "\n0\n";
    for (int tries = 0; tries < 600; ++tries) {
      const std::string found = run_command("ip -n lab-n1 -6 address | grep -c inet6").text +
                                run_command("ip -n lab-n1 -6 address show tentative | grep -c inet6").text;
      if (found == all) break;
      std::this_thread::sleep_for(std::chrono::milliseconds{100});
    }
    std::string state = run_command("ip netns exec lab-n1 sh -c \"" + script + '"').text;
    return state;
  };
  const std::string usual = hub_of(255);
  std::string late = hub_of(256);
  EXPECT_NE(usual.find("fe80::"), std::string::npos) << usual;
  // One link more: three directories of settings besides those of the links, and two addresses for each of them.
  replace_all(late, " 518 0\n", " 516 0\n");
  replace_all(late, "\n513\n", "\n511\n");
  EXPECT_EQ(late, usual);
}

TEST(BuilderOracle, SeesADifference) {
  const Topology topology = addressed(mixed(Routing::none));
  const KernelLab lab{named(topology, "lab")};
  ASSERT_EQ(to_text(lab.build().failure), "");
  const auto state = [&] { return state_of(lab.directory().namespace_path("a"), "lab", topology, NodeId{0}); };
  const auto before = state();
  EXPECT_EQ(run_command("ip -n lab-a address delete 192.168.1.1/24 dev eth1").status, 0);
  EXPECT_NE(state(), before);
}

/// Hosts linked at random, with bridges among them that form trees.
Topology random_topology(std::mt19937& random) {
  TopologyBuilder builder;
  const std::size_t host_count = 3 + random() % 4;
  std::vector<NodeId> hosts;
  hosts.reserve(host_count);
  std::vector<NodeId> bridges;
  for (std::size_t host = 0; host < host_count; ++host) hosts.push_back(builder.host("h" + std::to_string(host)));
  for (unsigned bridge = 0; bridge < random() % 4; ++bridge) {
    bridges.push_back(builder.bridge("s" + std::to_string(bridge)));
    if (bridge > 0 && random() % 2 == 0) builder.link(bridges[random() % bridge], bridges[bridge]);
  }
  const auto any_host = [&] { return hosts[random() % hosts.size()]; };
  for (unsigned count = 0; count < 2 + random() % 8; ++count) {
    const bool to_bridge = !bridges.empty() && random() % 3 == 0;
    Link& link = builder.link(any_host(), to_bridge ? bridges[random() % bridges.size()] : any_host());
    if (random() % 2 == 0) link.weight = static_cast<double>(1 + random() % 5);
    if (random() % 4 == 0 && !to_bridge) link.mtu = 1280 + static_cast<std::uint32_t>(random() % 8000);
    if (random() % 4 == 0) link.ends[0].mac = ops::MacAddress{{0x02, 0, 0, 0, 1, static_cast<std::uint8_t>(count)}};
  }
  constexpr std::array routings{Routing::none, Routing::default_route, Routing::shortest_path};
  builder.topology.options.routing = routings[random() % routings.size()];
  if (random() % 4 != 0) builder.topology.options.ipv4_pool = prefix("10.0.0.0/8");
  if (random() % 4 != 0) builder.topology.options.ipv6_pool = prefix("fd00::/32");
  return std::move(builder.topology);
}

class BuilderOracleRandom : public testing::TestWithParam<unsigned> {};

TEST_P(BuilderOracleRandom, Topology) {
  std::mt19937 random{GetParam()};
  const Topology topology = random_topology(random);
  ASSERT_TRUE(is_clean(validate(topology)));
  expect_built_as_by_iproute2(topology);
}

INSTANTIATE_TEST_SUITE_P(Seeds, BuilderOracleRandom, testing::Range(1U, 5U));

}  // namespace
}  // namespace netherd::lab
