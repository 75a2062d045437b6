#include "netherd/lab/machine.hpp"

#include "lab_support.hpp"
#include "netherd/lab/addressing.hpp"
#include "netherd/lab/generate.hpp"
#include "support/isolated_namespace.hpp"

namespace netherd::lab {
namespace {

constexpr std::uint64_t gib = 1ULL << 30U;

LabNeeds some_needs() {
  return {.namespaces = 102, .mounts = 101, .open_files = 56, .memory_bytes = gib, .bridges = true};
}
Machine good_machine() {
  Machine machine;
  machine.open_files = 56;
  machine.max_net_namespaces = 102;
  machine.mount_max = 131;
  machine.mounts = 30;
  machine.memory_available_bytes = gib;
  return machine;
}

TEST(Machine, ThatJustSufficesLacksNothing) {
  EXPECT_TRUE(find_shortages(some_needs(), good_machine()).empty());
  EXPECT_TRUE(find_shortages(some_needs(), {.open_files = 56}).empty()) << "what is not known is taken for enough";
}

TEST(Machine, ThatLacksEverythingIsToldSoAtOnce) {
  Machine machine = good_machine();
  --machine.open_files;
  --*machine.max_net_namespaces;
  --*machine.mount_max;
  --*machine.memory_available_bytes;
  machine.makes_veth = machine.makes_bridges = false;
  const auto shortages = find_shortages(some_needs(), machine);
  ASSERT_EQ(shortages.size(), 6U);
  for (const auto& [what, remedy] : shortages) EXPECT_FALSE(what.empty() || remedy.empty());
  EXPECT_EQ(shortages[1].what, "user.max_net_namespaces is 101, and 102 namespaces are needed");
  EXPECT_EQ(shortages[2].what, "fs.mount-max is 130, of which 30 are taken, and 101 are needed");
  EXPECT_EQ(shortages[3].what, "about 1.0 GiB of memory are needed, and 1.0 GiB are available");
}

TEST(Machine, NeedsNoBridgesWhereThereAreNone) {
  LabNeeds needs = some_needs();
  needs.bridges = false;
  Machine machine = good_machine();
  machine.makes_bridges = false;
  EXPECT_TRUE(find_shortages(needs, machine).empty());
}

TEST(Machine, IsAskedForWhatALabTakes) {
  Topology ring = generate("ring", {.nodes = 1000}).value();
  ring.options = {.routing = Routing::shortest_path, .ipv4_pool = prefix("10.0.0.0/8"), .ipv6_pool = std::nullopt};
  ASSERT_TRUE(assign_addresses(ring).empty());
  const LabNeeds needs = needs_of(Plan{ring});
  EXPECT_EQ(needs.namespaces, 1002U);
  EXPECT_EQ(needs.mounts, 1001U);
  EXPECT_FALSE(needs.bridges);
  EXPECT_EQ(needs.memory_bytes, 1000 * (180 + 70) * 1024 + 1000 * 998 * 150);
}

TEST(Machine, NeedsIpv6ForAddressesOnly) {
  Topology ring = generate("ring", {.nodes = 4}).value();
  EXPECT_FALSE(needs_of(Plan{ring}).ipv6);
  EXPECT_FALSE(needs_of(Plan{ring}).settings);
  ring.links[0].ends[0].addresses.push_back(prefix("fd00::1/64"));
  const LabNeeds needs = needs_of(Plan{ring});
  EXPECT_TRUE(needs.ipv6);
  Machine machine = good_machine();
  machine.has_ipv6 = false;
  const auto shortages = find_shortages(needs, machine);
  ASSERT_EQ(shortages.size(), 1U);
  EXPECT_NE(shortages[0].what.find("ipv6.disable=1"), std::string::npos) << shortages[0].what;
  EXPECT_NE(shortages[0].remedy.find("--ipv6 off"), std::string::npos) << shortages[0].remedy;
  EXPECT_TRUE(find_shortages(LabNeeds{}, machine).empty());
}

TEST(Machine, NeedsSettingsThatCanBeWrittenWhereTheLabCannotDoWithout) {
  Topology star = generate("star", {.nodes = 300}).value();
  EXPECT_FALSE(needs_of(Plan{star}).settings) << "a hub's IPv6 starts late only to save time";
  star.options.ipv6 = false;
  const LabNeeds needs = needs_of(Plan{star});
  EXPECT_TRUE(needs.settings);
  Machine machine = good_machine();
  machine.max_net_namespaces = machine.mount_max = std::nullopt;
  machine.writes_settings = false;
  const auto shortages = find_shortages(needs, machine);
  ASSERT_EQ(shortages.size(), 1U);
  EXPECT_NE(shortages[0].what.find("read-only"), std::string::npos) << shortages[0].what;
}

TEST(Machine, SaysWhichNameTheKernelTakesItself) {
  Topology ring = generate("ring", {.nodes = 3}).value();
  ring.links[0].ends[0].interface = ring.links[1].ends[0].interface = "tunl0";
  ring.links[2].ends[0].interface = "sit0";
  const LabNeeds needs = needs_of(Plan{ring});
  EXPECT_EQ(needs.automatic_names, (std::vector<std::string>{"sit0", "tunl0"}));
  Machine machine = good_machine();
  EXPECT_TRUE(find_shortages(needs, machine).empty()) << "no such module is loaded";
  machine.automatic_devices = {"tunl0", "gre0"};
  const auto shortages = find_shortages(needs, machine);
  ASSERT_EQ(shortages.size(), 1U);
  EXPECT_EQ(shortages[0].what,
            "an interface is called tunl0, and the module ipip puts one of that name into every namespace");
}

TEST(Machine, CountsFilesThatAreOpenAlready) {
  Machine machine = good_machine();
  machine.files_open_already = 1;
  EXPECT_EQ(find_shortages(some_needs(), machine).size(), 1U);
}

TEST(Machine, IsLookedAt) {
  if (!test::ends_within(test::kernel_patience, [] { static_cast<void>(look_at_machine({})); }))
    GTEST_SKIP() << "the kernel does not answer";
  const Machine machine = look_at_machine({});
  EXPECT_GT(machine.open_files, 0U);
  EXPECT_GT(machine.memory_available_bytes.value_or(0), 0U);
  EXPECT_TRUE(machine.makes_veth);
}

}  // namespace
}  // namespace netherd::lab
