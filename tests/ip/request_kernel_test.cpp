// What `ip` writes to its socket against what netherd ip encodes, also for kinds that this kernel lacks.
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sched.h>

#include "arguments.hpp"
#include "fake_environment.hpp"
#include "iproute2.hpp"
#include "netherd/ops/netns_path.hpp"
#include "request_oracle.hpp"

namespace netherd::ip {
namespace {

/// The namespace that the test is in.
class RealEnvironment final : public Environment {
 public:
  const LinkFacts* find_link(std::string_view name) override {
    facts_ = {.index = static_cast<int>(::if_nametoindex(std::string{name}.c_str())),
              .name = std::string{name},
              .address_size = 6};
    return facts_.index != 0 ? &facts_ : nullptr;
  }
  const LinkFacts* find_link(int) override { return nullptr; }
  std::vector<std::byte> describe_link(int) override { return {}; }
  int open_netns(std::string_view name) override {
    auto netns = ops::open_namespace("/run/netns/" + std::string{name});
    if (!netns) return -1;
    netns_ = std::move(*netns);
    return netns_.get();
  }

 private:
  LinkFacts facts_;
  engine::FileDescriptor netns_;
};

void expect_sent(const std::string& line) {
  SCOPED_TRACE(line);
  ASSERT_EQ(::unshare(CLONE_NEWNET), 0);
  const auto prepared = test::run_command(
      "printf 'link set lo up\\nlink add p0 index 11 address 02:00:00:00:00:11 type veth peer name p1 index 12\\n"
      "link add br0 index 15 type bridge\\nlink set p0 up\\n' | ip -batch -");
  ASSERT_EQ(prepared.status, 0) << prepared.text;
  RealEnvironment environment;
  auto command = test::parse_line(line, environment);
  ASSERT_TRUE(command.request);
  const auto message = command.request->message();
  const std::string sent = test::tree_sent_by("ip " + line, command.request->type());
  EXPECT_EQ(test::request_tree(message), sent) << "Left: netherd ip. Right: ip.";
}

class Requests : public testing::TestWithParam<std::string> {};

TEST_P(Requests, AreThoseOfIp) { expect_sent(GetParam()); }

INSTANTIATE_TEST_SUITE_P(Arguments, Requests, testing::ValuesIn(test::commands_marked(' ')));

class OtherNamespace : public testing::Environment {
  void SetUp() override { EXPECT_EQ(test::run_command("ip netns add other").status, 0); }
};
const auto* const other_namespace = testing::AddGlobalTestEnvironment(new OtherNamespace);

}  // namespace
}  // namespace netherd::ip
