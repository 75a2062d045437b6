#include "netherd/ops/link/plain.hpp"

#include "kind.hpp"

namespace netherd::ops {

template <>
struct KindRows<Dummy> {
  static constexpr std::tuple<> rows{};
};
template <>
struct KindRows<Ifb> {
  static constexpr std::tuple<> rows{};
};
template <>
struct KindRows<Nlmon> {
  static constexpr std::tuple<> rows{};
};
template <>
struct KindRows<Wireguard> {
  static constexpr std::tuple<> rows{};
};
template <>
struct KindRows<Vrf> {
  static constexpr std::tuple rows{setting(&Vrf::table, IFLA_VRF_TABLE, "table")};
};

NETHERD_INSTANTIATE_KIND(Dummy);
NETHERD_INSTANTIATE_KIND(Ifb);
NETHERD_INSTANTIATE_KIND(Nlmon);
NETHERD_INSTANTIATE_KIND(Wireguard);
NETHERD_INSTANTIATE_KIND(Vrf);

}  // namespace netherd::ops
