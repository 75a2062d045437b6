#pragma once

#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>

#include <span>

#include "change_flags.hpp"
#include "command_text.hpp"
#include "netherd/ops/qdisc.hpp"
#include "settings.hpp"
#include "tc_units.hpp"

namespace netherd::ops {

/// How a kind writes its TCA_OPTIONS, describes and reads them. Specialised per kind, with the members
///
///     static void put(engine::MessageWriter&, const Kind&) noexcept;        // all of TCA_OPTIONS, or nothing
///     static void describe(CommandText&, const Kind&);                     // what follows the kind's name
///     static bool read(Kind&, std::span<const std::byte> options);         // false if malformed
template <typename Kind>
struct TcFormat;

/// TCA_OPTIONS as a nest of attributes.
template <typename Put>
void put_options(engine::MessageWriter& writer, Put put) noexcept {
  const auto options = writer.begin_plain_nest(TCA_OPTIONS);
  put();
  writer.end_nest(options);
}

}  // namespace netherd::ops
