#include "names.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <vector>

#include "netherd/ip/words.hpp"

namespace netherd::ip::names {

namespace {

constexpr std::string_view machine_directory = "/etc/iproute2";
constexpr std::string_view fallback_directory = "/usr/share/iproute2";
/// Longest piece of a line that `ip` reads, with its zero.
constexpr std::size_t line_bytes = 512;

bool numeric_only = false;

struct Entry {
  std::uint32_t number;
  std::string_view name;
};

constexpr std::array own_tables{Entry{253, "default"}, Entry{254, "main"}, Entry{255, "local"}};
constexpr std::array own_protocols{
    Entry{0, "unspec"},    Entry{1, "redirect"}, Entry{2, "kernel"}, Entry{3, "boot"},   Entry{4, "static"},
    Entry{8, "gated"},     Entry{9, "ra"},       Entry{10, "mrt"},   Entry{11, "zebra"}, Entry{12, "bird"},
    Entry{13, "dnrouted"}, Entry{14, "xorp"},    Entry{15, "ntk"},   Entry{16, "dhcp"},  Entry{18, "keepalived"},
    Entry{42, "babel"},    Entry{186, "bgp"},    Entry{187, "isis"}, Entry{188, "ospf"}, Entry{189, "rip"},
    Entry{192, "eigrp"}};
constexpr std::array own_scopes{Entry{0, "global"}, Entry{200, "site"}, Entry{253, "link"}, Entry{254, "host"},
                                Entry{255, "nowhere"}};
constexpr std::array own_groups{Entry{0, "default"}};
constexpr std::array own_dsfields{Entry{0, "0"}};
constexpr std::array own_realms{Entry{0, "unknown"}};

/// How `ip` keeps the names of one kind (lib/rt_names.c).
struct Kind {
  std::string_view file;  // empty: only the directory
  std::string_view directory;
  std::span<const Entry> own;
  /// 0: a hash, in which several names of a number live side by side. Else a table with one name for each number, whose
  /// own names count until a file has been read.
  std::uint32_t table_size = 0;
};
enum KindIndex : std::uint8_t { tables, protocols, scopes, groups, dsfields, realms, protodown_reasons, kind_count };
constexpr std::array<Kind, kind_count> kinds{
    Kind{"rt_tables", "rt_tables.d", own_tables, 0}, Kind{"rt_protos", "rt_protos.d", own_protocols, 256},
    Kind{"rt_scopes", {}, own_scopes, 256},          Kind{"group", {}, own_groups, 0},
    Kind{"rt_dsfield", {}, own_dsfields, 256},       Kind{"rt_realms", {}, own_realms, 256},
    Kind{{}, "protodown_reasons.d", {}, 32}};

std::string join(std::string_view directory, std::string_view file) {
  return std::string{directory}.append("/").append(file);
}

bool is_directory(const std::string& path) {
  struct stat facts{};
  return ::stat(path.c_str(), &facts) == 0 && S_ISDIR(facts.st_mode);
}

/// The names of one kind, as files in one place have them.
class Names {
 public:
  Names(const Kind& kind, const std::string& directory) : kind_{&kind}, directory_{&directory} {
    for (const auto& [number, name] : kind.own) add(number, name);
  }

  [[nodiscard]] const std::string* name(std::uint32_t number) {
    if (numeric_only) return nullptr;
    if (!loaded_ && (is_hash() || !by_number_.contains(number))) load();
    const auto found = by_number_.find(number);
    return found == by_number_.end() ? nullptr : &found->second;
  }
  [[nodiscard]] std::optional<std::uint32_t> number(std::string_view name) {
    if (!loaded_) load();
    const auto found = by_name_.find(name);
    return found == by_name_.end() ? std::nullopt : std::optional{found->second};
  }

 private:
  [[nodiscard]] bool is_hash() const noexcept { return kind_->table_size == 0; }

  void load() {
    loaded_ = true;
    if (!kind_->file.empty() && !read(*directory_, machine_directory, kind_->file)) {
      read(fallback_directory, fallback_directory, kind_->file);
    }
    if (!kind_->directory.empty()) {
      const std::string own = join(*directory_, kind_->directory);
      read_all(join(fallback_directory, kind_->directory), join(fallback_directory, kind_->directory), &own);
      read_all(own, join(machine_directory, kind_->directory), nullptr);
    }
    if (is_hash()) return;
    for (const auto& [number, name] : by_number_) by_name_.try_emplace(name, number);
  }

  /// Reads the files that end in ".conf" and have no namesake in `but`.
  void read_all(const std::string& directory, const std::string& shown, const std::string* but) {
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator{directory, ignored}) {
      const std::string file = entry.path().filename();
      if (file.starts_with('.') || !file.ends_with(".conf")) continue;
      struct stat facts{};
      if (but != nullptr && ::lstat(join(*but, file).c_str(), &facts) == 0) continue;
      read(directory, shown, file);
    }
  }

  /// False if there is no such file. `shown` is the directory in messages.
  bool read(std::string_view directory, std::string_view shown, std::string_view file) {
    struct Close {
      void operator()(std::FILE* stream) const noexcept { std::fclose(stream); }
    };
    // Whatever lies there: a pipe that nobody writes to must not hold a command up.
    const int descriptor = ::open(join(directory, file).c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (descriptor < 0) return errno != ENOENT;
    const std::unique_ptr<std::FILE, Close> stream{::fdopen(descriptor, "r")};
    if (!stream) ::close(descriptor);
    std::array<char, line_bytes> line;
    while (stream && std::fgets(line.data(), line.size(), stream.get()) != nullptr) {
      if (read_line(line.data())) continue;
      std::fprintf(stderr, "Database %s is corrupted at %s\n", join(shown, file).c_str(),
                   line.data() + std::string_view{line.data()}.find_first_not_of(" \t"));
      break;
    }
    return true;
  }

  /// "NUMBER NAME", with anything behind it. False for what is neither that nor empty nor a comment.
  bool read_line(std::string_view line) {
    static constexpr std::string_view blanks = " \t\r\n\v\f";
    const auto skip_blanks = [&line] { line.remove_prefix(std::min(line.find_first_not_of(blanks), line.size())); };
    const std::size_t begin = line.find_first_not_of(" \t");
    if (begin == std::string_view::npos || line[begin] == '#' || line[begin] == '\n') return true;
    skip_blanks();
    const bool hexadecimal = line.starts_with("0x");
    if (hexadecimal) line.remove_prefix(2);
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), number, hexadecimal ? 16 : 10);
    if (error == std::errc::invalid_argument) return false;
    line.remove_prefix(static_cast<std::size_t>(end - line.data()));
    skip_blanks();
    const std::string_view name = line.substr(0, line.find_first_of(blanks));
    if (name.empty()) return false;
    const auto id = static_cast<std::int32_t>(number);  // as sscanf() would store it
    if (error == std::errc{} && id >= 0) add(static_cast<std::uint32_t>(id), name);
    return true;
  }

  void add(std::uint32_t number, std::string_view name) {
    if (!is_hash() && number >= kind_->table_size) return;
    by_number_[number] = name;
    if (!is_hash()) return;
    // Which number a name stands for that has several: the one in the first bucket, and there the last one.
    const auto [known, is_new] = by_name_.try_emplace(std::string{name}, number);
    if (!is_new && (number & 255U) <= (known->second & 255U)) known->second = number;
  }

  const Kind* kind_;
  const std::string* directory_;
  std::map<std::uint32_t, std::string> by_number_;
  std::map<std::string, std::uint32_t, std::less<>> by_name_;
  bool loaded_ = false;
};

/// The names of all kinds in one directory.
class Database {
 public:
  explicit Database(std::string directory) : directory_{std::move(directory)} {
    for (const Kind& kind : kinds) names_.emplace_back(kind, directory_);
  }
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;
  [[nodiscard]] Names& operator[](KindIndex kind) { return names_[kind]; }

 private:
  std::string directory_;
  std::vector<Names> names_;
};

Database& database_in(const std::string& directory) {
  static std::map<std::string, Database> databases;
  return databases.try_emplace(directory, directory).first->second;
}

/// Namespaces whose files lie over those of the machine, the last one on top; and which database that makes, once
/// somebody has asked.
std::vector<std::string> layers;
std::string top_layer;
Database* chosen = nullptr;

/// The directory that a namespace has in place of the machine's; empty if it has none.
const std::string& directory_of(const std::string& netns) {
  static std::map<std::string, std::string> known;
  const auto [found, is_new] = known.try_emplace(netns);
  if (is_new && !netns.empty() && is_directory(std::string{machine_directory})) {
    const std::string path = std::string{"/etc/netns/"}.append(netns).append("/iproute2");
    if (is_directory(path)) found->second = path;
  }
  return found->second;
}

Database& choose() {
  if (const std::string& own = directory_of(top_layer); !own.empty()) return database_in(own);
  for (auto layer = layers.rbegin(); layer != layers.rend(); ++layer) {
    if (const std::string& own = directory_of(*layer); !own.empty()) return database_in(own);
  }
  return database_in(std::string{machine_directory});
}

Names& names_of(KindIndex kind) {
  if (chosen == nullptr) chosen = &choose();
  return (*chosen)[kind];
}

std::string text(KindIndex kind, std::uint32_t number) {
  const std::string* name = names_of(kind).name(number);
  return name != nullptr ? *name : std::to_string(number);
}

/// Names come first: a table may be called "100" and have another number.
std::optional<std::uint32_t> read(KindIndex kind, std::string_view word, std::uint64_t most) {
  if (const auto known = names_of(kind).number(word)) return known;
  std::uint64_t number = 0;
  return read_number(word, most, number) ? std::optional{static_cast<std::uint32_t>(number)} : std::nullopt;
}

}  // namespace

void show_numbers(bool on) noexcept { numeric_only = on; }
bool numeric() noexcept { return numeric_only; }

void use_netns(std::string_view name) {
  if (top_layer == name) return;
  top_layer = name;
  chosen = nullptr;
}

WithinNetns::WithinNetns(std::string_view name) : outer_{top_layer}, depth_{layers.size()} {
  layers.push_back(outer_);
  layers.emplace_back(name);
  chosen = nullptr;
}

WithinNetns::~WithinNetns() {
  layers.resize(depth_);
  top_layer = outer_;
  chosen = nullptr;
}

std::string table(std::uint32_t number) { return text(tables, number); }
std::string protocol(std::uint32_t number) { return text(protocols, number); }
std::string scope(std::uint32_t number) { return text(scopes, number); }
std::string realm(std::uint32_t number) { return text(realms, number); }
std::string protodown_reason(std::uint32_t bit) { return text(protodown_reasons, bit); }
std::string group(std::uint32_t number) {
  const std::string* name = names_of(groups).name(number);
  return name != nullptr ? *name : std::to_string(static_cast<std::int32_t>(number));
}

std::string dsfield(std::uint32_t number) {
  if (const std::string* name = names_of(dsfields).name(number)) return *name;
  std::array<char, 2> digits{'0', '0'};
  std::to_chars(digits.data() + (number < 16 ? 1 : 0), digits.data() + digits.size(), number & 0xFFU, 16);
  return "0x" + std::string{digits.data(), digits.size()};
}

std::optional<std::uint32_t> read_table(std::string_view word) { return read(tables, word, UINT32_MAX); }
std::optional<std::uint32_t> read_protocol(std::string_view word) { return read(protocols, word, UINT8_MAX); }
std::optional<std::uint32_t> read_scope(std::string_view word) { return read(scopes, word, UINT8_MAX); }
std::optional<std::uint32_t> read_group(std::string_view word) { return read(groups, word, INT32_MAX); }
std::optional<std::uint32_t> read_protodown_reason(std::string_view word) { return read(protodown_reasons, word, 31); }

/// Numbers are hexadecimal here, with or without "0x".
std::optional<std::uint32_t> read_dsfield(std::string_view word) {
  if (const auto known = names_of(dsfields).number(word)) return known;
  std::uint64_t number = 0;
  const std::string hexadecimal = (word.starts_with("0x") ? "" : "0x") + std::string{word};
  return read_number(hexadecimal, UINT8_MAX, number) ? std::optional{static_cast<std::uint32_t>(number)} : std::nullopt;
}

std::optional<std::uint32_t> read_realms(std::string_view word) {
  const std::size_t slash = word.find('/');
  const std::string_view last = slash == std::string_view::npos ? word : word.substr(slash + 1);
  const auto from =
      slash == std::string_view::npos ? std::optional{0U} : read(realms, word.substr(0, slash), UINT8_MAX);
  const auto to = last.empty() ? std::optional{0U} : read(realms, last, UINT8_MAX);
  if (from && to) return *from << 16U | *to;
  std::uint64_t both = 0;
  return read_number(word, UINT32_MAX, both) ? std::optional{static_cast<std::uint32_t>(both)} : std::nullopt;
}

}  // namespace netherd::ip::names
