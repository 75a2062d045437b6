// Notifications and lists with any content: events always lead from one state to the next.
#include "netherd/ops/known_state.hpp"

#include <linux/rtnetlink.h>

#include <array>

#include "fuzz_target.hpp"

namespace {

using namespace netherd::ops;
using netherd::fuzz::require;
using netherd::fuzz::Script;

class Session {
 public:
  void step(Script& script) {
    const std::uint8_t choice = script.byte();
    if (choice == 255) {
      state_.on_loss();
      return;
    }
    const auto block = script.block();
    netherd::engine::MessageStream stream{block.bytes()};
    const auto subject = static_cast<Subject>(choice % subject_count);
    const bool listed = choice >= 128;
    if (listed) state_.begin_list(subject);
    while (const auto message = stream.next()) take(*message, subject, listed);
    if (listed) state_.end_list(subject, events_);
    check();
  }

 private:
  void take(const netherd::engine::MessageView& message, Subject subject, bool listed) {
    if (!listed) return state_.on_notification(message, events_);
    constexpr std::array<std::uint16_t, subject_count> types{RTM_NEWLINK, RTM_NEWADDR, RTM_NEWROUTE, RTM_NEWNEIGH,
                                                             RTM_NEWNSID};
    if (message.type() == types[static_cast<std::size_t>(subject)]) state_.on_listed(message, events_);
  }

  void check() {
    for (const Event& event : events_) {
      std::size_t& count = counts_[static_cast<std::size_t>(subject_of(event.object))];
      if (event.kind == EventKind::added) ++count;
      if (event.kind == EventKind::changed) require(count > 0, "what changes is known");
      if (event.kind == EventKind::removed) require(count-- > 0, "what goes was known");
    }
    events_.clear();
    for (std::size_t subject = 0; subject < subject_count; ++subject) {
      std::size_t shown = 0;
      state_.for_each(static_cast<Subject>(subject), [&](const Object&) { ++shown; });
      require(shown == counts_[subject], "events tell all that is known");
    }
  }

  KnownState state_{every_subject};
  std::vector<Event> events_;
  std::array<std::size_t, subject_count> counts_{};
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Script script{{data, size}};
  Session session;
  while (!script.ended()) session.step(script);
  return 0;
}
