// Transactions in the pipeline: several messages with one outcome.

#include <gtest/gtest.h>
#include <linux/netlink.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "pipeline_client.hpp"

namespace {

using namespace netherd::engine;
using namespace netherd::test;

constexpr std::uint32_t begin_mark = 100;
constexpr std::uint32_t end_mark = 199;

/// Begin, requests with marks from 101 on, end.
std::vector<std::byte> make_transaction(std::uint32_t requests) {
  std::vector<std::byte> bytes = make_request(change_request_type, 0, begin_mark);
  for (std::uint32_t place = 1; place <= requests; ++place) {
    const auto request = make_request(change_request_type, 0, begin_mark + place);
    bytes.insert(bytes.end(), request.begin(), request.end());
  }
  const auto end = make_request(change_request_type, 0, end_mark);
  bytes.insert(bytes.end(), end.begin(), end.end());
  return bytes;
}

class Transaction : public testing::Test {
 protected:
  /// The requests with these marks fail.
  explicit Transaction(std::vector<std::uint32_t> failing = {})
      : client{[failing = std::move(failing)](const MessageView& request) {
          return Reaction{.error = std::ranges::count(failing, mark_of(request)) > 0 ? EEXIST : 0};
        }} {}

  std::uint32_t enqueue_transaction() {
    const auto position = static_cast<std::uint32_t>(client.ledger.records.size());
    client.ledger.records.emplace_back();
    EXPECT_TRUE(client.pipeline.enqueue({bytes, &client.sink, position, RequestKind::transaction}));
    return position;
  }

  std::vector<std::byte> bytes = make_transaction(3);
  PipelineClient client;
};

TEST_F(Transaction, HasOneSequenceNumberAndOneAcknowledgement) {
  static_cast<void>(client.enqueue());
  const auto position = enqueue_transaction();
  EXPECT_EQ(client.send(), 1U) << "what waits before it, alone";
  client.receive_all();
  const auto datagram = client.pipeline.next_datagram();
  ASSERT_EQ(datagram.size(), bytes.size());
  MessageStream messages{datagram};
  for (std::uint32_t place = 0; const auto message = messages.next(); ++place) {
    EXPECT_EQ(message->sequence(), SequenceNumber{2});
    EXPECT_EQ(message->header().nlmsg_pid, place);
    EXPECT_EQ((message->flags() & NLM_F_ACK) != 0, place == 3) << "the last request, before the end";
  }
  client.kernel.send(datagram);
  client.pipeline.on_sent();
  client.receive_all();
  EXPECT_TRUE(client.record(position).outcome.ok());
  EXPECT_EQ(client.record(position).outcomes, 1);
}

TEST_F(Transaction, IsAloneOnItsWay) {
  const auto first = client.enqueue_dump();
  const auto position = enqueue_transaction();
  const auto behind = client.enqueue_dump();
  const auto last = client.enqueue().value();
  EXPECT_EQ(client.send(), 1U) << "the dump";
  EXPECT_EQ(client.send(), 0U) << "not beside a dump";
  client.receive_all();
  EXPECT_EQ(client.send(), 5U);
  EXPECT_EQ(client.send(), 0U) << "nothing beside it";
  client.receive_all();
  client.run();
  for (const auto each : {first, position, behind, last}) {
    EXPECT_EQ(client.record(each).outcomes, 1) << each;
    EXPECT_TRUE(client.record(each).outcome.ok()) << each;
  }
  EXPECT_LT(std::ranges::find(client.ledger.order, position), std::ranges::find(client.ledger.order, last));
}

class FailingTransaction : public Transaction {
 protected:
  FailingTransaction() : Transaction{{begin_mark + 2, begin_mark + 3}} {}
};

TEST_F(FailingTransaction, EndsWithTheFirstErrorAndSaysWhose) {
  const auto position = enqueue_transaction();
  const auto behind = client.enqueue().value();
  client.run();
  const Record& record = client.record(position);
  EXPECT_EQ(record.outcomes, 1);
  EXPECT_EQ(record.outcome.error, boost::system::errc::file_exists);
  EXPECT_EQ(record.outcome.diagnostic->place, 2U);
  EXPECT_TRUE(client.record(behind).outcome.ok());
}

TEST_F(Transaction, RefusedAsAWholeWasNotExecuted) {
  const auto position = enqueue_transaction();
  ASSERT_FALSE(client.pipeline.next_datagram().empty());
  client.pipeline.on_send_failed(make_error_code(boost::system::errc::message_size));
  EXPECT_EQ(client.record(position).outcome.state, RequestState::waiting);
  const auto again = enqueue_transaction();
  client.run();
  EXPECT_TRUE(client.record(again).outcome.ok());
}

TEST_F(Transaction, LostAnswerMakesItUnknown) {
  const auto position = enqueue_transaction();
  client.send();
  ASSERT_TRUE(client.kernel.lose_newest_answer());
  client.receive_all();
  EXPECT_EQ(client.record(position).outcome.state, RequestState::unknown);
  const auto again = enqueue_transaction();
  client.run();
  EXPECT_TRUE(client.record(again).outcome.ok());
}

TEST_F(Transaction, AbandonedHoldsTheQueueUntilItsAnswer) {
  static_cast<void>(enqueue_transaction());
  client.send();
  client.pipeline.abandon(client.sink, EngineError::deadline_passed);
  const auto behind = client.enqueue().value();
  EXPECT_EQ(client.send(), 0U);
  client.receive_all();
  client.run();
  EXPECT_TRUE(client.record(behind).outcome.ok());
}

}  // namespace
