// How long requests took: what is recorded comes out again, and a datagram's time is that of its requests.

#include "netherd/engine/latencies.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <thread>
#include <vector>

#include "netherd/engine/impl/send_times.hpp"

namespace {

using namespace netherd::engine;
using namespace std::chrono_literals;

TEST(Latencies, OfNothingAreZero) {
  const Latencies latencies;
  EXPECT_EQ(latencies.count(), 0U);
  EXPECT_EQ(latencies.quantile(0.5), 0ns);
  EXPECT_EQ(latencies.quantile(1), 0ns);
  EXPECT_EQ(latencies.max(), 0ns);
}

TEST(Latencies, AreExactWhereThereIsOneOnly) {
  for (const auto took : {0ns, 1ns, 15ns, 16ns, 17ns, 1'000ns, 123'456'789ns,
                          std::chrono::nanoseconds{std::numeric_limits<std::int64_t>::max()}}) {
    Latencies latencies;
    latencies.record(took);
    EXPECT_EQ(latencies.quantile(0), took);
    EXPECT_EQ(latencies.quantile(0.5), took);
    EXPECT_EQ(latencies.quantile(1), took);
    EXPECT_EQ(latencies.max(), took);
  }
}

TEST(Latencies, QuantilesAreAtMostASixteenthTooHigh) {
  std::mt19937 random{1};
  std::lognormal_distribution<double> distribution{10, 2};
  std::vector<std::int64_t> all(10'001);
  Latencies latencies;
  for (std::int64_t& each : all) {
    each = static_cast<std::int64_t>(distribution(random));
    latencies.record(std::chrono::nanoseconds{each});
  }
  std::ranges::sort(all);
  for (const double share : {0.1, 0.5, 0.9, 0.99, 0.999}) {
    const auto rank = static_cast<std::size_t>(std::ceil(share * static_cast<double>(all.size()))) - 1;
    EXPECT_GE(latencies.quantile(share).count(), all[rank]);
    EXPECT_LE(static_cast<double>(latencies.quantile(share).count()), static_cast<double>(all[rank]) * 17 / 16);
  }
  EXPECT_EQ(latencies.quantile(1).count(), all.back());
  EXPECT_EQ(latencies.count(), all.size());
}

TEST(Latencies, CountManyAtOnce) {
  Latencies latencies;
  latencies.record(10ns, 90);
  latencies.record(1'000ns, 10);
  latencies.record(1h, 0);
  EXPECT_EQ(latencies.count(), 100U);
  EXPECT_EQ(latencies.quantile(0.9), 10ns);
  EXPECT_GE(latencies.quantile(0.91), 1'000ns);
  EXPECT_EQ(latencies.max(), 1'000ns);
}

TEST(Latencies, AClockThatGoesBackCountsAsZero) {
  Latencies latencies;
  latencies.record(-5ns);
  latencies.record(10ns);
  EXPECT_EQ(latencies.quantile(0.5), 0ns);
  EXPECT_EQ(latencies.max(), 10ns);
}

TEST(SendTimes, OldestRequestsEndFirst) {
  Latencies latencies;
  SendTimes times{&latencies};
  times.on_sent(2);
  std::this_thread::sleep_for(5ms);
  times.on_sent(2);
  times.on_ended(3);
  EXPECT_EQ(latencies.count(), 3U);
  EXPECT_LT(latencies.quantile(0.3), latencies.quantile(0.7)) << "one of the later datagram, two of the earlier";
  EXPECT_GE(latencies.quantile(0.7), 5ms);
  times.on_ended(1);
  EXPECT_EQ(latencies.count(), 4U);
}

TEST(SendTimes, WhatTheKernelDidNotTakeIsNotCounted) {
  Latencies latencies;
  SendTimes times{&latencies};
  times.on_sent(3);
  times.on_sent(5);
  times.on_send_failed(5);
  times.on_sent(0);
  times.on_send_failed(0);  // a dump: what is on its way goes on
  times.on_ended(3);
  times.on_ended(5);
  EXPECT_EQ(latencies.count(), 3U);
}

TEST(SendTimes, AnyNumberOfDatagramsIsOnItsWay) {
  Latencies latencies;
  SendTimes times{&latencies};
  for (int count = 0; count < 1000; ++count) times.on_sent(1);
  times.on_ended(1000);
  EXPECT_EQ(latencies.count(), 1000U);
}

TEST(SendTimes, RecordNothingUnlessAsked) {
  SendTimes times{nullptr};
  times.on_sent(1);
  times.on_send_failed(1);
  times.on_ended(1);
}

}  // namespace
