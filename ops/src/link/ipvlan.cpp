#include "netherd/ops/link/ipvlan.hpp"

#include "kind.hpp"

namespace netherd::ops {

template <>
struct Words<IpvlanMode> {
  static constexpr std::array words{std::pair{IpvlanMode::l2, std::string_view{"l2"}},
                                    std::pair{IpvlanMode::l3, std::string_view{"l3"}},
                                    std::pair{IpvlanMode::l3s, std::string_view{"l3s"}}};
};
template <>
struct Words<IpvlanIsolation> {
  static constexpr std::array words{std::pair{IpvlanIsolation::bridge, std::string_view{"bridge"}},
                                    std::pair{IpvlanIsolation::private_, std::string_view{"private"}},
                                    std::pair{IpvlanIsolation::vepa, std::string_view{"vepa"}}};
};

namespace {

/// Described by its value alone.
struct Isolation : Number<std::uint16_t> {
  static void describe(CommandText& command, std::string_view, IpvlanIsolation value) { command.word(word_of(value)); }
};

constexpr std::tuple ipvlan_rows{setting(&Ipvlan::mode, IFLA_IPVLAN_MODE, "mode"),
                                 setting<Isolation>(&Ipvlan::isolation, IFLA_IPVLAN_FLAGS, {})};

}  // namespace

template <>
struct KindRows<Ipvlan> {
  static constexpr auto rows = ipvlan_rows;
};
template <>
struct KindRows<Ipvtap> {
  static constexpr auto rows = ipvlan_rows;
};

NETHERD_INSTANTIATE_KIND(Ipvlan);
NETHERD_INSTANTIATE_KIND(Ipvtap);

}  // namespace netherd::ops
