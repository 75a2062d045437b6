#pragma once

#include <gtest/gtest.h>

#include <cerrno>
#include <deque>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "netherd/engine/pipeline.hpp"
#include "support/fake_kernel.hpp"

namespace netherd::test {

/// What a request went through.
struct Record {
  int outcomes = 0;
  engine::Outcome outcome;
  std::vector<std::uint32_t> objects;  ///< numbers of the objects of its answer
};

/// All requests of a test, by position, and the order in which they ended.
struct Ledger {
  std::vector<Record> records;
  std::vector<std::uint32_t> order;
};

/// Writes into a ledger what a pipeline tells it.
class RecordingSink final : public engine::AnswerSink {
 public:
  explicit RecordingSink(Ledger& ledger) : ledger_{&ledger} {}

  /// Called at each outcome, when it has been recorded.
  std::function<void(std::uint32_t position)> when_ended;

  void on_reply(std::uint32_t position, const engine::MessageView& message) override {
    EXPECT_EQ(ledger_->records[position].outcomes, 0) << "reply behind the outcome of " << position;
    ledger_->records[position].objects.push_back(mark_of(message));
  }
  void on_outcome(std::uint32_t position, engine::Outcome outcome) override {
    Record& record = ledger_->records[position];
    ++record.outcomes;
    record.outcome = std::move(outcome);
    ledger_->order.push_back(position);
    if (when_ended) when_ended(position);
  }
  [[nodiscard]] std::string_view operation(std::uint32_t) const override { return "test the pipeline"; }
  [[nodiscard]] std::uint64_t tag(std::uint32_t position) const override { return 1000 + position; }

 private:
  Ledger* ledger_;
};

/// A pipeline and a fake kernel, brought together as a channel does it.
class PipelineClient {
 public:
  explicit PipelineClient(FakeKernel::Script script, engine::PipelineLimits limits = {}, FakeKernelOptions options = {},
                          engine::SequenceNumber first = engine::SequenceNumber{1})
      : kernel{std::move(script), options}, pipeline{limits, first} {}

  /// Queues a request; its position is its mark. Gives nothing if the pipeline is full.
  std::optional<std::uint32_t> enqueue(RecordingSink& to, std::uint16_t type = change_request_type,
                                       engine::RequestKind kind = engine::RequestKind::single, std::size_t size = 0) {
    const auto position = static_cast<std::uint32_t>(ledger.records.size());
    const std::uint16_t flags = kind == engine::RequestKind::dump ? NLM_F_DUMP : 0;
    messages_.push_back(make_request(type, flags, position, size));
    if (!pipeline.enqueue({messages_.back(), &to, position, kind})) return std::nullopt;
    ledger.records.emplace_back();
    return position;
  }
  std::optional<std::uint32_t> enqueue() { return enqueue(sink); }
  std::uint32_t enqueue_get() { return enqueue(sink, get_request_type, engine::RequestKind::get).value(); }
  std::uint32_t enqueue_dump() { return enqueue(sink, get_request_type, engine::RequestKind::dump).value(); }

  /// Sends one datagram; gives the number of its requests.
  std::size_t send() {
    const auto datagram = pipeline.next_datagram();
    if (datagram.empty()) return 0;
    const std::size_t before = kernel.executed().size();
    kernel.send(datagram);
    pipeline.on_sent();
    return kernel.executed().size() - before;
  }

  /// Takes one answer; false: there is none. `sending`: a send is under way, so that a loss cannot be concluded yet.
  bool receive(bool sending = false) {
    const auto reception = kernel.receive();
    if (reception.error == ENOBUFS) {
      pipeline.on_overrun();
    } else if (reception.error == EAGAIN) {
      if (!pipeline.overrun() || sending) return false;
      pipeline.on_drained();
    } else {
      pipeline.on_received(reception.datagram, false);
    }
    return true;
  }
  void receive_all() {
    while (receive()) {
    }
  }

  /// Until nothing moves any more.
  void run() {
    for (bool moved = true; moved;) {
      moved = send() > 0;
      while (receive()) moved = true;
    }
  }

  [[nodiscard]] const Record& record(std::uint32_t position) const { return ledger.records.at(position); }

  Ledger ledger;
  RecordingSink sink{ledger};
  FakeKernel kernel;
  engine::Pipeline pipeline;

 private:
  std::deque<std::vector<std::byte>> messages_;
};

}  // namespace netherd::test
