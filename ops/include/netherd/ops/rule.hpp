#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "netherd/engine/message.hpp"
#include "netherd/ops/ip_prefix.hpp"
#include "netherd/ops/port_range.hpp"

namespace netherd::ops {

/// What a rule does with the packets that it selects (FR_ACT_*, linux/fib_rules.h).
enum class RuleAction : std::uint8_t {
  lookup = 1,  ///< `table T`
  goto_ = 2,   ///< `goto N`
  nop = 3,
  blackhole = 6,
  unreachable = 7,
  prohibit = 8,
};

/// A value of a firewall mark, in the bits of the mask.
struct Fwmark {
  std::uint32_t value = 0;
  std::uint32_t mask = UINT32_MAX;
  friend bool operator==(const Fwmark&, const Fwmark&) = default;
};

/// User ids, both ends included.
struct UidRange {
  std::uint32_t first = 0;
  std::uint32_t last = 0;
  friend bool operator==(const UidRange&, const UidRange&) = default;
};

/// A rule of the routing policy: which packets, and what becomes of them. The words are those of ip-rule(8).
struct Rule {
  bool ipv6 = false;    ///< the family; prefixes, if any, have to be of it
  bool invert = false;  ///< `not`: packets for which the selector does not hold
  std::optional<IpPrefix> from{};
  std::optional<IpPrefix> to{};
  std::uint8_t tos = 0;
  std::optional<Fwmark> fwmark{};
  std::string iif{};  ///< an interface by name, whether it is there or not; "lo": packets that are sent from here
  std::string oif{};
  bool l3mdev = false;  ///< looks the table of the packet's VRF up; excludes a table
  std::optional<UidRange> uid_range{};
  std::uint8_t ip_protocol = 0;  ///< 6: TCP, 17: UDP ...; 0: any
  std::optional<PortRange> sport{};
  std::optional<PortRange> dport{};
  std::optional<std::uint64_t> tunnel_id{};
  std::optional<std::uint32_t> priority{};  ///< no value: one less than that of the second rule, as the kernel chooses
  std::uint8_t protocol = 0;                ///< who added it (RTPROT_*); 0: `ip` says nothing
  std::optional<std::uint32_t> suppress_prefixlength{};  ///< routes with so short a prefix do not count
  std::optional<std::uint32_t> suppress_ifgroup{};       ///< nor do routes by interfaces of this group
  RuleAction action = RuleAction::lookup;
  std::uint32_t table = 254;        ///< of `lookup`; 254 is main
  std::uint32_t goto_priority = 0;  ///< of `goto`
  friend bool operator==(const Rule&, const Rule&) = default;
};

/// Adds a rule:
///
///     ip -n NS [-6] rule add [not] [from P] [to P] [tos T] [fwmark V/M] [iif N] [oif N] [l3mdev] [uidrange A-B]
///        [ipproto P] [sport A-B] [dport A-B] [tun_id N] [priority N] [protocol P] [suppress_prefixlength N]
///        [suppress_ifgroup N] table T | goto N | nop | blackhole | unreachable | prohibit
///
/// Errors of the outcome: file_exists, invalid_argument (a `goto` backwards), operation_not_supported (a kernel without
/// policy routing, or l3mdev without VRFs).
struct AddRule {
  static constexpr std::string_view operation = "add rule";
  Rule rule{};
  std::string_view netns{};  ///< for describe() only

  void encode(engine::MessageWriter& writer) const noexcept;
  [[nodiscard]] std::string describe() const;
};

/// Deletes the first rule for which all that is given holds: `ip -n NS [-6] rule delete ...`. A table of 0 is any
/// table. Errors: no_such_file_or_directory.
struct DeleteRule {
  static constexpr std::string_view operation = "delete rule";
  Rule rule{};
  std::string_view netns{};  ///< for describe() only

  void encode(engine::MessageWriter& writer) const noexcept;
  [[nodiscard]] std::string describe() const;
};

/// Asks for all rules of the socket's namespace, both families: `ip rule show` and `ip -6 rule show`.
struct DumpRules {
  static constexpr std::string_view operation = "dump rules";
  void encode(engine::MessageWriter& writer) const noexcept;
};

/// Decodes an RTM_NEWRULE message; nothing if it is not one of IPv4 or IPv6, or is malformed.
[[nodiscard]] std::optional<Rule> decode_rule(const engine::MessageView& message);

}  // namespace netherd::ops
