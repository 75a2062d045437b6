// Thousands of schedules of sending, receiving, losing, giving up and failing, each from a seed of its own. Whatever
// happens, a pipeline owes three things: every request ends once, none is said to have succeeded that did not, and it
// never stands still.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <random>

#include "pipeline_client.hpp"

namespace {

using namespace netherd::engine;
using namespace netherd::test;

/// What the world does to the pipeline.
struct Climate {
  unsigned losses = 0;     ///< per thousand steps
  unsigned giving_up = 0;  ///< the same
  unsigned refusals = 0;   ///< the same: datagrams that the kernel does not take
  unsigned damage = 0;     ///< the same: answers truncated or overwritten
};

const boost::system::error_code given_up{ECANCELED, boost::system::system_category()};
const boost::system::error_code refused{EPERM, boost::system::system_category()};

class Schedule {
 public:
  Schedule(std::uint32_t seed, const Climate& climate)
      : random_{seed},
        climate_{climate},
        limits_{random_limits()},
        client_{[this](const MessageView& request) { return react(request); }, limits_, random_kernel(),
                SequenceNumber{UINT32_MAX - below(200)}} {
    for (RecordingSink& sink : sinks_) {
      sink.when_ended = [this](std::uint32_t) {
        if (below(10) == 0) enqueue();
      };
    }
  }

  void run() {
    total_ = 50 + below(200);
    while (!finished()) {
      ASSERT_LT(++steps_, 100'000U) << "stands still";
      step();
      ASSERT_LE(client_.pipeline.in_flight(), limits_.window_requests);
    }
    while (sending_) send();
    client_.receive_all();  // the answers of what was given up
    check();
  }

 private:
  struct Request {
    RequestKind kind = RequestKind::single;
    Reaction reaction;
  };

  std::uint32_t below(std::uint32_t bound) {
    return std::uniform_int_distribution<std::uint32_t>{0, bound - 1}(random_);
  }
  RecordingSink& random_sink() { return sinks_[below(3)]; }
  bool happens(unsigned per_thousand) { return below(1000) < per_thousand; }

  PipelineLimits random_limits() {
    return {.datagram_bytes = 64 + 4 * below(100),
            .datagram_requests = 1 + below(20),
            .window_requests = 1 + below(30),
            .dump_window_requests = below(20),
            .queue_requests = 1 + below(100)};
  }
  FakeKernelOptions random_kernel() {
    // Where nothing shall be lost, the window's answers fit.
    const std::size_t room = climate_.losses > 0 && below(2) == 0 ? 1 + below(20) : 1000;
    return {.receive_buffer_answers = room, .objects_per_part = 1 + below(5), .answers_per_datagram = 1 + below(4)};
  }
  Reaction random_reaction(RequestKind kind) {
    const bool dump = kind == RequestKind::dump;
    Reaction reaction;
    if (below(3) == 0) reaction.error = below(2) == 0 ? EEXIST : EINVAL;
    if (dump) reaction.objects = below(30);
    if (kind == RequestKind::get || kind == RequestKind::ask) reaction.objects = 1;
    if (below(3) == 0) reaction.words = "words";
    if (below(3) == 0) reaction.attribute_offset = below(40);
    reaction.echoes_request = below(2) == 0;
    if (dump) reaction.interrupted = below(5) == 0;
    if (dump && below(5) == 0) reaction.done_error = ENOMEM;
    return reaction;
  }
  Reaction react(const MessageView& request) { return requests_.at(mark_of(request)).reaction; }

  void enqueue() {
    if (requests_.size() >= total_ || client_.pipeline.queued() >= limits_.queue_requests) return;
    const std::uint32_t choice = below(20);
    const auto kind = choice == 0   ? RequestKind::dump
                      : choice <= 2 ? RequestKind::get
                      : choice <= 4 ? RequestKind::ask
                                    : RequestKind::single;
    requests_.push_back({kind, random_reaction(kind)});
    const std::size_t size = below(4) == 0 ? limits_.datagram_bytes : 4 * below(16);
    const auto type = kind == RequestKind::single ? change_request_type : get_request_type;
    const auto position = client_.enqueue(random_sink(), type, kind, size);
    ASSERT_TRUE(position.has_value());
  }

  /// A worker's send shows its answers before it ends, hence the steps.
  void send() {
    if (!sending_) {
      const auto datagram = client_.pipeline.next_datagram();
      if (datagram.empty()) return;
      if (happens(climate_.refusals)) return client_.pipeline.on_send_failed(refused);
      client_.kernel.begin_send(datagram);
      sending_ = true;
    }
    for (std::uint32_t count = below(8); count > 0 && sending_; --count) {
      if (client_.kernel.execute_next()) continue;
      sending_ = false;
      client_.pipeline.on_sent();
    }
  }

  void receive() {
    if (!happens(climate_.damage)) {
      client_.receive(sending_);
      return;
    }
    const auto reception = client_.kernel.receive();
    if (reception.error == ENOBUFS) client_.pipeline.on_overrun();
    if (reception.error == EAGAIN && client_.pipeline.overrun() && !sending_) client_.pipeline.on_drained();
    if (reception.error == 0) receive_truncated(reception.datagram);
  }
  void receive_truncated(std::vector<std::byte> datagram) {
    const std::size_t whole_bytes = datagram.size();
    datagram.resize(below(static_cast<std::uint32_t>(whole_bytes)));
    datagram.shrink_to_fit();
    if (below(2) == 0) return client_.pipeline.on_received(datagram, true);
    client_.pipeline.on_received_beginning(datagram, whole_bytes);
  }

  void step() {
    if (happens(climate_.losses)) client_.kernel.lose_newest_answer();
    if (happens(climate_.giving_up)) client_.pipeline.abandon(random_sink(), given_up);
    switch (below(4)) {
      case 0:
        return enqueue();
      case 1:
        return send();
      default:
        return receive();
    }
  }

  bool finished() { return requests_.size() >= total_ && client_.ledger.order.size() == requests_.size(); }

  void check() {
    std::vector<int> executions(requests_.size());
    std::vector<int> errors(requests_.size());
    std::uint32_t last_sequence = 0;
    for (const auto& execution : client_.kernel.executed()) {
      ++executions.at(execution.mark);
      errors.at(execution.mark) = execution.error;
      if (last_sequence != 0) {
        EXPECT_GT(static_cast<std::int32_t>(execution.sequence - last_sequence), 0) << "order";
      }
      last_sequence = execution.sequence;
    }
    for (std::uint32_t position = 0; position < requests_.size(); ++position) {
      SCOPED_TRACE(position);
      check_one(requests_[position], client_.record(position), executions[position], errors[position]);
    }
    EXPECT_EQ(client_.pipeline.in_flight(), 0U);
  }

  void check_one(const Request& request, const Record& record, int executions, int error) const {
    const Outcome& outcome = record.outcome;
    EXPECT_EQ(record.outcomes, 1);
    EXPECT_LE(executions, 1);
    switch (outcome.state) {
      case RequestState::waiting:
        EXPECT_EQ(executions, 0);
        EXPECT_TRUE(outcome.error == refused || outcome.error == given_up);
        break;
      case RequestState::unknown:
        EXPECT_EQ(outcome.error == given_up ? climate_.giving_up == 0 : climate_.losses + climate_.damage == 0, false);
        EXPECT_TRUE(outcome.error == given_up || outcome.error == EngineError::answer_lost);
        break;
      case RequestState::answered:
        EXPECT_EQ(executions, 1);
        check_answer(request, record, error);
        break;
      case RequestState::sent:
        ADD_FAILURE() << "no end";
    }
  }

  static void check_answer(const Request& request, const Record& record, int error) {
    const Outcome& outcome = record.outcome;
    if (error == 0) error = request.reaction.done_error;  // of dumps only
    if (error == 0 && request.reaction.interrupted) {
      EXPECT_EQ(outcome.error, EngineError::dump_interrupted);
    } else {
      EXPECT_EQ(outcome.error.value(), error);
    }
    if (outcome.ok() && request.kind != RequestKind::ask) {
      EXPECT_EQ(record.objects.size(), request.reaction.objects);
    }
    if (outcome.error && outcome.error != EngineError::dump_interrupted && error != EBUSY) {
      EXPECT_EQ(outcome.diagnostic->kernel_message, request.reaction.words);
      EXPECT_EQ(outcome.diagnostic->attribute_offset, request.reaction.attribute_offset);
    }
  }

  std::mt19937 random_;
  Climate climate_;
  PipelineLimits limits_;
  PipelineClient client_;
  std::array<RecordingSink, 3> sinks_{RecordingSink{client_.ledger}, RecordingSink{client_.ledger},
                                      RecordingSink{client_.ledger}};
  std::vector<Request> requests_;
  std::size_t total_ = 0;
  std::size_t steps_ = 0;
  bool sending_ = false;
};

void run_schedules(std::uint32_t first_seed, const Climate& climate) {
  constexpr std::uint32_t schedules = 1000;
  for (std::uint32_t seed = first_seed; seed < first_seed + schedules; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Schedule{seed, climate}.run();
    if (testing::Test::HasFailure()) return;
  }
}

TEST(PipelineSchedules, Fair) { run_schedules(0, {}); }
TEST(PipelineSchedules, WithLosses) { run_schedules(10'000, {.losses = 30}); }
TEST(PipelineSchedules, WithRequestsGivenUp) { run_schedules(20'000, {.giving_up = 20}); }
TEST(PipelineSchedules, WithDatagramsRefused) { run_schedules(30'000, {.refusals = 100}); }
TEST(PipelineSchedules, WithDamagedAnswers) { run_schedules(40'000, {.damage = 50}); }
TEST(PipelineSchedules, WithEverythingAtOnce) {
  run_schedules(50'000, {.losses = 20, .giving_up = 10, .refusals = 50, .damage = 20});
}

/// Arbitrary bytes instead of answers: the sanitizers judge, and every request still ends once.
TEST(PipelineSchedules, SurviveNoise) {
  std::mt19937 random{3};
  for (int round = 0; round < 3000; ++round) {
    PipelineClient client{[](const MessageView& request) {
      return Reaction{.error = mark_of(request) % 2 == 0 ? EEXIST : 0, .objects = 4, .words = "words"};
    }};
    for (int count = 0; count < 6; ++count) client.enqueue();
    client.enqueue_dump();
    client.send();
    for (auto reception = client.kernel.receive(); reception.error == 0; reception = client.kernel.receive()) {
      auto& bytes = reception.datagram;
      for (auto count = random() % 4; count > 0; --count)
        bytes[random() % bytes.size()] = static_cast<std::byte>(random());
      bytes.resize(bytes.size() - random() % 3);
      bytes.shrink_to_fit();
      client.pipeline.on_received(bytes, false);
    }
    client.pipeline.fail_all(EngineError::channel_closed);
    for (const Record& record : client.ledger.records) ASSERT_EQ(record.outcomes, 1) << round;
  }
}

}  // namespace
