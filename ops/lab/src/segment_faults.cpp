#include "segment_faults.hpp"

#include <algorithm>
#include <iterator>
#include <span>
#include <tuple>

#include "link_ends.hpp"
#include "netherd/lab/addressing.hpp"
#include "segments.hpp"

namespace netherd::lab {

namespace {

using boost::asio::ip::address_v4;
using ops::IpAddress;
using ops::IpPrefix;

struct SegmentAddress {
  IpPrefix address;
  LinkEnd at;
  std::uint32_t member = 0;  ///< position of the interface among those of the segment
  bool reachable = false;    ///< shares its subnet with one of another interface
};

bool has_subnet_of(const IpPrefix& address, bool v4) {
  if (address.is_v4() != v4 || address.length == ops::address_bits(address.address)) return false;
  return v4 || !address.address.to_v6().is_link_local();
}

class SegmentFaults {
 public:
  SegmentFaults(const Topology& topology, FindingList& errors, FindingList& warnings)
      : topology_{topology}, errors_{errors}, warnings_{warnings} {}

  void run() {
    find_twin_macs();
    for (const Segment& segment : find_segments(topology_)) {
      if (segment.members.size() < 2) continue;
      look_at(segment, true);
      look_at(segment, false);
    }
  }

 private:
  std::string name_of(LinkEnd at) const {
    const Endpoint& end = topology_.endpoint(at);
    return shortened(topology_.node(end.node).name + ':' + end.interface, FindingList::max_part);
  }
  SourceLine line_of(LinkEnd at) const { return topology_.endpoint(at).line; }
  static std::string place(SourceLine line) {
    return line == SourceLine::none ? std::string{} : fmt::format(" (line {})", engine::value_of(line));
  }

  // Ethernet addresses.

  void find_twin_macs() {
    struct Owner {
      std::uint32_t segment;
      ops::MacAddress mac;
      LinkEnd at;
      auto rank() const { return std::tuple{segment, mac.bytes, at.link, at.end}; }
    };
    std::vector<Owner> owners;
    for_each_end(topology_, [&](LinkEnd at) {
      if (const auto& mac = topology_.endpoint(at).mac) owners.push_back({0, *mac, at});
    });
    if (owners.size() < 2) return;
    const std::vector<std::uint32_t> segments = segments_of_links(topology_);
    for (Owner& owner : owners) owner.segment = segments[position_of(owner.at.link)];
    std::ranges::sort(owners, {}, &Owner::rank);
    for (std::size_t i = 1; i < owners.size(); ++i) {
      const Owner& first = owners[i - 1];
      const Owner& second = owners[i];
      if (first.segment != second.segment || first.mac != second.mac) continue;
      errors_.report(line_of(second.at), "MAC address {} of {}: {} on the same segment has it already{}",
                     second.mac.to_string(), name_of(second.at), name_of(first.at), place(line_of(first.at)));
    }
  }

  // Addresses of one family.

  void look_at(const Segment& segment, bool v4) {
    collect(segment, v4);
    if (addresses_.empty() || addresses_.front().member == addresses_.back().member) return;
    std::ranges::sort(addresses_, [](const SegmentAddress& left, const SegmentAddress& right) {
      return std::tuple{left.address.address, left.address.length, left.member} <
             std::tuple{right.address.address, right.address.length, right.member};
    });
    find_neighbours();
    if (v4) find_reserved();
    report_lonely(segment);
  }

  void collect(const Segment& segment, bool v4) {
    addresses_.clear();
    for (std::uint32_t member = 0; member < segment.members.size(); ++member) {
      const LinkEnd at = segment.members[member];
      for (const IpPrefix& address : topology_.endpoint(at).addresses) {
        if (has_subnet_of(address, v4)) addresses_.push_back({address, at, member});
      }
    }
  }

  std::vector<IpPrefix> networks() const {
    std::vector<IpPrefix> networks;
    networks.reserve(addresses_.size());
    for (const SegmentAddress& each : addresses_) networks.push_back(each.address.network());
    std::ranges::sort(networks);
    const auto rest = std::ranges::unique(networks);
    networks.erase(rest.begin(), rest.end());
    return networks;
  }

  std::span<SegmentAddress> addresses_in(const IpPrefix& network) {
    const auto outside_before = [&](const SegmentAddress& each) { return each.address.address < network.address; };
    const auto first = std::ranges::partition_point(addresses_, outside_before);
    const auto last = std::partition_point(
        first, addresses_.end(), [&](const SegmentAddress& each) { return network.contains(each.address.address); });
    return {first, last};
  }

  /// Two hosts reach each other if each finds the other's address in its own subnet. Of two different subnets one
  /// contains the other then, so that both addresses are in the smaller one, and the length of neither is larger than
  /// its.
  void find_neighbours() {
    for (const IpPrefix& network : networks()) {
      const auto inside = addresses_in(network);
      const auto counts = [&](const SegmentAddress& each) { return each.address.length <= network.length; };
      const auto first = std::ranges::find_if(inside, counts);
      const bool several = std::any_of(first, inside.end(), [&](const SegmentAddress& each) {
        return counts(each) && each.member != first->member;
      });
      if (!several) continue;
      for (SegmentAddress& each : inside) each.reachable = each.reachable || counts(each);
    }
  }

  /// The addresses that a subnet keeps for itself, given to an interface in a smaller one.
  void find_reserved() {
    for (const IpPrefix& network : networks()) {
      if (network.length > 30) continue;
      const auto inside = addresses_in(network);
      const std::uint32_t last = network.address.to_v4().to_uint() | (0xffffffffU >> network.length);
      for (const IpAddress& reserved : {IpAddress{network.address}, IpAddress{address_v4{last}}}) {
        const auto found = std::ranges::lower_bound(inside, reserved, {},
                                                    [](const SegmentAddress& each) { return each.address.address; });
        const bool taken = found != inside.end() && found->address.address == reserved;
        if (!taken || found->address.length == network.length) continue;
        // Those in the larger subnet can still talk to others than those in the smaller one.
        FindingList& list = found->address.length > network.length ? errors_ : warnings_;
        list.report(line_of(found->at), "address {} of {}: it is the {} address of {}, a subnet on the same segment",
                    found->address.to_string(), name_of(found->at),
                    reserved == network.address ? "network" : "broadcast", network.to_string());
      }
    }
  }

  /// Interfaces none of whose addresses is reachable, the last of which stands for all of a link.
  void report_lonely(const Segment& segment) {
    reached_.assign(segment.members.size(), false);
    for (const SegmentAddress& each : addresses_) {
      if (each.reachable) reached_[each.member] = true;
    }
    std::ranges::sort(addresses_, [](const SegmentAddress& left, const SegmentAddress& right) {
      return std::tuple{left.member, left.address} < std::tuple{right.member, right.address};
    });
    const bool is_pair = segment.members.size() == 2;
    for (std::size_t i = 0; i < addresses_.size(); ++i) {
      const SegmentAddress& each = addresses_[i];
      if (reached_[each.member]) continue;
      reached_[each.member] = true;  // one finding for each
      if (is_pair && each.member == 0) continue;
      const SegmentAddress& other = each.member == addresses_.front().member ? addresses_.back() : addresses_.front();
      FindingList& list = is_pair && is_hopeless(segment) ? errors_ : warnings_;
      list.report(line_of(each.at), "address {} of {}: it is in no subnet of the others on its {}, such as {} of {}{}",
                  each.address.to_string(), name_of(each.at), is_pair ? "link" : "segment", other.address.to_string(),
                  name_of(other.at), place(line_of(other.at)));
    }
  }

  bool is_hopeless(const Segment& segment) const {
    return std::ranges::none_of(segment.members, [&](LinkEnd at) {
      const Node& node = topology_.node(topology_.endpoint(at).node);
      return node.adopted || !node.exec.empty();
    });
  }

  const Topology& topology_;
  FindingList& errors_;
  FindingList& warnings_;
  std::vector<SegmentAddress> addresses_;  ///< of the segment at hand
  std::vector<bool> reached_;              ///< by interface of it
};

}  // namespace

void find_segment_faults(const Topology& topology, FindingList& errors, FindingList& warnings) {
  SegmentFaults{topology, errors, warnings}.run();
}

}  // namespace netherd::lab
