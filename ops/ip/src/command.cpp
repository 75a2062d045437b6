#include "netherd/ip/command.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>

#include "objects.hpp"
#include "usage.hpp"

namespace netherd::ip {

namespace {

/// Longest batch line, in words.
constexpr std::size_t most_words = 1000;
constexpr std::string_view blanks = " \t\r\n";

using Parse = Command (*)(Words, const Options&, Environment&);
struct Object {
  std::string_view name;
  Parse parse;
};
/// In the order of `ip`, which decides what an abbreviation stands for.
constexpr std::array objects{
    Object{"address", parse_address},    Object{"route", parse_route},         Object{"rule", parse_rule},
    Object{"neighbor", parse_neighbour}, Object{"neighbour", parse_neighbour}, Object{"link", parse_link},
    Object{"tuntap", parse_tuntap},      Object{"tap", parse_tuntap},          Object{"monitor", parse_monitor},
    Object{"netns", parse_netns},        Object{"nexthop", parse_nexthop}};
/// Known to `ip`, and told apart from what is no object at all.
constexpr std::array<std::string_view, 23> unsupported_objects{
    "addrlabel", "maddress", "ntable", "ntbl",       "l2tp",        "fou",   "ila",    "macsec",
    "tunnel",    "tunl",     "token",  "tcpmetrics", "tcp_metrics", "xfrm",  "mroute", "mrule",
    "netconf",   "vrf",      "sr",     "mptcp",      "ioam",        "stats", "amt"};

int read_family_option(std::string_view word) {
  if (word == "inet") return AF_INET;
  if (word == "inet6") return AF_INET6;
  if (word == "link") return AF_PACKET;
  refuse(word, "invalid protocol family");
}

bool writes_to_terminal() { return ::isatty(STDOUT_FILENO) == 1; }

bool read_colour(std::string_view option, Options& options) {
  const std::size_t equals = option.find('=');
  if (!abbreviates(option.substr(0, equals), "-color")) return false;
  const std::string_view when = equals == std::string_view::npos ? "always" : option.substr(equals + 1);
  if (when != "always" && when != "auto" && when != "never") return false;
  options.coloured = when == "always" || (when == "auto" && writes_to_terminal());
  return true;
}

bool take_family(Words& words, std::string_view option, Options& options) {
  if (option == "-4") {
    options.family = AF_INET;
  } else if (option == "-6") {
    options.family = AF_INET6;
  } else if (option == "-0") {
    options.family = AF_PACKET;
  } else if (option.size() > 1 && abbreviates(option, "-family")) {
    const std::string_view word = words.take();
    options.family = read_family_option(word);
  } else {
    return false;
  }
  return true;
}

bool take_format(std::string_view option, Options& options) {
  const auto is = [option](std::string_view name) { return abbreviates(option, name); };
  if (is("-details")) {
    ++options.details;
  } else if (is("-stats") || is("-statistics")) {
    ++options.statistics;
  } else if (is("-oneline")) {
    options.one_line = true;
  } else if (is("-json")) {
    options.json = true;
  } else if (is("-pretty")) {
    options.pretty = true;
  } else if (option == "-br" || is("-brief")) {
    options.brief = true;
  } else if (is("-Numeric")) {
    options.numeric = true;
  } else if (option.starts_with("-c") && read_colour(option, options)) {
    return true;
  } else {
    return false;
  }
  return true;
}

}  // namespace

Options take_options(Words& words, Options options) {
  while (!words.empty() && words.peek().size() > 1 && words.peek().front() == '-') {
    std::string_view option = words.take();
    if (option == "--") break;
    if (option.starts_with("--")) option.remove_prefix(1);
    if (take_family(words, option, options)) continue;
    if (abbreviates(option, "-loops") || abbreviates(option, "-rcvbuf")) {
      words.take_number(INT32_MAX, "invalid number");
    } else if (abbreviates(option, "-netns")) {
      options.netns = words.take();
    } else if (abbreviates(option, "-force")) {
      options.force = true;
    } else if (abbreviates(option, "-timestamp")) {
      options.timestamp = true;
    } else if (option.size() > 2 && abbreviates(option, "-tshort")) {
      options.timestamp = options.short_timestamp = true;
    } else if (option == "-Version" || option == "-V") {
      options.version = true;
    } else if (option == "-br") {
      options.brief = true;
    } else if (abbreviates(option, "-batch")) {
      options.batch = std::string{words.take()};
    } else if (abbreviates(option, "-help")) {
      options.help = true;
    } else if (abbreviates(option, "-all")) {
      options.all = true;
    } else if (!take_format(option, options)) {
      throw CommandError{status_usage, "Option \"" + std::string{option} + "\" is unknown, try \"ip -help\"."};
    }
  }
  if (options.json) options.one_line = false;
  return options;
}

namespace {

const Object* find_object(std::string_view word) noexcept {
  const auto* const found =
      std::ranges::find_if(objects, [word](const auto& object) { return abbreviates(word, object.name); });
  return found == objects.end() ? nullptr : &*found;
}

}  // namespace

std::string_view object_of(std::string_view word) noexcept {
  const Object* object = find_object(word);
  if (object == nullptr) return {};
  return object->parse == parse_neighbour ? "neighbour" : object->name;
}

Command parse_command(Words words, const Options& options, Environment& environment) {
  if (words.empty()) fail_with_usage(usage::ip);
  const std::string_view name = words.take();
  if (const Object* object = find_object(name)) return object->parse(words, options, environment);
  if (abbreviates(name, "help")) fail_with_usage(usage::ip);
  for (const std::string_view object : unsupported_objects) {
    if (name == object) fail("Object \"" + std::string{name} + "\" is not supported by netherd.");
  }
  fail("Object \"" + std::string{name} + "\" is unknown, try \"ip help\".");
}

std::vector<std::string_view> split_line(std::string_view line) {
  std::vector<std::string_view> words;
  line = line.substr(0, line.find('#'));
  for (;;) {
    const std::size_t begin = line.find_first_not_of(blanks);
    if (begin == std::string_view::npos) return words;
    line.remove_prefix(begin);
    if (words.size() == most_words) fail("Too many arguments to command");
    std::size_t end = 0;
    if (line.front() == '"' || line.front() == '\'') {
      end = line.find(line.front(), 1);
      if (end == std::string_view::npos) fail("Unterminated quoted string");
      words.push_back(line.substr(1, end - 1));
      ++end;
    } else {
      end = std::min(line.find_first_of(blanks), line.size());
      words.push_back(line.substr(0, end));
    }
    line.remove_prefix(end);
  }
}

void fail_unknown_command(std::string_view word, std::string_view object) {
  throw CommandError{status_usage,
                     "Command \"" + std::string{word} + "\" is unknown, try \"ip " + std::string{object} + " help\"."};
}

void fail_with_usage(std::string_view usage) { throw CommandError{status_usage, std::string{usage}}; }

}  // namespace netherd::ip
