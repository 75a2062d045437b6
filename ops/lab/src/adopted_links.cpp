#include "adopted_links.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <string_view>

#include "files.hpp"
#include "link_ends.hpp"
#include "netherd/engine/channel.hpp"
#include "netherd/engine/socket.hpp"
#include "netherd/ops/link.hpp"
#include "netherd/ops/namespace_factory.hpp"
#include "netherd/ops/netns_path.hpp"
#include "number.hpp"
#include "text_lines.hpp"

namespace netherd::lab {

namespace {

namespace asio = boost::asio;
using boost::system::error_code;

constexpr std::string_view record_file = "/adopted-links";

/// The namespace that the links are in, and what they are there.
struct Record {
  std::string namespace_path;
  std::vector<AdoptedLink> links;
};

std::optional<NodeId> adopted_node(const Topology& topology) {
  const auto found = std::ranges::find_if(topology.nodes, &Node::adopted);
  if (found == topology.nodes.end()) return std::nullopt;
  return NodeId{static_cast<std::uint32_t>(found - topology.nodes.begin())};
}

/// A line with the namespace's path, then "INDEX NAME" for each link.
Record read_record(const std::string& lab_path) {
  Record record;
  const auto text = read_file(lab_path + std::string{record_file});
  if (!text) return record;
  TextLines lines{*text};
  if (const auto path = lines.next()) record.namespace_path = path->text;
  while (const auto line = lines.next()) {
    const std::size_t space = line->text.find(' ');
    std::int32_t index = 0;
    if (space == std::string_view::npos || !parse_number(line->text.substr(0, space), index)) continue;
    record.links.push_back({engine::InterfaceIndex{index}, std::string{line->text.substr(space + 1)}});
  }
  return record;
}

LabError failure(std::string what, error_code error) { return {error, std::move(what)}; }

/// Where one end of a link is deleted the other one goes too, so that a second deletion may find nothing.
asio::awaitable<std::optional<LabError>> async_delete(engine::Channel& channel, const std::vector<AdoptedLink>& links) {
  std::vector<ops::Link> present;
  const auto collect = [&present](const engine::MessageView& message) {
    if (auto link = ops::decode_link(message)) present.push_back(std::move(*link));
  };
  const ops::DumpLinks dump;
  const engine::Outcome listed = co_await channel.async_dump(dump, collect, asio::use_awaitable);
  if (!listed.ok()) co_return failure("list the links of the host", listed.error);
  for (const AdoptedLink& own : links) {
    const bool is_there = std::ranges::any_of(present, [&](const ops::Link& link) {
      return link.index == own.index && link.name == own.interface && link.kind == "veth";
    });
    if (!is_there) continue;
    const ops::DeleteLink request{.index = own.index, .name = own.interface, .netns = {}};
    const engine::Outcome deleted = co_await channel.async_execute(request, asio::use_awaitable);
    if (!deleted.ok() && deleted.error != boost::system::errc::no_such_device) {
      co_return failure("delete the link " + own.interface, deleted.error);
    }
  }
  co_return std::nullopt;
}

asio::awaitable<std::optional<LabError>> async_delete_in(asio::io_context& context, const Record& record) {
  // The record is older than the name of the namespace, which is a plain file until the namespace is mounted on it, and
  // the links are younger.
  const auto netns = ops::open_namespace(record.namespace_path);
  if (netns.error() == boost::system::errc::no_such_file_or_directory ||
      netns.error() == boost::system::errc::invalid_argument)
    co_return std::nullopt;
  if (!netns) co_return failure(record.namespace_path + ": open the namespace", netns.error());
  ops::NamespaceFactory factory{context.get_executor(), {}};
  ops::OpenNamespace request{.descriptor = netns->get()};
  auto [error, entered] = co_await factory.async_enter(std::move(request), asio::as_tuple(asio::use_awaitable));
  if (error) co_return failure(fmt::format("{}: {}", record.namespace_path, entered.failed_step), error);
  engine::Channel channel{context, *std::move(entered.socket)};
  co_return co_await async_delete(channel, record.links);
}

}  // namespace

std::vector<AdoptedLink> adopted_links(const Plan& plan) {
  std::vector<AdoptedLink> links;
  const auto node = adopted_node(plan.topology());
  if (!node) return links;
  for_each_end(plan.topology(), [&](LinkEnd at) {
    const Endpoint& end = plan.topology().endpoint(at);
    if (end.node == *node) links.push_back({plan.interface_index(at.link, at.end), end.interface});
  });
  return links;
}

error_code record_adopted_links(const LabDirectory& directory, const Plan& plan) {
  const auto node = adopted_node(plan.topology());
  if (!node) return {};
  std::string text = directory.namespace_path(plan.topology().node(*node).name) + '\n';
  for (const AdoptedLink& link : adopted_links(plan)) {
    text += fmt::format("{} {}\n", engine::value_of(link.index), link.interface);
  }
  return replace_file(directory.path() + std::string{record_file}, text);
}

std::optional<LabError> delete_adopted_links(const std::string& lab_path) {
  const Record record = read_record(lab_path);
  if (record.links.empty()) return std::nullopt;
  std::optional<LabError> result;
  asio::io_context context{1};
  asio::co_spawn(context, async_delete_in(context, record),
                 [&result](const std::exception_ptr& error, std::optional<LabError> failed) {
                   if (error) std::rethrow_exception(error);
                   result = std::move(failed);
                 });
  context.run();
  return result;
}

}  // namespace netherd::lab
