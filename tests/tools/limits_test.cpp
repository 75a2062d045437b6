#include "command.hpp"

namespace netherd::test {
namespace {

class Limits : public CommandTest {};

TEST_F(Limits, OfNamespacesEndUpInTheMiddle) {
  // The kernel may still be destroying others: netherd tries for ten seconds.
  // A user namespace of our own may have few network namespaces; its /run is its own, too.
  write_file("limited", R"(mount -t tmpfs tmpfs /run && echo 30 >/proc/sys/user/max_net_namespaces || exit 77
netherd generate ring --nodes 20 --name small --quiet | netherd up - >/dev/null
netherd generate ring --nodes 20 --name big | netherd up -; echo "status $?"
netherd down small >/dev/null; netherd ls; ls /run/netns; grep -c /run/netherd/big /proc/self/mountinfo
)");
  const Finished limited = run("unshare --user --map-root-user --net --mount sh $PWD/limited");
  if (limited.status == 77) GTEST_SKIP() << "no user namespaces: " << limited.errors;
  EXPECT_EQ(limited.output, "status 1\nno labs\n0\n") << testing::PrintToString(limited);
  EXPECT_NE(limited.errors.find("create the namespace: No space left on device [ENOSPC]\n"
                                "netherd: lab big is removed, nothing is left of it\n"),
            std::string::npos)
      << limited.errors;
  EXPECT_TRUE(limited.errors.starts_with("netherd: -:")) << limited.errors;
}

TEST_F(Limits, OfNamespacesDoNotHoldUpASignal) {
  // 20 of 30 are taken, and `big` waits for ten seconds for more.
  write_file("limited", R"sh(mount -t tmpfs tmpfs /run && echo 30 >/proc/sys/user/max_net_namespaces || exit 77
netherd generate ring --nodes 20 --name small --quiet | netherd up - >/dev/null
netherd generate ring --nodes 20 --name big --quiet -o big.yml
netherd up big.yml & up=$!
tries=0; until [ "$(ls /run/netherd/big/ns 2>/dev/null | wc -l)" -ge 7 ] || [ $tries -ge 300 ]; do
  tries=$((tries + 1)); sleep 0.02
done
sleep 0.2; start=$(date +%s%N); kill -TERM $up; wait $up; echo "status $?"
[ $(($(date +%s%N) - start)) -lt 2000000000 ] && echo "at once"
netherd down small >/dev/null; netherd ls
)sh");
  const Finished limited = run("unshare --user --map-root-user --net --mount sh $PWD/limited");
  if (limited.status == 77) GTEST_SKIP() << "no user namespaces: " << limited.errors;
  EXPECT_EQ(limited.output, "status 1\nat once\nno labs\n") << testing::PrintToString(limited);
}

TEST_F(Limits, OfNamespacesThatAreTooLowAreSaidBeforeAnythingIsTouched) {
  write_file("limited", R"(mount -t tmpfs tmpfs /run && echo 30 >/proc/sys/user/max_net_namespaces || exit 77
netherd generate ring --nodes 29 --name big | netherd up -; echo "status $?"; ls -d /run/netherd/*
)");
  const Finished limited = run("unshare --user --map-root-user --net --mount sh $PWD/limited 2>&1");
  if (limited.status == 77) GTEST_SKIP() << "no user namespaces: " << limited.output;
  EXPECT_TRUE(
      limited.output.starts_with("netherd: up: user.max_net_namespaces is 30, and 31 namespaces are needed: "
                                 "sysctl -w user.max_net_namespaces=62\nstatus 1\n"))
      << limited.output;
}

TEST_F(Limits, OfDescriptorsThatAreTooLowAreSaidBeforeAnythingIsTouched) {
  write_first_lab();
  const Finished up = run("ulimit -n 40; exec netherd up first.yml");
  EXPECT_EQ(up.status, 1);
  EXPECT_EQ(
      up.errors,
      "netherd: up: no more than 40 files may be open at a time, and 56 are needed: raise the limit (ulimit -n)\n");
  expect_nothing_is_left();
}

class DescriptorLimit : public CommandTest, public testing::WithParamInterface<int> {};

TEST_P(DescriptorLimit, SufficesForALabOfAnySize) {
  const std::string limit = "ulimit -n " + std::to_string(GetParam()) + "; ";
  for (const char* shape : {"star --nodes 130", "full-mesh --nodes 18", "ring --nodes 60"}) {
    EXPECT_EQ(run("netherd generate " + std::string{shape} + " --name lab --quiet -o lab.yml").status, 0);
    const Finished up = run(limit + "exec netherd up lab.yml --wait");
    EXPECT_EQ(up.status, 0) << shape << ": " << testing::PrintToString(up);
    for (const char* command : {"ping lab", "show lab", "exec lab --all --jobs 64 -- true", "down lab --wait"}) {
      const Finished other = run(limit + "exec netherd " + command);
      EXPECT_EQ(other.status, 0) << shape << ": " << command << ": " << testing::PrintToString(other);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Files, DescriptorLimit, testing::Values(64, 100, 256), testing::PrintToStringParamName());

}  // namespace
}  // namespace netherd::test
