// Commands about namespaces themselves, by both.
#include "command.hpp"

namespace netherd::test {
namespace {

class Netns : public CommandTest {
 protected:
  ~Netns() override { static_cast<void>(run("netherd ip -all netns delete; umount etc /etc")); }

  /// The same script with either command, from an empty start.
  static void expect_same(const std::string& script) {
    const auto by = [&script](const std::string& definition) {
      static_cast<void>(run("ip -all netns delete"));
      // A namespace keeps its id until the kernel has destroyed it, some time after its name is gone.
      EXPECT_TRUE(becomes_true([] { return run("ip netns list-id").output.empty(); }));
      return run("(" + definition + script + ") 2>&1 | sed -E 's/process [0-9]+/process N/'").output;
    };
    EXPECT_EQ(by("ip() { netherd ip \"$@\"; }; "), by("")) << script;
  }
};

TEST_F(Netns, AreMadeNamedAndRemovedAsByIp) {
  expect_same(
      "ip netns add a; echo $?; ip netns add a; echo $?; ip netns; ip netns del a; ip netns del a; echo $?; ip netns");
  expect_same("ip netns add a; ip netns set a 7; ip netns; ip netns set a 8; echo $?; ip netns list-id");
  expect_same("ip netns add a; ip netns add b; ip -all netns delete; echo $?; ip netns");
  expect_same("ip netns attach a $$; echo $?; ip netns identify $$; ip netns attach a $$; echo $?");
  expect_same(
      "ip netns add a; ip netns exec a sleep 3 & sleep 1; ip netns pids a | wc -l; ip netns identify $(ip netns "
      "pids a)");
  expect_same(
      "ip netns add a/b; echo $?; ip netns add; echo $?; ip netns del nosuch; echo $?; ip netns identify 0; echo $?");
  expect_same(
      "ip netns identify 999999999; echo $?; ip netns pids nosuch; echo $?; ip netns exec nosuch true; echo $?");
}

TEST_F(Netns, RunProgramsAsByIp) {
  expect_same("ip netns add a; ip netns exec a sh -c 'exit 7'; echo $?; ip netns exec a nosuchprogram; echo $?");
  expect_same("ip netns add a; ip netns exec a ls /sys/class/net; ip netns exec a sh -c 'ls -d /sys/class/net/lo'");
  expect_same("ip netns add a; ip netns add b; ip -all netns exec cat /proc/net/dev | grep -c lo:; ip netns exec a");
  // In the mount namespace of the test alone.
  static_cast<void>(
      run("mkdir -p etc/netns/nd; echo nd >etc/netns/nd/hostname; echo else >etc/hostname; mount --bind etc /etc"));
  expect_same("ip netns add nd; ip netns exec nd cat /etc/hostname; cat /etc/hostname");
}

}  // namespace
}  // namespace netherd::test
