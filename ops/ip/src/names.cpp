#include "names.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <vector>

#include "netherd/ip/words.hpp"

namespace netherd::ip::names {

namespace {

bool numeric_only = false;

using Entry = std::pair<std::uint32_t, std::string_view>;

/// The names of one kind: those of `ip` itself, then those of a file and of the files of a directory beside it.
class Names {
 public:
  Names(std::initializer_list<Entry> own, const std::string& file) {
    for (const auto& [number, name] : own) names_[number] = name;
    read(file);
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator{file + ".d", ignored}) {
      if (entry.path().extension() == ".conf") read(entry.path());
    }
  }

  [[nodiscard]] const std::string* name(std::uint32_t number) const {
    const auto found = names_.find(number);
    return found == names_.end() || numeric_only ? nullptr : &found->second;
  }
  [[nodiscard]] std::optional<std::uint32_t> number(std::string_view name) const {
    const auto found =
        std::ranges::find(names_, name, [](const auto& entry) -> std::string_view { return entry.second; });
    return found == names_.end() ? std::nullopt : std::optional{found->first};
  }

 private:
  void read(const std::string& file) {
    std::ifstream stream{file};
    for (std::string line; std::getline(stream, line);) {
      std::istringstream words{line};
      std::string number;
      std::string name;
      std::uint64_t value = 0;
      if (words >> number >> name && !number.starts_with('#') && read_number(number, UINT32_MAX, value)) {
        names_[static_cast<std::uint32_t>(value)] = name;
      }
    }
  }

  std::map<std::uint32_t, std::string> names_;
};

const Names& tables() {
  static const Names names{{{253, "default"}, {254, "main"}, {255, "local"}}, "/etc/iproute2/rt_tables"};
  return names;
}
const Names& protocols() {
  static const Names names{
      {{0, "none"},   {1, "redirect"}, {2, "kernel"},      {3, "boot"},   {4, "static"},    {8, "gated"},
       {9, "ra"},     {10, "mrt"},     {11, "zebra"},      {12, "bird"},  {13, "dnrouted"}, {14, "xorp"},
       {15, "ntk"},   {16, "dhcp"},    {18, "keepalived"}, {42, "babel"}, {186, "bgp"},     {187, "isis"},
       {188, "ospf"}, {189, "rip"},    {192, "eigrp"}},
      "/etc/iproute2/rt_protos"};
  return names;
}
const Names& scopes() {
  static const Names names{{{0, "global"}, {255, "nowhere"}, {254, "host"}, {253, "link"}, {200, "site"}},
                           "/etc/iproute2/rt_scopes"};
  return names;
}
const Names& groups() {
  static const Names names{{{0, "default"}}, "/etc/iproute2/group"};
  return names;
}
const Names& dsfields() {
  static const Names names{{{0, "0"}}, "/etc/iproute2/rt_dsfield"};
  return names;
}
const Names& realms() {
  static const Names names{{{0, "unknown"}}, "/etc/iproute2/rt_realms"};
  return names;
}

std::string text(const Names& names, std::uint32_t number) {
  const std::string* name = names.name(number);
  return name != nullptr ? *name : std::to_string(number);
}

std::optional<std::uint32_t> read(const Names& names, std::string_view word, std::uint64_t most) {
  std::uint64_t number = 0;
  if (read_number(word, most, number)) return static_cast<std::uint32_t>(number);
  return names.number(word);
}

}  // namespace

void show_numbers(bool on) noexcept { numeric_only = on; }
bool numeric() noexcept { return numeric_only; }

std::string table(std::uint32_t number) { return text(tables(), number); }
std::string protocol(std::uint32_t number) { return text(protocols(), number); }
std::string scope(std::uint32_t number) { return text(scopes(), number); }
std::string realm(std::uint32_t number) { return text(realms(), number); }
std::string group(std::uint32_t number) {
  const std::string* name = groups().name(number);
  return name != nullptr ? *name : std::to_string(static_cast<std::int32_t>(number));
}

std::string dsfield(std::uint32_t number) {
  if (const std::string* name = dsfields().name(number)) return *name;
  std::array<char, 2> digits{'0', '0'};
  std::to_chars(digits.data() + (number < 16 ? 1 : 0), digits.data() + digits.size(), number & 0xFFU, 16);
  return "0x" + std::string{digits.data(), digits.size()};
}

std::optional<std::uint32_t> read_table(std::string_view word) { return read(tables(), word, UINT32_MAX); }
std::optional<std::uint32_t> read_protocol(std::string_view word) { return read(protocols(), word, UINT8_MAX); }
std::optional<std::uint32_t> read_scope(std::string_view word) { return read(scopes(), word, UINT8_MAX); }
std::optional<std::uint32_t> read_group(std::string_view word) { return read(groups(), word, INT32_MAX); }

/// Numbers are hexadecimal here, with or without "0x".
std::optional<std::uint32_t> read_dsfield(std::string_view word) {
  std::uint64_t number = 0;
  const std::string hexadecimal = (word.starts_with("0x") ? "" : "0x") + std::string{word};
  if (read_number(hexadecimal, UINT8_MAX, number)) return static_cast<std::uint32_t>(number);
  return dsfields().number(word);
}

std::optional<std::uint32_t> read_realms(std::string_view word) {
  const std::size_t slash = word.find('/');
  const auto to = read(realms(), slash == std::string_view::npos ? word : word.substr(slash + 1), UINT16_MAX);
  if (slash == std::string_view::npos) return to;
  const auto from = read(realms(), word.substr(0, slash), UINT16_MAX);
  return from && to ? std::optional{*from << 16U | *to} : std::nullopt;
}

}  // namespace netherd::ip::names
