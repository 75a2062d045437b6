#pragma once

#include <array>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "netherd/engine/channel.hpp"
#include "netherd/engine/error.hpp"
#include "netherd/engine/message.hpp"
#include "netherd/engine/message_list.hpp"

namespace netherd::engine {

/// What the kernel's objects say about a request of unknown outcome.
enum class Evidence : std::uint8_t {
  executed,      ///< what it asked for is there
  not_executed,  ///< it is not: asking again is safe
  unclear,       ///< it may have been there before
};

/// Finds out what became of a request whose answer was lost, or which was given up after it had been sent: asks the
/// kernel for the object, and lets `judge` look at what it answers.
///
///     Outcome outcome = co_await channel.async_execute(request, use_awaitable);
///     const GetLink question{index};
///     outcome = co_await settle(channel, outcome, question, [&](const MessageList& found) {
///       return found.empty() ? Evidence::not_executed : Evidence::executed; });
///
/// `question` is a dump (NLM_F_DUMP), of which the judge sees all objects, or asks for one object: then the list has
/// that one, or is empty if the kernel knows none (ENODEV, ENOENT, ESRCH).
///
/// Gives back an outcome that is not unknown as it is, without asking. An unknown one becomes a success if the request
/// was executed, and `waiting` with its error if it was not; where the evidence is unclear, or the question fails, it
/// stays as it is. The answer holds for the moment of the question only: that nobody else makes such objects is up to
/// the caller, for whom names and indexes of his own choice help.
///
/// Lifetime: the channel must live, and must not be closed by others, until the coroutine ends. Thread safety: none.
template <Request Question, std::invocable<const MessageList&> Judge>
[[nodiscard]] boost::asio::awaitable<Outcome> settle(Channel& channel, Outcome outcome, Question question, Judge judge);

namespace detail {

/// The kernel's ways to say that there is no such object.
[[nodiscard]] bool says_that_there_is_none(const Outcome& outcome) noexcept;
[[nodiscard]] Outcome settled(Outcome unknown, Evidence evidence);

template <Request Question>
[[nodiscard]] bool is_dump(const Question& question) {
  alignas(message_alignment) std::array<std::byte, 4096> buffer;
  MessageWriter writer{buffer};
  question.encode(writer);
  const auto message = writer.message();
  return !message.empty() && (MessageView{message}.flags() & NLM_F_DUMP) == NLM_F_DUMP;
}

}  // namespace detail

template <Request Question, std::invocable<const MessageList&> Judge>
boost::asio::awaitable<Outcome> settle(Channel& channel, Outcome outcome, Question question, Judge judge) {
  if (outcome.state != RequestState::unknown) co_return outcome;
  MessageList found;
  Outcome answer;
  if (detail::is_dump(question)) {
    answer = co_await channel.async_list(question, found, boost::asio::use_awaitable);
  } else {
    const detail::Collector collector{found};
    answer = co_await channel.async_execute(question, Channel::Deadline{}, collector, boost::asio::use_awaitable);
  }
  if (!answer.ok() && !detail::says_that_there_is_none(answer)) co_return outcome;
  co_return detail::settled(std::move(outcome), judge(std::as_const(found)));
}

}  // namespace netherd::engine
