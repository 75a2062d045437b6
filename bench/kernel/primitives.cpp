#include "primitives.hpp"

#include <fmt/core.h>
#include <net/if.h>

#include <array>
#include <boost/asio/ip/address.hpp>
#include <chrono>
#include <stdexcept>
#include <string>
#include <thread>

#include "engine/requests.hpp"
#include "netherd/ops/address.hpp"
#include "netherd/ops/link.hpp"
#include "netherd/ops/neighbour.hpp"
#include "netherd/ops/route.hpp"

namespace netherd::bench {

namespace {

using engine::Batch;
using engine::InterfaceIndex;
using engine::MessageView;
namespace ip = boost::asio::ip;

constexpr InterfaceIndex device{1000};  // what addresses and routes are given to, or the bridge
constexpr std::uint32_t group = 7;

InterfaceIndex main_end(std::uint32_t number) { return InterfaceIndex{static_cast<std::int32_t>(2000 + 2 * number)}; }
InterfaceIndex peer_end(std::uint32_t number) { return InterfaceIndex{static_cast<std::int32_t>(2001 + 2 * number)}; }

/// 10.x.y.z
ip::address ipv4(std::uint32_t number) { return ip::address_v4{0x0a000000U + number}; }

/// fd00::x:y:z
ip::address ipv6(std::uint32_t number) {
  ip::address_v6::bytes_type bytes{0xfd};
  for (std::size_t byte = 0; byte < 4; ++byte) bytes[12 + byte] = static_cast<unsigned char>(number >> (24 - 8 * byte));
  return ip::address_v6{bytes};
}

void execute(World& world, Batch& batch) {
  if (!world.execute(batch)) throw std::runtime_error{"prepare: " + batch.first_failure()->to_string()};
}

bool has_carrier(const MessageView& message) {
  const auto link = ops::decode_link(message);
  constexpr std::uint8_t up = 6;  // IF_OPER_UP
  return link && link->index == device && link->operational_state == up;
}

/// A veth pair whose one end is `device`, with carrier, 10.255.255.1/8 and fd00::ffff:1/64. No dummy device: not every
/// kernel has them.
void prepare_device(World& world, std::uint32_t /*requests*/) {
  constexpr InterfaceIndex other{1001};
  Batch links;
  links.add(ops::AddVeth{
      .main = {.name = "device", .index = device}, .peer = {.name = "other", .index = other}, .main_up = true});
  links.add(ops::SetLink{.index = other, .up = true});
  execute(world, links);
  // Without carrier the subnet's IPv6 route does not count, and no gateway can be reached.
  while (world.count(ops::DumpLinks{}, has_carrier) != 1) std::this_thread::sleep_for(std::chrono::milliseconds{1});
  Batch batch;
  batch.add(ops::AddAddress{.index = device, .address = {ipv4(0x00ffff01), 8}});
  batch.add(ops::AddAddress{.index = device, .address = {ipv6(0xffff0001), 64}});
  execute(world, batch);
}

void prepare_nothing(World& /*world*/, std::uint32_t /*requests*/) {}

void add_veth(Batch& batch, std::uint32_t number) {
  const std::string main = fmt::format("a{}", number);
  const std::string peer = fmt::format("b{}", number);
  batch.add(ops::AddVeth{.main = {.name = main, .index = main_end(number)},
                         .peer = {.name = peer, .index = peer_end(number)}});
}

void add_veth_of_default_queues(Batch& batch, std::uint32_t number) { batch.add(test::AddNumberedVeth{number}); }

void prepare_veths(World& world, std::uint32_t requests) {
  Batch batch;
  for (std::uint32_t number = 0; number < requests; ++number) add_veth(batch, number);
  execute(world, batch);
}

void prepare_bridge(World& world, std::uint32_t requests) {
  prepare_veths(world, requests);
  Batch batch;
  const ops::MacAddress address{{0x02, 0, 0, 0, 0, 1}};
  batch.add(ops::AddBridge{.link = {.name = "bridge", .index = device, .address = address}});
  execute(world, batch);
}

/// What one request deletes.
constexpr std::uint32_t pairs_per_group = 64;
void prepare_groups(World& world, std::uint32_t requests) {
  Batch batch;
  for (std::uint32_t number = 0; number < requests * pairs_per_group; ++number) {
    const std::string main = fmt::format("a{}", number);
    const std::string peer = fmt::format("b{}", number);
    batch.add(ops::AddVeth{.main = {.name = main, .index = main_end(number)},
                           .peer = {.name = peer, .index = peer_end(number)},
                           .main_settings = {.group = group + number / pairs_per_group}});
  }
  execute(world, batch);
}

void delete_group(Batch& batch, std::uint32_t number) { batch.add(ops::DeleteLinkGroup{.group = group + number}); }

void enslave(Batch& batch, std::uint32_t number) {
  batch.add(ops::SetLink{.index = main_end(number), .bridge = device});
}
void set_up(Batch& batch, std::uint32_t number) { batch.add(ops::SetLink{.index = main_end(number), .up = true}); }

void add_address4(Batch& batch, std::uint32_t number) {
  batch.add(ops::AddAddress{.index = device, .address = {ipv4(number + 1), 32}});
}
void add_address6(Batch& batch, std::uint32_t number) {
  batch.add(ops::AddAddress{.index = device, .address = {ipv6(number + 1), 128}});
}
void add_route4(Batch& batch, std::uint32_t number) {
  batch.add(ops::AddRoute{
      .destination = {ip::address_v4{0x14000000U + number}, 32}, .gateway = ipv4(0x00ffff02), .index = device});
}
void add_route6(Batch& batch, std::uint32_t number) {
  ip::address_v6::bytes_type bytes = ipv6(number).to_v6().to_bytes();
  bytes[1] = 1;  // fd01::
  batch.add(ops::AddRoute{.destination = {ip::address_v6{bytes}, 128}, .gateway = ipv6(0xffff0002), .index = device});
}

void add_neighbour(Batch& batch, const ip::address& address) {
  batch.add(ops::AddNeighbour{
      .neighbour = {.index = device, .address = address, .lladdr = ops::MacAddress{{0x02, 0, 0, 0, 0, 9}}}});
}
void add_neighbour4(Batch& batch, std::uint32_t number) { add_neighbour(batch, ipv4(number + 1)); }
void add_neighbour6(Batch& batch, std::uint32_t number) { add_neighbour(batch, ipv6(number + 1)); }

// What is there, read back.

template <typename Predicate>
std::size_t count_links(World& world, Predicate predicate) {
  return world.count(ops::DumpLinks{}, [&](const MessageView& message) {
    const auto link = ops::decode_link(message);
    return link && predicate(*link);
  });
}
std::size_t links(World& world) {
  return count_links(world, [](const ops::Link&) { return true; });
}
std::size_t ports(World& world) {
  return count_links(world, [](const ops::Link& link) { return link.bridge == device; });
}
std::size_t links_that_are_up(World& world) {
  return count_links(world, [](const ops::Link& link) { return (link.flags & IFF_UP) != 0; });
}
std::size_t addresses(World& world) {
  return world.count(ops::DumpAddresses{}, [](const MessageView& message) {
    const auto address = ops::decode_address(message);
    // The device's link-local address comes by itself, at a time of its own.
    return address && address->scope == 0;
  });
}
std::size_t routes(World& world) {
  return world.count(ops::DumpRoutes{}, [](const MessageView& message) {
    const auto route = ops::decode_route(message);
    return route && route->protocol == ops::boot_protocol && route->table == ops::main_table;
  });
}
std::size_t neighbours(World& world) {
  return world.count(ops::DumpNeighbours{}, [](const MessageView& message) {
    const auto neighbour = ops::decode_neighbour(message);
    return neighbour && neighbour->state == ops::NeighbourState::permanent;
  });
}

constexpr std::array all{
    Primitive{"veth_single_queue", 64, prepare_nothing, add_veth, links, 2},
    Primitive{"veth_default_queues", 64, prepare_nothing, add_veth_of_default_queues, links, 2},
    Primitive{"bridge_enslave", 64, prepare_bridge, enslave, ports, 1},
    Primitive{"link_up", 64, prepare_veths, set_up, links_that_are_up, 1},
    Primitive{"address_ipv4", 256, prepare_device, add_address4, addresses, 1},
    Primitive{"address_ipv6", 256, prepare_device, add_address6, addresses, 1},
    Primitive{"route_ipv4", 1000, prepare_device, add_route4, routes, 1},
    Primitive{"route_ipv6", 1000, prepare_device, add_route6, routes, 1},
    Primitive{"neighbour_ipv4", 500, prepare_device, add_neighbour4, neighbours, 1},
    Primitive{"neighbour_ipv6", 500, prepare_device, add_neighbour6, neighbours, 1},
    Primitive{"group_delete_64_pairs", 2, prepare_groups, delete_group, links,
              -2 * static_cast<std::ptrdiff_t>(pairs_per_group)},
};

}  // namespace

std::span<const Primitive> primitives() noexcept { return all; }

void prepare_routes(World& world, std::uint32_t count) {
  prepare_device(world, 0);
  Batch batch;
  for (std::uint32_t number = 0; number < count; ++number) add_route4(batch, number);
  execute(world, batch);
}

}  // namespace netherd::bench
