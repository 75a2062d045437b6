// Requests of unknown outcome: what asking the kernel makes of them.

#include "netherd/engine/settle.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <optional>

#include "channel_fixture.hpp"

namespace {

namespace asio = boost::asio;
using namespace netherd::engine;
using namespace netherd::test;

/// One address of AddNumberedAddress, looked for among all.
[[nodiscard]] Evidence address_among(const MessageList& list, std::uint32_t number) {
  for (const MessageView message : list) {
    for (const auto attribute : message.attributes<ifaddrmsg>()) {
      if (attribute.type() != IFA_LOCAL || attribute.payload().size() != 4) continue;
      if (ntohl(attribute.as<std::uint32_t>().value()) == (0x0a000000U | number)) return Evidence::executed;
    }
  }
  return Evidence::not_executed;
}

class SettleTest : public ChannelTest {
 protected:
  static Outcome lost() { return {EngineError::answer_lost, RequestState::unknown, nullptr}; }

  template <typename Question, typename Judge>
  Outcome settle_with(Channel& asked, Outcome outcome, Question question, Judge judge) {
    std::optional<Outcome> result;
    asio::co_spawn(context, settle(asked, std::move(outcome), question, judge),
                   [&](const std::exception_ptr&, Outcome settled) { result = std::move(settled); });
    run();
    return result.value();
  }
};
NETHERD_IN_BOTH_SUBMISSION_MODES(SettleTest);

TEST_P(SettleTest, WhatIsThereWasExecuted) {
  const auto number = fresh_numbers(1);
  ASSERT_TRUE(execute(AddNumberedAddress{number}).ok());
  const auto judge = [number](const MessageList& list) { return address_among(list, number); };
  EXPECT_TRUE(settle_with(*channel, lost(), DumpAddresses{}, judge).ok());
}

TEST_P(SettleTest, WhatIsNotThereWasNot) {
  const auto number = fresh_numbers(1);
  const auto judge = [number](const MessageList& list) { return address_among(list, number); };
  const Outcome outcome = settle_with(*channel, lost(), DumpAddresses{}, judge);
  EXPECT_EQ(outcome.state, RequestState::waiting);
  EXPECT_EQ(outcome.error, EngineError::answer_lost);
}

TEST_P(SettleTest, AsksForOneObject) {
  const auto judge = [](const MessageList& list) { return list.empty() ? Evidence::not_executed : Evidence::executed; };
  EXPECT_TRUE(settle_with(*channel, lost(), GetLink{1}, judge).ok());
  EXPECT_EQ(settle_with(*channel, lost(), GetLink{1'000'000}, judge).state, RequestState::waiting);
}

TEST_P(SettleTest, WhatIsKnownIsNotAskedFor) {
  const auto judge = [](const MessageList&) {
    ADD_FAILURE() << "asked";
    return Evidence::executed;
  };
  const Outcome refused = execute(TouchLink{1'000'000});
  EXPECT_EQ(settle_with(*channel, refused, GetLink{1}, judge).error, boost::system::errc::no_such_device);
  EXPECT_TRUE(settle_with(*channel, Outcome{{}, RequestState::answered, nullptr}, GetLink{1}, judge).ok());
}

TEST_P(SettleTest, StaysUnknownWhereNobodyCanTell) {
  const auto unclear = [](const MessageList&) { return Evidence::unclear; };
  EXPECT_EQ(settle_with(*channel, lost(), GetLink{1}, unclear).state, RequestState::unknown);
  const auto judge = [](const MessageList&) {
    ADD_FAILURE() << "there was no answer";
    return Evidence::executed;
  };
  EXPECT_EQ(settle_with(*channel, lost(), LargeRequest{100}, judge).state, RequestState::unknown);
  channel->close();
  EXPECT_EQ(settle_with(*channel, lost(), GetLink{1}, judge).state, RequestState::unknown);
}

TEST_P(SettleTest, RealLossIsSettledTruthfully) {
  NetlinkSocket socket = open_socket();
  const int descriptor = socket.descriptor();
  Channel shrunk{context, std::move(socket), options()};
  const int smallest = 1;  // behind the channel's back: its window is now far too large
  ASSERT_EQ(::setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &smallest, sizeof smallest), 0);
  constexpr std::uint32_t count = 100;
  constexpr int no_such_index = 1'000'000;
  const auto number = fresh_numbers(count);
  Batch batch;
  for (std::uint32_t offset = 0; offset < count; ++offset) {
    batch.add(AddNumberedAddress{number + offset, offset % 2 == 0 ? 1 : no_such_index});
  }
  shrunk.async_execute(batch, [](std::size_t) {});
  run_behind_the_send();
  std::size_t unknown = 0;
  for (std::uint32_t offset = 0; offset < count; ++offset) {
    const Outcome before = batch.outcomes()[offset];
    unknown += before.state == RequestState::unknown;
    const auto judge = [this_one = number + offset](const MessageList& list) { return address_among(list, this_one); };
    const Outcome after = settle_with(*channel, before, DumpAddresses{}, judge);
    EXPECT_NE(after.state, RequestState::unknown);
    EXPECT_EQ(after.ok(), offset % 2 == 0) << offset;
  }
  EXPECT_GT(unknown, 0U);
}

}  // namespace
