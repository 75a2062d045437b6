#include "kernel_lab.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>

#include <bit>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <set>
#include <stdexcept>
#include <utility>

#include "lab_support.hpp"
#include "netherd/ops/netns_path.hpp"

namespace netherd::lab {

namespace {

/// What a node has: its interfaces that are up, with their addresses, link-local ones left out.
using Interfaces = std::map<std::string, std::set<std::string>>;

std::optional<ops::IpPrefix> prefix_of(const ifaddrs& entry) {
  if (entry.ifa_addr == nullptr || entry.ifa_netmask == nullptr) return std::nullopt;
  char text[64];
  const int family = entry.ifa_addr->sa_family;
  const auto bytes_of = [family](const sockaddr* address) -> const void* {
    if (family == AF_INET) return &reinterpret_cast<const sockaddr_in*>(address)->sin_addr;
    return &reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr;
  };
  if (family != AF_INET && family != AF_INET6) return std::nullopt;
  const auto* mask = static_cast<const unsigned char*>(bytes_of(entry.ifa_netmask));
  int length = 0;
  for (int byte = 0; byte < (family == AF_INET ? 4 : 16); ++byte) length += std::popcount(mask[byte]);
  ::inet_ntop(family, bytes_of(entry.ifa_addr), text, sizeof text);
  return prefix(std::string{text} + '/' + std::to_string(length));
}

Interfaces interfaces_here() {
  Interfaces interfaces;
  ifaddrs* first = nullptr;
  EXPECT_EQ(::getifaddrs(&first), 0);
  const std::unique_ptr<ifaddrs, void (*)(ifaddrs*)> owner{first, ::freeifaddrs};
  for (const ifaddrs* entry = first; entry != nullptr; entry = entry->ifa_next) {
    if ((entry->ifa_flags & IFF_UP) == 0 || std::strcmp(entry->ifa_name, "lo") == 0) continue;
    auto& addresses = interfaces[entry->ifa_name];
    const auto address = prefix_of(*entry);
    if (address && !address->to_string().starts_with("fe80:")) addresses.insert(address->to_string());
  }
  return interfaces;
}

Interfaces expected_interfaces(const Topology& topology, NodeId node) {
  Interfaces interfaces;
  if (topology.node(node).kind == NodeKind::bridge) interfaces[std::string{bridge_interface_name}];
  for (const Link& link : topology.links) {
    for (const Endpoint& end : link.ends) {
      if (end.node != node) continue;
      auto& addresses = interfaces[end.interface];
      for (const ops::IpPrefix& address : end.addresses) addresses.insert(address.to_string());
    }
  }
  return interfaces;
}

}  // namespace

void inside(const std::string& path, const std::function<void()>& function) {
  const auto home = ops::open_current_namespace();
  const auto there = ops::open_namespace(path);
  ASSERT_TRUE(home && there) << path;
  ASSERT_EQ(::setns(there->get(), CLONE_NEWNET), 0);
  function();
  ASSERT_EQ(::setns(home->get(), CLONE_NEWNET), 0);
}

Topology addressed(Topology topology) {
  EXPECT_TRUE(is_clean(assign_addresses(topology)));
  return topology;
}

BuildReport run_builder(const Plan& plan, const LabDirectory& directory, BuildOptions options) {
  boost::asio::io_context context{1};
  Builder builder{context, plan, directory, std::move(options)};
  std::optional<BuildReport> report;
  boost::asio::co_spawn(context, builder.async_build(), [&](const std::exception_ptr& error, BuildReport result) {
    if (error) std::rethrow_exception(error);
    report = std::move(result);
  });
  context.run();
  EXPECT_TRUE(report) << "the builder never ended";
  return report.value_or(BuildReport{});
}

std::string to_text(const std::optional<BuildFailure>& failure) {
  if (!failure) return "";
  return std::to_string(engine::value_of(failure->line)) + ": " + failure->command + ": " +
         failure->outcome.to_string();
}

std::vector<std::string> traces_of(std::string_view lab, const RegistryPaths& paths) {
  std::vector<std::string> traces;
  const std::string directory = paths.labs + '/' + std::string{lab};
  std::ifstream mounts{"/proc/self/mountinfo"};
  for (std::string line; std::getline(mounts, line);) {
    if (line.find(' ' + directory + ' ') != std::string::npos ||
        line.find(' ' + directory + '/') != std::string::npos) {
      traces.push_back(line);
    }
  }
  if (std::filesystem::exists(directory)) traces.push_back(directory);
  if (!std::filesystem::is_directory(paths.netns)) return traces;
  for (const auto& entry : std::filesystem::directory_iterator{paths.netns}) {
    if (entry.path().filename().string().starts_with(std::string{lab} + '-')) traces.push_back(entry.path());
  }
  return traces;
}

std::size_t open_descriptors() {
  const std::filesystem::directory_iterator entries{"/proc/self/fd"};
  return static_cast<std::size_t>(std::distance(begin(entries), end(entries))) - 1;  // but for the listing's own
}

void expect_complete(const Topology& topology, const LabDirectory& directory) {
  for (std::size_t position = 0; position < topology.nodes.size(); ++position) {
    const NodeId node{static_cast<std::uint32_t>(position)};
    SCOPED_TRACE(topology.node(node).name);
    Interfaces found;
    inside(directory.namespace_path(topology.node(node).name), [&] { found = interfaces_here(); });
    EXPECT_EQ(found, expected_interfaces(topology, node));
  }
}

KernelLab::KernelLab(Topology topology) : topology_{addressed(std::move(topology))}, plan_{topology_} {
  auto claimed = registry_.claim(topology_);
  if (!claimed) throw std::runtime_error{claimed.error().what + ": " + claimed.error().code.message()};
  directory_ = std::move(*claimed);
}

KernelLab::~KernelLab() {
  if (directory_) remove();
}

std::uint64_t KernelLab::remove() {
  const auto removed = registry_.remove(*std::exchange(directory_, std::nullopt));
  EXPECT_TRUE(removed) << removed.error().what << ": " << removed.error().code.message();
  EXPECT_EQ(traces_of(topology_.name), std::vector<std::string>{});
  return removed ? *removed : 0;
}

}  // namespace netherd::lab
