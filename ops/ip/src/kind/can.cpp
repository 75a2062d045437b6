#include <linux/can/netlink.h>
#include <linux/can/vxcan.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <optional>

#include "../attributes.hpp"
#include "../kind.hpp"
#include "netherd/ip/inet.hpp"

/// Controller area networks: what a CAN controller can be told, and pairs of virtual ones (`vxcan`).
namespace netherd::ip {

namespace {

/// A number of a bit timing, which has its name in JSON, and the word of `ip` behind "d" for the data phase.
struct TimingNumber {
  std::string_view keyword;
  const char* key;
  std::uint32_t can_bittiming::* member;
};
constexpr std::array timing_numbers{TimingNumber{"tq", "tq", &can_bittiming::tq},
                                    TimingNumber{"prop-seg", "prop_seg", &can_bittiming::prop_seg},
                                    TimingNumber{"phase-seg1", "phase_seg1", &can_bittiming::phase_seg1},
                                    TimingNumber{"phase-seg2", "phase_seg2", &can_bittiming::phase_seg2},
                                    TimingNumber{"sjw", "sjw", &can_bittiming::sjw}};

struct Mode {
  std::string_view keyword;  ///< empty: has no word of its own
  std::string_view name;     ///< as it is shown
  std::uint32_t bit;
};
/// In the order in which they are shown.
constexpr std::array modes{Mode{"loopback", "LOOPBACK", CAN_CTRLMODE_LOOPBACK},
                           Mode{"listen-only", "LISTEN-ONLY", CAN_CTRLMODE_LISTENONLY},
                           Mode{"triple-sampling", "TRIPLE-SAMPLING", CAN_CTRLMODE_3_SAMPLES},
                           Mode{"one-shot", "ONE-SHOT", CAN_CTRLMODE_ONE_SHOT},
                           Mode{"berr-reporting", "BERR-REPORTING", CAN_CTRLMODE_BERR_REPORTING},
                           Mode{"fd", "FD", CAN_CTRLMODE_FD},
                           Mode{"fd-non-iso", "FD-NON-ISO", CAN_CTRLMODE_FD_NON_ISO},
                           Mode{"presume-ack", "PRESUME-ACK", CAN_CTRLMODE_PRESUME_ACK},
                           Mode{"cc-len8-dlc", "CC-LEN8-DLC", CAN_CTRLMODE_CC_LEN8_DLC},
                           Mode{"", "TDC-AUTO", CAN_CTRLMODE_TDC_AUTO},
                           Mode{"", "TDC-MANUAL", CAN_CTRLMODE_TDC_MANUAL}};

struct Compensation {
  std::string_view keyword;
  const char* key;
  int attribute;
  int least;  ///< the attribute with the least value that the controller allows
  int most;
};
constexpr std::array compensations{
    Compensation{"tdcv", "tdcv", IFLA_CAN_TDC_TDCV, IFLA_CAN_TDC_TDCV_MIN, IFLA_CAN_TDC_TDCV_MAX},
    Compensation{"tdco", "tdco", IFLA_CAN_TDC_TDCO, IFLA_CAN_TDC_TDCO_MIN, IFLA_CAN_TDC_TDCO_MAX},
    Compensation{"tdcf", "tdcf", IFLA_CAN_TDC_TDCF, IFLA_CAN_TDC_TDCF_MIN, IFLA_CAN_TDC_TDCF_MAX}};

std::string value_complaint(std::string_view keyword) { return "invalid \"" + std::string{keyword} + "\" value\n"; }

/// "0.875" is 875 thousandths.
std::uint32_t take_sample_point(Words& words, std::string_view keyword) {
  const std::string_view word = words.take();
  float number = 0;
  const auto [stop, error] = std::from_chars(word.data(), word.data() + word.size(), number);
  const bool whole = error == std::errc{} && stop == word.data() + word.size();
  if (!whole || !(number >= 0) || number > 1000000) refuse(word, value_complaint(keyword));
  return static_cast<std::uint32_t>(number * 1000);
}

class Parser {
 public:
  Parser(Words& words, KindContext& context) : words_{words}, context_{context}, request_{context.request} {}

  /// The words are tried in the order of `ip`, which decides what an abbreviation means.
  void parse() {
    while (!words_.empty()) {
      if (take_timing("", timing_) || take_timing("d", data_timing_) || take_compensation() || take_mode() ||
          take_rest()) {
        continue;
      }
      fail_unknown_setting(words_, context_);
    }
    finish();
  }

 private:
  bool take_timing(const std::string& prefix, can_bittiming& timing) {
    const std::string bitrate = prefix + "bitrate";
    const std::string sample_point = prefix + "sample-point";
    if (words_.accept_short(bitrate)) {
      timing.bitrate = words_.take_u32(value_complaint(bitrate));
      return true;
    }
    if (words_.accept_short(sample_point)) {
      timing.sample_point = take_sample_point(words_, sample_point);
      return true;
    }
    for (const TimingNumber& number : timing_numbers) {
      const std::string keyword = prefix + std::string{number.keyword};
      if (!words_.accept_short(keyword)) continue;
      timing.*number.member = words_.take_u32(value_complaint(keyword));
      return true;
    }
    return false;
  }

  bool take_compensation() {
    for (std::size_t i = 0; i < compensations.size(); ++i) {
      const std::string_view keyword = compensations.at(i).keyword;
      if (!words_.accept_short(keyword)) continue;
      compensation_.at(i) = words_.take_u32(value_complaint(keyword));
      return true;
    }
    return false;
  }

  bool take_mode() {
    for (const Mode& mode : modes) {
      if (mode.keyword.empty() || !words_.accept_short(mode.keyword)) continue;
      const std::string_view word = words_.take();
      if (word != "on" && word != "off") {
        fail("Error: argument of \"" + std::string{mode.keyword} + R"(" must be "on" or "off", not ")" +
                 std::string{word} + '"',
             status_usage);
      }
      if (word == "on") mode_.flags |= mode.bit;
      mode_.mask |= mode.bit;
      return true;
    }
    if (!words_.accept_short("tdc-mode")) return false;
    const std::string_view word = words_.take();
    if (word == "auto" || word == "manual") {
      const std::uint32_t bit = word == "auto" ? CAN_CTRLMODE_TDC_AUTO : CAN_CTRLMODE_TDC_MANUAL;
      mode_.flags |= bit;
      mode_.mask |= bit;
    } else if (word == "off") {
      mode_.mask |= CAN_CTRLMODE_TDC_AUTO | CAN_CTRLMODE_TDC_MANUAL;
    } else {
      fail(R"(Error: argument of "tdc-mode" must be "auto", "manual" or "off", not ")" + std::string{word} + '"',
           status_usage);
    }
    return true;
  }

  bool take_rest() {
    if (words_.accept_short("restart")) {
      request_.put_u32(IFLA_CAN_RESTART, 1);
    } else if (words_.accept_short("restart-ms")) {
      request_.put_u32(IFLA_CAN_RESTART_MS, words_.take_u32(value_complaint("restart-ms")));
    } else if (words_.accept_short("termination")) {
      request_.put_u16(IFLA_CAN_TERMINATION, words_.take_u16(value_complaint("termination")));
    } else {
      return false;
    }
    return true;
  }

  void finish() {
    if (timing_.bitrate != 0 || timing_.tq != 0) request_.put_value(IFLA_CAN_BITTIMING, timing_);
    if (data_timing_.bitrate != 0 || data_timing_.tq != 0) request_.put_value(IFLA_CAN_DATA_BITTIMING, data_timing_);
    if (mode_.mask != 0) request_.put_value(IFLA_CAN_CTRLMODE, mode_);
    if (std::ranges::none_of(compensation_, [](const auto& value) { return value.has_value(); })) return;
    const auto nest = request_.begin_nest(IFLA_CAN_TDC | NLA_F_NESTED);
    for (std::size_t i = 0; i < compensations.size(); ++i) {
      if (compensation_.at(i)) request_.put_u32(compensations.at(i).attribute, *compensation_.at(i));
    }
    request_.end_nest(nest);
  }

  Words& words_;
  KindContext& context_;
  Request& request_;
  can_bittiming timing_{};
  can_bittiming data_timing_{};
  can_ctrlmode mode_{};
  std::array<std::optional<std::uint32_t>, compensations.size()> compensation_;
};

void parse_can(Words& words, KindContext& context) { Parser{words, context}.parse(); }

using Table = AttributeTable<IFLA_CAN_MAX>;

void begin_line(Printer& printer) {
  printer.line_break();
  printer.text("\t ");
}

void print_modes(Printer& printer, const char* key, std::uint32_t flags, bool only_json = false) {
  if (flags == 0 || (only_json && !printer.json())) return;
  printer.open_array(key);
  printer.text("<");
  for (const Mode& mode : modes) {
    if ((flags & mode.bit) == 0) continue;
    flags &= ~mode.bit;
    printer.string(nullptr, "", mode.name, flags != 0 ? "," : "");
  }
  if (flags != 0) {
    std::array<char, 12> digits;
    std::snprintf(digits.data(), digits.size(), "%x", flags);
    printer.string(nullptr, "", digits.data(), "");
  }
  printer.text("> ");
  printer.close_array();
}

/// " tq 20", with the word of the data phase if it is that one's.
void print_number(Printer& printer, const char* key, std::string_view phase, std::string_view keyword,
                  std::uint32_t value) {
  printer.number(key, ' ' + std::string{phase} + std::string{keyword} + ' ', value, "");
}

void print_timing(Printer& printer, const can_bittiming& timing, std::string_view phase) {
  begin_line(printer);
  print_number(printer, "bitrate", phase, "bitrate", timing.bitrate);
  std::array<char, 6> sample_point;  // as long as `ip` makes it
  std::snprintf(sample_point.data(), sample_point.size(), "%.3f", timing.sample_point / 1000.);
  printer.string("sample_point", ' ' + std::string{phase} + "sample-point ", sample_point.data(), "");
  begin_line(printer);
  for (const TimingNumber& number : timing_numbers) {
    print_number(printer, number.key, phase, number.keyword, timing.*number.member);
  }
  print_number(printer, "brp", phase, "brp", timing.brp);
}

void print_range(Printer& printer, const char* key, std::string_view keyword, std::uint32_t least, std::uint32_t most) {
  printer.text(keyword);
  printer.open_object(key);
  printer.number("min", " ", least, "");
  printer.number("max", "..", most, "");
  printer.close_object();
}

void print_timing_limits(Printer& printer, const can_bittiming_const& limits, const std::string& phase) {
  begin_line(printer);
  const std::string_view name{limits.name, ::strnlen(limits.name, sizeof limits.name)};
  printer.string("name", " ", name, ":");
  print_range(printer, "tseg1", ' ' + phase + "tseg1", limits.tseg1_min, limits.tseg1_max);
  print_range(printer, "tseg2", ' ' + phase + "tseg2", limits.tseg2_min, limits.tseg2_max);
  print_range(printer, "sjw", ' ' + phase + "sjw", 1, limits.sjw_max);
  print_range(printer, "brp", ' ' + phase + "brp", limits.brp_min, limits.brp_max);
  print_number(printer, "brp_inc", phase, "brp_inc", limits.brp_inc);
}

void print_compensation(Printer& printer, std::span<const std::byte> data) {
  const AttributeTable<IFLA_CAN_TDC_MAX> table{data};
  const auto has = [&table](const Compensation& row) { return table.has(static_cast<std::size_t>(row.attribute)); };
  if (std::ranges::none_of(compensations, has)) return;
  printer.open_object("tdc");
  begin_line(printer);
  for (const Compensation& row : compensations) {
    if (has(row)) print_number(printer, row.key, "", row.keyword, table.u32(static_cast<std::size_t>(row.attribute)));
  }
  printer.close_object();
}

void print_compensation_limits(Printer& printer, std::span<const std::byte> data) {
  const AttributeTable<IFLA_CAN_TDC_MAX> table{data};
  printer.open_object("tdc");
  begin_line(printer);
  for (const Compensation& row : compensations) {
    const auto least = static_cast<std::size_t>(row.least);
    const auto most = static_cast<std::size_t>(row.most);
    if (!table.has(least) || !table.has(most)) continue;
    print_range(printer, row.key, ' ' + std::string{row.keyword}, table.u32(least), table.u32(most));
  }
  printer.close_object();
}

/// The bit rates of a controller that knows no others.
void print_fixed_rates(Printer& printer, std::span<const std::byte> rates, const char* key) {
  constexpr std::size_t per_line = 6;
  const std::size_t count = rates.size() / sizeof(std::uint32_t);
  begin_line(printer);
  printer.open_array(key);
  printer.text("    [");
  for (std::size_t i = 0; i < count; ++i) {
    if (i != 0 && i % per_line == 0) {
      begin_line(printer);
      printer.text("     ");
    }
    std::uint32_t rate = 0;
    std::memcpy(&rate, rates.subspan(i * sizeof rate).data(), sizeof rate);
    if (printer.json()) printer.json_number(nullptr, rate);
    printer.padded(std::to_string(rate), 8);
    if (i + 1 < count) printer.text(", ");
  }
  printer.text(" ]");
  printer.close_array();
}

/// Bit timing of the arbitration or of the data phase: the attributes of either, and their names.
struct Phase {
  int timing;
  int limits;
  int fixed_rates;
  std::string_view prefix;  ///< of the words
  const char* timing_key;
  const char* limits_key;
  const char* rate_key;
  const char* fixed_rates_key;
  bool compensates;
};
constexpr std::array phases{
    Phase{IFLA_CAN_BITTIMING, IFLA_CAN_BITTIMING_CONST, IFLA_CAN_BITRATE_CONST, "", "bittiming", "bittiming_const",
          "bittiming_bitrate", "bitrate_const", false},
    Phase{IFLA_CAN_DATA_BITTIMING, IFLA_CAN_DATA_BITTIMING_CONST, IFLA_CAN_DATA_BITRATE_CONST, "d", "data_bittiming",
          "data_bittiming_const", "data_bittiming_bitrate", "data_bitrate_const", true}};

void print_phase(Printer& printer, const Table& table, const Phase& phase) {
  const auto timing = static_cast<std::size_t>(phase.timing);
  const auto limits = static_cast<std::size_t>(phase.limits);
  const auto fixed = static_cast<std::size_t>(phase.fixed_rates);
  const bool compensates = phase.compensates && table.has(IFLA_CAN_TDC);
  if (table.has(timing) && !table.has(fixed)) {
    printer.open_object(phase.timing_key);
    print_timing(printer, table.as<can_bittiming>(timing), phase.prefix);
    if (compensates) print_compensation(printer, table.bytes(IFLA_CAN_TDC));
    printer.close_object();
  }
  if (table.has(limits) && !table.has(fixed)) {
    printer.open_object(phase.limits_key);
    print_timing_limits(printer, table.as<can_bittiming_const>(limits), std::string{phase.prefix});
    if (compensates) print_compensation_limits(printer, table.bytes(IFLA_CAN_TDC));
    printer.close_object();
  }
  if (!table.has(fixed)) return;
  begin_line(printer);
  print_number(printer, phase.rate_key, phase.prefix, "bitrate", table.as<can_bittiming>(timing).bitrate);
  print_fixed_rates(printer, table.bytes(fixed), phase.fixed_rates_key);
}

void print_termination(Printer& printer, const Table& table) {
  if (!table.has(IFLA_CAN_TERMINATION) || !table.has(IFLA_CAN_TERMINATION_CONST)) return;
  begin_line(printer);
  printer.number("termination", " termination ", unsigned{table.u16(IFLA_CAN_TERMINATION)}, " [ ");
  printer.open_array("termination_const");
  const auto values = table.bytes(IFLA_CAN_TERMINATION_CONST);
  const std::size_t count = values.size() / sizeof(std::uint16_t);
  for (std::size_t i = 0; i < count; ++i) {
    std::uint16_t value = 0;
    std::memcpy(&value, values.subspan(i * sizeof value).data(), sizeof value);
    printer.number(nullptr, "", unsigned{value}, i + 1 < count ? ", " : "");
  }
  printer.text(" ]");
  printer.close_array();
}

constexpr std::array<std::string_view, CAN_STATE_MAX> can_states{"ERROR-ACTIVE", "ERROR-WARNING", "ERROR-PASSIVE",
                                                                 "BUS-OFF",      "STOPPED",       "SLEEPING"};
constexpr std::array state_showings{Showing{IFLA_CAN_STATE, Shown::word_u32, "state", {}, can_states}};

void print_can(Session& session, std::span<const std::byte> data) {
  const Table table{data};
  Printer& printer = session.printer();
  if (table.has(IFLA_CAN_CTRLMODE)) {
    const auto flags = table.as<can_ctrlmode>(IFLA_CAN_CTRLMODE).flags;
    print_modes(printer, "ctrlmode", flags);
    const AttributeTable<IFLA_CAN_CTRLMODE_MAX> extension{table.bytes(IFLA_CAN_CTRLMODE_EXT)};
    if (extension.has(IFLA_CAN_CTRLMODE_SUPPORTED)) {
      const std::uint32_t supported = extension.u32(IFLA_CAN_CTRLMODE_SUPPORTED);
      print_modes(printer, "ctrlmode_supported", supported, true);
      print_modes(printer, "ctrlmode_static", flags & ~supported, true);
    }
  }
  print_showings(session, data, state_showings);
  if (table.has(IFLA_CAN_BERR_COUNTER)) {
    const auto counter = table.as<can_berr_counter>(IFLA_CAN_BERR_COUNTER);
    printer.open_object("berr_counter");
    printer.number("tx", "(berr-counter tx ", unsigned{counter.txerr}, "");
    printer.number("rx", " rx ", unsigned{counter.rxerr}, ") ");
    printer.close_object();
  }
  if (table.has(IFLA_CAN_RESTART_MS)) printer.number("restart_ms", "restart-ms ", table.u32(IFLA_CAN_RESTART_MS));
  for (const Phase& phase : phases) print_phase(printer, table, phase);
  print_termination(printer, table);
  if (!table.has(IFLA_CAN_CLOCK)) return;
  begin_line(printer);
  printer.number("clock", " clock ", table.as<can_clock>(IFLA_CAN_CLOCK).freq);
}

void print_can_statistics(Session& session, std::span<const std::byte> data) {
  struct Column {
    const char* key;
    std::uint32_t can_device_stats::* member;
  };
  static constexpr std::array columns{Column{"restarts", &can_device_stats::restarts},
                                      Column{"bus_error", &can_device_stats::bus_error},
                                      Column{"arbitration_lost", &can_device_stats::arbitration_lost},
                                      Column{"error_warning", &can_device_stats::error_warning},
                                      Column{"error_passive", &can_device_stats::error_passive},
                                      Column{"bus_off", &can_device_stats::bus_off}};
  can_device_stats statistics{};
  if (data.size() != sizeof statistics) return;
  std::memcpy(&statistics, data.data(), sizeof statistics);
  Printer& printer = session.printer();
  begin_line(printer);
  printer.text(" re-started bus-errors arbit-lost error-warn error-pass bus-off");
  begin_line(printer);
  for (const auto& [key, member] : columns) {
    if (printer.json()) printer.json_number(key, statistics.*member);
    printer.text(" ");
    printer.padded(std::to_string(statistics.*member), -10);
  }
}

constexpr std::string_view can_usage =
    "[ bitrate NUMBER ] [ sample-point 0.NNN ] [ tq NUMBER ] [ prop-seg NUMBER ] [ phase-seg1 NUMBER ] "
    "[ phase-seg2 NUMBER ] [ sjw NUMBER ] [ dbitrate NUMBER ] [ dsample-point 0.NNN ] [ dtq NUMBER ] "
    "[ dprop-seg NUMBER ] [ dphase-seg1 NUMBER ] [ dphase-seg2 NUMBER ] [ dsjw NUMBER ] [ tdcv NUMBER ] "
    "[ tdco NUMBER ] [ tdcf NUMBER ] [ tdc-mode { auto | manual | off } ] "
    "[ { loopback | listen-only | triple-sampling | one-shot | berr-reporting | fd | fd-non-iso | presume-ack | "
    "cc-len8-dlc } { on | off } ] [ restart-ms NUMBER ] [ restart ] [ termination NUMBER ]";

void parse_vxcan(Words& words, KindContext& context) {
  if (!words.accept("peer")) fail_unknown_setting(words, context);
  parse_peer(words, context, VXCAN_INFO_PEER);
  if (!words.empty()) refuse_garbage("peer", words.peek());
}

constexpr std::array kinds{Kind{.name = "can",
                                .parse = parse_can,
                                .print = print_can,
                                .print_statistics = print_can_statistics,
                                .unknown = R"(unknown option "$")",
                                .usage = {can_usage}},
                           Kind{.name = "vxcan", .parse = parse_vxcan, .usage = {"[ peer SETTING... ]"}}};

}  // namespace

constinit const std::span<const Kind> can_kinds{kinds};

}  // namespace netherd::ip
