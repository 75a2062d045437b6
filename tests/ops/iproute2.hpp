#pragma once

#include <nlohmann/json.hpp>
#include <string>

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

}  // namespace netherd::test
