#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "netherd/engine/batch.hpp"
#include "netherd/lab/builder.hpp"

namespace netherd::lab {

/// A step that is no netlink request has failed: `step` says in words which.
[[nodiscard]] inline BuildFailure failed_step(std::string command, SourceLine line, boost::system::error_code error,
                                              std::string_view step) {
  auto diagnostic = std::make_shared<engine::Diagnostic>();
  diagnostic->operation = step;
  return {line, std::move(command), {error, engine::RequestState::waiting, std::move(diagnostic)}};
}

/// The first failure in a batch; `describe(position)` gives the command of the request at a position.
template <typename Describe>
[[nodiscard]] BuildFailure failure_in(const engine::Batch& batch, Describe&& describe) {
  const engine::Outcome* outcome = batch.first_failure();
  const auto position = static_cast<std::size_t>(outcome - batch.outcomes().data());
  const SourceLine line{outcome->diagnostic ? static_cast<std::uint32_t>(outcome->diagnostic->tag) : 0};
  return {line, describe(position), *outcome};
}

}  // namespace netherd::lab
