#include "netherd/lab/addressing.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "findings.hpp"
#include "link_ends.hpp"
#include "overlaps.hpp"
#include "pool_check.hpp"
#include "subnet_pool.hpp"

namespace netherd::lab {

namespace {

using boost::asio::ip::address_v4;
using boost::asio::ip::address_v6;
using ops::IpAddress;
using ops::IpPrefix;

constexpr std::uint32_t min_ipv6_mtu = 1280;  // RFC 8200, section 5

const IpPrefix default_ipv4_pool{address_v4{{10, 0, 0, 0}}, 8};
const IpPrefix default_ipv6_pool{address_v6{{0xfd, 0x6e, 0x65, 0x74}}, 32};

bool is_link_local(const IpPrefix& prefix) { return !prefix.is_v4() && prefix.address.to_v6().is_link_local(); }

bool has_addresses(const Topology& topology) {
  return std::ranges::any_of(topology.links, [](const Link& link) {
    return !link.ends[0].addresses.empty() || !link.ends[1].addresses.empty();
  });
}

void choose_default_pools(Topology& topology) {
  LabOptions& options = topology.options;
  if (options.routing == Routing::none || options.ipv4_pool || options.ipv6_pool || has_addresses(topology)) return;
  options.ipv4_pool = default_ipv4_pool;
  if (options.ipv6) options.ipv6_pool = default_ipv6_pool;
}

/// The numbers that hosts of a network can have.
struct HostNumbers {
  std::uint64_t first;
  std::uint64_t last;
};

HostNumbers host_numbers(const IpPrefix& network) {
  const unsigned host_bits = ops::address_bits(network.address) - network.length;
  if (host_bits >= 64) return {1, ~std::uint64_t{0}};
  const std::uint64_t last = (std::uint64_t{1} << host_bits) - 1;
  if (host_bits <= 1) return {0, last};
  return {1, network.is_v4() ? last - 1 : last};  // IPv4 keeps the last one for broadcasts
}

IpPrefix numbered(const IpPrefix& network, std::uint64_t number) {
  if (network.is_v4()) {
    return {address_v4{network.address.to_v4().to_uint() + static_cast<std::uint32_t>(number)}, network.length};
  }
  auto bytes = network.address.to_v6().to_bytes();
  for (std::size_t i = bytes.size(); number != 0; number >>= 8U) bytes[--i] |= static_cast<unsigned char>(number);
  return {address_v6{bytes}, network.length};
}

/// Numbers the endpoints of one address family.
class FamilyAddressing {
 public:
  FamilyAddressing(Topology& topology, const IpPrefix& pool, FindingList& errors)
      : topology_{topology}, errors_{errors}, pool_prefix_{pool}, in_use_{collect_addresses()}, pool_{pool, in_use_} {
    std::ranges::sort(in_use_);
  }

  void assign(const std::vector<Segment>& segments) && {
    for (const Segment& segment : segments) number(segment);
    if (subnets_missing_ != 0) {
      const std::string_view key = pool_prefix_.is_v4() ? "ipv4-pool" : "ipv6-pool";
      errors_.report(first_missing_, "{} {}: is too small, {} subnets more are needed from here on", key,
                     pool_prefix_.to_string(), subnets_missing_);
    }
  }

 private:
  bool is_of_family(const IpPrefix& prefix) const {
    return prefix.is_v4() == pool_prefix_.is_v4() && !is_link_local(prefix);
  }

  std::vector<IpPrefix> collect_addresses() const {
    std::vector<IpPrefix> addresses;
    for_each_end(topology_, [&](LinkEnd at) {
      const auto& of_end = topology_.endpoint(at).addresses;
      std::ranges::copy_if(of_end, std::back_inserter(addresses),
                           [this](const IpPrefix& prefix) { return is_of_family(prefix); });
    });
    return addresses;
  }

  bool is_in_use(const IpAddress& address) const {
    const auto found = std::ranges::lower_bound(in_use_, IpPrefix{address, 0});
    return found != in_use_.end() && found->address == address;
  }

  Endpoint& endpoint(LinkEnd at) { return topology_.links[position_of(at.link)].ends[at.end]; }
  const Link& link(LinkEnd at) const { return topology_.link(at.link); }

  /// The first address of the family that the file gives to an endpoint.
  const IpPrefix* given_address(const Endpoint& end) const {
    const auto found =
        std::ranges::find_if(end.addresses, [this](const IpPrefix& prefix) { return is_of_family(prefix); });
    return found == end.addresses.end() ? nullptr : &*found;
  }

  void number(const Segment& segment) {
    const IpPrefix* given = nullptr;
    std::size_t without_address = 0;
    for (const LinkEnd at : segment.members) {
      const IpPrefix* address = given_address(endpoint(at));
      if (!given) given = address;
      if (!address) ++without_address;
    }
    if (without_address == 0) return;
    if (given) {
      number_from(given->network(), segment);
    } else if (const auto subnet = pool_.take(segment.members.size())) {
      number_from(*subnet, segment);
    } else {
      if (subnets_missing_++ == 0) first_missing_ = link(segment.members.front()).line;
    }
  }

  void number_from(const IpPrefix& network, const Segment& segment) {
    const HostNumbers numbers = host_numbers(network);
    std::uint64_t next = numbers.first;
    for (const LinkEnd at : segment.members) {
      if (given_address(endpoint(at))) continue;
      if (!takes_family(at)) continue;
      while (next <= numbers.last && is_in_use(numbered(network, next).address)) ++next;
      if (next > numbers.last) {
        errors_.report(endpoint(at).line, "subnet {}: has no address left for {}:{}", network.to_string(),
                       node_name(at), endpoint(at).interface);
        return;
      }
      endpoint(at).addresses.push_back(numbered(network, next++));
    }
  }

  bool takes_family(LinkEnd at) {
    const std::uint32_t mtu = link(at).mtu;
    if (pool_prefix_.is_v4() || mtu == 0 || mtu >= min_ipv6_mtu) return true;
    errors_.report(endpoint(at).line, "mtu {} of {}:{}: IPv6 addresses from the ipv6-pool need {} at least", mtu,
                   node_name(at), endpoint(at).interface, min_ipv6_mtu);
    return false;
  }

  const std::string& node_name(LinkEnd at) const { return topology_.node(topology_.endpoint(at).node).name; }

  Topology& topology_;
  FindingList& errors_;
  IpPrefix pool_prefix_;
  std::vector<IpPrefix> in_use_;  ///< addresses that the file gives, sorted
  SubnetPool pool_;
  std::size_t subnets_missing_ = 0;
  SourceLine first_missing_ = SourceLine::none;
};

}  // namespace

std::vector<Finding> assign_addresses(Topology& topology) {
  choose_default_pools(topology);
  if (!topology.options.ipv4_pool && !topology.options.ipv6_pool) return {};
  FindingList errors;
  check_pools(topology.options, errors);  // the command line may have given them
  if (!errors.empty()) return std::move(errors).take(max_shown_findings, "errors");
  const std::vector<Segment> segments = find_segments(topology);
  for (const auto& pool : {topology.options.ipv4_pool, topology.options.ipv6_pool}) {
    if (pool) FamilyAddressing{topology, *pool, errors}.assign(segments);
  }
  // Those that the file itself gives are validate()'s business. A subnet that the pools cannot overlap may still have
  // been given at the other end of the link.
  find_overlaps(topology, errors);
  return std::move(errors).take(max_shown_findings, "errors");
}

}  // namespace netherd::lab
