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

namespace errc = boost::system::errc;

constexpr const char* record_file = "adopted-links";
constexpr mode_t record_mode = 0600;

std::optional<NodeId> adopted_node(const Topology& topology) {
  const auto found = std::ranges::find_if(topology.nodes, &Node::adopted);
  if (found == topology.nodes.end()) return std::nullopt;
  return NodeId{static_cast<std::uint32_t>(found - topology.nodes.begin())};
}

LabError failure(std::string what, error_code error) { return {error, std::move(what)}; }

/// "DEVICE INODE PATH" of the namespace, then "INDEX NAME" for each link.
std::string to_text(const AdoptedLinksRecord& record) {
  std::string text = fmt::format("{} {} {}\n", record.identity.device, record.identity.inode, record.namespace_path);
  for (const AdoptedLink& link : record.links) {
    text += fmt::format("{} {}\n", engine::value_of(link.index), link.interface);
  }
  return text;
}

/// Takes a number and the space behind it off the beginning of a line.
template <typename Number>
bool take_number(std::string_view& line, Number& number) {
  const std::size_t space = line.find(' ');
  if (space == std::string_view::npos || !parse_number(line.substr(0, space), number)) return false;
  line.remove_prefix(space + 1);
  return true;
}

AdoptedLinksRecord parse_record(std::string_view text) {
  AdoptedLinksRecord record;
  TextLines lines{text};
  auto line = lines.next();
  if (!line || !take_number(line->text, record.identity.device) || !take_number(line->text, record.identity.inode)) {
    return record;
  }
  record.namespace_path = line->text;
  while ((line = lines.next())) {
    std::int32_t index = 0;
    if (take_number(line->text, index))
      record.links.push_back({engine::InterfaceIndex{index}, std::string{line->text}});
  }
  return record;
}

/// Whether the namespace still has the link. Where one end of a link is deleted the other one goes too.
asio::awaitable<engine::Outcome> async_look(engine::Channel& channel, const AdoptedLink& own, bool& is_there) {
  const auto compare = [&](const engine::MessageView& message) {
    const auto link = ops::decode_link(message);
    is_there = link && link->index == own.index && link->name == own.interface && link->kind == "veth";
  };
  const ops::GetLink request{.index = own.index};
  co_return co_await channel.async_execute(request, engine::Channel::Deadline{}, compare, asio::use_awaitable);
}

asio::awaitable<std::optional<LabError>> async_delete(engine::Channel& channel, const std::vector<AdoptedLink>& links) {
  for (const AdoptedLink& own : links) {
    bool is_there = false;
    const engine::Outcome seen = co_await async_look(channel, own, is_there);
    if (!seen.ok() && seen.error != errc::no_such_device) co_return failure("look for " + own.interface, seen.error);
    if (!seen.ok() || !is_there) continue;
    const ops::DeleteLink request{.index = own.index, .name = own.interface, .netns = {}};
    const engine::Outcome deleted = co_await channel.async_execute(request, asio::use_awaitable);
    if (!deleted.ok() && deleted.error != errc::no_such_device) {
      co_return failure("delete the link " + own.interface, deleted.error);
    }
  }
  co_return std::nullopt;
}

/// The namespace of the links; nothing if they have gone with it, or if it cannot be found any more.
LabResult<std::optional<engine::FileDescriptor>> open_recorded_namespace(const AdoptedLinksRecord& record) {
  auto netns = ops::open_namespace(record.namespace_path);
  if (netns) return std::optional{std::move(*netns)};
  if (!ops::is_namespace_gone(netns.error()))
    return failure(record.namespace_path + ": open the namespace", netns.error());
  // Either it was never pinned, and the links were not made, or somebody has removed the pin: they may be right here.
  netns = ops::open_current_namespace();
  if (!netns) return failure("open the current namespace", netns.error());
  const auto identity = ops::identify_namespace(netns->get());
  if (!identity) return failure("identify the current namespace", identity.error());
  if (*identity != record.identity) return std::optional<engine::FileDescriptor>{};
  return std::optional{std::move(*netns)};
}

asio::awaitable<std::optional<LabError>> async_delete_in(asio::io_context& context, const AdoptedLinksRecord& record) {
  auto netns = open_recorded_namespace(record);
  if (!netns) co_return netns.error();
  if (!*netns) co_return std::nullopt;
  ops::NamespaceFactory factory{context.get_executor(), {}};
  ops::OpenNamespace request{.descriptor = (*netns)->get()};
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
  const auto netns = ops::open_current_namespace();
  if (!netns) return netns.error();
  const auto identity = ops::identify_namespace(netns->get());
  if (!identity) return identity.error();
  const AdoptedLinksRecord record{.namespace_path = directory.namespace_path(plan.topology().node(*node).name),
                                  .identity = *identity,
                                  .links = adopted_links(plan)};
  return replace_file(directory.descriptor(), record_file, to_text(record), record_mode);
}

LabResult<AdoptedLinksRecord> read_adopted_links(const LabDirectory& directory) {
  const auto text = read_plain_file(directory.descriptor(), record_file);
  if (text) return parse_record(*text);
  const bool is_none = text.error() == errc::no_such_file_or_directory || text.error() == errc::invalid_argument;
  if (is_none) return AdoptedLinksRecord{};
  return failure("read the record of the links to the host", text.error());
}

std::optional<LabError> delete_adopted_links(const AdoptedLinksRecord& record) {
  if (record.links.empty()) return std::nullopt;
  std::optional<LabError> result;
  try {
    asio::io_context context{1};
    asio::co_spawn(context, async_delete_in(context, record),
                   [&result](const std::exception_ptr& error, std::optional<LabError> failed) {
                     if (error) std::rethrow_exception(error);
                     result = std::move(failed);
                   });
    context.run();
  } catch (const boost::system::system_error& error) {  // no descriptors are left for the loop
    return failure("delete the links to the host", error.code());
  } catch (const std::system_error& error) {
    return failure("delete the links to the host", error_code{error.code()});
  }
  return result;
}

}  // namespace netherd::lab
