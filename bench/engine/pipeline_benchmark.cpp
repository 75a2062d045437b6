// What the engine takes for a request before a kernel that takes nothing: one core, no system call.

#include <cerrno>
#include <cstdint>
#include <string_view>

#include "engine/requests.hpp"
#include "measure.hpp"
#include "netherd/engine/batch.hpp"
#include "netherd/engine/pipeline.hpp"
#include "support/lean_kernel.hpp"

namespace netherd::bench {

namespace {

using engine::Batch;
using engine::MessageView;
using engine::Outcome;
using test::AddNumberedAddress;

constexpr std::uint32_t requests = 1000;

class Sink final : public engine::AnswerSink {
 public:
  void on_reply(std::uint32_t, const MessageView&) override {}
  void on_outcome(std::uint32_t, Outcome outcome) override { succeeded_ += outcome.ok(); }
  [[nodiscard]] std::string_view operation(std::uint32_t) const override { return AddNumberedAddress::operation; }
  [[nodiscard]] std::uint64_t tag(std::uint32_t) const override { return 0; }
  [[nodiscard]] std::size_t succeeded() const { return succeeded_; }

 private:
  std::size_t succeeded_ = 0;
};

void fill(Batch& batch) {
  batch.clear();
  for (std::uint32_t number = 0; number < requests; ++number) batch.add(AddNumberedAddress{number});
}

void encode(benchmark::State& state) {
  Batch batch;
  measure(state, requests, [&] {
    fill(batch);
    benchmark::DoNotOptimize(batch.message(requests - 1).data());
  });
}
BENCHMARK(encode);

/// Everything: encode into a batch, queue, make datagrams, match answers, give outcomes.
void encode_send_match(benchmark::State& state) {
  const auto error = static_cast<int>(state.range(0));
  engine::Pipeline pipeline{{}};
  test::LeanKernel kernel{error};
  Batch batch;
  Sink sink;
  std::size_t rounds = 0;
  measure(state, requests, [&] {
    fill(batch);
    for (std::uint32_t position = 0; position < requests; ++position) {
      if (!pipeline.enqueue({batch.message(position), &sink, position})) return state.SkipWithError("queue full");
    }
    kernel.run(pipeline);
    ++rounds;
  });
  if (sink.succeeded() != (error == 0 ? rounds * requests : 0)) state.SkipWithError("wrong outcomes");
}
// Where every request fails, each has an answer, and its diagnostic is allocated.
BENCHMARK(encode_send_match)->ArgName("errno")->Arg(0)->Arg(EEXIST);

}  // namespace

}  // namespace netherd::bench
