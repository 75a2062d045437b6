#pragma once

#include <sys/socket.h>

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "netherd/ip/printer.hpp"
#include "netherd/ip/request.hpp"
#include "netherd/ip/words.hpp"

namespace netherd::ip {

/// The options before the object: `ip [OPTIONS] OBJECT ...`.
struct Options {
  int family = AF_UNSPEC;
  int details = 0;
  int statistics = 0;
  bool json = false;
  bool pretty = false;
  bool one_line = false;
  bool brief = false;
  bool numeric = false;
  bool coloured = false;
  bool all = false;
  bool force = false;
  bool timestamp = false;
  bool short_timestamp = false;
  bool version = false;
  bool help = false;
  std::string netns{};
  std::optional<std::string> batch{};  ///< a file of commands; "-" is standard input

  [[nodiscard]] Printer::Layout layout() const noexcept {
    const auto format = !json ? Printer::Format::text : pretty ? Printer::Format::pretty_json : Printer::Format::json;
    return {format, one_line, coloured && !json};
  }
};

/// Reads the options off the front of a command line. Throws CommandError for one that there is not.
[[nodiscard]] Options take_options(Words& words, Options options = {});

/// What commands need to know of a link that words name.
struct LinkFacts {
  int index = 0;
  std::string name{};
  unsigned flags = 0;            ///< IFF_*
  unsigned type = 0;             ///< ARPHRD_*
  std::size_t address_size = 0;  ///< of its link-layer address, in bytes
};

/// The world that the words of a command speak about. The kernel implements it, and tests do.
class Environment {
 public:
  /// The link of this name or alternative name; null if there is none. Valid until the next call.
  virtual const LinkFacts* find_link(std::string_view name) = 0;
  /// Its index; 0 if there is none.
  virtual int find_index(std::string_view name) {
    const LinkFacts* link = find_link(name);
    return link != nullptr ? link->index : 0;
  }
  virtual const LinkFacts* find_link(int index) = 0;
  /// Everything about a link: an RTM_NEWLINK message, or nothing.
  virtual std::vector<std::byte> describe_link(int index) = 0;
  /// A descriptor of the namespace of this name or path, or -1. It stays open until the command has been executed.
  virtual int open_netns(std::string_view name) = 0;
  /// The number that the namespace of this name or path has here; it gets one if it has none. None if that fails.
  virtual std::optional<std::int32_t> netns_id(std::string_view) { return {}; }

 protected:
  ~Environment() = default;
};

class Session;

/// A command whose words made sense. Has either a request, which the kernel answers by yes or no, or an action.
struct Command {
  std::optional<Request> request{};
  std::function<int(Session&)> action{};  ///< gives the exit status
  bool changes_links = false;             ///< names of links may mean other ones afterwards
};

/// Reads the words behind the options: "link set lo up". Throws CommandError for what is no command; the kernel is
/// only asked what `environment` is asked.
[[nodiscard]] Command parse_command(Words words, const Options& options, Environment& environment);

/// Splits a line of a batch file into words, as `ip` does: quotes and double quotes keep blanks, `#` begins a comment.
/// The words are views of `line`. Throws CommandError: a quote without its end; more than 1,000 words.
[[nodiscard]] std::vector<std::string_view> split_line(std::string_view line);

}  // namespace netherd::ip
