// A first lab from C++: left - router - right. Builds it, asks the kernel for the router's links and changes one, runs
// `ping` in a node, and removes the lab again.
//
//     g++ -std=c++20 first_lab.cpp $(pkg-config --cflags --libs netherd) -o first_lab && sudo ./first_lab
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <iostream>
#include <stdexcept>

#include "netherd/engine/channel.hpp"
#include "netherd/lab/builder.hpp"
#include "netherd/ops/namespace_factory.hpp"
#include "netherd/ops/netns_path.hpp"
#include "netherd/ops/process.hpp"

namespace asio = boost::asio;
namespace engine = netherd::engine;  // moves netlink messages
namespace ops = netherd::ops;        // what can be asked of the kernel
namespace lab = netherd::lab;        // whole test-beds

// 1. Say what the lab is to be. lab::read_topology() would take this from a file.
lab::Topology describe_lab() {
  lab::Topology topology;
  topology.name = "first-cpp";
  topology.options.routing = lab::Routing::shortest_path;
  for (const char* name : {"left", "router", "right"}) topology.nodes.emplace_back().name = name;
  const auto link = [&](std::uint32_t a, const char* interface_a, std::uint32_t b, const char* interface_b) {
    auto& ends = topology.links.emplace_back().ends;
    ends[0].node = lab::NodeId{a};  // the position in topology.nodes
    ends[0].interface = interface_a;
    ends[1].node = lab::NodeId{b};
    ends[1].interface = interface_b;
  };
  link(0, "eth1", 1, "eth1");
  link(1, "eth2", 2, "eth1");
  const bool valid = lab::validate(topology).empty() && lab::assign_addresses(topology).empty();
  if (!valid) throw std::runtime_error{"not a valid topology"};
  return topology;
}

// 3. Use it. A channel is a netlink socket inside one namespace; each request gives an outcome.
asio::awaitable<void> look_at_router(asio::io_context& context, std::string path) {
  ops::NamespaceFactory factory{context.get_executor(), {}};
  ops::OpenNamespace where{.path = std::move(path)};
  auto inside = co_await factory.async_enter(std::move(where), asio::use_awaitable);
  engine::Channel channel{context, *std::move(inside.socket)};

  ops::SetLink change;  // ip link set eth2 mtu 1400
  const auto on_link = [&change](const engine::MessageView& message) {
    const auto found = ops::decode_link(message);
    if (!found) return;
    std::cout << "router has " << found->name << ", mtu " << found->mtu << (found->up() ? ", up\n" : ", down\n");
    if (found->name == "eth2") change.index = found->index;
  };
  const ops::DumpLinks all_links;
  const engine::Outcome listed = co_await channel.async_dump(all_links, on_link, asio::use_awaitable);
  change.mtu = 1400;
  const engine::Outcome changed = co_await channel.async_execute(change, asio::use_awaitable);
  if (!listed.ok()) throw std::runtime_error{listed.to_string()};
  if (!changed.ok()) throw std::runtime_error{changed.to_string()};  // with the kernel's own words
}

asio::awaitable<void> ping_from_left(std::string path) {
  const auto netns = ops::open_namespace(path);
  ops::RunInNamespace ping{.netns = netns.value().get(), .arguments = {"ping", "-c", "1", "-W", "2", "10.0.0.6"}};
  ping.output = ops::ProcessOutput::capture;
  const auto executor = co_await asio::this_coro::executor;
  const ops::ProcessResult result = co_await ops::async_run(executor, ping, asio::use_awaitable);
  std::cout << "left reaches right: " << (result.exit_code == 0 ? "yes" : "no") << '\n';
}

asio::awaitable<void> build_and_use(asio::io_context& context, const lab::Plan& plan, const lab::LabDirectory& home) {
  // `netherd check first-cpp` and its like read the topology.
  if (home.write_topology_file(plan.topology())) throw std::runtime_error{"cannot store the topology"};
  lab::Builder builder{context, plan, home};
  const lab::BuildReport report = co_await builder.async_build();
  if (report.failure) throw std::runtime_error{report.failure->command + ": " + report.failure->outcome.to_string()};
  // From now on the lab outlives this process, and `netherd gc` leaves it alone.
  if (home.set_phase(lab::LabPhase::up)) throw std::runtime_error{"cannot record that the lab is up"};
  std::cout << "built with " << report.requests << " requests\n";
  co_await look_at_router(context, home.namespace_path("router"));
  co_await ping_from_left(home.namespace_path("left"));
}

int main() try {
  const lab::Topology topology = describe_lab();
  // 2. Plan, reserve the name, build. Whatever happens then, remove() finds everything that was made.
  const lab::Plan plan{topology};
  const lab::Registry registry;
  auto home = registry.claim(topology);
  if (!home) throw std::runtime_error{home.error().what};
  std::string error;
  asio::io_context context{1};
  asio::co_spawn(context, build_and_use(context, plan, *home), [&error](const std::exception_ptr& thrown) {
    try {
      if (thrown) std::rethrow_exception(thrown);
    } catch (const std::exception& reason) {
      error = reason.what();
    }
  });
  context.run();
  // 4. Remove it: one unmount, however large the lab.
  if (!registry.remove(std::move(*home))) error += " (the lab is not removed: netherd down first-cpp)";
  if (!error.empty()) throw std::runtime_error{error};
} catch (const std::exception& error) {
  std::cerr << error.what() << '\n';
  return 1;
}
