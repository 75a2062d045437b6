#include "overlaps.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "link_ends.hpp"
#include "segments.hpp"

namespace netherd::lab {

namespace {

using ops::IpPrefix;

/// An interface's address, with what it is compared by.
struct Subnet {
  IpPrefix network;
  std::uint32_t segment = 0;
  LinkEnd at;
  IpPrefix address;
  [[nodiscard]] auto rank() const { return std::tuple{network.address, network.length, at.link, at.end}; }
};

bool has_subnet(const IpPrefix& address) {
  if (address.length == ops::address_bits(address.address)) return false;
  return address.is_v4() || !address.address.to_v6().is_link_local();
}

bool has_addresses(const Topology& topology) {
  return std::ranges::any_of(topology.links, [](const Link& link) {
    return !link.ends[0].addresses.empty() || !link.ends[1].addresses.empty();
  });
}

class OverlapSearch {
 public:
  OverlapSearch(const Topology& topology, FindingList& errors)
      : topology_{topology}, errors_{errors}, segments_{segments_of_links(topology)} {}

  void run() && {
    const LinkEnds ends{topology_};
    for (std::uint32_t node = 0; node < topology_.nodes.size(); ++node) {
      if (topology_.nodes[node].kind == NodeKind::host) look_at(ends.of(NodeId{node}));
    }
  }

 private:
  void look_at(std::span<const LinkEnd> ends) {
    subnets_.clear();
    for (const LinkEnd at : ends) {
      for (const IpPrefix& address : topology_.endpoint(at).addresses) {
        if (has_subnet(address)) {
          subnets_.push_back({address.network(), segments_[position_of(at.link)], at, address});
        }
      }
    }
    if (subnets_.size() > 1) find_in_subnets();
  }

  /// Two prefixes are either apart, or one contains the other. So in order of their first addresses, those that contain
  /// the one at hand are a chain of at most one per prefix length.
  void find_in_subnets() {
    std::ranges::sort(subnets_, {}, &Subnet::rank);
    around_.clear();
    for (const Subnet& subnet : subnets_) {
      while (!around_.empty() && !around_.back()->network.contains(subnet.network.address)) around_.pop_back();
      const auto other =
          std::ranges::find_if(around_, [&](const Subnet* outer) { return outer->segment != subnet.segment; });
      if (other != around_.end()) {
        report(subnet, **other);
      } else if (around_.empty() || around_.back()->network != subnet.network) {
        around_.push_back(&subnet);
      }
    }
  }

  void report(const Subnet& one, const Subnet& other) {
    const bool is_later = std::tuple{one.at.link, one.at.end} > std::tuple{other.at.link, other.at.end};
    const Subnet& later = is_later ? one : other;
    const Subnet& earlier = is_later ? other : one;
    const Endpoint& end = topology_.endpoint(later.at);
    const SourceLine line = topology_.endpoint(earlier.at).line;
    errors_.report(end.line, "address {} of {}: its subnet overlaps that of {}, which {} has on another link{}",
                   later.address.to_string(), name_of(end), earlier.address.to_string(),
                   name_of(topology_.endpoint(earlier.at)),
                   line == SourceLine::none ? std::string{} : fmt::format(" (line {})", engine::value_of(line)));
  }

  std::string name_of(const Endpoint& end) const { return topology_.node(end.node).name + ':' + end.interface; }

  const Topology& topology_;
  FindingList& errors_;
  std::vector<std::uint32_t> segments_;  ///< of each link
  std::vector<Subnet> subnets_;          ///< of the node at hand
  std::vector<const Subnet*> around_;    ///< those that contain the subnet at hand, the widest first
};

}  // namespace

void find_overlaps(const Topology& topology, FindingList& errors) {
  if (has_addresses(topology)) OverlapSearch{topology, errors}.run();
}

}  // namespace netherd::lab
