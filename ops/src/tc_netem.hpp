#pragma once

#include "tc_kind.hpp"

namespace netherd::ops {

template <>
struct TcFormat<Netem> {
  static void put(engine::MessageWriter& writer, const Netem& netem) noexcept;
  static void describe(CommandText& command, const Netem& netem);
  static bool read(Netem& netem, std::span<const std::byte> options) noexcept;
};

}  // namespace netherd::ops
