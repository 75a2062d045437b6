#include "netherd/lab/machine.hpp"

#include <fmt/format.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <cerrno>
#include <string_view>

#include "files.hpp"
#include "link_ends.hpp"
#include "netherd/engine/channel.hpp"
#include "netherd/engine/socket.hpp"
#include "netherd/lab/automatic_device.hpp"
#include "netherd/lab/builder.hpp"
#include "netherd/ops/descriptor_limit.hpp"
#include "netherd/ops/namespace_factory.hpp"
#include "number.hpp"
#include "text_lines.hpp"

namespace netherd::lab {

namespace {

constexpr std::uint64_t kib = 1024;
constexpr std::uint64_t namespace_bytes = 180 * kib;
constexpr std::uint64_t link_bytes = 70 * kib;
constexpr std::uint64_t route_bytes = 150;
/// Standard streams, and what reading the topology takes.
constexpr std::uint64_t usual_open_files = 16;
/// The builder's anchor, and the namespaces that helper threads come from.
constexpr std::uint64_t other_namespaces = 2;

class RouteCounter final : public RequestSink {
 public:
  void request(const ops::AddBridge&, SourceLine) override {}
  void request(const ops::SetLink&, SourceLine) override {}
  void request(const ops::AddAddress&, SourceLine) override {}
  void request(const ops::AddRoute&, SourceLine) override { ++count; }
  void request(const ops::GetLink&, SourceLine) override {}
  std::uint64_t count = 0;
};

/// Nodes have about equally many.
std::uint64_t estimate_routes(const Plan& plan) {
  if (plan.topology().nodes.empty()) return 0;
  RouteCounter counter;
  plan.configuration_requests(plan.node_order().back(), counter);
  return counter.count * plan.topology().nodes.size();
}

std::optional<std::uint64_t> read_number(const char* path) {
  const auto text = read_file(path);
  std::uint64_t number = 0;
  if (!text || !parse_number(std::string_view{*text}.substr(0, text->find('\n')), number)) return std::nullopt;
  return number;
}

std::optional<std::uint64_t> read_memory_available() {
  const auto text = read_file("/proc/meminfo");
  if (!text) return std::nullopt;
  constexpr std::string_view key = "MemAvailable:";
  TextLines lines{*text};
  while (const auto line = lines.next()) {
    if (!line->text.starts_with(key)) continue;
    std::string_view value = line->text.substr(key.size());
    value.remove_prefix(std::min(value.size(), value.find_first_not_of(' ')));
    std::uint64_t number = 0;
    if (parse_number(value.substr(0, value.find(' ')), number)) return number * kib;
  }
  return std::nullopt;
}

std::optional<std::uint64_t> count_mounts() {
  const auto text = read_file("/proc/self/mountinfo");
  if (!text) return std::nullopt;
  return static_cast<std::uint64_t>(std::ranges::count(*text, '\n'));
}

/// A request for a link that no kernel makes. rtnl_newlink_create() looks for the kind first ("Unknown device type"),
/// then at the number of queues (net/core/rtnetlink.c, Linux 6.18).
struct ProbeLinkKind {
  static constexpr std::string_view operation = "probe kind of link";
  std::string_view kind;

  void encode(engine::MessageWriter& writer) const noexcept {
    constexpr std::uint32_t too_many_queues = 1U << 20U;
    writer.begin(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
    writer.put_family_header(ifinfomsg{});
    writer.put_string(IFLA_IFNAME, "netherd-probe");
    writer.put_u32(IFLA_NUM_TX_QUEUES, too_many_queues);
    const auto info = writer.begin_nest(IFLA_LINKINFO);
    writer.put_string(IFLA_INFO_KIND, kind);
    writer.end_nest(info);
  }
};

bool kernel_makes(std::string_view kind) {
  auto socket = engine::NetlinkSocket::open(NETLINK_ROUTE);
  if (!socket) return true;
  boost::asio::io_context context{1};
  engine::Channel channel{context, std::move(*socket)};
  bool unknown = false;
  channel.async_execute(ProbeLinkKind{kind}, [&unknown](const engine::Outcome& outcome) {
    unknown = outcome.error == boost::system::errc::operation_not_supported;
  });
  context.run();
  return !unknown;
}

/// Without IPv6 the kernel knows no such sockets, whatever the namespace.
bool has_ipv6() {
  const engine::FileDescriptor socket{::socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
  return socket || errno != EAFNOSUPPORT;
}

/// Interfaces whose names the kernel may take itself.
std::vector<std::string> find_automatic_names(const Topology& topology) {
  std::vector<std::string> names;
  for_each_end(topology, [&](LinkEnd at) {
    const Endpoint& end = topology.endpoint(at);
    if (module_of_automatic_device(end.interface).empty() || topology.node(end.node).adopted) return;
    names.push_back(end.interface);
  });
  std::ranges::sort(names);
  const auto repeated = std::ranges::unique(names);
  names.erase(repeated.begin(), repeated.end());
  return names;
}

/// A welcome setting is done without.
bool needs_settings(const Plan& plan) {
  return std::ranges::any_of(plan.node_order(), [&](NodeId node) {
    const auto settings = plan.settings(node);
    return std::ranges::any_of(
        settings, [](const ops::KernelSetting& setting) { return setting.need != ops::SettingNeed::welcome; });
  });
}

std::string in_gib(std::uint64_t bytes) {
  constexpr double gib = 1024.0 * 1024 * 1024;
  return fmt::format("{:.1f} GiB", static_cast<double>(bytes) / gib);
}

}  // namespace

LabNeeds needs_of(const Plan& plan) {
  const Topology& topology = plan.topology();
  LabNeeds needs;
  const auto own = std::ranges::count(topology.nodes, false, &Node::adopted);
  needs.namespaces = static_cast<std::uint64_t>(own) + other_namespaces;
  needs.mounts = topology.nodes.size() + 1;
  needs.open_files = min_open_files;
  needs.memory_bytes = static_cast<std::uint64_t>(own) * namespace_bytes + topology.links.size() * link_bytes +
                       estimate_routes(plan) * route_bytes;
  needs.bridges = std::ranges::any_of(topology.nodes, [](const Node& node) { return node.kind == NodeKind::bridge; });
  for_each_end(topology, [&](LinkEnd at) {
    const auto& addresses = topology.endpoint(at).addresses;
    needs.ipv6 = needs.ipv6 || std::ranges::any_of(addresses, [](const auto& own) { return !own.is_v4(); });
  });
  needs.settings = needs_settings(plan);
  needs.automatic_names = find_automatic_names(topology);
  return needs;
}

Machine look_at_machine(const LabNeeds& needs) {
  Machine machine;
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    machine.open_files = limit.rlim_max;
    const std::uint64_t open = limit.rlim_cur - std::min<rlim_t>(limit.rlim_cur, ops::unused_descriptors());
    machine.files_open_already = open - std::min(open, usual_open_files);
  }
  machine.max_net_namespaces = read_number("/proc/sys/user/max_net_namespaces");
  machine.mount_max = read_number("/proc/sys/fs/mount-max");
  const bool many_mounts = machine.mount_max && needs.mounts > *machine.mount_max / 8;
  if (many_mounts) machine.mounts = count_mounts();
  machine.memory_available_bytes = read_memory_available();
  machine.makes_veth = kernel_makes("veth");
  if (needs.bridges) machine.makes_bridges = kernel_makes("bridge");
  if (needs.ipv6) machine.has_ipv6 = has_ipv6();
  if (needs.settings) machine.writes_settings = ops::can_write_settings();
  if (!needs.automatic_names.empty()) {
    if (auto devices = look_at_new_namespace()) machine.automatic_devices = std::move(*devices);
  }
  return machine;
}

std::vector<Shortage> find_shortages(const LabNeeds& needs, const Machine& machine) {
  std::vector<Shortage> shortages;
  if (const std::uint64_t needed = needs.open_files + machine.files_open_already; machine.open_files < needed) {
    shortages.push_back(
        {fmt::format("no more than {} files may be open at a time, and {} are needed", machine.open_files, needed),
         "raise the limit (ulimit -n)"});
  }
  if (machine.max_net_namespaces && *machine.max_net_namespaces < needs.namespaces) {
    shortages.push_back({fmt::format("user.max_net_namespaces is {}, and {} namespaces are needed",
                                     *machine.max_net_namespaces, needs.namespaces),
                         fmt::format("sysctl -w user.max_net_namespaces={}", 2 * needs.namespaces)});
  }
  const std::uint64_t mounts = machine.mounts.value_or(0);
  if (machine.mount_max && *machine.mount_max < mounts + needs.mounts) {
    shortages.push_back({fmt::format("fs.mount-max is {}, of which {} are taken, and {} are needed", *machine.mount_max,
                                     mounts, needs.mounts),
                         fmt::format("sysctl -w fs.mount-max={}", 2 * (mounts + needs.mounts))});
  }
  if (machine.memory_available_bytes && *machine.memory_available_bytes < needs.memory_bytes) {
    shortages.push_back({fmt::format("about {} of memory are needed, and {} are available", in_gib(needs.memory_bytes),
                                     in_gib(*machine.memory_available_bytes)),
                         "build a smaller lab, or one with fewer routes (--routing default)"});
  }
  if (!machine.makes_veth) shortages.push_back({"the kernel makes no links of kind veth", "modprobe veth"});
  if (needs.bridges && !machine.makes_bridges) {
    shortages.push_back({"the kernel makes no links of kind bridge", "modprobe bridge"});
  }
  if (needs.ipv6 && !machine.has_ipv6) {
    shortages.push_back(
        {"the kernel has no IPv6 (it was started with ipv6.disable=1, or built without), and interfaces "
         "of the lab have IPv6 addresses",
         "leave IPv6 out (--ipv6 off), or start the kernel with it"});
  }
  if (needs.settings && !machine.writes_settings) {
    shortages.push_back(
        {"/proc/sys is read-only, and settings of the nodes have to be written there (no IPv6, or IPv6 "
         "forwarding)",
         "mount -o remount,rw /proc/sys"});
  }
  for (const std::string& name : needs.automatic_names) {
    if (std::ranges::find(machine.automatic_devices, name) == machine.automatic_devices.end()) continue;
    shortages.push_back({fmt::format("an interface is called {}, and the module {} puts one of that name into every "
                                     "namespace",
                                     name, module_of_automatic_device(name)),
                         "give it another name, or sysctl -w net.core.fb_tunnels_only_for_init_net=1"});
  }
  return shortages;
}

}  // namespace netherd::lab
