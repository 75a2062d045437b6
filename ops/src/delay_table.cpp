#include <linux/pkt_sched.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>

#include "netherd/ops/qdisc.hpp"

namespace netherd::ops {

namespace {

namespace errc = boost::system::errc;

constexpr std::size_t most_values = NETEM_DIST_MAX;
constexpr std::string_view white_space = " \t\r\n\v\f";

/// The next word that is not in a comment; empty at the end.
std::string_view next_word(std::string_view& text) noexcept {
  for (;;) {
    text.remove_prefix(std::min(text.size(), text.find_first_not_of(white_space)));
    if (!text.starts_with('#')) break;
    text.remove_prefix(std::min(text.size(), text.find('\n')));
  }
  const std::string_view word = text.substr(0, text.find_first_of(white_space));
  text.remove_prefix(word.size());
  return word;
}

/// Where a distribution of Linux may have put tc's tables: Debian has them in a folder of the machine's architecture.
std::vector<std::filesystem::path> table_folders() {
  std::vector<std::filesystem::path> folders;
  if (const char* chosen = std::getenv("TC_LIB_DIR")) folders.emplace_back(chosen);
  folders.insert(folders.end(), {"/usr/lib/tc", "/usr/lib64/tc", "/lib/tc"});
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator{"/usr/lib", ignored}) {
    const std::string name = entry.path().filename().string();
    if (name.find("-linux-") != std::string::npos) folders.push_back(entry.path() / "tc");
  }
  return folders;
}

}  // namespace

boost::system::result<DelayTable> parse_delay_table(std::string_view name, std::string_view text) {
  DelayTable table{.name = std::string{name}};
  for (std::string_view word = next_word(text); !word.empty(); word = next_word(text)) {
    std::int16_t value = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
    if (error != std::errc{} || end != word.data() + word.size()) return make_error_code(errc::invalid_argument);
    if (table.values.size() == most_values) return make_error_code(errc::file_too_large);
    table.values.push_back(value);
  }
  if (table.values.empty()) return make_error_code(errc::invalid_argument);
  return table;
}

boost::system::result<DelayTable> read_delay_table(std::string_view name) {
  if (name.empty() || name.find('/') != std::string_view::npos) return make_error_code(errc::invalid_argument);
  for (const auto& folder : table_folders()) {
    std::ifstream file{folder / (std::string{name} + ".dist")};
    if (!file) continue;
    const std::string text{std::istreambuf_iterator<char>{file}, {}};
    return parse_delay_table(name, text);
  }
  return make_error_code(errc::no_such_file_or_directory);
}

}  // namespace netherd::ops
