#include "support/isolated_namespace.hpp"

#include <gtest/gtest.h>
#include <linux/magic.h>
#include <net/if.h>
#include <sys/statfs.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace {

TEST(IsolatedNamespace, HoldsOnlyTheLoopbackDevice) {
  struct if_nameindex* interfaces = ::if_nameindex();
  ASSERT_NE(interfaces, nullptr);
  EXPECT_STREQ(interfaces[0].if_name, "lo");
  EXPECT_EQ(interfaces[1].if_name, nullptr);
  ::if_freenameindex(interfaces);
}

TEST(IsolatedNamespace, RunIsAFreshTemporaryFileSystem) {
  struct statfs file_system{};
  ASSERT_EQ(::statfs("/run", &file_system), 0);
  EXPECT_EQ(file_system.f_type, TMPFS_MAGIC);
  EXPECT_TRUE(std::filesystem::is_empty("/run/netns"));
}

TEST(IsolatedNamespace, MountsDoNotReachTheMachine) {
  std::ifstream mounts("/proc/self/mountinfo");
  for (std::string line; std::getline(mounts, line);) {
    EXPECT_EQ(line.find(" shared:"), std::string::npos) << line;
  }
}

TEST(IsolatedNamespace, IsNotWaitedForWhereTheKernelDoesNotAnswer) {
  EXPECT_FALSE(netherd::test::ends_within(std::chrono::milliseconds{50}, [] { ::pause(); }));
  EXPECT_TRUE(netherd::test::ends_within(netherd::test::kernel_patience, [] {}));
}

}  // namespace
