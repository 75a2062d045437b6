#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <optional>
#include <string>
#include <system_error>
#include <type_traits>
#include <utility>
#include <vector>

#include "netherd/engine/channel.hpp"
#include "netherd/ops/namespace_factory.hpp"

namespace netherd::tools {

/// How many nodes are asked at a time: enough to keep the kernel busy, whatever the size of the lab, and no more than
/// the limit of open files allows.
[[nodiscard]] std::size_t nodes_at_once();

/// What is to be said of a node whose namespace somebody has deleted.
inline constexpr const char* namespace_is_gone = "the namespace is gone";

/// Opens a channel inside a pinned namespace. Throws std::system_error, with the path and the step that failed.
[[nodiscard]] boost::asio::awaitable<engine::Channel> async_open_channel(boost::asio::io_context& context,
                                                                         ops::NamespaceFactory& factory,
                                                                         std::string path);

/// The same, but gives nothing if somebody has deleted the namespace.
[[nodiscard]] boost::asio::awaitable<std::optional<engine::Channel>> async_open_channel_if_there(
    boost::asio::io_context& context, ops::NamespaceFactory& factory, std::string path);

/// The objects of a list, in its order.
template <typename Object, typename Decode>
class DecodedList {
 public:
  DecodedList(std::vector<Object>& objects, Decode decode) : objects_{&objects}, decode_{std::move(decode)} {}
  void operator()(const engine::MessageView& message) {
    if (auto object = decode_(message)) objects_->push_back(std::move(*object));
  }
  void restart() { objects_->clear(); }

 private:
  std::vector<Object>* objects_;
  Decode decode_;
};

/// Asks for a list of objects: `decode` gives those of interest out of the messages. A list that changed each time that
/// it was read (engine::DumpAttempts) sets `inconsistent`, where the caller wants to know. Throws std::system_error.
template <typename Request, typename Decode>
boost::asio::awaitable<std::vector<typename std::invoke_result_t<Decode, const engine::MessageView&>::value_type>>
async_list(engine::Channel& channel, Request request, Decode decode, bool* inconsistent = nullptr) {
  using Object = typename std::invoke_result_t<Decode, const engine::MessageView&>::value_type;
  std::vector<Object> objects;
  const DecodedList<Object, Decode> visit{objects, decode};
  const engine::Outcome outcome = co_await channel.async_dump(request, visit, boost::asio::use_awaitable);
  if (!outcome.delivered()) throw std::system_error{outcome.error, std::string{Request::operation}};
  if (!outcome.ok() && inconsistent != nullptr) *inconsistent = true;
  co_return objects;
}

}  // namespace netherd::tools
