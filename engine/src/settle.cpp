#include "netherd/engine/settle.hpp"

#include <cerrno>

namespace netherd::engine::detail {

bool says_that_there_is_none(const Outcome& outcome) noexcept {
  if (outcome.state != RequestState::answered || outcome.error.category() != boost::system::system_category()) {
    return false;
  }
  const int error = outcome.error.value();
  return error == ENODEV || error == ENOENT || error == ESRCH;
}

Outcome settled(Outcome unknown, Evidence evidence) {
  switch (evidence) {
    case Evidence::executed:
      return {{}, RequestState::answered, nullptr};
    case Evidence::not_executed:
      unknown.state = RequestState::waiting;
      return unknown;
    case Evidence::unclear:
      return unknown;
  }
  return unknown;
}

}  // namespace netherd::engine::detail
