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
  Parse parse = nullptr;  ///< null: known to `ip` alone
};
/// In the order of `ip` (cmds[] in ip/ip.c), which decides what an abbreviation stands for.
constexpr std::array objects{Object{"address", parse_address},
                             Object{"addrlabel"},
                             Object{"maddress"},
                             Object{"route", parse_route},
                             Object{"rule", parse_rule},
                             Object{"neighbor", parse_neighbour},
                             Object{"neighbour", parse_neighbour},
                             Object{"ntable"},
                             Object{"ntbl"},
                             Object{"link", parse_link},
                             Object{"l2tp"},
                             Object{"fou"},
                             Object{"ila"},
                             Object{"macsec"},
                             Object{"tunnel"},
                             Object{"tunl"},
                             Object{"tuntap", parse_tuntap},
                             Object{"tap", parse_tuntap},
                             Object{"token"},
                             Object{"tcpmetrics"},
                             Object{"tcp_metrics"},
                             Object{"monitor", parse_monitor},
                             Object{"xfrm"},
                             Object{"mroute"},
                             Object{"mrule"},
                             Object{"netns", parse_netns},
                             Object{"netconf"},
                             Object{"vrf"},
                             Object{"sr"},
                             Object{"nexthop", parse_nexthop},
                             Object{"mptcp"},
                             Object{"ioam"},
                             Object{"help"},
                             Object{"stats"}};

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
  for (const std::string_view unsupported : {"-M", "-B", "-human-readable", "-iec", "-resolve"}) {
    if (!is(unsupported) || option.size() < 2) continue;
    throw CommandError{status_usage, "Option \"" + std::string{option} + "\" is not supported by netherd."};
  }
  if (is("-stats") || is("-statistics")) {
    ++options.statistics;
  } else if (is("-details")) {
    ++options.details;
  } else if (is("-oneline")) {
    options.one_line = true;
  } else if (is("-json")) {
    options.json = true;
  } else if (is("-pretty")) {
    options.pretty = true;
  } else if (option.size() > 2 && is("-brief")) {
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
    // The order decides what an abbreviation stands for.
    if (abbreviates(option, "-loops")) {
      words.take_number(INT32_MAX, "invalid number");
    } else if (take_family(words, option, options) || take_format(option, options)) {
      continue;
    } else if (abbreviates(option, "-rcvbuf")) {
      words.take_number(INT32_MAX, "invalid number");
    } else if (abbreviates(option, "-netns")) {
      options.netns = words.take();
    } else if (abbreviates(option, "-force")) {
      options.force = true;
    } else if (abbreviates(option, "-timestamp")) {
      options.timestamp = true;
    } else if (option.size() > 2 && abbreviates(option, "-tshort")) {
      options.timestamp = options.short_timestamp = true;
    } else if (abbreviates(option, "-Version")) {
      options.version = true;
    } else if (abbreviates(option, "-batch")) {
      options.batch = std::string{words.take()};
    } else if (abbreviates(option, "-help")) {
      options.help = true;
    } else if (abbreviates(option, "-all")) {
      options.all = true;
    } else {
      throw CommandError{status_usage, "Option \"" + std::string{option} + "\" is unknown, try \"ip -help\"."};
    }
  }
  if (options.json) options.one_line = false;
  return options;
}

namespace {

/// The one that a word abbreviates; null if there is none.
const Object* find_object(std::string_view word) noexcept {
  const auto* const found =
      std::ranges::find_if(objects, [word](const auto& object) { return abbreviates(word, object.name); });
  return found == objects.end() ? nullptr : &*found;
}

}  // namespace

std::string_view object_of(std::string_view word) noexcept {
  const Object* object = find_object(word);
  if (object == nullptr || object->parse == nullptr) return {};
  return object->parse == parse_neighbour ? "neighbour" : object->name;
}

Command parse_command(Words words, const Options& options, Environment& environment) {
  if (words.empty()) fail_with_usage(usage::ip);
  const std::string_view name = words.take();
  const Object* const object = find_object(name);
  if (object == nullptr) fail("Object \"" + std::string{name} + "\" is unknown, try \"ip help\".");
  if (object->name == "help") fail_with_usage(usage::ip);
  if (object->parse == nullptr) {
    const std::string full = object->name == name ? "" : " (" + std::string{object->name} + ')';
    fail("Object \"" + std::string{name} + '"' + full + " is not supported by netherd.");
  }
  return object->parse(words, options, environment);
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
