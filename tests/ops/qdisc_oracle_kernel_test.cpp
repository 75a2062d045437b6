// Qdiscs and classes: what a request encodes is what `tc` sends, tables of ticks included.
#include "netherd/ops/qdisc.hpp"
#include "oracle_fixture.hpp"

namespace netherd::ops {
namespace {

using namespace std::chrono_literals;

class QdiscOracle : public OracleTest {
 protected:
  /// At the root of p0; `words` are what tc calls the kind and its settings.
  template <TcKind Kind>
  static void expect_qdisc(const Kind& kind, const std::string& words) {
    expect_sent(AddQdisc<Kind>{.index = p0.index, .kind = kind, .name = "p0"}, "tc qdisc add dev p0 root " + words);
  }
  static void expect_class(const HtbClass& kind, const std::string& words) {
    expect_sent(AddHtbClass{.index = p0.index, .parent = {1, 0}, .classid = {1, 0x1f}, .kind = kind, .name = "p0"},
                "tc class add dev p0 parent 1: classid 1:1f htb " + words);
  }
};

constexpr std::uint64_t kilobit = 1'000;
constexpr std::uint64_t megabit = 1'000'000;
constexpr std::uint64_t gigabit = 1'000'000'000;

TEST_F(QdiscOracle, Tbf) {
  expect_qdisc(Tbf{.rate = megabit, .burst = 10240, .latency = 50ms},
               "tbf rate 1000000bit burst 10240 latency 50000us");
  expect_qdisc(Tbf{.rate = 999, .burst = 1600, .limit = 3000}, "tbf rate 999bit burst 1600 limit 3000");
  expect_qdisc(Tbf{.rate = 40 * gigabit, .burst = 104857600, .limit = 5000000, .mtu = 9000},
               "tbf rate 40000000000bit burst 104857600 limit 5000000 mtu 9000");
  expect_qdisc(Tbf{.rate = megabit,
                   .burst = 10240,
                   .limit = 20480,
                   .peakrate = 2 * megabit,
                   .mtu = 1600,
                   .mpu = 64,
                   .overhead = 10},
               "tbf rate 1000000bit burst 10240 limit 20480 peakrate 2000000bit mtu 1600 mpu 64 overhead 10");
  expect_qdisc(Tbf{.rate = 35 * gigabit, .burst = 1048576, .latency = 1ms, .peakrate = 40 * gigabit, .mtu = 9000},
               "tbf rate 35000000000bit burst 1048576 latency 1000us peakrate 40000000000bit mtu 9000");
}

TEST_F(QdiscOracle, Htb) {
  expect_qdisc(Htb{}, "htb");
  expect_qdisc(Htb{.default_class = 0x1f, .r2q = 5, .direct_qlen = 7}, "htb default 0x1f r2q 5 direct_qlen 7");
}

TEST_F(QdiscOracle, HtbClasses) {
  expect_class({.rate = megabit}, "rate 1000000bit");
  expect_class({.rate = 64 * kilobit, .ceil = 128 * kilobit, .prio = 7}, "rate 64000bit ceil 128000bit prio 7");
  expect_class({.rate = 40 * gigabit,
                .ceil = 50 * gigabit,
                .burst = 20480,
                .cburst = 30720,
                .prio = 2,
                .quantum = 3000,
                .mtu = 9000,
                .mpu = 64,
                .overhead = 14},
               "rate 40000000000bit ceil 50000000000bit burst 20480 cburst 30720 prio 2 quantum 3000 mtu 9000 mpu 64 "
               "overhead 14");
}

TEST_F(QdiscOracle, Netem) {
  expect_qdisc(Netem{}, "netem");
  expect_qdisc(Netem{.limit = 500,
                     .delay = 10ms,
                     .jitter = 2ms,
                     .delay_correlation = {0.25},
                     .loss = NetemChance{{0.01}, {0.05}},
                     .duplicate = {{0.02}, {0.1}},
                     .reorder = {{0.04}, {0.5}},
                     .gap = 5,
                     .corrupt = {{0.03}, {0.2}}},
               "netem limit 500 delay 10000us 2000us 25% loss 1% 5% duplicate 2% 10% reorder 4% 50% gap 5 "
               "corrupt 3% 20%");
  expect_qdisc(Netem{.delay = 1ms, .reorder = {{0.001}}}, "netem delay 1000us reorder 0.1%");
  expect_qdisc(Netem{.loss = NetemLossGemodel{.p = {0.01}, .r = {0.1}, .loss_in_bad = {0.7}, .loss_in_good = {0.001}}},
               "netem loss gemodel 1% 10% 70% 0.1%");
  expect_qdisc(Netem{.loss = NetemLossState{.p13 = {0.01}, .p31 = {0.02}, .p32 = {0.03}, .p23 = {0.04}, .p14 = {0.05}},
                     .ecn = true},
               "netem loss state 1% 2% 3% 4% 5% ecn");
  expect_qdisc(Netem{.rate = megabit}, "netem rate 1000000bit");
  expect_qdisc(Netem{.rate = 50 * gigabit, .packet_overhead = -4, .cell_size = 53, .cell_overhead = 5},
               "netem rate 50000000000bit -4 53 5");
  expect_qdisc(Netem{.slot_min = 800us, .slot_max = 1ms, .slot_packets = 3, .slot_bytes = 4000},
               "netem slot 800000ns 1000000ns packets 3 bytes 4000");
}

TEST_F(QdiscOracle, NetemDistributions) {
  for (const char* name : {"normal", "pareto", "paretonormal", "experimental"}) {
    const auto table = read_delay_table(name);
    ASSERT_TRUE(table) << name;
    expect_qdisc(Netem{.delay = 10ms, .jitter = 2ms, .distribution = *table},
                 "netem delay 10000us 2000us distribution " + std::string{name});
  }
  expect_qdisc(
      Netem{.slot_distribution = read_delay_table("normal").value(), .slot_delay = 800us, .slot_jitter = 100us},
      "netem slot distribution normal 800000ns 100000ns");
}

TEST_F(QdiscOracle, FqCodelAndFifos) {
  expect_qdisc(FqCodel{}, "fq_codel");
  expect_qdisc(FqCodel{.limit = 1000,
                       .flows = 512,
                       .target = FqCodel::Microseconds{5000},
                       .interval = FqCodel::Microseconds{100000},
                       .quantum = 1514,
                       .ecn = false,
                       .ce_threshold = FqCodel::Microseconds{1000},
                       .memory_limit = 4194304,
                       .drop_batch = 32},
               "fq_codel limit 1000 flows 512 target 5000us interval 100000us quantum 1514 noecn ce_threshold 1000us "
               "memory_limit 4194304 drop_batch 32");
  expect_qdisc(FqCodel{.ecn = true}, "fq_codel ecn");
  expect_qdisc(Pfifo{}, "pfifo");
  expect_qdisc(Pfifo{.limit = 100}, "pfifo limit 100");
  expect_qdisc(Bfifo{.limit = 10000}, "bfifo limit 10000");
}

TEST_F(QdiscOracle, PlacesAndVerbs) {
  expect_sent(AddQdisc<Ingress>{.index = p0.index, .name = "p0"}, "tc qdisc add dev p0 ingress");
  expect_sent(AddQdisc<Clsact>{.index = p0.index, .name = "p0"}, "tc qdisc add dev p0 clsact");
  expect_sent(AddQdisc<Pfifo>{.index = p0.index, .parent = {1, 0xa}, .handle = {0xab, 0}, .name = "p0"},
              "tc qdisc add dev p0 parent 1:a handle ab: pfifo");
  expect_sent(ChangeQdisc<Pfifo>{.index = p0.index, .name = "p0"}, "tc qdisc change dev p0 root pfifo");
  expect_sent(ReplaceQdisc<Pfifo>{.index = p0.index, .name = "p0"}, "tc qdisc replace dev p0 root pfifo");
  expect_sent(DeleteQdisc{.index = p0.index, .name = "p0"}, "tc qdisc delete dev p0 root");
  expect_sent(DeleteQdisc{.index = p0.index, .parent = tc_ingress, .name = "p0"},
              "tc qdisc delete dev p0 parent ffff:fff1");
  expect_sent(DeleteQdisc{.index = p0.index, .parent = {1, 1}, .handle = {2, 0}, .name = "p0"},
              "tc qdisc delete dev p0 parent 1:1 handle 2:");
  const HtbClass rate{.rate = megabit};
  expect_sent(ChangeHtbClass{.index = p0.index, .parent = tc_root, .classid = {1, 1}, .kind = rate, .name = "p0"},
              "tc class change dev p0 root classid 1:1 htb rate 1000000bit");
  expect_sent(ReplaceHtbClass{.index = p0.index, .parent = {1, 2}, .classid = {1, 3}, .kind = rate, .name = "p0"},
              "tc class replace dev p0 parent 1:2 classid 1:3 htb rate 1000000bit");
  expect_sent(DeleteClass{.index = p0.index, .classid = {1, 3}, .name = "p0"}, "tc class delete dev p0 classid 1:3");
}

}  // namespace
}  // namespace netherd::ops
