#pragma once

#include "netherd/ip/command.hpp"

/// One function per object: reads the words behind it.
namespace netherd::ip {

[[nodiscard]] Command parse_link(Words words, const Options& options, Environment& environment);
[[nodiscard]] Command parse_address(Words words, const Options& options, Environment& environment);
[[nodiscard]] Command parse_route(Words words, const Options& options, Environment& environment);
[[nodiscard]] Command parse_rule(Words words, const Options& options, Environment& environment);
[[nodiscard]] Command parse_neighbour(Words words, const Options& options, Environment& environment);
[[nodiscard]] Command parse_nexthop(Words words, const Options& options, Environment& environment);
[[nodiscard]] Command parse_tuntap(Words words, const Options& options, Environment& environment);
[[nodiscard]] Command parse_netns(Words words, const Options& options, Environment& environment);
[[nodiscard]] Command parse_monitor(Words words, const Options& options, Environment& environment);

/// The object that a word or its abbreviation names ("neigh" is "neighbour"); empty if it names none.
[[nodiscard]] std::string_view object_of(std::string_view word) noexcept;

/// Command "WORD" is unknown, try "ip OBJECT help".
[[noreturn]] void fail_unknown_command(std::string_view word, std::string_view object);
/// The usage of an object, with the exit status of `ip OBJECT help`.
[[noreturn]] void fail_with_usage(std::string_view usage);

/// An IP protocol by name or number ("tcp", "6").
std::uint8_t take_ip_protocol(Words& words);

/// The index of a link that has to be there: Cannot find device "NAME".
[[nodiscard]] inline int index_of(Environment& environment, std::string_view name) {
  const int index = environment.find_index(name);
  if (index == 0) fail_no_device(name);
  return index;
}

}  // namespace netherd::ip
