#include "iproute2.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/wait.h>

#include <cstdio>

namespace netherd::test {

namespace {

engine::FileDescriptor add_namespace(const std::string& name) {
  const CommandOutput output = run_command("ip netns add " + name);
  EXPECT_EQ(output.status, 0) << output.text;
  return engine::FileDescriptor{::open(("/run/netns/" + name).c_str(), O_RDONLY | O_CLOEXEC)};
}

NetlinkClient client_inside(int netns) {
  const engine::FileDescriptor home{::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)};
  EXPECT_EQ(::setns(netns, CLONE_NEWNET), 0);
  NetlinkClient client;
  EXPECT_EQ(::setns(home.get(), CLONE_NEWNET), 0);
  return client;
}

}  // namespace

CommandOutput run_command(const std::string& command) {
  CommandOutput output;
  FILE* const stream = ::popen((command + " 2>&1").c_str(), "re");
  char buffer[4096];
  while (const std::size_t size = std::fread(buffer, 1, sizeof buffer, stream)) output.text.append(buffer, size);
  output.status = WEXITSTATUS(::pclose(stream));
  return output;
}

nlohmann::json run_for_json(const std::string& command) {
  const CommandOutput output = run_command(command);
  EXPECT_EQ(output.status, 0) << command << ": " << output.text;
  return output.text.empty() ? nlohmann::json{} : nlohmann::json::parse(output.text);
}

NamedNamespace::NamedNamespace(std::string name)
    : name_{std::move(name)}, netns_{add_namespace(name_)}, client_{client_inside(netns_.get())} {}

NamedNamespace::~NamedNamespace() { static_cast<void>(run_command("ip netns delete " + name_)); }

nlohmann::json NamedNamespace::ip(const std::string& arguments) const {
  return run_for_json("ip -json -n " + name_ + " " + arguments);
}

}  // namespace netherd::test
