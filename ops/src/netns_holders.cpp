#include "netherd/ops/netns_holders.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string_view>
#include <thread>

#include "netherd/engine/file_descriptor.hpp"
#include "system_error.hpp"

namespace netherd::ops {

namespace {

using namespace std::chrono_literals;
using engine::FileDescriptor;
using Clock = std::chrono::steady_clock;

constexpr auto look_interval = 20ms;
constexpr std::size_t most_command_bytes = 100;

std::optional<pid_t> number_of(std::string_view name) noexcept {
  pid_t number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  return error == std::errc{} && end == name.data() + name.size() && number > 0 ? std::optional{number} : std::nullopt;
}

/// Calls `visit` with each entry of a folder that is called by a number. False if the folder cannot be opened.
bool for_each_number(int parent, const char* folder, const std::function<void(pid_t)>& visit) {
  FileDescriptor opened{::openat(parent, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (!opened) return false;
  const std::unique_ptr<DIR, int (*)(DIR*)> entries{::fdopendir(opened.get()), ::closedir};
  if (!entries) return false;
  static_cast<void>(opened.release());
  while (const dirent* entry = ::readdir(entries.get())) {
    if (const auto number = number_of(static_cast<const char*>(entry->d_name))) visit(*number);
  }
  return true;
}

std::optional<NamespaceIdentity> identity_at(int folder, const std::string& path) noexcept {
  struct stat status{};
  if (::fstatat(folder, path.c_str(), &status, 0) < 0) return std::nullopt;  // it has ended, or is not ours to see
  return NamespaceIdentity{status.st_dev, status.st_ino};
}

FileDescriptor open_process(pid_t process) noexcept {
  return FileDescriptor{::open(("/proc/" + std::to_string(process)).c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)};
}

std::string read_file_of(pid_t process, const char* name) {
  std::ifstream file{"/proc/" + std::to_string(process) + '/' + name, std::ios::binary};
  std::array<char, most_command_bytes> text;
  file.read(text.data(), text.size());
  return {text.data(), static_cast<std::size_t>(file.gcount())};
}

}  // namespace

std::string command_line_of(pid_t process) {
  std::string command = read_file_of(process, "cmdline");
  while (command.ends_with('\0')) command.pop_back();
  std::ranges::replace(command, '\0', ' ');
  if (!command.empty()) return command;
  std::string name = read_file_of(process, "comm");
  return '[' + name.substr(0, name.find('\n')) + ']';
}

namespace {

/// The namespaces that are looked for.
class Wanted {
 public:
  explicit Wanted(std::span<const NamespaceIdentity> namespaces) {
    for (std::size_t place = 0; place < namespaces.size(); ++place) places_.emplace(namespaces[place], place);
  }

  [[nodiscard]] std::optional<std::size_t> place_of(const std::optional<NamespaceIdentity>& identity) const {
    const auto found = identity ? places_.find(*identity) : places_.end();
    return found == places_.end() ? std::nullopt : std::optional{found->second};
  }

 private:
  std::map<NamespaceIdentity, std::size_t> places_;
};

/// Looks at one process.
class ProcessView {
 public:
  ProcessView(pid_t process, const Wanted& wanted)
      : process_{process}, wanted_{wanted}, folder_{open_process(process)} {}

  void find_all(std::vector<NamespaceHolder>& holders) {
    if (!folder_) return;
    add(identity_at(folder_.get(), "ns/net"), HoldKind::inside);
    if (has_threads()) add_each("task", "/ns/net", HoldKind::thread_inside);
    add_each("fd", "", HoldKind::descriptor);
    if (found_.empty()) return;
    const std::string command = command_line_of(process_);
    for (const auto& [place, kind] : found_) holders.push_back({process_, place, kind, command});
  }

  [[nodiscard]] bool is_inside() const { return wanted_.place_of(identity_at(folder_.get(), "ns/net")).has_value(); }

 private:
  /// A folder has a link for itself, one for its name, and one for each folder in it.
  [[nodiscard]] bool has_threads() const noexcept {
    struct stat status{};
    return ::fstatat(folder_.get(), "task", &status, 0) == 0 && status.st_nlink > 3;
  }

  void add(const std::optional<NamespaceIdentity>& identity, HoldKind kind) {
    if (const auto place = wanted_.place_of(identity)) found_.try_emplace(*place, kind);
  }

  void add_each(const char* folder, const char* file, HoldKind kind) {
    for_each_number(folder_.get(), folder, [&](pid_t number) {
      add(identity_at(folder_.get(), std::string{folder} + '/' + std::to_string(number) + file), kind);
    });
    // Descriptor 0 is no process id.
    if (kind == HoldKind::descriptor) add(identity_at(folder_.get(), "fd/0"), kind);
  }

  pid_t process_;
  const Wanted& wanted_;
  FileDescriptor folder_;
  std::map<std::size_t, HoldKind> found_;
};

/// This process and those that have started it: a shell inside the namespace is not to be ended by its own command.
std::set<pid_t> own_line() {
  std::set<pid_t> line;
  for (pid_t process = ::getpid(); process > 0 && line.insert(process).second;) {
    std::ifstream file{"/proc/" + std::to_string(process) + "/stat"};
    std::string text;
    std::getline(file, text);
    // "PID (NAME) STATE PARENT ...", and the name may hold anything.
    const std::size_t behind_name = text.rfind(") ");
    if (behind_name == std::string::npos || text.size() < behind_name + 5) break;
    const std::string_view rest = std::string_view{text}.substr(behind_name + 4);
    process = number_of(rest.substr(0, rest.find(' '))).value_or(0);
  }
  return line;
}

class Terminator {
 public:
  Terminator(std::span<const NamespaceIdentity> namespaces, const TerminateOptions& options)
      : wanted_{namespaces}, options_{options} {}

  Termination run() {
    const auto start = Clock::now();
    for (;;) {
      const auto elapsed = Clock::now() - start;
      const bool kills = elapsed >= options_.grace;
      const auto there = signal_all(kills ? SIGKILL : SIGTERM);
      if (!there) return {signalled_.size(), last_error()};
      if (*there == 0) return {signalled_.size(), {}};
      if (elapsed >= options_.grace + options_.patience) return {signalled_.size(), failure(errc::timed_out)};
      if (options_.is_cancelled && options_.is_cancelled()) {
        return {signalled_.size(), failure(errc::operation_canceled)};
      }
      std::this_thread::sleep_for(look_interval);
    }
  }

 private:
  using errc = boost::system::errc::errc_t;
  static boost::system::error_code failure(errc code) { return boost::system::errc::make_error_code(code); }

  /// Signals those that did not get this one yet; gives the number of those that are there.
  std::optional<std::size_t> signal_all(int signal) {
    std::size_t there = 0;
    const bool read = for_each_number(AT_FDCWD, "/proc", [&](pid_t process) {
      if (!own_line_.contains(process) && ProcessView{process, wanted_}.is_inside() && this->signal(process, signal)) {
        ++there;
      }
    });
    return read ? std::optional{there} : std::nullopt;
  }

  /// False if the process has ended, or is another by now.
  bool signal(pid_t process, int signal) {
    const FileDescriptor pidfd{static_cast<int>(::syscall(SYS_pidfd_open, process, 0))};
    if (!pidfd || !ProcessView{process, wanted_}.is_inside()) return false;
    int& sent = signalled_[process];
    if (sent != signal) ::syscall(SYS_pidfd_send_signal, pidfd.get(), signal, nullptr, 0);
    sent = signal;
    return true;
  }

  Wanted wanted_;
  const TerminateOptions& options_;
  std::set<pid_t> own_line_ = own_line();
  std::map<pid_t, int> signalled_;  // with the last signal
};

}  // namespace

std::string_view to_string(HoldKind kind) noexcept {
  switch (kind) {
    case HoldKind::inside:
      return "runs in it";
    case HoldKind::thread_inside:
      return "a thread of it runs in it";
    case HoldKind::descriptor:
      return "has it open";
  }
  return "";
}

boost::system::result<std::vector<NamespaceHolder>> find_namespace_holders(
    std::span<const NamespaceIdentity> namespaces) {
  const Wanted wanted{namespaces};
  std::vector<NamespaceHolder> holders;
  const pid_t own = ::getpid();
  const bool read = for_each_number(AT_FDCWD, "/proc", [&](pid_t process) {
    if (process != own) ProcessView{process, wanted}.find_all(holders);
  });
  if (!read) return last_error();
  std::ranges::sort(holders, {}, [](const NamespaceHolder& holder) { return std::pair{holder.process, holder.place}; });
  return holders;
}

bool still_holds(const NamespaceHolder& holder, const NamespaceIdentity& netns) {
  const Wanted wanted{{&netns, 1}};
  std::vector<NamespaceHolder> holders;
  ProcessView{holder.process, wanted}.find_all(holders);
  return !holders.empty();
}

Termination terminate_processes_in(std::span<const NamespaceIdentity> namespaces, const TerminateOptions& options) {
  return Terminator{namespaces, options}.run();
}

}  // namespace netherd::ops
