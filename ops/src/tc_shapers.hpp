#pragma once

#include "tc_kind.hpp"

/// Qdiscs that shape to rates: tbf and htb.

namespace netherd::ops {

template <>
struct TcFormat<Tbf> {
  static void put(engine::MessageWriter& writer, const Tbf& tbf) noexcept;
  static void describe(CommandText& command, const Tbf& tbf);
  static bool read(Tbf& tbf, std::span<const std::byte> options) noexcept;
};

template <>
struct TcFormat<Htb> {
  static void put(engine::MessageWriter& writer, const Htb& htb) noexcept;
  static void describe(CommandText& command, const Htb& htb);
  static bool read(Htb& htb, std::span<const std::byte> options) noexcept;
};

template <>
struct TcFormat<HtbClass> {
  static void put(engine::MessageWriter& writer, const HtbClass& htb) noexcept;
  static void describe(CommandText& command, const HtbClass& htb);
  static bool read(HtbClass& htb, std::span<const std::byte> options) noexcept;
};

}  // namespace netherd::ops
