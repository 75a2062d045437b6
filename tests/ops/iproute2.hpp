#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>

#include "netherd/engine/file_descriptor.hpp"
#include "netlink_client.hpp"

namespace netherd::test {

/// What a shell command wrote to standard output and standard error, and its exit status.
struct CommandOutput {
  int status = 0;
  std::string text;
};
[[nodiscard]] CommandOutput run_command(const std::string& command);

/// The JSON document that a command such as `ip -json link show` prints; null if it prints none.
[[nodiscard]] nlohmann::json run_for_json(const std::string& command);

/// A namespace made by `ip netns add`, to build the same thing in by hand as netherd builds elsewhere.
class NamedNamespace {
 public:
  explicit NamedNamespace(std::string name);
  ~NamedNamespace();
  NamedNamespace(const NamedNamespace&) = delete;
  NamedNamespace& operator=(const NamedNamespace&) = delete;

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] std::string path() const { return "/run/netns/" + name_; }
  [[nodiscard]] int descriptor() const { return netns_.get(); }
  [[nodiscard]] NetlinkClient& client() { return client_; }
  /// `ip -json -n NAME ARGUMENTS`
  [[nodiscard]] nlohmann::json ip(const std::string& arguments) const;

 private:
  std::string name_;
  engine::FileDescriptor netns_;
  NetlinkClient client_;
};

/// Fails the test unless `shown` gives the same for both within ten seconds: carrier, and what IPv6 adds with it and
/// after its check for duplicates, comes to one namespace sooner than to the other.
template <typename Shown, typename Netns>
void expect_alike_soon(const Shown& shown, const Netns& built, const Netns& expected, const std::string& what) {
  auto first = shown(built);
  auto second = shown(expected);
  for (int tries = 0; tries < 100 && first != second; ++tries) {
    std::this_thread::sleep_for(std::chrono::milliseconds{100});
    first = shown(built);
    second = shown(expected);
  }
  EXPECT_EQ(first, second) << what;
}

}  // namespace netherd::test
