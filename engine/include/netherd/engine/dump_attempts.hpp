#pragma once

#include "netherd/engine/error.hpp"

namespace netherd::engine {

/// How often a dump that was interrupted or partly lost is asked for again.
inline constexpr int dump_retries = 3;

/// What is done with a list that does not come out whole: the one policy for all who list.
///
/// The kernel lists objects while others change them, and marks a list that may have missed one, or have one twice
/// (NLM_F_DUMP_INTR; nl_dump_check_consistent(), include/net/netlink.h, Linux 6.18). A list changes nothing, so it is
/// asked for again, dump_retries times. Where objects change all the time that does not help: then the last list is
/// delivered, and marked as inconsistent (dump_interrupted). Who needs a consistent list takes Outcome::ok() for an
/// answer, who can do with less Outcome::delivered(). Of a list of which a part was lost nothing is delivered.
class DumpAttempts {
 public:
  /// The dump has ended so: is it to be asked for again?
  [[nodiscard]] bool again(const Outcome& outcome) noexcept {
    const bool may_help = outcome.error == EngineError::dump_interrupted || outcome.error == EngineError::answer_lost;
    return may_help && left_-- > 0;
  }

 private:
  int left_ = dump_retries;
};

}  // namespace netherd::engine
