// Every abbreviation of every keyword, and what is wrong with its value, with `ip` and with netherd ip: the same
// request, or the same words and exit status. What changes something is caught before it reaches the kernel
// (captured_request.cpp), so thousands of commands take seconds and need no state of their own.
#include <gtest/gtest.h>
#include <net/if.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <fstream>
#include <regex>
#include <sstream>

#include "captured_request.hpp"
#include "iproute2.hpp"
#include "netherd/ip/command.hpp"
#include "netherd/ip/run.hpp"
#include "request_oracle.hpp"

namespace netherd::ip {
namespace {

/// Words that commands begin and end with, and what may stand between them: a keyword and its values.
struct Context {
  std::string name;
  std::string before;
  std::string after;
  std::vector<std::string> entries;
};

struct Difference {
  std::regex command;
  bool used = false;
};

struct Table {
  std::vector<Context> contexts;
  std::vector<Difference> differences;
};

Table read_table() {
  Table table;
  std::ifstream file{std::string{NETHERD_SOURCE} + "/tests/ip/words.txt"};
  EXPECT_TRUE(file);
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line.starts_with('#')) continue;
    if (line.starts_with("! ")) {
      table.differences.push_back({std::regex{line.substr(2)}});
    } else if (line.starts_with("=")) {
      const std::size_t bar = line.find(" |");
      const std::string before = line.size() < 2 ? "" : line.substr(2, bar == std::string::npos ? bar : bar - 2);
      std::string name;
      for (const char c : before) name += std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '_';
      table.contexts.push_back({std::to_string(table.contexts.size()) + '_' + name,
                                before,
                                bar == std::string::npos ? "" : line.substr(bar + 2),
                                {}});
    } else {
      table.contexts.back().entries.push_back(line);
    }
  }
  return table;
}

Table& table() {
  static Table read = read_table();
  return read;
}

/// The commands that an entry stands for.
std::vector<std::string> commands_of(const Context& context, const std::string& entry) {
  std::vector<std::string> commands;
  const auto add = [&](const std::string& words) { commands.push_back(context.before + ' ' + words + context.after); };
  const std::size_t blank = entry.find(' ');
  const std::string keyword = entry.substr(0, blank);
  const std::string values = blank == std::string::npos ? "" : entry.substr(blank);
  for (std::size_t size = 1; size <= keyword.size(); ++size) add(keyword.substr(0, size) + values);
  add(keyword + 'x' + values);
  add(entry + ' ' + entry);
  if (values.empty()) return commands;
  commands.push_back(context.before + ' ' + keyword);
  const std::string all_but_last = entry.substr(0, entry.rfind(' '));
  for (const char* value : {"zz%", "''"}) add(all_but_last + ' ' + value);
  return commands;
}

struct Outcome {
  int status = 0;
  std::string request{};
  std::string output{};
  std::string complaint{};

  friend bool operator==(const Outcome&, const Outcome&) = default;
  friend std::ostream& operator<<(std::ostream& out, const Outcome& outcome) {
    return out << "status " << outcome.status << '\n' << outcome.request << outcome.output << outcome.complaint;
  }
};

/// What a child process writes.
class Sheet {
 public:
  explicit Sheet(int inherited) : file_{::memfd_create("sheet", 0)}, inherited_{inherited} {}
  void clear() {
    EXPECT_EQ(::ftruncate(file_.get(), 0), 0);
    EXPECT_EQ(::lseek(file_.get(), 0, SEEK_SET), 0);
  }
  void inherit() const { ::dup2(file_.get(), inherited_); }
  [[nodiscard]] std::string text() const {
    std::string text(static_cast<std::size_t>(::lseek(file_.get(), 0, SEEK_END)), '\0');
    EXPECT_EQ(::pread(file_.get(), text.data(), text.size(), 0), static_cast<ssize_t>(text.size()));
    return text;
  }

 private:
  engine::FileDescriptor file_;
  int inherited_;
};

std::string request_text(const std::string& bytes) {
  engine::MessageStream stream{std::as_bytes(std::span{bytes})};
  const auto message = stream.next();
  if (message) return test::request_tree(message->bytes());
  std::uint16_t flags = 0;  // of a TUN device
  EXPECT_EQ(bytes.size(), sizeof(ifreq));
  std::memcpy(&flags, bytes.data() + IFNAMSIZ, sizeof flags);
  return "TUNSETIFF " + std::string{bytes.c_str()} + ' ' + std::to_string(flags);
}

/// Usages, and the reasons why a value is wrong, are netherd's own.
std::string complaint_text(std::string text) {
  if (text.starts_with("Usage:")) return "Usage";
  text.resize(std::min(text.find("\nUsage:"), text.size()));
  if (text.ends_with('\n')) text.pop_back();
  const std::string_view reason = " is wrong:";
  if (const std::size_t at = text.find(reason); at != std::string::npos) text.resize(at + reason.size());
  return text;
}

class Runner {
 public:
  template <typename Program>
  Outcome outcome_of(const Program& program) {
    for (Sheet* sheet : {&output_, &complaint_, &request_}) sheet->clear();
    const pid_t process = ::fork();
    if (process == 0) {
      ::alarm(20);
      for (Sheet* sheet : {&output_, &complaint_, &request_}) sheet->inherit();
      ::setenv(test::capture_variable, std::to_string(request_descriptor).c_str(), 1);
      program();
    }
    int status = 0;
    EXPECT_EQ(::waitpid(process, &status, 0), process);
    Outcome outcome{WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status)};
    if (outcome.status == test::status_captured) {
      outcome.request = request_text(request_.text());
    } else {
      outcome.output = output_.text();
      outcome.complaint = complaint_text(complaint_.text());
    }
    return outcome;
  }

 private:
  static constexpr int request_descriptor = 100;
  Sheet output_{STDOUT_FILENO};
  Sheet complaint_{STDERR_FILENO};
  Sheet request_{request_descriptor};
};

[[noreturn]] void become_ip(const std::vector<std::string_view>& words) {
  std::vector<std::string> arguments{"ip"};
  arguments.insert(arguments.end(), words.begin(), words.end());
  std::vector<char*> pointers;
  for (std::string& argument : arguments) pointers.push_back(argument.data());
  pointers.push_back(nullptr);
  ::setenv("LD_PRELOAD", NETHERD_CAPTURE_MODULE, 1);
  ::execvp("ip", pointers.data());
  ::_exit(127);
}

class EveryWord : public testing::TestWithParam<std::size_t> {
 protected:
  static void expect_alike(const std::string& command) {
    static Runner runner;
    const std::vector<std::string_view> words = split_line(command);
    const Outcome expected = runner.outcome_of([&] { become_ip(words); });
    const Outcome outcome = runner.outcome_of([&] {
      const int status = run(words);
      std::fflush(nullptr);
      ::_exit(status);
    });
    if (outcome == expected) return;
    for (Difference& difference : table().differences) {
      if (std::regex_search(command, difference.command)) return;
    }
    ADD_FAILURE() << "ip " << command << "\n--- ip\n" << expected << "\n--- netherd ip\n" << outcome;
  }
};

/// All of them take minutes (NETHERD_EVERY_WORD in the environment): by default some, the same ones each time.
bool is_chosen(const std::string& command) {
  static const bool all = std::getenv("NETHERD_EVERY_WORD") != nullptr;
  std::uint32_t hash = 0;
  for (const char c : command) hash = hash * 31 + static_cast<unsigned char>(c);
  return all || hash % 5 == 0;
}

TEST_P(EveryWord, IsReadAsByIp) {
  const Context& context = table().contexts[GetParam()];
  for (const std::string& entry : context.entries) {
    for (const std::string& command : commands_of(context, entry)) {
      if (is_chosen(command)) expect_alike(command);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Words, EveryWord, testing::Range(std::size_t{0}, table().contexts.size()),
                         [](const auto& info) { return table().contexts[info.param].name; });

/// Objects of each kind, so that what selects them makes a difference.
class SomeObjects : public testing::Environment {
  void SetUp() override {
    const auto made =
        test::run_command("ip netns add other && ip -batch - < " + std::string{NETHERD_SOURCE} +
                          "/tests/ip/words_state.txt && ip -6 rule add from 2001:db8::/32 table 100 pref 5");
    ASSERT_EQ(made.status, 0) << made.text;
  }
};
const auto* const some_objects = testing::AddGlobalTestEnvironment(new SomeObjects);

}  // namespace
}  // namespace netherd::ip
