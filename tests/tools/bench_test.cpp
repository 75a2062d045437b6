#include <signal.h>

#include <chrono>
#include <thread>

#include "command.hpp"

namespace netherd::test {
namespace {

class Bench : public CommandTest {};

TEST_F(Bench, MeasuresTheMachineAndLeavesNothing) {
  const auto document = run_for_json("netherd bench --rounds 1 --json --quiet");
  for (const char* what : {"namespaces", "links"}) {
    const double microseconds = document.at(what).at("microseconds").get<double>();
    EXPECT_GT(microseconds, 10) << what;
    EXPECT_LT(microseconds, 1e6) << what;
    EXPECT_NEAR(document.at(what).at("per_second").get<double>() * microseconds, 1e6, 1) << what;
  }
  for (const char* what : {"addresses", "routes"}) EXPECT_GE(document.at(what).at("microseconds").get<double>(), 0);
  EXPECT_TRUE(document.at("lab").is_null());
  EXPECT_TRUE(document.at("slower").is_array());
  expect_nothing_is_left();
}

TEST_F(Bench, PredictsAndMeasuresATopologyBesideARunningLab) {
  write_first_lab();
  ASSERT_EQ(run("netherd up first.yml").status, 0);
  // Not what `show` prints: link-local addresses and their routes may still be to come.
  const auto before = run("ls -i /run/netherd/first/ns; netherd ls").output;
  const auto lab = run_for_json("netherd bench first.yml --rounds 1 --json --quiet").at("lab");
  EXPECT_EQ(lab.at("lab"), "first");
  EXPECT_EQ(lab.at("nodes"), 3);
  EXPECT_EQ(lab.at("links"), 2);
  EXPECT_EQ(lab.at("addresses"), 8);
  EXPECT_GT(lab.at("predicted").at("build_seconds").get<double>(), 0);
  EXPECT_GT(lab.at("measured").at("build_seconds").get<double>(), 0);
  EXPECT_GE(lab.at("measured").at("quiesced_seconds"), lab.at("measured").at("return_seconds"));
  EXPECT_EQ(run("ls -i /run/netherd/first/ns; netherd ls").output, before);
  EXPECT_EQ(run("netherd check first").status, 0);
}

TEST_F(Bench, PredictsWithoutBuilding) {
  write_first_lab();
  const auto lab = run_for_json("netherd bench first.yml --predict-only --rounds 1 --json --quiet").at("lab");
  EXPECT_GT(lab.at("predicted").at("build_seconds").get<double>(), 0);
  EXPECT_TRUE(lab.at("measured").is_null());
}

TEST_F(Bench, SaysInWordsWhatItFound) {
  write_first_lab();
  const Finished bench = run("netherd bench first.yml --rounds 1");
  EXPECT_EQ(bench.status, 0) << testing::PrintToString(bench);
  for (const char* part : {"  namespaces ", " per second", "first: 3 nodes, 2 links, 8 addresses", "  predicted ",
                           "  measured ", "until the kernel has finished"}) {
    EXPECT_NE(bench.output.find(part), std::string::npos) << part << '\n' << bench.output;
  }
  EXPECT_NE(bench.errors.find("measuring links"), std::string::npos) << bench.errors;
}

TEST_F(Bench, InvalidInputIsSaidBeforeAnythingIsMeasured) {
  write_file("bad.yml", "topology: {links: [{endpoints: [\"a:eth1\"]}]}\n");
  const Finished bench = run("netherd bench bad.yml");
  EXPECT_EQ(bench.status, 2);
  EXPECT_TRUE(bench.errors.starts_with("netherd: bad.yml:1: ")) << bench.errors;
  EXPECT_EQ(run("netherd bench --rounds 0").status, 2);
  EXPECT_EQ(run("netherd bench missing.yml").status, 2);
}

TEST_F(Bench, NeedsPrivileges) {
  const Finished bench = run("chmod 755 . && setpriv --reuid 65534 --clear-groups netherd bench");
  EXPECT_EQ(bench.status, 1);
  EXPECT_NE(bench.errors.find("CAP_SYS_ADMIN"), std::string::npos) << bench.errors;
}

TEST_F(Bench, KilledLeavesNothing) {
  for (const int signal : {SIGINT, SIGKILL}) {
    Running bench{"exec netherd bench --rounds 50"};
    std::this_thread::sleep_for(std::chrono::milliseconds{300});  // into the first lab, wherever that is
    bench.send_signal(signal);
    EXPECT_EQ(bench.wait().status, 128 + signal);
    expect_nothing_is_left();
  }
}

}  // namespace
}  // namespace netherd::test
