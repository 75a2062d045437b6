#pragma once

#include <array>
#include <boost/system/result.hpp>
#include <chrono>
#include <compare>
#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "netherd/engine/message.hpp"
#include "netherd/engine/types.hpp"
#include "netherd/ops/change.hpp"

/// Queueing disciplines and classes: `tc qdisc`, `tc class`. Rates are in bits per second, as tc(8) writes them, sizes
/// in bytes, times in units of std::chrono. The kernel takes rates in bytes per second: what is left of a division by
/// eight is lost.

namespace netherd::ops {

using engine::InterfaceIndex;

/// Handle of a qdisc (MAJOR:) or of a class (MAJOR:MINOR); both numbers are hexadecimal in tc(8).
struct TcHandle {
  std::uint16_t major = 0;
  std::uint16_t minor = 0;
  [[nodiscard]] constexpr std::uint32_t value() const noexcept { return (std::uint32_t{major} << 16U) | minor; }
  [[nodiscard]] static constexpr TcHandle from(std::uint32_t value) noexcept {
    return {static_cast<std::uint16_t>(value >> 16U), static_cast<std::uint16_t>(value & 0xffffU)};
  }
  friend auto operator<=>(const TcHandle&, const TcHandle&) = default;
};

/// TC_H_ROOT, TC_H_INGRESS (linux/pkt_sched.h).
inline constexpr TcHandle tc_root{0xffff, 0xffff};
inline constexpr TcHandle tc_ingress{0xffff, 0xfff1};

/// A probability or a correlation, from 0 to 1; described in percent.
struct Probability {
  double value = 0;
  friend bool operator==(const Probability&, const Probability&) = default;
};

/// Shapes to one rate: `tbf rate R burst B [limit L | latency T] [peakrate P mtu M] [mpu N] [overhead N]`.
struct Tbf {
  static constexpr std::string_view kind = "tbf";
  std::uint64_t rate = 0;                              ///< bits per second
  std::uint32_t burst = 0;                             ///< bytes; at least rate / 8 / HZ
  std::uint32_t limit = 0;                             ///< bytes that may wait; 0: from `latency`
  std::optional<std::chrono::microseconds> latency{};  ///< how long a packet may wait; not reported, `limit` is
  std::uint64_t peakrate = 0;                          ///< bits per second; 0: none
  std::uint32_t mtu = 0;                               ///< bytes; needed with `peakrate`; 0: tc's default of 2047
  std::uint16_t mpu = 0;                               ///< bytes a packet counts at least
  std::uint16_t overhead = 0;                          ///< bytes a packet counts more than it has
  friend bool operator==(const Tbf&, const Tbf&) = default;
};

/// The hierarchy of token buckets: `htb [default MINOR] [r2q N] [direct_qlen N]`. Its classes are HtbClass.
struct Htb {
  static constexpr std::string_view kind = "htb";
  std::uint16_t default_class = 0;  ///< minor number of the class of packets without one; 0: they are not shaped
  std::uint32_t r2q = 10;           ///< a class's quantum is its rate in bytes divided by this
  std::optional<std::uint32_t> direct_qlen{};  ///< packets
  std::uint32_t direct_packets = 0;            ///< reported only: packets that were not shaped
  friend bool operator==(const Htb&, const Htb&) = default;
};

/// A class of Htb: `htb rate R [ceil R] [burst B] [cburst B] [prio N] [quantum N] [mtu N] [mpu N] [overhead N]`.
struct HtbClass {
  static constexpr std::string_view kind = "htb";
  std::uint64_t rate = 0;                 ///< bits per second
  std::uint64_t ceil = 0;                 ///< bits per second; 0: the rate
  std::optional<std::uint32_t> burst{};   ///< bytes; no value: tc's choice, rate / 8 / HZ + mtu
  std::optional<std::uint32_t> cburst{};  ///< bytes; likewise from `ceil`
  std::uint32_t prio = 0;                 ///< 0 (first) to 7
  std::uint32_t quantum = 0;              ///< bytes; 0: from r2q
  std::uint32_t mtu = 1600;               ///< bytes; not reported
  std::uint16_t mpu = 0;
  std::uint16_t overhead = 0;
  friend bool operator==(const HtbClass&, const HtbClass&) = default;
};

/// Losses as Markov chain of four states (NETEM_LOSS_GI): the probabilities of the transitions.
struct NetemLossState {
  Probability p13{};
  Probability p31{};
  Probability p32{};
  Probability p23{};
  Probability p14{};
  friend bool operator==(const NetemLossState&, const NetemLossState&) = default;
};

/// Losses after Gilbert and Elliot (NETEM_LOSS_GE): from the good state to the bad one, back, and the losses in each.
struct NetemLossGemodel {
  Probability p{};
  Probability r{};
  Probability loss_in_bad{1};   ///< 1-h
  Probability loss_in_good{0};  ///< 1-k
  friend bool operator==(const NetemLossGemodel&, const NetemLossGemodel&) = default;
};

/// A probability with its correlation to the packet before.
struct NetemChance {
  Probability probability{};
  Probability correlation{};
  friend bool operator==(const NetemChance&, const NetemChance&) = default;
};

/// How delays are spread: values by which the jitter is multiplied, in units of 1/8192, all equally likely.
struct DelayTable {
  std::string name{};                  ///< for describe() only: tc(8) looks it up by itself
  std::vector<std::int16_t> values{};  ///< 1 to 16,384 of them; none: spread evenly, `uniform`
  friend bool operator==(const DelayTable&, const DelayTable&) = default;
};

/// Reads a table of tc's, `distribution NAME`: "normal", "pareto", "paretonormal", "experimental", or what else there
/// is a file NAME.dist of in $TC_LIB_DIR, /usr/lib/tc or the like. Errors: no_such_file_or_directory, invalid_argument
/// (no name, or no such table in the file), file_too_large (more values than the kernel takes).
[[nodiscard]] boost::system::result<DelayTable> read_delay_table(std::string_view name);
/// The same from text: numbers between white space, and lines that begin with '#'.
[[nodiscard]] boost::system::result<DelayTable> parse_delay_table(std::string_view name, std::string_view text);

/// A network's faults: `netem [limit N] [delay T [JITTER [CORRELATION]] [distribution D]] [loss P [CORRELATION] | loss
/// state ... | loss gemodel ...] [duplicate P [C]] [reorder P [C] [gap N]] [corrupt P [C]] [rate R [OVERHEAD [CELL
/// [CELLOVERHEAD]]]] [slot MIN MAX | slot distribution D DELAY JITTER [packets N] [bytes N]] [ecn]`.
struct Netem {
  static constexpr std::string_view kind = "netem";
  std::uint32_t limit = 1000;  ///< packets
  std::chrono::microseconds delay{};
  std::chrono::microseconds jitter{};
  Probability delay_correlation{};
  DelayTable distribution{};  ///< of the jitter; not reported
  /// Independent, by states, or after Gilbert and Elliot.
  std::variant<NetemChance, NetemLossState, NetemLossGemodel> loss{};
  NetemChance duplicate{};
  NetemChance reorder{};  ///< needs a delay
  std::uint32_t gap = 0;  ///< packets; with `reorder` 0 means 1
  NetemChance corrupt{};
  std::uint64_t rate = 0;  ///< bits per second; 0: unlimited
  std::int32_t packet_overhead = 0;
  std::uint32_t cell_size = 0;
  std::int32_t cell_overhead = 0;
  std::chrono::nanoseconds slot_min{};
  std::chrono::nanoseconds slot_max{};
  DelayTable slot_distribution{};  ///< with slot_delay and slot_jitter in place of slot_min and slot_max; not reported
  std::chrono::nanoseconds slot_delay{};
  std::chrono::nanoseconds slot_jitter{};
  std::int32_t slot_packets = 0;
  std::int32_t slot_bytes = 0;
  bool ecn = false;  ///< marks instead of losing
  friend bool operator==(const Netem&, const Netem&) = default;
};

/// Fair queueing with controlled delay: `fq_codel [limit N] [flows N] [target T] [interval T] [quantum N] [ecn|noecn]
/// [ce_threshold T] [memory_limit N] [drop_batch N]`.
struct FqCodel {
  using Microseconds = std::chrono::duration<std::uint32_t, std::micro>;
  static constexpr std::string_view kind = "fq_codel";
  std::optional<std::uint32_t> limit{};  ///< packets
  std::optional<std::uint32_t> flows{};  ///< at creation only
  std::optional<Microseconds> target{};
  std::optional<Microseconds> interval{};
  std::optional<std::uint32_t> quantum{};  ///< bytes
  std::optional<bool> ecn{};
  std::optional<Microseconds> ce_threshold{};
  std::optional<std::uint32_t> memory_limit{};  ///< bytes
  std::optional<std::uint32_t> drop_batch{};
  friend bool operator==(const FqCodel&, const FqCodel&) = default;
};

/// First in, first out, limited in packets: `pfifo [limit N]`.
struct Pfifo {
  static constexpr std::string_view kind = "pfifo";
  std::optional<std::uint32_t> limit{};  ///< packets; no value: the link's txqueuelen
  friend bool operator==(const Pfifo&, const Pfifo&) = default;
};

/// First in, first out, limited in bytes: `bfifo [limit N]`.
struct Bfifo {
  static constexpr std::string_view kind = "bfifo";
  std::optional<std::uint32_t> limit{};  ///< bytes; no value: txqueuelen times the MTU
  friend bool operator==(const Bfifo&, const Bfifo&) = default;
};

/// For filters on what comes in: `ingress`. Its parent is tc_ingress, its handle ffff:.
struct Ingress {
  static constexpr std::string_view kind = "ingress";
  friend bool operator==(const Ingress&, const Ingress&) = default;
};

/// For filters on what comes in and goes out: `clsact`. Its parent is tc_ingress, its handle ffff:.
struct Clsact {
  static constexpr std::string_view kind = "clsact";
  friend bool operator==(const Clsact&, const Clsact&) = default;
};

template <typename T>
concept TcKind = std::default_initializable<T> && requires {
  { T::kind } -> std::convertible_to<std::string_view>;
};

/// Adds or changes a qdisc: `tc -n NS qdisc add|change|replace dev NAME root|ingress|clsact|parent P [handle H:] KIND
/// ...`.
///
/// Parent and handle of `ingress` and `clsact` are what they have to be, whatever is given here. encode() reads
/// /proc/net/psched the first time that a process needs the kernel's ticks (tbf, htb, netem).
///
/// Errors of the outcome: file_exists (AddQdisc: there is one with this parent), no_such_file_or_directory (the kernel
/// lacks the kind, or there is none to change), invalid_argument, no_such_device.
template <Change change, TcKind Kind>
struct WriteQdisc {
  static constexpr std::string_view operation = change == Change::add      ? "add qdisc"
                                                : change == Change::change ? "change qdisc"
                                                                           : "replace qdisc";
  InterfaceIndex index = InterfaceIndex::none;
  TcHandle parent = tc_root;
  TcHandle handle{};  ///< 0: the kernel chooses
  Kind kind{};
  std::string_view name{};   ///< for describe() only
  std::string_view netns{};  ///< for describe() only

  void encode(engine::MessageWriter& writer) const noexcept;
  [[nodiscard]] std::string describe() const;
};
template <TcKind Kind>
using AddQdisc = WriteQdisc<Change::add, Kind>;
template <TcKind Kind>
using ChangeQdisc = WriteQdisc<Change::change, Kind>;
template <TcKind Kind>
using ReplaceQdisc = WriteQdisc<Change::replace, Kind>;

/// Deletes a qdisc with everything below it: `tc -n NS qdisc delete dev NAME root|ingress|parent P [handle H:]`.
/// Errors: no_such_file_or_directory, invalid_argument (there is only the kernel's own).
struct DeleteQdisc {
  static constexpr std::string_view operation = "delete qdisc";
  InterfaceIndex index = InterfaceIndex::none;
  TcHandle parent = tc_root;
  TcHandle handle{};
  std::string_view name{};   ///< for describe() only
  std::string_view netns{};  ///< for describe() only

  void encode(engine::MessageWriter& writer) const noexcept;
  [[nodiscard]] std::string describe() const;
};

/// Adds or changes a class: `tc -n NS class add|change|replace dev NAME parent P classid C KIND ...`.
///
/// Errors of the outcome: file_exists, no_such_file_or_directory (the parent is not there), invalid_argument.
template <Change change, TcKind Kind>
struct WriteClass {
  static constexpr std::string_view operation = change == Change::add      ? "add class"
                                                : change == Change::change ? "change class"
                                                                           : "replace class";
  InterfaceIndex index = InterfaceIndex::none;
  TcHandle parent{};
  TcHandle classid{};
  Kind kind{};
  std::string_view name{};   ///< for describe() only
  std::string_view netns{};  ///< for describe() only

  void encode(engine::MessageWriter& writer) const noexcept;
  [[nodiscard]] std::string describe() const;
};
using AddHtbClass = WriteClass<Change::add, HtbClass>;
using ChangeHtbClass = WriteClass<Change::change, HtbClass>;
using ReplaceHtbClass = WriteClass<Change::replace, HtbClass>;

/// Deletes a class: `tc -n NS class delete dev NAME classid C`. Errors: no_such_file_or_directory,
/// device_or_resource_busy (it has classes or filters).
struct DeleteClass {
  static constexpr std::string_view operation = "delete class";
  InterfaceIndex index = InterfaceIndex::none;
  TcHandle classid{};
  std::string_view name{};   ///< for describe() only
  std::string_view netns{};  ///< for describe() only

  void encode(engine::MessageWriter& writer) const noexcept;
  [[nodiscard]] std::string describe() const;
};

/// Asks for all qdiscs of the socket's namespace: `tc qdisc show`.
struct DumpQdiscs {
  static constexpr std::string_view operation = "dump qdiscs";
  void encode(engine::MessageWriter& writer) const noexcept;
};

/// Asks for the classes of one link: `tc class show dev NAME`.
struct DumpClasses {
  static constexpr std::string_view operation = "dump classes";
  InterfaceIndex index = InterfaceIndex::none;
  void encode(engine::MessageWriter& writer) const noexcept;
};

/// A qdisc or a class as the kernel reports it.
struct TcObject {
  InterfaceIndex index = InterfaceIndex::none;
  TcHandle handle{};  ///< of a class: its classid
  TcHandle parent{};
  std::string kind{};
};

/// Decodes an RTM_NEWQDISC message; nothing if it is not one, or is malformed.
[[nodiscard]] std::optional<TcObject> decode_qdisc(const engine::MessageView& message);
/// Decodes an RTM_NEWTCLASS message; nothing if it is not one, or is malformed.
[[nodiscard]] std::optional<TcObject> decode_class(const engine::MessageView& message);

/// The settings of a qdisc of this kind, or of a class in the case of HtbClass; nothing if the message is of something
/// else, or is malformed.
template <TcKind Kind>
[[nodiscard]] std::optional<Kind> decode_tc_kind(const engine::MessageView& message);

}  // namespace netherd::ops
