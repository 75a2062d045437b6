// Answers of a hostile kernel, losses and failures in any order: every request ends exactly once.
#include "netherd/engine/pipeline.hpp"

#include <array>
#include <vector>

#include "fuzz_target.hpp"

namespace {

using namespace netherd::engine;
using netherd::fuzz::require;
using netherd::fuzz::Script;

class CountingSink final : public AnswerSink {
 public:
  void on_reply(std::uint32_t position, const MessageView&) override {
    require(outcomes.at(position) == 0, "no reply behind the outcome");
  }
  void on_outcome(std::uint32_t position, Outcome outcome) override {
    ++outcomes.at(position);
    static_cast<void>(outcome.to_string());
    require(outcome.state != RequestState::answered || outcome.ok() || outcome.error, "an answer is one or the other");
  }
  [[nodiscard]] std::string_view operation(std::uint32_t) const override { return "fuzz"; }
  [[nodiscard]] std::uint64_t tag(std::uint32_t position) const override { return position; }

  std::vector<int> outcomes;
};

class Session {
 public:
  /// Queues a request of a few attributes, one of them nested: errors name the one at their offset.
  void enqueue(std::uint8_t choice) {
    static constexpr std::array kinds{RequestKind::single, RequestKind::get, RequestKind::dump, RequestKind::ask};
    const RequestKind kind = kinds.at(choice % kinds.size());
    MessageWriter writer{messages_.emplace_back()};
    writer.begin(kind == RequestKind::single ? 16 : 18, kind == RequestKind::dump ? NLM_F_DUMP : 0);
    writer.put_family_header(std::array<std::byte, 16>{});
    writer.put_string(3, "eth0");
    const auto nest = writer.begin_nest(18);
    writer.put_u32(1, choice);
    writer.end_nest(nest);
    const auto position = static_cast<std::uint32_t>(sink_.outcomes.size());
    sink_.outcomes.push_back(0);
    const bool queued = pipeline_.enqueue({writer.message(), &sink_, position, kind});
    require(queued, "there is room");
  }

  void step(std::uint8_t choice, Script& script) {
    switch (choice % 6) {
      case 0:
        if (sink_.outcomes.size() < most_requests) enqueue(script.byte());
        break;
      case 1:
        if (!sending_) sending_ = !pipeline_.next_datagram().empty();
        break;
      case 2:
        if (sending_) pipeline_.on_sent();
        sending_ = false;
        break;
      case 3:
        if (sending_) pipeline_.on_send_failed(EngineError::channel_closed);
        sending_ = false;
        break;
      case 4: {
        const auto datagram = script.block();
        const std::uint8_t missing = script.byte();
        if (missing < 2) {
          pipeline_.on_received(datagram.bytes(), missing == 1);
        } else {
          pipeline_.on_received_beginning(datagram.bytes(), datagram.bytes().size() + missing);
        }
        break;
      }
      default:
        pipeline_.on_overrun();
        if (!sending_) pipeline_.on_drained();
        break;
    }
  }

  void finish() {
    pipeline_.fail_all(EngineError::channel_closed);
    for (const int outcomes : sink_.outcomes) require(outcomes == 1, "one outcome per request");
    require(pipeline_.queued() == 0, "nothing is left");
  }

 private:
  static constexpr std::size_t most_requests = 64;
  CountingSink sink_;
  std::vector<std::array<std::byte, 256>> messages_ = [] {
    std::vector<std::array<std::byte, 256>> messages;
    messages.reserve(most_requests);
    return messages;
  }();
  Pipeline pipeline_{PipelineLimits{.datagram_bytes = 1024,
                                    .datagram_requests = 8,
                                    .window_requests = 16,
                                    .dump_window_requests = 4,
                                    .queue_requests = most_requests}};
  bool sending_ = false;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Script script{{data, size}};
  Session session;
  while (!script.ended()) session.step(script.byte(), script);
  session.finish();
  return 0;
}
