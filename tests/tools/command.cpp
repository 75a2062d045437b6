#include "command.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

namespace netherd::test {

namespace {

using namespace std::chrono_literals;

/// A temporary file that has no name. Processes that write at the same time append: without O_APPEND they overwrite
/// each other's lines, since a memfd does not lock its position (FMODE_ATOMIC_POS, Linux 6.18).
engine::FileDescriptor open_scratch_file() {
  engine::FileDescriptor file{::memfd_create("output", MFD_CLOEXEC)};
  ::fcntl(file.get(), F_SETFL, O_APPEND);
  return file;
}

std::string read_from_start(int file) {
  std::string text;
  std::array<char, 65'536> buffer;
  for (ssize_t size; (size = ::pread(file, buffer.data(), buffer.size(), static_cast<off_t>(text.size()))) > 0;) {
    text.append(buffer.data(), static_cast<std::size_t>(size));
  }
  return text;
}

[[noreturn]] void become_shell(const std::string& command, int output, int errors) {
  ::dup2(output, STDOUT_FILENO);
  ::dup2(errors, STDERR_FILENO);
  ::execl("/bin/sh", "sh", "-c", command.c_str(), static_cast<char*>(nullptr));
  ::_exit(127);
}

void put_netherd_into_path() {
  const std::string path = std::getenv("PATH") != nullptr ? std::getenv("PATH") : "/usr/sbin:/usr/bin:/sbin:/bin";
  const std::string folder = std::filesystem::path{NETHERD_COMMAND}.parent_path();
  if (!path.starts_with(folder + ':')) ::setenv("PATH", (folder + ':' + path).c_str(), 1);
}

}  // namespace

void PrintTo(const Finished& finished, std::ostream* out) {
  *out << "exit status " << finished.status << "\nstandard output:\n"
       << finished.output << "\nstandard error:\n"
       << finished.errors;
}

Running::Running(const std::string& command)
    : output_{open_scratch_file()}, errors_{open_scratch_file()}, process_{::fork()} {
  if (process_ == 0) become_shell(command, output_.get(), errors_.get());
  EXPECT_GT(process_, 0);
}

Running::~Running() {
  if (process_ <= 0) return;
  ::kill(process_, SIGKILL);
  ::waitpid(process_, nullptr, 0);
}

void Running::send_signal(int signal) const { EXPECT_EQ(::kill(process_, signal), 0); }

Finished Running::wait() {
  int status = 0;
  EXPECT_EQ(::waitpid(process_, &status, 0), process_);
  process_ = -1;
  const int code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  return {code, read_from_start(output_.get()), read_from_start(errors_.get())};
}

Finished run(const std::string& command) { return Running{command}.wait(); }

nlohmann::ordered_json run_for_json(const std::string& command) {
  const Finished finished = run(command);
  EXPECT_EQ(finished.status, 0) << command << ": " << testing::PrintToString(finished);
  auto document = nlohmann::ordered_json::parse(finished.output, nullptr, false);
  EXPECT_FALSE(document.is_discarded()) << command << ": " << finished.output;
  return document;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

std::vector<std::string> files_in(const std::string& directory) {
  std::vector<std::string> names;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator{directory, ignored}) {
    names.push_back(entry.path().filename());
  }
  std::ranges::sort(names);
  return names;
}

bool becomes_true(const std::function<bool()>& condition) {
  const auto deadline = std::chrono::steady_clock::now() + 20s;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(1ms);
  }
  return true;
}

CommandTest::CommandTest() : directory_{"/run/test-XXXXXX"} {
  put_netherd_into_path();
  // A shell ignores SIGINT for what it runs in the background, and netherd keeps signals ignored that were.
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) ::signal(signal, SIG_DFL);
  EXPECT_NE(::mkdtemp(directory_.data()), nullptr);
  EXPECT_EQ(::chmod(directory_.c_str(), 0755), 0);  // some commands run as another user
  std::filesystem::current_path(directory_);
}

CommandTest::~CommandTest() {
  EXPECT_EQ(run("netherd down --all").status, 0);
  expect_nothing_is_left();
  std::filesystem::current_path("/");
  std::filesystem::remove_all(directory_);
}

void CommandTest::write_file(const std::string& name, const std::string& text) {
  std::ofstream{name, std::ios::binary} << text;
}

void CommandTest::write_first_lab() {
  write_file("first.yml", R"(name: first
netherd:
  routing: shortest-path
topology:
  nodes:
    left:
    middle:
    right:
  links:
    - endpoints: ["left:eth1", "middle:eth1"]
    - endpoints: ["middle:eth2", "right:eth1"]
)");
}

void CommandTest::expect_nothing_is_left() {
  EXPECT_EQ(files_in("/run/netherd"), std::vector<std::string>{});
  EXPECT_EQ(files_in("/run/netns"), std::vector<std::string>{});
}

UnderWay::UnderWay()
    : process_{"netherd generate ring --nodes 3000 -o big.yml --name big --quiet; exec netherd up big.yml"} {
  EXPECT_TRUE(becomes_true([] { return files_in("/run/netherd/big/ns").size() > 10; }));
}

}  // namespace netherd::test
