#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "netherd/ip/words.hpp"

/// Values that `rule add` and `rule show` read in the same way.
namespace netherd::ip {

struct RuleRange {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
};
/// "A-B"; with `single` also "A" alone.
[[nodiscard]] std::optional<RuleRange> read_rule_range(std::string_view word, std::uint64_t most, bool single);

struct RuleMark {
  std::uint32_t mark = 0;
  std::optional<std::uint32_t> mask{};
};
/// "MARK" or "MARK/MASK".
[[nodiscard]] RuleMark take_rule_mark(Words& words);

/// The name of an interface, which need not exist.
[[nodiscard]] std::string_view take_rule_interface(Words& words, std::string_view complaint);

}  // namespace netherd::ip
