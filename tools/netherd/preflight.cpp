#include "preflight.hpp"

#include <fmt/core.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <optional>
#include <vector>

#include "netherd/engine/channel.hpp"
#include "netherd/engine/socket.hpp"
#include "netherd/lab/machine.hpp"
#include "netherd/ops/address.hpp"
#include "netherd/ops/link.hpp"
#include "node_channel.hpp"
#include "privileges.hpp"
#include "run_directories.hpp"

namespace netherd::tools {

namespace {

namespace asio = boost::asio;

constexpr std::size_t most_conflicts = 20;

/// What the namespace that we are in has already.
struct Surroundings {
  std::vector<ops::Link> links;
  std::vector<ops::Address> addresses;
};

asio::awaitable<void> async_look(engine::Channel& channel, Surroundings& found) {
  found.links = co_await async_list(channel, ops::DumpLinks{}, ops::decode_link);
  found.addresses = co_await async_list(channel, ops::DumpAddresses{}, ops::decode_address);
}

Surroundings look_around() {
  Surroundings found;
  auto socket = engine::NetlinkSocket::open(NETLINK_ROUTE);
  if (!socket) return found;
  asio::io_context context{1};
  engine::Channel channel{context, std::move(*socket)};
  asio::co_spawn(context, async_look(channel, found), [](const std::exception_ptr& error) {
    if (error) std::rethrow_exception(error);
  });
  context.run();
  return found;
}

/// The lab's links to the host must not get in the way of what is there.
class HostCheck {
 public:
  HostCheck(const lab::Topology& topology, Console& console) : topology_{topology}, console_{console} {}

  bool run() && {
    const auto host = std::ranges::find_if(topology_.nodes, &lab::Node::adopted);
    if (host == topology_.nodes.end()) return true;
    found_ = look_around();
    const lab::NodeId node{static_cast<std::uint32_t>(host - topology_.nodes.begin())};
    for (const lab::Link& link : topology_.links) {
      for (const lab::Endpoint& end : link.ends) {
        if (end.node == node) look_at(end);
      }
    }
    return fine_;
  }

 private:
  void look_at(const lab::Endpoint& end) {
    if (std::ranges::find(found_.links, end.interface, &ops::Link::name) != found_.links.end()) {
      report(end, "the host has an interface of that name already: give it another one");
    }
    for (const ops::IpPrefix& own : end.addresses) {
      for (const ops::Address& other : found_.addresses) {
        const bool link_local = !own.is_v4() && own.address.to_v6().is_link_local();
        if (link_local || !own.overlaps(other.address)) continue;
        report(end, fmt::format("its address {} overlaps {}, which the host has already: use another subnet",
                                own.to_string(), other.address.to_string()));
      }
    }
  }

  void report(const lab::Endpoint& end, std::string_view text) {
    console_.error(topology_.source, end.line,
                   fmt::format("{}:{}: {}", topology_.node(end.node).name, end.interface, text));
    fine_ = false;
  }

  const lab::Topology& topology_;
  Console& console_;
  Surroundings found_;
  bool fine_ = true;
};

bool check_names(const lab::Topology& topology, Session& session) {
  const std::vector<lab::LabError> conflicts = session.registry.conflicts(topology);
  for (std::size_t i = 0; i < std::min(conflicts.size(), most_conflicts); ++i) {
    session.console.error(to_string(conflicts[i]));
  }
  if (conflicts.size() > most_conflicts) {
    session.console.error(fmt::format("and {} more of such names", conflicts.size() - most_conflicts));
  }
  return conflicts.empty();
}

bool check_directories(Session& session, std::string_view command) {
  const auto unwritable = find_unwritable(session.registry.paths());
  for (const lab::Shortage& shortage : unwritable) {
    session.console.error(fmt::format("{}: {}: {}", command, shortage.what, shortage.remedy));
  }
  return unwritable.empty();
}

/// Each node takes a symbolic link there. A file system that does not count its files says 0 of them.
bool check_room(const lab::Topology& topology, Session& session, std::string_view command) {
  struct statvfs room{};
  const std::string& directory = session.registry.paths().netns;
  const bool known = ::statvfs(directory.c_str(), &room) == 0 && room.f_files != 0;
  const std::size_t needed = topology.nodes.size() + 1;
  if (!known || room.f_favail >= needed) return true;
  session.console.error(
      fmt::format("{}: {} has room for {} more files, and {} are needed: remount it with more "
                  "(nr_inodes=)",
                  command, directory, room.f_favail, needed));
  return false;
}

bool check_machine(const lab::Plan& plan, Session& session, std::string_view command) {
  const lab::LabNeeds needs = lab::needs_of(plan);
  const auto shortages = lab::find_shortages(needs, lab::look_at_machine(needs));
  for (const lab::Shortage& shortage : shortages) {
    session.console.error(fmt::format("{}: {}: {}", command, shortage.what, shortage.remedy));
  }
  return shortages.empty();
}

}  // namespace

bool preflight(const lab::Plan& plan, Session& session, std::string_view command) {
  raise_descriptor_limit();
  const bool privileged = check_privileges(session.console, command);
  // If the lab is there already, it is what takes the names and addresses on the host, and room. It may be gone again
  // by the time that the names are checked.
  const bool was_there = session.registry.exists(plan.topology().name);
  const bool names = check_names(plan.topology(), session);
  if (privileged && was_there && !names) return false;
  const bool directories = !privileged || check_directories(session, command);
  const bool room = check_room(plan.topology(), session, command);
  const bool machine = check_machine(plan, session, command);
  const bool host = HostCheck{plan.topology(), session.console}.run();
  return privileged && names && directories && room && machine && host;
}

}  // namespace netherd::tools
