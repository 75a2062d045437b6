#include "netherd/engine/pipeline.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <numeric>
#include <set>
#include <string>

#include "pipeline_client.hpp"

namespace {

using namespace netherd::engine;
using namespace netherd::test;

const boost::system::error_code no_error;
const boost::system::error_code given_up{ECANCELED, boost::system::system_category()};

boost::system::error_code system_error(int error) { return {error, boost::system::system_category()}; }

/// A script that answers each request that has one of these marks with an errno, and all others with success.
FakeKernel::Script failing(std::set<std::uint32_t> marks, int error = EEXIST) {
  return [marks = std::move(marks), error](const MessageView& request) {
    return Reaction{.error = marks.contains(mark_of(request)) ? error : 0};
  };
}

FakeKernel::Script reacting(Reaction reaction) {
  return [reaction = std::move(reaction)](const MessageView&) { return reaction; };
}

constexpr PipelineLimits beside_dumps{.dump_window_requests = 128};

void expect(const PipelineClient& client, std::uint32_t position, boost::system::error_code error, RequestState state) {
  const Record& record = client.record(position);
  EXPECT_EQ(record.outcomes, 1) << position;
  EXPECT_EQ(record.outcome.error, error) << position << ": " << record.outcome.error.message();
  EXPECT_EQ(record.outcome.state, state) << position;
}

void expect_success(const PipelineClient& client, std::uint32_t position) {
  expect(client, position, no_error, RequestState::answered);
}

bool ended(const PipelineClient& client, std::uint32_t position) { return client.record(position).outcomes > 0; }

std::vector<std::uint32_t> counted(std::size_t size) {
  std::vector<std::uint32_t> numbers(size);
  std::iota(numbers.begin(), numbers.end(), 0U);
  return numbers;
}

TEST(Pipeline, HasNothingToSendAtFirst) {
  PipelineClient client{failing({})};
  EXPECT_TRUE(client.pipeline.next_datagram().empty());
  EXPECT_FALSE(client.pipeline.expects_answers());
  EXPECT_EQ(client.pipeline.queued(), 0U);
}

TEST(Pipeline, OneAcknowledgementEndsADatagram) {
  PipelineClient client{failing({})};
  for (int count = 0; count < 100; ++count) client.enqueue();
  EXPECT_EQ(client.send(), 100U);
  EXPECT_EQ(client.pipeline.in_flight(), 100U);
  EXPECT_TRUE(client.receive());
  EXPECT_FALSE(client.receive()) << "more than one acknowledgement was asked for";
  for (const auto position : counted(100)) expect_success(client, position);
  EXPECT_EQ(client.ledger.order, counted(100));
  EXPECT_FALSE(client.pipeline.expects_answers());
  EXPECT_EQ(client.pipeline.queued(), 0U);
}

TEST(Pipeline, ErrorsEndTheirOwnRequestsOnly) {
  PipelineClient client{failing({0, 3, 4, 9})};
  for (int count = 0; count < 10; ++count) client.enqueue();
  client.run();
  for (const auto position : {0U, 3U, 4U, 9U}) expect(client, position, system_error(EEXIST), RequestState::answered);
  for (const auto position : {1U, 2U, 5U, 6U, 7U, 8U}) expect_success(client, position);
  EXPECT_EQ(client.ledger.order, counted(10));
  EXPECT_EQ(client.kernel.executed().size(), 10U);
}

TEST(Pipeline, SilenceProvesNothingBeforeAnAnswerBehindIt) {
  PipelineClient client{failing({})};
  client.enqueue();
  client.enqueue();
  client.send();
  EXPECT_FALSE(ended(client, 0));
  client.receive();
  EXPECT_TRUE(ended(client, 0));
}

TEST(Pipeline, ManyAnswersInOneDatagram) {
  PipelineClient client{failing({0, 1, 2, 3, 4, 5}), {}, {.answers_per_datagram = 10}};
  for (int count = 0; count < 6; ++count) client.enqueue();
  client.send();
  EXPECT_TRUE(client.receive());
  EXPECT_EQ(client.ledger.order, counted(6));
}

TEST(Pipeline, DiagnosticTellsTheStory) {
  // Offset 20 is behind the 16 bytes of header and the 4 bytes of mark: the first attribute.
  for (const bool echoes_request : {false, true}) {
    PipelineClient client{reacting({.error = EINVAL,
                                    .words = "Invalid prefix for given prefix length",
                                    .attribute_offset = 20,
                                    .echoes_request = echoes_request})};
    client.enqueue(client.sink, change_request_type, RequestKind::single, 64);
    client.run();
    expect(client, 0, system_error(EINVAL), RequestState::answered);
    const auto& diagnostic = client.record(0).outcome.diagnostic;
    ASSERT_NE(diagnostic, nullptr);
    EXPECT_EQ(diagnostic->operation, "test the pipeline");
    EXPECT_EQ(diagnostic->tag, 1000U);
    EXPECT_EQ(diagnostic->sequence, SequenceNumber{1});
    EXPECT_EQ(diagnostic->kernel_message, "Invalid prefix for given prefix length");
    EXPECT_EQ(diagnostic->attribute_offset, 20U);
    EXPECT_EQ(diagnostic->attribute_type, 0U);
    EXPECT_EQ(client.record(0).outcome.to_string(),
              "test the pipeline: Invalid argument (Invalid prefix for given prefix length)");
  }
}

TEST(Pipeline, DiagnosticSurvivesAnOffsetOutsideTheRequest) {
  for (const std::uint32_t offset : {17U, 18U, 20U, 1000U, UINT32_MAX}) {
    PipelineClient client{reacting({.error = EINVAL, .attribute_offset = offset})};
    client.enqueue();  // 20 bytes
    client.run();
    EXPECT_EQ(client.record(0).outcome.diagnostic->attribute_offset, offset);
    EXPECT_EQ(client.record(0).outcome.diagnostic->attribute_type, std::nullopt);
  }
}

TEST(Pipeline, GetSeesItsObject) {
  PipelineClient client{reacting({.objects = 1})};
  client.enqueue_get();
  client.enqueue_get();
  client.run();
  for (const auto position : {0U, 1U}) {
    expect_success(client, position);
    EXPECT_EQ(client.record(position).objects, counted(1));
  }
}

TEST(Pipeline, SequenceNumbersWrap) {
  for (const std::uint32_t first : {UINT32_MAX, UINT32_MAX - 5, UINT32_MAX - 150}) {
    PipelineClient client{failing({0, 5, 199}), {.window_requests = 7}, {}, SequenceNumber{first}};
    for (int count = 0; count < 200; ++count) client.enqueue();
    client.run();
    EXPECT_EQ(client.ledger.order, counted(200));
    for (const auto position : counted(200)) {
      EXPECT_EQ(client.kernel.executed()[position].sequence, first + position);
      EXPECT_EQ(client.record(position).outcome.ok(), position != 0 && position != 5 && position != 199);
    }
  }
}

TEST(Pipeline, WindowLimitsWhatIsInFlight) {
  PipelineClient client{failing({}), {.window_requests = 5}};
  for (int count = 0; count < 12; ++count) client.enqueue();
  EXPECT_EQ(client.send(), 5U);
  EXPECT_EQ(client.send(), 0U) << "at the limit nothing is sent";
  client.receive();
  EXPECT_EQ(client.send(), 5U);
  client.run();
  EXPECT_EQ(client.ledger.order, counted(12));
}

TEST(Pipeline, DatagramHoldsExactlyWhatFits) {
  PipelineClient client{failing({}), {.datagram_bytes = 200}};
  for (int count = 0; count < 10; ++count) client.enqueue();  // 20 bytes each
  client.enqueue();
  EXPECT_EQ(client.send(), 10U);
  EXPECT_EQ(client.send(), 1U);
}

TEST(Pipeline, DatagramOneByteTooSmallForOneMore) {
  PipelineClient client{failing({}), {.datagram_bytes = 199}};
  for (int count = 0; count < 10; ++count) client.enqueue();
  EXPECT_EQ(client.send(), 9U);
  EXPECT_EQ(client.send(), 1U);
}

TEST(Pipeline, RequestAsLargeAsTheDatagram) {
  PipelineClient client{failing({}), {.datagram_bytes = 200}};
  client.enqueue();
  client.enqueue(client.sink, change_request_type, RequestKind::single, 200);
  client.enqueue();
  EXPECT_EQ(client.send(), 1U);
  EXPECT_EQ(client.send(), 1U);
  EXPECT_EQ(client.send(), 1U);
  client.run();
  EXPECT_EQ(client.ledger.order, counted(3));
}

TEST(Pipeline, DatagramHoldsAtMostSoManyRequests) {
  PipelineClient client{failing({}), {.datagram_requests = 4}};
  for (int count = 0; count < 9; ++count) client.enqueue();
  EXPECT_EQ(client.send(), 4U);
  EXPECT_EQ(client.send(), 4U);
  EXPECT_EQ(client.send(), 1U);
  client.run();
  EXPECT_EQ(client.ledger.order, counted(9));
}

TEST(Pipeline, LimitsOfZeroStillMoveOneRequestAtATime) {
  PipelineClient client{failing({}), {.datagram_requests = 0, .window_requests = 0}};
  for (int count = 0; count < 3; ++count) client.enqueue();
  client.run();
  EXPECT_EQ(client.ledger.order, counted(3));
}

TEST(Pipeline, QueueTakesNoMoreThanItsLimit) {
  PipelineClient client{failing({}), {.window_requests = 2, .queue_requests = 5}};
  for (int count = 0; count < 5; ++count) EXPECT_TRUE(client.enqueue().has_value());
  EXPECT_FALSE(client.enqueue().has_value());
  client.send();
  EXPECT_FALSE(client.enqueue().has_value()) << "what is in flight counts as well";
  client.receive();
  EXPECT_TRUE(client.enqueue().has_value());
  client.run();
  EXPECT_EQ(client.ledger.order, counted(6));
}

TEST(Pipeline, GrowsWhileRequestsAreInFlight) {
  PipelineClient client{failing({}), {.window_requests = 10}};
  for (int round = 0; round < 50; ++round) {
    for (int count = 0; count < 40; ++count) client.enqueue();
    client.send();
    client.receive();
  }
  client.run();
  EXPECT_EQ(client.ledger.order, counted(2000));
}

// Losses.

TEST(Pipeline, AfterALossSilenceProvesNothing) {
  // Room for two answers: 0 and 1 fail and are heard of; the errors of 2 and 3 and the acknowledgement of 5 are lost.
  PipelineClient client{failing({0, 1, 2, 3}), {}, {.receive_buffer_answers = 2}};
  for (int count = 0; count < 6; ++count) client.enqueue();
  client.send();
  EXPECT_GT(client.kernel.dropped_answers(), 0U);
  client.receive_all();
  for (const auto position : {0U, 1U}) expect(client, position, system_error(EEXIST), RequestState::answered);
  for (const auto position : {2U, 3U, 4U, 5U}) {
    expect(client, position, EngineError::answer_lost, RequestState::unknown);
  }
  EXPECT_FALSE(client.pipeline.overrun());
}

TEST(Pipeline, SilenceProvesTheSuccessOfQuietRequests) {
  PipelineClient client{failing({1})};
  for (int count = 0; count < 3; ++count) client.enqueue(client.sink, change_request_type, RequestKind::quiet);
  client.send();
  EXPECT_TRUE(client.receive());
  expect_success(client, 0);
  expect(client, 1, system_error(EEXIST), RequestState::answered);
  EXPECT_FALSE(client.receive()) << "nobody has asked for an acknowledgement";
  EXPECT_EQ(client.record(2).outcomes, 0);
  client.pipeline.on_silence();
  expect_success(client, 2);
  EXPECT_FALSE(client.pipeline.expects_answers());
}

TEST(Pipeline, SilenceAfterALossIsNotSuccessOfQuietRequests) {
  PipelineClient client{failing({0})};
  client.enqueue(client.sink, change_request_type, RequestKind::quiet);
  client.send();
  client.kernel.lose_newest_answer();
  client.receive_all();
  expect(client, 0, EngineError::answer_lost, RequestState::unknown);
}

TEST(Pipeline, AnAnswerBehindALossProvesNothingAboutOthers) {
  PipelineClient client{failing({0})};
  client.enqueue();
  client.send();
  client.kernel.lose_newest_answer();
  EXPECT_EQ(client.kernel.receive().error, ENOBUFS);
  client.pipeline.on_overrun();
  // The kernel forgets the overrun once the queue is empty, while a send of another thread is still under way.
  EXPECT_EQ(client.kernel.receive().error, EAGAIN);
  client.kernel.inject(make_request(NLMSG_ERROR, 0, 0, 36));
  client.receive_all();
  expect(client, 0, EngineError::answer_lost, RequestState::unknown);
}

TEST(Pipeline, SendsNothingUntilDrained) {
  PipelineClient client{failing({0, 1, 2}), {}, {.receive_buffer_answers = 1}};
  for (int count = 0; count < 3; ++count) client.enqueue();
  client.send();
  client.receive();
  EXPECT_TRUE(client.pipeline.overrun());
  const auto later = client.enqueue();
  EXPECT_TRUE(client.pipeline.next_datagram().empty());
  client.receive_all();
  EXPECT_FALSE(client.pipeline.overrun());
  client.run();
  expect_success(client, *later);
}

TEST(Pipeline, LateAnswersOfLostRequestsAreDropped) {
  PipelineClient client{failing({})};
  client.enqueue();
  client.send();
  auto answer = client.kernel.receive().datagram;
  client.pipeline.on_overrun();
  client.pipeline.on_drained();
  expect(client, 0, EngineError::answer_lost, RequestState::unknown);
  client.pipeline.on_received(answer, false);
  EXPECT_EQ(client.record(0).outcomes, 1);
}

TEST(Pipeline, TruncatedDatagramCountsAsALoss) {
  PipelineClient client{failing({1, 2}), {}, {.answers_per_datagram = 10}};
  for (int count = 0; count < 4; ++count) client.enqueue();
  client.send();
  auto answers = client.kernel.receive().datagram;  // of 1, 2 and 3
  answers.resize(answers.size() / 3 + 10);
  client.pipeline.on_received(answers, true);
  EXPECT_TRUE(client.pipeline.overrun());
  client.receive_all();
  expect_success(client, 0);
  expect(client, 1, system_error(EEXIST), RequestState::answered);
  expect(client, 2, EngineError::answer_lost, RequestState::unknown);
  expect(client, 3, EngineError::answer_lost, RequestState::unknown);
}

TEST(Pipeline, MalformedDatagramCountsAsALoss) {
  PipelineClient client{failing({})};
  client.enqueue();
  client.send();
  client.pipeline.on_received(std::vector<std::byte>(20, std::byte{0xff}), false);
  client.receive_all();
  EXPECT_EQ(client.record(0).outcomes, 1);
  EXPECT_FALSE(client.pipeline.expects_answers());
}

TEST(Pipeline, TooShortAnErrorIsMalformed) {
  PipelineClient client{failing({})};
  client.enqueue();
  client.send();
  auto answer = client.kernel.receive().datagram;
  answer.resize(18);
  const std::uint32_t length = 18;
  std::memcpy(answer.data(), &length, sizeof length);
  client.pipeline.on_received(answer, false);
  expect(client, 0, EngineError::malformed_answer, RequestState::unknown);
}

TEST(Pipeline, ImpossibleErrorNumbersAreNoSuccess) {
  for (const std::int32_t error : {1, INT32_MAX, INT32_MIN, INT32_MIN + 1}) {
    PipelineClient client{failing({}), beside_dumps};
    client.enqueue();
    const auto dump = client.enqueue_dump();
    client.send();
    auto answer = client.kernel.receive().datagram;
    std::memcpy(answer.data() + sizeof(nlmsghdr), &error, sizeof error);
    client.pipeline.on_received(answer, false);
    EXPECT_FALSE(client.record(0).outcome.ok()) << error;
    auto done = client.kernel.receive().datagram;
    std::memcpy(done.data() + sizeof(nlmsghdr), &error, sizeof error);
    client.pipeline.on_received(done, false);
    EXPECT_EQ(client.record(dump).outcomes, 1);
    EXPECT_FALSE(client.record(dump).outcome.ok()) << error;
  }
}

TEST(Pipeline, ForeignSequenceNumbersAreIgnored) {
  PipelineClient client{failing({}), {}, {}, SequenceNumber{1000}};
  client.enqueue();
  client.send();
  auto answer = client.kernel.receive().datagram;
  for (const std::uint32_t sequence : {0U, 1U, 999U, 1001U, 1064U, UINT32_MAX}) {
    auto foreign = answer;
    std::memcpy(foreign.data() + offsetof(nlmsghdr, nlmsg_seq), &sequence, sizeof sequence);
    client.pipeline.on_received(foreign, false);
    EXPECT_EQ(client.record(0).outcomes, 0) << sequence;
  }
  client.pipeline.on_received(answer, false);
  expect_success(client, 0);
}

// Dumps.

TEST(Pipeline, DumpInManyParts) {
  PipelineClient client{reacting({.objects = 100})};
  const auto dump = client.enqueue_dump();
  EXPECT_EQ(client.send(), 1U);
  EXPECT_TRUE(client.pipeline.expects_answers());
  client.run();
  expect_success(client, dump);
  EXPECT_EQ(client.record(dump).objects, counted(100));
  EXPECT_FALSE(client.pipeline.expects_answers());
}

TEST(Pipeline, EmptyDump) {
  PipelineClient client{reacting({})};
  const auto dump = client.enqueue_dump();
  client.run();
  expect_success(client, dump);
  EXPECT_TRUE(client.record(dump).objects.empty());
}

TEST(Pipeline, OtherRequestsRunBesideADump) {
  PipelineClient client{[](const MessageView& request) {
                          return mark_of(request) == 1 ? Reaction{.objects = 50}
                                                       : Reaction{.error = mark_of(request) % 3 == 0 ? EPERM : 0};
                        },
                        beside_dumps};
  client.enqueue();
  client.enqueue_dump();
  for (int count = 0; count < 5; ++count) client.enqueue();
  EXPECT_EQ(client.send(), 7U);
  while (client.receive()) {
    client.enqueue();
    client.send();
    if (client.ledger.records.size() > 100) break;
  }
  client.run();
  EXPECT_EQ(client.record(1).objects, counted(50));
  for (const auto position : counted(client.ledger.records.size())) {
    if (position == 1 || position % 3 != 0) expect_success(client, position);
    if (position != 1 && position % 3 == 0) expect(client, position, system_error(EPERM), RequestState::answered);
  }
}

TEST(Pipeline, SecondDumpWaitsForTheFirst) {
  PipelineClient client{reacting({.objects = 10})};
  client.enqueue_dump();
  client.enqueue_dump();
  const auto behind = client.enqueue();
  EXPECT_EQ(client.send(), 1U);
  EXPECT_EQ(client.send(), 0U);
  client.run();
  for (const auto dump : {0U, 1U}) {
    expect_success(client, dump);
    EXPECT_EQ(client.record(dump).objects, counted(10));
  }
  EXPECT_TRUE(ended(client, *behind));
}

TEST(Pipeline, InterruptedDumpIsNoSuccess) {
  PipelineClient client{reacting({.objects = 10, .interrupted = true})};
  const auto dump = client.enqueue_dump();
  client.run();
  expect(client, dump, EngineError::dump_interrupted, RequestState::answered);
  EXPECT_EQ(client.record(dump).objects, counted(10));
}

TEST(Pipeline, DumpThatEndsWithAnError) {
  PipelineClient client{reacting({.objects = 7, .words = "the kernel's words", .done_error = EOPNOTSUPP})};
  const auto dump = client.enqueue_dump();
  client.run();
  expect(client, dump, system_error(EOPNOTSUPP), RequestState::answered);
  EXPECT_EQ(client.record(dump).outcome.diagnostic->kernel_message, "the kernel's words");
}

TEST(Pipeline, DumpThatIsRefused) {
  PipelineClient client{reacting({.error = EINVAL, .words = "no such filter"})};
  const auto dump = client.enqueue_dump();
  client.run();
  expect(client, dump, system_error(EINVAL), RequestState::answered);
  EXPECT_EQ(client.record(dump).outcome.diagnostic->kernel_message, "no such filter");
}

TEST(Pipeline, DumpWithATruncatedPartIsNoSuccess) {
  PipelineClient client{reacting({.objects = 10})};
  const auto dump = client.enqueue_dump();
  client.send();
  auto part = client.kernel.receive().datagram;
  part.resize(part.size() - 5);
  client.pipeline.on_received(part, true);
  client.run();
  expect(client, dump, EngineError::answer_lost, RequestState::unknown);
}

TEST(Pipeline, DumpWhoseEndIsLost) {
  PipelineClient client{reacting({.objects = 2})};
  const auto dump = client.enqueue_dump();
  client.send();
  client.kernel.lose_newest_answer();
  client.run();
  expect(client, dump, EngineError::answer_lost, RequestState::unknown);
  const auto next = client.enqueue_dump();
  client.run();
  expect_success(client, next);
}

TEST(Pipeline, GetWhoseObjectMayBeLostIsNoSuccess) {
  PipelineClient client{reacting({.objects = 1})};
  const auto get = client.enqueue_get();
  client.send();
  auto object = client.kernel.receive().datagram;
  object.resize(18);
  client.pipeline.on_received(object, true);
  client.run();
  expect(client, get, EngineError::answer_lost, RequestState::unknown);
}

// Failing to send, giving up.

TEST(Pipeline, RefusedDatagramWasNotExecuted) {
  PipelineClient client{reacting({.objects = 1}), {.datagram_requests = 3, .dump_window_requests = 10}};
  client.enqueue();
  client.enqueue();
  client.enqueue();
  client.send();
  client.enqueue();
  client.enqueue_dump();
  client.enqueue();
  const auto behind = client.enqueue();
  ASSERT_FALSE(client.pipeline.next_datagram().empty());
  client.pipeline.on_send_failed(system_error(EPERM));
  for (const auto position : {3U, 4U, 5U}) expect(client, position, system_error(EPERM), RequestState::waiting);
  client.run();
  for (const auto position : {0U, 1U, 2U}) expect_success(client, position);
  expect_success(client, *behind);
  EXPECT_EQ(client.kernel.executed().size(), 4U);
}

TEST(Pipeline, RefusedDatagramLeavesAnEarlierDumpAlone) {
  PipelineClient client{reacting({.objects = 20}), beside_dumps};
  const auto dump = client.enqueue_dump();
  client.send();
  const auto refused = client.enqueue();
  ASSERT_FALSE(client.pipeline.next_datagram().empty());
  client.pipeline.on_send_failed(system_error(ENOMEM));
  expect(client, *refused, system_error(ENOMEM), RequestState::waiting);
  client.run();
  expect_success(client, dump);
}

TEST(Pipeline, AbandonedWhileWaitingIsNotSent) {
  PipelineClient client{failing({})};
  RecordingSink other{client.ledger};
  client.enqueue();
  client.enqueue(other);
  client.enqueue();
  client.pipeline.abandon(other, given_up);
  expect(client, 1, given_up, RequestState::waiting);
  client.run();
  expect_success(client, 0);
  expect_success(client, 2);
  EXPECT_EQ(client.kernel.executed().size(), 2U);
  EXPECT_EQ(client.pipeline.queued(), 0U);
}

TEST(Pipeline, AbandonedWhenSentIsUnknown) {
  PipelineClient client{failing({1})};
  auto other = std::make_unique<RecordingSink>(client.ledger);
  client.enqueue();
  client.enqueue(*other);
  client.enqueue();
  client.send();
  client.pipeline.abandon(*other, given_up);
  expect(client, 1, given_up, RequestState::unknown);
  other.reset();
  client.run();
  expect_success(client, 0);
  expect_success(client, 2);
  EXPECT_EQ(client.record(1).outcomes, 1);
}

TEST(Pipeline, AbandonedDumpRunsToItsEndUnheard) {
  PipelineClient client{reacting({.objects = 20})};
  auto other = std::make_unique<RecordingSink>(client.ledger);
  client.enqueue(*other, get_request_type, RequestKind::dump);
  client.send();
  client.receive();
  client.pipeline.abandon(*other, given_up);
  expect(client, 0, given_up, RequestState::unknown);
  const auto seen = client.record(0).objects.size();
  other.reset();
  const auto next = client.enqueue_dump();
  EXPECT_EQ(client.send(), 0U) << "the kernel is busy with the first one";
  client.run();
  expect_success(client, next);
  EXPECT_EQ(client.record(0).objects.size(), seen);
}

TEST(Pipeline, AbandonedDumpThatWaits) {
  PipelineClient client{reacting({.objects = 20})};
  RecordingSink other{client.ledger};
  const auto first = client.enqueue_dump();
  const auto second = *client.enqueue(other, get_request_type, RequestKind::dump);
  const auto behind = client.enqueue();
  client.send();
  client.pipeline.abandon(other, given_up);
  expect(client, second, given_up, RequestState::waiting);
  client.run();
  expect_success(client, first);
  expect_success(client, *behind);
  EXPECT_EQ(client.kernel.executed().size(), 2U);
}

TEST(Pipeline, AbandonedWhileItsDatagramIsRefused) {
  PipelineClient client{failing({})};
  RecordingSink other{client.ledger};
  client.enqueue(other);
  client.enqueue();
  ASSERT_FALSE(client.pipeline.next_datagram().empty());
  client.pipeline.abandon(other, given_up);
  client.pipeline.on_send_failed(system_error(EPERM));
  expect(client, 0, given_up, RequestState::unknown);
  expect(client, 1, system_error(EPERM), RequestState::waiting);
}

TEST(Pipeline, AbandoningFreesTheQueue) {
  PipelineClient client{failing({}), {.queue_requests = 4}};
  RecordingSink other{client.ledger};
  for (int count = 0; count < 4; ++count) client.enqueue(other);
  client.pipeline.abandon(other, given_up);
  EXPECT_TRUE(client.enqueue().has_value());
  client.run();
  expect_success(client, 4);
}

TEST(Pipeline, AbandonedRequestMayBeRepeatedAtOnce) {
  PipelineClient client{failing({})};
  client.enqueue();
  client.enqueue();
  std::vector<std::uint32_t> repeated;
  client.sink.when_ended = [&](std::uint32_t position) {
    if (position < 2) repeated.push_back(client.enqueue().value());
  };
  client.pipeline.abandon(client.sink, given_up);
  for (const auto position : {0U, 1U}) expect(client, position, given_up, RequestState::waiting);
  client.run();
  ASSERT_EQ(repeated.size(), 2U);
  for (const auto position : repeated) expect_success(client, position);
}

TEST(Pipeline, FailAllEndsEverything) {
  PipelineClient client{reacting({.objects = 5}), {.datagram_requests = 3, .dump_window_requests = 10}};
  client.enqueue();
  client.enqueue_dump();
  client.enqueue();
  client.enqueue();
  client.enqueue_dump();
  client.send();
  client.pipeline.fail_all(EngineError::channel_closed);
  for (const auto position : {0U, 1U, 2U}) expect(client, position, EngineError::channel_closed, RequestState::unknown);
  for (const auto position : {3U, 4U}) expect(client, position, EngineError::channel_closed, RequestState::waiting);
  EXPECT_EQ(client.pipeline.queued(), 0U);
  EXPECT_FALSE(client.pipeline.expects_answers());
}

TEST(Pipeline, WorksOnAfterFailAll) {
  PipelineClient client{failing({})};
  client.enqueue();
  client.sink.when_ended = [&](std::uint32_t position) {
    if (position == 0) client.enqueue();
  };
  client.pipeline.fail_all(system_error(EIO));
  client.run();
  expect(client, 0, system_error(EIO), RequestState::waiting);
  expect_success(client, 1);
}

TEST(Pipeline, OutcomesMayEnqueue) {
  PipelineClient client{failing({})};
  client.sink.when_ended = [&](std::uint32_t) {
    for (int count = 0; count < 2 && client.ledger.records.size() < 5000; ++count) client.enqueue();
  };
  client.enqueue();
  client.run();
  EXPECT_EQ(client.ledger.order, counted(5000));
}

TEST(Pipeline, OutcomesOfLossesAndRefusalsMayEnqueue) {
  PipelineClient client{failing({0, 1, 2}), {}, {.receive_buffer_answers = 1}};
  client.sink.when_ended = [&](std::uint32_t position) {
    // So many that the queue grows while its outcomes are handed out.
    for (int count = 0; position < 3 && count < 100; ++count) client.enqueue();
  };
  for (int count = 0; count < 3; ++count) client.enqueue();
  client.run();
  EXPECT_EQ(client.ledger.order.size(), 303U);

  PipelineClient refused{failing({})};
  refused.sink.when_ended = [&](std::uint32_t position) {
    for (int count = 0; position < 3 && count < 100; ++count) refused.enqueue();
  };
  for (int count = 0; count < 3; ++count) refused.enqueue();
  ASSERT_FALSE(refused.pipeline.next_datagram().empty());
  refused.pipeline.on_send_failed(system_error(EPERM));
  refused.run();
  EXPECT_EQ(refused.ledger.order.size(), 303U);
  EXPECT_EQ(refused.kernel.executed().size(), 300U);
}

TEST(Pipeline, WindowBesideADump) {
  PipelineClient client{reacting({.objects = 10}), {.window_requests = 10, .dump_window_requests = 3}};
  client.enqueue_dump();
  for (int count = 0; count < 20; ++count) client.enqueue();
  EXPECT_EQ(client.send(), 4U);
  client.run();
  EXPECT_EQ(client.ledger.order.size(), 21U);
}

TEST(Pipeline, DumpWaitsUntilItsWindowSuffices) {
  PipelineClient client{reacting({.objects = 10}), {.window_requests = 10, .dump_window_requests = 3}};
  for (int count = 0; count < 5; ++count) client.enqueue();
  client.enqueue_dump();
  client.enqueue();
  EXPECT_EQ(client.send(), 5U);
  EXPECT_EQ(client.send(), 0U);
  client.run();
  EXPECT_EQ(client.ledger.order.size(), 7U);
}

TEST(Pipeline, DumpWithoutAWindowRunsAlone) {
  PipelineClient client{reacting({.objects = 10}), {.window_requests = 10, .dump_window_requests = 0}};
  client.enqueue();
  client.enqueue_dump();
  client.enqueue();
  for (int datagrams = 0; datagrams < 3; ++datagrams) {
    EXPECT_EQ(client.send(), 1U);
    EXPECT_EQ(client.send(), 0U);
    client.receive_all();
  }
  EXPECT_EQ(client.ledger.order, counted(3));
}

TEST(Pipeline, GetsTakeMoreOfTheWindow) {
  PipelineClient client{reacting({.objects = 1}), {.window_requests = 2 * get_window_share + 1}};
  for (int count = 0; count < 4; ++count) client.enqueue_get();
  client.enqueue();
  EXPECT_EQ(client.send(), 2U);
  client.run();
  EXPECT_EQ(client.ledger.order, counted(5));

  PipelineClient narrow{reacting({.objects = 1}), {.window_requests = 1}};
  narrow.enqueue_get();
  narrow.enqueue_get();
  EXPECT_EQ(narrow.send(), 1U) << "alone it always fits";
  narrow.run();
  EXPECT_EQ(narrow.ledger.order, counted(2));
}

TEST(Window, FitsIntoTheReceiveBuffer) {
  EXPECT_EQ(window_for_receive_buffer(0), 1U);
  EXPECT_EQ(window_for_receive_buffer(answer_charge_bytes - 1), 1U);
  EXPECT_EQ(window_for_receive_buffer(2 * answer_charge_bytes), 2U);
  EXPECT_LE(window_for_receive_buffer(212'992), 256U);
  EXPECT_EQ(dump_window_for_receive_buffer(0), 0U);
  EXPECT_EQ(dump_window_for_receive_buffer(2 * dump_part_charge_bytes), 0U);
  EXPECT_EQ(dump_window_for_receive_buffer(2 * (dump_part_charge_bytes + answer_charge_bytes)), 1U);
  EXPECT_LT(dump_window_for_receive_buffer(212'992), window_for_receive_buffer(212'992) / 2);
}

/// One message with the sequence number of the client's first request.
std::vector<std::byte> first_answer(std::uint16_t type, std::uint16_t flags, std::size_t payload_bytes) {
  std::vector<std::byte> bytes(sizeof(nlmsghdr) + payload_bytes);
  nlmsghdr header{};
  header.nlmsg_len = static_cast<std::uint32_t>(bytes.size());
  header.nlmsg_type = type;
  header.nlmsg_flags = flags;
  header.nlmsg_seq = 1;
  std::memcpy(bytes.data(), &header, sizeof header);
  return bytes;
}

TEST(Pipeline, EndOfADumpMayCarryNothing) {
  PipelineClient client{reacting({.objects = 1000})};
  const auto dump = client.enqueue_dump();
  client.send();
  client.pipeline.on_received(first_answer(NLMSG_DONE, NLM_F_MULTI, 0), false);
  expect_success(client, dump);
}

TEST(Pipeline, EndOfADumpThatCarriesTooLittleIsMalformed) {
  PipelineClient client{reacting({.objects = 1000})};
  const auto dump = client.enqueue_dump();
  client.send();
  client.pipeline.on_received(first_answer(NLMSG_DONE, NLM_F_MULTI, 2), false);
  expect(client, dump, EngineError::malformed_answer, RequestState::unknown);
}

TEST(Pipeline, ObjectThatNobodyLooksAtMayBeCut) {
  for (const RequestKind kind : {RequestKind::ask, RequestKind::single}) {
    PipelineClient client{reacting({.objects = 0})};
    const auto asked = *client.enqueue(client.sink, get_request_type, kind);
    const auto behind = *client.enqueue();
    client.send();
    auto object = first_answer(object_type, 0, 100);
    object.resize(40);
    client.pipeline.on_received_beginning(object, sizeof(nlmsghdr) + 100);
    EXPECT_FALSE(client.pipeline.overrun());
    client.run();
    expect_success(client, asked);
    expect_success(client, behind);
  }
}

TEST(Pipeline, ObjectThatIsLookedAtIsLostWhenItIsCut) {
  PipelineClient client{reacting({.objects = 0})};
  const auto asked = client.enqueue_get();
  client.send();
  EXPECT_TRUE(client.pipeline.expects_objects());
  auto object = first_answer(object_type, 0, 100);
  object.resize(40);
  client.pipeline.on_received_beginning(object, sizeof(nlmsghdr) + 100);
  client.run();
  expect(client, asked, EngineError::answer_lost, RequestState::unknown);
  EXPECT_FALSE(client.pipeline.expects_objects());
}

TEST(Pipeline, ExpectsObjectsWhileSomebodyWaitsForThem) {
  PipelineClient client{reacting({.objects = 2})};
  client.enqueue();
  static_cast<void>(client.enqueue(client.sink, get_request_type, RequestKind::ask));
  client.send();
  EXPECT_FALSE(client.pipeline.expects_objects());
  client.run();
  client.enqueue_get();
  client.send();
  EXPECT_TRUE(client.pipeline.expects_objects());
  client.pipeline.abandon(client.sink, given_up);
  EXPECT_TRUE(client.pipeline.expects_objects()) << "it comes all the same";
  client.run();
  EXPECT_FALSE(client.pipeline.expects_objects());
  client.enqueue_dump();
  client.send();
  EXPECT_TRUE(client.pipeline.expects_objects());
  client.run();
  EXPECT_FALSE(client.pipeline.expects_objects());
}

TEST(Pipeline, FailureForGoodEndsAnOverrunToo) {
  // Or its owner would try to empty the receive buffer for ever.
  PipelineClient client{reacting({})};
  const auto failed = *client.enqueue();
  client.send();
  client.pipeline.on_overrun();
  client.pipeline.fail_all(given_up);
  expect(client, failed, given_up, RequestState::unknown);
  EXPECT_FALSE(client.pipeline.overrun());
  EXPECT_FALSE(client.pipeline.expects_answers());
}

}  // namespace
