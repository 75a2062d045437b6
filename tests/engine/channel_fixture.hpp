#pragma once

#include <gtest/gtest.h>
#include <linux/netlink.h>

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <optional>
#include <set>
#include <thread>
#include <utility>
#include <vector>

#include "netherd/engine/channel.hpp"
#include "netherd/engine/ring.hpp"
#include "requests.hpp"

namespace netherd::test {

inline engine::NetlinkSocket open_socket(const engine::SocketOptions& options = {}) {
  return engine::NetlinkSocket::open(NETLINK_ROUTE, options).value();
}

/// A test that runs in both submission modes; they must not differ in anything but time.
class ChannelTest : public testing::TestWithParam<engine::Submission> {
 protected:
  ChannelTest() { channel.emplace(context, open_socket(), options()); }

  [[nodiscard]] static engine::ChannelOptions options() {
    engine::ChannelOptions options;
    options.submission = GetParam();
    return options;
  }

  /// Numbers that no other test has used.
  [[nodiscard]] static std::uint32_t fresh_numbers(std::uint32_t count) {
    static std::uint32_t next = 1;
    return std::exchange(next, next + count);
  }

  void run() {
    context.restart();
    context.run();
  }

  /// The same, but reads no answer before the first send has ended: or a loop that is quick enough would lose none.
  void run_behind_the_send() {
    context.restart();
    for (int turn = 0; turn < 2; ++turn) context.poll_one();  // makes the datagram, and hands it over
    std::this_thread::sleep_for(std::chrono::milliseconds{100});
    run();
  }

  /// Without a ring, sends of worker mode run in the loop as well.
  [[nodiscard]] bool has_ring() { return !engine::Ring::of(context).unavailable(); }

  template <typename Request>
  engine::Outcome execute(const Request& request) {
    std::optional<engine::Outcome> result;
    channel->async_execute(request, [&](engine::Outcome outcome) { result = std::move(outcome); });
    run();
    return result.value();
  }

  [[nodiscard]] bool address_exists(std::uint32_t number) { return numbers_of_addresses().contains(number); }

  [[nodiscard]] std::set<std::uint32_t> numbers_of_addresses() {
    std::set<std::uint32_t> numbers;
    boost::asio::io_context other;
    engine::Channel lister{other, open_socket()};
    lister.async_dump(
        DumpAddresses{},
        [&](const engine::MessageView& message) {
          for (const auto attribute : message.attributes<ifaddrmsg>()) {
            if (attribute.type() != IFA_LOCAL || attribute.payload().size() != 4) continue;
            const auto address = ntohl(attribute.as<std::uint32_t>().value());
            if (address >> 24U == 10) numbers.insert(address & 0xffffffU);
          }
        },
        [](const engine::Outcome& outcome) { EXPECT_TRUE(outcome.ok()) << outcome.to_string(); });
    other.run();
    return numbers;
  }

  boost::asio::io_context context;
  std::optional<engine::Channel> channel;
};

inline std::string name_of_submission(const testing::TestParamInfo<engine::Submission>& information) {
  return information.param == engine::Submission::in_loop ? "InLoop" : "Worker";
}

#define NETHERD_IN_BOTH_SUBMISSION_MODES(fixture)                                                                      \
  INSTANTIATE_TEST_SUITE_P(Modes, fixture,                                                                             \
                           testing::Values(netherd::engine::Submission::in_loop, netherd::engine::Submission::worker), \
                           netherd::test::name_of_submission)

}  // namespace netherd::test
