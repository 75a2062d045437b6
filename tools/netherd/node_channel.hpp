#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <optional>
#include <string>
#include <system_error>
#include <type_traits>
#include <vector>

#include "netherd/engine/channel.hpp"
#include "netherd/ops/namespace_factory.hpp"

namespace netherd::tools {

/// How many nodes are asked at a time: enough to keep the kernel busy, whatever the size of the lab, and no more than
/// the limit of open files allows.
[[nodiscard]] std::size_t nodes_at_once() noexcept;

/// What is to be said of a node whose namespace somebody has deleted.
inline constexpr const char* namespace_is_gone = "the namespace is gone";

/// Opens a channel inside a pinned namespace. Throws std::system_error, with the path and the step that failed.
[[nodiscard]] boost::asio::awaitable<engine::Channel> async_open_channel(boost::asio::io_context& context,
                                                                         ops::NamespaceFactory& factory,
                                                                         std::string path);

/// The same, but gives nothing if somebody has deleted the namespace.
[[nodiscard]] boost::asio::awaitable<std::optional<engine::Channel>> async_open_channel_if_there(
    boost::asio::io_context& context, ops::NamespaceFactory& factory, std::string path);

/// Asks for a list of objects: `decode` gives those of interest out of the messages. A list that changed while it was
/// read is asked for again, a few times. Throws std::system_error.
template <typename Request, typename Decode>
boost::asio::awaitable<std::vector<typename std::invoke_result_t<Decode, const engine::MessageView&>::value_type>>
async_list(engine::Channel& channel, Request request, Decode decode) {
  constexpr int most_attempts = 5;
  std::vector<typename std::invoke_result_t<Decode, const engine::MessageView&>::value_type> objects;
  for (int attempt = 1;; ++attempt) {
    objects.clear();
    const auto collect = [&objects, decode](const engine::MessageView& message) {
      if (auto object = decode(message)) objects.push_back(std::move(*object));
    };
    const engine::Outcome outcome = co_await channel.async_dump(request, collect, boost::asio::use_awaitable);
    if (outcome.ok()) co_return objects;
    const bool again = outcome.error == engine::EngineError::dump_interrupted && attempt < most_attempts;
    if (!again) throw std::system_error{outcome.error, std::string{Request::operation}};
  }
}

}  // namespace netherd::tools
