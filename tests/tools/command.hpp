#pragma once

#include <gtest/gtest.h>
#include <sys/types.h>

#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "netherd/engine/file_descriptor.hpp"

namespace netherd::test {

/// How a command has ended, and what it has written.
struct Finished {
  int status = 0;  ///< its exit status; 128 + the signal that ended it
  std::string output;
  std::string errors;

  [[nodiscard]] nlohmann::ordered_json json() const { return nlohmann::ordered_json::parse(output); }
};
/// For the messages of failed tests.
void PrintTo(const Finished& finished, std::ostream* out);

/// A shell command that runs beside the test. `netherd` is in its PATH. A process that is still there at the end of
/// this object is killed.
class Running {
 public:
  explicit Running(const std::string& command);
  ~Running();
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

  /// Sends a signal to the shell, and so to what it has become: `exec netherd ...`.
  void send_signal(int signal) const;
  [[nodiscard]] Finished wait();

 private:
  engine::FileDescriptor output_;
  engine::FileDescriptor errors_;
  pid_t process_ = -1;
};

/// Runs a shell command to its end.
[[nodiscard]] Finished run(const std::string& command);
/// The JSON document that a command such as `ip -json link` prints; a test failure if the command fails.
[[nodiscard]] nlohmann::ordered_json run_for_json(const std::string& command);

[[nodiscard]] std::vector<std::string> lines_of(const std::string& text);
/// Names of the files in a directory, sorted; none if there is no such directory.
[[nodiscard]] std::vector<std::string> files_in(const std::string& directory);
/// Looks again and again, for 20 seconds at most.
[[nodiscard]] bool becomes_true(const std::function<bool()>& condition);

/// A test in an empty directory of its own. What labs it has built are removed afterwards.
class CommandTest : public testing::Test {
 protected:
  CommandTest();
  ~CommandTest() override;

  static void write_file(const std::string& name, const std::string& text);
  /// first.yml: left - middle - right, routed by shortest paths.
  static void write_first_lab();
  /// Fails the test if anything of any lab is there.
  static void expect_nothing_is_left();

 private:
  std::string directory_;
};

/// A netherd whose lab is far from ready: `up` of 3,000 nodes, of which some exist.
class UnderWay {
 public:
  UnderWay();
  [[nodiscard]] Running& process() { return process_; }

 private:
  Running process_;
};

}  // namespace netherd::test
