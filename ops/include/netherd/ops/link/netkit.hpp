#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "netherd/ops/link_kind.hpp"

namespace netherd::ops {

/// NETKIT_L2, NETKIT_L3 (linux/if_link.h of Linux 6.7).
enum class NetkitMode : std::uint32_t { l2, l3 };
/// What happens to packets without a BPF program (NETKIT_PASS, NETKIT_DROP).
enum class NetkitPolicy : std::uint32_t { forward = 0, blackhole = 2 };
/// NETKIT_SCRUB_*: whether mark and priority of a packet are kept.
enum class NetkitScrub : std::uint32_t { none, standard };

/// A pair of devices like veth, made for BPF programs (Linux 6.7):
///
///     ip link add NAME type netkit [mode l2] [forward|blackhole] [peer [forward|blackhole] name PEER ...]
///
/// The grammar is that of iproute2 6.7 and later; the attributes are those of linux/if_link.h, Linux 6.18. As with veth
/// the peer's index is heeded only if the main end has one.
struct Netkit {
  static constexpr std::string_view kind = "netkit";
  static constexpr std::string_view add_operation = "add netkit";
  std::optional<NetkitMode> mode{};  ///< l3 if there is none; at creation only
  std::optional<NetkitPolicy> policy{};
  std::optional<NetkitPolicy> peer_policy{};
  std::optional<NetkitScrub> scrub{};       ///< Linux 6.13; at creation only
  std::optional<NetkitScrub> peer_scrub{};  ///< Linux 6.13; at creation only
  std::optional<bool> primary{};            ///< reported only: this is the end that was added by name
  NewLink peer{};                           ///< at creation only, not reported; without a name the kernel chooses one
  friend bool operator==(const Netkit&, const Netkit&) = default;
};
using AddNetkit = AddLink<Netkit>;

}  // namespace netherd::ops
